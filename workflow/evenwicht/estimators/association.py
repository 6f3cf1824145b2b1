"""What an exposure tells about an outcome as things are: association, not effect.

A yes/no exposure and a risk are three numbers: the share exposed and the risk of either arm. Everything that screening
asks follows from them, whether the risks are plain shares or come from survival curves.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from evenwicht.base.arrays import Floats
from evenwicht.estimators.distributions import normal_density
from evenwicht.estimators.influence import Estimate, Sampling, combined
from evenwicht.estimators.results import Interval


@dataclass(frozen=True)
class Told:
    """What a yes/no exposure tells about a risk.

    Attributes
    ----------
    difference
        Risk of the exposed less that of the others.
    sensitivity, specificity
        Share of cases who were exposed, and of others who were not.
    positive, negative
        Predictive values: risk of the exposed, and chance of the others to stay free.
    lead
        Sensitivity less the share of others who were exposed; the area under the ROC curve is half of one plus this.
    correlation
        Pearson correlation of exposure and outcome.
    liability
        The same on the scale of a normal liability.
    """

    difference: Estimate
    sensitivity: Estimate
    specificity: Estimate
    positive: Estimate
    negative: Estimate
    lead: Estimate
    correlation: Estimate
    liability: Estimate


def told_by(share: Estimate, exposed: Estimate, unexposed: Estimate) -> Told:
    """Return what follows from the share exposed and the risks of both arms as they are.

    Liability after Lee et al. 2012, Genetic Epidemiology 36:214, equation 14.
    """
    p, one, none = share.value, exposed.value, unexposed.value
    told = 0 < p * one + (1 - p) * none < 1

    def of(function: Callable[[Floats], Floats]) -> Estimate:
        """A function of the three by the delta method; derivatives by central differences, exact to ten digits."""
        if not told:
            nothing = np.full(len(share.influence), np.nan)
            return Estimate(np.nan, nothing, "everybody, or nobody, has the outcome")
        at = np.array([p, one, none])
        step = 1e-5 * np.maximum(np.minimum(at, 1 - at), 1e-6)
        up, down = at[:, None] + np.diag(step), at[:, None] - np.diag(step)
        slopes = (function(up) - function(down)) / (2 * step)
        parts = zip(slopes, (share, exposed, unexposed), strict=True)
        return combined(float(function(at[:, None])[0]), *((float(slope), part) for slope, part in parts))

    def correlation(x: Floats) -> Floats:
        risk = x[0] * x[1] + (1 - x[0]) * x[2]
        return np.asarray((x[1] - x[2]) * np.sqrt(x[0] * (1 - x[0]) / (risk * (1 - risk))))

    def liability(x: Floats) -> Floats:
        risk = x[0] * x[1] + (1 - x[0]) * x[2]
        return np.asarray(correlation(x) * np.sqrt(risk * (1 - risk)) / normal_density(ndtri(1 - risk)))

    def sensitivity(x: Floats) -> Floats:
        return np.asarray(x[0] * x[1] / (x[0] * x[1] + (1 - x[0]) * x[2]))

    def specificity(x: Floats) -> Floats:
        free = x[0] * (1 - x[1]) + (1 - x[0]) * (1 - x[2])
        return np.asarray((1 - x[0]) * (1 - x[2]) / free)

    return Told(
        difference=exposed - unexposed,
        sensitivity=of(sensitivity),
        specificity=of(specificity),
        positive=exposed,
        negative=unexposed.complement(),
        lead=of(lambda x: sensitivity(x) + specificity(x) - 1),
        correlation=of(correlation),
        liability=of(liability),
    )


def on_liability(risk: Estimate) -> Estimate:
    """What turns a correlation with a 0/1 outcome into one with a normal liability: sqrt(q (1 - q)) / density."""

    def factor(q: float) -> float:
        return float(np.sqrt(q * (1 - q)) / normal_density(ndtri(1 - q)))

    q = risk.value
    if not 0 < q < 1:
        return Estimate(np.nan, risk.influence, "everybody, or nobody, has the outcome")
    step = 1e-5 * min(q, 1 - q)
    return combined(factor(q), ((factor(q + step) - factor(q - step)) / (2 * step), risk))


def correlation_of(exposure: Floats, outcome: Floats, weights: Floats | None = None) -> Estimate:
    """Pearson correlation of two numbers, (n,) each, with probability weights, (n,), if any.

    Its influence after Devlin, Gnanadesikan and Kettenring 1975, Biometrika 62:531.
    """
    weights = np.ones(len(outcome)) if weights is None else weights
    scores = []
    for value in (exposure, outcome):
        centred = value - np.average(value, weights=weights)
        scores.append(centred / np.sqrt(np.average(centred**2, weights=weights)))
    x, y = scores
    r = float(np.average(x * y, weights=weights))
    return Estimate(r, (x * y - r * (x**2 + y**2) / 2) / weights.sum())


def squared(interval: Interval) -> Interval:
    """The interval of a square: where that of the root holds zero, it begins at zero."""
    if interval.reason:
        return Interval(interval.estimate**2, reason=interval.reason)
    ends = sorted((interval.lower**2, interval.upper**2))
    lower = 0.0 if interval.lower <= 0 <= interval.upper else ends[0]
    return Interval(interval.estimate**2, 2 * abs(interval.estimate) * interval.se, lower, ends[1])


def explained(sampling: Sampling, correlation: Estimate) -> Interval:
    """Explained variance with its interval, by Fisher's transformation of the correlation, (-1, 1)."""
    r = correlation.value
    if not abs(r) < 1:
        return Interval(r**2, reason="the exposure tells the outcome without error")
    z = sampling.interval(combined(float(np.arctanh(r)), (1 / (1 - r**2), correlation)))
    if z.reason:
        return Interval(r**2, reason=z.reason)
    back = Interval(r, z.se * (1 - r**2), float(np.tanh(z.lower)), float(np.tanh(z.upper)))
    return squared(back)


def area(sampling: Sampling, lead: Estimate) -> Interval:
    """Area under the ROC curve of a yes/no exposure, whichever way it points: never below one half."""
    interval = sampling.interval(lead)
    if interval.reason:
        return Interval(0.5 + abs(lead.value) / 2, reason=interval.reason)
    sizes = sorted((abs(interval.lower), abs(interval.upper)))
    smallest = 0.0 if interval.lower <= 0 <= interval.upper else sizes[0]
    return Interval(0.5 + abs(lead.value) / 2, interval.se / 2, 0.5 + smallest / 2, 0.5 + sizes[1] / 2)
