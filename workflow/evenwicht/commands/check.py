"""Check a cohort file and its data, and say what each study will have."""

import argparse
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from evenwicht.base.errors import DataError, EvenwichtError
from evenwicht.base.faults import Faults
from evenwicht.config import CohortConfig
from evenwicht.config.loading import LEVERS, mistakes_in, read_yaml, tried

if TYPE_CHECKING:
    from evenwicht.cohort import Cohort
    from evenwicht.studies.expected import Expected

NAME = "check"
MOST_NOTES = 5
MOST_PLACES = 8  # with people without a value that are told one by one
# what a cohort is made from; with the others in error, its data can still be checked
OF_DATA = {"name", "title", "description", "source", "columns"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what it takes."""
    parser.add_argument("file", help="cohort file, such as config/mine.yaml")
    parser.add_argument("--show-rows", action="store_true", help="add the numbers of the rows with faults")


def run(arguments: argparse.Namespace) -> int:
    """Print every fault, or else what each study will have; return 0 or the exit code of the faults."""
    faults = Faults()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        config = _config(arguments.file, faults)
        cohort = None if config is None else _cohort(config, faults)
        lines = faults.lines(arguments.show_rows)
        if not lines and config is not None:
            lines = list(_report(arguments.file, config, cohort))
    notes = list(dict.fromkeys(f"Note: {warning.message}" for warning in told))
    print(*lines, *notes[:MOST_NOTES], sep="\n")
    return min((fault.error.exit_code for fault in faults.found), default=0)


def _stage(what: str) -> None:
    print(f"evenwicht check: {what}", file=sys.stderr, flush=True)


def _config(path: str, faults: Faults) -> CohortConfig | None:
    """Return the cohort file, if need be without its studies; None if it does not say what the data are."""
    _stage(f"reading {path}")
    levers = Path(path).parent / LEVERS
    try:
        data = read_yaml(path)
        config, mistakes = tried(CohortConfig, data, levers)
        if config is not None:
            mistakes = mistakes_in(config)
        else:
            kept = {key: value for key, value in data.items() if key in OF_DATA}
            config, _ = tried(CohortConfig, {**kept, "studies": {}, "table1": []}, levers)
    except EvenwichtError as error:
        faults.add("config", error)
        return None
    for mistake in mistakes:
        faults.add("config", mistake.error(path))
    return config if config is not None and len(config.codebook.role("id")) == 1 else None


def _cohort(config: CohortConfig, faults: Faults) -> "Cohort | None":
    """Return the people; None if they are drawn from a world, or cannot be read."""
    if config.synthetic:
        return None
    from evenwicht.ingest.table import gathered

    _stage("reading the data and checking every column")
    try:
        return gathered(config.source, config.codebook, faults, _stage)
    except DataError as error:
        faults.add("source", error)
        return None


def _report(path: str, config: CohortConfig, cohort: "Cohort | None") -> Iterator[str]:
    """Yield what the cohort and each study will have."""
    if cohort is None:
        yield f"{path}: no faults. The people are drawn from a world, so there are no data to check."
        return
    from evenwicht.studies.expected import expected

    _stage(f"counting what {len(config.studies)} studies will have")
    yield f"{path}: no faults. {len(cohort.persons)} people due."
    yield from _states(cohort, config)
    for name, study in config.studies.items():
        yield f"Study {name} ({study.kind}):"
        for one in expected(study, cohort, config.codebook):
            yield f"  {_told(one)}"


def _states(cohort: "Cohort", config: CohortConfig) -> Iterator[str]:
    """Tell who has a value and who has none, by state, as the page of the cohort does."""
    from evenwicht.results.states import FILES, KNOWN, PEOPLE, UNKNOWN_IDS, UNKNOWN_ROWS, places, states

    told, whole = [], 0
    for (table, item, at), counts in places(states(cohort, config.source)).items():
        unknown = {key: counts.pop(key, 0) for key in (UNKNOWN_IDS, UNKNOWN_ROWS)}
        everybody, known = counts.pop(PEOPLE), counts.pop(KNOWN, 0)
        if known == everybody and not any(unknown.values()):
            whole += 1
            continue
        what = "with a row" if table == FILES else "known"
        parts = [f"{known} {what}", *(f"{state.replace('_', ' ')} {people}" for state, people in counts.items())]
        if any(unknown.values()):
            parts.append(f"{unknown[UNKNOWN_ROWS]} rows of {unknown[UNKNOWN_IDS]} ids that are not in the main table")
        told.append(f"{table}, {item} {at}".strip() + f": {', '.join(parts)}.")
    if whole:
        yield f"Known of all people: {whole} of {whole + len(told)} columns, measures, events, costs and files."
    yield from told[:MOST_PLACES]
    if len(told) > MOST_PLACES:
        yield f"{len(told) - MOST_PLACES} more with people without a value: see results/tables/states.csv of a run."


def _told(one: "Expected") -> str:
    compared = " on ".join(filter(None, (one.exposure, one.outcome)))
    start = f"{compared}: " if compared else ""
    if one.why_not:
        return f"{start}cannot be estimated: {one.why_not}."
    parts = [f"{one.analysed} analysed"]
    parts += [f"{people} {arm}" for arm, people in one.arms.items()]
    if left := [f"{reason} {people}" for reason, people in one.left.items() if people]:
        parts.append(f"left: {', '.join(left)}")
    if one.events:
        parts.append(f"events: {', '.join(f'{arm} {people}' for arm, people in one.events.items())}")
    if one.clusters:
        parts.append(f"{one.clusters} clusters")
    if one.measure:
        found = "none" if one.least != one.least else f"{one.least:.3g}"
        parts.append(f"smallest {one.measure} found with 80% power: {found}")
    return f"{start}{'; '.join(parts)}."
