"""How often the data choose the right hypothesis about timing, in each world whose truth is known."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evenwicht.config import AS_CONFIGURED
from evenwicht.display.axes import BELOW, POINTS, finish, heading, key, stacked
from evenwicht.display.labels import first_upper, spoken
from evenwicht.display.language import say
from evenwicht.display.lettering import LINE, TEXT, width_of, wrapped
from evenwicht.display.picture import BLUE, GREY, ORANGE, PALE, Picture, style, told
from evenwicht.display.section import Row, records, where
from evenwicht.display.wording import number
from evenwicht.estimators.results import Z95
from evenwicht.results.rows import CHOSEN

TRACK = 11.0  # points: height of the strip of a world
APART = 9.0  # points between worlds
USED = POINTS - 24  # points that a label and the number beside it may take


@dataclass(frozen=True)
class Choices:
    """What one study of one outcome chooses over the draws of one world.

    Attributes
    ----------
    scenario, study, outcome
        Their ids.
    draws
        Draws in which something was chosen.
    right
        The row of the hypothesis that is truly the best; None if there is none, as exposure does nothing.
    other
        The row of the hypothesis chosen most often among the others; None if no other was.
    share, lower, upper
        How often the right one is chosen, with its 95% range (Wilson's, as shares may be 0 or 1).
    of_other
        How often that other one is.
    """

    scenario: str
    study: str
    outcome: str
    draws: float
    right: Row | None
    other: Row | None
    share: float
    lower: float
    upper: float
    of_other: float


def choices(recovery: pd.DataFrame) -> list[Choices]:
    """Put together what is chosen in each world, for each study and outcome, in the order of the rows.

    Parameters
    ----------
    recovery
        Rows of `results.schema.RECOVERY` of one cohort, as configured and in its scenarios. Those without a true value
        say nothing of what is right, and are left out.
    """
    rows = where(recovery, estimand=CHOSEN)
    rows = rows[rows["truth"].notna() & rows["mean_estimate"].notna()]
    # in a draw where nobody differs by a hypothesis it cannot be chosen, and has no estimate
    rows = rows.assign(times=rows["mean_estimate"] * (rows["replicates"] - rows["no_estimate"]))
    return [
        _choices(
            str(scenario),
            str(study),
            str(outcome),
            records(part.sort_values(["times", "exposure"], ascending=[False, True])),
        )
        for (study, outcome, scenario), part in rows.groupby(["study", "outcome", "scenario"], sort=False)
    ]


def _choices(scenario: str, study: str, outcome: str, rows: list[Row]) -> Choices:
    """From rows of all hypotheses, the one chosen most often first."""
    draws = float(sum(row["times"] for row in rows))
    right = next((row for row in rows if row["truth"] == 1), None)
    other = next((row for row in rows if row["truth"] != 1 and row["times"] > 0), None)
    share, of_other = (0.0 if row is None or draws == 0 else float(row["times"] / draws) for row in (right, other))
    lower, upper = _range(share, draws)
    return Choices(scenario, study, outcome, draws, right, other, share, lower, upper, of_other)


def _range(share: float, draws: float) -> tuple[float, float]:
    if not draws:
        return np.nan, np.nan
    half = Z95**2 / (2 * draws)
    reach = Z95 * float(np.sqrt(share * (1 - share) / draws + (half / Z95) ** 2))
    return (share + half - reach) / (1 + 2 * half), (share + half + reach) / (1 + 2 * half)


def choice_figure(
    recovery: pd.DataFrame, title: str, about: Callable[[Row], str], outcome: Callable[[Row], str]
) -> Picture | None:
    """Draw how often the right hypothesis is chosen first in each world; None if no study chooses.

    Parameters
    ----------
    recovery
        Rows of `results.schema.RECOVERY` and `SCENARIOS` of one cohort.
    title
        Title of the cohort.
    about, outcome
        What the hypothesis and the outcome of a row are called.
    """
    found = [one for one in choices(recovery) if one.draws]
    if not found:
        return None
    panels: dict[tuple[str, str], list[Choices]] = {}
    for one in found:
        panels.setdefault((one.study, one.outcome), []).append(one)
    with style():
        figure, axes = stacked(len(panels))
        heights, around = [], 0.0
        for axis, part in zip(axes, panels.values(), strict=True):
            named = part[0].right or part[0].other
            assert named is not None, "something was chosen"
            around += heading(axis, outcome(named), points=USED) + BELOW
            heights.append(_panel(axis, part, about))
        finish(figure, heights, around + _legend(figure))
    return Picture(figure, say("{title}: is the right time of life chosen?", title=title), _message(found, about))


def _panel(axis: Axes, found: list[Choices], about: Callable[[Row], str]) -> float:
    """Write and draw each world below the one before; return the height, points."""
    height = 2.0
    for one in found:
        height = _write(axis, height, _world(one.scenario), "", weight="bold")
        if one.right is None:
            height = _write(axis, height, say("Nothing is true here"), "")
        else:
            height = _write(axis, height, say("True: {name}", name=about(one.right)), _percent(one.share))
        if one.other is not None:
            text = say("Else most often: {name}", name=about(one.other))
            if one.right is None:
                text = say("Chosen most often: {name}", name=about(one.other))
            height = _write(axis, height, text, _percent(one.of_other))
        _strip(axis, one, height + TRACK / 2 + 1)
        height += TRACK + APART
    axis.set(xlim=(0, 100), ylim=(height, 0), yticks=[])
    ticks = (0, 25, 50, 75, 100)
    axis.set_xticks(ticks, [number(tick, 0) for tick in ticks])
    axis.set_xlabel(say("Draws in which a hypothesis is chosen first, %"))
    axis.spines["left"].set_visible(False)
    return height


def _strip(axis: Axes, one: Choices, middle: float) -> None:
    share, other = 100 * one.share, 100 * one.of_other
    axis.barh(middle, 100, TRACK, color=PALE, lw=0, zorder=0)
    axis.barh(middle, share, TRACK, color=BLUE, lw=0, zorder=1)
    axis.barh(middle, other, TRACK, left=share, color=ORANGE, alpha=0.45, lw=0, zorder=1)
    if one.right is not None:
        axis.plot(
            (100 * one.lower, 100 * one.upper), (middle, middle), color="black", lw=1.4, solid_capstyle="butt", zorder=3
        )


def _write(axis: Axes, height: float, label: str, value: str, *, weight: str = "normal") -> float:
    """Write a label, with a share at the right end of its last line; return where the text ends."""
    lines = wrapped(label, USED, bold=weight == "bold")
    if value and width_of(lines[-1], bold=weight == "bold") + width_of(f"  {value}", bold=True) > USED:
        lines.append("")
    at: dict[str, Any] = {"transform": axis.get_yaxis_transform(), "va": "baseline", "in_layout": False}
    for k, line in enumerate(lines):
        axis.text(0, height + k * LINE + TEXT, line, ha="left", weight=weight, **at)
    height += LINE * len(lines)
    if value:
        axis.text(1, height - LINE + TEXT, value, ha="right", weight="bold", **at)
    return height


def _legend(figure: Figure) -> float:
    """Say what each mark means; return the height, points."""
    marks = {
        say("The right one"): Patch(color=BLUE),
        say("The other one chosen most often"): Patch(color=ORANGE, alpha=0.45),
        say("All others"): Patch(facecolor=PALE, edgecolor=GREY, lw=0.5),
        say("95% range of the share"): Line2D([], [], color="black", lw=1.4),
    }
    return key(figure, list(marks.values()), list(marks))


def _world(scenario: str) -> str:
    return say("As configured") if scenario == AS_CONFIGURED else first_upper(spoken(scenario))


def _percent(share: float) -> str:
    """A share without decimals, but with one where it would read as never or always and is not."""
    return f"{number(100 * share, 1 if 0 < min(share, 1 - share) < 0.01 else 0)}%"


def _message(found: list[Choices], about: Callable[[Row], str]) -> str:
    """Where the right one is chosen most and least often."""
    judged = sorted((one for one in found if one.right is not None), key=lambda one: one.share)
    if not judged:
        return say("No hypothesis is true in these worlds, and yet one is chosen in each draw.")
    worst, best = judged[0], judged[-1]
    least = {"world": _world(worst.scenario), "share": _percent(worst.share)}
    if len(judged) == 1:
        return told([say("The right hypothesis is chosen first in {share} of draws", share=least["share"])])
    most = {"world": _world(best.scenario), "share": _percent(best.share)}
    clauses = [
        say("The right hypothesis is chosen first most often in the world “{world}”, in {share} of draws", **most),
        say("least often in “{world}”, in {share}", **least),
    ]
    if worst.other is not None and worst.of_other > worst.share:
        clauses.append(say("there “{name}” is chosen more often", name=about(worst.other)))
    return told(clauses)
