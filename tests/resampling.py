"""The nonparametric bootstrap, over people or over clusters."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def bootstrap(
    statistic: Callable[[Floats], Any], clusters: NDArray[Any], replicates: int, rng: np.random.Generator
) -> Floats:
    """Return the statistic on bootstrap samples.

    Clusters are drawn with replacement; a sample is expressed as frequency weights, so no rows are copied and memory
    stays linear in people. With every person a cluster of their own this is the ordinary bootstrap (Efron and
    Tibshirani 1993, An Introduction to the Bootstrap).

    Parameters
    ----------
    statistic
        Takes (n,) frequency weights, returns a number or an array.
    clusters : (n,) array
        Cluster of each row.
    replicates
        Number of samples; with none, no uncertainty is asked for and one sample of NaN is returned.

    Returns
    -------
    (replicates, ...) array
    """
    if replicates == 0:
        return np.full((1, *np.shape(statistic(np.ones(len(clusters))))), np.nan)
    _, codes = np.unique(clusters, return_inverse=True)
    size = int(codes.max()) + 1

    def draw() -> Floats:
        counts = np.bincount(rng.integers(size, size=size), minlength=size)
        return counts[codes].astype(float)

    return np.array([statistic(draw()) for _ in range(replicates)])


def standard_error(draws: Floats) -> Any:
    """Standard deviation over bootstrap samples (the first axis); NaN without uncertainty."""
    return draws.std(axis=0, ddof=min(1, len(draws) - 1))
