"""How often a nominal 95% interval of a concentration statistic covers, by the tail of the amounts and the users.

With heavy tails no simple interval of a Gini coefficient or a share of use covers 95% in samples of ordinary size: the
few people who decide the value are mostly not in the sample. Coverage was measured by simulation
(`benchmarks/concentration_intervals.py`) and is looked up here, so that no row claims more than its interval holds.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from evenwicht.estimators.concentration import Floats
from evenwicht.estimators.results import Interval

TABLE = Path(__file__).with_name("concentration_coverage.csv")
ENOUGH = 0.92  # coverage from which an interval passes as one of 95%
LEAST_USERS = 20
Statistic = Literal["gini", "top_share", "group_use_share"]


def tail_index(ordered: Floats) -> float:
    """Hill estimate of the Pareto index of the top tenth of users, of ten users at least (Hill 1975, Ann Stat 3:1163).

    Amounts in ascending order. The smaller, the heavier the tail: below 2 the variance is infinite if the tail is
    Pareto's. Infinite if the top tenth use alike.
    """
    users = ordered[np.searchsorted(ordered, 0, side="right") :]
    top = max(len(users) // 10, 10)
    excess = np.log(users[-top:]).mean() - np.log(users[-top - 1])
    return float(1 / excess) if excess > 0 else float("inf")


@dataclass(frozen=True)
class Amounts:
    """What decides how well an interval covers: users, the share of people without use, and the tail among users."""

    users: int
    unused: float
    tail_index: float

    @classmethod
    def of(cls, ordered: Floats) -> "Amounts":
        """Describe amounts in ascending order; with fewer than `LEAST_USERS` users, their tail is not estimated."""
        users = int(np.count_nonzero(ordered))
        index = tail_index(ordered) if users >= LEAST_USERS else float("nan")
        return cls(users, 1 - users / len(ordered), index)


def judged(statistic: Statistic, interval: Interval, amounts: Amounts, part: float) -> tuple[Interval, str]:
    """Return the interval that may stand, and the note that says where it is too short.

    Without limits where too few use anything. Parameters as in `expected_coverage`.
    """
    if interval.reason:
        return interval, ""
    lowest, highest = expected_coverage(statistic, amounts, part)
    if np.isnan(lowest):
        return interval.bare("too few people use it for an interval whose coverage is known"), ""
    if lowest >= ENOUGH:
        return interval, ""
    return interval, f"interval too short: covers about {_range(lowest, highest)}"


def _range(lowest: float, highest: float) -> str:
    low, high = (f"{100 * coverage:.0f}%" for coverage in (lowest, highest))
    if highest >= ENOUGH:
        return f"{low} or more"
    return low if low == high else f"{low} to {high}"


def expected_coverage(statistic: Statistic, amounts: Amounts, part: float) -> tuple[float, float]:
    """Coverage of the nominal 95% interval in samples with the given estimate of the tail index.

    The lowest and the highest over the shapes of tail that were simulated: log-normal and Lomax. Coverage rises with
    the number of users and with `part`, so the best design with no more of either is a cautious answer. NaN if no
    design is so small.

    Parameters
    ----------
    statistic
        Whose interval.
    amounts
        Of the sector.
    part
        Gini coefficient: share of people without use. Top share: the top group as a share of users. Group's share of
        use: 0.
    """
    if amounts.users < LEAST_USERS:
        return float("nan"), float("nan")
    table = _table()
    bins = np.unique(table["tail_index"])
    same_tail = table["tail_index"] == bins[np.searchsorted(bins, amounts.tail_index, side="right") - 1]
    worse = (table["statistic"] == statistic) & (table["users"] <= amounts.users) & (table["part"] <= part)
    rows = same_tail & worse
    if not rows.any():
        return float("nan"), float("nan")
    return float(table["coverage"][rows].max()), float(table["highest"][rows].max())


@cache
def _table() -> dict[str, np.ndarray]:
    """The table by column: it is looked up for every row."""
    return {str(name): column.to_numpy() for name, column in pd.read_csv(TABLE).items()}
