"""Standardisation (the parametric g-formula) over a binary exposure."""

import numpy as np
from numpy.typing import NDArray

from evenwicht.estimators.propensity import logistic_predict

Floats = NDArray[np.float64]


def standardised_means(
    outcome: Floats,
    exposure: Floats,
    covariates: Floats,
    modifiers: Floats,
    *,
    binary: bool,
    weights: Floats | None = None,
) -> tuple[float, float]:
    """Mean outcome had everybody, and had nobody, been exposed.

    Source: Hernan and Robins, What If, section 13.3.

    Parameters
    ----------
    outcome, exposure : (n,) arrays
    covariates : (n, k) array
    modifiers : (n, m) array
        Covariates whose product with the exposure enters the outcome model.
    binary
        Logistic outcome model if true, linear if false.
    weights : (n,) array, optional
        Frequency weights (a bootstrap replicate); they enter the fit and the average.
    """

    def design(arm: Floats) -> Floats:
        return np.column_stack([arm, covariates, arm[:, None] * modifiers])

    arms = [design(np.ones_like(exposure)), design(np.zeros_like(exposure))]
    observed = design(exposure)
    if binary:
        predicted = logistic_predict(outcome, observed, arms, weights)
    else:
        root = np.ones_like(outcome) if weights is None else np.sqrt(weights)

        def with_intercept(matrix: Floats) -> Floats:
            return np.column_stack([np.ones(len(matrix)), matrix])

        beta, *_ = np.linalg.lstsq(with_intercept(observed) * root[:, None], outcome * root, rcond=None)
        predicted = [with_intercept(arm) @ beta for arm in arms]
    exposed, unexposed = (float(np.average(p, weights=weights)) for p in predicted)
    return exposed, unexposed
