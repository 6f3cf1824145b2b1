"""Figures of an event study: cells with the pre-period shaded, incidence by group, dose, and where the break is."""

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evenwicht.config import CohortConfig, EventOutcome, EventStudy
from evenwicht.estimators.results import Z95
from evenwicht.report.picture import BLUE, GREEN, GREY, ORANGE, Picture, style
from evenwicht.report.wording import scale_of, with_interval

SHADE = "#eceff3"
GROUPS = [(GREY, "-"), ("#56B4E9", "--"), (BLUE, "-."), (ORANGE, "-")]  # unexposed first, then longer and longer


def _panels(
    config: CohortConfig, height: float, **options: Any
) -> tuple[Figure, Iterator[tuple[str, EventOutcome, Axes]]]:
    """A row of panels, one for each outcome of the event study."""
    assert config.event_study is not None
    names = config.event_study.outcomes
    figure, axes = plt.subplots(1, len(names), figsize=(9, height), squeeze=False, layout="constrained", **options)

    def panels() -> Iterator[tuple[str, EventOutcome, Axes]]:
        for name, axis in zip(names, axes[0], strict=True):
            outcome = config.outcomes[name]
            assert isinstance(outcome, EventOutcome)
            yield name, outcome, axis

    return figure, panels()


def _disease(outcome: EventOutcome) -> str:
    """Name of the disease, without the age by which its risk is told."""
    return outcome.label.split(" by age ")[0]


def _study(config: CohortConfig) -> EventStudy:
    assert config.event_study is not None
    return config.event_study


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


def event_study_figure(estimates: pd.DataFrame, config: CohortConfig) -> Picture:
    """Draw the hazard ratio of each cell of birth against the reference, from latest to earliest births."""
    study = _study(config)
    order = _in_order(study)
    sentences: list[str] = []
    limits: list[pd.DataFrame] = []
    with style():
        figure, panels = _panels(config, 4.1, sharey=True)
        for name, outcome, axis in panels:
            same = (estimates["study"] == name) & (estimates["method"] == "cox")
            rows = estimates[same & (estimates["estimand"] == "conditional_hazard_ratio")].set_index("contrast")
            place = {cell: k for k, cell in enumerate(order)}
            found = rows.loc[[study.cell_contrast(cell) for cell in study.cells]]
            spots = np.array([place[cell] for cell in study.cells])
            error = np.abs(found[["lower", "upper"]].to_numpy().T - found["estimate"].to_numpy())
            before = [place[cell] for cell in [*study.before, study.reference.label]]
            axis.axvspan(min(before) - 0.5, max(before) + 0.5, color=SHADE, zorder=0, label="Never exposed")
            axis.errorbar(
                spots, found["estimate"], error, fmt="o", color=BLUE, capsize=3, label="Estimate, 95% interval"
            )
            axis.plot(place[study.reference.label], 1, "o", color=BLUE, markerfacecolor="white", label="Reference")
            if found["truth"].notna().any():
                axis.plot(spots, found["truth"], "D", color="black", markerfacecolor="none", ms=7, label="True value")
            limits.append(found[["lower", "upper"]])
            axis.set_xticks(range(len(order)), order, rotation=45, ha="right")
            axis.set(title=_disease(outcome), xlabel="Births, from latest to earliest")
            told = [
                f"{cell} {scale_of(row).with_interval(row)}"
                for cell, row in zip(study.cells, found.to_dict("records"), strict=True)
            ]
            sentences.append(f"{_disease(outcome)}, hazard ratio against {study.reference.label}: {'; '.join(told)}.")
        _log_axes(figure.axes, limits)
        figure.axes[0].set_ylabel("Hazard ratio (log scale)")
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=4, frameon=False, fontsize=9)
    return Picture(figure, f"Event study: {study.policy.lower()} and onset by date of birth", " ".join(sentences))


def _in_order(study: EventStudy) -> list[str]:
    """Cells and reference, latest births first."""
    quarters = {**study.cells, study.reference.label: study.reference.quarters}
    return sorted(quarters, key=lambda cell: -quarters[cell][0])


