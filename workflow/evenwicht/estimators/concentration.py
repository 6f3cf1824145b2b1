"""How use concentrates in few people, beside what chance alone would give."""

from collections.abc import Sequence

import numpy as np
from scipy import special

from evenwicht.base.arrays import Flags, Floats, Ints


def gini(amount: Floats, weights: Floats | None = None) -> float:
    """Gini coefficient of non-negative amounts, zeros included.

    Twice the area between the Lorenz curve and the diagonal, without small-sample correction; weights are
    frequencies. NaN if nobody uses anything.
    """
    people, use = _cumulated(amount, weights)
    if use[-1] == 0:
        return float("nan")
    share = use / use[-1]
    return float(1 - np.sum(np.diff(people / people[-1]) * (share[1:] + share[:-1])))


def lorenz(amount: Floats, grid: Floats, weights: Floats | None = None) -> Floats:
    """Share of all use by the `grid` share of people with least use (the Lorenz curve)."""
    people, use = _cumulated(amount, weights)
    return np.interp(grid, people / people[-1], use / use[-1])


def _cumulated(amount: Floats, weights: Floats | None) -> tuple[Floats, Floats]:
    """People, and their use, from nobody on in ascending order of use, (n + 1,) each."""
    if weights is None:
        return np.arange(len(amount) + 1.0), np.concatenate([[0.0], np.cumsum(np.sort(amount))])
    order = np.argsort(amount, kind="stable")
    each = (weights[order], amount[order] * weights[order])
    people, use = (np.concatenate([[0.0], np.cumsum(values)]) for values in each)
    return people, use


def poisson_gini(mean: float) -> float:
    """Gini coefficient of counts that differ by chance alone: everybody has the same Poisson rate.

    Exact: exp(-2m) (I0(2m) + I1(2m)), from the mean difference of Ramasubban 1958, Biometrika 45:549.

    >>> round(poisson_gini(0.1), 2)
    0.91
    """
    return float(special.ive(0, 2 * mean) + special.ive(1, 2 * mean))


def high_need(amount: Floats, top_share: float, weights: Floats | None = None) -> Flags:
    """Mark the people with most use: at most `top_share` of all, ties and zeros treated alike for everybody.

    A person is marked if they use more than the person just outside the top group. Equal use is never split at random,
    so the group can be smaller than `top_share`, and it holds users only. With probability weights, (n,), shares are of
    their sum.
    """
    return amount > thresholds(amount, [top_share], weights)[0]


def thresholds(amount: Floats, top_shares: Sequence[float], weights: Floats | None = None) -> Floats:
    """Use above which people have high need, for each share of people; parameters as in `high_need`."""
    n = len(amount)
    if weights is None:
        outside = [n - int(np.floor(share * n + 1e-9)) - 1 for share in top_shares]
        ordered = np.partition(amount, sorted({place for place in outside if place >= 0}))
        found = [ordered[place] if place >= 0 else -np.inf for place in outside]
    else:
        inside = np.asarray(top_shares) * weights.sum() * (1 + 1e-12)
        top = _with_most_use(amount, weights, inside.max())
        order = top[np.argsort(amount[top])[::-1]]
        places = np.searchsorted(np.cumsum(weights[order]), inside, side="right")
        found = [amount[order[place]] if place < len(order) else -np.inf for place in places]
    return np.maximum(found, 0.0)


def _with_most_use(amount: Floats, weights: Floats, more_than: float) -> Ints:
    """Places of people with most use who weigh more than so much together, or of all users: few need sorting."""
    reach = int(2 * more_than / weights.mean()) + 1
    while reach < len(amount):
        least = np.partition(amount, -reach)[-reach]
        found = np.flatnonzero(amount > least)
        if least == 0 or weights[found].sum() > more_than:
            return found
        reach *= 2
    return np.arange(len(amount))


def top_share_of_use(amount: Floats, top_share: float, weights: Floats | None = None) -> float:
    """Share of all use by the `top_share` of people with most use."""
    return float(1 - lorenz(amount, np.array([1 - top_share]), weights)[0])


def several_sectors(flags: Flags, at_least: int) -> Flags:
    """Mark the people with high need in at least so many sectors; `flags` is (people, sectors)."""
    return flags.sum(axis=1) >= at_least


def group_share_of_use(amounts: Floats, group: Flags) -> Floats:
    """Share of each sector's use by a group; `amounts` is (people, sectors)."""
    return amounts[group].sum(axis=0) / amounts.sum(axis=0)
