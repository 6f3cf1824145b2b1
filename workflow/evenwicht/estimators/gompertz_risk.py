"""Absolute effects from a Gompertz model: risks and disease-free time if everybody were exposed, or nobody.

Standardisation over the covariates of the sample (the parametric g-formula; Robins 1986), in the absence of death, with
delta-method standard errors from the model's covariance. Effects take covariates as given; the risk of the unexposed
itself counts them as drawn with the people.
"""

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.estimators.gompertz import GompertzResult
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.results import Interval
from evenwicht.estimators.risks import mean_risk

PER = 100_000
ABSOLUTE_EFFECTS = ("risk_difference", "risk_ratio", "cases_averted", "rmst_difference", "risk_unexposed")
NODES = 24  # of the Gauss-Legendre quadrature; survival is smooth, so more change nothing in double precision


def absolute_effects(
    fit: GompertzResult, exposed: Floats, unexposed: Floats, age: float, sampling: Sampling
) -> dict[str, Interval]:
    """Return effects on risk by an age and on disease-free time up to it, and the risk that they are effects on.

    Parameters
    ----------
    fit
        A Gompertz model with k covariates.
    exposed, unexposed : (n, k) arrays
        Covariates of the same people with and without the exposure.
    age
        Years.
    sampling
        How people were drawn; they count alike.

    Returns
    -------
    dict
        By `ABSOLUTE_EFFECTS`: risk difference, risk ratio (se on the log scale), cases averted per 100,000 people,
        difference in disease-free time in years, and risk without the exposure.
    """
    (with_it, without) = (_MeanRisk(fit, x) for x in (exposed, unexposed))
    (one, slope_one), (none, slope_none) = with_it.by(age), without.by(age)

    difference = fit.interval(one - none, slope_one - slope_none)
    averted = fit.interval(PER * (none - one), PER * (slope_none - slope_one))
    ratio = fit.interval(float(np.log(one / none)), slope_one / one - slope_none / none).exp()
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    gained, slope = 0.0, np.zeros(len(fit.covariance))
    for node, weight in zip(age * (nodes + 1) / 2, weights * age / 2, strict=True):
        (risk_one, by_one), (risk_none, by_none) = with_it.by(node), without.by(node)
        gained += weight * (risk_none - risk_one)
        slope += weight * (by_none - by_one)
    risk = mean_risk(without.of_each(age), fit.error(slope_none), sampling)
    return dict(zip(ABSOLUTE_EFFECTS, (difference, ratio, averted, fit.interval(gained, slope), risk), strict=True))


class _MeanRisk:
    """Mean risk of people with covariates (n, k) by any age, with its derivatives by log rate, shape, coefficients."""

    def __init__(self, fit: GompertzResult, x: Floats) -> None:
        self.x, self.shape = x, fit.params[1]
        self.rate = np.exp(fit.params[0] + x @ fit.params[2:])

    def of_each(self, age: float) -> Floats:
        """Risk of each person, (n,)."""
        return np.asarray(-np.expm1(-self.rate * np.expm1(self.shape * age) / self.shape))

    def by(self, age: float) -> tuple[float, Floats]:
        hazard = self.rate * np.expm1(self.shape * age) / self.shape
        left = np.exp(-hazard)
        steep = left * hazard
        by_shape = age / -np.expm1(-self.shape * age) - 1 / self.shape
        slope = np.concatenate([[steep.mean(), steep.mean() * by_shape], steep @ self.x / len(self.x)])
        return float(1 - left.mean()), slope
