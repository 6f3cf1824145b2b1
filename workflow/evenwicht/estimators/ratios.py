"""Ratios of risks and odds of a 0/1 outcome, crude or conditional on covariates, and standardised risks."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from evenwicht.errors import ModelError
from evenwicht.estimators.clusters import ClusterErrors, errors_of_rows
from evenwicht.estimators.design import standardised
from evenwicht.estimators.linear import cluster_groups, require_rank
from evenwicht.estimators.results import Interval

Floats = NDArray[np.float64]
Family = Literal["Poisson", "Binomial"]
NO_MAXIMUM = "no finite estimate: in some category of the covariates everybody, or nobody, has the outcome"
STEPS = 60
CONVERGED = 1e-19  # squared length of a Newton step per row, in the units of the information
STILL = 1e-8  # that the exposure's coefficient may still move
ROUNDING = 1e-11  # of a log likelihood, relative


def risk_ratio(
    outcome: Floats, exposure: Floats, covariates: Floats | None = None, *, clusters: NDArray[Any] | None = None
) -> Interval:
    """Risk ratio by Poisson regression with robust errors (Zou 2004, American Journal of Epidemiology 159:702).

    Parameters
    ----------
    outcome, exposure : (n,) arrays of 0 and 1
    covariates : (n, k) array, optional
    clusters : (n,) array, optional
        For the bias-reduced sandwich and Satterthwaite degrees of freedom (see `estimators.clusters`); else HC0 and a
        normal distribution.

    Returns
    -------
    Interval
        On the ratio scale; `se` is the standard error of the log ratio. Not estimable, with the reason, if an arm has
        no case or nobody without the outcome, or if the likelihood has no maximum.

    Raises
    ------
    ModelError
        If there are fewer than two clusters, or the exposure follows from the covariates.
    """
    return _ratio("Poisson", outcome, exposure, covariates, clusters)


def odds_ratio(
    outcome: Floats, exposure: Floats, covariates: Floats | None = None, *, clusters: NDArray[Any] | None = None
) -> Interval:
    """Odds ratio by logistic regression; with covariates it is conditional on them. See `risk_ratio`."""
    return _ratio("Binomial", outcome, exposure, covariates, clusters)


def standardised_difference(
    outcome: Floats, exposure: Floats, covariates: Floats | None = None, *, clusters: NDArray[Any] | None = None
) -> Interval:
    """Risk difference by logistic regression, standardised over the covariates of the sample (the g-formula).

    Source: Hernan and Robins, What If, section 13.3. The standard error is the delta method's, with covariates taken as
    given; clusters as in `risk_ratio`. Unlike a linear probability model it is not bent by risks near zero.
    """
    empty = _empty_cell(outcome, exposure)
    if empty:
        return Interval.not_estimable(empty)
    fit = _fit_glm("Binomial", outcome, exposure, covariates, clusters)
    if fit is None:
        return Interval.not_estimable(NO_MAXIMUM)
    arms = []
    for value in (1.0, 0.0):
        design = fit.design.copy()
        design[:, 1] = (value - fit.exposure_mean) / fit.exposure_scale
        risk = expit(design @ fit.params)
        arms.append((risk.mean(), (risk * (1 - risk)) @ design / len(risk)))
    (one, slope_one), (none, slope_none) = arms
    return fit.interval(one - none, slope_one - slope_none)


def _ratio(
    family: Family, outcome: Floats, exposure: Floats, covariates: Floats | None, clusters: NDArray[Any] | None
) -> Interval:
    empty = _empty_cell(outcome, exposure)
    if empty:
        return Interval.not_estimable(empty)
    fit = _fit_glm(family, outcome, exposure, covariates, clusters)
    if fit is None:
        return Interval.not_estimable(NO_MAXIMUM)
    gradient = np.zeros(len(fit.params))
    gradient[1] = 1 / fit.exposure_scale
    return fit.interval(fit.params[1] / fit.exposure_scale, gradient).exp()


def _empty_cell(outcome: Floats, exposure: Floats) -> str:
    """Say which cell of the two-by-two table is empty, if any."""
    for arm, name in ((1, "exposed"), (0, "unexposed")):
        for value, what in ((1, "has"), (0, "is without")):
            if not ((exposure == arm) & (outcome == value)).any():
                return f"nobody of the {name} {what} the outcome"
    return ""


@dataclass(frozen=True)
class _Glm:
    """A fitted model: coefficients (k,) of the scaled design (n, k), and what its errors need."""

    params: Floats
    design: Floats
    exposure_mean: float
    exposure_scale: float
    inverse: Floats  # (k, k) inverse of R, the triangular factor of the root-weighted design
    q: Floats
    residual: Floats
    errors: ClusterErrors | None

    def interval(self, estimate: float, gradient: Floats) -> Interval:
        """Return an estimate with the error of a gradient (k,)."""
        contrast = self.inverse.T @ gradient
        if self.errors is not None:
            return self.errors.interval(estimate, contrast)
        return Interval.normal(estimate, float(np.sqrt(np.sum((self.q @ contrast * self.residual) ** 2))))


def _fit_glm(
    family: Family, outcome: Floats, exposure: Floats, covariates: Floats | None, clusters: NDArray[Any] | None
) -> _Glm | None:
    """Fit a model with canonical link by Newton-Raphson (iteratively reweighted QR); None if it has no maximum."""
    where = f"{family} regression"
    columns = exposure[:, None] if covariates is None else np.column_stack([exposure, covariates])
    design = np.hstack([np.ones((len(outcome), 1)), standardised(columns)])
    require_rank(np.asarray(np.linalg.qr(design, mode="r")), len(design), where)
    share = float(outcome.mean())
    params = np.zeros(design.shape[1])
    params[0] = np.log(share) if family == "Poisson" else np.log(share / (1 - share))
    likelihood = _log_likelihood(family, outcome, design @ params)
    for _ in range(STEPS):
        mean = _mean(family, design @ params)
        root = np.sqrt(mean if family == "Poisson" else mean * (1 - mean))
        q, r = np.linalg.qr(design * root[:, None])
        residual = np.where(root > 0, (outcome - mean) / np.where(root > 0, root, 1.0), 0.0)
        moved = q.T @ residual
        try:
            require_rank(r, len(design), where)
        except ModelError:
            return None  # the weights of a direction have gone to zero: its coefficient runs off
        step = np.linalg.solve(r, moved)
        # a category without outcomes may run off alone; the exposure must stand still
        if moved @ moved <= CONVERGED * len(design) and abs(step[1]) <= STILL:
            groups = None if clusters is None else cluster_groups(clusters, where)
            errors = None if groups is None else errors_of_rows(q, residual, groups)
            mean_of, scale = float(exposure.mean()), float(exposure.std())
            return _Glm(params, design, mean_of, scale, np.linalg.inv(r), q, residual, errors)
        enough = likelihood - ROUNDING * abs(likelihood)
        while (found := _log_likelihood(family, outcome, design @ (params + step))) < enough:
            step = step / 2
        params, likelihood = params + step, found
    return None


def _log_likelihood(family: Family, outcome: Floats, eta: Floats) -> float:
    """Log likelihood up to a constant; minus infinity where a mean exceeds double precision."""
    with np.errstate(over="ignore"):
        total = np.exp(eta) if family == "Poisson" else np.logaddexp(0.0, eta)
    return float(outcome @ eta - total.sum())


def _mean(family: Family, eta: Floats) -> Floats:
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(eta) if family == "Poisson" else expit(eta))
