"""How a job ends: what is in its log, what whoever started it sees, and its exit code; and what a run says of itself."""

import subprocess
import sys
from pathlib import Path

import pytest
from evenwicht.base.errors import INTERNAL, ConfigError, DataError, EvenwichtError, ModelError, listed
from evenwicht.base.jobs import exit_code_of, forget_exits, logged
from evenwicht.base.progress import at_end, at_failure, at_start, not_estimated, told
from evenwicht.results.schema import CONCLUSIONS


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs keep whole tracebacks below the working directory."""
    monkeypatch.chdir(tmp_path)


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


def misread(log: Path) -> None:
    """A job in which a library says what it cannot read."""
    with logged(log):
        try:
            float("born 1988-04-01")
        except ValueError as error:
            raise RuntimeError("no number in /home/jane/births.csv") from error


def test_a_fault_of_the_program_says_where_it_is_and_what_it_says_stays_private(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        misread(tmp_path / "logs/ingest/own.log")
    assert ended.value.code == exit_code_of(tmp_path) == INTERNAL
    log = (tmp_path / "logs/ingest/own.log").read_text()
    assert capsys.readouterr().err == log
    assert [line.split(", ")[0] for line in log.splitlines()] == [
        "ValueError",
        f"  {__name__}",
        "RuntimeError",
        "  evenwicht.base.jobs",
        f"  {__name__}",
        "What it said may show values",
    ]
    assert not [told for told in ("1988", "jane", str(tmp_path)) if told in log]
    whole = Path("private/faults/ingest_own.txt")
    assert str(whole) in log
    assert "born 1988-04-01" in whole.read_text()
    assert "/home/jane/births.csv" in whole.read_text()
    assert [path.stat().st_mode & 0o777 for path in (*reversed(whole.parents[:2]), whole)] == [0o700, 0o700, 0o600]


def test_of_a_fault_deep_in_the_program_the_last_calls_are_told(tmp_path: Path) -> None:
    def deeper() -> None:
        deeper()

    with pytest.raises(SystemExit), logged(tmp_path / "job.log"):
        deeper()
    log = (tmp_path / "job.log").read_text()
    assert len(log.splitlines()) < 20
    assert log.startswith("RecursionError, a fault of the program, at:")


def test_what_a_fault_says_is_told_nowhere_if_it_cannot_be_kept(tmp_path: Path) -> None:
    Path("private").touch()
    with pytest.raises(SystemExit) as ended:
        misread(tmp_path / "job.log")
    assert ended.value.code == INTERNAL
    assert "could not be written to private/" in (tmp_path / "job.log").read_text()
    assert "1988" not in (tmp_path / "job.log").read_text()


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
        with pytest.raises(SystemExit):
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
    assert (tmp_path / "job.log").read_text() == "UserWarning: the time zone is dropped\n", "and no path of a library"


def test_a_long_list_is_cut_with_a_count() -> None:
    assert listed(range(3)) == "0, 1, 2"
    assert listed(range(100)).endswith("10, 11 and 88 more")


# --- what a run says of itself --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (119.7, "2 min 0 s"),
        (3599.7, "1 h 0 min"),
        (7384, "2 h 3 min"),
    ],
)
def test_a_duration_is_told_as_people_say_it(seconds: float, words: str) -> None:
    assert told(seconds) == words


def took(benchmarks: Path, job: str, *seconds: float) -> None:
    """What Snakemake writes of a job: a line for each time it was run."""
    lines = ["s\th:m:s\tmax_rss", *(f"{one}\t0:00:10\t100" for one in seconds)]
    (benchmarks / job).parent.mkdir(parents=True, exist_ok=True)
    (benchmarks / job).write_text("\n".join(lines), encoding="utf-8")


def test_at_its_start_a_run_says_what_it_is_about_how_long_it_took_and_where_the_result_will_lie(
    tmp_path: Path,
) -> None:
    took(tmp_path, "studies/one.tsv", 80, 120)
    took(tmp_path, "figures.tsv", 20)
    assert at_start(["Smokers", "Births"], 5, tmp_path, 2, "results/report.html").splitlines() == [
        "evenwicht: 2 cohorts, 5 studies.",
        "  Smokers",
        "  Births",
        "All jobs together took 2 min 0 s of work before, about 1 min 0 s here.",
        "Jobs whose result still holds are not done again; the lines below say how many are done.",
        "The result will be results/report.html.",
    ]


def test_a_first_run_does_not_guess_how_long_it_will_take(tmp_path: Path) -> None:
    (tmp_path / "killed.tsv").touch()
    first, *others = at_start(["Smokers"], 1, tmp_path, 2, "page.html").splitlines()
    assert first == "evenwicht: 1 cohort, 1 study."
    assert not [line for line in others if "before" in line]


@pytest.mark.parametrize(
    ("missing", "told_of_them"),
    [
        (0, []),
        (1, ["1 comparison could not be estimated; the page names them first."]),
        (7, ["7 comparisons could not be estimated; the page names them first."]),
    ],
)
def test_at_its_end_a_run_says_how_long_where_the_result_lies_and_what_is_missing(
    missing: int, told_of_them: list[str]
) -> None:
    said = at_end(75, "results/report.html", missing).splitlines()
    assert said == ["evenwicht: done in 1 min 15 s. Open results/report.html.", *told_of_them]


def test_what_could_not_be_estimated_is_counted_in_the_table_of_conclusions(tmp_path: Path) -> None:
    rows = CONCLUSIONS.table([{"status": "found"}, {"status": "not_estimable"}, {"status": "cannot_tell"}])
    rows.to_csv(tmp_path / "conclusions.csv", index=False)
    assert not_estimated(tmp_path / "conclusions.csv") == 1


def test_a_run_that_stops_names_the_jobs_that_failed_and_their_logs(tmp_path: Path) -> None:
    for job in ("studies/nhefs_light", "figures"):
        with pytest.raises(SystemExit):
            end(DataError("x", where="x", fix="x"), tmp_path / f"{job}.log")
    with logged(tmp_path / "ingest/nhefs.log"):
        pass
    assert at_failure(3, tmp_path).splitlines() == [
        "evenwicht: stopped after 3 s. Failed:",
        f"  figures: see {tmp_path}/figures.log",
        f"  studies/nhefs_light: see {tmp_path}/studies/nhefs_light.log",
        "Correct what the messages name and run the same command again: what is done stays done.",
    ]


def test_a_run_that_stops_without_a_failed_job_says_so(tmp_path: Path) -> None:
    (said,) = at_failure(3, tmp_path).splitlines()
    assert said.startswith("evenwicht: stopped after 3 s. ")
    assert said.endswith("the lines above say why.")
