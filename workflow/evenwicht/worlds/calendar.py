"""Periods of birth, and what the date of birth decides in each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenwicht.base.arrays import Floats, Ints


@dataclass(frozen=True)
class Calendar:
    """Periods of birth.

    Attributes
    ----------
    dates
        First day of each of k periods, and the first day after the last.
    """

    dates: Sequence[Any]

    @cached_property
    def starts(self) -> Floats:
        """The dates, (k + 1,), in days since 1970."""
        return days_of(self.dates)

    def period_of(self, days: Floats) -> Ints:
        """Return the period in which each day lies, (n,); days before the first or after the last are in these."""
        return np.asarray(np.searchsorted(self.starts[1:-1], days, side="right"))

    def place_of(self, days: Floats) -> tuple[Ints, Floats]:
        """Return the period of each day, (n,), and how far in it the day is, from 0 to 1."""
        period = self.period_of(days)
        within = (days - self.starts[period]) / np.diff(self.starts)[period]
        return period, np.clip(within, 0.0, 1.0)

    def decided(self, values: Sequence[float], flag: bool, days: Floats) -> Floats:
        """Return what the date of birth makes a column, (n,): a number, or 0 and 1.

        In a period with both answers, yes is on the side of the neighbour with more of it: a policy starts or ends
        in it.

        Parameters
        ----------
        values
            Of each period: the number, or the share of yes.
        flag
            Whether it is a yes/no column.
        days : (n,) array
            Dates of birth, days since 1970.
        """
        shares = np.array(values)
        period, within = self.place_of(days)
        if not flag:
            return shares[period]
        before, after = np.concatenate([shares[:1], shares[:-1]]), np.concatenate([shares[1:], shares[-1:]])
        first = (before >= after)[period]
        return np.where(first, within < shares[period], within >= 1 - shares[period]).astype(float)


def days_of(dates: Any) -> NDArray[np.float64]:
    """Return dates as days since 1970; NaN for none."""
    days = np.asarray(dates, dtype="datetime64[D]")
    return np.where(np.isnat(days), np.nan, days.astype(float))
