"""What a change comes to by the discount rate and by age, and how often it is worth what it costs."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from evenwicht.base.codebook import Codebook
from evenwicht.display.axes import BELOW, finish, heading, key, numbered, round_ticks, stacked, ticks_upto
from evenwicht.display.labels import Labels
from evenwicht.display.language import say
from evenwicht.display.picture import BLUE, ORANGE, RULE, Picture, style, told
from evenwicht.display.section import Found, where
from evenwicht.display.wording import number, signed
from evenwicht.money.payers import BOTH
from evenwicht.studies.change_words import Side
from evenwicht.studies.money import Settings
from evenwicht.studies.money.section import NAMES, costed

MOST = 3  # changes that are drawn
HALF = 0.5
PANEL = 125.0  # points: height of a panel
LOOKS = dict(zip(BOTH, ((BLUE, "-"), (ORANGE, "--")), strict=True))


def figures(study: Settings, book: Codebook, found: Found) -> dict[str, Picture]:
    """Draw the changes with a known cost, levers as in studies that found a gain."""
    drawn = dict[str, Picture]()
    for side in [one for one in costed(study, book, found) if one.reference != "reversed"][:MOST]:
        by_rate, by_age, chosen = (
            where(found.curve(name), **side.keys) for name in ("value_by_rate", "value_by_age", "acceptability")
        )
        if len(chosen) or (study.worth and len(by_rate)):
            drawn[f"money_{len(drawn) + 1}"] = _figure(study, book, side, (by_rate, by_age, chosen))
    return drawn


def _figure(
    study: Settings, book: Codebook, side: Side, curves: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]
) -> Picture:
    by_rate, by_age, chosen = curves
    money = say("Million {money} over 100,000 births", money=study.money)
    panels = 2 * bool(study.worth) + bool(len(chosen))
    with style():
        figure, axes = stacked(panels)
        around, last = 0.0, axes[-1]
        if study.worth:
            samples = _columns(axes[0], by_rate)
            around += heading(axes[0], say("What is left, by the discount rate"), money) + BELOW
            numbered(axes[0].xaxis, ticks_upto(float(by_rate["x"].max())))
            axes[0].set_xlabel(say("Discount rate, % a year"))
            _columns(axes[1], by_age)
            around += heading(axes[1], say("What has come in by each age"), money) + BELOW
            numbered(axes[1].xaxis, round_ticks(float(by_age["x"].min()), float(by_age["x"].max()), 5))
            axes[1].set_xlabel(say("Age of those born, years"))
            around += key(figure, samples, [say(NAMES[column]) for column in BOTH])
        if len(chosen):
            assert study.bought is not None  # there is a curve of it
            last.plot(chosen["x"], 100 * chosen["estimate"], color=BLUE, lw=1.8)
            last.set(xlim=(0, chosen["x"].max()), ylim=(0, 100))
            numbered(last.xaxis, round_ticks(0, float(chosen["x"].max())))
            numbered(last.yaxis, [0, 25, 50, 75, 100])
            outcome = Labels(book).outcome(study.bought.outcome)
            title = say("How often it is worth its cost to the state: {outcome}", outcome=outcome)
            around += heading(last, title, say("Joint draws, %")) + BELOW
            last.set_xlabel(say("{money} that one unit may cost", money=study.money))
            last.grid(axis="y", color=RULE, lw=0.7)
        finish(figure, [PANEL] * panels, around)
    texts = _clauses(by_age) if study.worth else [_middle(chosen)]
    return Picture(figure, say("Money: {change}", change=side.told), told(texts))


def _middle(chosen: pd.DataFrame) -> str:
    """What one may cost for it to be worth that in half of all draws."""
    half = chosen[chosen["estimate"] >= HALF]
    if not len(half):
        return say("It is worth its cost in less than half of all draws, whatever one may cost up to there")
    return say(
        "It is worth its cost in half of all draws if one may cost {amount}", amount=number(half["x"].iloc[0], -2)
    )


def _columns(axis: Axes, curves: pd.DataFrame) -> list[Artist]:
    """Draw state and society with their 95% bands; return the samples of their lines."""
    samples: list[Artist] = []
    for column, (colour, dash) in LOOKS.items():
        line = where(curves, column=column)
        axis.fill_between(line["x"], line["lower"], line["upper"], color=colour, alpha=0.15, lw=0)
        samples += axis.plot(line["x"], line["estimate"], dash, color=colour, lw=1.8)
    axis.axhline(0, color="black", lw=1)
    axis.set_xlim(curves["x"].min(), curves["x"].max())
    low, high = axis.get_ylim()
    numbered(axis.yaxis, round_ticks(low, high))
    axis.grid(axis="y", color=RULE, lw=0.7)
    axis.set_axisbelow(True)
    return samples


def _clauses(by_age: pd.DataFrame) -> Sequence[str]:
    ends = {column: where(by_age, column=column)["estimate"].to_numpy() for column in BOTH}
    return [
        say(
            "{column}: lowest {low}, in the end {end} million",
            column=say(NAMES[column]),
            low=signed(float(np.min(values)), 0),
            end=signed(float(values[-1]), 0),
        )
        for column, values in ends.items()
    ]
