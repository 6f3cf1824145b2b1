"""Differences in means and risks by least squares, with standard errors that respect the design."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evenwicht.base.arrays import Floats, Ints, Labels
from evenwicht.base.errors import ModelError
from evenwicht.estimators.clusters import ClusterErrors, errors_of_rows
from evenwicht.estimators.design import standardised
from evenwicht.estimators.results import Error, Interval

Covariance = Literal["robust", "classical"]


def least_squares(
    outcome: Floats,
    exposure: Floats,
    covariates: Floats | None = None,
    *,
    weights: Floats | None = None,
    clusters: Labels | None = None,
    covariance: Covariance = "robust",
    where: str = "least squares",
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
        Cluster of each row, for the bias-reduced sandwich CR2 and a t distribution on Satterthwaite degrees of freedom,
        which follow from the clusters that carry the contrast (see `estimators.clusters`).
    covariance
        Without clusters: "robust" (HC1, normal quantiles) or "classical" (equal variances, t quantiles).

    Raises
    ------
    ModelError
        If there are fewer than two clusters, or the exposure follows from the covariates.
    """
    parts = exposure[:, None] if covariates is None else np.column_stack([exposure, covariates])
    return fit_linear(outcome, parts, weights=weights, clusters=clusters, where=where).interval(0, covariance)


@dataclass(frozen=True)
class LinearFit:
    """A fitted linear model of k regressors.

    Attributes
    ----------
    params : (k,) array
        Coefficients per unit of each regressor.
    contrasts : (k, width) array
        For each coefficient, its contrast of the orthonormal columns `q`.
    q : (n, width) array
        Orthonormal basis of the root-weighted design, intercept included.
    residual : (n,) array
        Root-weighted residuals.
    absorbed : int
        Parameters that are not columns of `q`: fixed effects.
    errors
        Cluster-robust errors on the coordinates of `q`, or None without clusters.
    """

    params: Floats
    contrasts: Floats
    q: Floats
    residual: Floats
    absorbed: int
    errors: ClusterErrors | None

    def interval(self, position: int, covariance: Covariance = "robust") -> Interval:
        """Return a coefficient with its 95% interval."""
        return self.error(self.contrasts[position], covariance).around(self.params[position])

    def error(self, contrast: Floats, covariance: Covariance = "robust") -> Error:
        """Return the error of a contrast of the coordinates of `q`, (width,)."""
        if self.errors is not None:
            return self.errors.error(contrast)
        n, width = self.q.shape
        left = n - width - self.absorbed
        if covariance == "classical":
            return Error(float(np.sqrt(contrast @ contrast * (self.residual @ self.residual) / left)), left)
        return Error(float(np.sqrt(n / left * np.sum((self.q @ contrast * self.residual) ** 2))))


def fit_linear(
    outcome: Floats,
    regressors: Floats,
    *,
    weights: Floats | None = None,
    clusters: Labels | None = None,
    intercept: bool = True,
    absorbed: int = 0,
    where: str = "least squares",
) -> LinearFit:
    """Fit a linear model by a QR decomposition of its centred and scaled design.

    Parameters
    ----------
    outcome : (n,) array
    regressors : (n, k) array
    weights, clusters : (n,) arrays, optional
        As in `least_squares`.
    intercept
        False if fixed effects have been taken out of outcome and regressors; `absorbed` is then their number.
    where
        Name of the model in messages.

    Raises
    ------
    ModelError
        If there are fewer than two clusters, or the regressors are linearly dependent.
    """
    scale = regressors.std(axis=0)
    design = standardised(regressors) if intercept else regressors / np.where(scale > 0, scale, 1.0)
    root = np.ones(len(outcome)) if weights is None else np.sqrt(weights)
    columns = [np.ones((len(outcome), 1)), design] if intercept else [design]
    q, r = np.linalg.qr(np.hstack(columns) * root[:, None])
    require_rank(r, len(outcome), where)
    target = outcome * root
    coordinates = q.T @ target
    inverse = np.linalg.inv(r)
    contrasts = inverse[int(intercept) :] / scale[:, None]
    residual = target - q @ coordinates
    errors = None
    if clusters is not None:
        errors = errors_of_rows(q, residual, cluster_groups(clusters, where))
    return LinearFit(contrasts @ coordinates, contrasts, q, residual, absorbed, errors)


def require_rank(r: Floats, n: int, where: str) -> None:
    """Raise ModelError if the triangular factor (k, k) of a design of n rows has not full rank.

    Its singular values are those of the design, so the rule is that of `numpy.linalg.matrix_rank` on the design.
    """
    sizes = np.linalg.svd(r, compute_uv=False)
    if sizes[-1] <= sizes[0] * max(n, len(r)) * np.finfo(float).eps:
        raise singular_design(where)


def singular_design(where: str) -> ModelError:
    """Return the error of a design without full rank."""
    return ModelError(
        "singular design: the exposure or a covariate follows exactly from the others",
        where=where,
        fix="Remove it from the adjustment.",
    )


def cluster_groups(clusters: Labels, where: str) -> Ints:
    """Return the position of each cluster among those that occur, (n,); ModelError if there are fewer than two."""
    _, groups = np.unique(clusters, return_inverse=True)
    if groups.max() < 1:
        raise ModelError("fewer than two clusters", where=where, fix="Choose a cluster column that varies.")
    return groups
