"""Both sides of the ledger on one axis, outcome by outcome."""

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from evenwicht.base.codebook import Codebook
from evenwicht.display.axes import BELOW, finish, heading, key, numbered, round_ticks, stacked
from evenwicht.display.intervals import USED, interval_panel
from evenwicht.display.labels import Labels
from evenwicht.display.language import say
from evenwicht.display.picture import BLUE, GREY, LEVELS, ORANGE, TRUTH, Picture, level_label, style
from evenwicht.display.section import Found, Row, where
from evenwicht.display.wording import number
from evenwicht.studies.ledger import Settings
from evenwicht.studies.ledger.told import changes_of

BENEFICIAL = "beneficial"
PANEL = 165.0  # points: height of a panel


def figures(study: Settings, book: Codebook, found: Found) -> dict[str, Picture]:
    """Draw each outcome on its own."""
    drawn = {}
    for place, outcome in enumerate(study.outcomes, start=1):
        rows = [{**row, "usual": True} for row in changes_of(study, book, found, outcome)]
        if any(not np.isnan(row["estimate"]) for row in rows):
            drawn[f"ledger_{place}"] = ledger_figure(rows, Labels(book).outcome(outcome))
        if study.high_risk is not None and (picture := _rose(study, study.high_risk.name, book, found, outcome)):
            drawn[f"rose_{place}"] = picture
    return drawn


def _rose(study: Settings, programme: str, book: Codebook, found: Found, outcome: str) -> Picture | None:
    keys = {"outcome": outcome, "exposure": programme, "reference": BENEFICIAL, "subgroup": ""}
    shift, ceiling = (where(found.curve(name), **keys) for name in ("averted_by_shift", "ceiling"))
    averted, share = (found.estimate(estimand=name, **keys) for name in ("change_in_cases", "fraction_over_all"))
    area = found.diagnostic(statistic="auc_of_risk", **keys)
    if averted is None or share is None or area is None or np.isnan(averted["lower"]) or not len(shift):
        return None
    return rose_figure(shift, ceiling, averted, share, float(area["value"]), Labels(book).outcome(outcome))


def rose_figure(
    shift: pd.DataFrame, ceiling: pd.DataFrame, averted: Row, share: Row, area: float, outcome: str
) -> Picture:
    """Draw what a shift of everybody averts beside a programme for a few, and the most that any score would allow.

    Parameters
    ----------
    shift, ceiling
        Curves, with columns x and estimate, and limits of the first.
    averted, share
        Rows of the programme: its change in cases, below zero if it averts some, and the share of all cases averted.
    area
        Area under the ROC curve of the predicted risk.
    """
    ends, few = (shift["x"].min(), shift["x"].max()), -averted["estimate"]
    with style():
        figure, (left, right) = stacked(2)
        left.fill_between(shift["x"], shift["lower"], shift["upper"], color=BLUE, alpha=0.2, lw=0)
        (line,) = left.plot(shift["x"], shift["estimate"], color=BLUE, lw=1.8)
        left.fill_between(ends, -averted["upper"], -averted["lower"], color=ORANGE, alpha=0.2, lw=0)
        (level,) = left.plot(ends, [few, few], color=ORANGE, lw=1.8, ls="--")
        left.set(xlim=ends, ylim=(0, None))
        numbered(left.xaxis, round_ticks(*ends))
        numbered(left.yaxis, round_ticks(0, left.get_ylim()[1]))
        left.set_xlabel(say("Everybody's risk lower by, SD of predicted risk"))
        around = heading(left, outcome, say("Cases averted per 100,000")) + BELOW
        right.plot(ceiling["x"], 100 * ceiling["estimate"], color=GREY, lw=1.8)
        (point,) = right.plot([area], [100 * share["estimate"]], color=ORANGE, marker="o", ls="")
        limits = [[100 * (share["estimate"] - share["lower"])], [100 * (share["upper"] - share["estimate"])]]
        right.errorbar([area], [100 * share["estimate"]], limits, color=ORANGE, lw=1.2)
        right.set(xlim=(0.5, 1), ylim=(0, None))
        numbered(right.xaxis, [0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
        numbered(right.yaxis, round_ticks(0, right.get_ylim()[1]))
        right.set_xlabel(say("Area under the ROC curve of a score"))
        around += heading(right, "", say("The programme averts at most, % of all cases")) + BELOW
        marks = [line, level, point, Line2D([], [], color=GREY)]
        labels = [
            say("A shift of everybody"),
            say("A programme for those at the highest risk"),
            say("The same programme, with this score"),
            say("With other scores, if they are normal"),
        ]
        finish(figure, [PANEL, PANEL], around + key(figure, marks, labels))
    title = say("For a few, or for all: {outcome}", outcome=outcome)
    message = say(
        "The programme averts {few} cases per 100,000 people. A shift of everybody by {most} SD averts {all}.",
        few=number(few, 0),
        most=number(float(ends[1]), 1),
        all=number(float(shift["estimate"].iloc[-1]), 0),
    )
    return Picture(figure, title, message)


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
