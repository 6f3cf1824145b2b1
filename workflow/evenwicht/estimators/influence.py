"""Standard errors from influence functions: how much each person moves an estimate.

An estimate that solves estimating equations, with everything that it estimates on the way (a propensity, an outcome
model), is to first order its true value plus a sum of independent influences. The sum of their squares is its variance:
the stacked sandwich, or M-estimation. Source: Stefanski and Boos 2002, The American Statistician 56:29.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenwicht.base.arrays import Floats, Labels
from evenwicht.estimators.results import Interval

ONE_CLUSTER = "everybody is in one cluster"


@dataclass(frozen=True)
class Estimate:
    """A number and what each of n people adds to its error.

    Attributes
    ----------
    value
        NaN where the data do not determine it.
    influence : (n,) array
        Derivative of the value by how often a person counts; it sums to zero over people.
    reason
        Why there is no interval, if there is none.
    """

    value: float
    influence: Floats
    reason: str = ""

    def __sub__(self, other: "Estimate") -> "Estimate":
        return Estimate(self.value - other.value, self.influence - other.influence, self.reason or other.reason)

    def complement(self) -> "Estimate":
        """Return one minus the estimate: a risk from survival, or survival from a risk."""
        return Estimate(1 - self.value, -self.influence, self.reason)

    def log(self) -> "Estimate":
        """Return the natural logarithm; one of zero or less does not exist and has a reason."""
        if self.value > 0:
            return Estimate(float(np.log(self.value)), self.influence / self.value, self.reason)
        return Estimate(np.nan, np.full_like(self.influence, np.nan), self.reason or "no ratio with a mean of zero")


def combined(value: float, *parts: tuple[float, Estimate]) -> Estimate:
    """A function of estimates: its value, and its derivative by each of them (the delta method)."""
    influence = sum((derivative * part.influence for derivative, part in parts), np.zeros(len(parts[0][1].influence)))
    return Estimate(value, np.asarray(influence), next((part.reason for _, part in parts if part.reason), ""))


def sample_mean(values: Floats, weights: Floats | None = None) -> Estimate:
    """Mean of the people as they are, (n,) values, with probability weights, (n,), if any."""
    weights = np.ones(len(values)) if weights is None else weights
    mean = float(np.average(values, weights=weights))
    return Estimate(mean, (values - mean) / weights.sum())


def sample_spread(values: Floats, weights: Floats | None = None) -> Estimate:
    """Standard deviation of (n,) values that are not all alike, with probability weights, (n,), if any."""
    weights = np.ones(len(values)) if weights is None else weights
    variance = sample_mean((values - np.average(values, weights=weights)) ** 2, weights)
    spread = float(np.sqrt(variance.value))
    return combined(spread, (1 / (2 * spread), variance))


def mixture(share: Estimate, one: Estimate, other: Estimate) -> Estimate:
    """Mean of two groups of whom the first makes up a share.

    A group in which nothing varies has no interval, but the mixture has one as long as both groups have a value.
    """
    value = share.value * one.value + (1 - share.value) * other.value
    influence = share.value * one.influence + (1 - share.value) * other.influence
    reason = (one.reason or other.reason) if np.isnan(value) else ""
    return Estimate(value, influence + (one.value - other.value) * share.influence, reason)


class Sampling:
    """What was drawn independently: people, or clusters of people.

    Parameters
    ----------
    n
        Rows.
    clusters : (n,) array, optional
        Cluster of each row. The variance then sums influence by cluster, times G / (G - 1) for G clusters, and
        intervals use a t distribution on G - 1 degrees of freedom. Where everybody is a cluster, and without clusters,
        the variance has no factor and the distribution is normal.
    weights : (n,) array, optional
        Probability weights, as in the estimates: a row stands for so many people of whom one was drawn. People of
        weight 0 were not.
    """

    def __init__(self, n: int, clusters: Labels | None = None, weights: Floats | None = None) -> None:
        self.weights = np.ones(n) if weights is None else weights
        self.codes: NDArray[np.int64] | None = None
        self.df = np.inf
        if clusters is not None:
            _, codes = np.unique(clusters[self.weights > 0], return_inverse=True)
            count = int(codes.max()) + 1
            if count < (self.weights > 0).sum():
                self.codes = codes
                self.df = count - 1

    def standard_error(self, influence: Floats) -> float:
        """Standard error of an estimate with this influence, (n,); NaN with a single cluster."""
        if self.codes is None:
            return float(np.sqrt(np.sum((self.weights * influence) ** 2)))
        if self.df == 0:
            return np.nan
        present = self.weights > 0
        sums = np.bincount(self.codes, (self.weights * influence)[present])
        return float(np.sqrt(sums @ sums * (self.df + 1) / self.df))

    def covariance(self, influences: Floats) -> Floats:
        """Covariance, (k, k), of estimates with these influences, (n, k); NaN with a single cluster."""
        moved = self.weights[:, None] * influences
        if self.codes is None:
            return np.asarray(moved.T @ moved)
        if self.df == 0:
            return np.full((influences.shape[1],) * 2, np.nan)
        present = self.weights > 0
        sums = np.column_stack([np.bincount(self.codes, column) for column in moved[present].T])
        return np.asarray(sums.T @ sums * (self.df + 1) / self.df)

    def interval(self, estimate: Estimate) -> Interval:
        """95% interval, symmetric around the estimate."""
        se, reason = self._judged(estimate)
        if reason:
            return Interval(estimate.value).bare(reason)
        return Interval.student(estimate.value, se, self.df)

    def survival_interval(self, estimate: Estimate) -> Interval:
        """95% interval of a survival probability, within 0 and 1."""
        se, reason = self._judged(estimate)
        return Interval(estimate.value).bare(reason) if reason else Interval.survival(estimate.value, se, self.df)

    def risk_interval(self, estimate: Estimate) -> Interval:
        """95% interval of a risk: that of survival, turned round."""
        se, reason = self._judged(estimate)
        return Interval(estimate.value).bare(reason) if reason else Interval.risk(estimate.value, se, self.df)

    def _judged(self, estimate: Estimate) -> tuple[float, str]:
        """Standard error, and why there is none that means anything."""
        if estimate.reason:
            return np.nan, estimate.reason
        if self.df == 0:
            return np.nan, ONE_CLUSTER
        se = self.standard_error(estimate.influence)
        return se, "" if se > 0 else "the data do not vary where the estimate looks"
