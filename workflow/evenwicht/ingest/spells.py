"""Spells, such as hospital stays (id, from, to, what, amount): into costs by sector and window, and first events.

What they tell of exposures that change over time is in `pieces`.
"""

import datetime as dt
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from evenwicht.base.columns import SourceColumn
from evenwicht.base.errors import DataError, listed
from evenwicht.base.names import Code, Name, Strict
from evenwicht.ingest.described import DateColumn, NumberColumn

if TYPE_CHECKING:  # settings are loaded by every job, and most need no pandas
    import pandas as pd

    from evenwicht.cohort import Cohort

DAYS_A_YEAR = 365.25
MONTHS = 12
OLDEST = 120  # years
ALWAYS = dt.date.max  # last day of a spell that goes on


class Window(Strict):
    """A time in which amounts are added up: ages, or dates."""

    ages: tuple[int, int] | None = Field(
        None, description="From the birthday of the first to the day before that of the second, years"
    )
    dates: tuple[dt.date, dt.date] | None = Field(None, description="First and last day")

    @model_validator(mode="after")
    def _is_one_time(self) -> "Window":
        if (self.ages is None) == (self.dates is None):
            raise ValueError("a window has `ages` or `dates`")
        if self.ages and not 0 <= self.ages[0] < self.ages[1] <= OLDEST:
            raise ValueError(f"the ages of a window go from an age to a greater one, within 0 to {OLDEST}")
        if self.dates and self.dates[0] > self.dates[1]:
            raise ValueError("a window must not end before it starts")
        return self

    def days(self, birth: Any) -> tuple[Any, Any]:
        """Return the first and the last day of the window for people born on some days, (n,) datetime64[D] each."""
        import numpy as np

        if self.dates is not None:
            return tuple(np.full(len(birth), day, "datetime64[D]") for day in self.dates)  # type: ignore[return-value]
        assert self.ages is not None
        months = birth.astype("datetime64[M]")
        first, past = (((months + MONTHS * age).astype("datetime64[D]") + (birth - months)) for age in self.ages)
        return first, past - 1


class SpellExposure(Strict):
    """An exposure that changes over time, for a study of kind time_varying.

    It starts after the first day of a spell, as an event on that day cannot be its doing, and lasts to the end of the
    last day. Spells of a person that overlap or adjoin are one.
    """

    label: str = Field(description="What it is called")
    kinds: list[Code] = Field(default=[], description="Kinds of spell that count; all kinds if left out")
    state: Literal["while", "ever"] = Field(
        description="Exposed while in such a spell, or ever after the first one, before entry or not"
    )


class Spells(Strict):
    """A file with a row for each spell of a person.

    An amount counts in a window by the share of the spell's days that lie in it; the first and the last day are both
    days of a spell. A person has an amount in a window if followed through all of it, 0 without a spell. An event is a
    person's first spell of a kind if that starts after entry; who had one by then is not followed for it.
    """

    file: Name = Field(description="Which of the further `files`")
    start: DateColumn = Field(description="Column with the first day")
    end: DateColumn | None = Field(None, description="Column with the last day; a spell is one day if left out")
    what: str | None = Field(None, description="Column with the kind of spell, such as a diagnosis or a ward")
    amount: NumberColumn | None = Field(None, description="Column with the amount of the spell; its days if left out")
    entry: Name | None = Field(None, description="Column of `columns` with the date of entry; birth if left out")
    exit: Name | None = Field(
        None, description="Column of `columns` with the last day of follow-up, such as death; empty means `until`"
    )
    begin: dt.date | None = Field(None, description="First day that the file covers; nobody enters before it")
    until: dt.date | None = Field(None, description="Last day that the file covers; nobody is followed beyond it")
    costs: dict[Name, list[Code]] = Field(default={}, description="Sector -> kinds of spell; all kinds if empty")
    windows: dict[str, Window] = Field(default={}, description="Name -> window of the costs")
    events: dict[Name, list[Code]] = Field(default={}, description="Event -> kinds of spell; all kinds if empty")

    exposures: dict[Name, SpellExposure] = Field(
        default={}, description="Exposures that change over time, by name; a spell without a last day goes on"
    )

    @model_validator(mode="after")
    def _says_what_it_is_for(self) -> "Spells":
        if bool(self.costs) != bool(self.windows) or not self.used:
            raise ValueError("spells become `costs` in `windows`, `events`, or `exposures`")
        if (self.costs or self.events) and self.exit is None and self.until is None:
            raise ValueError("say how long people are followed: `exit`, `until`, or both")
        chosen = (*self.costs.values(), *self.events.values(), *(one.kinds for one in self.exposures.values()))
        if self.what is None and any(chosen):
            raise ValueError("`what`, the column with the kind of spell, is needed to choose kinds")
        if self.end is None and any(one.state == "while" for one in self.exposures.values()):
            raise ValueError("`end`, the column with the last day, is needed for exposures `while` in a spell")
        if any(column.file is not None for column in self.described):
            raise ValueError("all columns of spells stand in their `file`")
        return self

    @property
    def used(self) -> bool:
        """Whether anything is made of them."""
        return bool(self.costs or self.events or self.exposures)

    @property
    def described(self) -> list[SourceColumn]:
        """The columns it reads, but for the kind."""
        return [column for column in (self.start, self.end, self.amount) if column is not None]

    @property
    def named(self) -> list[str]:
        """Names of the columns it reads."""
        return [*(str(column.source) for column in self.described), *([self.what] if self.what is not None else [])]

    @property
    def dates_named(self) -> Iterator[tuple[str, str]]:
        """Keys that name columns of the Cohort, which must be dates."""
        return ((key, name) for key in ("entry", "exit") if (name := getattr(self, key)) is not None)


