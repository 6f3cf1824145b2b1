"""Densities, probabilities and ranks that several rooms need."""

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Floats


def normal_density(z: Floats) -> Floats:
    """Density of the standard normal distribution."""
    return np.asarray(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))


def numbers_of(chances: Floats) -> Floats:
    """Probability of each number of independent events that happen, (m + 1,) of (m,) chances (Poisson-binomial).

    By convolution: sums of positive terms, so that small probabilities keep their digits, which those of
    `scipy.stats.poisson_binom` do not.
    """
    distribution = np.ones(1)
    for chance in chances:
        distribution = np.convolve(distribution, [1 - chance, chance])
    return distribution


def at_least(k: int, chances: Floats) -> float:
    """Probability that at least k of independent events happen, (m,) chances.

    >>> round(at_least(3, np.full(8, 0.2)), 8)
    0.20308224
    """
    return float(numbers_of(chances)[max(k, 0) :].sum())


def midranks(values: Floats) -> Floats:
    """Rank of each value, (n,), from 1; ties share their mean rank."""
    return np.asarray(pd.Series(values).rank(), dtype=float)
