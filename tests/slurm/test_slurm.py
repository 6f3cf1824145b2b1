"""On a real Slurm of two nodes: the bytes of a local run, also when jobs are cancelled, or lose node or memory."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import copy_of_the_project, environment
from tests.slurm import cluster
from tests.small import small
from tests.workflow.test_workflow import digests

ONE = "private/estimates/deprivation/light/estimates.parquet"  # made by the group of one cohort
RUNS: list[subprocess.Popen] = []  # of one test
LIMIT = "exceeded memory limit"  # as Slurm says it
# the profile, without accounts and for jobs of seconds
QUICK = [
    *("--profile", "profiles/slurm", "--slurm-no-account", "--slurm-status-command", "squeue", "--latency-wait", "10"),
    *("--slurm-init-seconds-before-status-checks", "1", "--seconds-between-status-checks", "1"),
]

pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(cluster.why_not() is not None, reason=f"no Slurm here: {cluster.why_not()}"),
]


@pytest.fixture(scope="module", autouse=True)
def _slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Two nodes for all tests."""
    with cluster.cluster(tmp_path_factory.mktemp("cluster") / "slurm"):
        yield


@pytest.fixture(autouse=True)
def _nothing_goes_on() -> Iterator[None]:
    """After a test that failed neither its run nor its jobs meet the next."""
    yield
    for run in RUNS:
        run.kill()
        run.wait()
    RUNS.clear()
    cluster.cancel_all()


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Digests of what a run of one cohort on this machine makes."""
    project = fresh(tmp_path_factory.mktemp("local"))
    run = begun(project, "--cores", "2", ONE)
    assert run.wait() == 0, told(project)
    return digests(project)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project without results."""
    return fresh(tmp_path)


def fresh(folder: Path) -> Path:
    project = copy_of_the_project(folder / "checkout")
    shutil.rmtree(project / "results/tables")
    return project


def begun(project: Path, *arguments: str) -> subprocess.Popen:
    """Start a run of the small project; what it prints goes to a file."""
    with (project / "run.log").open("w") as log:
        command = ["snakemake", *arguments, *small(project, "nhefs", "deprivation")]
        RUNS.append(subprocess.Popen(command, cwd=project, env=environment(project), stdout=log, stderr=log))
    return RUNS[-1]


def told(project: Path) -> str:
    return (project / "run.log").read_text()


def jobs_of(project: Path) -> list[str]:
    """Ids of the Slurm jobs that a run submitted."""
    return re.findall(r"submitted with SLURM jobid (\d+)", told(project))


def ends_with_the_bytes_of(local: dict[str, str], run: subprocess.Popen, project: Path) -> None:
    """A run of one cohort succeeds, and every file that it makes has the bytes of the local run."""
    assert run.wait() == 0, told(project)[-3000:]
    assert ONE in local
    assert digests(project) == local


def running_on(project: Path) -> str:
    """Wait until the library is at work in the one job of a run, and return the node."""
    log = project / "results/logs/simulate/deprivation.log"
    cluster.until(log.exists, f"a job at work:\n{told(project)}", 90)
    return next(node for node in cluster.NODES if cluster.jobs("RUNNING", node))


def test_a_run_on_two_nodes_is_one_job_a_cohort_and_one_for_tables_and_has_the_bytes_of_a_local_run(
    project: Path, tmp_path: Path
) -> None:
    """Tables, figures, pages and provenance: the times in them are fixed by SOURCE_DATE_EPOCH, which jobs are given."""
    here = fresh(tmp_path / "here")
    for run, where in [(begun(here, "--cores", "2"), here), (begun(project, *QUICK), project)]:
        assert run.wait() == 0, told(where)[-3000:]
    assert len(jobs_of(project)) == 3
    made = digests(project)
    assert {"results/report.html", "results/ro-crate-metadata.json"} <= set(made)
    assert made == digests(here)


def test_replicates_in_parts_on_two_nodes_have_the_bytes_of_one_part_here(project: Path, tmp_path: Path) -> None:
    here = fresh(tmp_path / "here")
    run = begun(here, "--cores", "2", "recovery", "--set-scatter", "replicates=1")
    assert run.wait() == 0, told(here)[-3000:]
    run = begun(project, *QUICK, "recovery")  # in the ten parts of the profile, more than one node has cores for
    cluster.until(lambda: all(cluster.jobs("RUNNING", node) for node in cluster.NODES), "jobs on both nodes", 120)
    assert run.wait() == 0, told(project)[-3000:]
    tables = {name: digest for name, digest in digests(here).items() if name.startswith("results/tables/")}
    assert "results/tables/recovery.csv" in tables
    assert {name: digests(project)[name] for name in tables} == tables


def test_a_cancelled_job_is_done_again(local: dict[str, str], project: Path) -> None:
    run = begun(project, *QUICK, ONE)
    running_on(project)
    cluster.slurm("scancel", *cluster.jobs("RUNNING"))
    ends_with_the_bytes_of(local, run, project)
    assert re.search(r"JOB \d+ ON n\d CANCELLED", told(project)), "in the log of the job, which Snakemake shows"
    assert "Trying to restart job" in told(project)


def test_a_job_goes_to_another_node_when_its_own_is_down_and_the_node_comes_back(
    local: dict[str, str], project: Path
) -> None:
    """Slurm begins it again by itself, Snakemake does not notice."""
    run = begun(project, *QUICK, ONE)
    lost = running_on(project)
    cluster.slurm("scontrol", "update", f"nodename={lost}", "state=down", "reason=test")
    try:
        cluster.until(lambda: cluster.jobs("PENDING"), "a job that waits to begin again")
        (job,) = cluster.jobs("PENDING")
        cluster.slurm("scontrol", "update", f"jobid={job}", "StartTime=now")  # else after about two minutes
        (other,) = set(cluster.NODES) - {lost}
        cluster.until(lambda: cluster.jobs("RUNNING", other), f"the job on {other}")
        ends_with_the_bytes_of(local, run, project)
    finally:
        cluster.slurm("scontrol", "update", f"nodename={lost}", "state=resume")
    assert "Trying to restart" not in told(project)
    cluster.until(lambda: cluster.states() == ["idle", "idle"], "the node that was down")


def test_a_job_that_takes_more_memory_than_it_asked_for_is_done_again_with_more(
    local: dict[str, str], project: Path
) -> None:
    """With a need that is far too small, the second or third attempt has enough."""
    rules = project / "workflow/rules/common.smk"
    text, changed = re.subn(r'("simulate"|"studies"): \(\d+,', r"\1: (250,", rules.read_text())
    assert changed == 2
    rules.write_text(text)
    ends_with_the_bytes_of(local, begun(project, *QUICK, ONE), project)
    killed = [file for file in (project / ".snakemake/slurm_logs").rglob("*.log") if LIMIT in file.read_text()]
    assert 1 <= len(killed) <= 2, "logs of jobs that succeed are removed"
    asked = [cluster.slurm("scontrol", "show", "job", job) for job in jobs_of(project)]
    assert [int(re.search(r"mem=(\d+)M", job)[1]) for job in asked] == [250 * n for n in range(1, len(asked) + 1)]
