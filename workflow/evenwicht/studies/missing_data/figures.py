"""The same effects three ways, below each other, beside the truth."""

import numpy as np
from matplotlib.lines import Line2D

from evenwicht.base.codebook import Codebook
from evenwicht.display.axes import BELOW, finish, heading, key, stacked
from evenwicht.display.intervals import USED, interval_panel
from evenwicht.display.labels import Labels
from evenwicht.display.language import say
from evenwicht.display.picture import LEVELS, TRUTH, Picture, style, told
from evenwicht.display.section import Found, Row, records, where
from evenwicht.display.wording import scale_of
from evenwicht.studies.missing_data import IMPUTATION, Settings
from evenwicht.studies.missing_data.section import METHODS


def figures(study: Settings, book: Codebook, found: Found) -> dict[str, Picture]:
    """Draw the effects on each outcome, by each way to handle missing values."""
    labels = Labels(book, study.labels(book))
    rows = records(where(found.estimates, method=tuple(METHODS)))
    rows = [row for row in rows if not np.isnan(row["estimate"])]
    if not rows:
        return {}
    panels = {name: [_drawn(row, study, labels) for row in rows if row["outcome"] == name] for name in study.outcomes}
    panels = {name: drawn for name, drawn in panels.items() if drawn}
    with style():
        figure, axes = stacked(len(panels))
        heights, around = list[float](), 0.0
        for axis, (name, drawn) in zip(axes, panels.items(), strict=True):
            around += heading(axis, labels.outcome(name), points=USED) + BELOW
            heights.append(interval_panel(axis, drawn))
        colour, marker = LEVELS[study.level]
        marks = [(Line2D([], [], color=colour, marker=marker), say("Adjusted difference with 95% interval"))]
        if any(not np.isnan(row["truth"]) for row in rows):
            marks.append((Line2D([], [], **TRUTH), say("True value")))
        around += key(figure, *zip(*marks, strict=True))
        finish(figure, heights, around)
    title = say("Missing values handled three ways: {cohort}", cohort=book.title)
    clauses = [_clause(row, labels) for row in rows if row["method"] == IMPUTATION]
    return {"three_ways": Picture(figure, title, told(clauses or [title]))}


def _drawn(row: Row, study: Settings, labels: Labels) -> Row:
    about = labels.contrast(row["exposure"], row["reference"])
    return {**row, "about": about, "by": say(METHODS[row["method"]].label), "level": study.level, "usual": True}


def _clause(row: Row, labels: Labels) -> str:
    return say(
        "{outcome} by imputation: {effect}",
        outcome=labels.outcome(row["outcome"]),
        effect=scale_of(row).with_unit(row, sign=True),
    )
