"""The account of one change: what it moves from year to year, for whom.

Money that follows from changes of outcomes is linear in them: the flow of a year is F e + c, with e the changes a
birth of k outcomes, F what a unit of each is worth in that year, and c what the change itself costs then. So whatever
is linear in flows has its error from the covariance of e.
"""

from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.money.payers import Amounts, of_column

Ages = tuple[float, float]


@dataclass(frozen=True)
class Stream:
    """An outcome as money.

    Attributes
    ----------
    outcome
        Its id.
    ages
        Between which its amount falls, in even parts, years.
    worth
        What one unit more of it is worth.
    """

    outcome: str
    ages: Ages
    worth: Amounts


@dataclass(frozen=True)
class Outlay:
    """What a change costs for each birth, whoever takes part.

    Attributes
    ----------
    ages
        Between which it is spent, in even parts, years.
    amounts
        Money.
    """

    ages: Ages
    amounts: Amounts


@dataclass(frozen=True)
class Account:
    """The streams that a change moves, and what it costs: None where that is not known or there is nothing to pay."""

    streams: tuple[Stream, ...]
    outlays: tuple[Outlay, ...] | None = None

    def __bool__(self) -> bool:
        """Whether anything is known in money."""
        return bool(self.streams) or self.outlays is not None

    @cached_property
    def times(self) -> Floats:
        """Middle of each year of life in which money can move, in years since birth, (t,).

        What is spent before birth counts as spent in the first year.
        """
        starts = [floor(max(start, 0.0)) for start, _ in self._spans]
        ends = [max(ceil(end), floor(max(start, 0.0)) + 1) for start, end in self._spans]
        return np.arange(min(starts, default=0), max(ends, default=1), dtype=float) + 0.5

    @property
    def ends(self) -> Floats:
        """End of each of these years, (t,)."""
        return self.times + 0.5

    @property
    def _spans(self) -> list[Ages]:
        return [*(one.ages for one in self.streams), *(one.ages for one in self.outlays or ())]

    def _spread(self, ages: Ages) -> Floats:
        """Share of an amount that falls in each year, (t,), if it falls evenly between two ages."""
        start, end = (max(age, 0.0) for age in ages)
        starts = self.times - 0.5
        if end <= start:
            return np.asarray((starts <= start) & (start < starts + 1), dtype=float)
        return np.clip(np.minimum(end, starts + 1) - np.maximum(start, starts), 0.0, None) / (end - start)

    def per_unit(self, column: str) -> Floats:
        """What a unit of each outcome is worth in each year, (t, k)."""
        parts = [of_column(column, one.worth) * self._spread(one.ages) for one in self.streams]
        return np.column_stack(parts) if parts else np.empty((len(self.times), 0))

    def spent(self, column: str) -> Floats:
        """What the change itself costs in each year, below zero, or brings in, (t,)."""
        parts = [of_column(column, one.amounts) * self._spread(one.ages) for one in self.outlays or ()]
        return np.asarray(np.sum(parts, axis=0)) if parts else np.zeros(len(self.times))

    def flows(self, effects: Floats, column: str) -> Floats:
        """Money of each year, (..., t), for changes of the outcomes, (..., k)."""
        return np.asarray(effects @ self.per_unit(column).T + self.spent(column))
