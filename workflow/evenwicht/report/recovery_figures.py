"""Recovery at one glance: bias and coverage of every method, and its false alarms in worlds that can say no."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from evenwicht.display.axes import POINTS, key
from evenwicht.display.certainty import COVERED
from evenwicht.display.labels import first_upper, spoken
from evenwicht.display.language import say
from evenwicht.display.lettering import LINE, TEXT, widest_word, width_of, wrapped
from evenwicht.display.picture import ALT, BLUE, GREY, ORANGE, RULE, WIDTH, Picture, style
from evenwicht.display.section import where
from evenwicht.display.wording import number
from evenwicht.estimators.results import ESTIMANDS, Z95
from evenwicht.report.promise import ERRORS_OF_METHOD, LEVEL, Recovered, counts, holds, recovered
from evenwicht.studies.claims import CRUDE_ID

Label = Callable[[str], str]
USED = POINTS - 24  # points of a line of text
BELOW = 40.0  # points of the numbers and the name of an axis
USUAL = 2.0  # Monte Carlo errors within which 95 of 100 unbiased rows lie
SEEN_BIAS = 6.0  # Monte Carlo errors up to which dots are drawn, at the least
SEEN_COVERAGE = 0.85  # share from which dots are drawn
FAINT = 0.45


@dataclass(frozen=True)
class Look:
    """How the methods of one verdict are drawn: never by colour alone."""

    colour: str
    marker: str
    filled: bool

    @property
    def face(self) -> str:
        return self.colour if self.filled else "white"


FAILS, HOLDS, UNCOUNTED = Look(ORANGE, "s", True), Look(BLUE, "o", True), Look(GREY, "o", False)


def recovery_figure(
    recovery: pd.DataFrame, coverage: pd.DataFrame, title: str, studies: Mapping[str, str], label: Label
) -> Picture | None:
    """Draw bias and coverage of every method of one cohort; None if there are no replicates.

    Parameters
    ----------
    recovery, coverage
        Its rows of `results.schema.RECOVERY` and `COVERAGE`.
    title
        Title of the cohort.
    studies
        Titles of its studies by id.
    label
        What a method is called, by its id.
    """
    found = recovered(recovery, coverage)
    if not found:
        return None
    lines = _lines(found, studies, label)
    # the widest limit, with room beyond: whoever is clearly biased is seen to be
    edge = max(SEEN_BIAS, 1.2 * max(float(one.limits.max()) for one in found))
    tall = sum(height for _, height, _ in lines)
    with style():
        figure, (left, right) = plt.subplots(1, 2, width_ratios=[1.15, 1], sharey=True, layout="constrained")
        place = 0.0
        for what, height, weight in lines:
            place -= height
            if isinstance(what, Recovered):
                _bias_strip(left, what, place + height / 2, edge)
                _coverage_strip(right, what, place + height / 2)
            else:
                _line(left, what, place, weight=weight)
        _axes(left, right, edge, place)
        above = _legend(figure)
        figure.set_size_inches(WIDTH, (above + LINE * (tall + 0.4) + BELOW) / 72)
    return Picture(figure, _title(found, title), _alt(found, label))


def _lines(
    found: Sequence[Recovered], studies: Mapping[str, str], label: Label
) -> list[tuple[str | Recovered, float, str]]:
    """What stands below each other, with its height in lines, and the weight of its letters."""
    lines: list[tuple[str | Recovered, float, str]] = []
    heading = study = ""
    for one in found:
        if (verdict := _verdict(one)) != heading:
            lines.append((verdict, 1.5 if heading else 1.0, "bold"))
            heading, study = verdict, ""
        if one.study != study:
            lines.append((_one_line(studies[one.study]), 1.25, "normal"))
            study = one.study
        lines += [(_bullet(label(one.method)), 1.25, "normal"), (one, 1.0, "")]
    return lines


def _one_line(text: str) -> str:
    """As much of a text as stands on a line."""
    first, *more = wrapped(text, USED - width_of("…"))
    return f"{first}…" if more else first


def _bullet(text: str) -> str:
    return f"\N{BULLET} {_one_line(first_upper(text))}"


def _line(axis: Axes, text: str, bottom: float, *, weight: str = "normal") -> None:
    """Write a line from the left edge of a panel on, over those beside it."""
    told = axis.annotate(
        text, (0, bottom + 0.2), xycoords=("axes fraction", "data"), va="baseline", weight=weight, zorder=5
    )
    told.set_in_layout(False)


def _below(axis: Axes, text: str) -> None:
    """Write what an axis counts, over those of the panels beside it."""
    axis.set_xlabel(" ")  # room for it
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
    axis.annotate(text, (0, 0), (0, -BELOW + TEXT), va="baseline", **place).set_in_layout(False)


def _verdict(found: Recovered) -> str:
    if not found.counted:
        return say("Simple comparisons, not counted")
    return say("Hold their promise") if holds(found) else say("Do not hold their promise")


def _look(found: Recovered) -> Look:
    if not found.counted:
        return UNCOUNTED
    return HOLDS if holds(found) else FAILS


def _bias_strip(axis: Axes, found: Recovered, place: float, edge: float) -> None:
    axis.barh(place, 2 * USUAL, 0.8, left=-USUAL, color=RULE, zorder=0)
    for limit in {*found.limits.round(6)}:
        axis.vlines([-limit, limit], place - 0.4, place + 0.4, color=GREY, lw=1, ls=(0, (2, 1.5)), zorder=1)
    _dots(axis, found.bias, place, (-edge, edge), _look(found))


def _coverage_strip(axis: Axes, found: Recovered, place: float) -> None:
    axis.barh(place, COVERED[1] - COVERED[0], 0.8, left=COVERED[0], color=RULE, zorder=0)
    axis.vlines(LEVEL, place - 0.4, place + 0.4, color="black", lw=0.8, zorder=1)
    look = _look(found)
    _dots(axis, found.covered, place, (SEEN_COVERAGE, 1.0), look)
    if np.isnan(found.coverage):
        return
    low, high = (found.coverage + side * Z95 * found.error for side in (-1, 1))
    seen = found.coverage >= SEEN_COVERAGE
    if seen:
        axis.plot(
            (max(low, SEEN_COVERAGE), min(high, 1.0)), (place, place), color=look.colour, lw=1.6, solid_capstyle="butt"
        )
        axis.plot(found.coverage, place, look.marker, color=look.colour, mfc=look.face, ms=6.5, zorder=4)
    if low < SEEN_COVERAGE:  # a large arrow where the method lies beyond the edge, a small one where its range does
        axis.plot(SEEN_COVERAGE, place, "<", color=look.colour, mfc=look.face, ms=5 if seen else 9, zorder=3)
    axis.annotate(f"{number(100 * found.coverage, 0)}%", (1.02, place), xycoords=("axes fraction", "data"), va="center")


def _dots(axis: Axes, values: NDArray[np.float64], place: float, ends: tuple[float, float], look: Look) -> None:
    """One faint dot a row; of those beyond an end, an arrow at it with their number."""
    low, high = ends
    inside = values[(values >= low) & (values <= high)]
    axis.plot(
        inside, np.full(len(inside), place), "o", color=look.colour, mfc=look.face, ms=4, alpha=FAINT, mew=0.8, zorder=2
    )
    for end, beyond, arrow, side in ((low, values < low, "<", -1), (high, values > high, ">", 1)):
        if beyond.any():
            axis.plot(end, place, arrow, color=look.colour, mfc=look.face, ms=6, zorder=3)
            axis.annotate(
                number(int(beyond.sum()), 0),
                (end, place),
                (6 * side, 0),
                textcoords="offset points",
                ha="left" if side > 0 else "right",
                va="center",
            )


def _axes(left: Axes, right: Axes, edge: float, bottom: float) -> None:
    left.set(xlim=(-1.45 * edge, 1.45 * edge), ylim=(bottom - 0.2, 0.2), yticks=[])
    room = 0.055  # for the numbers of what lies below
    right.set(xlim=(SEEN_COVERAGE - room, 1.003))
    left.set_xticks([-6, -3, 0, 3, 6], [number(tick, 0) for tick in (-6, -3, 0, 3, 6)])
    right.set_xticks([0.85, 0.9, 0.95, 1.0], [f"{number(100 * tick, 0)}%" for tick in (0.85, 0.9, 0.95, 1.0)])
    left.set_xlabel(say("Bias, in Monte Carlo errors"))
    right.set_xlabel(say("Intervals with the truth"))
    right.patch.set_visible(False)  # lines of text from the left run on over it
    for axis in (left, right):
        axis.spines["left"].set_visible(False)
        axis.tick_params(axis="y", length=0)


def _legend(figure: Figure) -> float:
    """Say what each mark means; return the height, points."""
    marks = {
        say("one estimate, in fresh draws"): Line2D([], [], ls="", marker="o", ms=4, color=BLUE, alpha=FAINT),
        say("all estimates of a method, with 95% range"): Line2D([], [], marker="o", ms=6.5, color=BLUE),
        say("left: within chance; right: 92% to 98%"): Patch(color=RULE),
        say("left: beyond it, bias does harm"): Line2D([], [], ls=(0, (2, 1.5)), color=GREY),
        say("beyond the edge, with the number of estimates"): Line2D([], [], ls="", marker=">", ms=6, color=BLUE),
    }
    return key(figure, list(marks.values()), list(marks))


def _title(found: Sequence[Recovered], title: str) -> str:
    held, counted = counts(found)
    if not counted:
        return title
    told = {"held": number(held, 0), "counted": number(counted, 0)}
    return say("{title}: {held} of {counted} methods hold their promise", title=title, **told)


def _alt(found: Sequence[Recovered], label: Label) -> str:
    held, counted = counts(found)
    if not counted:
        return say("Bias and coverage of simple comparisons, which promise nothing where groups differ.")
    told = {"held": number(held, 0), "counted": number(counted, 0)}
    if held == counted:
        return say("Every method holds its promise: {held} of {counted}.", **told)
    names = "; ".join(dict.fromkeys(label(one.method) for one in found if one.counted and not holds(one)))
    named = say("{held} of {counted} methods hold their promise; these do not: {names}.", names=names, **told)
    return named if len(named) <= ALT else say("{held} of {counted} methods hold their promise.", **told)


# --- the picture of worlds that can say no ---------------------------------------------------------------------------

EFFECTS = (  # estimands of which no effect is one value; shares of an effect and checks of the data are not
    "mean_difference",
    "risk_difference",
    "rmst_difference",
    "onset_delay",
    "risk_ratio",
    "hazard_ratio",
    "conditional_hazard_ratio",
    "odds_ratio",
    "conditional_odds_ratio",
    "timing_slope",
)
NOTHING = {"ratio": 1.0, "difference": 0.0}
FALSE_ALARMS = 0.05  # of 95% intervals where there is nothing
ABREAST = 4  # worlds beside each other, at most
ALARM, POWER = Look(ORANGE, "s", True), Look(BLUE, "o", True)


@dataclass(frozen=True)
class Alarms:
    """How often the intervals of one method of one study exclude no effect in one changed world.

    Attributes
    ----------
    scenario, study, method
        Their ids.
    false
        Whether there is no effect, so that each is a false alarm.
    shares
        Share of the draws of each row, (rows,).
    draws
        Draws with an interval of each row, (rows,): rows of what the data chose have few.
    error
        Monte Carlo error of their mean, at most: rows share their draws, and may go wrong together.
    """

    scenario: str
    study: str
    method: str
    false: bool
    shares: NDArray[np.float64]
    draws: NDArray[np.float64]
    error: float

    @property
    def mean(self) -> float:
        """Share over all rows and their draws."""
        return float(np.average(self.shares, weights=self.draws))

    @property
    def too_many(self) -> bool:
        """Whether there are clearly more false alarms than intervals of 95% give."""
        return self.false and self.mean - ERRORS_OF_METHOD * self.error > FALSE_ALARMS


def alarms(scenarios: pd.DataFrame) -> list[Alarms]:
    """How often methods see an effect, where there is none and where there is one.

    Where the true value is not known, there is no effect if no known one of that world is an effect; in other worlds
    such rows say nothing and are left out.

    Parameters
    ----------
    scenarios
        Rows of `results.schema.SCENARIOS` of one cohort.
    """
    rows = where(scenarios, estimand=EFFECTS)
    rows = rows[rows["power"].notna()]
    nothing = rows["estimand"].map(lambda name: NOTHING[ESTIMANDS[name].kind])
    none = (rows["truth"] == nothing).astype("boolean").mask(rows["truth"].isna())
    known = none[none.notna()].groupby(rows["scenario"]).all()  # by world: whether no known one is an effect
    quiet = rows["scenario"].isin(known.index[known])
    rows = rows.assign(false=none.mask(none.isna() & quiet, True)).dropna(subset=["false"])
    found = []
    for (scenario, study, method, false), part in rows.groupby(["scenario", "study", "method", "false"], sort=False):
        shares, draws = part["power"].to_numpy(float), (part["replicates"] - part["no_interval"]).to_numpy(float)
        error = float(np.average(part["mc_error_power"], weights=draws))
        found.append(Alarms(str(scenario), str(study), str(method), bool(false), shares, draws, error))
    return found


def scenario_figure(scenarios: pd.DataFrame, title: str, studies: Mapping[str, str], label: Label) -> Picture | None:
    """Draw false alarms and power of every method in each changed world of one cohort; None if there is none.

    Parameters
    ----------
    scenarios
        Its rows of `results.schema.SCENARIOS`.
    title, studies, label
        As in `recovery_figure`.
    """
    found = alarms(scenarios)
    if not found:
        return None
    worlds = list(dict.fromkeys(one.scenario for one in found))
    methods = sorted(dict.fromkeys((one.study, one.method) for one in found), key=lambda key: key[1] == CRUDE_ID)
    abreast = _abreast([first_upper(spoken(world)) for world in worlds])
    blocks = [worlds[start : start + abreast] for start in range(0, len(worlds), abreast)]
    titles = {world: wrapped(first_upper(spoken(world)), _beside(len(blocks[0])), bold=True) for world in worlds}
    lines = _method_lines(methods, studies, label)
    tall = sum(height for _, height in lines)
    with style():
        figure, grid = plt.subplots(len(blocks), len(blocks[0]), sharey=True, squeeze=False, layout="constrained")
        for axes, block in zip(grid, blocks, strict=True):
            for axis, world in zip(axes, block, strict=False):
                _world(axis, [one for one in found if one.scenario == world], lines)
                axis.set_title("\n".join(titles[world]))
            for axis in axes[len(block) :]:
                axis.axis("off")
            place = 0.0
            for what, height in lines:
                place -= height
                if isinstance(what, str):
                    _line(axes[0], what, place)
            axes[0].set(ylim=(place - 0.2, 0.2), yticks=[])
            _below(axes[0], say("Share of draws in which an effect is seen"))
        above = _alarm_legend(figure, found)
        block_height = LINE * (tall + 0.4 + max(map(len, titles.values()))) + BELOW
        figure.set_size_inches(WIDTH, (above + len(blocks) * block_height) / 72)
    return Picture(figure, say("{title}: worlds that can say no", title=title), _alarm_alt(found))


def _abreast(names: Sequence[str]) -> int:
    """How many worlds stand beside each other, at most: so many that no word of their names is broken."""
    widest = max(widest_word(name, bold=True) for name in names)
    return next((n for n in range(min(ABREAST, len(names)), 1, -1) if widest <= _beside(n)), 1)


def _beside(worlds: int) -> float:
    """Points that the name of each of so many worlds may take."""
    return USED / worlds - 12


def _method_lines(
    methods: Sequence[tuple[str, str]], studies: Mapping[str, str], label: Label
) -> list[tuple[str | tuple[str, str], float]]:
    """What stands below each other, with its height in lines: text, or the study and method of a strip."""
    lines: list[tuple[str | tuple[str, str], float]] = []
    above = ""
    for study, method in methods:
        if study != above:
            lines.append((_one_line(studies[study]), 1.25))
            above = study
        lines += [(_bullet(label(method)), 1.25), ((study, method), 1.0)]
    return lines


def _world(axis: Axes, found: Sequence[Alarms], lines: Sequence[tuple[str | tuple[str, str], float]]) -> None:
    """One changed world: a strip for every method."""
    place = 0.0
    for what, height in lines:
        place -= height
        if isinstance(what, str):
            continue
        middle = place + height / 2
        axis.hlines(middle, 0, 1, color=RULE, lw=0.8, zorder=0)
        axis.vlines(FALSE_ALARMS, middle - 0.45, middle + 0.45, color="black", lw=0.8, zorder=1)
        strips = [one for one in found if (one.study, one.method) == what]
        for one in strips:
            _alarm_strip(axis, one, middle)
        if not strips:
            box = {"facecolor": "white", "edgecolor": "none", "pad": 0}
            axis.text(0.5, middle, say("not known"), ha="center", va="center", bbox=box, in_layout=False)
    axis.set(xlim=(-0.05, 1.05))
    axis.set_xticks([0, 0.5, 1], ["0", number(50, 0), f"{number(100, 0)}%"])
    axis.patch.set_visible(False)  # lines of text from the left run on over it
    axis.spines["left"].set_visible(False)
    axis.tick_params(axis="y", length=0)


def _alarm_strip(axis: Axes, found: Alarms, place: float) -> None:
    look = replace(ALARM if found.false else POWER, filled=found.method != CRUDE_ID)
    mean, reach = found.mean, Z95 * found.error
    _dots(axis, found.shares, place, (0.0, 1.0), look)
    ends = max(mean - reach, 0.0), min(mean + reach, 1.0)
    axis.plot(ends, (place, place), color=look.colour, lw=1.6, solid_capstyle="butt", zorder=3)
    axis.plot(mean, place, look.marker, color=look.colour, mfc=look.face, ms=5, zorder=4)


def _alarm_legend(figure: Figure, found: Sequence[Alarms]) -> float:
    """Say what each mark means; return the height, points."""
    marks = {say("5%: right where there is no effect"): Line2D([], [], color="black", lw=0.8)}
    looks = {
        True: (ALARM, say("no effect: false alarms, mean with 95% range")),
        False: (POWER, say("an effect: how often it is seen")),
    }
    for false, (look, text) in looks.items():
        if any(one.false is false for one in found):
            marks[text] = Line2D([], [], marker=look.marker, color=look.colour, ms=6)
    marks[say("one estimate")] = Line2D([], [], ls="", marker="o", ms=4, color=GREY, alpha=FAINT)
    return key(figure, list(marks.values()), list(marks))


def _alarm_alt(found: Sequence[Alarms]) -> str:
    """In which worlds there are too many false alarms."""
    if not any(one.false for one in found):
        return say("How often each method sees the effect of each changed world.")
    worlds = list(dict.fromkeys(first_upper(spoken(one.scenario)) for one in found if one.too_many))
    if not worlds:
        return say("Where there is no effect, no method sees one clearly more often than in 5 of 100 draws.")
    named = say(
        "Where there is no effect, methods see one clearly more often than in 5 of 100 draws. Worlds: {worlds}.",
        worlds="; ".join(worlds),
    )
    if len(named) <= ALT:
        return named
    return say(
        "Where there is no effect, methods see one clearly more often than in 5 of 100 draws in {count} worlds.",
        count=number(len(worlds), 0),
    )
