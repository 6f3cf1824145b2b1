"""Exposures that change over time, from spells: the ages between which each person is exposed."""

import warnings

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.base.arrays import Ints
from evenwicht.base.errors import DataError
from evenwicht.cohort import Cohort
from evenwicht.ingest.spells import ALWAYS, DAYS_A_YEAR, SpellRows, Spells, chosen, days_of

Days = NDArray[np.int64]  # since 1970
ENDLESS = int(np.datetime64(ALWAYS, "D").astype("int64"))


def of_exposures(spells: Spells, rows: SpellRows, cohort: Cohort, where: str) -> list[pd.DataFrame]:
    """Return the pieces of each exposure, as in the Cohort, and tell what became of every spell.

    A piece goes from the age on the first day of a spell to that on its last day. Who has a spell and no date of birth
    has one row without ages.

    Raises
    ------
    DataError
        If a spell is not as `spells.days_of` says, or no column has role birth_date.
    """
    first_day, last_day, open_end = days_of(spells, rows, where)
    born = next(iter(cohort.role("birth_date")), None)
    if born is None:
        raise DataError(
            "ages at spells are counted from birth, and no column has role birth_date",
            where=where,
            fix="Set the role of the column with the date of birth.",
        )
    birth = cohort.persons[born].to_numpy("datetime64[D]")
    start = first_day.astype("int64")
    end = np.where(open_end, ENDLESS, last_day.astype("int64"))
    unseen = _followed_unseen(spells, cohort, birth)
    known = rows.person >= 0
    placed = known & ~np.isnat(birth)[np.where(known, rows.person, 0)]
    tables = []
    for name, exposure in spells.exposures.items():
        of_kind = chosen(rows.kind, exposure.kinds, len(start), where)
        own = of_kind & placed
        until = end[own] if exposure.state == "while" else np.full(int(own.sum()), ENDLESS)
        person, begins, ends = merged(rows.person[own], start[own], until)
        lasts = ends > begins
        undated = np.unique(rows.person[of_kind & known & ~placed])
        pieces = pd.DataFrame(
            {
                "from_age": begins - birth[person].astype("int64"),
                "to_age": np.where(ends == ENDLESS, np.nan, ends - birth[person].astype("int64")),
            }
        )[lasts]
        unknown = pd.DataFrame(np.nan, index=range(len(undated)), columns=pieces.columns)
        tables.append(
            pd.DataFrame(
                {
                    "id": cohort.persons[cohort.id].iloc[np.concatenate([person[lasts], undated])].to_numpy(),
                    "exposure": name,
                    **(pd.concat([pieces, unknown], ignore_index=True) / DAYS_A_YEAR),
                }
            )
        )
        parts = {
            "count": own,
            "are of ids that are not in the main table": ~known,
            "are of other kinds": known & ~of_kind,
            "are of people without a date of birth": known & of_kind & ~placed,
        }
        notes = [
            f"of {len(start)} spells {', '.join(f'{int(part.sum())} {what}' for what, part in parts.items())}",
            f"{len(np.unique(person[lasts]))} people are exposed, in {int(lasts.sum())} pieces of time",
            *([f"{int((~lasts).sum())} pieces of one day have no length"] if not lasts.all() else []),
            *([f"{int((own & open_end).sum())} spells without a last day go on"] if (own & open_end).any() else []),
        ]
        if unseen:
            notes.append(f"{unseen} people are followed before the first or beyond the last day that the file covers")
        warnings.warn(f"{where}, exposure {name}: {'; '.join(notes)}", stacklevel=2)
    return tables


def _followed_unseen(spells: Spells, cohort: Cohort, birth: NDArray[np.datetime64]) -> int:
    """Count people who are followed for an event at a time of which the file tells no spells."""
    events = cohort.events
    born = birth[pd.Index(cohort.persons[cohort.id]).get_indexer(events["id"])]
    unseen = np.zeros(len(events), dtype=bool)
    for day, side in ((spells.begin, -1), (spells.until, 1)):
        if day is not None:
            age = (np.datetime64(day, "D") + side - born) / np.timedelta64(1, "D") / DAYS_A_YEAR
            ages = events["entry_age" if side < 0 else "exit_age"].to_numpy(dtype=float)
            unseen |= side * ages > side * age
    return int(events.loc[unseen, "id"].nunique())


def merged(person: Ints, start: Days, end: Days) -> tuple[Ints, Days, Days]:
    """Return spells of whole days, (m,) each, in order of person and start, those that overlap or adjoin as one."""
    order = np.lexsort((start, person))
    person, start, end = person[order], start[order], end[order]
    if not len(person):
        return person, start, end
    base = end.min()
    width = end.max() - base + 1  # ends of later people lie above all of earlier ones
    reach = np.maximum.accumulate(person * width + (end - base)) - person * width + base
    opens = np.ones(len(person), dtype=bool)
    opens[1:] = (person[1:] != person[:-1]) | (start[1:] > reach[:-1] + 1)
    firsts = np.flatnonzero(opens)
    return person[firsts], start[firsts], reach[np.append(firsts[1:], len(person)) - 1]
