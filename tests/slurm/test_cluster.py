"""The Slurm of the tests leaves nothing behind, even if the tests are killed."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.slurm import cluster

pytestmark = pytest.mark.skipif(cluster.why_not() is not None, reason=f"no Slurm here: {cluster.why_not()}")

TESTS = """
import sys, time
from pathlib import Path
from tests.slurm import cluster

with cluster.cluster(Path(sys.argv[1])):
    cluster.slurm("sbatch", "--requeue", "--wrap", "sleep 300")
    cluster.until(lambda: cluster.jobs("RUNNING"), "a job")
    print("at work", flush=True)
    time.sleep(300)
"""


def processes() -> set[str]:
    """Commands of all processes that are of Slurm or of the job."""
    commands = set()
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            commands.add(file.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip())
    return {command for command in commands if command.startswith(("slurm", "munged", "sleep 300"))}


def test_who_kills_the_tests_ends_daemons_and_jobs_and_removes_the_configuration(tmp_path: Path) -> None:
    before = processes()
    command = [sys.executable, "-c", TESTS, str(tmp_path / "slurm")]
    tests = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert tests.stdout
    assert tests.stdout.readline() == "at work\n"
    assert len(processes() - before) >= 4, "slurmctld, two slurmd and the job"
    os.kill(tests.pid, signal.SIGKILL)
    cluster.until(lambda: processes() == before and not cluster.CONFIG.exists(), "the end of the cluster")
    tests.communicate()
