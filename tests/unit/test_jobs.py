"""How a job ends: what is in its log, what whoever started it sees, and its exit code."""

import subprocess
import sys
from pathlib import Path

import pytest
from evenwicht.base.errors import INTERNAL, ConfigError, DataError, EvenwichtError, ModelError, listed
from evenwicht.base.jobs import exit_code_of, forget_exits, logged


def end(error: Exception, log: Path) -> None:
    """A job that ends with an error."""
    with logged(log):
        print("to the log")
        raise error


@pytest.mark.parametrize(("kind", "code"), [(ConfigError, 2), (DataError, 3), (ModelError, 4)])
def test_a_mistake_of_the_user_ends_a_job_with_one_line_and_the_exit_code_of_its_class(
    kind: type[EvenwichtError], code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "logs/job.log"
    with pytest.raises(SystemExit) as ended:
        end(kind("too few events", where="cohort x", fix="Pool categories."), log)
    line = f"{kind.__name__}: cohort x: too few events. Pool categories.\n"
    assert ended.value.code == exit_code_of(tmp_path / "logs") == code
    assert capsys.readouterr().err == line
    assert log.read_text() == "to the log\n" + line


def test_a_fault_of_the_program_leaves_its_traceback_in_the_log_and_goes_on(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        end(ZeroDivisionError("division by zero"), tmp_path / "job.log")
    assert "Traceback" in (tmp_path / "job.log").read_text()
    assert exit_code_of(tmp_path) == INTERNAL


def test_a_job_that_is_killed_ends_as_a_fault_of_the_program(tmp_path: Path) -> None:
    job = "import os, sys\nfrom evenwicht.base.jobs import logged\nwith logged(sys.argv[1]):\n    os._exit(137)\n"
    subprocess.run([sys.executable, "-c", job, str(tmp_path / "job.log")], check=False)
    assert [file.name for file in tmp_path.glob("*.exit")] == ["job.exit"]
    assert exit_code_of(tmp_path) == INTERNAL


def test_a_job_that_succeeds_tells_nothing(tmp_path: Path) -> None:
    with logged(tmp_path / "job.log"):
        pass
    assert [file.name for file in tmp_path.iterdir()] == ["job.log"]


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ([ModelError("x", where="x", fix="x"), DataError("x", where="x", fix="x")], 3),
        ([ModelError("x", where="x", fix="x"), RuntimeError("x")], 1),
        ([DataError("x", where="x", fix="x"), ConfigError("x", where="x", fix="x")], 2),
    ],
)
def test_of_several_failed_jobs_the_lowest_code_tells(errors: list[Exception], code: int, tmp_path: Path) -> None:
    for number, error in enumerate(errors):
        with pytest.raises((SystemExit, RuntimeError)):
            end(error, tmp_path / f"stage/job_{number}.log")
    assert exit_code_of(tmp_path) == code


def test_a_new_run_forgets_how_jobs_of_earlier_runs_ended(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        end(DataError("x", where="x", fix="x"), tmp_path / "stage/job.log")
    forget_exits(tmp_path)
    assert [file.name for file in (tmp_path / "stage").iterdir()] == ["job.log"]
    assert exit_code_of(tmp_path) == INTERNAL  # Snakemake itself failed


def test_a_warning_is_in_the_log(tmp_path: Path) -> None:
    job = (
        "import sys, warnings\n"
        "from evenwicht.base.jobs import logged\n"
        "with logged(sys.argv[1]):\n"
        "    warnings.warn('the time zone is dropped')\n"
    )
    subprocess.run([sys.executable, "-c", job, str(tmp_path / "job.log")], check=True)
    assert "UserWarning: the time zone is dropped" in (tmp_path / "job.log").read_text()


def test_a_long_list_is_cut_with_a_count() -> None:
    assert listed(range(3)) == "0, 1, 2"
    assert listed(range(100)).endswith("10, 11 and 88 more")
