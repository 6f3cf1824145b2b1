"""Bars of people whose parts add up to all of them, each with its names above it and what does not fit below it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from evenwicht.display.axes import POINTS, key, numbered, round_ticks
from evenwicht.display.language import say
from evenwicht.display.lettering import LINE, TEXT, width_of, wrapped
from evenwicht.display.picture import BLUE, GREEN, GREY, ORANGE, WIDTH, style
from evenwicht.display.wording import number

Look = tuple[str, str]  # colour and hatch
PLAIN: Look = (BLUE, "")
# of other parts, in their order; the last is shared by further ones
LOOKS: list[Look] = [
    (ORANGE, "///"),
    ("#E69F00", "|||"),
    (GREEN, "\\\\\\"),
    ("#CC79A7", "xxx"),
    ("#56B4E9", "---"),
    ("#F0E442", "+++"),
    (GREY, "//"),
]
MOST = 12  # bars
MOST_LINES = 2  # of names before the rest is counted
USED = POINTS - 24  # points of a line of text
BAR, BETWEEN, BELOW = 15.0, 10.0, 40.0  # points


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes
    ----------
    names, about
        What it is about, in bold and in plain letters.
    beside
        What stands at the right of the names.
    parts
        People by part, in order.
    above, below
        Further texts above and below it.
    """

    names: Sequence[str]
    about: Sequence[str]
    beside: str
    parts: Mapping[str, int]
    above: Sequence[str] = ()
    below: Sequence[str] = ()


def people_bars(bars: Sequence[Bar], whole: str, others: Sequence[str], label: Callable[[str], str]) -> Figure:
    """Draw bars below each other on one axis of people.

    Parameters
    ----------
    bars
        At least one.
    whole
        The part that is drawn plain.
    others
        The other parts, in the order of the key.
    label
        What a part is called.
    """
    looks = {whole: PLAIN, **dict(zip(others, LOOKS, strict=False))}
    longest = max(sum(bar.parts.values()) for bar in bars)
    with style():
        figure, axis = plt.subplots(layout="constrained")
        height = 0.0
        for bar in bars:
            height = _write(axis, height, bar)
            height = _draw(axis, height, bar, longest, looks, label)
            height = _lines(axis, height, [line for text in bar.below for line in wrapped(text, USED)]) + BETWEEN
        axis.set(xlim=(0, longest), ylim=(height, 0), yticks=[])
        numbered(axis.xaxis, round_ticks(0, longest))
        axis.set_xlabel(say("People"))
        axis.spines["left"].set_visible(False)
        above = _key(figure, looks, label)
        figure.set_size_inches(WIDTH, (above + height + BELOW) / 72)
    return figure


def _listed(names: Sequence[str], room: float, *, bold: bool) -> list[str]:
    """As many names as stand on a few lines, and the number of the others."""
    for shown in range(len(names), 0, -1):
        text = "; ".join(names[:shown])
        if shown < len(names):
            text = say("{names}; and {count} more", names=text, count=number(len(names) - shown, 0))
        lines = wrapped(text, room, bold=bold)
        if len(lines) <= MOST_LINES or shown == 1:
            return lines
    return []


def _write(axis: Axes, height: float, bar: Bar) -> float:
    """Write what a bar is about; return where the text ends, points."""
    _text(axis, height, bar.beside, x=1, ha="right")
    lines = _listed(bar.names, USED - width_of(bar.beside) - TEXT, bold=True)
    height = _lines(axis, height, lines, weight="bold")
    lines = _listed(bar.about, USED, bold=False) + [line for text in bar.above for line in wrapped(text, USED)]
    return _lines(axis, height, lines) + 2


def _draw(
    axis: Axes, height: float, bar: Bar, longest: int, looks: Mapping[str, Look], label: Callable[[str], str]
) -> float:
    """Draw a bar with the numbers that fit, and the others below it; return where it ends, points."""
    middle, start, beside = height + BAR / 2, 0, []
    for part, people in bar.parts.items():
        colour, hatch = looks.get(part, LOOKS[-1])
        axis.barh(middle, people, BAR, left=start, color=colour, hatch=hatch, edgecolor="white", lw=0.8)
        shown = number(people, 0)
        if width_of(shown) + TEXT < USED * people / longest:
            box = {"facecolor": "white", "edgecolor": "none", "boxstyle": "square,pad=0.1"} if hatch else None
            ink = "black" if hatch else "white"
            axis.text(start + people / 2, middle, shown, ha="center", va="center_baseline", color=ink, bbox=box)
        else:
            beside.append(f"{label(part)}: {shown}")
        start += people
    return _lines(axis, height + BAR + 2, wrapped("; ".join(beside), USED) if beside else [])


def _lines(axis: Axes, height: float, lines: Sequence[str], **how: Any) -> float:
    """Write lines of text below each other; return where they end, points."""
    for line in lines:
        _text(axis, height, line, **how)
        height += LINE
    return height


def _text(axis: Axes, top: float, line: str, *, x: float = 0, **how: Any) -> None:
    """Write a line of text below a height, at a part of the width."""
    place: dict[str, Any] = {"transform": axis.get_yaxis_transform(), "va": "baseline", "in_layout": False}
    axis.text(x, top + TEXT, line, **place, **how)


def _key(figure: Figure, looks: Mapping[str, Look], label: Callable[[str], str]) -> float:
    """Say what each part of a bar means; return the height, points."""
    patches = [Patch(facecolor=colour, hatch=hatch, edgecolor="white") for colour, hatch in looks.values()]
    return key(figure, patches, [label(part) for part in looks])
