"""How sure a Gini coefficient, a Lorenz curve, a top share or the multi-sector group is, without resampling.

Standard errors come from influence functions (linearisation; Deville 1999, Survey Methodology 25:193), so that a cohort
is sorted once. Thresholds and ranks are estimates themselves: their part of the error is in every influence function.
Limits are those of a normal approximation on the logit scale and lie inside 0..1.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from evenwicht.estimators.concentration import (
    Flags,
    Floats,
    group_share_of_use,
    high_need,
    several_sectors,
)
from evenwicht.estimators.results import Z95, Interval

WITHOUT_ERROR = "everybody or nobody is counted, so that the spread over people is zero"


@dataclass(frozen=True)
class LorenzCurve:
    """Share of use by the people with least use, with pointwise limits; each as long as the grid of people."""

    share: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True)
class Group:
    """The people with high need in several sectors: who, how many of all, and their share of each sector's use.

    `flags` (people, sectors) marks high need by sector.
    """

    flags: Flags
    members: Flags
    size: Interval
    use_shares: list[Interval]


def gini_interval(ordered: Floats) -> Interval:
    """Gini coefficient of amounts in ascending order, not all of them zero.

    The influence function is that of Langel and Tille 2013, JRSS A 176:521, with mid-ranks; it is the same for equal
    amounts.
    """
    n = len(ordered)
    use = ordered / ordered.mean()
    rank = (np.arange(n) + 0.5) / n
    weighted = use * rank
    estimate = 2 * weighted.mean() - 1
    influence = 2 * (weighted - (np.cumsum(use) - use / 2) / n) - (estimate + 1) * use
    return share_interval(estimate, influence.std(ddof=1) / np.sqrt(n))


def top_share_interval(ordered: Floats, top_share: float) -> Interval:
    """Share of all use by the `top_share` of people with most use; amounts in ascending order, not all of them zero.

    Who belongs to the top is decided again in every sample: people count with what they use beyond the threshold.
    """
    grid = np.array([1 - top_share])
    rest = _lorenz_share(ordered, grid)
    if rest[0] == 0:
        return Interval(1.0).bare("the top group holds all use, as no more people than it are users")
    return share_interval(float(1 - rest[0]), float(_lorenz_error(ordered, grid, rest)[0]))


def lorenz_curve(ordered: Floats, grid: Floats) -> LorenzCurve:
    """Lorenz curve of amounts in ascending order with pointwise normal 95% limits, cut at 0 and 1.

    Parameters
    ----------
    ordered : (n,) array
        Amounts in ascending order, not all of them zero.
    grid : (m,) array
        Shares of people, 0 to 1.
    """
    share = _lorenz_share(ordered, grid)
    reach = Z95 * _lorenz_error(ordered, grid, share)
    return LorenzCurve(share, np.maximum(share - reach, 0), np.minimum(share + reach, 1))


def _lorenz_share(ordered: Floats, grid: Floats) -> Floats:
    use = np.append(0.0, np.cumsum(ordered))
    return np.interp(grid * len(ordered), np.arange(len(use)), use / use[-1])


def _lorenz_error(ordered: Floats, grid: Floats, share: Floats) -> Floats:
    """Standard errors of Lorenz ordinates (Beach and Davidson 1983, Review of Economic Studies 50:723).

    The influence of a person with amount y on the ordinate at p with quantile q is p q - (q - y)+ - L(p) y, over the
    mean. Its variance needs sums of y and y squared up to each quantile only.
    """
    n = len(ordered)
    use = ordered / ordered.mean()
    below = np.minimum(np.floor(grid * n + 1e-9).astype(int), n - 1)
    quantile = use[below]
    first, second = (np.append(0.0, np.cumsum(power))[below] / n for power in (use, use**2))
    reached = below / n
    # moments of the distance to the quantile of those below it, and of its product with use
    distance = reached * quantile - first
    squared = reached * quantile**2 - 2 * quantile * first + second
    product = quantile * first - second
    variance = squared + 2 * share * product + share**2 * np.mean(use**2) - (distance + share) ** 2
    # at both ends the ordinate is known
    inside = (share > 0) & (share < 1)
    return np.where(inside, np.sqrt(np.maximum(variance, 0) / (n - 1)), 0.0)


def multi_sector_group(amounts: Floats, top_share: float, at_least: int) -> Group:
    """Size and use of the group with high need in several sectors, with thresholds drawn again.

    A sector's threshold moves with the sample. It lets people at the margin of the top group in or out; those of them
    who have high need in exactly `at_least` - 1 other sectors enter or leave the multi-sector group. Their number and
    use, for a step of the top share of one standard error to either side, is the derivative by the top share; times
    the influence of a person on the realised top share it joins the influence function. Where users, or the equal
    amounts at the cut, outnumber the step, the threshold does not move and nothing is added.

    Parameters
    ----------
    amounts : (people, sectors) array
        Use, every sector used by somebody.
    top_share
        Share of people with high need in a sector.
    at_least
        Number of sectors with high need that puts a person in the group.
    """
    n, sectors = amounts.shape
    flags = np.column_stack([high_need(amounts[:, j], top_share) for j in range(sectors)])
    reached = flags.sum(axis=1)
    members = several_sectors(flags, at_least)
    step = np.sqrt(top_share * (1 - top_share) / n)
    smaller, larger = max(top_share - step, 0.0), min(top_share + step, 1.0)
    shares = np.append(members.mean(), group_share_of_use(amounts, members))
    slopes = np.empty((sectors, sectors + 1))
    for j in range(sectors):
        margin = high_need(amounts[:, j], larger) & ~high_need(amounts[:, j], smaller)
        moved = margin & (reached - flags[:, j] == at_least - 1)
        slopes[j] = np.append(moved.mean(), group_share_of_use(amounts, moved)) / (larger - smaller)
    errors = np.empty(sectors + 1)
    for k, share in enumerate(shares):
        counted = np.ones(n) if k == 0 else amounts[:, k - 1] / amounts[:, k - 1].mean()
        influence = (members - share) * counted - flags @ slopes[:, k]
        errors[k] = influence.std(ddof=1) / np.sqrt(n)
    size, *use_shares = (share_interval(share, error) for share, error in zip(shares, errors, strict=True))
    return Group(flags, members, size, use_shares)


def share_interval(estimate: float, se: float) -> Interval:
    """Interval of a number between 0 and 1; without limits at the ends, where the spread over people is zero."""
    if not 0 < estimate < 1 or se == 0:
        return Interval(float(estimate)).bare(WITHOUT_ERROR)
    centre, reach = special.logit(estimate), Z95 * se / (estimate * (1 - estimate))
    lower, upper = special.expit([centre - reach, centre + reach])
    return Interval(float(estimate), float(se), float(lower), float(upper))
