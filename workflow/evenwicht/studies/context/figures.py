"""Groups as dots, with the line along which their people differ and the one along which they differ themselves."""

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import Contrast
from evenwicht.display.axes import BELOW, finish, heading, key, numbered, round_ticks, stacked
from evenwicht.display.labels import Labels
from evenwicht.display.language import say
from evenwicht.display.picture import BLUE, GREY, ORANGE, Picture, style
from evenwicht.display.section import Found, Row, where
from evenwicht.studies.context import Settings
from evenwicht.studies.context.section import leading

HEIGHT = 190.0  # points of the panel


def figures(study: Settings, book: Codebook, found: Found) -> dict[str, Picture]:
    """Draw each exposure and outcome of which means by group are known."""
    drawn, points = {}, found.curve("groups")
    for place, contrast in enumerate(study.contrasts(book), start=1):
        for other, outcome in enumerate(study.outcomes, start=1):
            keys = {"outcome": outcome, "exposure": contrast.exposure, "reference": contrast.reference}
            dots = where(points, **keys)
            slopes = [leading(found, estimand, keys) for estimand in ("within_difference", "between_difference")]
            if len(dots) > 1 and all(row is not None and not np.isnan(row["estimate"]) for row in slopes):
                drawn[f"groups_{place}_{other}"] = groups_figure(dots, slopes, contrast, outcome, study, book)
    return drawn


def groups_figure(
    dots: pd.DataFrame, slopes: list[Row | None], contrast: Contrast, outcome: str, study: Settings, book: Codebook
) -> Picture:
    """Draw the means of groups; both lines go through the mean of all."""
    share = book.columns[contrast.column].type == "boolean"
    risk = slopes[0] is not None and book.outcomes[outcome].kind == "binary"
    up = 100.0 if risk else 1.0
    across = 100.0 if share else float(contrast.per) if isinstance(contrast.per, float) else 1.0
    x, y = across * dots["x"].to_numpy(float), up * dots["estimate"].to_numpy(float)
    size = dots["people"].to_numpy(float)
    centre = np.average(x, weights=size), np.average(y, weights=size)
    labels, column = Labels(book), book.columns[contrast.column]
    with style():
        figure, (axis,) = stacked(1)
        named = f"{labels.outcome(outcome)}, %" if risk else _with_unit(labels.outcome(outcome), book.unit(outcome))
        around = heading(axis, "", named) + BELOW
        axis.scatter(x, y, s=8 + 60 * size / size.max(), color=GREY, alpha=0.55, lw=0)
        ends = np.array([x.min(), centre[0], x.max()])
        for row, colour, dash in zip(slopes, (BLUE, ORANGE), ("-", "--"), strict=True):
            assert row is not None
            steep, low, high = (
                centre[1] + up * row[name] / across * (ends - centre[0]) for name in ("estimate", "lower", "upper")
            )
            if not np.isnan(row["lower"]):
                axis.fill_between(ends, low, high, color=colour, alpha=0.15, lw=0)
            axis.plot(ends, steep, dash, color=colour, lw=2)
        unit = "SD" if contrast.per == "sd" else column.unit
        counted = say("{column}, % of people in the group", column=column.label)
        axis.set_xlabel(counted if share else _with_unit(column.label, unit))
        for one, axes in ((x, axis.xaxis), (y, axis.yaxis)):
            numbered(axes, round_ticks(one.min(), one.max()))
        marks = [
            (Line2D([], [], color=GREY, marker="o", ls=""), say("A group; larger with more people")),
            (Line2D([], [], color=BLUE, lw=2), say("People of one group")),
            (Line2D([], [], color=ORANGE, lw=2, ls="--"), say("Groups")),
        ]
        handles, texts = zip(*marks, strict=True)
        finish(figure, [HEIGHT], around + key(figure, handles, texts))
    title = say("{outcome} by {column}", outcome=labels.outcome(outcome), column=column.label)
    group = book.columns[study.group].label
    alt = say(
        "Means of {count} groups ({group}), with the slopes within and between groups.", count=len(dots), group=group
    )
    return Picture(figure, title, alt)


def _with_unit(label: str, unit: str) -> str:
    return f"{label}, {unit}" if unit else label
