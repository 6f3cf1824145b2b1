"""Both sides of the ledger on one axis, outcome by outcome."""

import numpy as np
from matplotlib.lines import Line2D

from evenwicht.base.codebook import Codebook
from evenwicht.display.axes import BELOW, finish, heading, key, stacked
from evenwicht.display.intervals import USED, interval_panel
from evenwicht.display.labels import Labels
from evenwicht.display.language import say
from evenwicht.display.picture import LEVELS, TRUTH, Picture, level_label, style
from evenwicht.display.section import Found, Row
from evenwicht.studies.ledger import Settings
from evenwicht.studies.ledger.section import changes_of


def figures(study: Settings, book: Codebook, found: Found) -> dict[str, Picture]:
    """Draw each outcome on its own."""
    drawn = {}
    for place, outcome in enumerate(study.outcomes, start=1):
        rows = [{**row, "usual": True} for row in changes_of(study, book, found, outcome)]
        if any(not np.isnan(row["estimate"]) for row in rows):
            drawn[f"ledger_{place}"] = ledger_figure(rows, Labels(book).outcome(outcome))
    return drawn


def ledger_figure(rows: list[Row], outcome: str) -> Picture:
    """Draw the changes of one outcome, see `display.intervals.interval_panel`."""
    known = any(not np.isnan(row["truth"]) for row in rows)
    with style():
        figure, (axis,) = stacked(1)
        around = heading(axis, outcome, points=USED) + BELOW
        height = interval_panel(axis, rows)
        marks = [
            (Line2D([], [], color=colour, marker=marker), level_label(level))
            for level, (colour, marker) in LEVELS.items()
            if any(row["level"] == level for row in rows)
        ]
        marks += [(Line2D([], [], **TRUTH), say("True value"))] if known else []
        handles, labels = zip(*marks, strict=True)
        finish(figure, [height], around + key(figure, handles, labels))
    return Picture(figure, say("Change over all: {outcome}", outcome=outcome), _message(rows))


def _message(rows: list[Row]) -> str:
    clear = [row for row in rows if row["lower"] > 0 or row["upper"] < 0]
    return say("Of {all} changes, {clear} are clear of no change.", all=len(rows), clear=len(clear))
