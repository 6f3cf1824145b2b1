"""What a run says of itself in plain words, at its start and its end; Snakemake's lines in between are for experts."""

import csv
from collections.abc import Iterable
from pathlib import Path


def at_start(cohorts: Iterable[str], studies: int, benchmarks: str | Path, cores: int, page: str) -> str:
    """Say what a run is about, how long all of it took last time, and where the result will lie.

    Parameters
    ----------
    cohorts
        Titles of the cohorts.
    studies
        Number of studies.
    benchmarks
        Folder of what each job took, `benchmark:` files of an earlier run.
    cores
        Cores that the jobs share.
    page
        The front page.
    """
    titles = list(cohorts)
    lines = [
        f"evenwicht: {_count(len(titles), 'cohort')}, {_count(studies, 'study', 'studies')}.",
        *(f"  {title}" for title in titles),
    ]
    spent = sum(map(_seconds, sorted(Path(benchmarks).rglob("*.tsv"))))
    if spent:
        lines.append(f"All jobs together took {told(spent)} of work before, about {told(spent / max(cores, 1))} here.")
    lines.append("Jobs whose result still holds are not done again; the lines below say how many are done.")
    return "\n".join([*lines, f"The result will be {page}."])


def at_end(seconds: float, page: str, missing: int) -> str:
    """Say how long a run took, where the result lies, and how many comparisons could not be estimated."""
    lines = [f"evenwicht: done in {told(seconds)}. Open {page}."]
    if missing:
        verb = "comparison" if missing == 1 else "comparisons"
        lines.append(f"{missing} {verb} could not be estimated; the page names them first.")
    return "\n".join(lines)


def at_failure(seconds: float, logs: str | Path) -> str:
    """Say that a run stopped, which jobs failed, and what to do."""
    failed = [mark.with_suffix(".log") for mark in sorted(Path(logs).rglob("*.exit"))]
    named = [f"  {log.relative_to(logs).with_suffix('')}: see {log}" for log in failed]
    stopped = f"evenwicht: stopped after {told(seconds)}."
    if not named:
        return f"{stopped} No job left a message; the lines above say why."
    advice = "Correct what the messages name and run the same command again: what is done stays done."
    return "\n".join([f"{stopped} Failed:", *named, advice])


def not_estimated(conclusions: str | Path) -> int:
    """Count the comparisons of a run that could not be estimated, in its table of conclusions."""
    with open(conclusions, encoding="utf-8", newline="") as file:
        return sum(row["status"] == "not_estimable" for row in csv.DictReader(file))


def told(seconds: float) -> str:
    """A duration as people say it."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"


def _seconds(benchmark: Path) -> float:
    """Mean seconds of one job, over its repeats; 0 if the file says none."""
    with open(benchmark, encoding="utf-8", newline="") as file:
        taken = [float(row["s"]) for row in csv.DictReader(file, delimiter="\t")]
    return sum(taken) / len(taken) if taken else 0.0


def _count(number: int, one: str, more: str = "") -> str:
    return f"{number} {one if number == 1 else more or one + 's'}"
