"""Marginal value of public funds: what people would pay for a policy, per unit that it costs the state on balance.

Hendren and Sprung-Keyser 2020, Quarterly Journal of Economics 135:1209. There is no deadweight in it: two policies
compared close the budget. The ratio jumps from infinite to negative where the net cost passes 0, so that it has no mean
and no standard deviation, only an order: negative, finite, infinite.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evenwicht.base.arrays import Floats


@dataclass(frozen=True)
class PublicFunds:
    """The marginal value of public funds of one policy.

    Attributes
    ----------
    value
        From the means of what people would pay and of the net cost; infinite if the policy pays for itself, NaN if it
        saves money and hurts: then only the pair tells.
    lower, upper
        Quantiles on the order. A draw that saves and hurts has no place on it, and is taken for the worst in the lower
        and for the best in the upper, so that the interval holds wherever it is put.
    pays_for_itself
        Share of draws in which people gain and the state pays nothing on balance.
    saves_and_hurts
        Share of draws in which people lose and the state saves.
    """

    value: float
    lower: float
    upper: float
    pays_for_itself: float
    saves_and_hurts: float


def ratios(willingness: ArrayLike, net_cost: ArrayLike) -> Floats:
    """Return the marginal value of public funds of each pair of what people would pay and the net cost, (...).

    It is infinite where people gain and the state pays nothing on balance, and NaN where people do not gain and the
    state pays nothing.

    Parameters
    ----------
    willingness : (...) array
        What those whom the policy reaches would pay for it, after taxes, in money; below zero if it hurts them.
    net_cost : (...) array
        What the state pays, less what comes back to it, in the same money and at the same time.

    Examples
    --------
    >>> ratios([2, 2, -2, -2], [1, -1, 1, -1]).tolist()
    [2.0, inf, -2.0, nan]
    """
    gain, cost = np.broadcast_arrays(np.asarray(willingness, dtype=float), np.asarray(net_cost, dtype=float))
    free = np.where(gain > 0, np.inf, np.nan)
    return np.divide(gain, cost, out=free, where=cost > 0)


def public_funds(willingness: ArrayLike, net_cost: ArrayLike, *, level: float = 0.95) -> PublicFunds:
    """Return the marginal value of public funds from joint draws.

    Parameters
    ----------
    willingness, net_cost : (n,) arrays
        As of `ratios`, one pair for each draw.
    level
        Coverage of the interval.

    Raises
    ------
    ValueError
        If draws are not pairs of numbers, or the level is no share.
    """
    gain, cost = np.asarray(willingness, dtype=float), np.asarray(net_cost, dtype=float)
    if gain.ndim != 1 or gain.shape != cost.shape or not len(gain):
        raise ValueError(f"draws are pairs, and there are {gain.shape} of willingness and {cost.shape} of net cost")
    if not (np.isfinite(gain).all() and np.isfinite(cost).all()):
        raise ValueError("a draw is no number")
    if not 0 < level < 1:
        raise ValueError(f"the level is a share, and this is {level:g}")
    each = ratios(gain, cost)
    unplaced = np.isnan(each)
    return PublicFunds(
        value=float(ratios(gain.mean(), cost.mean())),
        lower=_quantile(np.where(unplaced, -np.inf, each), (1 - level) / 2),
        upper=_quantile(np.where(unplaced, np.inf, each), (1 + level) / 2),
        pays_for_itself=float(np.mean(np.isposinf(each))),
        saves_and_hurts=float(np.mean((gain < 0) & (cost < 0))),
    )


def _quantile(ordered: Floats, probability: float) -> float:
    """One of the values: between a finite and an infinite one there is nothing."""
    return float(np.quantile(ordered, probability, method="inverted_cdf"))
