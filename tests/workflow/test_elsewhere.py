"""A run in a folder of one's own, with the project somewhere else."""

import re
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import ROOT, run_snakemake

NUMBERS = ["truth_draws=10000"]

pytestmark = pytest.mark.filterwarnings("default")


def files_of(folder: Path) -> set[str]:
    made_by_imports = {"__pycache__", ".ruff_cache"}
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if not made_by_imports & set(file.parts)}


def test_a_run_elsewhere_reads_the_project_beside_the_snakefile_and_the_user_s_files_where_it_is(
    checkout: Path, tmp_path: Path
) -> None:
    """The user's own run config and cohort file, a cohort of the project, published values, template, default profile."""
    before = files_of(checkout)
    mine, start = tmp_path / "mine", tmp_path / "start"
    (mine / "config").mkdir(parents=True)
    start.mkdir()
    world = (ROOT / "config/deprivation.yaml").read_text(encoding="utf-8")
    (mine / "my_world.yaml").write_text(world.replace("name: deprivation", "name: my_world"), encoding="utf-8")
    run_config = (ROOT / "config/config.yaml").read_text(encoding="utf-8").split("cohorts:")[0]
    (mine / "config/config.yaml").write_text(
        f"{run_config}cohorts: [my_world.yaml, config/intervention.yaml]\n", encoding="utf-8"
    )
    arguments = ["-s", "../checkout/Snakefile", "--directory", str(mine), "--config", *NUMBERS]

    run = run_snakemake(checkout, *arguments, here=start)
    assert run.returncode == 0, run.stdout[-3000:]
    estimates = pd.read_csv(mine / "results/tables/estimates.csv")
    assert set(estimates["cohort"]) == {"my_world", "intervention"}
    assert len(pd.read_csv(mine / "results/tables/calibration.csv")), "published values were found"
    assert "Foster-care trial" in (mine / "results/report.html").read_text(encoding="utf-8")
    assert not list(start.iterdir())
    assert files_of(checkout) == before

    again = run_snakemake(checkout, "-s", "../checkout/Snakefile", "--config", *NUMBERS, "--dry-run", here=mine)
    assert "Nothing to be done" in again.stdout, "the folder a run is started from is its working directory"


def test_without_a_config_of_its_own_a_folder_gets_the_project_s_default_run(checkout: Path, tmp_path: Path) -> None:
    plan = run_snakemake(checkout, "-s", str(checkout / "Snakefile"), "--dry-run", here=tmp_path)
    assert plan.returncode == 0, plan.stdout[-3000:]
    there = run_snakemake(checkout, "--dry-run")
    counts = [re.search(r"^total\s+(\d+)", printed.stdout, re.MULTILINE)[1] for printed in (plan, there)]
    assert counts[0] == counts[1]


def test_a_cohort_file_that_is_in_neither_place_is_named_as_the_user_wrote_it(checkout: Path, tmp_path: Path) -> None:
    cohorts = "cohorts=['config/nobody.yaml']"
    run = run_snakemake(checkout, "-s", str(checkout / "Snakefile"), "--dry-run", "--config", cohorts, here=tmp_path)
    assert run.returncode != 0
    assert re.search(r"^config/nobody.yaml: no such file", run.stdout, re.MULTILINE), run.stdout
