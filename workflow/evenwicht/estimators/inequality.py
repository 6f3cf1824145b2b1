"""Inequality by rank: the slope and the relative index, with ranks that are estimated with the rest.

Everybody has a place from 0 to 1 in the order of a number such as family SES, the middle of the share of people with
the same number (a ridit; Bross 1958, Biometrics 14:18). The slope index is the slope of the outcome over that place:
what separates top from bottom. The relative index is the outcome at the bottom over that at the top. Source: Mackenbach
and Kunst 1997, Social Science & Medicine 44:757. Errors are robust, and count that places follow from who was drawn.
"""

from dataclasses import dataclass

import numpy as np

from evenwicht.base.arrays import Flags, Floats, Ints
from evenwicht.estimators.influence import Estimate, combined
from evenwicht.estimators.regression import fit_model
from evenwicht.estimators.standardisation import NO_FIT, OutcomeModel, Regime

NO_RANKS = "everybody has the same rank"
NOT_POSITIVE = "the line does not stay above zero, so there is no ratio of its ends"


@dataclass(frozen=True)
class Ranks:
    """Places of n people, 0 at the bottom to 1 at the top.

    Attributes
    ----------
    place : (n,) array
    weights : (n,) array
        Probability weights.
    order : (n,) array
        Which of the distinct numbers a person has, counted from the lowest.
    """

    place: Floats
    weights: Floats
    order: Ints

    @classmethod
    def of(cls, numbers: Floats, weights: Floats | None = None) -> "Ranks":
        """Rank people by a number, (n,), that is known of all; those with equal numbers share the middle of theirs."""
        weights = np.ones(len(numbers)) if weights is None else weights
        _, order = np.unique(numbers, return_inverse=True)
        own = np.bincount(order, weights)
        middle = (np.cumsum(own) - own / 2) / weights.sum()
        return cls(middle[order], weights, order)

    def influence(self, gradient: Floats) -> Floats:
        """Influence of each person, (n,), on a quantity with this derivative by each place, (n,).

        Whoever stands below others moves them up.
        """
        total = np.bincount(self.order, gradient)
        above = total.sum() - np.cumsum(total) + total / 2
        return np.asarray((above[self.order] - gradient @ self.place) / self.weights.sum())


@dataclass(frozen=True)
class RankLine:
    """A line of the outcome over the places of people.

    Attributes
    ----------
    slope
        The slope index: top less bottom.
    bottom, top
        The outcome that the line gives at places 0 and 1.
    """

    slope: Estimate
    bottom: Estimate
    top: Estimate

    def ratio(self) -> Estimate:
        """Natural logarithm of the relative index of the line: bottom over top."""
        if not (self.bottom.value > 0 and self.top.value > 0):
            return _nothing(len(self.slope.influence), NOT_POSITIVE)
        return self.bottom.log() - self.top.log()


def rank_line(outcome: Floats, ranks: Ranks, inside: Flags | None = None) -> RankLine:
    """Fit a line by weighted least squares.

    Parameters
    ----------
    outcome : (n,) array
    ranks
        Places of the same n people, with their weights.
    inside : (n,) array, optional
        Whose outcomes the line is fitted to, such as those of one arm; places stay those among all.
    """
    inside = np.ones(len(outcome), dtype=bool) if inside is None else inside
    weights = ranks.weights * inside
    total = weights.sum()
    mean, centre = (float(weights @ values / total) for values in (outcome, ranks.place))
    apart, moved = ranks.place - centre, outcome - mean
    spread = float(weights @ apart**2)
    if not spread > 1e-12 * total:
        nothing = _nothing(len(outcome), NO_RANKS)
        return RankLine(nothing, nothing, nothing)
    slope = float(weights @ (apart * moved)) / spread

    def estimate(value: float, own: Floats, by_place: Floats) -> Estimate:
        """With the influence by a person's own part in it, and by everybody's place."""
        return Estimate(value, np.where(weights > 0, own, 0.0) + ranks.influence(by_place))

    by_slope = estimate(slope, apart * (moved - slope * apart) / spread, weights * (moved - 2 * slope * apart) / spread)
    by_mean = estimate(mean, moved / total, np.zeros(len(outcome)))
    by_centre = estimate(centre, apart / total, weights / total)
    bottom = combined(mean - slope * centre, (1.0, by_mean), (-centre, by_slope), (-slope, by_centre))
    top = combined(bottom.value + slope, (1.0, bottom), (1.0, by_slope))
    return RankLine(by_slope, bottom, top)


def log_linear_ratio(outcome: Floats, ranks: Ranks) -> Estimate:
    """Natural logarithm of the relative index of a log-linear model of the mean: bottom over top.

    The model is fitted by Poisson estimating equations with robust errors (Zou 2004, American Journal of Epidemiology
    159:702). It is another model than the line, with another index where risks differ much.

    Parameters
    ----------
    outcome : (n,) array
        With a positive mean; values themselves may be negative, as jackknife pseudo-values are.
    ranks
        Places of the same n people, with their weights.
    """
    weights, place = ranks.weights, ranks.place
    if not weights @ outcome > 0:
        return _nothing(len(outcome), "no ratio with a mean of zero")
    design = np.column_stack([np.ones(len(outcome)), place])
    fit = fit_model("poisson", outcome, design, weights)
    if fit.idle.shape[1]:
        return _nothing(len(outcome), NO_RANKS)
    if fit.separated:
        return _nothing(len(outcome), NO_FIT)
    slope = float(fit.basis[1] @ fit.params)
    information = (design * (weights * fit.fitted)[:, None]).T @ design
    first, second = np.linalg.inv(information)[1]
    residual = outcome - fit.fitted
    by_place = weights * (second * residual - (first + second * place) * fit.fitted * slope)
    return Estimate(-slope, -(fit.influence(fit.basis[1]) + ranks.influence(by_place)))


def standardised_slope(model: OutcomeModel, exposure: Floats, ranks: Ranks) -> Estimate:
    """Slope index had everybody these exposures, (n,); see `slope_under`."""
    return slope_under(model, [(np.ones(len(exposure)), exposure)], ranks)


def slope_under(model: OutcomeModel, regime: Regime, ranks: Ranks) -> Estimate:
    """Slope index under a regime: that of what an outcome model leads to expect of people.

    The model must let the exposure act differently along the ranks, else the slope cannot change.
    """
    predicted = model.predicted(regime)
    if model.fit.separated:
        return _nothing(len(predicted), NO_FIT)
    line = rank_line(predicted, ranks)
    if line.slope.reason:
        return line.slope
    return Estimate(line.slope.value, line.slope.influence + model.learnt(regime, slope_leverage(ranks)))


def slope_leverage(ranks: Ranks) -> Floats:
    """Derivative of the slope over the places by each person's outcome, (n,)."""
    apart = ranks.place - np.average(ranks.place, weights=ranks.weights)
    return np.asarray(ranks.weights * apart / float(ranks.weights @ apart**2))


def _nothing(n: int, reason: str) -> Estimate:
    return Estimate(np.nan, np.full(n, np.nan), reason)
