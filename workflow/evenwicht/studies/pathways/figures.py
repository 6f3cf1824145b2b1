"""The paths of an effect as lanes from exposure to outcome, as wide as their parts, with intervals below."""

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import Contrast
from evenwicht.display.axes import BELOW, POINTS, finish, key, stacked
from evenwicht.display.intervals import interval_panel
from evenwicht.display.labels import cause, first_upper, in_sentence
from evenwicht.display.language import say
from evenwicht.display.lettering import LINE, wrapped
from evenwicht.display.picture import BLUE, GREY, ORANGE, PALE, TRUTH, Picture, style, told
from evenwicht.display.section import Found, Row
from evenwicht.display.wording import number
from evenwicht.results.questions import path_key
from evenwicht.studies.pathways import Settings, part_estimand
from evenwicht.studies.pathways.section import as_whole, percent

EDGE, BAR = 10.0, 7.0  # points: from the edge of the axes to a bar, and its width
ENDS = 148.0  # points that the name of the exposure, or the outcome, may take
NAMED = 205.0  # points that the name of a path may take
WIDEST = 30.0  # points: the widest lane
THINNEST = 0.8
GAP = 13.0  # points between lanes
ACROSS = POINTS - 14  # points across the axes


def figures(study: Settings, book: Codebook, found: Found) -> dict[str, Picture]:
    """Draw the paths of each exposure to each outcome."""
    drawn = dict[str, Picture]()
    for contrast in study.contrasts(book):
        for outcome in study.outcomes:
            parts = _parts(study, book, found, contrast, outcome)
            if parts and all(not np.isnan(row["estimate"]) for row in parts.values()):
                names = cause(contrast, book.columns), book.outcomes[outcome].label
                drawn[f"paths_{len(drawn) + 1}"] = paths_figure(parts, names)
    return drawn


def paths_figure(parts: dict[str, Row], names: tuple[str, str]) -> Picture:
    """Draw the paths of one effect.

    Parameters
    ----------
    parts
        Rows of its parts by what they go through, the direct part last, as `display.intervals.interval_panel` wants
        them.
    names
        Of the exposure and of the outcome.
    """
    values = np.array([row["estimate"] for row in parts.values()])
    with style():
        figure, (lanes, axis) = stacked(2)
        height = _lanes(lanes, list(parts), values, names)
        below = interval_panel(axis, list(parts.values()))
        marks: list[tuple[Artist, str]] = [
            (Patch(facecolor=BLUE, alpha=0.55), say("In the direction of the whole effect"))
        ]
        if (values * values.sum() < 0).any():
            marks.append((Patch(facecolor=ORANGE, alpha=0.55, hatch="///"), say("Against it")))
        if any(not np.isnan(row["truth"]) for row in parts.values()):
            marks.append((Line2D([], [], **TRUTH), say("True value")))
        handles, labels = zip(*marks, strict=True)
        finish(figure, [height, below], BELOW + key(figure, handles, labels))
    title = say("Paths from {exposure} to {outcome}", exposure=in_sentence(names[0]), outcome=in_sentence(names[1]))
    return Picture(figure, title, told(_clauses(parts, values)))


def _parts(study: Settings, book: Codebook, found: Found, contrast: Contrast, outcome: str) -> dict[str, Row]:
    estimand = part_estimand(book.outcomes[outcome])
    keys = {"outcome": outcome, "reference": contrast.reference, "method": "paths", "estimand": estimand}
    parts = {}
    for block, path in study.paths(book).items():
        row = found.estimate(exposure=path_key(contrast.exposure, block), **keys)
        if row is not None:
            share = found.estimate(**{**keys, "estimand": "path_share"}, exposure=row["exposure"])
            by = ""
            if share is not None and not np.isnan(share["estimate"]):
                by = say("{share}% of the effect", share=percent(share).number(share["estimate"]))
            parts[path] = {**as_whole(row), "about": path, "by": by, "level": "individual", "usual": True}
    return parts


def _lanes(axis: Axes, paths: Sequence[str], values: np.ndarray, names: tuple[str, str]) -> float:
    """Draw a lane for each path, as wide as its part; return the height, points."""
    axis.axis("off")
    ends = [wrapped(first_upper(name), ENDS, bold=True) for name in names]
    top = LINE * max(map(len, ends)) + 6
    texts = [wrapped(path, NAMED) for path in paths]
    widths = np.maximum(WIDEST * np.abs(values) / np.abs(values).max(initial=1e-300), THINNEST)
    rooms = [max(LINE * len(text) + 8, width) for text, width in zip(texts, widths, strict=True)]
    middles = top + 6 + np.cumsum(rooms) - np.array(rooms) / 2 + GAP * np.arange(len(rooms))
    bottom = float(middles[-1] + rooms[-1] / 2 + 6)
    axis.set(xlim=(0, ACROSS), ylim=(bottom + 4, 0))
    for x, text, side in ((EDGE, ends[0], "left"), (ACROSS - EDGE, ends[1], "right")):
        axis.text(x, 0, "\n".join(text), ha=side, va="top", linespacing=1.25, fontweight="bold")
        start = x if side == "left" else x - BAR
        axis.add_patch(Rectangle((start, top), BAR, bottom - top, facecolor=GREY, lw=0))
    left, right = EDGE + BAR, ACROSS - EDGE - BAR
    for value, width, middle, text in zip(values, widths, middles, texts, strict=True):
        against = value * values.sum() < 0
        lane = Rectangle(
            (left, middle - width / 2), right - left, width, facecolor=ORANGE if against else BLUE, alpha=0.55
        )
        lane.set(hatch="///" if against else None, lw=0)
        axis.add_patch(lane)
        box = {"boxstyle": "round,pad=0.3", "facecolor": PALE, "edgecolor": GREY, "linewidth": 0.7}
        axis.text(ACROSS / 2, middle, "\n".join(text), ha="center", va="center", linespacing=1.25, bbox=box, zorder=5)
    for k in range(len(paths) - 2):
        ends_at = middles[k] + LINE * len(texts[k]) / 2 + 3, middles[k + 1] - LINE * len(texts[k + 1]) / 2 - 4
        arrow = {"arrowstyle": "-|>", "color": GREY, "lw": 1.0, "shrinkA": 0, "shrinkB": 0}
        axis.annotate("", (ACROSS / 2, ends_at[1]), (ACROSS / 2, ends_at[0]), arrowprops=arrow, zorder=4)
    return bottom + 4


def _clauses(parts: dict[str, Row], values: np.ndarray) -> list[str]:
    shares = 100 * values / (values.sum() or np.nan)
    return [
        say("{path}: {share}% of the effect", path=path, share=number(share, 0)) if np.isfinite(share) else path
        for path, share in zip(parts, shares, strict=True)
    ]
