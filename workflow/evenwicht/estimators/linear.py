"""Differences in means and risks by least squares, with standard errors that respect the design."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evenwicht.errors import ModelError
from evenwicht.estimators.results import Interval

Floats = NDArray[np.float64]


def least_squares(
    outcome: Floats,
    exposure: Floats,
    covariates: Floats | None = None,
    *,
    weights: Floats | None = None,
    clusters: NDArray[Any] | None = None,
    covariance: Literal["robust", "classical"] = "robust",
) -> Interval:
    """Coefficient of an exposure in a (weighted) linear model.

    For a 0/1 outcome the coefficient is a risk difference (linear probability model; Cheung 2007, American Journal
    of Epidemiology 166:1337).

    Parameters
    ----------
    outcome, exposure : (n,) arrays
    covariates : (n, k) array, optional
        Without intercept; one is added.
    weights : (n,) array, optional
        Probability weights.
    clusters : (n,) array, optional
        Cluster of each row. The interval is then cluster-robust with a t distribution on (clusters - 1) degrees of
        freedom (Cameron and Miller 2015, Journal of Human Resources 50:317).
    covariance
        Without clusters: "robust" (HC1, normal quantiles) or "classical" (equal variances, t quantiles).

    Raises
    ------
    ModelError
        If there are fewer than two clusters.
    """
    from statsmodels.regression.linear_model import WLS

    parts = [np.ones(len(outcome)), exposure]
    matrix = np.column_stack(parts if covariates is None else [*parts, covariates])
    model = WLS(outcome, matrix, weights=1.0 if weights is None else weights)
    if clusters is not None:
        _, groups = np.unique(clusters, return_inverse=True)
        if groups.max() < 1:
            raise ModelError(
                "fewer than two clusters", where="least squares", mend="Choose a cluster column that varies."
            )
        fit = model.fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    elif covariance == "robust":
        fit = model.fit(cov_type="HC1")
    else:
        fit = model.fit()
    lower, upper = fit.conf_int()[1]
    return Interval(float(fit.params[1]), float(fit.bse[1]), float(lower), float(upper))
