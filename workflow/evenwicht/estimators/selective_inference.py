"""Inference about what the data chose: intervals and tests that allow for the choice.

Whoever picks the best of many hypotheses and then tests it as if it had been stated beforehand is too sure. Given the
choice, a normal estimate is a truncated normal one: the choice by the lasso is a set of linear inequalities in the
outcome, a polyhedron (Lee, Sun, Sun and Taylor 2016, Annals of Statistics 44:907). Intervals then hold the truth in 95%
of those samples in which this choice is made.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_ndtr

from evenwicht.base.arrays import Floats
from evenwicht.estimators.life_course_paths import LassoPath, Moments

FLAT = 1e-10  # change of an inequality along the estimate that is rounding
FARTHEST = 1e6  # standard errors from the estimate beyond which a limit is infinite
TAIL = 0.025


@dataclass(frozen=True)
class Selection:
    """The choice of the lasso at one penalty, as inequalities A c <= b in the inner products c of the hypotheses.

    Attributes
    ----------
    chosen
        Positions of the m chosen hypotheses.
    signs : (m,) array
    slopes : (q, p) array
        A.
    bounds : (q,) array
        b.
    """

    chosen: tuple[int, ...]
    signs: Floats
    slopes: Floats
    bounds: Floats


def selection_at(path: LassoPath, moments: Moments, penalty: float) -> Selection:
    """Return what the lasso chooses at a penalty within the path.

    At a knot it is the choice just above it. Taken at the knot where the next hypothesis would enter, and for a number
    of hypotheses stated beforehand, the choice conditions on nothing that depends on the estimate itself: the knot
    follows from the parts of the outcome that are independent of it (as in the spacing test; Tibshirani, Taylor,
    Lockhart and Tibshirani 2016, Journal of the American Statistical Association 111:600).
    """
    above = [step for step in path.steps if step.penalty > penalty]
    chosen = above[-1].chosen if above else ()
    later = int(np.searchsorted(-path.penalties, -penalty, side="left"))  # the knot at or below the penalty
    high, low = path.penalties[later - 1], path.penalties[later]
    share = (high - penalty) / (high - low)
    at = list(chosen)
    values = (1 - share) * path.coefficients[at, later - 1] + share * path.coefficients[at, later]
    signs = np.sign(values)
    gram = moments.gram
    others = [j for j in range(len(moments.names)) if j not in chosen]
    inverse = np.linalg.inv(gram[np.ix_(at, at)])
    shrunk = inverse @ signs
    p = len(moments.names)
    # signs stay: diag(s) G^-1 (c - penalty s) >= 0
    kept = np.zeros((len(at), p))
    kept[:, at] = -signs[:, None] * inverse
    # others stay out: |c_j - G_j (G^-1 (c - penalty s))| <= penalty
    project = gram[np.ix_(others, at)] @ inverse
    out = np.zeros((len(others), p))
    out[np.arange(len(others)), others] = 1.0
    out[:, at] = -project
    pull = gram[np.ix_(others, at)] @ shrunk
    return Selection(
        chosen=chosen,
        signs=signs,
        slopes=np.vstack([kept, out, -out]),
        bounds=np.concatenate([-penalty * signs * shrunk, penalty * (1 - pull), penalty * (1 + pull)]),
    )


@dataclass(frozen=True)
class Truncated:
    """A normal estimate that is seen only within limits.

    Attributes
    ----------
    estimate, sd
        The estimate, and its standard deviation without the limits.
    low, high
        The limits.
    """

    estimate: float
    sd: float
    low: float
    high: float

    def below(self, mean: float) -> float:
        """Chance of an estimate no larger than this one, if its mean is as given."""
        at, low, high = ((x - mean) / self.sd for x in (self.estimate, self.low, self.high))
        if low > 0:  # in the upper tail by the lower one, where differences keep their digits
            return -float(np.expm1(_log_chance(-high, -at) - _log_chance(-high, -low)))
        return float(np.exp(_log_chance(low, at) - _log_chance(low, high)))

    def beyond(self, sign: float) -> float:
        """One-sided P value: chance of an estimate at least as far in the direction of the sign, if its mean is 0."""
        if sign < 0:
            return Truncated(-self.estimate, self.sd, -self.high, -self.low).beyond(1.0)
        at, low, high = (x / self.sd for x in (self.estimate, self.low, self.high))
        return float(np.exp(_log_chance(-high, -at) - _log_chance(-high, -low)))

    def two_sided(self) -> float:
        """Two-sided P value of a mean of 0: twice the smaller tail, so that it agrees with `limits`."""
        below = self.beyond(-1.0)
        return min(1.0, 2 * min(below, self.beyond(1.0)))

    def free(self) -> "Truncated":
        """The same estimate as if nothing had been chosen."""
        return Truncated(self.estimate, self.sd, -np.inf, np.inf)

    def limits(self) -> tuple[float, float]:
        """95% limits with equal tails: means for which the estimate lies in neither; infinite where there is none.

        Where the estimate is next to a limit of its truncation, they lie beyond it and leave the estimate itself out.
        """
        return self._mean_for(1 - TAIL), self._mean_for(TAIL)

    def _mean_for(self, chance: float) -> float:
        """The mean for which so many estimates are no larger; the chance falls as the mean grows."""

        def above(mean: float) -> float:
            return self.below(mean) - chance

        reach = self.sd
        while reach < FARTHEST * self.sd:
            low, high = self.estimate - reach, self.estimate + reach
            if above(low) > 0 > above(high):
                return float(brentq(above, low, high, xtol=1e-10 * self.sd, rtol=1e-12))
            reach *= 2
        return -np.inf if above(self.estimate) < 0 else np.inf


def truncated(selection: Selection, moments: Moments, position: int, noise: float) -> Truncated:
    """Return the coefficient of a chosen hypothesis among those chosen, with the limits that the choice sets.

    Parameters
    ----------
    selection
        The choice.
    moments
        Of the hypotheses; the coefficient is that of a column of length 1.
    position
        Which of the hypotheses.
    noise
        Standard deviation of the outcome given covariates and hypotheses.
    """
    at = list(selection.chosen)
    contrast = np.zeros(len(moments.names))
    contrast[at] = np.linalg.inv(moments.gram[np.ix_(at, at)])[at.index(position)]
    covariance = moments.gram @ contrast  # of the inner products with the estimate, in squares of the noise
    variance = float(contrast @ covariance)
    estimate = float(contrast @ moments.inner)
    change = selection.slopes @ covariance / variance
    room = selection.bounds - selection.slopes @ moments.inner
    moves = np.abs(change) > FLAT * np.abs(selection.slopes).max()
    ends = estimate + room[moves] / change[moves]
    up = change[moves] > 0
    low = min(float(ends[~up].max(initial=-np.inf)), estimate)
    high = max(float(ends[up].min(initial=np.inf)), estimate)
    return Truncated(estimate, noise * float(np.sqrt(variance)), low, high)


def spacing_p_values(path: LassoPath, moments: Moments, noise: float) -> list[float]:
    """P value of each step of a path up to the first drop: is what it adds more than chance gives, given the choice?

    Source: the spacing test of Tibshirani et al. 2016 (see `selection_at`), for which the knots are all that is needed.
    """
    values: list[float] = []
    before, sums = np.inf, 0.0
    for k, step in enumerate(path.steps):
        if not step.enters or k + 1 >= len(path.penalties):
            break
        at = list(step.chosen)
        middle = path.coefficients[at, k + 1] if k + 1 < path.coefficients.shape[1] else path.coefficients[at, k]
        signs = np.sign(middle)
        total = float(signs @ np.linalg.solve(moments.gram[np.ix_(at, at)], signs))
        weight = np.sqrt(max(total - sums, 0.0)) / noise
        high, at_knot, low = (weight * x for x in (before, step.penalty, float(path.penalties[k + 1])))
        values.append(float(np.exp(_log_chance(-high, -at_knot) - _log_chance(-high, -low))))
        before, sums = step.penalty, total
    return values


def largest_t(moments: Moments, noise: float, rng: np.random.Generator, draws: int = 20_000) -> tuple[float, float]:
    """How large the largest of all |t| is by chance, if no hypothesis has anything to do with the outcome.

    From draws of the multivariate t distribution with the correlations of the hypotheses.

    Returns
    -------
    p_value
        Chance that it is as large as here; at least 1 in `draws`.
    explained
        Share of the variance given the covariates that the best hypothesis explains in 95% of samples at most.
    """
    values, vectors = np.linalg.eigh(moments.gram)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    normal = np.abs(rng.standard_normal((draws, len(values))) @ root.T).max(axis=1)
    df = moments.left - moments.rank
    drawn = normal / np.sqrt(rng.chisquare(df, draws) / df)
    observed = np.abs(moments.inner).max() / noise
    critical = float(np.quantile(drawn, 0.95)) * noise
    return float((1 + (drawn >= observed).sum()) / (1 + draws)), critical**2 / moments.total


def _log_chance(low: float, high: float) -> float:
    """Logarithm of the chance of a standard normal number between two, for low <= high."""
    if low > 0:
        low, high = -high, -low
    upper, lower = float(log_ndtr(high)), float(log_ndtr(low))
    if upper == lower:
        return -np.inf
    return upper + float(np.log(-np.expm1(lower - upper)))