def incidence_figure(curves: pd.DataFrame, config: CohortConfig) -> Picture:
    """Draw cumulative incidence by group of birth with 95% bands, and numbers at risk."""
    study = _study(config)
    labels = [study.unexposed.label, *study.groups]
    sentences = []
    with style():
        figure, panels = _panels(config, 4.6)
        for name, outcome, axis in panels:
            part = curves[curves["study"] == name]
            ticks = [tick for tick in _ages(part) if tick >= part["age"].min()]
            for k, label in enumerate(labels):
                line = part[part["group"] == label]
                colour, dash = GROUPS[k * (len(GROUPS) - 1) // max(len(labels) - 1, 1)]
                axis.fill_between(line["age"], 100 * line["lower"], 100 * line["upper"], color=colour, alpha=0.13, lw=0)
                axis.plot(line["age"], 100 * line["incidence"], dash, color=colour, lw=1.8, label=label)
                last = line.iloc[-1]
                shown = with_interval(*(100 * last[c] for c in ("incidence", "lower", "upper")))
                sentences.append(f"{_disease(outcome)} by age {last['age']:g}, {label}: {shown} per cent.")
                height = -0.24 - 0.055 * k
                for tick in ticks:
                    count = line.iloc[int((line["age"] - tick).abs().argmin())]["at_risk"]
                    place = (tick - part["age"].min()) / (part["age"].max() - part["age"].min())
                    axis.text(
                        place, height, f"{count:,.0f}", transform=axis.transAxes, ha="center", fontsize=8, color=colour
                    )
            axis.text(0, -0.19, "At risk", transform=axis.transAxes, fontsize=8, color=GREY, ha="center")
            axis.set(title=_disease(outcome), xlabel="Age, years", xlim=(part["age"].min(), part["age"].max()))
            axis.set_xticks(ticks)
            axis.set_ylim(bottom=0)
            axis.grid(axis="y", color="#e4e4e4", lw=0.7)
        figure.axes[0].set_ylabel("Cumulative incidence, %")
        handles, names = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper left", ncols=2, frameon=False, fontsize=9)
    return Picture(figure, f"Cumulative incidence by exposure to {study.policy.lower()}", " ".join(sentences))


def _ages(part: pd.DataFrame) -> list[float]:
    """Round ages in the range of a curve, with its end."""
    low, high = float(part["age"].min()), float(part["age"].max())
    inner = [float(a) for a in np.arange(np.ceil(low / 5) * 5, high, 5) if high - a > 2.5]
    return [*inner, high]


def dose_figure(curves: pd.DataFrame, estimates: pd.DataFrame, config: CohortConfig) -> Picture:
    """Draw the hazard ratio by months of exposure with its 95% band, beside the groups."""
    study = _study(config)
    sentences: list[str] = []
    limits: list[pd.DataFrame] = []
    with style():
        figure, panels = _panels(config, 3.6, sharey=True)
        for name, outcome, axis in panels:
            line = curves[curves["study"] == name]
            rows = estimates[(estimates["study"] == name) & (estimates["method"] == "cox")].set_index("contrast")
            axis.fill_between(line["months"], line["lower"], line["upper"], color=BLUE, alpha=0.18, lw=0)
            axis.plot(line["months"], line["hazard_ratio"], color=BLUE, lw=1.8, label="Linear dose, 95% band")
            found = rows[rows["estimand"] == "conditional_hazard_ratio"].loc[[study.contrast(g) for g in study.groups]]
            months = [_mean_months(study, quarters) for quarters in study.groups.values()]
            error = np.abs(found[["lower", "upper"]].to_numpy().T - found["estimate"].to_numpy())
            axis.errorbar(
                months, found["estimate"], error, fmt="s", color=ORANGE, capsize=3, label="Groups, 95% interval"
            )
            if found["truth"].notna().any():
                axis.plot(months, found["truth"], "D", color="black", markerfacecolor="none", ms=7, label="True value")
            limits += [found[["lower", "upper"]], line[["lower", "upper"]]]
            axis.set(title=_disease(outcome), xlabel="Months of exposure from conception")
            last = line.iloc[-1]
            shown = with_interval(*(last[c] for c in ("hazard_ratio", "lower", "upper")))
            sentences.append(f"{_disease(outcome)}: {last['months']:.0f} months against none, hazard ratio {shown}.")
        _log_axes(figure.axes, limits)
        figure.axes[0].set_ylabel("Hazard ratio (log scale)")
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=3, frameon=False, fontsize=9)
    return Picture(figure, f"Dose-response: months of {study.policy.lower()}", " ".join(sentences))


