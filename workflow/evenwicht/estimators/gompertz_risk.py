"""Absolute effects from a Gompertz model: what risks and disease-free time would be if everybody were exposed, or nobody.

Standardisation over the covariates of the sample (the parametric g-formula; Robins 1986), in the absence of death, with
delta-method standard errors from the model's covariance; covariates are taken as given.
"""

import numpy as np
from numpy.typing import NDArray

from evenwicht.estimators.gompertz import GompertzResult
from evenwicht.estimators.results import Interval

Floats = NDArray[np.float64]
PER = 100_000
NODES = 24  # of the Gauss-Legendre quadrature; survival is smooth, so more change nothing in double precision


def absolute_effects(fit: GompertzResult, exposed: Floats, unexposed: Floats, age: float) -> dict[str, Interval]:
    """Return effects on risk by an age and on disease-free time up to it.

    Parameters
    ----------
    fit
        A Gompertz model with k covariates.
    exposed, unexposed : (n, k) arrays
        Covariates of the same people with and without the exposure.
    age
        Years.

    Returns
    -------
    dict
        `risk_difference`, `risk_ratio` (se on the log scale), `cases_averted` per 100,000 people, and `rmst_difference`
        in years.
    """
    (one, slope_one), (none, slope_none) = (_mean_risk(fit, x, age) for x in (exposed, unexposed))

    def interval(value: float, slope: Floats) -> Interval:
        return fit.interval(value, float(np.sqrt(slope @ fit.covariance @ slope)))

    difference = interval(one - none, slope_one - slope_none)
    averted = interval(PER * (none - one), PER * (slope_none - slope_one))
    ratio = interval(float(np.log(one / none)), slope_one / one - slope_none / none).exp()
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    gained, slope = 0.0, np.zeros(len(fit.covariance))
    for node, weight in zip(age * (nodes + 1) / 2, weights * age / 2, strict=True):
        (risk_one, by_one), (risk_none, by_none) = (_mean_risk(fit, x, node) for x in (exposed, unexposed))
        gained += weight * (risk_none - risk_one)
        slope += weight * (by_none - by_one)
    return {
        "risk_difference": difference,
        "risk_ratio": ratio,
        "cases_averted": averted,
        "rmst_difference": interval(gained, slope),
    }


def _mean_risk(fit: GompertzResult, x: Floats, age: float) -> tuple[float, Floats]:
    """Mean risk by an age, and its derivatives by log rate, shape and coefficients."""
    rate, shape, beta = fit.params[0], fit.params[1], fit.params[2:]
    hazard = np.exp(rate + x @ beta) * np.expm1(shape * age) / shape
    risk = -np.expm1(-hazard)
    steep = (1 - risk) * hazard
    by_shape = age / -np.expm1(-shape * age) - 1 / shape
    return float(risk.mean()), np.concatenate([[steep.mean(), steep.mean() * by_shape], steep @ x / len(x)])
