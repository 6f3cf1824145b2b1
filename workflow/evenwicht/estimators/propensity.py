"""Propensity scores and stabilised inverse probability weights."""

import warnings

import numpy as np
from numpy.typing import NDArray

from evenwicht.errors import ModelError

Floats = NDArray[np.float64]


def logistic_fitted(outcome: Floats, covariates: Floats, weights: Floats | None = None) -> Floats:
    """Fitted probabilities of a logistic regression with intercept.

    Parameters
    ----------
    outcome : (n,) array of 0 and 1
    covariates : (n, k) array
    weights : (n,) array, optional
        Frequency weights; rows with weight 0 do not enter the fit but get a fitted value.
    """
    return logistic_predict(outcome, covariates, [covariates], weights)[0]


def logistic_predict(
    outcome: Floats, covariates: Floats, at: list[Floats], weights: Floats | None = None
) -> list[Floats]:
    """Fit a logistic regression with intercept and predict its probability at other covariate values."""
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    def with_intercept(matrix: Floats) -> Floats:
        return np.column_stack([np.ones(len(matrix)), (matrix - centre) / scale])

    centre, scale = covariates.mean(axis=0), covariates.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # perfect prediction is judged by `require_positivity`, from the fitted values
        model = GLM(outcome, with_intercept(covariates), family=Binomial(), freq_weights=weights)
        params = model.fit().params
        return [np.asarray(model.predict(params, with_intercept(matrix))) for matrix in at]


def stabilised_weights(exposure: Floats, covariates: Floats, weights: Floats | None = None) -> Floats:
    """Stabilised inverse probability weights of a 0/1 exposure, P(A) / P(A | L).

    Source: Hernan and Robins, What If, section 12.3.

    Parameters
    ----------
    exposure : (n,) array of 0 and 1
    covariates : (n, k) array
    weights : (n,) array, optional
        Frequency weights of a bootstrap replicate; they enter both the numerator and the denominator.
    """
    share = np.average(exposure, weights=weights)
    fitted = logistic_fitted(exposure, covariates, weights)
    fitted = np.clip(fitted, 1e-12, 1 - 1e-12)
    return np.where(exposure == 1, share / fitted, (1 - share) / (1 - fitted))


def require_positivity(exposure: Floats, covariates: Floats, where: str) -> None:
    """Raise ModelError if the covariates predict the exposure (almost) perfectly for someone."""
    fitted = logistic_fitted(exposure, covariates)
    certain = (fitted < 1e-6) | (fitted > 1 - 1e-6)
    if certain.any():
        raise ModelError(
            f"positivity fails: the covariates decide the exposure of {int(certain.sum())} people",
            where=where,
            mend="Remove the covariate that decides it, merge rare categories, or restrict the population.",
        )
