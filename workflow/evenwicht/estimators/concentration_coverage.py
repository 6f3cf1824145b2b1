"""How often a nominal 95% interval of a concentration statistic covers, by the tail of the amounts and the users.

With heavy tails no simple interval of a Gini coefficient or a share of use covers 95% in samples of ordinary size: the
few people who decide the value are mostly not in the sample. Coverage was measured by simulation
(`benchmarks/concentration_intervals.py`) and is looked up here, so that no row claims more than its interval holds.
The simulated people weigh alike. With unequal weights that have nothing to do with use, intervals cover about as often
as in the smaller sample that says as much about a mean: in samples of 200 and 1,000 such people with weights that
differ up to elevenfold, as often or about 3 points less (error 1 point).
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Floats
from evenwicht.estimators.results import Interval
from evenwicht.estimators.sampling_weights import effective_n

TABLE = Path(__file__).with_name("concentration_coverage.csv")
ENOUGH = 0.92  # coverage from which an interval passes as one of 95%
LEAST_USERS = 20
Statistic = Literal["gini", "top_share", "group_use_share"]


def tail_index(amounts: Floats, weights: Floats | None = None) -> float:
    """Hill estimate of the Pareto index of the top tenth of users, of ten users at least (Hill 1975, Ann Stat 3:1163).

    The smaller, the heavier the tail: below 2 the variance is infinite if the tail is Pareto's. Infinite if the top
    tenth use alike. With probability weights, (n,), it is that of the users behind the tenth of those in the sample.
    """
    users = np.flatnonzero(amounts)
    top = max(len(users) // 10, 10)
    places = users[np.argpartition(amounts[users], -top - 1)[-top - 1 :]]
    logs = np.log(amounts[places])  # the first is that of the person just outside
    excess = np.average(logs[1:], weights=None if weights is None else weights[places[1:]]) - logs[0]
    return float(1 / excess) if excess > 0 else float("inf")


@dataclass(frozen=True)
class Amounts:
    """What decides how well an interval covers.

    Attributes
    ----------
    users
        People with any use.
    effective_users
        Users of equal weight who would say as much about a mean.
    unused
        Share of people without use.
    tail_index
        Of the use of users.
    """

    users: int
    effective_users: float
    unused: float
    tail_index: float

    @classmethod
    def of(cls, amounts: Floats, weights: Floats | None = None) -> "Amounts":
        """Describe amounts, (n,), with probability weights, (n,); of few users the tail is not estimated."""
        used = amounts > 0
        users = int(np.count_nonzero(used))
        effective = float(users) if weights is None else effective_n(weights[used])
        index = tail_index(amounts, weights) if users >= LEAST_USERS else float("nan")
        return cls(users, effective, float(np.average(~used, weights=weights)), index)


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
    the effective number of users and with `part`, so the best design with no more of either is a cautious answer. NaN
    if no design is so small.

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
    if amounts.effective_users < LEAST_USERS:
        return float("nan"), float("nan")
    table = _table()
    bins = np.unique(table["tail_index"])
    same_tail = table["tail_index"] == bins[np.searchsorted(bins, amounts.tail_index, side="right") - 1]
    worse = (table["statistic"] == statistic) & (table["users"] <= amounts.effective_users) & (table["part"] <= part)
    rows = same_tail & worse
    if not rows.any():
        return float("nan"), float("nan")
    return float(table["coverage"][rows].max()), float(table["highest"][rows].max())


@cache
def _table() -> dict[str, np.ndarray]:
    """The table by column: it is looked up for every row."""
    return {str(name): column.to_numpy() for name, column in pd.read_csv(TABLE).items()}