@dataclass(frozen=True)
class SpellRows:
    """Spells as read, (m,) each: whose (row in `persons`, -1 if nobody's), first and last day, kind, amount."""

    person: Any
    start: "pd.Series"
    end: "pd.Series | None"
    kind: "pd.Series | None"
    amount: "pd.Series | None"


def of_spells(
    spells: Spells, rows: SpellRows, cohort: "Cohort", where: str
) -> tuple["list[pd.DataFrame]", "list[pd.DataFrame]"]:
    """Return tables of costs and of events, as in the Cohort, and tell what became of every spell.

    Raises
    ------
    DataError
        If a spell has no first or last day, ends before it starts, or has a negative amount, or if ages are needed
        and there is no date of birth.
    """
    import numpy as np
    import pandas as pd

    people = cohort.persons
    start, end, open_end = days_of(spells, rows, where)
    birth, entry, exit = _follow_up(spells, cohort, where)
    followed = ~(np.isnat(entry) | np.isnat(exit)) & (entry <= exit)
    known = rows.person >= 0
    whose = np.where(known, rows.person, 0)
    of_kind = {key: chosen(rows.kind, kinds, len(start), where) for key, kinds in _kinds(spells).items()}
    length = (end - start).astype("int64") + 1
    amount = length.astype("float64") if rows.amount is None else rows.amount.to_numpy()
    if (amount < 0).any():
        raise DataError(
            f"{int((amount < 0).sum())} spells have a negative amount",
            where=where,
            fix="Correct them, or list the code under `missing` of `amount`.",
        )

    counted = np.zeros(len(start), dtype=bool)
    costs, through, unsure = [], [], 0
    for window, span in spells.windows.items():
        first, last = span.days(birth)
        throughout = followed & (entry <= first) & (last <= exit)
        through.append(f"{window}: {int(throughout.sum())} people followed through it")
        overlap = np.minimum(end, last[whose]) - np.maximum(start, first[whose])
        within = np.where(np.isnat(overlap), 0, np.maximum(overlap.astype("int64") + 1, 0))
        share = within / length
        for sector in spells.costs:
            own = of_kind["costs", sector] & known & throughout[whose] & (within > 0)
            counted |= own
            blank = np.bincount(whose[own & np.isnan(amount)], minlength=len(people)) > 0
            total = np.bincount(whose[own], weights=(share * np.nan_to_num(amount))[own], minlength=len(people))
            has = throughout & ~blank
            unsure += int((throughout & blank).sum())
            costs.append(
                pd.DataFrame(
                    {"id": people[cohort.id], "sector": sector, "window": window, "amount": total},
                )[has]
            )

    events, told = [], []
    for event in spells.events:
        own = of_kind["events", event] & known & followed[whose]
        firsts = pd.Series(start[own]).groupby(whose[own]).min().reindex(range(len(people))).to_numpy("datetime64[D]")
        counted |= own & (start <= exit[whose])
        had = followed & (firsts <= entry)
        happened = firsts <= exit
        rest = followed & ~had
        table = pd.DataFrame(
            {
                "id": people[cohort.id],
                "event": event,
                "entry_age": (entry - birth).astype("float64") / DAYS_A_YEAR,
                "exit_age": (np.where(happened, firsts, exit) - birth).astype("float64") / DAYS_A_YEAR,
                "status": happened.astype("float64"),
            }
        )
        events.append(table[rest])
        told.append(f"{event}: {int(rest.sum())} people followed, {int(had.sum())} had it by entry")

    unborn = int((known & (start < birth[whose])).sum())
    wanted = np.any(list(of_kind.values()), axis=0)
    parts = {
        "count": counted,
        "are of ids that are not in the main table": ~known,
        "are of kinds that no costs or events name": known & ~wanted,
        "lie outside the windows and the follow-up": known & wanted & ~counted,
    }
    states = [f"{int(part.sum())} {what}" for what, part in parts.items()]
    notes = [
        f"of {len(start)} spells {', '.join(states)}",
        f"{int((~followed).sum())} of {len(people)} people are not followed",
        *([f"{int(open_end.sum())} spells without a last day go on until {spells.until}"] if open_end.any() else []),
        *([f"{unborn} spells start before the person is born"] if unborn else []),
        *([f"{unsure} totals are not known, for want of an amount"] if unsure else []),
        *through,
        *told,
    ]
    warnings.warn(f"{where}: {'; '.join(notes)}", stacklevel=2)
    return costs, events


