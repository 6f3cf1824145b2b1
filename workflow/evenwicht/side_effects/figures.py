"""Figures of what is assumed: waiting for youth care under each rule, referrals of a lever, pressure on parents."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evenwicht.display.axes import BELOW, finish, heading, key, numbered, round_ticks, stacked
from evenwicht.display.language import say
from evenwicht.display.picture import BLUE, GREEN, GREY, ORANGE, RULE, Picture, style
from evenwicht.display.wording import number, signed
from evenwicht.side_effects.crowding import Crowding, Curve
from evenwicht.side_effects.shown import Change, Pressed, Waits

PANEL = 165.0  # points: height of a panel
FULL: dict[str, Any] = {"color": GREY, "lw": 1.0, "ls": ":"}
NORM: dict[str, Any] = {"color": "black", "lw": 1.0, "ls": (0, (6, 2))}
REPORTED: dict[str, Any] = {"color": GREY, "alpha": 0.22, "lw": 0}
HIGHEST = 40.0  # weeks more or fewer that a lever's axis shows


def crowding_figure(
    exact: Waits,
    simulated: Crowding,
    late: Crowding,
    *,
    full: float,
    limit: float,
    reported: tuple[float, float],
) -> Picture:
    """Draw waiting of severe cases by the share of mild referrals; the more there are of those, the fuller the team.

    Parameters
    ----------
    exact
        Mean weeks in closed form, at two shares or more below `full`.
    simulated
        The same by simulation, with its Monte Carlo limits; the panel begins at the least of its shares, since hardly
        anybody waits where a team is far from full.
    late
        Share of severe cases without care after the limit, by simulation, with families who stop waiting.
    full
        Share of mild referrals at which the load reaches 1.
    limit
        Weeks that are the norm.
    reported
        Least and most mean weeks of waiting in local reports.
    """
    with style():
        figure, (left, right) = stacked(2)
        left.axhspan(*reported, **REPORTED)
        left.axhline(limit, **NORM)
        left.plot(100 * exact.priority.share, exact.priority.estimate, "-.", color=GREEN, lw=1.8)
        _band(left, exact.errs, 1.0, BLUE)
        for curve, error, colour, dash, marker in (
            (exact.first_come, simulated.first_come, ORANGE, "-", "s"),
            (exact.errs, simulated.priority, BLUE, "--", "o"),
        ):
            left.plot(100 * curve.share, curve.estimate, dash, color=colour, lw=1.8)
            off = np.abs([error.lower - error.estimate, error.upper - error.estimate])
            left.errorbar(100 * error.share, error.estimate, yerr=off, fmt=marker, color=colour, ms=4, lw=1.0)
        around = heading(left, say("Mean wait of severe cases, if nobody stops waiting"), say("Weeks")) + BELOW
        for curve, colour, dash, marker in (
            (late.first_come, ORANGE, "-", "s"),
            (late.priority, BLUE, "--", "o"),
        ):
            _band(right, curve, 100.0, colour)
            right.plot(100 * curve.share, 100 * curve.estimate, dash, marker=marker, ms=4, color=colour, lw=1.8)
        title = say("Severe cases without care after {weeks} weeks, if some stop waiting", weeks=number(limit, 0))
        around += heading(right, title, say("% of severe cases")) + BELOW
        near = _ends(simulated.first_come)[0], 100 * full
        for axis, (least, most) in ((left, near), (right, _ends(late.first_come))):
            axis.set(xlim=(least - 0.3, most + 0.6), ylim=(0, None))
            axis.axvline(100 * full, **FULL)
            _ruled(axis)
            numbered(axis.xaxis, round_ticks(least, most, most=6))
            numbered(axis.yaxis, round_ticks(0, axis.get_ylim()[1]))
            axis.set_xlabel(say("Mild referrals, % of all; severe ones stay as many"))
        marks = [
            Line2D([], [], color=ORANGE, marker="s", ms=4),
            Line2D([], [], color=BLUE, ls="--", marker="o", ms=4),
            Line2D([], [], color=GREEN, ls="-.", lw=1.8),
            Line2D([], [], **NORM),
            Patch(**REPORTED),
            Line2D([], [], **FULL),
        ]
        labels = [
            say("Whoever was referred first goes first"),
            say("Severe cases go first, with errors in who is severe"),
            say("Severe cases go first, without errors"),
            say("Norm: {weeks} weeks", weeks=number(limit, 0)),
            say("Local reports: {low} to {high} weeks", low=number(reported[0], 0), high=number(reported[1], 0)),
            say("From here on, more are referred than there is room for"),
        ]
        finish(figure, [PANEL, PANEL], around + key(figure, marks, labels))
    first, priority = (_last(curve) for curve in (exact.first_come, exact.errs))
    text = say(
        "Assumed, not measured. With {share}% mild referrals, severe cases wait {first} weeks in order of referral, "
        "and {priority} weeks if they go first.",
        share=number(100 * first[0], 1),
        first=number(first[1], 1),
        priority=number(priority[1], 1),
    )
    return Picture(figure, say("Assumption: mild referrals and the wait of severe cases"), text)


def lever_figure(changes: Sequence[Change]) -> Picture:
    """Draw what more or fewer referrals do to the wait of severe cases, under either rule.

    Parameters
    ----------
    changes
        In order of their referrals, each with a mean wait in the middle of what is assumed.
    """
    referrals = np.array([one.referrals for one in changes])
    with style():
        figure, (axis,) = stacked(1)
        axis.axhline(0, color=GREY, lw=0.8)
        for rule, colour, dash in (("first_come", ORANGE, "-"), ("priority", BLUE, "--")):
            middle = np.array([getattr(one.middle, rule).estimate for one in changes])
            ends = np.array([[getattr(end, rule).estimate for end in one.ends] for one in changes])
            low, high = ends.min(axis=1), np.where(np.isnan(ends).any(axis=1), np.inf, ends.max(axis=1))
            axis.fill_between(referrals, low, np.minimum(high, 2 * HIGHEST), color=colour, alpha=0.2, lw=0)
            axis.plot(referrals, middle, dash, color=colour, lw=1.8)
        around = heading(axis, "", say("Weeks that severe cases wait, more or fewer")) + BELOW
        axis.set(xlim=(referrals[0], referrals[-1]), ylim=(-HIGHEST / 2, HIGHEST))
        _ruled(axis)
        for along, ticks, digits in (
            (axis.xaxis, round_ticks(*axis.get_xlim()), 0),
            (axis.yaxis, round_ticks(*axis.get_ylim(), most=6), 0),
        ):
            along.set_ticks(list(ticks), [signed(float(tick), digits) for tick in ticks])
        axis.set_xlabel(say("Referrals over 100,000 births, more or fewer"))
        marks = [Line2D([], [], color=ORANGE), Line2D([], [], color=BLUE, ls="--"), Patch(color=GREY, alpha=0.3)]
        labels = [
            say("Whoever was referred first goes first"),
            say("Severe cases go first, with errors in who is severe"),
            say("Over the range of what is assumed"),
        ]
        finish(figure, [1.2 * PANEL], around + key(figure, marks, labels))
    last = changes[-1]
    text = say(
        "Assumed, not measured. With {referrals} more referrals over 100,000 births, severe cases wait {first} weeks "
        "longer in order of referral, and {priority} if they go first.",
        referrals=number(last.referrals, 0),
        first=number(last.middle.first_come.estimate, 1),
        priority=number(last.middle.priority.estimate, 1),
    )
    return Picture(figure, say("Assumption: more or fewer referrals and the wait of severe cases"), text)


def pressure_figure(campaign: Pressed) -> Picture:
    """Draw what is left of a campaign that averts cases, as the pressure that it puts on parents rises."""
    with style():
        figure, (axis,) = stacked(1)
        axis.axhline(0, color=GREY, lw=0.8)
        without = np.full(len(campaign.felt), campaign.without)
        axis.fill_between(campaign.felt, campaign.harshest, without, color=GREY, alpha=0.2, lw=0)
        axis.plot(campaign.felt, without, ":", color=GREEN, lw=2.0)
        axis.plot(campaign.felt, campaign.middle, "--o", color=BLUE, lw=1.8, ms=4)
        axis.plot(campaign.felt, campaign.harshest, "-s", color=ORANGE, lw=1.8, ms=4)
        around = heading(axis, "", say("Cases averted over 100,000 births; below 0 the campaign adds cases")) + BELOW
        axis.set_xlim(float(campaign.felt[0]), float(campaign.felt[-1]))
        _ruled(axis)
        numbered(axis.xaxis, campaign.felt)
        numbered(axis.yaxis, round_ticks(*axis.get_ylim(), most=6))
        axis.set_xlabel(say("Rise in felt pressure, standard deviations"))
        marks = [
            Line2D([], [], color=GREEN, ls=":", lw=2.0),
            Line2D([], [], color=BLUE, ls="--", marker="o", ms=4),
            Line2D([], [], color=ORANGE, marker="s", ms=4),
        ]
        labels = [
            say("If pressure does nothing"),
            say("In the middle of what is assumed"),
            say("At the harshest end of what is assumed"),
        ]
        finish(figure, [1.2 * PANEL], around + key(figure, marks, labels))
    text = say(
        "Assumed, not measured. Of {averted} cases averted, {middle} are left at the most pressure in the middle of "
        "what is assumed, and {harshest} at its harshest end.",
        averted=number(campaign.without, 0),
        middle=number(float(campaign.middle[-1]), 0),
        harshest=number(float(campaign.harshest[-1]), 0),
    )
    return Picture(figure, say("Assumption: pressure on parents and what is left of a campaign"), text)


def _ruled(axis: Axes) -> None:
    axis.grid(axis="y", color=RULE, lw=0.7)
    axis.set_axisbelow(True)


def _band(axis: Axes, curve: Curve, factor: float, colour: str) -> None:
    axis.fill_between(100 * curve.share, factor * curve.lower, factor * curve.upper, color=colour, alpha=0.2, lw=0)


def _ends(curve: Curve) -> tuple[float, float]:
    """Least and most share, in per cent, without the error of divisions."""
    return round(100 * float(curve.share.min()), 6), round(100 * float(curve.share.max()), 6)


def _last(curve: Curve) -> tuple[float, float]:
    """Share and height of the rightmost point with a height."""
    k = np.flatnonzero(~np.isnan(curve.estimate))[-1]
    return float(curve.share[k]), float(curve.estimate[k])
