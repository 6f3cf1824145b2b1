"""A random-intercept model: how much people of one group are alike, and how much groups differ.

With one random intercept a single number, the share of variance between groups, decides all: for each value of it the
other parameters follow by generalised least squares. The restricted likelihood is therefore profiled over that share,
from sums by group. Source: Searle, Casella and McCulloch 1992, Variance Components, section 6.6; it is the model of R's
`lmer(y ~ x + (1 | group))`.
"""

from dataclasses import dataclass

import numpy as np

from evenwicht.base.arrays import Floats, Ints, Labels
from evenwicht.base.errors import ModelError
from evenwicht.estimators.linear import require_rank
from evenwicht.estimators.results import Interval

LEAST_GROUPS = 10  # with fewer, what is between groups is hardly known
CHI2 = 3.841458820694124  # 95% quantile of the chi-squared distribution with one degree of freedom
SHARES = np.concatenate([[0.0], np.geomspace(1e-6, 0.5, 28), 1 - np.geomspace(0.45, 1e-6, 20)])


@dataclass(frozen=True)
class RandomIntercept:
    """A fitted random-intercept model with k regressors.

    Attributes
    ----------
    params : (k,) array
        Coefficients per unit of each regressor, without the intercept.
    covariance : (k, k) array
        Model-based, at the estimated variances.
    intercept
        Of the regressors as they are.
    between, within
        Variance between groups and within them, given the regressors.
    log_likelihood
        Restricted log likelihood.
    share
        Variance between groups as a share of both (intraclass correlation), with its profile-likelihood interval.
    groups
        Number of groups.
    """

    params: Floats
    covariance: Floats
    intercept: float
    between: float
    within: float
    log_likelihood: float
    share: Interval
    groups: int

    def interval(self, position: int, df: float) -> Interval:
        """Return a coefficient with its 95% interval by a t distribution."""
        return self.contrast(np.eye(len(self.params))[position], df)

    def contrast(self, weights: Floats, df: float) -> Interval:
        """Return a combination of coefficients, (k,) weights, with its 95% interval by a t distribution."""
        se = float(np.sqrt(weights @ self.covariance @ weights))
        return Interval.student(float(weights @ self.params), se, df)


def random_intercept(
    outcome: Floats,
    regressors: Floats | None,
    groups: Labels,
    *,
    where: str = "random-intercept model",
) -> RandomIntercept:
    """Fit a linear model with a random intercept for each group by restricted maximum likelihood.

    Parameters
    ----------
    outcome : (n,) array
        A number, or 0 and 1 (then a linear model of the risk).
    regressors : (n, k) array, optional
        Without intercept; one is added.
    groups : (n,) array
        Group of each row.

    Raises
    ------
    ModelError
        If there are fewer than `LEAST_GROUPS` groups, no group has two rows, the outcome does not vary within groups,
        or the regressors are linearly dependent.
    """
    given = np.empty((len(outcome), 0)) if regressors is None else regressors
    place, size = require_groups(groups, where)
    profile = _Profile(outcome, given, place, size, where)
    share = profile.best()
    fit = profile.at(share)
    lower, upper = profile.limits(share, fit.deviance)
    variance = fit.residual / profile.left
    theta = share / (1 - share)
    params, covariance, intercept = profile.coefficients(fit, variance)
    return RandomIntercept(
        params,
        covariance,
        intercept,
        variance * theta,
        variance,
        -fit.deviance / 2,
        Interval(share, lower=lower, upper=upper),
        len(size),
    )


def require_groups(groups: Labels, where: str, least: int = LEAST_GROUPS) -> tuple[Ints, Ints]:
    """Return the position of each row's group, (n,), and the size of each group; ModelError if there are too few."""
    _, place, size = np.unique(groups, return_inverse=True, return_counts=True)
    if len(size) < least:
        raise ModelError(
            f"fewer than {least} groups say too little about differences between groups",
            where=where,
            fix="Choose a finer grouping.",
        )
    if size.max() < 2:
        raise ModelError("no group has two people", where=where, fix="Choose a coarser grouping.")
    return place, size


