"""What flows of money are worth: present value, ratio of benefits to costs, deadweight of taxes, and paying back.

All but ratios and times are linear in flows. Uncertain flows may come as draws on their leading axes.
"""

import numpy as np
from numpy.typing import ArrayLike

from evenwicht.base.arrays import Floats
from evenwicht.money.discounting import Schedule

DEADWEIGHTS = (0.2, 0.5, 1.0)  # losses per unit of tax that results are shown at, beside none
ROUNDING = 1e-12  # of all that flows: a sum of floats that should be 0 is no further from it


def present_value(flows: ArrayLike, times: ArrayLike, schedule: Schedule) -> Floats:
    """Return what flows are worth at time 0, as `flows @ schedule.factors(times)`.

    Parameters
    ----------
    flows : (..., t) array
        Money at each time; received is above zero, paid below.
    times : (t,) array
        Years from now, 0 or more, in any order.
    schedule
        Rates at which they are discounted.

    Returns
    -------
    (...) array
        In the money of the flows.

    Raises
    ------
    ValueError
        If there are not as many times as flows, or a time is below 0.
    """
    return np.asarray(flows, dtype=float) @ schedule.factors(times)


def with_deadweight(costs: ArrayLike, share: float) -> Floats:
    """Return costs to the state with what raising the taxes for them loses, (...): costs times 1 + share.

    Savings of the state, costs below zero, save the loss as well. What families or others pay has no deadweight.

    Raises
    ------
    ValueError
        If the share is below 0.
    """
    if not share >= 0:
        raise ValueError(f"the share that is lost is 0 or more, and this is {share:g}")
    return np.asarray(costs, dtype=float) * (1 + share)


def benefit_cost_ratio(
    benefits: ArrayLike, costs: ArrayLike, times: ArrayLike, schedule: Schedule, deadweight: float = 0.0
) -> Floats:
    """Return the present value of benefits per unit of the present value of costs; NaN where costs are not above 0.

    Flows are those of everybody together, or means over people: the ratio of means, which is what a budget meets.
    The mean of people's ratios, or of the ratios of draws, is another number.

    Parameters
    ----------
    benefits, costs : (..., t) arrays
        Money at each time; both are above zero where they are what their name says.
    times : (t,) array
        Years from now, 0 or more.
    schedule
        Rates at which both are discounted.
    deadweight
        Loss per unit of costs, all of which are taken to be costs to the state.

    Returns
    -------
    (...) array
        One ratio for each draw of flows.

    Raises
    ------
    ValueError
        As `present_value` and `with_deadweight` do.
    """
    gained = present_value(benefits, times, schedule)
    spent = present_value(with_deadweight(costs, deadweight), times, schedule)
    return np.divide(gained, spent, out=np.full(np.broadcast(gained, spent).shape, np.nan), where=spent > 0)


def paid_back(flows: ArrayLike, times: ArrayLike) -> Floats:
    """Return the first time from which on all that has flowed together is never below 0 again; NaN if there is none.

    Parameters
    ----------
    flows : (..., t) array
        Money at each time; multiplied by discount factors, it is the discounted time that comes out.
    times : (t,) array
        Years from now, increasing.

    Returns
    -------
    (...) array
        One of the times for each draw of flows.

    Raises
    ------
    ValueError
        If times do not increase, or there are not as many as flows.
    """
    each, when = np.asarray(flows, dtype=float), np.asarray(times, dtype=float)
    if each.shape[-1:] != when.shape:
        raise ValueError(f"there are {each.shape[-1:]} flows at {when.shape} times")
    if not (np.diff(when) > 0).all():
        raise ValueError("times do not increase, so that nothing can be summed up to them")
    owed = -ROUNDING * np.abs(each).sum(axis=-1, keepdims=True)
    stays = np.logical_and.accumulate((np.cumsum(each, axis=-1) >= owed)[..., ::-1], axis=-1)[..., ::-1]
    return np.where(stays[..., -1], when[np.argmax(stays, axis=-1)], np.nan)
