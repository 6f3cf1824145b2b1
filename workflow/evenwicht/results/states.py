"""Who has a value and who has none, by state: for every column, measure at a wave, event, sector in a window and file.

Counted from the saved tables of a cohort alone, each person once at each place, so that all of its people are those
with a value and one count for each state.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags
from evenwicht.base.columns import MEANINGS, NOT_LINKED
from evenwicht.base.sources import SourceSettings
from evenwicht.cohort import Cohort
from evenwicht.results.schema import STATES

PEOPLE, KNOWN = "people", "known"  # all of the cohort, and those with a value
EMPTY = "not_assessed"  # left empty, without a code
NOT_DERIVED = "not_derived"  # of a derived column: what it is made from does not give it
NOT_DUE = "not_due"  # at a wave: the cohort has no row, as of the dead and those who left the study
NOT_FOLLOWED = "not_followed"  # for an event
NOT_OBSERVED = "not_observed"  # for a sector in a window
# why there is no value
ABSENT = (*MEANINGS, NOT_LINKED, EMPTY, NOT_DERIVED, NOT_DUE, NOT_FOLLOWED, NOT_OBSERVED)
UNKNOWN_IDS, UNKNOWN_ROWS = "unknown_ids", "unknown_rows"  # of a joined file: not those of any person
FILES = "files"  # stands for a table: the joined files

Place = tuple[str, str, str]  # table, item, and wave or window


def states(cohort: Cohort, source: SourceSettings) -> pd.DataFrame:
    """Count the people of a cohort at every place by state; states of nobody are left out.

    A person without any costs is not linked to them, as in the flow of a study; one with costs in other windows or
    sectors was not observed in this one. Codes and files come first, see `absences` of the Cohort.

    Parameters
    ----------
    cohort
        Its tables, as saved.
    source
        Lists the events and costs that there should be, for those of which nobody has a row, and derived columns.

    Returns
    -------
    DataFrame
        The columns of `results.schema.STATES`.
    """
    people = pd.Index(cohort.persons[cohort.id])
    rows = []
    told = {
        (str(table), str(item), str(at)): part
        for (table, item, at), part in cohort.absences.groupby(["table", "item", "at"], sort=False, observed=True)
    }
    for place, known, otherwise in _places(cohort, source, people, told):
        left, counts = ~known, {PEOPLE: len(people), KNOWN: int(known.sum())}
        for state, flags in [*_told(told.get(place), people).items(), *otherwise.items()]:
            counts[state] = counts.get(state, 0) + int((left & flags).sum())
            left &= ~flags
        rows += _rows(place, {state: counts.get(state, 0) for state in (PEOPLE, KNOWN, *ABSENT)})
    for name, file in cohort.files.items():
        counts = {PEOPLE: len(people), KNOWN: file.people, NOT_LINKED: len(people) - file.people}
        rows += _rows((FILES, name, ""), {**counts, UNKNOWN_IDS: file.unknown_ids, UNKNOWN_ROWS: file.unknown_rows})
    return STATES.checked_rows({"cohort": cohort.name, **row} for row in rows)


def places(rows: pd.DataFrame) -> dict[Place, dict[str, int]]:
    """Return the counts by state of each place of one cohort, from rows of `results.schema.STATES`."""
    counts: dict[Place, dict[str, int]] = {}
    for table, item, at, state, people in rows[["table", "item", "at", "state", "people"]].itertuples(index=False):
        counts.setdefault((table, item, at), {})[state] = int(people)
    return counts


def _rows(place: Place, counts: Mapping[str, int]) -> list[dict[str, object]]:
    about = dict(zip(("table", "item", "at"), place, strict=True))
    return [{**about, "state": state, "people": count} for state, count in counts.items() if count]


def _told(part: pd.DataFrame | None, people: pd.Index) -> dict[str, Flags]:
    """Who has which reason in `absences`, (n,) flags by meaning."""
    if part is None:
        return {}
    return {str(meaning): _among(people, own["id"]) for meaning, own in part.groupby("meaning", observed=True)}


def _places(
    cohort: Cohort, source: SourceSettings, people: pd.Index, told: Mapping[Place, pd.DataFrame]
) -> Iterator[tuple[Place, Flags, dict[str, Flags]]]:
    """Yield each place, who has a value there, and why the others have none where `absences` do not say: (n,) flags."""
    everybody, nobody = np.ones(len(people), dtype=bool), np.zeros(len(people), dtype=bool)
    for name, column in cohort.columns.items():
        if name != cohort.id:
            state = NOT_DERIVED if column.origin(name) in source.made_from_others else EMPTY
            yield ("persons", name, ""), cohort.persons[name].notna().to_numpy(), {state: everybody}

    parts = {("measures", *key): part for key, part in _parts(cohort.measures, "measure", "wave")}
    for place in dict.fromkeys([*parts, *(place for place in told if place[0] == "measures")]):
        due, known = nobody, nobody
        if place in parts:
            part = parts[place]
            due, known = _among(people, part["id"]), _among(people, part.loc[part["value"].notna(), "id"])
        yield place, known, {EMPTY: due, NOT_DUE: everybody}

    followed = {str(event): part for event, part in cohort.events.groupby("event", sort=False, observed=True)}
    for event in dict.fromkeys([*source.followed, *followed]):
        known = _among(people, followed[event]["id"]) if event in followed else nobody
        yield ("events", event, ""), known, {NOT_FOLLOWED: everybody}

    amounts = dict(_parts(cohort.costs, "sector", "window"))
    linked = _among(people, cohort.costs["id"])
    for key in dict.fromkeys([*source.amounts, *amounts]):
        known = nobody
        if key in amounts:
            known = _among(people, amounts[key].loc[amounts[key]["amount"].notna(), "id"])
        yield ("costs", *key), known, {NOT_OBSERVED: linked, NOT_LINKED: everybody}


def _parts(table: pd.DataFrame, item: str, at: str) -> Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    for (name, when), part in table.groupby([item, at], sort=False, observed=True):
        yield (str(name), str(when)), part


def _among(people: pd.Index, ids: pd.Series) -> Flags:
    """Who of the people is named, (n,) flags."""
    flags = np.zeros(len(people), dtype=bool)
    flags[people.get_indexer(pd.Index(ids))] = True
    return flags