@dataclass(frozen=True)
class _At:
    """The profile at one share: twice the negative log likelihood, its slope, and what leads to the coefficients."""

    deviance: float
    slope: float
    information: Floats
    moved: Floats
    residual: float


class _Profile:
    """The restricted likelihood as a function of the share of variance between groups, from sums by group."""

    def __init__(self, outcome: Floats, regressors: Floats, place: Ints, size: Ints, where: str) -> None:
        n, k = regressors.shape
        self.centre, scale = regressors.mean(axis=0), regressors.std(axis=0)
        self.scale = np.where(scale > 0, scale, 1.0)
        design = np.column_stack([np.ones(n), (regressors - self.centre) / self.scale])
        q, self.r = np.linalg.qr(design)
        require_rank(self.r, n, where)
        self.level = float(outcome.mean())
        target = outcome - self.level
        self.start = q.T @ target
        residual = target - q @ self.start
        self.total = float(residual @ residual)
        self.size, self.left = size, n - k - 1
        count = len(size)
        self.columns = np.column_stack([np.bincount(place, column, count) for column in q.T])
        self.sums = np.bincount(place, residual, count)
        within = self.total - float((self.sums**2 / size).sum())
        if self.left <= 0 or within <= 1e-12 * float(target @ target):
            raise ModelError("the outcome does not vary within groups", where=where, fix="Choose a coarser grouping.")
        determinant = 2 * float(np.log(np.abs(np.diag(self.r))).sum() + np.log(self.scale).sum())
        self.constant = self.left * (1 + np.log(2 * np.pi)) + determinant

    def at(self, share: float) -> _At:
        theta = share / (1 - share)
        grown = 1 + self.size * theta
        part, change = theta / grown, 1 / grown**2
        information = np.eye(self.columns.shape[1]) - np.einsum("gi,g,gj->ij", self.columns, part, self.columns)
        score = -(self.columns.T @ (part * self.sums))
        moved = np.linalg.solve(information, score)
        residual = self.total - float(part @ self.sums**2) - float(score @ moved)
        own = self.sums - self.columns @ moved
        deviance = self.left * np.log(residual / self.left) + np.log(grown).sum() + self.constant
        deviance += np.linalg.slogdet(information)[1]
        inner = np.einsum("gi,g,gj->ij", self.columns, change, self.columns)
        slope = -self.left * float(change @ own**2) / residual + float((self.size / grown).sum())
        slope -= float(np.trace(np.linalg.solve(information, inner)))
        return _At(float(deviance), slope / (1 - share) ** 2, information, moved, residual)

    def best(self) -> float:
        """The share with the largest likelihood."""
        from scipy.optimize import brentq

        heights = np.array([self.at(share).deviance for share in SHARES])
        k = int(heights.argmin())
        low, high = SHARES[max(k - 1, 0)], SHARES[min(k + 1, len(SHARES) - 1)]
        if self.at(low).slope >= 0 or self.at(high).slope <= 0:
            return float(SHARES[k])
        return float(brentq(lambda share: self.at(share).slope, low, high, xtol=1e-15, rtol=1e-14))

    def limits(self, share: float, least: float) -> tuple[float, float]:
        """Shares whose likelihood is not worse than the best by more than 95% of samples would make it."""
        from scipy.optimize import brentq

        def excess(value: float) -> float:
            return self.at(value).deviance - least - CHI2

        lower = 0.0 if excess(0.0) <= 0 else float(brentq(excess, 0.0, share))
        top = float(SHARES[-1])
        return lower, top if excess(top) <= 0 else float(brentq(excess, share, top))

    def coefficients(self, fit: _At, variance: float) -> tuple[Floats, Floats, float]:
        inverse = np.linalg.inv(self.r)
        every = inverse @ (self.start + fit.moved)
        spread = inverse @ np.linalg.inv(fit.information) @ inverse.T * variance
        params = every[1:] / self.scale
        covariance = spread[1:, 1:] / np.outer(self.scale, self.scale)
        return params, covariance, float(self.level + every[0] - params @ self.centre)
