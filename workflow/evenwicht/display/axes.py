"""Parts of figures: headings, keys, and numbers on axes, which never collide and are large enough for a telephone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from evenwicht.display.labels import first_upper
from evenwicht.display.language import localised, say
from evenwicht.display.lettering import LINE, TEXT, width_of, wrapped
from evenwicht.display.picture import GREY, RULE, WIDTH
from evenwicht.display.wording import MOST_DECIMALS, number

if TYPE_CHECKING:
    import pandas as pd

POINTS = 72 * WIDTH  # width of a figure
BESIDE = 118.0  # most points of a label left of an axis
PLOT = POINTS - 75  # width of the axes of a curve, about
BELOW = 36.0  # points of the numbers and the name below an axis
ROUND = (1, 1.5, 2, 2.5, 3, 4, 5, 6)  # steps that are read easily, times any power of ten
HANDLE = 2.0 * TEXT  # length of the sample of a line in a key


@dataclass(frozen=True)
class Curve:
    """A curve of shares by age or time.

    Attributes
    ----------
    points
        Columns x, estimate, lower, upper, at_risk.
    colour, dash
        How its line is drawn.
    """

    points: "pd.DataFrame"
    colour: str
    dash: str


def stacked(panels: int) -> tuple[Figure, list[Axes]]:
    """A figure of panels below each other."""
    figure, axes = plt.subplots(panels, 1, squeeze=False, layout="constrained")
    figure.get_layout_engine().set(w_pad=5 / 72, h_pad=6 / 72)  # type: ignore[union-attr, call-arg]
    return figure, list(axes[:, 0])


def finish(figure: Figure, panels: Sequence[float], around: float) -> None:
    """Give the panels their heights, and the figure what they and all around them take, points."""
    figure.axes[0].get_gridspec().set_height_ratios(panels)  # type: ignore[union-attr]
    figure.set_size_inches(WIDTH, (sum(panels) + around + 12 * len(panels)) / 72)


def heading(axis: Axes, title: str, quantity: str = "", *, points: float = POINTS - 50) -> float:
    """Write a title above an axis, and below it what the upright axis counts; return the height of both, points."""
    above = wrapped(title, points, bold=True) if title else []
    below = wrapped(quantity, points) if quantity else []
    axis.set_title("\n".join(above), pad=7 + LINE * len(below), linespacing=1.25)
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "linespacing": 1.25}
    if below:
        axis.annotate("\n".join(below), (0, 1), (0, 5), va="bottom", ha="left", **place)
    return LINE * (len(above) + len(below)) + 7


def key(figure: Figure, handles: Sequence[Artist], labels: Sequence[str]) -> float:
    """Say above the figure what each mark means, in as many columns as fit; return the height, points."""
    texts = ["\n".join(wrapped(first_upper(label), POINTS - HANDLE - 3 * TEXT)) for label in labels]
    widths = [HANDLE + 2.2 * TEXT + max(map(width_of, text.split("\n"))) for text in texts]
    columns = next(n for n in range(len(texts), 0, -1) if n == 1 or _spread(widths, n) < POINTS)
    figure.legend(
        handles,
        texts,
        loc="outside upper left",
        ncols=columns,
        frameon=False,
        handlelength=HANDLE / TEXT,
        handletextpad=0.7,
        columnspacing=1.2,
        borderpad=0.1,
        labelspacing=0.25,
    )
    tall = np.array([1 + text.count("\n") for text in texts])
    return LINE * float(max(part.sum() for part in np.array_split(tall, columns))) + 8


def _spread(widths: Sequence[float], columns: int) -> float:
    """Width of a key, whose columns are filled one after the other and differ by at most one entry."""
    parts = np.array_split(np.asarray(widths), columns)
    return float(sum(part.max(initial=0.0) for part in parts))


def numbered(axis: Axis, ticks: Sequence[float] | NDArray[np.float64]) -> None:
    """Write these numbers along an axis, all with the same decimals, in the language of the moment."""
    digits = next(d for d in range(MOST_DECIMALS + 1) if d == MOST_DECIMALS or np.allclose(np.round(ticks, d), ticks))
    axis.set_ticks(list(ticks), [number(float(tick), digits) for tick in ticks])


def round_ticks(low: float, high: float, most: int = 4) -> NDArray[np.float64]:
    """Round numbers within limits, about so many."""
    ticks = np.asarray(MaxNLocator(most, steps=[1, 2, 2.5, 3, 5, 10]).tick_values(low, high), dtype=float)
    return ticks[(ticks >= low) & (ticks <= high)]


def ticks_upto(end: float) -> NDArray[np.float64]:
    """Round numbers from 0 up to an end that closes the axis, evenly spaced if a few round steps lead there."""
    for parts in (4, 3, 5):
        if np.isclose(float(f"{end / parts:e}".partition("e")[0]), ROUND).any():
            return np.linspace(0, end, parts + 1)
    ticks = round_ticks(0, end)
    return np.append(ticks[ticks <= 0.87 * end], end)


def at_risk(axis: Axes, ticks: Sequence[float] | NDArray[np.float64], curves: Sequence[Curve]) -> float:
    """Write how many are at risk below these ticks, each line beside a sample of its curve; return the height, points.

    The axis stands below the one with the curves, and shares its limits across.
    """
    height = LINE * (1 + len(curves)) + 4
    axis.axis("off")
    axis.set_ylim(height, 0)
    axis.text(0, TEXT, say("Number at risk"), transform=axis.get_yaxis_transform(), va="baseline", color=GREY)
    widest = max(width_of(number(curve.points["at_risk"].iloc[0], 0)) for curve in curves)
    end = -(widest / 2 + 5) / PLOT
    for k, curve in enumerate(curves, start=1):
        level = k * LINE + TEXT
        sample: dict[str, Any] = {"transform": axis.get_yaxis_transform(), "clip_on": False}
        axis.plot([end - HANDLE / PLOT, end], [level - TEXT / 3] * 2, curve.dash, color=curve.colour, lw=1.8, **sample)
        for tick in ticks:
            count = curve.points.iloc[int((curve.points["x"] - tick).abs().argmin())]["at_risk"]
            axis.text(tick, level, number(count, 0), ha="center", va="baseline")
    return height


def draw_curves(axis: Axes, curves: Sequence[Curve]) -> list[Artist]:
    """Draw curves in per cent with their 95% bands; return the samples of their lines."""
    drawn: list[Artist] = []
    for curve in curves:
        x, line, low, high = (curve.points[name] for name in ("x", "estimate", "lower", "upper"))
        axis.fill_between(x, 100 * low, 100 * high, color=curve.colour, alpha=0.15, lw=0)
        drawn += axis.plot(x, 100 * line, curve.dash, color=curve.colour, lw=1.8)
    axis.grid(axis="y", color=RULE, lw=0.7)
    axis.set_axisbelow(True)
    return drawn


def row_places(axis: Axes, labels: Sequence[str]) -> tuple[NDArray[np.float64], float]:
    """Write labels left of an axis, one row each from top to bottom; return their places, and the height, points.

    The upright axis counts points downwards.
    """
    texts = ["\n".join(wrapped(first_upper(label), BESIDE)) for label in labels]
    heights = np.array([LINE * (1 + text.count("\n")) + 6 for text in texts])
    places = np.cumsum(heights) - heights / 2
    axis.set_ylim(float(heights.sum()) + 2, -2)
    axis.set_yticks(places, texts)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    return places, float(heights.sum()) + 4


def short_number(value: float) -> str:
    """A round number with the decimals that it needs."""
    return localised(f"{value:g}")
