"""Cost-effectiveness from draws: quadrants, net benefit, acceptability, and what certainty would be worth.

A threshold is what one unit of effect may cost. The mean of the net benefit decides between strategies; how often each
is best is how uncertain that decision is (Fenwick, Claxton and Sculpher 2001, Health Economics 10:779).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evenwicht.base.arrays import Floats, Ints


@dataclass(frozen=True)
class Quadrants:
    """Shares of draws in each quadrant of the plane of effect and cost; they sum to 1.

    Attributes
    ----------
    trade_off
        More effect at more cost.
    dominates
        As much effect or more at no more cost.
    dominated
        More cost without more effect, or less effect at no less cost.
    saves_but_loses
        Less effect at less cost.
    """

    trade_off: float
    dominates: float
    dominated: float
    saves_but_loses: float


@dataclass(frozen=True)
class Frontier:
    """The strategy to choose at each threshold, and how sure that is.

    Attributes
    ----------
    best : (k,) array
        Index of the strategy with the highest mean net benefit; the first of several.
    acceptability : (k,) array
        Share of draws in which it is best.
    """

    best: Ints
    acceptability: Floats


def quadrants(effects: ArrayLike, costs: ArrayLike) -> Quadrants:
    """Return where draws of a difference lie.

    Parameters
    ----------
    effects, costs : (n,) arrays
        Difference in effect (more is better) and in cost between two strategies, one pair for each draw.

    Raises
    ------
    ValueError
        If draws are not pairs.
    """
    effect, cost = _pairs(effects, costs, ndim=1)
    trade_off = np.mean((effect > 0) & (cost > 0))
    dominates = np.mean((effect >= 0) & (cost <= 0))
    loses = np.mean((effect < 0) & (cost < 0))
    dominated = np.mean(((effect <= 0) & (cost > 0)) | ((effect < 0) & (cost == 0)))
    return Quadrants(float(trade_off), float(dominates), float(dominated), float(loses))


def net_benefit(effects: ArrayLike, costs: ArrayLike, thresholds: ArrayLike) -> Floats:
    """Return effects in money less costs, at each threshold.

    Parameters
    ----------
    effects, costs : (...) arrays
        Of strategies, or differences between them.
    thresholds : (k,) array
        Money per unit of effect.

    Returns
    -------
    (k, ...) array
        In the money of the costs.
    """
    return np.multiply.outer(np.asarray(thresholds, dtype=float), np.asarray(effects, dtype=float)) - np.asarray(costs)


def acceptability(effects: ArrayLike, costs: ArrayLike, thresholds: ArrayLike) -> Floats:
    """Return the share of draws in which each strategy has the highest net benefit; over strategies they sum to 1.

    Strategies that are best together share the draw.

    Parameters
    ----------
    effects, costs : (n, j) arrays
        Of each of j strategies in each draw; what all have in common changes nothing, so that one of them may be 0.
    thresholds : (k,) array
        Money per unit of effect.

    Returns
    -------
    (k, j) array
        Shares.

    Raises
    ------
    ValueError
        If effects and costs are not of the same draws and strategies.
    """
    net = net_benefit(*_pairs(effects, costs, ndim=2), thresholds)
    first = net == net.max(axis=-1, keepdims=True)
    return np.mean(first / first.sum(axis=-1, keepdims=True), axis=1)


def frontier(effects: ArrayLike, costs: ArrayLike, thresholds: ArrayLike) -> Frontier:
    """Return the strategy with the highest mean net benefit at each threshold, with its acceptability.

    It need not be the one that is best most often. Parameters and errors are those of `acceptability`.
    """
    effect, cost = _pairs(effects, costs, ndim=2)
    best = net_benefit(effect.mean(axis=0), cost.mean(axis=0), thresholds).argmax(axis=-1)
    shares = acceptability(effect, cost, thresholds)
    return Frontier(best, np.take_along_axis(shares, best[:, None], axis=-1)[:, 0])


def information_value(effects: ArrayLike, costs: ArrayLike, thresholds: ArrayLike) -> Floats:
    """Return what it would be worth to know effects and costs before the decision, (k,), in the money of the costs.

    The expected value of perfect information: the mean of the highest net benefit less the highest mean, 0 or more.
    It is worth this once for each person, or population, that effects and costs are of. Parameters and errors are those
    of `acceptability`.
    """
    net = net_benefit(*_pairs(effects, costs, ndim=2), thresholds)
    return np.maximum(net.max(axis=-1).mean(axis=-1) - net.mean(axis=1).max(axis=-1), 0.0)


def _pairs(effects: ArrayLike, costs: ArrayLike, *, ndim: int) -> tuple[Floats, Floats]:
    effect, cost = np.asarray(effects, dtype=float), np.asarray(costs, dtype=float)
    if effect.ndim != ndim or effect.shape != cost.shape or not effect.size:
        raise ValueError(f"draws are pairs in {ndim} axes, and effects are {effect.shape} and costs {cost.shape}")
    return effect, cost
