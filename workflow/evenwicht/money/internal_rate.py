"""Internal rates of return: the rates a year at which a flow of money is worth nothing, and which of them data allow.

Rates are searched where log(1 + r) lies between -.5 and 1, from -39% to 172% a year; others are not found, and neither
are two rates within one step of .001, such as the double root of a flow that only touches 0.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evenwicht.base.arrays import Flags, Floats

GRID = np.linspace(-0.5, 1.0, 1501)  # log(1 + r)
PRECISION = 1e-13  # of log(1 + r)
NO_ROOT = "no rate between -39% and 172% a year makes the net present value 0"
SEVERAL_ROOTS = "several rates make the net present value 0, so that none of them is the rate of return"
BENEFITS_FIRST = "benefits come before costs, so that the rate is that of a loan: the lower, the better"
NOTHING_EXCLUDED = "the flows are so uncertain that no rate can be excluded"
NOTHING_ALLOWED = "every rate between -39% and 172% a year can be excluded"
SEVERAL_PIECES = "rates that cannot be excluded are apart, and the interval reaches over the gaps between them"


@dataclass(frozen=True)
class RateInterval:
    """An internal rate of return with the rates that data allow, each a share a year.

    Attributes
    ----------
    estimate
        The one internal rate of the flow as estimated; NaN if there is none or are several.
    lower, upper
        Least and greatest rate that is allowed, infinite where the end of what is searched is allowed; NaN if none is.
    reason
        Why an end or the estimate is missing, or must be read with care; empty if all is plain.
    pieces
        (lower, upper) of each unbroken piece of the rates that are allowed, in order.
    """

    estimate: float
    lower: float
    upper: float
    reason: str
    pieces: tuple[tuple[float, float], ...]


def internal_rates(flows: ArrayLike, times: ArrayLike) -> Floats:
    """Return all rates a year at which a flow has a net present value of 0, (k,), in order.

    Parameters
    ----------
    flows : (t,) array
        Money at each time; received is above zero, paid below.
    times : (t,) array
        Years, in any order; they may be fractions.

    Returns
    -------
    (k,) array
        Shares a year, within the range that the module names; none if the flow is 0 at all times.

    Raises
    ------
    ValueError
        If flows are not one for each time.

    Examples
    --------
    >>> internal_rates([-100, 230, -132], [0, 1, 2]).round(6).tolist()
    [0.1, 0.2]
    """
    each, when = _flow(flows, times)
    return np.expm1(_roots(each, when, _weights(GRID, when) @ each))


def unique_internal_rate(flows: ArrayLike, times: ArrayLike) -> tuple[float, str]:
    """Return the internal rate of a flow that has one, and what to know of it; NaN with the reason if it has not.

    A flow and its opposite have the same rate. `BENEFITS_FIRST` says that the net present value rises with the rate, as
    that of a loan does; nothing said means that it falls, as that of an investment.

    Parameters and errors are those of `internal_rates`.

    Examples
    --------
    >>> rate, reason = unique_internal_rate([-100, 110], [0, 1])
    >>> round(rate, 6), reason
    (0.1, '')
    """
    each, when = _flow(flows, times)
    values = _weights(GRID, when) @ each
    return _unique(_roots(each, when, values), values)


def share_without_unique(draws: ArrayLike, times: ArrayLike) -> float:
    """Return the share of draws of a flow, (n, t), without one internal rate of return.

    A draw counts if it has no rate or several, and also if its benefits come first: its rate cannot stand in one
    distribution with the rates of investments, for it is the better the lower it is.

    Raises
    ------
    ValueError
        If draws are not of one flow for each time.
    """
    each, when = np.asarray(draws, dtype=float), np.asarray(times, dtype=float)
    if each.ndim != 2 or each.shape[1:] != when.shape:
        raise ValueError(f"draws of shape {each.shape} are not (n, t) with {when.shape} times")
    weights = _weights(GRID, when)

    def is_of_an_investment(values: Floats) -> bool:
        changes = _changes(values)
        return len(changes) == 1 and values[changes[0][0]] > 0

    return float(np.mean([not is_of_an_investment(weights @ flow) for flow in each]))


def internal_rate_interval(
    flows: ArrayLike, covariance: ArrayLike, times: ArrayLike, *, df: float = np.inf, level: float = 0.95
) -> RateInterval:
    """Return the internal rate of an estimated flow, with all rates at which a net present value of 0 is not rejected.

    A rate r is allowed if `abs(w @ flows) <= q * sqrt(w @ covariance @ w)` with w = (1 + r)^-times and q the quantile
    of t: the set that Fieller (1954, Journal of the Royal Statistical Society B 16:175) found for a ratio. It covers a
    rate of the true flow as often as `level` says, however uncertain the flow is, and is then rightly unbounded or in
    pieces. The interval reaches from its least rate to its greatest.

    Parameters
    ----------
    flows : (t,) array
        Estimated money at each time; received is above zero, paid below.
    covariance : (t, t) array
        Of the estimates.
    times : (t,) array
        Years, in any order; they may be fractions.
    df
        Degrees of freedom of the covariance; infinite if it is known.
    level
        Coverage.

    Returns
    -------
    RateInterval
        Rates within the range that the module names.

    Raises
    ------
    ValueError
        If shapes do not fit, or the level is no share.
    """
    from scipy.special import stdtrit

    each, when = _flow(flows, times)
    spread = np.asarray(covariance, dtype=float)
    if spread.shape != (len(when), len(when)):
        raise ValueError(f"the covariance of {len(when)} flows has shape {spread.shape}")
    if not 0 < level < 1:
        raise ValueError(f"the level is a share, and this is {level:g}")
    reach = float(stdtrit(df, (1 + level) / 2))

    def excess(weights: Floats) -> Floats:
        variance = np.einsum("...t,...t->...", weights @ spread, weights)
        return np.abs(weights @ each) - reach * np.sqrt(np.maximum(variance, 0.0))

    weights = _weights(GRID, when)
    values = weights @ each
    roots = _roots(each, when, values)
    estimate, reason = _unique(roots, values)
    # a set narrower than a step of the grid lies around a root, which is in the set whatever rounding says
    points = np.concatenate([GRID, roots])
    order = np.argsort(points)
    allowed = np.concatenate([excess(weights) <= 0, np.ones(len(roots), dtype=bool)])[order]
    pieces = _pieces(points[order], allowed, lambda x: float(excess(_weights(x, when))))
    if not pieces:
        return RateInterval(estimate, np.nan, np.nan, NOTHING_ALLOWED, ())
    lower, upper = pieces[0][0], pieces[-1][1]
    if np.isinf(pieces[0]).all():
        reason = NOTHING_EXCLUDED
    elif len(pieces) > 1 and not reason:
        reason = SEVERAL_PIECES
    return RateInterval(estimate, lower, upper, reason, pieces)


def _flow(flows: ArrayLike, times: ArrayLike) -> tuple[Floats, Floats]:
    each, when = np.asarray(flows, dtype=float), np.asarray(times, dtype=float)
    if each.ndim != 1 or each.shape != when.shape:
        raise ValueError(f"one flow has one amount for each time, and there are {each.shape} at {when.shape} times")
    return each, when


def _weights(logs: Floats | float, times: Floats) -> Floats:
    """What 1 at each time is worth, (..., t), at each log(1 + r)."""
    return np.exp(-np.multiply.outer(logs, times))


def _changes(values: Floats) -> list[tuple[int, int]]:
    """Points of the grid between which the net present value changes sign, with none or those where it is 0 between."""
    apart = np.flatnonzero(values)
    signs = np.sign(values[apart])
    return [(int(apart[k]), int(apart[k + 1])) for k in np.flatnonzero(signs[1:] != signs[:-1])]


def _roots(flows: Floats, times: Floats, values: Floats) -> Floats:
    """Each log(1 + r) at which the net present value is 0, given its values on the grid."""
    from scipy.optimize import brentq

    def value(log: float) -> float:
        return float(_weights(log, times) @ flows)

    return np.array([brentq(value, GRID[k], GRID[m], xtol=PRECISION) for k, m in _changes(values)])


def _unique(roots: Floats, values: Floats) -> tuple[float, str]:
    """The only root as a rate, with what to know of it."""
    if len(roots) != 1:
        return np.nan, SEVERAL_ROOTS if len(roots) else NO_ROOT
    return float(np.expm1(roots[0])), BENEFITS_FIRST if values[_changes(values)[0][0]] < 0 else ""


def _pieces(points: Floats, allowed: Flags, excess: Callable[[float], float]) -> tuple[tuple[float, float], ...]:
    """(lower, upper) rate of each run of points that are allowed, with its ends refined."""
    from scipy.optimize import brentq

    def edge(k: int) -> float:
        inside, outside = points[[k, k + 1] if allowed[k] else [k + 1, k]]
        at = brentq(excess, inside, outside, xtol=PRECISION) if excess(inside) < 0 else inside
        return float(np.expm1(at))

    edges = [edge(k) for k in np.flatnonzero(allowed[1:] != allowed[:-1]).tolist()]
    ends = [-np.inf] * bool(allowed[0]) + edges + [np.inf] * bool(allowed[-1])
    return tuple(zip(ends[::2], ends[1::2], strict=True))
