"""A job on a node that was given up can go on beside its successor: what it writes late changes nothing."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, environment
from tests.workflow.test_workflow import FRESH, digests

LATE = ROOT / "tests/workflow/late"
SMALL = ["--config", "truth_draws=10000", "replicates=20", "cohorts=['config/nhefs.yaml','config/deprivation.yaml']"]

pytestmark = pytest.mark.filterwarnings("default")


def times(checkout: Path) -> dict[str, int]:
    """When every output was written, by path: a newer one would have what was made from it made again."""
    return {file: (checkout / file).stat().st_mtime_ns for file in digests(checkout)}


def test_no_job_changes_a_file_when_it_writes_after_its_successor(checkout: Path, tmp_path: Path) -> None:
    """Every script of the workflow, at the time of the day: pages and provenance say when the run began, not they."""
    shutil.rmtree(checkout / "results/tables")
    twins = tmp_path / "twins"
    twins.mkdir()
    fixed = environment(checkout)
    del fixed["SOURCE_DATE_EPOCH"]
    with_twins = {**fixed, "PYTHONPATH": f"{LATE}{os.pathsep}{fixed['PYTHONPATH']}", "LATE": str(twins)}
    for target in (["recovery", *FRESH], []):
        run = subprocess.run(
            ["snakemake", *target, *SMALL], cwd=checkout, env=with_twins, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, (run.stdout + run.stderr)[-3000:]
    made, when = digests(checkout), times(checkout)

    scripts = list(twins.glob("*.py"))
    named = {re.search(r"/workflow/scripts/(\w+\.py)", script.read_text(errors="replace"))[1] for script in scripts}
    assert named == {file.name for file in (ROOT / "workflow/scripts").glob("*.py")}
    deadline = time.monotonic() + 60
    while len(codes := list(twins.glob("*.code"))) < len(scripts) and time.monotonic() < deadline:
        time.sleep(0.1)
    failed = [
        code.with_suffix("").with_suffix(".log").read_text()[-500:] for code in codes if code.read_text() != "0\n"
    ]
    assert len(codes) == len(scripts)
    assert not failed
    assert not [told.read_text() for told in twins.glob("*.replaced")], "each found the bytes that it would write"
    assert digests(checkout) == made
    assert times(checkout) == when
    again = subprocess.run(
        ["snakemake", "--dry-run", *SMALL], cwd=checkout, env=fixed, capture_output=True, text=True, check=False
    )
    assert "Nothing to be done" in again.stdout + again.stderr
