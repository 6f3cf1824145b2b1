"""Estimates with their intervals below each other, as in a forest plot."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from evenwicht.display.axes import POINTS, numbered, round_ticks
from evenwicht.display.labels import first_upper
from evenwicht.display.language import say
from evenwicht.display.lettering import LINE, TEXT, width_of, wrapped
from evenwicht.display.picture import GREY, LEVELS, PALE, TRUTH
from evenwicht.display.section import Row
from evenwicht.display.wording import scale_of

TRACK = 13.0  # points: height of the strip in which an interval lies
USED = POINTS - 24  # points that a label and the numbers beside it may take


def interval_panel(axis: Axes, rows: Sequence[Row]) -> float:
    """Draw rows of one outcome, each a label above a strip with its interval; return the height, points.

    Beside the columns of the estimates a row has what it is `about`, its method in words, `by`, its `level`, and
    whether it is `usual`: those give the axis its length, others may leave it.
    """
    factor, unit = scale_of(rows[0]).factor, scale_of(rows[0]).unit
    low, high = _limits(rows, factor)
    height, strips = 2.0, []
    for about, group in groupby(rows, key=lambda row: row["about"]):
        height = _write(axis, height, first_upper(about), "", "black")
        for row in group:
            shown = scale_of(row).with_interval({**row, "reason": ""})  # the tables say why
            height = _write(axis, height, first_upper(row["by"]), shown, GREY)
            if not np.isnan(row["estimate"]):
                strips.append(height + TRACK / 2 + 1)
                _interval(axis, row, strips[-1], factor, (low, high))
                height += TRACK + 1
            height += 5
        height += 5
    axis.vlines(np.zeros(len(strips)), np.array(strips) - TRACK / 2, np.array(strips) + TRACK / 2, color="black", lw=1)
    axis.set(xlim=(low, high), ylim=(height, 0), yticks=[])
    axis.set_xlabel(say("Difference, {unit}", unit=unit) if unit else say("Difference"))
    edge = 0.06 * (high - low)
    numbered(axis.xaxis, round_ticks(low + edge, high - edge, 5))
    axis.spines["left"].set_visible(False)
    return height


def _write(axis: Axes, height: float, label: str, numbers: str, colour: str) -> float:
    """Write a label, with numbers at the right end of its last line if they fit; return where the text ends."""
    lines = wrapped(label, USED)
    if numbers and width_of(f"{lines[-1]}  {numbers}") > USED:
        lines.append("")
    at: dict[str, Any] = {"transform": axis.get_yaxis_transform(), "va": "baseline", "in_layout": False}
    for k, line in enumerate(lines):
        axis.text(0, height + k * LINE + TEXT, line, color=colour, ha="left", **at)
    height += LINE * len(lines)
    axis.text(1, height - LINE + TEXT, numbers, ha="right", **at)
    return height


def _limits(rows: Sequence[Row], factor: float) -> tuple[float, float]:
    """Choose an axis from all rows whose method may lead, as an instrument would flatten everything else."""
    usual = [row for row in rows if row["usual"]] or list(rows)
    values = factor * np.array([row[name] for row in usual for name in ("estimate", "lower", "upper", "truth")], float)
    finite = values[np.isfinite(values)]
    low, high = float(np.min(finite, initial=0.0)), float(np.max(finite, initial=0.0))
    margin = 0.08 * (high - low) or 1.0
    return low - margin, high + margin


def _interval(axis: Axes, row: Row, height: float, factor: float, limits: tuple[float, float]) -> None:
    colour, marker = LEVELS[row["level"]]
    least, most = limits
    axis.axhspan(height - TRACK / 2, height + TRACK / 2, color=PALE, lw=0, zorder=0)
    low, value, high = (row[name] * factor for name in ("lower", "estimate", "upper"))
    if not np.isnan(low):
        axis.plot([max(low, least), min(high, most)], [height] * 2, color=colour, lw=1.8, solid_capstyle="butt")
    for end, beyond, arrow in ((least, min(low, value) < least, 8), (most, max(high, value) > most, 9)):
        if beyond:
            axis.plot(end, height, marker=arrow, color=colour, ms=7, clip_on=False)
    hollow = "white" if row["method"] == "crude" else colour
    axis.plot(value, height, marker, color=colour, markerfacecolor=hollow, ms=6, zorder=3)
    if not np.isnan(row["truth"]):
        axis.plot(row["truth"] * factor, height, zorder=4, **TRUTH)
