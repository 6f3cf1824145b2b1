"""Survival curves of a study of exposures: crude above weighted, with the numbers at risk below."""

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import EventOutcome
from evenwicht.display.axes import (
    BELOW,
    Curve,
    at_risk,
    draw_curves,
    finish,
    heading,
    key,
    numbered,
    round_ticks,
    stacked,
    ticks_upto,
)
from evenwicht.display.labels import arms as arms_of
from evenwicht.display.labels import comparison
from evenwicht.display.language import say
from evenwicht.display.picture import BLUE, ORANGE, Picture, style, told
from evenwicht.display.section import Found, where
from evenwicht.display.wording import number
from evenwicht.studies.exposure import Settings
from evenwicht.studies.exposure.events import ARMS

METHODS = "crude", "ipw"
STYLES = (ORANGE, "-"), (BLUE, "--")
PANEL = 120.0  # points: height of a panel


def survival_figure(curves: pd.DataFrame, contrast: Contrast, book: Codebook) -> Picture:
    """Draw crude and weighted survival by exposure, with 95% bands and numbers at risk."""
    names, arms = list(dict.fromkeys(curves["outcome"])), arms_of(contrast, book.columns)
    heights, around = list[float](), 0.0
    with style():
        figure, axes = stacked(3 * len(names))
        for k, name in enumerate(names):
            panels = axes[3 * k : 3 * k + 3]
            samples, headings, risk = _outcome(panels, where(curves, outcome=name), _timed(book, name))
            heights += [PANEL, PANEL, risk]
            around += headings + 2 * BELOW
        finish(figure, heights, around + key(figure, samples, arms))
    clauses = [_message(where(curves, outcome=name, method="ipw"), arms, _timed(book, name)) for name in names]
    return Picture(
        figure, say("Survival by exposure: {contrast}", contrast=comparison(contrast, book.columns)), told(clauses)
    )


def _timed(book: Codebook, name: str) -> EventOutcome:
    outcome = book.outcomes[name]
    assert isinstance(outcome, EventOutcome)
    return outcome


def _outcome(panels: list[Axes], curves: pd.DataFrame, outcome: EventOutcome) -> tuple[list[Artist], float, float]:
    """Draw one outcome: two panels and the numbers at risk.

    Returns
    -------
    samples
        Of the lines, by arm.
    headings, risk
        Heights of the headings and of the numbers at risk, points.
    """
    floor = float(np.floor(20 * curves[["estimate", "lower"]].min().min()) * 5)
    ticks, headings = ticks_upto(outcome.horizon), 0.0
    titles = {
        "crude": say("{outcome}, crude", outcome=outcome.label),
        "ipw": say("{outcome}, weighted for confounders", outcome=outcome.label),
    }
    quantity = say("Without the event, %; the axis starts at {floor}", floor=number(floor, 0))
    for axis, method in zip(panels, METHODS, strict=False):
        drawn = _curves(where(curves, method=method))
        samples = draw_curves(axis, drawn)
        headings += heading(axis, titles[method], quantity)
        axis.set(xlim=(0, outcome.horizon), ylim=(floor, 100 + 0.01 * (100 - floor)))
        numbered(axis.xaxis, ticks)
        numbered(axis.yaxis, round_ticks(floor, 100))
    panels[1].set_xlabel(_clock(outcome))
    panels[2].set_xlim(0, outcome.horizon)
    return samples, headings, at_risk(panels[2], ticks, _curves(where(curves, method="crude")))


def _curves(lines: pd.DataFrame) -> list[Curve]:
    return [Curve(where(lines, arm=arm), *look) for arm, look in zip(ARMS, STYLES, strict=True)]


def _clock(outcome: EventOutcome) -> str:
    unit = {"years": say("years"), "months": say("months")}[outcome.unit]
    return say("Age, {unit}", unit=unit) if outcome.time == "age" else say("Time in follow-up, {unit}", unit=unit)


def _message(weighted: pd.DataFrame, arms: tuple[str, str], outcome: EventOutcome) -> str:
    exposed, unexposed = (100 * float(where(weighted, arm=arm)["estimate"].iloc[-1]) for arm in ARMS)
    return say(
        "{outcome}, weighted for confounders: free of it are {exposed}% ({with_it}) and {unexposed}% ({without})",
        outcome=outcome.label,
        exposed=number(exposed, 0),
        unexposed=number(unexposed, 0),
        with_it=arms[0],
        without=arms[1],
    )


def figures(study: Settings, book: Codebook, found: Found) -> dict[str, Picture]:
    """Draw survival by each exposure, with panels for each time to an event."""
    curves = found.curve("survival")
    drawn = {}
    for place, contrast in enumerate(study.contrasts(book), start=1):
        lines = where(curves, exposure=contrast.exposure, reference=contrast.reference)
        if len(lines):
            drawn[f"survival_{place}"] = survival_figure(lines, contrast, book)
    return drawn
