"""The forest plot of a cohort: everything that is compared by a column, in the same units."""

from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from evenwicht.config import CohortConfig
from evenwicht.display.axes import BELOW, POINTS, finish, heading, key, numbered, round_ticks, stacked
from evenwicht.display.labels import cause, first_upper
from evenwicht.display.language import say
from evenwicht.display.lettering import LINE, TEXT, width_of, wrapped
from evenwicht.display.picture import GREY, LEVELS, PALE, TRUTH, Picture, level_label, style
from evenwicht.display.section import Row, records, where
from evenwicht.display.wording import scale_of
from evenwicht.results.questions import Effect
from evenwicht.results.rows import FAILED
from evenwicht.studies import showing
from evenwicht.studies.claiming import leads
from evenwicht.studies.claims import DIFFERENCES, leading

TRACK = 13.0  # points: height of the strip in which an interval lies
USED = POINTS - 24  # points that a label and the numbers beside it may take


def forest_rows(estimates: pd.DataFrame, config: CohortConfig) -> dict[str, list[Row]]:
    """Return the rows of the forest by outcome, each with its `level`, what it is `about`, its
    method in words, `by`, and whether that may lead, which is `usual`.

    Drawn is what a study compares by a column, which is what it asks an `Effect` of; windows of birth have tables of
    their own. The first comparison of a study is drawn by every method, others by the one that leads.
    """
    book, panels = config.codebook, dict[str, list[Row]]()
    firsts = [next(iter(study.exposures_shown(book)), None) for study in config.studies.values()]
    drawn = where(estimates, estimand=DIFFERENCES, subgroup="")
    drawn = drawn[drawn["method"] != FAILED]
    for name, study in config.studies.items():
        if study.level not in LEVELS:
            continue
        for question in study.asks(book):
            if not isinstance(question, Effect):
                continue
            contrast = question.contrast
            keys = (contrast.exposure, contrast.reference)
            about = cause(contrast, book.columns)
            rows = where(drawn, study=name, exposure=keys[0], reference=keys[1])
            for outcome in question.outcomes:
                found = records(where(rows, outcome=outcome))
                if contrast not in firsts:
                    shown = leading(found, leads(study))
                    found = [shown] if shown else []
                panels.setdefault(outcome, []).extend(
                    {
                        **row,
                        "level": study.level,
                        "about": about,
                        "by": showing.method_label(row["method"]),
                        "usual": row["method"] in leads(study),
                    }
                    for row in found
                )
    return {outcome: sorted(rows, key=_order) for outcome, rows in panels.items() if rows}


def _order(row: Row) -> int:
    return list(LEVELS).index(row["level"])


def forest_figure(estimates: pd.DataFrame, config: CohortConfig) -> Picture | None:
    """Draw effects of individuals and policies in the same units, one panel an outcome; None if there is none."""
    panels = forest_rows(estimates, config)
    if not panels:
        return None
    every = [row for rows in panels.values() for row in rows]
    levels = [level for level in LEVELS if any(row["level"] == level for row in every)]
    with style():
        figure, axes = stacked(len(panels))
        heights, around = list[float](), 0.0
        for axis, (name, rows) in zip(axes, panels.items(), strict=True):
            around += heading(axis, config.outcomes[name].label, points=USED) + BELOW
            heights.append(_panel(axis, rows))
        around += _key(figure, levels, any(not np.isnan(row["truth"]) for row in every))
        finish(figure, heights, around)
    outcomes = [config.outcomes[name].label for name in panels]
    return Picture(figure, _title(levels, config.title), _message(every, outcomes))


def _title(levels: list[str], cohort: str) -> str:
    return {
        ("individual", "policy"): say("Effects of individual exposure and policy: {cohort}", cohort=cohort),
        ("individual",): say("Effects of individual exposure: {cohort}", cohort=cohort),
        ("policy",): say("Effects of policy: {cohort}", cohort=cohort),
    }[tuple(levels)]


def _message(rows: list[Row], outcomes: list[str]) -> str:
    """How many true values lie in their intervals, or else what is drawn."""
    ranged, about = [row for row in rows if not np.isnan(row["lower"])], ", ".join(outcomes)
    known = [row for row in ranged if not np.isnan(row["truth"])]
    if not known:
        return say(
            "{ranged} of {rows} estimates have a 95% interval: {outcomes}.",
            ranged=len(ranged),
            rows=len(rows),
            outcomes=about,
        )
    held = sum(row["lower"] <= row["truth"] <= row["upper"] for row in known)
    return say(
        "{held} of {known} intervals of 95% hold the true value: {outcomes}.",
        held=held,
        known=len(known),
        outcomes=about,
    )


def _panel(axis: Axes, rows: list[Row]) -> float:
    """Draw the rows of an outcome, each a label above a strip with its interval; return the height, points."""
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


def _limits(rows: list[Row], factor: float) -> tuple[float, float]:
    """Choose an axis from all rows whose method may lead, as an instrument would flatten everything else."""
    usual = [row for row in rows if row["usual"]] or rows
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


def _key(figure: Figure, levels: list[str], truth: bool) -> float:
    marks = [(Line2D([], [], color=LEVELS[level][0], marker=LEVELS[level][1]), level_label(level)) for level in levels]
    marks.append((Line2D([], [], color=GREY, marker="o", markerfacecolor="white"), say("Hollow: crude")))
    if truth:
        marks.append((Line2D([], [], **TRUTH), say("True value")))
    handles, labels = zip(*marks, strict=True)
    return key(figure, handles, labels)
