"""Dates that may stand for no date: days that programs write for it, and dates far from all others."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenwicht.base.arrays import Flags

Dates = NDArray[np.datetime64]
# the first and last days of databases, spreadsheets, statistical programs and clocks, and round years
DAYS = np.array(
    [
        *("1753-01-01", "1800-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1901-01-01", "1904-01-01"),
        *("1960-01-01", "1970-01-01", "1980-01-01", "2099-12-31", "2100-01-01"),
    ],
    dtype="datetime64[D]",
)
LEAST_OTHERS = 10  # dates to compare with
SHORTEST_SPAN = 366  # days; births of one week are no reason to doubt those of another month
AROUND = 15  # days before and after, with which a day is compared
LEAST_ON_A_DAY, TIMES = 10, 5  # a spike: so many dates, and so many times those of the busiest day around it


@dataclass(frozen=True)
class Doubtful:
    """Dates that are probably none.

    Attributes
    ----------
    far : (n,) flags
        Further below or above nearly all others than those are apart.
    on_such_a_day : (n,) flags
        Those of them on a day that programs write for no date.
    spikes
        Number of dates on each such day that is not far, but has far more of them than the days around it.
    """

    far: Flags
    on_such_a_day: Flags
    spikes: dict[str, int]


def doubtful(dates: Dates, unit: str, *, low: bool, high: bool) -> Doubtful:
    """Return which dates may stand for none; nothing is doubted where there are too few others to compare with.

    Dates that a cohort really has are not doubted: births around 1900 have others near them, and a day with as many
    births as its neighbours is no spike.

    Parameters
    ----------
    dates : (n,) days, NaT if not known
        Each the first day of what is known.
    unit
        What is known: "D", "M" or "Y".
    low, high
        Whether to doubt dates below and above the middle of the others: not where the cohort file states a limit.
    """
    nobody = np.zeros(len(dates), dtype=bool)
    days = DAYS.astype(f"datetime64[{unit}]").astype("datetime64[D]")
    known, such = ~np.isnat(dates), np.isin(dates, days)
    others = dates[known & ~such].astype(np.int64)
    if len(others) < LEAST_OTHERS:
        return Doubtful(nobody, nobody, {})
    first, middle, last = np.quantile(others, (0.01, 0.5, 0.99))
    span = max(last - first, SHORTEST_SPAN)
    number: NDArray[Any] = dates.astype(np.int64)
    far = known & ((low & (number < first - span)) | (high & (number > last + span)))
    spikes: dict[str, int] = {}
    for day in np.unique(days[(days.astype(np.int64) < middle) & low | (days.astype(np.int64) >= middle) & high]):
        away = number - day.astype(np.int64)
        here = int((known & ~far & (away == 0)).sum())
        around = np.bincount((away[known & (np.abs(away) <= AROUND) & (away != 0)] + AROUND), minlength=1)
        if unit == "D" and here >= LEAST_ON_A_DAY and here > TIMES * max(around.max(), 1):
            spikes[str(day)] = here
    return Doubtful(far, far & such, spikes)
