"""Figures of an event study: cells with the pre-period shaded, incidence by group, dose, and where the break is."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evenwicht.base.codebook import Codebook
from evenwicht.display.labels import first_lower
from evenwicht.display.picture import BLUE, GREEN, GREY, ORANGE, Picture, style
from evenwicht.display.section import Found, where
from evenwicht.display.wording import scale_of, with_interval
from evenwicht.estimators.results import Z95
from evenwicht.studies.event_study import Group, Settings

SHADE = "#eceff3"
GROUPS = [(GREY, "-"), ("#56B4E9", "--"), (BLUE, "-."), (ORANGE, "-")]  # unexposed first, then longer and longer
RATIO = {"estimand": "conditional_hazard_ratio", "method": "cox"}


def _panels(outcomes: list[str], height: float, **options: Any) -> tuple[Figure, dict[str, Axes]]:
    """A row of panels, one for each outcome."""
    figure, axes = plt.subplots(1, len(outcomes), figsize=(9, height), squeeze=False, layout="constrained", **options)
    return figure, dict(zip(outcomes, axes[0], strict=True))


def _with_rows(study: Settings, table: pd.DataFrame) -> list[str]:
    """Outcomes of the study that a table of curves or estimates has numbers for, in order."""
    known = set(table.loc[table["estimate"].notna(), "outcome"]) if len(table) else set()
    return [name for name in study.outcomes if name in known]


def _log_axes(axes: list[Axes], values: list[pd.DataFrame]) -> None:
    """Hazard ratios on log axes that share their limits, with no effect as a line."""
    every = np.concatenate([v.to_numpy(float).ravel() for v in values])
    drawn = every[np.isfinite(every) & (every > 0)]
    low, high = drawn.min(initial=1.0) / 1.08, drawn.max(initial=1.0) * 1.08
    steps = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0, 20.0)
    ticks = [step for step in steps if low <= step <= high]
    for axis in axes:
        axis.set_yscale("log")
        axis.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        axis.minorticks_off()
        axis.set_ylim(low, high)
        axis.axhline(1, color="black", lw=0.8)


def _ratios(found: Found, outcome: str, groups: dict[str, Group], reference: str) -> pd.DataFrame:
    """Hazard ratios of groups or cells against their reference, in order; empty rows where there is none."""
    rows = where(found.estimates, outcome=outcome, reference=reference, **RATIO)
    return rows.set_index("exposure").reindex(list(groups))


def cells_figure(study: Settings, book: Codebook, found: Found) -> Picture | None:
    """Draw the hazard ratio of each cell of birth against the reference, from latest to earliest births."""
    reference = study.reference
    outcomes = _with_rows(study, where(found.estimates, reference=reference.id, **RATIO))
    if not outcomes:
        return None
    everyone = {reference.id: reference, **study.cells}
    order = sorted(everyone, key=lambda cell: -everyone[cell].quarters[0])  # latest births first
    place = {cell: k for k, cell in enumerate(order)}
    sentences: list[str] = []
    limits: list[pd.DataFrame] = []
    with style():
        figure, panels = _panels(outcomes, 4.1, sharey=True)
        for outcome, axis in panels.items():
            label, rows = book.outcomes[outcome].label, _ratios(found, outcome, study.cells, reference.id)
            spots = np.array([place[cell] for cell in study.cells])
            error = np.abs(rows[["lower", "upper"]].to_numpy(float).T - rows["estimate"].to_numpy(float))
            before = [place[cell] for cell in [*study.before, reference.id]]
            axis.axvspan(min(before) - 0.5, max(before) + 0.5, color=SHADE, zorder=0, label="Never exposed")
            axis.errorbar(
                spots, rows["estimate"], error, fmt="o", color=BLUE, capsize=3, label="Estimate, 95% interval"
            )
            axis.plot(place[reference.id], 1, "o", color=BLUE, markerfacecolor="white", label="Reference")
            if rows["truth"].notna().any():
                axis.plot(spots, rows["truth"], "D", color="black", markerfacecolor="none", ms=7, label="True value")
            limits.append(rows[["lower", "upper"]])
            axis.set_xticks(range(len(order)), [everyone[cell].label for cell in order], rotation=45, ha="right")
            axis.set(title=label, xlabel="Births, from latest to earliest")
            told = [
                f"{study.cells[str(cell)].label} {scale_of(row).with_interval(row)}"
                for cell, row in rows[rows["estimand"].notna()].iterrows()
            ]
            sentences.append(f"{label}, hazard ratio against {reference.label}: {'; '.join(told)}.")
        _log_axes(figure.axes, limits)
        figure.axes[0].set_ylabel("Hazard ratio (log scale)")
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=4, frameon=False, fontsize=9)
    return Picture(figure, f"Event study: {first_lower(study.label)} and onset by date of birth", " ".join(sentences))


def incidence_figure(study: Settings, book: Codebook, found: Found) -> Picture | None:
    """Draw cumulative incidence by group of birth with 95% bands, and numbers at risk."""
    curves = found.curve("incidence")
    outcomes = _with_rows(study, curves)
    if not outcomes:
        return None
    groups = study.compared
    sentences = []
    with style():
        figure, panels = _panels(outcomes, 4.6)
        for outcome, axis in panels.items():
            label, part = book.outcomes[outcome].label, where(curves, outcome=outcome)
            start, end = float(part["x"].min()), float(part["x"].max())
            ticks = _ages(start, end)
            for k, (name, group) in enumerate(groups.items()):
                line = where(part, arm=name)
                colour, dash = GROUPS[k * (len(GROUPS) - 1) // max(len(groups) - 1, 1)]
                axis.fill_between(line["x"], 100 * line["lower"], 100 * line["upper"], color=colour, alpha=0.13, lw=0)
                axis.plot(line["x"], 100 * line["estimate"], dash, color=colour, lw=1.8, label=group.label)
                last = line.iloc[-1]
                shown = with_interval(*(100 * last[c] for c in ("estimate", "lower", "upper")))
                sentences.append(f"{label}, at age {last['x']:g}, {group.label}: {shown} per cent.")
                height = -0.24 - 0.055 * k
                for tick in ticks:
                    count = line.iloc[int((line["x"] - tick).abs().argmin())]["at_risk"]
                    place = (tick - start) / (end - start)
                    axis.text(
                        place, height, f"{count:,.0f}", transform=axis.transAxes, ha="center", fontsize=8, color=colour
                    )
            axis.text(0, -0.19, "At risk", transform=axis.transAxes, fontsize=8, color=GREY, ha="center")
            axis.set(title=label, xlabel="Age, years", xlim=(start, end))
            axis.set_xticks(ticks)
            axis.set_ylim(bottom=0)
            axis.grid(axis="y", color="#e4e4e4", lw=0.7)
        figure.axes[0].set_ylabel("Cumulative incidence, %")
        handles, names = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper left", ncols=2, frameon=False, fontsize=9)
    return Picture(figure, f"Cumulative incidence by exposure to {first_lower(study.label)}", " ".join(sentences))


def _ages(low: float, high: float) -> list[float]:
    """Round ages in the range of a curve, with its end."""
    inner = [float(a) for a in np.arange(np.ceil(low / 5) * 5, high, 5) if high - a > 2.5]
    return [*inner, high]


def dose_figure(study: Settings, book: Codebook, found: Found) -> Picture | None:
    """Draw the hazard ratio by months of exposure with its 95% band, beside the groups."""
    curves = found.curve("dose")
    outcomes = _with_rows(study, curves)
    if not outcomes:
        return None
    sentences: list[str] = []
    limits: list[pd.DataFrame] = []
    with style():
        figure, panels = _panels(outcomes, 3.6, sharey=True)
        for outcome, axis in panels.items():
            label, line = book.outcomes[outcome].label, where(curves, outcome=outcome)
            axis.fill_between(line["x"], line["lower"], line["upper"], color=BLUE, alpha=0.18, lw=0)
            axis.plot(line["x"], line["estimate"], color=BLUE, lw=1.8, label="Linear dose, 95% band")
            rows = _ratios(found, outcome, study.groups, study.unexposed.id)
            months = [_mean_months(study, group) for group in study.groups.values()]
            error = np.abs(rows[["lower", "upper"]].to_numpy(float).T - rows["estimate"].to_numpy(float))
            axis.errorbar(
                months, rows["estimate"], error, fmt="s", color=ORANGE, capsize=3, label="Groups, 95% interval"
            )
            if rows["truth"].notna().any():
                axis.plot(months, rows["truth"], "D", color="black", markerfacecolor="none", ms=7, label="True value")
            limits += [rows[["lower", "upper"]], line[["lower", "upper"]]]
            axis.set(title=label, xlabel="Months of exposure from conception")
            last = line.iloc[-1]
            shown = with_interval(*(last[c] for c in ("estimate", "lower", "upper")))
            sentences.append(f"{label}: {last['x']:.0f} months against none, hazard ratio {shown}.")
        _log_axes(figure.axes, limits)
        figure.axes[0].set_ylabel("Hazard ratio (log scale)")
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=3, frameon=False, fontsize=9)
    return Picture(figure, f"Dose-response: months of {first_lower(study.label)}", " ".join(sentences))


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
    sentences = []
    with style():
        figure, axes = plt.subplots(
            2, len(outcomes), figsize=(9, 5.4), squeeze=False, sharex="row", layout="constrained"
        )
        for column, outcome in zip(axes.T, outcomes, strict=True):
            label = book.outcomes[outcome].label
            placebo, profile = where(placebos, outcome=outcome), where(profiles, outcome=outcome)
            _placebo(column[0], placebo)
            _profile(column[1], profile)
            column[0].set_title(label)
            best = profile.loc[profile["estimate"].idxmax(), "x"]
            at = placebo[placebo["actual"].astype(bool)]
            told = (
                f"break at the true cut-off {with_interval(*at[['estimate', 'lower', 'upper']].iloc[0])} log hazard"
                if len(at)
                else "no true cut-off"
            )
            sentences.append(f"{label}: {told}; likelihood highest for an end {best:+.0f} months from the true one.")
        axes[0, 0].set_ylabel("Break beside a linear trend,\nlog hazard ratio")
        axes[1, 0].set_ylabel("Log likelihood\nbelow its maximum")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=3, frameon=False, fontsize=9)
    return Picture(figure, f"Where is the break? {study.label}", " ".join(sentences))


def _placebo(axis: Axes, scan: pd.DataFrame) -> None:
    error = np.abs(scan[["lower", "upper"]].to_numpy(float).T - scan["estimate"].to_numpy(float))
    axis.errorbar(scan["x"], scan["estimate"], error, fmt="o", ms=3, lw=0.8, color=GREY, label="Placebo cut-off")
    actual = scan[scan["actual"].astype(bool)]
    if len(actual):
        reach = np.abs(actual[["lower", "upper"]].to_numpy(float).T - actual["estimate"].to_numpy(float))
        axis.errorbar(actual["x"], actual["estimate"], reach, fmt="D", ms=6, color=ORANGE, label="True cut-off")
    axis.axhline(0, color="black", lw=0.8)
    axis.set_xlabel("First birth after the cut-off, months from the end")


def _profile(axis: Axes, scan: pd.DataFrame) -> None:
    axis.plot(scan["x"], scan["estimate"], color=BLUE, lw=1.6)
    axis.axhline(-(Z95**2) / 2, color=GREEN, lw=1, ls="--")
    axis.text(scan["x"].min(), -(Z95**2) / 2, " 95% limit", va="bottom", fontsize=8, color=GREEN)
    axis.axvline(0, color=ORANGE, lw=1.2, ls=":")
    axis.set_xlabel("End of exposure, months from the true end")
