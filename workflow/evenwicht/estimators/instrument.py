"""Instrumental-variable estimation with one instrument, and how weak the instrument is."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from evenwicht.base.arrays import Floats, Labels
from evenwicht.base.errors import ModelError
from evenwicht.estimators.clusters import errors_of_rows
from evenwicht.estimators.linear import Covariance, LinearFit, cluster_groups, fit_linear
from evenwicht.estimators.results import Interval

ALL = 1e-12  # share of the exposure's variance within the instrument that is no more than rounding
NONE = 1e-12  # share of the exposure's variance that an instrument without any effect explains


@dataclass(frozen=True)
class InstrumentFit:
    """Two-stage least squares with its diagnostics.

    Attributes
    ----------
    effect
        Effect of the exposure with its Wald interval (unreliable when the instrument is weak).
    first_stage_f
        F statistic of the instrument in the first stage, with the errors of `effect`. With one instrument this is the
        effective F of Montiel Olea and Pflueger 2013 (Journal of Business and Economic Statistics 31:358). Infinite if
        the exposure is the instrument, NaN if the clusters carry no error.
    anderson_rubin
        The 95% Anderson-Rubin confidence set as disjoint intervals, valid whatever the strength of the instrument; None
        if the clusters carry no error.
    """

    effect: Interval
    first_stage_f: float
    anderson_rubin: list[tuple[float, float]] | None


def two_stage_least_squares(
    outcome: Floats,
    exposure: Floats,
    instrument: Floats,
    covariates: Floats | None = None,
    *,
    weights: Floats | None = None,
    clusters: Labels | None = None,
    covariance: Covariance = "robust",
    where: str = "instrumental variable",
) -> InstrumentFit:
    """Effect of an exposure through one instrument.

    Sources: What If, section 16.2 (estimate); Anderson and Rubin 1949, Annals of Mathematical Statistics 20:46 (set).

    Parameters
    ----------
    outcome, exposure, instrument : (n,) arrays
    covariates : (n, k) array, optional
        Enter both stages.
    weights : (n,) array, optional
        Probability weights, all positive.
    clusters : (n,) array, optional
        Cluster of each row, for errors as in `least_squares`.
    covariance
        Without clusters: "robust", or "classical" (equal variances; What If prints these).

    Raises
    ------
    ModelError
        If the instrument does not vary or does not move the exposure at all, or if the design is singular.
    """
    if np.ptp(instrument) == 0:
        raise ModelError("the instrument does not vary", where=where, fix="Choose another instrument.")
    parts = instrument[:, None] if covariates is None else np.column_stack([instrument, covariates])
    first = fit_linear(exposure, parts, weights=weights, clusters=clusters, where=where)
    reduced = fit_linear(outcome, parts, weights=weights, clusters=clusters, where=where)
    root = np.ones(len(outcome)) if weights is None else np.sqrt(weights)
    along = first.contrasts[0] / np.linalg.norm(first.contrasts[0])
    total = float(np.cov(exposure, aweights=root**2, ddof=0) * np.sum(root**2))  # sum of squares of the exposure
    moved = float(along @ (first.q.T @ (root * exposure))) ** 2
    if moved <= NONE * total:
        raise ModelError("the instrument does not move the exposure", where=where, fix="Choose another instrument.")
    # least squares on what the first stage predicts, with the residuals of the exposure itself
    predicted = np.column_stack([exposure - first.residual / root, parts[:, 1:]])
    second = fit_linear(outcome, predicted, weights=weights, clusters=clusters, where=where)
    effect = second.params[0]
    residual = second.residual - effect * first.residual
    errors = second.errors
    if clusters is not None:
        errors = errors_of_rows(second.q, residual, cluster_groups(clusters, where))
    found = replace(second, residual=residual, errors=errors).interval(0, covariance)
    if covariance == "classical" and clusters is None:
        n, width = second.q.shape
        found = Interval.normal(found.estimate, found.se * float(np.sqrt((n - width) / n)))  # the textbook's divisor
    stage = first.interval(0, covariance)
    exact = first.residual @ first.residual <= ALL * total
    strength = np.inf if exact else (stage.estimate / stage.se) ** 2
    return InstrumentFit(found, float(strength), _anderson_rubin(reduced, first, covariance))


def _anderson_rubin(reduced: LinearFit, first: LinearFit, covariance: Covariance) -> list[tuple[float, float]] | None:
    """Every effect b for which outcome - b exposure is unrelated to the instrument, as disjoint intervals.

    Its coefficient is r - b f, from reduced form and first stage, and its variance is quadratic in b, since residuals
    are linear in b and the design is the same. So the set solves a quadratic inequality: it is an interval, the line
    without an interval, or the whole line.
    """
    r, f, contrast = reduced.params[0], first.params[0], first.contrasts[0]

    def variance(b: float) -> float:
        """Squared standard error of r - b f."""
        residual = reduced.residual - b * first.residual
        errors = None
        if reduced.errors is not None and first.errors is not None:
            errors = replace(first.errors, scores=reduced.errors.scores - b * first.errors.scores)
        return replace(first, residual=residual, errors=errors).interval(0, covariance).se ** 2

    at = [variance(b) for b in (-1.0, 0.0, 1.0)]
    if np.isnan(at).any():
        return None
    v0, v1, v2 = at[1], (at[2] - at[0]) / 2, (at[2] + at[0]) / 2 - at[1]
    n, width = first.q.shape
    df = first.errors.df(contrast) if first.errors is not None else n - width if covariance == "classical" else np.inf
    critical = special.fdtri(1, df, 0.95) if np.isfinite(df) else special.chdtri(1, 0.05)
    a, b, c = f * f - critical * v2, -2 * r * f - critical * v1, r * r - critical * v0
    discriminant = b * b - 4 * a * c
    if discriminant < 0:
        return [(-np.inf, np.inf)] if a < 0 else []
    low, high = sorted([(-b - np.sqrt(discriminant)) / (2 * a), (-b + np.sqrt(discriminant)) / (2 * a)])
    return [(low, high)] if a > 0 else [(-np.inf, low), (high, np.inf)]
