"""Figures of an event study: cells with the pre-period shaded, incidence by group, dose, and where the break is."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis

from evenwicht.base.codebook import Codebook
from evenwicht.display.axes import (
    BELOW,
    LINE,
    Curve,
    at_risk,
    draw_curves,
    finish,
    heading,
    key,
    numbered,
    round_ticks,
    row_places,
    short_number,
    stacked,
)
from evenwicht.display.labels import first_lower
from evenwicht.display.language import say
from evenwicht.display.picture import BLUE, GREEN, GREY, ORANGE, PALE, TRUTH, Picture, style, told
from evenwicht.display.section import Found, first, where
from evenwicht.display.wording import number, scale_of, signed, with_interval
from evenwicht.estimators.results import Z95
from evenwicht.studies.event_study import Group, Settings

GROUPS = [(GREY, "-"), (GREEN, "--"), (BLUE, "-."), (ORANGE, "-")]  # unexposed first, then longer and longer
RATIO = {"estimand": "conditional_hazard_ratio", "method": "cox"}
RATIOS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0)  # ticks, few enough for any range
PANEL = 120.0  # points: height of a panel


def _with_rows(study: Settings, table: pd.DataFrame) -> list[str]:
    """Outcomes of the study that a table of curves or estimates has numbers for, in order."""
    known = set(table.loc[table["estimate"].notna(), "outcome"]) if len(table) else set()
    return [name for name in study.outcomes if name in known]


def _reach(values: list[pd.DataFrame]) -> tuple[float, float]:
    """Limits of a log axis that holds these ratios, and no effect."""
    every = np.concatenate([v.to_numpy(float).ravel() for v in values])
    drawn = every[np.isfinite(every) & (every > 0)]
    return float(drawn.min(initial=1.0) / 1.08), float(drawn.max(initial=1.0) * 1.08)


def _log_ticks(axis: Axis, limits: tuple[float, float]) -> None:
    ticks = [tick for tick in RATIOS if limits[0] <= tick <= limits[1]]
    axis.set_ticks(ticks, [short_number(tick) for tick in ticks])
    axis.set_ticks([], minor=True)


def _ratios(found: Found, outcome: str, groups: dict[str, Group], reference: str) -> pd.DataFrame:
    """Hazard ratios of groups or cells against their reference, in order; empty rows where there is none."""
    rows = where(found.estimates, outcome=outcome, reference=reference, **RATIO)
    return rows.set_index("exposure").reindex(list(groups))


def _errors(rows: pd.DataFrame) -> Any:
    """Lengths of the intervals on both sides of estimates, (2, n)."""
    return np.abs(rows[["lower", "upper"]].to_numpy(float).T - rows["estimate"].to_numpy(float))


def cells_figure(study: Settings, book: Codebook, found: Found) -> Picture | None:
    """Draw the hazard ratio of each cell of birth against the reference, from latest to earliest births."""
    reference = study.reference
    outcomes = _with_rows(study, where(found.estimates, reference=reference.id, **RATIO))
    if not outcomes:
        return None
    everyone = {reference.id: reference, **study.cells}
    order = sorted(everyone, key=lambda cell: -everyone[cell].quarters[0])  # latest births first
    tables = {outcome: _ratios(found, outcome, study.cells, reference.id) for outcome in outcomes}
    limits = _reach([rows[["lower", "upper", "truth"]] for rows in tables.values()])
    around, height = 0.0, 0.0
    with style():
        figure, panels = stacked(len(outcomes))
        for axis, (outcome, rows) in zip(panels, tables.items(), strict=True):
            places, height = row_places(axis, [everyone[cell].label for cell in order])
            place = dict(zip(order, places, strict=True))
            before = [place[cell] for cell in [*study.before, reference.id]]
            axis.axhspan(min(before) - LINE, max(before) + LINE, color=PALE, lw=0, zorder=0, label=say("Never exposed"))
            axis.axvline(1, color="black", lw=0.8)
            spots = [place[cell] for cell in study.cells]
            axis.errorbar(
                rows["estimate"], spots, xerr=_errors(rows), fmt="o", color=BLUE, label=say("Estimate, 95% interval")
            )
            axis.plot(1, place[reference.id], "o", color=BLUE, markerfacecolor="white", label=say("Reference"))
            if rows["truth"].notna().any():
                axis.plot(rows["truth"], spots, label=say("True value"), **TRUTH)
            axis.set(xscale="log", xlim=limits, xlabel=say("Hazard ratio (log scale)"))
            _log_ticks(axis.xaxis, limits)
            around += BELOW + heading(axis, book.outcomes[outcome].label, say("Births, from latest to earliest"))
        above = key(figure, *panels[0].get_legend_handles_labels())
        finish(figure, [height] * len(outcomes), above + around)
    last = order[-1]
    clauses = [
        say(
            "{outcome}: hazard ratio {ratio}, {cell} against {reference}",
            outcome=book.outcomes[outcome].label,
            cell=everyone[last].label,
            reference=reference.label,
            ratio=scale_of(row).with_interval(row),
        )
        for outcome in outcomes
        if (row := first(found.estimates, outcome=outcome, exposure=last, reference=reference.id, **RATIO))
    ]
    policy = first_lower(study.label)
    return Picture(figure, say("Event study: {policy} and onset by date of birth", policy=policy), told(clauses))


def incidence_figure(study: Settings, book: Codebook, found: Found) -> Picture | None:
    """Draw cumulative incidence by group of birth with 95% bands, and numbers at risk."""
    curves = found.curve("incidence")
    outcomes = _with_rows(study, curves)
    if not outcomes:
        return None
    groups = study.compared
    looks = [GROUPS[k * (len(GROUPS) - 1) // max(len(groups) - 1, 1)] for k in range(len(groups))]
    clauses, heights, around = list[str](), list[float](), 0.0
    with style():
        figure, panels = stacked(2 * len(outcomes))
        for outcome, axis, below in zip(outcomes, panels[::2], panels[1::2], strict=True):
            label, part = book.outcomes[outcome].label, where(curves, outcome=outcome)
            lines = [Curve(where(part, arm=name), *look) for name, look in zip(groups, looks, strict=True)]
            start, end = float(part["x"].min()), float(part["x"].max())
            samples = draw_curves(axis, lines)
            axis.set(xlabel=say("Age, years"), xlim=(start, end))
            axis.set_ylim(bottom=0)
            numbered(axis.xaxis, _ages(start, end))
            numbered(axis.yaxis, round_ticks(*axis.get_ylim()))
            around += BELOW + heading(axis, label, say("Cumulative incidence, %"))
            below.set_xlim(start, end)
            heights += [PANEL, at_risk(below, _ages(start, end), lines)]
            unexposed, longest = (100 * float(line.points["estimate"].iloc[-1]) for line in (lines[0], lines[-1]))
            clauses.append(
                say(
                    "{outcome}: by age {age}, {longest}% ({group}) and {unexposed}% ({reference})",
                    outcome=label,
                    age=number(end, 0),
                    longest=number(longest, 1),
                    group=list(groups.values())[-1].label,
                    unexposed=number(unexposed, 1),
                    reference=study.unexposed.label,
                )
            )
        above = key(figure, samples, [group.label for group in groups.values()])
        finish(figure, heights, above + around)
    policy = first_lower(study.label)
    return Picture(figure, say("Cumulative incidence by exposure to {policy}", policy=policy), told(clauses))


def _ages(low: float, high: float) -> list[float]:
    """Round ages in the range of a curve, with its end."""
    step = 5 if high - low < 25 else 10
    inner = [float(a) for a in np.arange(np.ceil(low / step) * step, high, step) if high - a > step / 2]
    return [*inner, high]


def dose_figure(study: Settings, book: Codebook, found: Found) -> Picture | None:
    """Draw the hazard ratio by months of exposure with its 95% band, beside the groups."""
    curves = found.curve("dose")
    outcomes = _with_rows(study, curves)
    if not outcomes:
        return None
    tables = {outcome: _ratios(found, outcome, study.groups, study.unexposed.id) for outcome in outcomes}
    limits = _reach([*(rows[["lower", "upper", "truth"]] for rows in tables.values()), curves[["lower", "upper"]]])
    months = [_mean_months(study, group) for group in study.groups.values()]
    clauses, around = list[str](), 0.0
    with style():
        figure, panels = stacked(len(outcomes))
        for axis, (outcome, rows) in zip(panels, tables.items(), strict=True):
            label, line = book.outcomes[outcome].label, where(curves, outcome=outcome)
            axis.axhline(1, color="black", lw=0.8)
            axis.fill_between(line["x"], line["lower"], line["upper"], color=BLUE, alpha=0.18, lw=0)
            axis.plot(line["x"], line["estimate"], color=BLUE, lw=1.8, label=say("Linear dose, 95% band"))
            axis.errorbar(
                months, rows["estimate"], _errors(rows), fmt="s", color=ORANGE, label=say("Groups, 95% interval")
            )
            if rows["truth"].notna().any():
                axis.plot(months, rows["truth"], label=say("True value"), **TRUTH)
            axis.set(yscale="log", ylim=limits, xlabel=say("Months of exposure from conception"))
            numbered(axis.xaxis, round_ticks(*axis.get_xlim(), 5))
            _log_ticks(axis.yaxis, limits)
            around += BELOW + heading(axis, label, say("Hazard ratio (log scale)"))
            last = line.iloc[-1]
            clauses.append(
                say(
                    "{outcome}: {months} months of exposure against none, hazard ratio {ratio}",
                    outcome=label,
                    months=number(last["x"], 0),
                    ratio=with_interval(last["estimate"], last["lower"], last["upper"]),
                )
            )
        above = key(figure, *panels[0].get_legend_handles_labels())
        finish(figure, [PANEL] * len(outcomes), above + around)
    policy = first_lower(study.label)
    return Picture(figure, say("Dose-response: months of {policy}", policy=policy), told(clauses))


def _mean_months(study: Settings, group: Group) -> float:
    """Mean months of exposure of births spread evenly over the quarters of a group."""
    in_quarter = (study.ends.month - 1) % 3
    months = np.arange(3 * group.quarters[0], 3 * group.quarters[1] + 3) - in_quarter
    return float(np.clip(9 - months, 0, 9 + study.exposed_until).mean())


def scan_figure(study: Settings, book: Codebook, found: Found) -> Picture | None:
    """Draw the break at every possible cut-off, and the profile likelihood of the month in which exposure ended."""
    placebos, profiles = found.curve("placebo"), found.curve("profile")
    outcomes = _with_rows(study, profiles)
    if not outcomes:
        return None
    clauses, around = list[str](), 0.0
    with style():
        figure, panels = stacked(2 * len(outcomes))
        for outcome, upper, lower in zip(outcomes, panels[::2], panels[1::2], strict=True):
            label, profile = book.outcomes[outcome].label, where(profiles, outcome=outcome)
            _placebo(upper, where(placebos, outcome=outcome))
            _profile(lower, profile)
            around += heading(upper, label, say("Break beside a linear trend, log hazard ratio"))
            around += heading(lower, label, say("Log likelihood below its maximum")) + 2 * BELOW
            clauses.append(
                say(
                    "{outcome}: the likelihood is highest for an end {months} months from the true one",
                    outcome=label,
                    months=signed(float(profile["x"].iloc[int(profile["estimate"].argmax())]), 0),
                )
            )
        marks = [panel.get_legend_handles_labels() for panel in panels[:2]]
        above = key(figure, [h for handles, _ in marks for h in handles], [w for _, words in marks for w in words])
        finish(figure, [PANEL] * len(panels), above + around)
    return Picture(figure, say("Where is the break? {policy}", policy=study.label), told(clauses))


def _placebo(axis: Axes, scan: pd.DataFrame) -> None:
    axis.errorbar(
        scan["x"], scan["estimate"], _errors(scan), fmt="o", ms=3, lw=0.8, color=GREY, label=say("Placebo cut-off")
    )
    actual = scan[scan["actual"].astype(bool)]
    if len(actual):
        at = actual["x"], actual["estimate"], _errors(actual)
        axis.errorbar(*at, fmt="D", ms=6, color=ORANGE, label=say("True cut-off"))
    axis.axhline(0, color="black", lw=0.8)
    axis.set_xlabel(say("First birth after the cut-off, months from the end"))
    _numbers(axis)


def _profile(axis: Axes, scan: pd.DataFrame) -> None:
    axis.plot(scan["x"], scan["estimate"], color=BLUE, lw=1.6, label=say("Log likelihood"))
    axis.axhline(-(Z95**2) / 2, color=GREEN, lw=1.2, ls="--", label=say("Limit of the 95% interval"))
    axis.axvline(0, color=ORANGE, lw=1.2, ls=":", label=say("True end"))
    axis.set_xlabel(say("End of exposure, months from the true end"))
    _numbers(axis)


def _numbers(axis: Axes) -> None:
    numbered(axis.xaxis, round_ticks(*axis.get_xlim(), 5))
    numbered(axis.yaxis, round_ticks(*axis.get_ylim()))


def figures(study: Settings, book: Codebook, found: Found) -> dict[str, Picture]:
    """Draw the cells, incidence, dose, and where the break is; each for the outcomes that have it."""
    drawn = {
        "cells": cells_figure(study, book, found),
        "incidence": incidence_figure(study, book, found),
        "dose": dose_figure(study, book, found),
        "scan": scan_figure(study, book, found),
    }
    return {name: picture for name, picture in drawn.items() if picture is not None}
