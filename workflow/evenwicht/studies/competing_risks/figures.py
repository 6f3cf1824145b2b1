"""Stacked incidence by exposure: who has got the event, and who has had the other first."""

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import EventOutcome
from evenwicht.display.axes import (
    BELOW,
    Curve,
    at_risk,
    finish,
    heading,
    key,
    numbered,
    round_ticks,
    stacked,
    ticks_upto,
)
from evenwicht.display.labels import arms as arms_of
from evenwicht.display.labels import comparison, first_upper
from evenwicht.display.language import say
from evenwicht.display.picture import BLUE, ORANGE, RULE, Picture, style, told
from evenwicht.display.section import Found, where
from evenwicht.display.wording import number
from evenwicht.studies.competing_risks import Settings
from evenwicht.studies.competing_risks.run import NET
from evenwicht.studies.competing_risks.section import competing_words

ARMS = ("exposed", "unexposed")
PANEL = 125.0  # points: height of a panel
AREAS = {"event": (BLUE, 0.55), "either": (ORANGE, 0.30)}  # colour and opacity, from the bottom upwards
LEFT_FREE = 1.15  # of the highest curve: where the axis ends


def incidence_figure(
    curves: pd.DataFrame, contrast: Contrast, outcome: EventOutcome, book: Codebook, other: str
) -> Picture:
    """Draw stacked incidence in both arms, weighted, with 95% bands and the numbers at risk."""
    names = arms_of(contrast, book.columns)
    top = _top(curves)
    heights, around = list[float](), BELOW
    with style():
        figure, axes = stacked(2 * len(ARMS))
        for k, arm in enumerate(ARMS):
            panel, below = axes[2 * k : 2 * k + 2]
            lines = {cause: where(curves, arm=arm, cause=cause) for cause in (*AREAS, NET)}
            samples = _stack(panel, lines)
            around += heading(panel, first_upper(names[k]), say("People, %") if k == 0 else "") + BELOW
            ticks = ticks_upto(outcome.horizon)
            panel.set(xlim=(0, outcome.horizon), ylim=(0, top))
            numbered(panel.xaxis, ticks)
            numbered(panel.yaxis, round_ticks(0, top))
            below.set_xlim(0, outcome.horizon)
            heights += [PANEL, at_risk(below, ticks, [Curve(lines["event"], BLUE, "-")])]
        axes[-2].set_xlabel(_clock(outcome))
        labels = [
            outcome.label,
            say("The other event first: {competing}", competing=other),
            say("The first if nobody had the other"),
        ]
        finish(figure, heights, around + key(figure, samples, labels))
    return Picture(figure, _title(contrast, outcome, book), told(_clauses(curves, names, outcome, other)))


def _top(curves: pd.DataFrame) -> float:
    """Where the upright axis ends, per cent: above every curve, and above its band unless that is far too wide."""
    highest = 100 * float(curves["estimate"].max())
    return min(100.0, max(LEFT_FREE * highest, min(100 * float(curves["upper"].max()), 1.8 * highest)))


def _stack(axis: Axes, lines: dict[str, pd.DataFrame]) -> list[Artist]:
    """Fill what each cause takes, with the band of each border; return the samples for the key."""
    floor = np.zeros(len(lines["event"]))
    samples: list[Artist] = []
    for cause, (colour, opacity) in AREAS.items():
        line = lines[cause]
        x, height = line["x"].to_numpy(), 100 * line["estimate"].to_numpy()
        axis.fill_between(x, floor, height, color=colour, alpha=opacity, lw=0)
        axis.plot(x, height, color=colour, lw=1.6)
        for limit in ("lower", "upper"):
            axis.plot(x, 100 * line[limit], color=colour, lw=0.8, ls=(0, (1, 1.5)))
        samples.append(Patch(facecolor=colour, alpha=opacity + 0.15))
        floor = height
    net = lines[NET]
    samples += axis.plot(net["x"], 100 * net["estimate"], "--", color="black", lw=1.3)
    axis.grid(axis="y", color=RULE, lw=0.7)
    axis.set_axisbelow(True)
    return samples


def _clock(outcome: EventOutcome) -> str:
    unit = {"years": say("years"), "months": say("months")}[outcome.unit]
    return say("Age, {unit}", unit=unit) if outcome.time == "age" else say("Time in follow-up, {unit}", unit=unit)


def _title(contrast: Contrast, outcome: EventOutcome, book: Codebook) -> str:
    return say(
        "{outcome} when something else can come first: {contrast}",
        outcome=outcome.label,
        contrast=comparison(contrast, book.columns),
    )


def _clauses(curves: pd.DataFrame, names: tuple[str, str], outcome: EventOutcome, other: str) -> list[str]:
    clauses = []
    for arm, name in zip(ARMS, names, strict=True):
        event, either = (
            100 * float(where(curves, arm=arm, cause=cause)["estimate"].iloc[-1]) for cause in ("event", "either")
        )
        clauses.append(
            say(
                "{outcome}, {arm}: {event}%; the other event ({competing}) first: {other}%",
                outcome=outcome.label,
                arm=name,
                event=number(event, 0),
                other=number(either - event, 0),
                competing=other,
            )
        )
    return clauses


def figures(study: Settings, book: Codebook, found: Found) -> dict[str, Picture]:
    """Draw stacked incidence by each exposure, a figure for each outcome."""
    curves, drawn = where(found.curve("incidence"), method="ipw"), dict[str, Picture]()
    for contrast in study.contrasts(book):
        for name in study.outcomes:
            lines = where(curves, exposure=contrast.exposure, reference=contrast.reference, outcome=name)
            outcome = book.outcomes[name]
            if len(lines) and isinstance(outcome, EventOutcome) and lines["estimate"].notna().any():
                place = len(drawn) + 1
                drawn[f"incidence_{place}"] = incidence_figure(
                    lines, contrast, outcome, book, competing_words(study, book)
                )
    return drawn
