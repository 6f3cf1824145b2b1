"""The smallest effect that a comparison would find with 80% power, in a two-sided test at 5%.

All formulas are of large samples and without covariates, which most often make a comparison more precise.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenwicht.base.arrays import Floats

LEVEL, POWER = 0.05, 0.80


def least_difference(sd: float, spread: float, n: float) -> float:
    """Return the smallest difference in means, for one step of the exposure.

    Of a yes/no exposure it is the difference between two means (Cohen 1988, Statistical Power Analysis, 2nd edition,
    chapter 2), of a number the slope of a line (Dupont and Plummer 1998, Controlled Clinical Trials 19:589):
    (z_0.975 + z_0.8) sd / sqrt(n spread).

    Parameters
    ----------
    sd
        Standard deviation of the outcome.
    spread
        Variance of the exposure; p(1 - p) of a yes/no exposure that a share p has.
    n
        People, divided by the design effect.
    """
    return float(sum(_quantiles()) * sd / np.sqrt(n * spread))


def least_risk_ratio(risk: float, exposed: float, unexposed: float) -> float:
    """Return the smallest ratio of risks above 1; NaN if none would be found, or nobody unexposed has the event.

    The risk of the exposed, p1, solves p1 - p0 = z_0.975 sqrt(p(1 - p)(1/n1 + 1/n0)) + z_0.8 sqrt(p1(1 - p1)/n1 +
    p0(1 - p0)/n0), where p is that of both together (Fleiss, Levin and Paik 2003, Statistical Methods for Rates and
    Proportions, 3rd edition, section 4.2, without the correction for continuity).

    Parameters
    ----------
    risk
        Of the unexposed, p0.
    exposed, unexposed
        People, n1 and n0, divided by the design effect.
    """
    from scipy.optimize import brentq

    level, power = _quantiles()

    def beyond(other: float) -> float:
        pooled = (exposed * other + unexposed * risk) / (exposed + unexposed)
        under_none = np.sqrt(pooled * (1 - pooled) * (1 / exposed + 1 / unexposed))
        under_one = np.sqrt(other * (1 - other) / exposed + risk * (1 - risk) / unexposed)
        return float(other - risk - level * under_none - power * under_one)

    if not 0 < risk < 1 or beyond(1.0) <= 0:
        return float("nan")
    return float(brentq(beyond, risk, 1.0)) / risk


def least_odds_ratio(share: float, spread: float, n: float) -> float:
    """Return the smallest odds ratio above 1 for one step of an exposure that is a number; NaN without events.

    exp((z_0.975 + z_0.8) / sqrt(n share (1 - share) spread)) (Hsieh, Bloch and Larsen 1998, Statistics in Medicine
    17:1623).

    Parameters
    ----------
    share
        Of people with the event.
    spread
        Variance of the exposure.
    n
        People, divided by the design effect.
    """
    information = n * share * (1 - share) * spread
    return float(np.exp(sum(_quantiles()) / np.sqrt(information))) if information else float("nan")


def least_hazard_ratio(events: float, spread: float) -> float:
    """Return the smallest hazard ratio above 1 for one step of the exposure; NaN without events.

    exp((z_0.975 + z_0.8) / sqrt(events spread)) (Schoenfeld 1983, Biometrics 39:499; of a number Hsieh and Lavori 2000,
    Controlled Clinical Trials 21:552).

    Parameters
    ----------
    events
        People with the event, divided by the design effect.
    spread
        Variance of the exposure; p(1 - p) of a yes/no exposure that a share p has.
    """
    return float(np.exp(sum(_quantiles()) / np.sqrt(events * spread))) if events else float("nan")


def design_effect(exposure: Floats, outcome: Floats, clusters: NDArray[Any]) -> float:
    """Return by how much clusters raise the variance of a slope, at least 1.

    1 + (sum of squared sizes / n - 1) times the intraclass correlations of exposure and outcome (Moulton 1986, Journal
    of Econometrics 32:385). The former is 1 if everybody in a cluster shares the exposure.

    Parameters
    ----------
    exposure, outcome : (n,)
    clusters : (n,) array of labels
    """
    _, place, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    others = (sizes**2).sum() / sizes.sum() - 1
    return float(1 + others * _intraclass(exposure, place, sizes) * _intraclass(outcome, place, sizes))


def _intraclass(values: Floats, place: NDArray[np.intp], sizes: NDArray[np.intp]) -> float:
    """Intraclass correlation, from an analysis of variance (Donner 1986, International Statistical Review 54:67)."""
    n, groups = len(values), len(sizes)
    if groups in (1, n):
        return 0.0
    means = np.bincount(place, values) / sizes
    between = (sizes * (means - values.mean()) ** 2).sum() / (groups - 1)
    within = ((values - means[place]) ** 2).sum() / (n - groups)
    size = (n - (sizes**2).sum() / n) / (groups - 1)
    total = between + (size - 1) * within
    return float(np.clip((between - within) / total, 0.0, 1.0)) if total else 0.0


def _quantiles() -> tuple[float, float]:
    from scipy.special import ndtri

    return float(ndtri(1 - LEVEL / 2)), float(ndtri(POWER))
