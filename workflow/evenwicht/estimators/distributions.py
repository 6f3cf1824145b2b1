"""Densities, probabilities and ranks that several rooms need."""

import numpy as np
import pandas as pd
from scipy.special import ndtr, owens_t

from evenwicht.base.arrays import Floats


def normal_density(z: Floats) -> Floats:
    """Density of the standard normal distribution."""
    return np.asarray(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))


def both_below(one: Floats | float, other: Floats | float, correlation: float) -> Floats:
    """Probability that two standard normal numbers lie below two limits, by Owen's T function.

    Source: Owen 1956, Annals of Mathematical Statistics 27:1075, equation 2.1. Limits broadcast.

    Parameters
    ----------
    one, other
        Limits of the first and of the second number; finite.
    correlation
        Above -1 and below 1.

    >>> round(float(both_below(0.0, 0.0, 0.5)), 12)  # a quarter, and arcsin(1/2) over 2 pi
    0.333333333333
    """
    h, k = (np.where(np.equal(limit, 0), 1e-300, limit) for limit in (one, other))
    rest = np.sqrt((1 - correlation) * (1 + correlation))
    halves = (ndtr(h) + ndtr(k) - ((h < 0) != (k < 0))) / 2
    by_one, by_other = owens_t(h, (k / h - correlation) / rest), owens_t(k, (h / k - correlation) / rest)
    return np.asarray(halves - by_one - by_other)


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
