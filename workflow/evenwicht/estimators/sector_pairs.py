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
    cells = 2 * one.astype(np.intp) + other
    fewest, total = int(np.bincount(cells, minlength=4).min()), float(weights.sum())
    if fewest == 0:
        return Estimate(np.nan, np.full(len(one), np.nan), "nobody has both, one of them or none")
    shares, signs = np.bincount(cells, weights) / total, np.array([1.0, -1, -1, 1])
    few = f"fewer than {LEAST_IN_CELL} people have both, one of them or none"
    value = float(signs @ np.log(shares))
    return Estimate(value, (signs / (shares * total))[cells], few if fewest < LEAST_IN_CELL else "")
