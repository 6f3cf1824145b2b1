"""How long severe cases wait for youth care as mild referrals are added, under either rule."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from evenwicht.base.arrays import Floats
from evenwicht.display.axes import BELOW, finish, heading, key, numbered, round_ticks, stacked
from evenwicht.display.language import say
from evenwicht.display.picture import BLUE, GREY, ORANGE, RULE, Picture, style
from evenwicht.display.wording import number
from evenwicht.side_effects.crowding import Crowding, Curve

PANEL = 165.0  # points: height of a panel
FULL: dict[str, Any] = {"color": GREY, "lw": 1.0, "ls": ":"}


def crowding_figure(exact: Crowding, simulated: Crowding, late: Crowding, *, full: float, limit: float) -> Picture:
    """Draw waiting of severe cases by the share of mild referrals; the more there are of those, the fuller the team.

    Parameters
    ----------
    exact
        Mean weeks in closed form, from `crowding.severe_by_share`, at two shares or more below `full`.
    simulated
        The same by simulation, with its Monte Carlo limits, at any shares.
    late
        Share of severe cases without care after the limit, by simulation, with families who stop waiting.
    full
        Share of mild referrals at which the load reaches 1.
    limit
        Weeks, for the heading.
    """
    ends = _ends(exact.first_come, simulated.first_come, late.first_come)
    with style():
        figure, (left, right) = stacked(2)
        for curve, error, colour, dash, marker in (
            (exact.first_come, simulated.first_come, ORANGE, "-", "s"),
            (exact.priority, simulated.priority, BLUE, "--", "o"),
        ):
            left.plot(100 * curve.share, curve.estimate, dash, color=colour, lw=1.8)
            _band(left, error, 1.0, colour)
            left.plot(100 * error.share, error.estimate, marker, color=colour, ms=4)
        around = heading(left, say("Mean wait of severe cases, if nobody stops waiting"), say("Weeks")) + BELOW
        for curve, colour, dash in ((late.first_come, ORANGE, "-"), (late.priority, BLUE, "--")):
            _band(right, curve, 100.0, colour)
            right.plot(100 * curve.share, 100 * curve.estimate, dash, color=colour, lw=1.8)
        title = say("Severe cases without care after {weeks} weeks, if some stop waiting", weeks=number(limit, 0))
        around += heading(right, title, say("% of severe cases")) + BELOW
        for axis in (left, right):
            axis.set(xlim=ends, ylim=(0, None))
            axis.axvline(100 * full, **FULL)
            axis.grid(axis="y", color=RULE, lw=0.7)
            axis.set_axisbelow(True)
            numbered(axis.xaxis, round_ticks(*ends))
            numbered(axis.yaxis, round_ticks(0, axis.get_ylim()[1]))
            axis.set_xlabel(say("Mild referrals, % of all; severe ones stay as many"))
        marks = [
            Line2D([], [], color=ORANGE, marker="s", ms=4),
            Line2D([], [], color=BLUE, ls="--", marker="o", ms=4),
            Line2D([], [], **FULL),
        ]
        labels = [
            say("Whoever was referred first goes first"),
            say("Severe cases go first"),
            say("From here on, more are referred than there is room for"),
        ]
        finish(figure, [PANEL, PANEL], around + key(figure, marks, labels))
    first, priority = (_last(curve) for curve in (exact.first_come, exact.priority))
    text = say(
        "Assumed, not measured. With {share}% mild referrals, severe cases wait {first} weeks in order of referral, "
        "and {priority} weeks if they go first.",
        share=number(100 * first[0], 1),
        first=number(first[1], 1),
        priority=number(priority[1], 1),
    )
    return Picture(figure, say("Assumption: mild referrals and the wait of severe cases"), text)


def _band(axis: Axes, curve: Curve, factor: float, colour: str) -> None:
    axis.fill_between(100 * curve.share, factor * curve.lower, factor * curve.upper, color=colour, alpha=0.2, lw=0)


def _ends(*curves: Curve) -> tuple[float, float]:
    shares: Floats = np.concatenate([curve.share for curve in curves])
    return 100 * float(shares.min()), 100 * float(shares.max())


def _last(curve: Curve) -> tuple[float, float]:
    """Share and height of the rightmost point with a height."""
    k = np.flatnonzero(~np.isnan(curve.estimate))[-1]
    return float(curve.share[k]), float(curve.estimate[k])