def _mean_months(study: EventStudy, quarters: tuple[int, int]) -> float:
    """Mean months of exposure of births spread evenly over quarters."""
    in_quarter = (study.ends.month - 1) % 3
    months = np.arange(3 * quarters[0], 3 * quarters[1] + 3) - in_quarter
    return float(np.clip(9 - months, 0, 9 + study.exposed_until).mean())


def scan_figure(scans: pd.DataFrame, config: CohortConfig) -> Picture:
    """Draw the break at every possible cut-off, and the profile likelihood of the month in which exposure ended."""
    study = _study(config)
    names = study.outcomes
    sentences = []
    with style():
        figure, axes = plt.subplots(2, len(names), figsize=(9, 5.4), squeeze=False, sharex="row", layout="constrained")
        for column, name in zip(axes.T, names, strict=True):
            outcome = config.outcomes[name]
            assert isinstance(outcome, EventOutcome)
            placebo, profile = (
                scans[(scans["study"] == name) & (scans["scan"] == kind)] for kind in ("placebo", "profile")
            )
            _placebo(column[0], placebo)
            _profile(column[1], profile)
            column[0].set_title(_disease(outcome))
            best = profile.loc[profile["estimate"].idxmax(), "months"]
            at = placebo[placebo["actual"].astype(bool)]
            told = (
                f"break at the true cut-off {with_interval(*at[['estimate', 'lower', 'upper']].iloc[0])} log hazard"
                if len(at)
                else "no true cut-off"
            )
            sentences.append(
                f"{_disease(outcome)}: {told}; likelihood highest for an end {best:+.0f} months from the true one."
            )
        axes[0, 0].set_ylabel("Break beside a linear trend,\nlog hazard ratio")
        axes[1, 0].set_ylabel("Log likelihood\nbelow its maximum")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=3, frameon=False, fontsize=9)
    return Picture(figure, f"Where is the break? {study.policy}", " ".join(sentences))


def _placebo(axis: Axes, scan: pd.DataFrame) -> None:
    error = np.abs(scan[["lower", "upper"]].to_numpy(float).T - scan["estimate"].to_numpy(float))
    axis.errorbar(scan["months"], scan["estimate"], error, fmt="o", ms=3, lw=0.8, color=GREY, label="Placebo cut-off")
    actual = scan[scan["actual"].astype(bool)]
    if len(actual):
        reach = np.abs(actual[["lower", "upper"]].to_numpy(float).T - actual["estimate"].to_numpy(float))
        axis.errorbar(actual["months"], actual["estimate"], reach, fmt="D", ms=6, color=ORANGE, label="True cut-off")
    axis.axhline(0, color="black", lw=0.8)
    axis.set_xlabel("First birth after the cut-off, months from the end")


def _profile(axis: Axes, scan: pd.DataFrame) -> None:
    axis.plot(scan["months"], scan["estimate"], color=BLUE, lw=1.6)
    axis.axhline(-(Z95**2) / 2, color=GREEN, lw=1, ls="--")
    axis.text(scan["months"].min(), -(Z95**2) / 2, " 95% limit", va="bottom", fontsize=8, color=GREEN)
    axis.axvline(0, color=ORANGE, lw=1.2, ls=":")
    axis.set_xlabel("End of exposure, months from the true end")
