"""The forest plot of a cohort: everything that is compared by a column, in the same units."""

import textwrap
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evenwicht.config import CohortConfig
from evenwicht.display.picture import GREY, LEVELS, Picture, style
from evenwicht.display.section import Row, records, where
from evenwicht.display.wording import scale_of
from evenwicht.report.comparison import DIFFERENCES, leading, leads
from evenwicht.results.questions import Effect
from evenwicht.results.rows import FAILED
from evenwicht.studies import showing

WIDEST = 46  # letters of a line beside the axis
LINE = 0.6  # height of a further line of a label, where a row with one is 1


def forest_rows(estimates: pd.DataFrame, config: CohortConfig) -> dict[str, list[Row]]:
    """Return the rows of the forest by outcome, each with its `level` and `label`.

    Drawn is what a study compares by a column, which is what it asks an `Effect` of; windows of birth have tables of
    their own. The first comparison of a study is drawn by every method, others by the one that leads.
    """
    book, panels = config.codebook, dict[str, list[Row]]()
    also = {(lead.contrast.exposure, lead.contrast.reference) for lead in leads(config)[1]}
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
            exposed, _ = contrast.arms(book.columns)
            about = f"{book.columns[contrast.column].label}: {exposed}" if keys in also else exposed
            rows = where(drawn, study=name, exposure=keys[0], reference=keys[1])
            for outcome in question.outcomes:
                found = records(where(rows, outcome=outcome))
                if keys in also:
                    shown = leading(found)
                    found = [shown.row] if shown else []
                panels.setdefault(outcome, []).extend(
                    {**row, "level": study.level, "label": f"{about}, {showing.method_label(row['method'])}"}
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
    names = {outcome: [textwrap.wrap(row["label"], WIDEST) for row in rows] for outcome, rows in panels.items()}
    tall = {outcome: [1 + LINE * (len(text) - 1) for text in texts] for outcome, texts in names.items()}
    heights = [sum(rows) + 1.6 for rows in tall.values()]
    sentences = []
    with style():
        figure, axes = plt.subplots(
            len(panels),
            1,
            figsize=(7.4, 0.27 * sum(heights) + 0.5),
            height_ratios=heights,
            squeeze=False,
            layout="constrained",
        )
        for axis, (name, rows) in zip(axes[:, 0], panels.items(), strict=True):
            outcome = config.outcomes[name]
            scales = [scale_of(row) for row in rows]
            factor, shown_unit = scales[0].factor, scales[0].unit
            limit = _axis_limit(rows, factor)
            places = 0.5 - (np.cumsum(tall[name]) - np.array(tall[name]) / 2)
            for place, row, scale in zip(places, rows, scales, strict=True):
                _interval_line(axis, row, place, factor, limit)
                sentences.append(f"{outcome.label}, {row['label']}, {shown_unit}: {scale.with_interval(row)}.")
                shown = scale.with_interval({**row, "reason": ""})  # there is no room for it beside the axis
                beside: dict[str, Any] = {"xycoords": axis.get_yaxis_transform(), "textcoords": "offset points"}
                axis.annotate(shown, (1, place), (10, 0), va="center", fontsize=9, **beside)
            axis.axvline(0, color="black", lw=0.8)
            axis.set(
                title=outcome.label,
                xlabel=f"Difference, {shown_unit}" if shown_unit else "Difference",
                xlim=(-limit, limit),
                ylim=(0.4 - sum(tall[name]), 0.6),
                yticks=places,
                yticklabels=["\n".join(text) for text in names[name]],
            )
            axis.tick_params(axis="y", length=0, pad=9)
            axis.spines["left"].set_visible(False)
        every = [row for rows in panels.values() for row in rows]
        levels = [level for level in LEVELS if any(row["level"] == level for row in every)]
        _legend(figure, axes[0, 0], levels, any(not np.isnan(row["truth"]) for row in every))
    about = " and ".join(LEVELS[level][2].lower() for level in levels)
    return Picture(figure, f"Effects of {about}: {config.title}", " ".join(sentences))


def _axis_limit(rows: list[Row], factor: float) -> float:
    """Choose a symmetric axis from all rows whose method may lead, as an instrument would flatten everything else."""
    methods = showing.methods()
    usual = [row for row in rows if methods[row["method"]].leads] or rows
    values = np.array([row[name] for row in usual for name in ("estimate", "lower", "upper", "truth")], dtype=float)
    return float(1.15 * np.max(np.abs(values[np.isfinite(values)]) * factor, initial=0.0)) or 1.0


def _interval_line(axis: Axes, row: Any, height: float, factor: float, limit: float) -> None:
    colour, marker, _ = LEVELS[row["level"]]
    low, high = row["lower"] * factor, row["upper"] * factor
    if not np.isnan(low):
        axis.plot([max(low, -limit), min(high, limit)], [height] * 2, color=colour, lw=1.8, solid_capstyle="butt")
        for end, beyond, arrow in ((-limit, low < -limit, 0), (limit, high > limit, 1)):
            if beyond:
                axis.plot(end, height, marker=arrow + 8, color=colour, ms=7, clip_on=False)
    hollow = "white" if row["method"] == "crude" else colour
    axis.plot(row["estimate"] * factor, height, marker, color=colour, markerfacecolor=hollow, ms=6, zorder=3)
    if not np.isnan(row["truth"]):
        axis.plot(row["truth"] * factor, height, "D", color="black", markerfacecolor="none", ms=7, mew=1.2, zorder=4)


def _legend(figure: Figure, axis: Axes, levels: list[str], truth: bool) -> None:
    for level in levels:
        colour, marker, label = LEVELS[level]
        axis.plot([], [], marker, color=colour, label=label)
    axis.plot([], [], "o", color=GREY, markerfacecolor="white", label="Hollow: crude")
    if truth:
        axis.plot([], [], "D", color="black", markerfacecolor="none", ms=7, mew=1.2, label="True value")
    figure.legend(loc="outside upper left", ncols=4, frameon=False, fontsize=9)
