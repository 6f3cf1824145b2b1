"""Figures of the worlds: the causal graph of each, and who took part at each wave."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray
from statsmodels.stats.proportion import proportion_confint

from evenwicht.base.codebook import Codebook
from evenwicht.display.axes import BELOW, POINTS, finish, key, numbered, row_places, stacked
from evenwicht.display.labels import Labels, first_upper
from evenwicht.display.language import say
from evenwicht.display.lettering import LINE, wrapped
from evenwicht.display.picture import BLUE, GREEN, GREY, ORANGE, PALE, RULE, WIDTH, Picture, style
from evenwicht.display.wording import number

Graph = dict[str, list[str]]
COLOURS = BLUE, ORANGE, GREEN, "#3d3d3d"
EDGE, LANE, BEND = 8.0, 9.5, 4.0  # points: left edge, from lane to lane, and where a cause turns into its lane
GAP = 10.0  # points between variables
LEAVES = 5.5  # points below the middle of a variable at which its own line leaves


def graph_figure(graph: Graph, book: Codebook) -> Picture:
    """Draw the causal graph of a world, a row for every variable, causes above what they cause.

    From a cause a line runs down a lane of its own; a dot marks every variable that it acts on. A graph with dozens of
    arrows can be followed in this form, on a narrow screen too.
    """
    order = _order(graph)
    lanes, named = _lanes(graph, order), Labels(book)
    left = EDGE + LANE * (1 + max(lanes.values(), default=0)) + 14
    texts = {name: wrapped(first_upper(named.outcome(name)), POINTS - left - 16) for name in order}
    hint = wrapped(
        say("Lines run down from causes; dots mark what they act on. White boxes have no cause in this model."),
        POINTS - 2 * EDGE,
    )
    top = LINE * len(hint) + 8
    tops = top + np.cumsum([0.0, *(LINE * len(texts[name]) + GAP for name in order)])
    middle = {name: float(at + (LINE * len(texts[name]) + GAP) / 2) for name, at in zip(order, tops, strict=False)}
    place = {name: left - 14 - LANE * (1 + lane) + LANE / 2 for name, lane in lanes.items()}
    colour = {name: COLOURS[lane % len(COLOURS)] for name, lane in lanes.items()}
    with style():
        figure = plt.figure(figsize=(WIDTH, float(tops[-1] + 2) / 72))
        axis = figure.add_axes((0, 0, 1, 1), xlim=(0, POINTS), ylim=(float(tops[-1] + 2), 0))
        axis.axis("off")
        axis.text(EDGE, 4, "\n".join(hint), va="top", color=GREY, linespacing=1.25)
        for name, causes in graph.items():
            _variable(axis, texts[name], (left, middle[name]), caused=bool(causes))
            if causes:
                _arrow(axis, min(place[cause] for cause in causes), left, middle[name])
        for name in lanes:
            ends = [middle[effect] for effect, causes in graph.items() if name in causes]
            _line(axis, (left, middle[name] + LEAVES), (place[name], max(ends)), colour[name])
            axis.plot([place[name]] * len(ends), ends, "o", color=colour[name], ms=5, zorder=4)
    return Picture(figure, say("Causal graph: {world}", world=book.title), _graph_message(graph, named))


def _order(graph: Graph) -> list[str]:
    """Variables in causal order; what has no cause stands just above the first that it acts on, or else last."""
    order: list[str] = []
    for name, causes in graph.items():  # a model lists causes before effects
        if causes:
            order += [*(cause for cause in causes if cause not in order), name]
    return order + [name for name in graph if name not in order]


def _lanes(graph: Graph, order: list[str]) -> dict[str, int]:
    """A lane for every cause, counted from the variables leftwards; short lines get the near ones."""
    at = {name: k for k, name in enumerate(order)}
    spans = {
        name: (at[name], max(at[effect] for effect, causes in graph.items() if name in causes))
        for name in order
        if any(name in causes for causes in graph.values())
    }
    taken: list[list[tuple[int, int]]] = []
    lanes: dict[str, int] = {}
    for name in sorted(spans, key=lambda name: spans[name][1] - spans[name][0]):
        start, end = spans[name]
        free = (k for k, lane in enumerate(taken) if all(end < first or last < start for first, last in lane))
        lanes[name] = next(free, len(taken))
        if lanes[name] == len(taken):
            taken.append([])
        taken[lanes[name]].append(spans[name])
    return lanes


def _variable(axis: Axes, text: list[str], place: tuple[float, float], *, caused: bool) -> None:
    box = {"boxstyle": "round,pad=0.25", "facecolor": PALE if caused else "white", "edgecolor": GREY, "linewidth": 0.7}
    x, y = place
    axis.text(x + 4, y, "\n".join(text), va="center", linespacing=1.25, bbox=box, zorder=5)


def _arrow(axis: Axes, start: float, end: float, y: float) -> None:
    """The line on which causes enter a variable."""
    axis.plot([start, end], [y, y], color=GREY, lw=0.8, zorder=2)
    axis.plot(end - 2, y, ">", color=GREY, ms=4.5, zorder=3)


def _line(axis: Axes, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
    """A line that leaves a variable, turns into its lane and runs down to the last variable that it acts on."""
    (left, y), (x, last) = start, end
    points = [(left, y), (x + BEND, y), (x, y), (x, y + BEND), (x, last)]
    codes = [Path.MOVETO, Path.LINETO, Path.CURVE3, Path.CURVE3, Path.LINETO]
    axis.add_patch(PathPatch(Path(points, codes), facecolor="none", edgecolor=colour, linewidth=1.4, zorder=3))


def _graph_message(graph: Graph, named: Labels) -> str:
    effects = {name: sum(name in causes for causes in graph.values()) for name in graph}
    most = max(effects, key=effects.__getitem__)
    return say(
        "{variables} variables, {arrows} direct effects of one on another; {cause} has the most, {effects}.",
        variables=len(graph),
        arrows=sum(effects.values()),
        cause=named.outcome(most),
        effects=effects[most],
    )


def attrition_figure(waves: pd.DataFrame, book: Codebook) -> Picture:
    """Draw the share assessed at each wave of a cohort with 95% Wilson intervals, and published shares beside.

    Parameters
    ----------
    waves
        The rows of the cohort in the attrition table.
    book
        What the cohort and its waves are called.
    """
    share = waves["percent_assessed"].to_numpy(float)
    names = [_wave(wave, age, book) for wave, age in zip(waves["wave"], waves["age"], strict=True)]
    assessed, due = (waves[name].to_numpy(float, na_value=np.nan) for name in ("assessed", "due"))
    limits = np.vstack([100 * np.asarray(limit) for limit in proportion_confint(assessed, due, method="wilson")])
    with style():
        figure, (axis,) = stacked(1)
        places, height = row_places(axis, names)
        axis.hlines(places, 0, 100, color=RULE, lw=0.8, zorder=0)
        axis.errorbar(
            share,
            places,
            xerr=np.abs(limits - share),
            fmt="o",
            ms=5,
            color=BLUE,
            label=say("This cohort, 95% interval"),
        )
        if waves["published_percent"].notna().any():
            axis.plot(
                waves["published_percent"], places, "x", color=ORANGE, ms=7, mew=1.6, label=say("Published"), zorder=3
            )
        for place, value in zip(places, share, strict=True):
            axis.text(105, place, say("{share}%", share=number(value, 1)), va="center_baseline")
        axis.set(xlim=(0, 101.5), xlabel=say("Assessed, % of those due"))
        numbered(axis.xaxis, [0, 25, 50, 75, 100])
        around = key(figure, *axis.get_legend_handles_labels()) + BELOW
        finish(figure, [height], around)
    return Picture(figure, say("Who took part at each wave: {cohort}", cohort=book.title), _waves_message(names, share))


def _waves_message(names: list[str], share: NDArray[np.float64]) -> str:
    least = int(share.argmin())
    if len(names) == 1:
        return say("Assessed of those due: {share}% ({wave}).", share=number(share[0], 0), wave=names[0])
    return say(
        "Assessed of those due: {first}% at the first wave, {last}% at the last, {least}% at the lowest ({wave}).",
        first=number(share[0], 0),
        last=number(share[-1], 0),
        least=number(share[least], 0),
        wave=names[least],
    )


def _wave(wave: str, age: float, book: Codebook) -> str:
    """What a wave is called, which may be no more than the age at which people were seen."""
    return say("Age {age}", age=wave) if wave == f"{age:g}" else first_upper(Labels(book).outcome(wave))
