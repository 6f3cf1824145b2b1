"""Runs with every kind of job and little to do for each: cohorts with one study of one outcome."""

from pathlib import Path

import yaml

STUDIES = {"deprivation": ("foster_care", "iq_54_months"), "nhefs": ("quitting", "weight_change")}


def small(project: Path, *cohorts: str) -> list[str]:
    """Write such cohort files into a copy of the project, and return what has `snakemake` run them."""
    files = []
    for name in cohorts:
        study, outcome = STUDIES[name]
        cohort = yaml.safe_load((project / f"config/{name}.yaml").read_text())
        cohort["studies"] = {study: {**cohort["studies"][study], "outcomes": [outcome]}}
        files.append(f"config/small_{name}.yaml")
        (project / files[-1]).write_text(yaml.safe_dump(cohort, sort_keys=False))
    return ["--config", "truth_draws=10000", "replicates=20", f"cohorts={files}"]
