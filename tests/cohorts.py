"""The default cohort files: their settings, changed by key path if need be, their people, and their studies run."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from evenwicht.base.streams import stream_key
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.config.loading import load_cohort
from evenwicht.ingest.table import ingest
from evenwicht.report.tables import table_one
from evenwicht.results.schema import Known
from evenwicht.studies.running import job_of, run_study
from evenwicht.worlds import simulate, true_values

ROOT = Path(__file__).parents[1]
Tables = dict[str, pd.DataFrame]


@cache
def configured(name: str) -> CohortConfig:
    """A cohort file of `config/`."""
    return load_cohort(ROOT / f"config/{name}.yaml")


def changed(config: CohortConfig, changes: Mapping[str, Any]) -> CohortConfig:
    """The same file with values at key paths, as a user would write them; None takes the key away."""
    data = config.model_dump(mode="json", exclude_unset=True)
    for path, value in changes.items():
        *parents, last = path.split(".")
        section = data
        for key in parents:
            section = section.setdefault(key, {})
        section[last] = value
        if value is None:
            del section[last]
    return CohortConfig.model_validate(data)


def with_studies(config: CohortConfig, *names: str) -> CohortConfig:
    """The same file with these of its studies alone."""
    return changed(config, {f"studies.{name}": None for name in config.studies if name not in names})


def truth_of(config: CohortConfig, draws: int, seed: int) -> pd.DataFrame:
    """What its world answers to all that its studies ask."""
    return true_values(config.source, config.codebook, config.questions, draws, stream_key(seed, config.name, "truth"))


def people_of(config: CohortConfig, seed: int, rule: str = "test", replicate: int = 0) -> Cohort:
    """The people of a file: drawn from its world, or read from its source."""
    if config.synthetic:
        return simulate(config.source, config.codebook, stream_key(seed, config.name, rule, replicate))
    return ingest(config.source, config.codebook)


def described(cohort: Cohort, config: CohortConfig) -> pd.DataFrame:
    """Table 1 as the cohort file asks for it."""
    return table_one(cohort, config.codebook, config.table1, config.described_by)


def studied(
    name: str,
    config: CohortConfig,
    cohort: Cohort,
    *,
    known: Known = None,
    strict: bool = True,
) -> Tables:
    """Run one study of a file; what its data cannot support is an error, or a row with the reason if not strict."""
    job = job_of(1, config.name, known)
    return run_study(name, config.studies[name], cohort, config.codebook, job, strict=strict)


def every_study(config: CohortConfig, cohort: Cohort) -> Tables:
    """Run all studies of a file and put their tables one below the other; what fails is a row with the reason."""
    found = [studied(name, config, cohort, strict=False) for name in config.studies]
    return {name: pd.concat([tables[name] for tables in found], ignore_index=True) for name in found[0]}
