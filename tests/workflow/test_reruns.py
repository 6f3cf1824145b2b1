"""What runs again after a change: content decides, time stamps do not."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.conftest import ROOT, copy_of_the_project, run_snakemake
from tests.unit.test_ingest import own_table

Run = Callable[..., subprocess.CompletedProcess[str]]
SETTINGS = [
    "--config",
    "truth_draws=10000",
    "cohorts=['config/own_cohort_example.yaml','config/deprivation.yaml']",
]
SOURCE = "data/own_cohort.csv"
OWN = "config/own_cohort_example.yaml"
CRATE = {"provenance": 1}  # which has digests of all results
PAGES = {"report_page": 1, "briefs": 1, **CRATE}
SHOWN = {"figures": 1, **PAGES}
CONCLUDED = {"conclusions": 1, **SHOWN}
AFTER_STUDIES = {"estimates_table": 1, "truth_tables": 1, **CONCLUDED}
STUDIES = {"studies": 2, **AFTER_STUDIES}  # one job for each of the two cohorts
ONE_COHORT = {"studies": 1, "description_tables": 1, **AFTER_STUDIES}

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project after a run on a cohort from a table and one from a world."""
    project = copy_of_the_project(tmp_path_factory.mktemp("reruns"))
    own_table(600).to_csv(project / SOURCE, index=False)
    run = run_snakemake(project, *SETTINGS)
    assert run.returncode == 0, run.stdout[-3000:]
    assert plan(project) == {}
    return project


def plan(project: Path, *more: str) -> dict[str, int]:
    """Number of jobs that a run would start now, by rule; with more settings if need be."""
    printed = run_snakemake(project, *SETTINGS, *more, "--dry-run").stdout
    if "Nothing to be done" in printed:
        return {}
    table = re.search(r"^job +count\n[- ]+\n(.*?)^total", printed, re.MULTILINE | re.DOTALL)
    assert table, printed
    jobs = {name: int(count) for name, count in map(str.split, table[1].strip().splitlines())}
    return {name: count for name, count in jobs.items() if name != "all"}


@contextmanager
def edited(file: Path, old: str, new: str) -> Iterator[None]:
    """Change a file's text but keep its time stamp, as `cp -p` of a corrected version may; put it back at the end."""
    text, when = file.read_text(encoding="utf-8"), file.stat()
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    os.utime(file, ns=(when.st_atime_ns, when.st_mtime_ns))
    try:
        yield
    finally:
        file.write_text(text, encoding="utf-8")
        os.utime(file, ns=(when.st_atime_ns, when.st_mtime_ns))


@pytest.mark.parametrize(
    ("module", "jobs"),
    [
        ("report/page.py", PAGES),
        ("studies/exposure/section.py", SHOWN),
        ("studies/exposure/claims.py", CONCLUDED),
        ("studies/exposure/run.py", STUDIES),
        ("studies/siblings/run.py", {}),
        ("estimators/cox.py", STUDIES),
        ("worlds/deprivation/world.py", {"simulate": 1, **ONE_COHORT}),
        ("ingest/table.py", {"ingest": 1, **ONE_COHORT}),
        ("report/crate.py", CRATE),
        ("report/drift.py", {}),
    ],
)
def test_an_edited_module_replans_the_jobs_that_import_it_and_what_follows(
    module: str, jobs: dict[str, int], finished: Path
) -> None:
    with edited(finished / "workflow/evenwicht" / module, '"""', '"""Reworded: '):
        assert plan(finished) == jobs


@pytest.mark.parametrize(
    ("file", "old", "new", "jobs"),
    [
        (OWN, "label: Years of schooling}", "label: School years}", SHOWN),
        (OWN, "# ", "# So: ", CRATE),
        (OWN, "adjust: {columns: [sex]}", "adjust: {columns: []}", {"studies": 1, **AFTER_STUDIES}),
        (OWN, "maximum: 30}", "maximum: 31}", {"ingest": 1, **ONE_COHORT}),
        ("config/deprivation.yaml", "family: 72 ", "family: 80 ", {"simulate": 1, **ONE_COHORT}),
        ("data/published.csv", "e", "f", {"description_tables": 1, "truth_tables": 1, **SHOWN}),
        ("results/tables/recovery.csv", "0.", "1.", CONCLUDED),
        ("workflow/report/cohort.html.j2", "e", "f", PAGES),
        ("workflow/report/assets/page.js", "e", "f", PAGES),
    ],
)
def test_an_edit_of_a_cohort_file_or_an_input_of_the_project_replans_what_depends_on_it(
    file: str, old: str, new: str, jobs: dict[str, int], finished: Path
) -> None:
    """Under its old time stamp too: content decides."""
    with edited(finished / file, old, new):
        assert plan(finished) == jobs


