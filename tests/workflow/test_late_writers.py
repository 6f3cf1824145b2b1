"""A job on a node that was given up can go on beside its successor: what it writes late changes nothing."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, environment
from tests.small import small
from tests.workflow.test_workflow import digests

LATE = ROOT / "tests/workflow/late"
# The others, `ingest` and those of recovery, write by the same functions.
SCRIPTS = {
    *("simulate", "studies", "estimates_table", "description_tables", "truth_tables", "conclusions"),
    *("figures", "report_page", "briefs", "provenance"),
}

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture
def twins(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give every job of the copy a twin, which tells how it goes in this folder; without the folder it ends."""
    shutil.copy2(LATE / "twins.py", checkout / "workflow/evenwicht/base")
    with (checkout / "workflow/evenwicht/base/jobs.py").open("a") as jobs:
        jobs.write("\nfrom evenwicht.base.twins import with_twin\n\nlogged = with_twin(logged)\n")
    folder = tmp_path / "twins"
    folder.mkdir()
    monkeypatch.setenv("LATE", str(folder))
    yield folder
    shutil.rmtree(folder)


def times(checkout: Path) -> dict[str, int]:
    """When every output was written, by path: a newer one would have what was made from it made again."""
    return {file: (checkout / file).stat().st_mtime_ns for file in digests(checkout)}


def told(twins: Path, what: str) -> dict[str, str]:
    """What each twin tells of one kind, by its rule."""
    return {file.name.split(".")[2]: file.read_text() for file in twins.glob(f"*.{what}")}


def test_no_job_changes_a_file_when_it_writes_after_its_successor(checkout: Path, twins: Path) -> None:
    """At the time of the day: pages and provenance say when the run began or ended, not when they were written."""
    shutil.rmtree(checkout / "results/tables")
    today = environment(checkout)
    del today["SOURCE_DATE_EPOCH"]
    command = ["snakemake", *small(checkout, "deprivation")]
    run = subprocess.run(command, cwd=checkout, env=today, capture_output=True, text=True, check=False)
    assert run.returncode == 0, (run.stdout + run.stderr)[-3000:]
    made, when = digests(checkout), times(checkout)

    (twins / "go").touch()
    deadline = time.monotonic() + 60
    while told(twins, "code").keys() < SCRIPTS and time.monotonic() < deadline:
        time.sleep(0.1)
    assert told(twins, "code") == dict.fromkeys(SCRIPTS, "0"), told(twins, "told")
    assert not told(twins, "replaced"), "each found the bytes that it would write"
    assert digests(checkout) == made
    assert times(checkout) == when
