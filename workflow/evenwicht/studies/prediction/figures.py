"""Figures of a prediction: ROC curves, calibration by tenths of risk, and net benefit, all of people not seen."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from evenwicht.base.codebook import Codebook
from evenwicht.display.axes import BELOW, finish, heading, key, numbered, round_ticks, stacked
from evenwicht.display.labels import first_upper
from evenwicht.display.language import say
from evenwicht.display.picture import BLUE, GREEN, GREY, ORANGE, RULE, Picture, style, told
from evenwicht.display.section import Found, where
from evenwicht.display.wording import Scale, number
from evenwicht.studies.prediction import COVARIATES, ELSE, Settings

LOOKS: tuple[tuple[str, Any], ...] = (
    (GREY, ":"),
    (ORANGE, "--"),
    (GREEN, "-."),
    ("#CC79A7", (0, (5, 1, 1, 1, 1, 1))),
)
FULLEST: tuple[str, Any] = (BLUE, "-")
SQUARE, PANEL = 250.0, 165.0  # points: height of a panel


def figures(study: Settings, book: Codebook, found: Found) -> dict[str, Picture]:
    """Draw each outcome that is yes or no."""
    drawn: dict[str, Picture] = {}
    for place, outcome in enumerate(study.outcomes, start=1):
        curves = {name: where(found.curve(name), outcome=outcome) for name in ("roc", "calibration", "net_benefit")}
        if all(len(curve) for curve in curves.values()):
            label = first_upper(book.outcomes[outcome].label)
            shown = _shown(study, book, curves["roc"])
            areas = {
                model: Scale(1.0, "", 2).with_interval(row)
                for model in shown
                if (row := found.estimate(outcome=outcome, exposure=model, reference=ELSE, estimand="auc"))
            }
            drawn[f"roc_{place}"] = roc_figure(curves["roc"], shown, areas, label)
            fullest = list(shown)[-1]
            drawn[f"calibration_{place}"] = calibration_figure(
                where(curves["calibration"], exposure=fullest), shown[fullest], label
            )
            drawn[f"net_benefit_{place}"] = net_benefit_figure(curves["net_benefit"], shown, label)
    return drawn


def _shown(study: Settings, book: Codebook, curves: pd.DataFrame) -> dict[str, str]:
    """The models that are drawn, with their names: the covariates, scores alone, and last all that is known."""
    names, present = study.model_names(book), set(curves["exposure"])
    fullest = [model.key for model in study.models(book) if model.key in present][-1]
    chosen = [COVARIATES, *study.scores][: len(LOOKS)]
    shown = [model for model in chosen if model in present and model != fullest]
    return {model: names[model] for model in [*shown, fullest]}


def _look(place: int, count: int) -> tuple[str, Any]:
    return FULLEST if place == count - 1 else LOOKS[place]


def roc_figure(curves: pd.DataFrame, shown: dict[str, str], areas: dict[str, str], outcome: str) -> Picture:
    """Draw how many who come to the outcome are found, for how many who do not that are flagged too."""
    with style():
        figure, (axis,) = stacked(1)
        axis.plot([0, 100], [0, 100], color=GREY, lw=0.8)
        handles = []
        for place, model in enumerate(shown):
            line, (colour, dash) = where(curves, exposure=model), _look(place, len(shown))
            handles += axis.plot(100 * line["x"], 100 * line["estimate"], ls=dash, color=colour, lw=1.8)
        axis.set(xlim=(0, 100), ylim=(0, 100))
        _percent_axes(axis)
        axis.set_xlabel(say("Flagged, of those who stay free of it, %"))
        around = heading(axis, outcome, say("Flagged, of those who come to it, %")) + BELOW
        handles.append(Line2D([], [], color=GREY, lw=0.8))
        labels = [say("{model}: AUC {area}", model=name, area=areas[model]) for model, name in shown.items()]
        finish(figure, [SQUARE], around + key(figure, handles, [*labels, say("A coin")]))
    clauses = [
        say("{model}: area under the curve {area}", model=name, area=areas[model])
        for model, name in reversed(shown.items())
    ]
    return Picture(figure, say("ROC curves: {outcome}", outcome=outcome), told(clauses))


def calibration_figure(points: pd.DataFrame, model: str, outcome: str) -> Picture:
    """Draw observed against predicted risk, in tenths of the people by predicted risk."""
    top = 100 * min(1.0, 1.08 * float(np.nanmax(points[["x", "estimate", "upper"]].to_numpy())))
    with style():
        figure, (axis,) = stacked(1)
        axis.plot([0, top], [0, top], color=GREY, lw=0.8)
        known = points[points["lower"].notna()]
        axis.vlines(100 * known["x"], 100 * known["lower"], 100 * known["upper"], color=BLUE, lw=1.2)
        axis.plot(100 * points["x"], 100 * points["estimate"], "o", color=BLUE, ms=5)
        axis.set(xlim=(0, top), ylim=(0, top))
        for side in (axis.xaxis, axis.yaxis):
            numbered(side, round_ticks(0, top))
        _grid(axis)
        axis.set_xlabel(say("Predicted risk, %"))
        around = heading(axis, outcome, say("Come to it, % (95% intervals)")) + BELOW
        marks = [Line2D([], [], color=BLUE, marker="o", ls=""), Line2D([], [], color=GREY, lw=0.8)]
        above = key(figure, marks, [say("A tenth of the people: {model}", model=model), say("Predictions come true")])
        finish(figure, [SQUARE], around + above)
    last = points.iloc[-1]
    text = say(
        "In the tenth at highest risk {predicted}% were predicted to come to it, and {observed}% did",
        predicted=number(100 * last["x"], 0),
        observed=number(100 * last["estimate"], 0),
    )
    return Picture(figure, say("Predicted and observed risk: {outcome}", outcome=outcome), told([text]))


def net_benefit_figure(curves: pd.DataFrame, shown: dict[str, str], outcome: str) -> Picture:
    """Draw net benefit by threshold of risk, beside flagging everybody and nobody."""
    fullest = where(curves, exposure=list(shown)[-1])
    top = 1000 * max(float(fullest["estimate"].max()), float(fullest["everybody"].max()))
    with style():
        figure, (axis,) = stacked(1)
        handles = []
        for place, model in enumerate(shown):
            line, (colour, dash) = where(curves, exposure=model), _look(place, len(shown))
            handles += axis.plot(100 * line["x"], 1000 * line["estimate"], ls=dash, color=colour, lw=1.8)
        handles += axis.plot(100 * fullest["x"], 1000 * fullest["everybody"], color="black", lw=0.9)
        handles.append(axis.axhline(0, color=RULE, lw=1.4))
        end = 100 * float(fullest["x"].max())
        axis.set(xlim=(0, end), ylim=(-0.12 * top, 1.05 * top))
        numbered(axis.xaxis, round_ticks(0, end))
        numbered(axis.yaxis, round_ticks(-0.12 * top, 1.05 * top))
        axis.set_xlabel(say("Risk from which a child is flagged, %"))
        around = heading(axis, outcome, say("Net benefit, per 1,000 children")) + BELOW
        labels = [*shown.values(), say("Flag everybody"), say("Flag nobody")]
        finish(figure, [PANEL], around + key(figure, handles, labels))
    best = (fullest["estimate"] - np.maximum(fullest["everybody"], 0.0)).max()
    text = say(
        "Over flagging everybody or nobody, all that is known gains at most {gain} of 1,000 children",
        gain=number(1000 * float(best), 0),
    )
    return Picture(figure, say("Net benefit of flagging: {outcome}", outcome=outcome), told([text]))


def _percent_axes(axis: Axes) -> None:
    for side in (axis.xaxis, axis.yaxis):
        numbered(side, [0, 25, 50, 75, 100])
    _grid(axis)


def _grid(axis: Axes) -> None:
    axis.grid(color=RULE, lw=0.7)
    axis.set_axisbelow(True)
