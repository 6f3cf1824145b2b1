"""How high need in two sectors goes together."""

import numpy as np

from evenwicht.base.arrays import Flags, Floats
from evenwicht.estimators.influence import Estimate

LEAST_IN_CELL = 5


def log_odds_ratio(one: Flags, other: Flags, weights: Floats | None = None) -> Estimate:
    """Log odds ratio of two yes/no states, (n,), with its influence: that of Woolf (1955, Ann Hum Genet 19:251).

    Without an interval where fewer than `LEAST_IN_CELL` people have both, one or none.
    """
    weights = np.ones(len(one)) if weights is None else weights
    total, value, influence, fewest = weights.sum(), 0.0, np.zeros(len(one)), len(one)
    for cell, sign in ((one & other, 1), (~one & ~other, 1), (one & ~other, -1), (~one & other, -1)):
        people = int(cell.sum())
        if people == 0:
            return Estimate(np.nan, np.full(len(one), np.nan), "nobody has both, one of them or none")
        fewest = min(fewest, people)
        share = float(weights[cell].sum() / total)
        value += sign * np.log(share)
        influence += sign * (cell - share) / (share * total)
    few = f"fewer than {LEAST_IN_CELL} people have both, one of them or none"
    return Estimate(value, influence, few if fewest < LEAST_IN_CELL else "")
