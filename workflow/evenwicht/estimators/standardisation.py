"""Standardisation (the parametric g-formula) over a binary exposure."""

import numpy as np
from numpy.typing import NDArray

from evenwicht.estimators.design import standardised
from evenwicht.estimators.influence import Estimate
from evenwicht.estimators.regression import fit_linear, fit_logistic, with_intercept

Floats = NDArray[np.float64]


def standardised_means(
    outcome: Floats,
    exposure: Floats,
    covariates: Floats,
    modifiers: Floats,
    *,
    binary: bool,
    weights: Floats | None = None,
) -> tuple[Estimate, Estimate]:
    """Mean outcome had everybody, and had nobody, been exposed.

    Source: Hernan and Robins, What If, section 13.3. The influence counts the covariates as drawn with the people, not
    as fixed.

    Parameters
    ----------
    outcome, exposure : (n,) arrays
    covariates : (n, k) array
    modifiers : (n, m) array
        Covariates whose product with the exposure enters the outcome model.
    binary
        Logistic outcome model if true, linear if false.
    weights : (n,) array, optional
        Frequency weights; they enter the fit and the average.
    """
    weights = np.ones(len(outcome)) if weights is None else weights
    fixed, varying = with_intercept(covariates), standardised(modifiers)

    def design(arm: Floats) -> Floats:
        return np.column_stack([fixed, arm, arm[:, None] * varying])

    fit = (fit_logistic if binary else fit_linear)(outcome, design(exposure), weights)

    def mean_at(arm: int, name: str) -> Estimate:
        everybody = design(np.full(len(outcome), float(arm)))
        own = outcome[(exposure == arm) & (weights > 0)]
        if len(own) == 0 or not fit.determines(everybody[weights > 0]):
            return Estimate(np.nan, np.full(len(outcome), np.nan), f"the modifiers leave no comparison for {name}")
        if binary and np.ptp(own) == 0:
            return Estimate(float(own[0]), np.zeros(len(outcome)), f"the outcome does not vary among {name}")
        predicted = fit.predict(everybody)
        mean = float(np.average(predicted, weights=weights))
        if fit.separated:
            reason = "the covariates predict some outcomes without error, so the outcome model has no finite fit"
            return Estimate(mean, np.full(len(outcome), np.nan), reason)
        share = weights / weights.sum()
        influence = (predicted - mean) / weights.sum() + fit.influence(fit.gradient(everybody, share))
        return Estimate(mean, influence)

    return mean_at(1, "the exposed"), mean_at(0, "the unexposed")