def days_of(spells: Spells, rows: SpellRows, where: str) -> tuple[Any, Any, Any]:
    """Return the first and last day of every spell, (m,) each, and flags of those that go on.

    Raises
    ------
    DataError
        If a spell has no first day, no last day without `until`, or ends before it starts. Spells that are only of
        exposures need no `until` to go on: their last day is then `ALWAYS`.
    """
    import numpy as np

    start = rows.start.to_numpy("datetime64[D]")
    end = start if rows.end is None else rows.end.to_numpy("datetime64[D]")
    open_end = np.isnat(end)
    last = spells.until or (None if spells.costs or spells.events else ALWAYS)
    if last is not None:
        end = np.where(open_end, np.maximum(np.datetime64(last, "D"), start), end)
    empty, turned = np.isnat(start) | np.isnat(end), end < start
    if empty.any() or turned.any():
        raise DataError(
            f"{int(empty.sum())} of {len(start)} spells lack their first or last day, and {int(turned.sum())} end "
            "before they start",
            where=where,
            fix="Correct them; or say `until`, to which spells without a last day go on.",
        )
    return start, end, open_end


def _follow_up(spells: Spells, cohort: "Cohort", where: str) -> tuple[Any, Any, Any]:
    """Return the days of birth, entry and exit of every person, (n,) each; NaT if not known."""
    import numpy as np

    people = cohort.persons
    born = next(iter(cohort.role("birth_date")), None)
    by_age = bool(spells.events) or any(window.ages for window in spells.windows.values())
    if born is None and (by_age or (spells.entry is None and spells.begin is None)):
        raise DataError(
            "ages, and entry if nothing else is said, are counted from birth, and no column has role birth_date",
            where=where,
            fix="Set the role of the column with the date of birth.",
        )

    def days(name: str | None, otherwise: dt.date | None) -> Any:
        if name is not None:
            return people[name].to_numpy("datetime64[D]")
        return np.full(len(people), np.datetime64("NaT" if otherwise is None else otherwise, "D"))

    birth = days(born, None)
    entry = days(spells.entry or born, spells.begin)
    exit = days(spells.exit, spells.until)
    if spells.begin is not None:
        entry = np.maximum(entry, np.datetime64(spells.begin, "D"))  # not known stays so
    if spells.until is not None:
        exit = np.fmin(exit, np.datetime64(spells.until, "D"))  # not known is until the last day
    unborn = np.isnat(birth) if by_age else np.zeros(len(people), dtype=bool)
    return birth, np.where(unborn, np.datetime64("NaT", "D"), entry), exit


def _kinds(spells: Spells) -> dict[tuple[str, str], list[str]]:
    return {
        **{("costs", sector): kinds for sector, kinds in spells.costs.items()},
        **{("events", event): kinds for event, kinds in spells.events.items()},
    }


def chosen(kind: "pd.Series | None", kinds: list[str], n: int, where: str) -> Any:
    """Whether each spell is of some kinds, (n,)."""
    import numpy as np

    if kind is None or not kinds:
        return np.ones(n, dtype=bool)
    absent = [name for name in kinds if not (kind == name).any()]
    if len(absent) == len(kinds):
        raise DataError(
            f"no spell is of kind {listed(absent)}", where=where, fix="Correct the kinds, or leave them out."
        )
    if absent:
        warnings.warn(f"{where}: no spell is of kind {listed(absent)}", stacklevel=2)
    return kind.isin(kinds).to_numpy()
