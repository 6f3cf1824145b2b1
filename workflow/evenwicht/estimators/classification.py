"""How well a score tells cases from others, and how well two ratings agree."""

import numpy as np
from numpy.typing import NDArray

from evenwicht.base.arrays import Flags, Floats
from evenwicht.estimators.distributions import midranks


def auc(score: Floats, cases: Flags) -> float:
    """Probability that a case has a higher score than another person, with ties counted half.

    The mean rank of cases exceeds that of others by this probability less one half.

    Examples
    --------
    >>> auc(np.array([1.0, 2.0, 3.0, 4.0]), np.array([False, True, False, True]))
    0.75
    """
    rank = midranks(score) / len(score)
    return float(0.5 + rank[cases].mean() - rank[~cases].mean())


def agreement(one: NDArray[np.int64], two: NDArray[np.int64], classes: int) -> tuple[float, float]:
    """Pearson correlation, and Cohen's kappa with linear weights (Cohen 1968), of two ordinal ratings.

    Parameters
    ----------
    one, two : (n,) arrays of int
        Ratings of the same people, 0 to `classes` - 1.
    """
    table = np.bincount(one * classes + two, minlength=classes**2).reshape(classes, classes) / len(one)
    weight = np.abs(np.subtract.outer(np.arange(classes), np.arange(classes)))
    expected = np.outer(table.sum(1), table.sum(0))
    return float(np.corrcoef(one, two)[0, 1]), float(1 - (weight * table).sum() / (weight * expected).sum())
