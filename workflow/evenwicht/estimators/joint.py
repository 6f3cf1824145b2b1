"""Several estimates from the same people, drawn together, so that what is compared shares its error.

Draws are from a normal approximation with the covariance that influences give; estimates that rest on few clusters are
spread as Student's t. A quantity that is no smooth function of its parts, such as which of two effects is larger, is
worked out in every draw (Krinsky and Robb 1986, Review of Economics and Statistics 68:715).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.estimators.influence import Estimate, Sampling
from evenwicht.estimators.results import Interval

DRAWS = 20_000  # the limits of a 95% interval then have a Monte Carlo error below 2% of its width
LIMITS = (2.5, 97.5)  # percentiles


@dataclass(frozen=True)
class Drawn:
    """An estimate with its influence on the same n people as others, and how they were drawn for it."""

    estimate: Estimate
    sampling: Sampling


def joint_covariance(parts: Sequence[Drawn]) -> Floats:
    """Covariance of estimates, (k, k), positive semi-definite.

    Each variance is that of the estimate's own sampling. Two estimates whose people come in different clusters share
    what the finer clusters share: the coarser ones are made of them.

    Parameters
    ----------
    parts
        The estimates, of the same n people in the same order.
    """
    k = len(parts)
    covariance = np.empty((k, k))
    for i, one in enumerate(parts):
        for j, other in enumerate(parts[: i + 1]):
            finer = max((one.sampling, other.sampling), key=lambda sampling: sampling.df)
            pair = np.column_stack([one.estimate.influence, other.estimate.influence])
            own = one.sampling.standard_error(one.estimate.influence) ** 2
            covariance[i, j] = covariance[j, i] = own if i == j else finer.covariance(pair)[0, 1]
    size = np.sqrt(np.diag(covariance))
    scale = np.where(size > 0, size, 1.0)
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    whole = (vectors * np.maximum(values, 0.0)) @ vectors.T
    fit = np.sqrt(np.maximum(np.diag(whole), np.finfo(float).tiny))
    return np.asarray(whole / np.outer(fit, fit) * np.outer(size, size))


def joint_draws(parts: Sequence[Drawn], rng: np.random.Generator, count: int = DRAWS) -> Floats:
    """Draws of all estimates together, (count, k); parts as in `joint_covariance`."""
    values, vectors = np.linalg.eigh(joint_covariance(parts))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    moved = rng.standard_normal((count, len(parts))) @ root.T
    for k, part in enumerate(parts):
        df = part.sampling.df
        if np.isfinite(df):
            moved[:, k] *= np.sqrt(df / rng.chisquare(df, count))
    return np.array([part.estimate.value for part in parts]) + moved


@dataclass(frozen=True)
class Outweighs:
    """By how much one effect is larger than another, whichever way they go.

    Attributes
    ----------
    difference
        Size of the first less that of the second.
    chance
        Share of draws in which the first is larger.
    """

    difference: Interval
    chance: float


def outweighs(one: Floats, other: Floats, values: tuple[float, float]) -> Outweighs:
    """Compare the sizes of two effects by their joint draws, (count,) each, with the estimates themselves."""
    apart = np.abs(one) - np.abs(other)
    lower, upper = np.percentile(apart, LIMITS)
    estimate = abs(values[0]) - abs(values[1])
    return Outweighs(
        Interval(float(estimate), float(apart.std()), float(lower), float(upper)), float((apart > 0).mean())
    )
