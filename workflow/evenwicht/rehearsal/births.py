"""When people are born, and which columns their date of birth decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags, Floats, Ints
from evenwicht.base.codebook import Codebook
from evenwicht.cohort import Cohort
from evenwicht.rehearsal.groups import months_of
from evenwicht.rehearsal.protection import Protection, to_three_figures
from evenwicht.rehearsal.scores import score_of
from evenwicht.worlds.calendar import Calendar, days_of

UNDECIDED = 0.05  # share of the variance of a column that its date of birth may leave open
LEAST_TIE = 0.2  # correlation of a column with its date of birth from which it may decide in some people


@dataclass(frozen=True)
class Born:
    """Births of a cohort.

    Attributes
    ----------
    told
        Settings of births in a twin.
    days : (n,) array
        Date of birth of everybody, days since 1970; NaN if not known.
    """

    told: dict[str, Any]
    days: Floats

    @property
    def column(self) -> str:
        return str(self.told["column"])

    @property
    def score(self) -> Floats:
        """Standardised score of the date, (n,)."""
        return score_of(self.days)


def births_in(
    cohort: Cohort, book: Codebook, before: Sequence[str], protection: Protection, left: dict[str, str]
) -> Born | None:
    """Return births by calendar month, and what they decide; months with too few are joined to those behind them.

    Parameters
    ----------
    before
        Columns that outcomes follow from.
    """
    dates = cohort.role("birth_date")
    if not dates:
        return None
    born = pd.to_datetime(cohort.persons[dates[0]])
    months = born.dropna().dt.to_period("M").value_counts().sort_index()
    # the first period starts, and the last ends, with the month in which there are enough: no first or last birth shows
    periods: list[list[Any]] = []
    waiting = 0
    for month, count in months.items():
        waiting += int(count)
        if protection.enough(waiting):
            periods.append([periods[-1][1] + 1 if periods else month, month, waiting])
            waiting = 0
    if not periods:
        left[dates[0]] = "too few people with a date of birth"
        return None
    periods[-1][2] += waiting
    shares = {str(first.start_time.date()): protection.share(count, months.sum()) for first, _, count in periods}
    end = str((periods[-1][1] + 1).start_time.date())
    told = {"column": dates[0], "periods": shares, "end": end, "months": months_of(cohort, book)}
    days = days_of(born)
    decides = _decided(cohort, book, before, Calendar([*shares, end]), days, protection)
    return Born(told | ({"decides": decides} if decides else {}), days)


def _decided(
    cohort: Cohort, book: Codebook, before: Sequence[str], calendar: Calendar, days: Floats, protection: Protection
) -> dict[str, Any]:
    """Return what the date of birth decides: of everybody, or of those with a yes in another column."""
    kinds = {name: book.columns[name].type for name in before if book.columns[name].type != "category"}
    values = {name: cohort.persons[name].to_numpy(dtype=float, na_value=np.nan) for name in kinds}
    told = {
        name: partial(_told, values[name], kind == "boolean", days, calendar, protection)
        for name, kind in kinds.items()
    }
    of_all = {name: tell(np.ones(len(days), dtype=bool)) for name, tell in told.items()}
    flags = [name for name in kinds if kinds[name] == "boolean" and of_all[name].left_open > UNDECIDED]
    flags = sorted(flags, key=lambda name: -np.nansum(values[name]))  # what most have decides for whom
    found: dict[str, Any] = {}
    for name, alone in of_all.items():
        if alone.goes_with < LEAST_TIE:
            continue
        among = [flag for flag in flags if flag != name]
        tried = [alone, *(told[name](values[flag] == 1) for flag in among)]
        # those in whom nothing is known of the column are not among whom the date decides
        best = min(range(len(tried)), key=lambda place: (tried[place].left_open, place == 0))
        if tried[best].left_open <= UNDECIDED:
            found[name] = tried[best].told | ({"among": among[best - 1]} if best else {})
    return {name: one for name, one in found.items() if one.get("among") not in found}


@dataclass(frozen=True)
class _Told:
    """A column as its date of birth would decide it.

    Attributes
    ----------
    told
        Settings.
    left_open
        Share of its variance that does not follow.
    goes_with
        Correlation of what follows with the column.
    """

    told: dict[str, Any]
    left_open: float
    goes_with: float


def _told(values: Floats, flag: bool, days: Floats, calendar: Calendar, protection: Protection, some: Flags) -> _Told:
    """Tell the value of each period among some people, and how far the values of everybody follow from it."""
    known = ~np.isnan(values) & ~np.isnan(days)
    period = calendar.period_of(days[known & some])
    by_period = (_shares if flag else _means)(values[known & some], period, len(calendar.dates) - 1, protection)
    told = {"values": by_period, **({"flag": True} if flag else {})}
    made = np.where(some[known], calendar.decided(by_period, flag, days[known]), 0.0)
    real = values[known]
    spread = float(real.std() * made.std())
    goes_with = float(((real - real.mean()) * (made - made.mean())).mean()) / spread if spread else 0.0
    return _Told(told, float(((real - made) ** 2).mean()) / max(float(real.var()), 1e-9), goes_with)


def _shares(values: Floats, period: Ints, periods: int, protection: Protection) -> list[float]:
    """Share of yes in each period; none or all where too few say the other; of too few, that of the nearest period."""
    people = np.bincount(period, minlength=periods)
    yes = np.bincount(period, values, minlength=periods)
    told: list[float] = []
    for some, of in zip(yes.tolist(), people.tolist(), strict=True):
        both = protection.enough(some) and protection.enough(of - some)
        told.append(protection.share(some, of) if both else float(2 * some > of))
    enough = np.flatnonzero([protection.enough(of) for of in people])
    if not len(enough):
        return [0.0] * periods
    nearest = np.abs(np.arange(periods)[:, None] - enough).argmin(axis=1)
    return np.array(told)[enough[nearest]].tolist()


def _means(values: Floats, period: Ints, periods: int, protection: Protection) -> list[float]:
    """Mean of the middle half of the values in each period, in three figures; of too few, between neighbours."""
    ranks = pd.Series(values).groupby(period).rank(pct=True).to_numpy()
    middle = (ranks >= 0.25) & (ranks <= 0.75)
    people = np.bincount(period[middle], minlength=periods)
    enough = np.flatnonzero([protection.enough(of) for of in people])
    if not len(enough):
        return [0.0] * periods
    means = np.bincount(period[middle], values[middle], periods)[enough] / people[enough]
    return to_three_figures(np.interp(np.arange(periods), enough, means)).tolist()
