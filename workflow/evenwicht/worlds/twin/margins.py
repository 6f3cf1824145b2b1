"""What a standard normal number stands for in a column, and the score of a value.

A value is a step function or a line of a normal number (a Gaussian copula; Nelsen 2006, An Introduction to Copulas,
section 2.3). Bands are filled along a line in the normal number; beyond the outermost edges the line of the next band
goes on to four standard deviations, so that no extreme of the cohort is needed.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import eval_hermitenorm, gammaln, ndtr, ndtri

from evenwicht.base.arrays import Floats
from evenwicht.worlds.twin import births
from evenwicht.worlds.twin.settings import AnyMargin, Bands, Births, Levels

FAR = 4.0  # standard deviations beyond which no value is drawn
FINE = 1601  # points on a line of normal numbers
GRID = 4096  # points of equal probability
DEGREE = 24  # of the polynomials by which dependence passes through steps
SMALL = 1e-9


def values_of(margin: AnyMargin, normal: Floats) -> NDArray[Any]:
    """Return the values, (n,), that standard normal numbers stand for: numbers, flags, levels or days since 1970."""
    if isinstance(margin, Births):
        return births.days_at(margin, normal)
    if isinstance(margin, Bands):
        places, knots = _line(margin)
        if margin.zeros:
            above = np.clip((ndtr(normal) - margin.zeros) / (1 - margin.zeros), SMALL, 1 - SMALL)
            numbers = np.where(ndtr(normal) < margin.zeros, -np.inf, np.interp(ndtri(above), places, knots))
        else:
            numbers = np.interp(normal, places, knots)
        numbers = np.exp(numbers) if margin.logarithmic else np.where(np.isneginf(numbers), 0.0, numbers)
        return np.asarray(np.rint(numbers) if margin.whole else numbers)
    if isinstance(margin, Levels):
        names = np.array(list(margin.shares), dtype=object)
        return np.asarray(names[np.searchsorted(_upto(margin)[:-1], ndtr(normal), side="right")])
    return np.asarray(normal > ndtri(1 - margin.share))


def scores_of(margin: AnyMargin, values: NDArray[Any]) -> Floats:
    """Return the standardised score of each value, (n,): the normal number of the middle of those with the value."""
    return np.asarray((_raw_scores(margin, values) - _moments(margin)[0]) / _moments(margin)[1])


def centre_of(margin: AnyMargin) -> float:
    """Share of yes, or the middle of a number."""
    return float(values_of(margin, np.zeros(1))[0]) if isinstance(margin, Bands) else getattr(margin, "share", 0.0)


def _raw_scores(margin: AnyMargin, values: NDArray[Any]) -> Floats:
    if isinstance(margin, Births):
        return np.asarray(ndtri(np.clip(births.share_born_by(margin, values), ndtr(-FAR), ndtr(FAR))))
    if isinstance(margin, Bands) and margin.top is not None:
        return (values > values_of(margin, ndtri([1 - margin.top]))).astype(float)
    if isinstance(margin, Bands):
        numbers = values.astype(float)
        half = 0.5 if margin.whole else 0.0
        share = (_below(margin, numbers - half) + _below(margin, numbers + half)) / 2
        share = np.where(numbers <= 0, margin.zeros / 2, share) if margin.zeros else share
        return np.asarray(ndtri(np.clip(share, ndtr(-FAR), ndtr(FAR))))
    if isinstance(margin, Levels):
        upto = _upto(margin)
        middle = dict(zip(margin.shares, upto - np.diff(upto, prepend=0.0) / 2, strict=True))
        return np.asarray(ndtri(np.array([middle[level] for level in values.tolist()], dtype=float)))
    return values.astype(float)


def _below(margin: Bands, numbers: Floats) -> Floats:
    """Share of people below each number."""
    places, knots = _line(margin)
    with np.errstate(divide="ignore", invalid="ignore"):
        numbers = np.log(np.maximum(numbers, 0.0)) if margin.logarithmic else numbers
    left, right = (np.interp(numbers + side * SMALL * (1 + np.abs(knots).max()), knots, places) for side in (-1, 1))
    return np.asarray(margin.zeros + (1 - margin.zeros) * ndtr((left + right) / 2))


def _line(margin: Bands) -> tuple[Floats, Floats]:
    """Normal numbers, and the values that they stand for, at every edge and at both ends."""
    edges = np.log(margin.edges) if margin.logarithmic else np.array(margin.edges)
    places = ndtri(np.arange(1, len(edges) + 1) / (len(edges) + 1))
    slope = np.diff(edges) / np.diff(places)
    ends = edges[0] + slope[0] * (-FAR - places[0]), edges[-1] + slope[-1] * (FAR - places[-1])
    return np.array([-FAR, *places, FAR]), np.array([ends[0], *edges, ends[1]])


def _upto(margin: Levels) -> Floats:
    """Share of people up to each level."""
    shares = np.array(list(margin.shares.values()))
    return np.asarray(np.cumsum(shares) / shares.sum())


def _grid() -> Floats:
    return np.asarray(ndtri((np.arange(GRID) + 0.5) / GRID))


def _moments(margin: AnyMargin) -> tuple[float, float]:
    return _moments_of(margin.model_dump_json(), type(margin))


@cache
def _moments_of(settings: str, kind: type[Any]) -> tuple[float, float]:
    """Mean and SD of the scores."""
    margin = kind.model_validate_json(settings)
    raw = _raw_scores(margin, values_of(margin, _grid()))
    return float(raw.mean()), max(float(raw.std()), SMALL)


def hermite(margin: AnyMargin) -> Floats:
    """Return how the score depends on its normal number: coefficients of orthonormal Hermite polynomials, (DEGREE,).

    The scores of two columns whose normal numbers correlate by r correlate by the sum over k of r**k times both
    coefficients of degree k (Mehler's formula), which for yes/no columns is the tetrachoric series.
    """
    z = _grid()
    score = scores_of(margin, values_of(margin, z))
    degrees = range(1, DEGREE + 1)
    return np.array([np.mean(score * eval_hermitenorm(k, z)) / np.exp(gammaln(k + 1) / 2) for k in degrees])


@dataclass(frozen=True)
class Steps:
    """How a score follows from its normal number: its value at every point of a grid, (FINE,)."""

    score: Floats

    def mean_at(self, middle: Floats, spread: float) -> Floats:
        """Return the mean score, (n,), of normal numbers with these means, (n,), and one SD."""
        z, half = _fine(), FINE // 2
        kernel = np.exp(-(((z - z[half]) / spread) ** 2) / 2)
        padded = np.pad(self.score, half, mode="edge")
        smooth = np.convolve(padded, kernel / kernel.sum(), mode="valid")
        return np.asarray(np.interp(middle, z, smooth))


def steps_of(margin: AnyMargin) -> Steps:
    """Return how the score of a column follows from its normal number."""
    return Steps(scores_of(margin, values_of(margin, _fine())))


def _fine() -> Floats:
    return np.linspace(-2 * FAR, 2 * FAR, FINE)
