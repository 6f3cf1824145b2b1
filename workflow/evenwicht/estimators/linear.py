"""Differences in means and risks by least squares, with standard errors that respect the design."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evenwicht.errors import ModelError
from evenwicht.estimators.results import Interval

Floats = NDArray[np.float64]

MANY_CLUSTERS = 200


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
        Cluster of each row. The interval then uses a t distribution on (clusters - 1) degrees of freedom, and the
        cluster-robust covariance of statsmodels with more than `MANY_CLUSTERS` clusters or the cluster jackknife (CV3)
        with fewer, where the former is too narrow (MacKinnon, Nielsen and Webb 2023, Journal of Econometrics 232:272).
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
        if groups.max() < MANY_CLUSTERS:
            root = np.ones(len(outcome)) if weights is None else np.sqrt(weights)
            return _cluster_jackknife(matrix * root[:, None], outcome * root, groups)
        fit = model.fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    elif covariance == "robust":
        fit = model.fit(cov_type="HC1")
    else:
        fit = model.fit()
    lower, upper = fit.conf_int()[1]
    return Interval(float(fit.params[1]), float(fit.bse[1]), float(lower), float(upper))


def _cluster_jackknife(matrix: Floats, outcome: Floats, groups: NDArray[np.int64]) -> Interval:
    """Second coefficient with the standard error of leaving out one cluster at a time."""
    from scipy.stats import t

    count, width = int(groups.max()) + 1, matrix.shape[1]
    cross, moment = np.zeros((count, width, width)), np.zeros((count, width, 1))
    np.add.at(cross, groups, matrix[:, :, None] * matrix[:, None, :])
    np.add.at(moment, groups, (matrix * outcome[:, None])[:, :, None])
    # a pseudo-inverse, because a category can vanish with a cluster
    left_out = np.linalg.pinv(cross.sum(axis=0) - cross, hermitian=True) @ (moment.sum(axis=0) - moment)
    estimate = np.linalg.solve(cross.sum(axis=0), moment.sum(axis=0))[1, 0]
    se = np.sqrt((count - 1) / count * np.sum((left_out[:, 1, 0] - estimate) ** 2))
    reach = t.ppf(0.975, count - 1) * se
    return Interval(float(estimate), float(se), float(estimate - reach), float(estimate + reach))
