"""A ladder of adjustment as a picture: each step below the one before, with the truth where it is known."""

import numpy as np
from matplotlib.lines import Line2D

from evenwicht.base.codebook import Codebook
from evenwicht.display.axes import BELOW, finish, heading, key, stacked
from evenwicht.display.intervals import USED, interval_panel
from evenwicht.display.labels import Labels, cause
from evenwicht.display.language import say
from evenwicht.display.picture import BLUE, GREY, TRUTH, Picture, style
from evenwicht.display.section import Found, Row, chosen
from evenwicht.studies.claims import DIFFERENCES
from evenwicht.studies.ladder import CRUDE_STEP, Settings


def figures(study: Settings, book: Codebook, found: Found) -> dict[str, Picture]:
    """Draw each outcome on its own: exposures below each other, and their steps."""
    drawn = {}
    for place, outcome in enumerate(study.outcomes, start=1):
        rows = _rows(study, book, found, outcome)
        if any(not np.isnan(row["estimate"]) for row in rows):
            drawn[f"ladder_{place}"] = ladder_figure(rows, Labels(book).outcome(outcome))
    return drawn


def ladder_figure(rows: list[Row], outcome: str) -> Picture:
    """Draw the rows of one outcome, see `display.intervals.interval_panel`."""
    known = any(not np.isnan(row["truth"]) for row in rows)
    with style():
        figure, (axis,) = stacked(1)
        around = heading(axis, outcome, points=USED) + BELOW
        height = interval_panel(axis, rows)
        marks = [
            (Line2D([], [], color=GREY, marker="o", markerfacecolor="white"), say("Hollow: as people are")),
            (Line2D([], [], color=BLUE, marker="o"), say("Filled: adjusted")),
        ]
        marks += [(Line2D([], [], **TRUTH), say("True value"))] if known else []
        handles, labels = zip(*marks, strict=True)
        finish(figure, [height], around + key(figure, handles, labels))
    return Picture(figure, say("Step by step: {outcome}", outcome=outcome), _message(rows))


def _rows(study: Settings, book: Codebook, found: Found, outcome: str) -> list[Row]:
    steps = study.told_steps()
    return [
        {
            **row,
            "about": cause(contrast, book.columns),
            "by": steps[row["method"]],
            "level": "individual",
            "usual": row["method"] in steps,
            "method": "crude" if row["method"] == CRUDE_STEP else row["method"],
        }
        for contrast in study.contrasts(book)
        for row in chosen(
            found.estimate_rows,
            outcome=outcome,
            exposure=contrast.exposure,
            reference=contrast.reference,
            estimand=DIFFERENCES,
        )
        if row["method"] in steps
    ]


def _message(rows: list[Row]) -> str:
    """How many comparisons shrink from the first step to the last."""
    about = list(dict.fromkeys(row["about"] for row in rows))
    pairs = [[row for row in rows if row["about"] == one and not np.isnan(row["estimate"])] for one in about]
    smaller = sum(abs(pair[-1]["estimate"]) < abs(pair[0]["estimate"]) for pair in pairs if pair)
    return say(
        "From the first step to the last, {smaller} of {all} differences become smaller.",
        smaller=smaller,
        all=len(about),
    )
