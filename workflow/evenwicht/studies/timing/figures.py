"""The path over hypotheses about timing as a picture: what each step adds, beside what chance gives and the whole."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evenwicht.base.codebook import Codebook
from evenwicht.display.axes import BELOW, POINTS, finish, heading, key, numbered, round_ticks, stacked
from evenwicht.display.labels import Labels
from evenwicht.display.language import say
from evenwicht.display.lettering import LINE, TEXT, width_of, wrapped
from evenwicht.display.picture import BLUE, GREY, ORANGE, PALE, TRUTH, Picture, style, told
from evenwicht.display.section import Found, Row, records, where
from evenwicht.display.wording import number
from evenwicht.studies.timing import Settings

TRACK = 12.0  # points: height of the strip of a step
USED = POINTS - 24  # points that a label and the number beside it may take


def figures(study: Settings, book: Codebook, found: Found) -> dict[str, Picture]:
    """Draw the path of each outcome on its own."""
    labels, drawn = Labels(book, words=study.names(book)), {}
    for place, outcome in enumerate(study.outcomes, start=1):
        steps = where(found.curve("path"), outcome=outcome)
        if len(steps):
            truth = found.estimate(outcome=outcome, estimand="partial_r_squared")
            drawn[f"path_{place}"] = path_figure(steps, labels, outcome, truth)
    return drawn


def path_figure(steps: pd.DataFrame, labels: Labels, outcome: str, first: Row | None) -> Picture:
    """Draw what is explained after each step, as the study `timing` has it in its curve `path`.

    Parameters
    ----------
    steps
        Rows of the curve.
    labels, outcome
        Words for its keys, and the id of the outcome.
    first
        What the first choice explains, as an estimate row; its true value is drawn if it is known.
    """
    rows = records(steps)
    truth = np.nan if first is None else float(first["truth"])
    with style():
        figure, (axis,) = stacked(1)
        around = heading(axis, labels.outcome(outcome), points=USED) + BELOW
        height = _panel(axis, rows, labels, truth)
        marks: list[tuple[Any, str]] = [
            (Patch(color=BLUE), say("Explained so far")),
            (Line2D([], [], color=GREY, lw=1.4), say("All hypotheses together")),
            (Line2D([], [], color=ORANGE, lw=1.4, ls=(0, (2, 1.5))), say("Best of all by chance, in 95% at most")),
        ]
        marks += [] if np.isnan(truth) else [(Line2D([], [], **TRUTH), say("True value of the first"))]
        handles, texts = zip(*marks, strict=True)
        finish(figure, [height], around + key(figure, handles, texts))
    return Picture(figure, say("When it matters: {outcome}", outcome=labels.outcome(outcome)), _message(rows, labels))


def _panel(axis: Axes, rows: list[Row], labels: Labels, truth: float) -> float:
    """Draw each step as a label above a bar; return the height, points."""
    whole, by_chance = 100 * rows[0]["all_hypotheses"], 100 * rows[0]["by_chance"]
    height, before = 2.0, 0.0
    for row in rows:
        name = labels.contrast(row["hypothesis"], "")
        label = (
            f"{row['step']}. {name}" if row["enters"] else say("{step}. Leaves: {name}", step=row["step"], name=name)
        )
        explained = 100 * row["explained"]
        height = _write(axis, height, label, f"{number(explained, 1)}%")
        middle = height + TRACK / 2
        axis.barh(middle, whole, TRACK, color=PALE, lw=0, zorder=0)
        axis.barh(middle, explained, TRACK, color=BLUE, alpha=0.35, lw=0, zorder=1)
        axis.barh(middle, explained - before, TRACK, left=before, color=BLUE, lw=0, zorder=2)
        axis.vlines(whole, middle - TRACK / 2, middle + TRACK / 2, color=GREY, lw=1.4, zorder=3)
        if row["step"] == 1:
            low, high = middle - TRACK / 2 - 2, middle + TRACK / 2 + 4
            axis.vlines(by_chance, low, high, color=ORANGE, lw=1.6, ls=(0, (2, 1.5)), zorder=4)
            if not np.isnan(truth):
                axis.plot(100 * truth, middle, zorder=5, **TRUTH)
        before = explained
        height += TRACK + 8
    most = max(whole, by_chance, 0.0 if np.isnan(truth) else 100 * truth)
    axis.set(xlim=(0, 1.06 * most), ylim=(height, 0), yticks=[])
    axis.set_xlabel(say("Variance explained beyond covariates, %"))
    numbered(axis.xaxis, round_ticks(0, most, 5))
    axis.spines["left"].set_visible(False)
    return height


def _write(axis: Axes, height: float, label: str, value: str) -> float:
    """Write a label with a value at the right end of its last line; return where the text ends."""
    lines = wrapped(label, USED)
    if width_of(f"{lines[-1]}  {value}") > USED:
        lines.append("")
    at: dict[str, Any] = {"transform": axis.get_yaxis_transform(), "va": "baseline", "in_layout": False}
    for k, line in enumerate(lines):
        axis.text(0, height + k * LINE + TEXT, line, ha="left", **at)
    height += LINE * len(lines)
    axis.text(1, height - LINE + TEXT, value, ha="right", **at)
    return height + 2


def _message(rows: list[Row], labels: Labels) -> str:
    first = rows[0]
    slots = {
        "hypothesis": labels.contrast(first["hypothesis"], ""),
        "first": number(100 * first["explained"], 1),
        "whole": number(100 * first["all_hypotheses"], 1),
    }
    clauses = [
        say("Chosen first: {hypothesis}. It explains {first}% beyond covariates", **slots),
        say("all hypotheses together {whole}%", **slots),
    ]
    return told(clauses)
