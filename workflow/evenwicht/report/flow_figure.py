"""Who was due, who left and why, who was analysed: a picture of one cohort, and its table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from evenwicht.display.axes import POINTS, key, numbered, round_ticks
from evenwicht.display.labels import first_upper
from evenwicht.display.language import say
from evenwicht.display.lettering import LINE, TEXT, width_of, wrapped
from evenwicht.display.picture import BLUE, GREEN, GREY, ORANGE, WIDTH, Picture, style
from evenwicht.display.section import Row, records, where
from evenwicht.display.wording import number
from evenwicht.results import flow
from evenwicht.studies.samples import OTHER_LEVEL, WEIGHT

Words = Callable[[Row], str]
KEYS = ["study", "outcome", "exposure", "reference"]
BESIDE = (flow.DUE, *flow.STAYING)  # steps that are no part of those due
FILLED = (*flow.IMPUTED.values(), flow.WEIGHTED)
# of reasons, in the order in which they apply; the last is shared by further ones
LOOKS = [
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
class Group:
    """Comparisons with the same flow of people.

    Attributes
    ----------
    steps
        People by step, in order, from those due to those analysed.
    rows
        The keys of the comparisons.
    among
        Comparisons of the same outcome that it stands for, if it is the smallest of several flows; else 0.
    """

    steps: dict[str, int]
    rows: list[Row]
    among: int = 0

    @property
    def due(self) -> int:
        return self.steps[flow.DUE]

    @property
    def analysed(self) -> int:
        return self.steps[flow.ANALYSED]

    @property
    def parts(self) -> dict[str, int]:
        """Those analysed and those who left, by reason, which add up to those due."""
        left = {step: people for step, people in self.steps.items() if step not in (*BESIDE, flow.ANALYSED)}
        return {flow.ANALYSED: self.analysed, **left}


def step_label(step: str) -> str:
    """Return what a step is called; reasons of a kind of study that has its own are words already."""
    known = {
        flow.DUE: say("due"),
        flow.ANALYSED: say("analysed"),
        flow.OWN_CLUSTER: say("analysed, but cluster not known"),
        flow.IMPUTED["exposure"]: say("due, exposure imputed"),
        flow.IMPUTED["outcome"]: say("due, outcome imputed"),
        flow.IMPUTED["covariates"]: say("due, covariates imputed"),
        flow.WEIGHTED: say("analysed, weighted for people not observed"),
        flow.BIRTH_DATE: say("birth date not known"),
        flow.OUTSIDE: say("born outside the compared windows"),
        flow.EXPOSURE: say("exposure not known"),
        flow.OUTCOME: say("outcome not known"),
        flow.ABSENT["dead"]: say("dead"),
        flow.ABSENT["not_in_wave"]: say("not in the wave"),
        flow.ABSENT["not_asked"]: say("not asked"),
        flow.ABSENT["refused"]: say("refused"),
        flow.COVARIATES: say("covariates not known"),
        flow.SUBGROUP: say("subgroup not known"),
        OTHER_LEVEL: say("another level of the exposure"),
        WEIGHT: say("weight not known"),
        "not known on the other side of the ledger": say("not known on the other side of the ledger"),
        "born elsewhere": say("born elsewhere"),
        "region not known": say("region not known"),
        "not linked": say("not linked"),
        "not observed in the window": say("not observed in the window"),
        "not followed": say("not followed"),
        "left at or before entry": say("left at or before entry"),
        "not followed for the competing event": say("not followed for the competing event"),
        "competing event before entry": say("competing event before entry"),
        "use of a sector not known": say("use of a sector not known"),
        "score not known": say("score not known"),
        "high need in some sectors": say("high need in some sectors"),
        "unit or period not known": say("unit or period not known"),
        "unit never seen without the policy": say("unit never seen without the policy"),
    }
    return known.get(step, step)


def flows(rows: pd.DataFrame) -> list[Group]:
    """Put comparisons together whose people come and go alike; subgroups are left out.

    Parameters
    ----------
    rows
        Rows of `results.schema.FLOW` of one cohort.
    """
    groups: dict[tuple[tuple[str, int], ...], Group] = {}
    for _, part in where(rows, subgroup="").groupby(KEYS, sort=False):
        steps = {str(row["step"]): int(row["people"]) for row in records(part)}
        groups.setdefault(tuple(steps.items()), Group(steps, [])).rows.append(records(part)[0])
    return list(groups.values())


def flow_lines(rows: pd.DataFrame, outcome: Words, comparison: Words) -> list[dict[str, str]]:
    """Tell every step of every flow, as lines of a table: what is compared, the step, people and per cent of those due.

    Parameters
    ----------
    rows, outcome, comparison
        As in `flow_figure`.
    """
    return [
        {
            "outcomes": "; ".join(_names(group, outcome)),
            "comparisons": "; ".join(_names(group, comparison)),
            "step": step_label(step),
            "people": number(people, 0),
            "percent": f"{number(100 * people / group.due, 1)}%" if group.due else "",
        }
        for group in flows(rows)
        for step, people in group.steps.items()
    ]


def flow_figure(rows: pd.DataFrame, title: str, outcome: Words, comparison: Words) -> Picture | None:
    """Draw who was due, left and was analysed, one bar for each flow of people; None if there is none.

    Of more flows than can be looked at, each outcome of a study shows the one with the fewest people analysed.

    Parameters
    ----------
    rows
        Rows of `results.schema.FLOW` of one cohort.
    title
        Title of the cohort.
    outcome, comparison
        Words for the outcome of a row, and for what it compares.
    """
    groups = flows(rows)
    if not groups:
        return None
    shown = groups if len(groups) <= MOST else _fewest(groups)
    reasons = _reasons(shown)
    looks = {flow.ANALYSED: (BLUE, ""), **dict(zip(reasons, LOOKS, strict=False))}
    due = max(group.due for group in groups)
    with style():
        figure, axis = plt.subplots(layout="constrained")
        height = 0.0
        for group in shown:
            height = _write(axis, height, group, outcome, comparison)
            height = _bar(axis, height, group, due, looks)
            height = _filled(axis, height, group) + BETWEEN
        axis.set(xlim=(0, due), ylim=(height, 0), yticks=[])
        numbered(axis.xaxis, round_ticks(0, due))
        axis.set_xlabel(say("People"))
        axis.spines["left"].set_visible(False)
        above = _key(figure, looks)
        figure.set_size_inches(WIDTH, (above + height + BELOW) / 72)
    return Picture(figure, say("{title}: who was due, who left and why", title=title), _alt(groups))


def _fewest(groups: Sequence[Group]) -> list[Group]:
    """For every outcome of a study the flow with the fewest people analysed; outcomes with the same flow together."""
    chosen: dict[int, Group] = {}
    for about in dict.fromkeys((row["study"], row["outcome"]) for group in groups for row in group.rows):
        own = [replace(group, rows=[row for row in group.rows if _about(row) == about]) for group in groups]
        own = [group for group in own if group.rows]
        least = min(own, key=lambda group: group.analysed)
        place = next(place for place, group in enumerate(groups) if group.steps == least.steps)
        among = sum(len(group.rows) for group in own) if len(own) > 1 else 0
        before = chosen.get(place, replace(least, rows=[]))
        chosen[place] = replace(least, rows=[*before.rows, *least.rows], among=before.among + among)
    return list(chosen.values())


def _about(row: Row) -> tuple[str, str]:
    return row["study"], row["outcome"]


def _reasons(groups: Sequence[Group]) -> list[str]:
    """Reasons to leave, in an order that agrees with that of every flow."""
    order: list[str] = []
    for group in groups:
        place = 0
        for reason in list(group.parts)[1:]:
            if reason not in order:
                order.insert(place, reason)
            place = order.index(reason) + 1
    return order


def _names(group: Group, words: Words) -> list[str]:
    return [first_upper(name) for name in dict.fromkeys(words(row) for row in group.rows) if name]


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


def _write(axis: Axes, height: float, group: Group, outcome: Words, comparison: Words) -> float:
    """Write what a bar is about and how many were due; return where the text ends, points."""
    due = say("{people} due", people=number(group.due, 0))
    _text(axis, height, due, x=1, ha="right")
    lines = _listed(_names(group, outcome), USED - width_of(due) - TEXT, bold=True)
    bold = len(lines)
    lines += _listed(_names(group, comparison), USED, bold=False)
    if group.among:
        lines += wrapped(say("fewest people of {count} comparisons", count=number(group.among, 0)), USED)
    for place, line in enumerate(lines):
        _text(axis, height, line, weight="bold" if place < bold else "normal")
        height += LINE
    return height + 2


def _bar(axis: Axes, height: float, group: Group, due: int, looks: dict[str, tuple[str, str]]) -> float:
    """Draw a bar with the numbers that fit, and the others below it; return where it ends, points."""
    middle, start, beside = height + BAR / 2, 0, []
    for step, people in group.parts.items():
        colour, hatch = looks.get(step, LOOKS[-1])
        axis.barh(middle, people, BAR, left=start, color=colour, hatch=hatch, edgecolor="white", lw=0.8)
        shown = number(people, 0)
        if width_of(shown) + TEXT < USED * people / due:
            box = {"facecolor": "white", "edgecolor": "none", "boxstyle": "square,pad=0.1"} if hatch else None
            ink = "black" if hatch else "white"
            axis.text(start + people / 2, middle, shown, ha="center", va="center_baseline", color=ink, bbox=box)
        else:
            beside.append(f"{step_label(step)}: {shown}")
        start += people
    height += BAR + 2
    for line in wrapped("; ".join(beside), USED) if beside else ():
        _text(axis, height, line)
        height += LINE
    return height


def _filled(axis: Axes, height: float, group: Group) -> float:
    """Write what became of values that are not known, below a bar; return where the text ends, points."""
    told = [f"{step_label(step)}: {number(people, 0)}" for step, people in group.steps.items() if step in FILLED]
    for line in wrapped("; ".join(told), USED) if told else ():
        _text(axis, height, line)
        height += LINE
    return height


def _text(axis: Axes, top: float, line: str, *, x: float = 0, **how: Any) -> None:
    """Write a line of text below a height, at a part of the width."""
    place: dict[str, Any] = {"transform": axis.get_yaxis_transform(), "va": "baseline", "in_layout": False}
    axis.text(x, top + TEXT, line, **place, **how)


def _key(figure: Figure, looks: dict[str, tuple[str, str]]) -> float:
    """Say what each part of a bar means; return the height, points."""
    patches = [Patch(facecolor=colour, hatch=hatch, edgecolor="white") for colour, hatch in looks.values()]
    return key(figure, patches, [step_label(step) for step in looks])


def _alt(groups: Sequence[Group]) -> str:
    """How many are analysed, and the reason why most of the others are not."""
    least, most = (number(limit(group.analysed for group in groups), 0) for limit in (min, max))
    told = {"least": least, "most": most, "due": number(max(group.due for group in groups), 0)}
    left = [(people, step) for group in groups for step, people in group.parts.items() if step != flow.ANALYSED]
    if not left:
        return say("All {due} people due are analysed.", **told)
    told["reason"] = step_label(max(left)[1])
    if least == most:
        return say("{most} of {due} people due are analysed; most of the others: {reason}.", **told)
    return say("{least} to {most} of {due} people due are analysed; most of the others: {reason}.", **told)
