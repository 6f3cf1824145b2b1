"""The balance: what every exposure and every policy of a run changes, on one axis for each way of counting.

Exposures stand left, policies right; in the narrow form they stand below each other. Drawn in points on one canvas, so
that labels and lines never collide.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from evenwicht.conclusions import CASES, SDS
from evenwicht.config import CohortConfig
from evenwicht.display.axes import round_ticks, short_number
from evenwicht.display.certainty import TOLD_FROM
from evenwicht.display.labels import first_upper
from evenwicht.display.language import say
from evenwicht.display.lettering import LINE, TEXT, width_of, wrapped
from evenwicht.display.picture import GREY, LEVELS, PALE, RULE, TRUTH, WIDTH, Picture, level_label, style
from evenwicht.display.section import Row, records, where
from evenwicht.display.wording import number
from evenwicht.studies import showing

WIDE = 720.0  # points
NARROW = 72 * WIDTH
GAP = 24.0  # between the sides
LABEL = 0.46  # part of a side for labels, where lines stand beside them
AXIS = 30.0  # of numbers and name below an axis
CAPPED = ("does_not_survive", "depends_on_method")
NONE = "no_difference_that_matters"
EQUAL: dict[str, Any] = {"marker": "$=$", "ms": 9, "mew": 0.6, "ls": ""}
CLEAR = {"facecolor": "white", "edgecolor": "none", "pad": 0}  # behind a label, where lines cross it
REACH = 0.8  # share of the limits that the axis holds; others end in an arrow


@dataclass(frozen=True)
class Line:
    """One effect with its label: an exposure or a policy."""

    label: str
    row: Row


@dataclass(frozen=True)
class Block:
    """One outcome of a cohort: the effects on it by level."""

    cohort: str
    outcome: str
    synthetic: bool
    sides: Mapping[str, Sequence[Line]]


def balance(conclusions: pd.DataFrame, cohorts: Mapping[str, CohortConfig], *, narrow: bool = False) -> Picture | None:
    """Draw the balance of a run; None if nothing is weighed.

    Parameters
    ----------
    conclusions
        `schema.CONCLUSIONS`. What has no interval is left out here: it is told in words.
    cohorts
        Cohorts by id; real ones stand first.
    narrow
        Whether it is for a telephone.
    """
    counted = {unit: _blocks(conclusions, cohorts, unit) for unit in (CASES, SDS)}
    counted = {unit: blocks for unit, blocks in counted.items() if blocks}
    if not counted:
        return None
    levels = [level for level in LEVELS if any(block.sides[level] for blocks in counted.values() for block in blocks)]
    canvas = _Canvas(NARROW if narrow else WIDE, levels, narrow or len(levels) == 1)
    for unit, blocks in counted.items():
        canvas.panel(unit, blocks)
    told = conclusions[(conclusions["status"] == "found") & (conclusions["certainty"] >= TOLD_FROM)]
    title = say(
        "We looked for {all} effects; for {told} the direction is clear enough to tell",
        all=number(len(conclusions), 0),
        told=number(len(told), 0),
    )
    alt = say(
        "Exposures and policies of every cohort on one axis, with the range that fits the data. For {told} of {all} "
        "effects the direction may be told.",
        all=number(len(conclusions), 0),
        told=number(len(told), 0),
    )
    return Picture(canvas.finished(), title, alt)


def _blocks(conclusions: pd.DataFrame, cohorts: Mapping[str, CohortConfig], unit: str) -> list[Block]:
    shown = where(conclusions, counted_in=unit, level=list(LEVELS))
    shown = shown[np.isfinite(shown["counted_lower"]) & np.isfinite(shown["counted_upper"])]
    blocks = []
    for name, config in sorted(cohorts.items(), key=lambda item: item[1].synthetic):
        of = where(shown, cohort=name)
        for outcome in dict.fromkeys(of["outcome"]):
            rows = records(where(of, outcome=outcome))
            sides = {level: [_line(row, config) for row in rows if row["level"] == level] for level in LEVELS}
            label = showing.labels(config.studies[rows[0]["study"]], config.codebook).outcome(outcome)
            blocks.append(Block(config.title, label, config.synthetic, sides))
    return blocks


def _line(row: Row, config: CohortConfig) -> Line:
    causes = config.studies[row["study"]].causes(config.codebook)
    return Line(first_upper(causes[row["exposure"], row["reference"]]), row)


class _Canvas:
    """A page of points, filled from above; y grows downwards."""

    def __init__(self, width: float, levels: Sequence[str], stacked: bool) -> None:
        self.width, self.levels, self.stacked, self.y = width, levels, stacked, 0.0
        with style():
            figure = plt.figure(figsize=(width / 72, 1.0))
            self.axis: Axes = figure.add_axes((0, 0, 1, 1))
        self.figure = figure
        self.axis.axis("off")
        self.keys()

    def finished(self) -> Any:
        self.figure.set_size_inches(self.width / 72, (self.y + 4) / 72)
        self.axis.set(xlim=(0, self.width), ylim=(self.y + 4, 0))
        return self.figure

    def text(self, x: float, lines: Sequence[str], y: float, **options: Any) -> None:
        with style():
            self.axis.text(x, y, "\n".join(lines), va="top", linespacing=1.25, fontsize=TEXT, **options)

    def keys(self) -> None:
        """Say what the marks mean."""
        entries = [(mark, level_label(level)) for level in self.levels for mark in [_mark(level)]]
        entries += [
            ({**_mark(self.levels[0]), "markerfacecolor": "white", "color": GREY}, say("hollow, ?: cannot be told")),
            ({**EQUAL, "color": GREY}, say("little or no difference")),
            ({"marker": "x", "color": GREY, "ms": 6, "mew": 1.6, "ls": ""}, say("does not hold up")),
            (TRUTH, say("true value")),
        ]
        x, y = 8.0, TEXT
        for mark, label in entries:
            wide = 26 + 0.62 * TEXT * len(label)
            if x + wide > self.width:
                x, y = 8.0, y + LINE + 3
            self.axis.plot([x], [y], clip_on=False, **mark)
            self.text(x + 9, [label], y - TEXT * 0.62)
            x += wide
        self.y = y + LINE + 4

    def panel(self, unit: str, blocks: Sequence[Block]) -> None:
        """One way of counting: its heading, its blocks, and its axis below."""
        limit = _limit([line.row for block in blocks for side in block.sides.values() for line in side])
        name = say("Cases per 100,000") if unit == CASES else say("Standard deviations of the outcome")
        self.text(0, [name], self.y + 6, fontweight="bold")
        self.y += LINE + 10
        if not self.stacked:
            for level, (left, _) in self.places().items():
                self.text(left, [level_label(level)], self.y, fontweight="bold", color=LEVELS[level][0])
            self.y += LINE + 2
        top, made_up, cohort = self.y, False, ""
        for block in blocks:
            if block.synthetic and not made_up and any(not one.synthetic for one in blocks):
                self.rule(say("Made-up cohorts, to test the methods"))
            made_up = block.synthetic
            self.block(block, limit, new=block.cohort != cohort)
            cohort = block.cohort
        self.scale(top, limit, say("fewer ← → more") if unit == CASES else say("lower ← → higher"))

    def places(self) -> dict[str, tuple[float, float]]:
        """Left and right end of each side."""
        if self.stacked:
            return dict.fromkeys(self.levels, (0.0, self.width))
        half = (self.width - GAP) / 2
        return {level: (k * (half + GAP), k * (half + GAP) + half) for k, level in enumerate(self.levels)}

    def data(self, level: str) -> tuple[float, float]:
        """Middle and half width of the lines of a side."""
        left, right = self.places()[level]
        start = left + 8 if self.stacked else left + LABEL * (right - left)
        return (start + right - 8) / 2, (right - 8 - start) / 2

    def rule(self, label: str) -> None:
        self.y += 6
        self.axis.plot([0, self.width], [self.y, self.y], color="black", lw=1)
        self.text(0, [label], self.y + 3, style="italic")
        self.y += LINE + 8

    def block(self, block: Block, limit: float, *, new: bool) -> None:
        beside = width_of(block.cohort, bold=True) + 2 * TEXT
        together = new and beside + width_of(block.outcome) <= self.width
        if new:
            lines = wrapped(block.cohort, self.width, bold=True)
            self.y += 5
            self.text(0, lines, self.y, fontweight="bold", bbox=CLEAR)
            self.y += 0 if together else LINE * len(lines) + 1
        lines = wrapped(block.outcome, self.width)
        self.text(beside if together else 0, lines, self.y, color="#3a4450", bbox=CLEAR)
        self.y += LINE * len(lines) + 1
        start, ends = self.y, [self.y]
        for level in self.levels:
            if not self.stacked:
                self.y = start
            for line in block.sides[level]:
                self.line(line, level, limit)
            ends.append(self.y)
        self.y = max(ends) + 3

    def line(self, line: Line, level: str, limit: float) -> None:
        left, right = self.places()[level]
        room = (right - left) if self.stacked else LABEL * (right - left) - 10
        lines = wrapped(line.label, room)
        self.text(left, lines, self.y + 2, bbox=CLEAR)
        height = LINE * len(lines) + 4
        if self.stacked:
            self.interval(line.row, level, self.y + height + 5, limit)
            self.y += height + 13
        else:
            self.interval(line.row, level, self.y + height / 2 + 1, limit)
            self.y += height

    def interval(self, row: Row, level: str, y: float, limit: float) -> None:
        middle, half = self.data(level)

        def at(value: float) -> float:
            return middle + half * float(np.clip(value / limit, -1, 1))

        if row["margin"] > 0:
            edge = min(row["margin"], limit)
            self.axis.fill_between([at(-edge), at(edge)], y - 5, y + 5, color=PALE, lw=0)
        colour = LEVELS[level][0]
        low, high = row["counted_lower"], row["counted_upper"]
        self.axis.plot([at(low), at(high)], [y, y], color=colour, lw=1.8, solid_capstyle="butt")
        for value, marker in ((low, "<"), (high, ">")):
            if value < -limit if marker == "<" else value > limit:
                self.axis.plot(middle + half * np.sign(value), y, marker=marker, color=colour, ms=5, clip_on=False)
        status = row["status"]
        mark = _mark(level)
        sure = row["certainty"] >= TOLD_FROM
        told, little = status == "found" and sure, status == NONE and sure
        if status in CAPPED:
            mark |= {"marker": "x", "mew": 1.8}
        elif little:
            mark |= EQUAL
        elif not told:
            mark |= {"markerfacecolor": "white"}
        if abs(row["counted_estimate"]) <= limit:
            self.axis.plot(at(row["counted_estimate"]), y, zorder=3, **mark)
        if not told and not little and status not in CAPPED:
            self.text(at(high) + 3, ["?"], y - 0.62 * TEXT, color=GREY)
        if not np.isnan(row["counted_truth"]):
            self.axis.plot(at(row["counted_truth"]), y, zorder=4, **TRUTH)

    def scale(self, top: float, limit: float, direction: str) -> None:
        ticks = round_ticks(-limit, limit, 4)
        for level in self.levels[:1] if self.stacked else self.levels:
            middle, half = self.data(level)
            for tick in ticks:
                x = middle + half * tick / limit
                self.axis.plot([x, x], [top, self.y + 2], color="black" if tick == 0 else RULE, lw=0.7, zorder=0)
                shown = short_number(tick) if limit < 1000 else number(tick, 0)
                self.text(x, [shown.replace("-", "\N{MINUS SIGN}")], self.y + 4, ha="center")
            self.text(middle, [direction], self.y + 5 + LINE, ha="center", color=GREY)
        self.y += AXIS + 12


def _mark(level: str) -> dict[str, Any]:
    colour, marker = LEVELS[level][:2]
    return {"marker": marker, "color": colour, "ms": 6, "mew": 1.4, "ls": ""}


def _limit(rows: Sequence[Row]) -> float:
    """A symmetric axis that holds most limits, and no more than the widest."""
    reach = np.array([max(abs(row["counted_lower"]), abs(row["counted_upper"])) for row in rows])
    return float(np.quantile(reach, REACH)) * 1.05 or 1.0
