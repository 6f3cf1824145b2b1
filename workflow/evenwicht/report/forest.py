"""The forest plot of a cohort: everything that is compared by a column, in the same units."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from evenwicht.config import CohortConfig
from evenwicht.display.axes import BELOW, finish, heading, key, stacked
from evenwicht.display.intervals import USED, interval_panel
from evenwicht.display.labels import cause
from evenwicht.display.language import say
from evenwicht.display.picture import GREY, LEVELS, TRUTH, Picture, level_label, style
from evenwicht.display.section import Row, records, where
from evenwicht.results.questions import Effect
from evenwicht.results.rows import FAILED
from evenwicht.studies import showing
from evenwicht.studies.claiming import leads
from evenwicht.studies.claims import DIFFERENCES, leading


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
        if study.level not in LEVELS or not leads(study):
            continue  # a kind that claims nothing has figures of its own
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
            heights.append(interval_panel(axis, rows))
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


def _key(figure: Figure, levels: list[str], truth: bool) -> float:
    marks = [(Line2D([], [], color=LEVELS[level][0], marker=LEVELS[level][1]), level_label(level)) for level in levels]
    marks.append((Line2D([], [], color=GREY, marker="o", markerfacecolor="white"), say("Hollow: crude")))
    if truth:
        marks.append((Line2D([], [], **TRUTH), say("True value")))
    handles, labels = zip(*marks, strict=True)
    return key(figure, handles, labels)
