"""Limits of what is a sum of products of estimates, such as an effect that passes a mediator.

What an exposure does to a mediator, times what the mediator does to the outcome, is skewed where neither is known well,
and a symmetric interval misses on one side. The limits here are the least and the largest value over all factors that
the data do not rule out, an ellipsoid: those of the profile likelihood, if the factors are normal. Source: Pawitan
2001, In All Likelihood, section 3.4 on profiles; Cheung 2007, Structural Equation Modeling 14:227, for products.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from evenwicht.estimators.influence import Estimate, Sampling, combined
from evenwicht.estimators.results import Interval

NO_SHARE = "the whole effect is not clear of zero, so it has no shares"


@dataclass(frozen=True)
class Part:
    """A part of an effect.

    Attributes
    ----------
    estimate
        Its value, with the influence of each person to first order.
    factors
        Pairs whose products add up to it, but for a small constant; none if it is no product.
    """

    estimate: Estimate
    factors: tuple[tuple[Estimate, Estimate], ...] = ()


def part_interval(part: Part, sampling: Sampling) -> Interval:
    """Return a part with its 95% limits, which are not symmetric if it is a sum of products."""
    plain = sampling.interval(part.estimate)
    if plain.reason or not part.factors:
        return plain
    form = _Form(part, part.estimate, sampling)
    return Interval(plain.estimate, plain.se, -form.most(-1.0, 0.0), form.most(1.0, 0.0))


def share_interval(part: Part, total: Estimate, sampling: Sampling) -> Interval:
    """Return a part as a share of the total with its 95% limits; none unless the total is clear of zero.

    The limits are the least and the largest ratio over the ellipsoid, which for a part that is no product are those of
    Fieller 1954, Journal of the Royal Statistical Society B 16:175.
    """
    estimate = part.estimate
    whole = sampling.interval(total)
    if estimate.reason or whole.reason:
        return Interval.not_estimable(estimate.reason or whole.reason)
    if whole.lower <= 0 <= whole.upper:
        return Interval.not_estimable(NO_SHARE)
    ratio, form = estimate.value / total.value, _Form(part, total, sampling)
    share = combined(ratio, (1 / total.value, estimate), (-ratio / total.value, total))
    up = np.sign(total.value)

    def beyond(side: float) -> float:
        """The share at which the ellipsoid ends, on one side."""

        def excess(theta: float) -> float:
            return form.most(side * up, side * up * theta)

        step = max(abs(ratio), 1e-9)
        while excess(ratio + side * step) > 0:
            step *= 2
        return float(brentq(excess, ratio, ratio + side * step, xtol=1e-10, rtol=1e-10))

    if not sampling.standard_error(share.influence) > 0:
        return Interval(float(ratio)).bare("the data do not vary where the estimate looks")
    return Interval(float(ratio), sampling.standard_error(share.influence), beyond(-1.0), beyond(1.0))


class _Form:
    """A part and a total as functions of standardised errors of all that they are made of, within a reach."""

    def __init__(self, part: Part, total: Estimate, sampling: Sampling) -> None:
        k = len(part.factors)
        ones, others = ([pair[place] for pair in part.factors] for place in (0, 1))
        known = [*ones, *others, total, *([] if k else [part.estimate])]
        covariance = sampling.covariance(np.column_stack([one.influence for one in known]))
        sizes, directions = np.linalg.eigh(covariance)
        root = directions * np.sqrt(np.maximum(sizes, 0.0))
        self.part, self.total = part.estimate.value, total.value
        a, b = (np.array([one.value for one in side]) for side in (ones, others))
        self.to_part, self.to_total = b @ root[:k] + a @ root[k : 2 * k] if k else root[-1], root[2 * k]
        bent = root[:k].T @ root[k : 2 * k]
        self.curves, turn = np.linalg.eigh((bent + bent.T) / 2)
        self.to_part, self.to_total = self.to_part @ turn, self.to_total @ turn
        self.reach = Interval.student(0.0, 1.0, sampling.df).upper

    def most(self, part: float, total: float) -> float:
        """The largest value of `part` times the part less `total` times the total.

        A quadratic over a ball: the minimum of its dual, which is convex (Boyd and Vandenberghe 2004, Convex
        Optimization, appendix B.1).
        """
        curves, slopes = part * self.curves, part * self.to_part - total * self.to_total
        floor, size = max(float(curves.max()), 0.0), float(np.sqrt(slopes @ slopes))
        gaps, constant = floor - curves, part * self.part - total * self.total
        if size == 0 or not curves.any():
            return constant + floor * self.reach**2 + size * self.reach

        def spare(above: float) -> float:
            return float(np.sum((slopes / (2 * (gaps + above))) ** 2)) - self.reach**2

        most = size / (2 * self.reach)
        least = 1e-12 * most
        above = (
            least if spare(least) <= 0 else most if spare(most) >= 0 else float(brentq(spare, least, most, rtol=1e-10))
        )
        return constant + (floor + above) * self.reach**2 + float(np.sum(slopes**2 / (4 * (gaps + above))))