def test_another_language_shows_the_same_results_anew_and_its_words_matter_to_no_other(finished: Path) -> None:
    """But to briefs, which are in every language."""
    assert plan(finished, "language=nl") == SHOWN
    with edited(finished / "workflow/evenwicht/display/translations/nl.yaml", "e", "f"):
        assert plan(finished) == {"briefs": 1, **CRATE}


def test_a_corrected_source_is_seen_under_an_older_time_stamp(finished: Path) -> None:
    source = finished / SOURCE
    before = pd.read_csv(finished / "results/tables/estimates.csv")
    table = pd.read_csv(source)
    table["school_years"] += 1
    table.to_csv(source, index=False)
    os.utime(source, (0, 0))
    assert plan(finished) == {"ingest": 1, **ONE_COHORT}
    run = run_snakemake(finished, *SETTINGS)
    assert run.returncode == 0, run.stdout[-3000:]
    described = pd.read_csv(finished / "results/tables/table1.csv")
    assert len(described)
    after = pd.read_csv(finished / "results/tables/estimates.csv")
    assert len(after) == len(before)
    persons = pd.read_parquet(finished / "private/cohorts/own/persons.parquet")
    assert persons["school_years"].mean() == pytest.approx(table["school_years"].mean())


def test_a_source_that_is_only_touched_is_not_read_again(finished: Path) -> None:
    os.utime(finished / SOURCE)
    assert plan(finished) == {}


def test_an_edited_further_file_is_seen_under_an_older_time_stamp(snakemake: Run, checkout: Path) -> None:
    """A cohort with a file for a wave: its content decides as that of the main file does."""
    table = own_table(600)
    table.drop(columns=["age_7", "weight_7"]).to_csv(checkout / SOURCE, index=False)
    table[["person_number", "age_7", "weight_7"]].to_csv(checkout / "data/wave7.csv", index=False)
    cohort = yaml.safe_load((checkout / OWN).read_text(encoding="utf-8"))
    measure = {"measure": "weight", "value": "weight_7", "age": "age_7", "files": {"7": "wave7"}}
    files = {"wave7": {"path": "data/wave7.csv", "id": "person_number"}}
    cohort["source"] |= {"files": files, "measures": [measure]}
    (checkout / OWN).write_text(yaml.safe_dump(cohort, sort_keys=False), encoding="utf-8")
    only = [*SETTINGS[:-1], f"cohorts=['{OWN}']"]
    ingested = ["private/cohorts/own/measures.parquet"]
    run = snakemake(*ingested, "--cores", "1", *only)
    assert run.returncode == 0, run.stdout[-3000:]
    assert "Nothing to be done" in snakemake(*ingested, "--dry-run", *only).stdout
    with edited(checkout / "data/wave7.csv", "1,7,", "1,7.5,"):
        assert re.search(r"^ingest +1$", snakemake(*ingested, "--dry-run", *only).stdout, re.MULTILINE)


@pytest.mark.parametrize("kind", ["absent", "pipe", "folder"])
def test_a_source_that_is_no_file_gets_the_reader_s_own_message_and_hangs_nothing(
    kind: str, snakemake: Run, checkout: Path
) -> None:
    make: dict[str, Callable[[Path], object]] = {"absent": lambda path: path, "pipe": os.mkfifo, "folder": Path.mkdir}
    make[kind](checkout / SOURCE)
    plan = partial(snakemake, *SETTINGS[:-1], "cohorts=['config/own_cohort_example.yaml']")
    assert plan("--dry-run").returncode == 0
    if kind == "absent":
        run = plan()
        assert run.returncode != 0
        assert "source: no such file. Correct `source.path`" in run.stdout, run.stdout[-3000:]
        assert "MissingInputException" not in run.stdout


def test_what_a_job_depends_on_has_one_spelling_in_every_process() -> None:
    """Snakemake compares params as text, in which a set has another order in each process."""
    code = """
from pathlib import Path
from evenwicht.config.loading import load_cohort
for file in sorted(Path("config").glob("*.yaml")):
    if file.name != "config.yaml":
        cohort = load_cohort(file)
        print(cohort.questions, cohort.needed(), cohort.described_by)
"""
    said = []
    for seed in "123":
        process = {**os.environ, "PYTHONHASHSEED": seed}
        printed = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=process, capture_output=True, text=True, check=True
        )
        said.append(printed.stdout)
    assert said[0] == said[1] == said[2]
