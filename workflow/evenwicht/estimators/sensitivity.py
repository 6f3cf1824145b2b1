"""How strong something that nobody measured would have to be."""

from collections.abc import Callable

import numpy as np

from evenwicht.estimators.results import Interval

COMMON = 0.15  # risk above which a ratio of hazards or odds is not close to that of risks


def e_value(ratio: float) -> float:
    """Risk ratio that a confounder needs with exposure and with outcome to make a risk ratio out of nothing.

    RR + sqrt(RR (RR - 1)), with ratios below 1 inverted. Source: VanderWeele and Ding 2017, Annals of Internal Medicine
    167:268.

    >>> round(e_value(2.0), 3)
    3.414
    """
    above = max(ratio, 1 / ratio)
    return float(above + np.sqrt(above * (above - 1)))


def e_values(ratio: Interval) -> Interval:
    """E-value of a risk ratio, with that of its limit nearer to 1 as lower end; 1 if the interval holds 1."""
    if ratio.status == "not estimable":
        return ratio
    value = e_value(ratio.estimate)
    if ratio.reason:
        return Interval(value).bare(ratio.reason)
    nearer = ratio.lower if ratio.estimate >= 1 else ratio.upper
    crosses = ratio.lower <= 1 <= ratio.upper
    return Interval(value, lower=1.0 if crosses else e_value(nearer))


def risk_ratio_of_hazards(ratio: Interval, risk: float) -> Interval:
    """Turn a hazard ratio into about the risk ratio, given the risk over all: as it is if the outcome is rare.

    (1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1/HR)). Source: VanderWeele and Ding 2017, table 2.
    """
    if risk < COMMON:
        return ratio
    return _mapped(ratio, lambda hr: (1 - 0.5 ** np.sqrt(hr)) / (1 - 0.5 ** np.sqrt(1 / hr)))


def risk_ratio_of_odds(ratio: Interval, risk: float) -> Interval:
    """Turn an odds ratio into about the risk ratio: its square root, or as it is if the outcome is rare."""
    return ratio if risk < COMMON else _mapped(ratio, np.sqrt)


def risk_ratio_of_difference(difference: Interval, spread: float) -> Interval:
    """Turn a mean difference into about a risk ratio: exp(0.91 d), d in standard deviations of the outcome.

    Limits are exp(0.91 d -+ 1.78 se). Source: VanderWeele and Ding 2017, table 2.
    """
    d, reach = difference.estimate / spread, 1.78 * difference.se / spread
    estimate, lower, upper = (float(np.exp(0.91 * d + by)) for by in (0.0, -reach, reach))
    return Interval(estimate, lower=lower, upper=upper, reason=difference.reason)


def _mapped(interval: Interval, function: Callable[[float], float]) -> Interval:
    """A rising function of an interval; its error is not kept."""
    ends = (interval.estimate, interval.lower, interval.upper)
    estimate, lower, upper = (float(function(end)) for end in ends)
    return Interval(estimate, lower=lower, upper=upper, reason=interval.reason)
