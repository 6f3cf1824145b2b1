"""Ratios of means of counts, conditional on covariates, by negative binomial regression."""

import warnings
from dataclasses import dataclass

import numpy as np

from evenwicht.base.arrays import Floats, Labels
from evenwicht.base.errors import ModelError
from evenwicht.estimators.influence import Estimate, Sampling
from evenwicht.estimators.regression import with_intercept
from evenwicht.estimators.results import Interval

STEPS = 200


@dataclass(frozen=True)
class CountRatio:
    """A ratio of mean counts with its interval, and the dispersion: variance = mean + dispersion x mean squared."""

    ratio: Interval
    dispersion: float


def negative_binomial_ratio(
    count: Floats,
    exposure: Floats,
    covariates: Floats | None = None,
    *,
    clusters: Labels | None = None,
    where: str,
) -> CountRatio:
    """Ratio of mean counts by negative binomial regression (NB2, log link) with robust standard errors.

    Maximum likelihood by statsmodels. Source: Cameron and Trivedi 2013, Regression Analysis of Count Data, section 3.3.
    The mean is estimated consistently whatever the variance; the sandwich respects that.

    Parameters
    ----------
    count : (n,) array of whole numbers, none negative
    exposure : (n,) array
        0 and 1, or a number; the ratio is then that of one unit more.
    covariates : (n, k) array, optional
    clusters : (n,) array, optional
    where
        For messages.

    Raises
    ------
    ModelError
        If the counts vary no more than chance makes them: a Poisson model then says the same with one parameter less.
    """
    from statsmodels.discrete.discrete_model import NegativeBinomial

    if (count[exposure > exposure.mean()] > 0).sum() == 0 or (count[exposure <= exposure.mean()] > 0).sum() == 0:
        return CountRatio(Interval.not_estimable("nobody in one arm has any"), np.nan)
    parts = exposure[:, None] if covariates is None else np.column_stack([exposure, covariates])
    design = with_intercept(parts)
    model = NegativeBinomial(count, design)
    start = None
    for _ in range(2):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what they warn of is judged below
            fit = model.fit(start, method="newton", maxiter=STEPS, disp=0, skip_hessian=True)
            params = np.asarray(fit.params)
            if fit.mle_retvals["converged"] and params[-1] > 0:
                break
            # Newton's method may leap over zero dispersion, which a search on its logarithm cannot
            start = model.fit(method="bfgs", maxiter=STEPS, disp=0, skip_hessian=True).params
    else:
        raise ModelError(
            "the counts have no negative binomial fit: they vary no more than chance makes them",
            where=where,
            fix="Read the Poisson row, which says the same of the mean.",
        )
    scores = np.asarray(model.score_obs(params))
    moved = -scores @ np.linalg.inv(model.hessian(params))
    unit = float(exposure.std())
    log_ratio = Estimate(float(params[1] / unit), moved[:, 1] / unit)
    return CountRatio(Sampling(len(count), clusters).interval(log_ratio).exp(), float(params[-1]))
