"""Figures of the report: survival curves, forest plots, Lorenz curves. Each comes with its alternative text."""

import textwrap
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig, EventOutcome
from evenwicht.report.comparison import no_null, studied_outcomes, with_caveat
from evenwicht.report.picture import BLUE, GREY, LEVELS, ORANGE, Picture, style
from evenwicht.report.wording import METHOD_LABELS, number, scale_of, with_interval
from evenwicht.rows import arm_labels, contrast_label

INSTRUMENTS = ["iv", "iv_unadjusted"]


def survival_figure(curves: pd.DataFrame, config: CohortConfig) -> Picture:
    """Draw crude and weighted survival by exposure, with 95% bands and numbers at risk, one row an event outcome."""
    names = list(dict.fromkeys(curves["study"]))
    assert config.individual is not None
    arms = arm_labels(config.columns[config.individual.exposure])
    panels = {"crude": "Crude", "ipw": "Weighted for confounders"}
    sentences = []
    with style():
        figure, axes = plt.subplots(
            len(names), 2, figsize=(7.4, 3.9 * len(names)), sharey="row", squeeze=False, layout="constrained"
        )
        for row, name in zip(axes, names, strict=True):
            outcome = config.outcomes[name]
            assert isinstance(outcome, EventOutcome)
            part = curves[curves["study"] == name]
            floor = np.floor(part[["survival", "lower"]].min().min() * 20) / 20
            for axis, (method, title) in zip(row, panels.items(), strict=True):
                for arm, colour, dash in zip(arms, (ORANGE, BLUE), ("-", "--"), strict=True):
                    line = part[(part["method"] == method) & (part["arm"] == arm)]
                    axis.fill_between(line["time"], line["lower"], line["upper"], color=colour, alpha=0.18, lw=0)
                    axis.plot(line["time"], line["survival"], dash, color=colour, lw=1.8, label=arm)
                    last = line.iloc[-1]
                    shown = with_interval(*(100 * last[c] for c in ("survival", "lower", "upper")))
                    sentences.append(
                        f"{outcome.label}, {title.lower()}, {arm}: {shown} per cent without the event at "
                        f"{outcome.horizon:g} {outcome.unit}."
                    )
                clock = "Age" if outcome.time == "age" else "Time since start of follow-up"
                axis.set(
                    title=title,
                    xlabel=f"{clock}, {outcome.unit}",
                    ylim=(floor, 1.003),
                    xlim=(0, outcome.horizon),
                )
                axis.grid(axis="y", color="#e4e4e4", lw=0.7)
                axis.set_xticks(_ticks(outcome.horizon))
            _at_risk(row[0], part[part["method"] == "crude"], arms, outcome.horizon)
            row[0].set_ylabel(f"Without the event: {outcome.label.lower()}\n(axis starts at {floor:.2f})")
            row[0].legend(loc="lower left", frameon=False)
    exposure = config.columns[config.individual.exposure].label
    return Picture(figure, f"Survival by exposure: {exposure}", " ".join(sentences))


def _ticks(horizon: float) -> NDArray[np.float64]:
    """Round times from 0 up to the horizon, which closes the axis."""
    ticks = np.asarray(MaxNLocator(4).tick_values(0, horizon))
    return np.unique(np.append(ticks[(ticks >= 0) & (ticks <= 0.9 * horizon)], horizon))


def _at_risk(axis: Axes, part: pd.DataFrame, arms: tuple[str, str], horizon: float) -> None:
    """Write the numbers at risk under the axis, in people (not weights), so they hold for both panels."""
    axis.text(-0.1, -0.27, "Number at risk", transform=axis.transAxes, fontsize=8.5, color=GREY, ha="right")
    for k, (arm, colour) in enumerate(zip(arms, (ORANGE, BLUE), strict=True)):
        height = -0.34 - 0.07 * k
        style: dict[str, Any] = {"transform": axis.transAxes, "fontsize": 8.5, "color": colour}
        axis.text(-0.1, height, arm, ha="right", **style)
        line = part[part["arm"] == arm].set_index("time")["at_risk"]
        for tick in _ticks(horizon):
            count = line.iloc[int(np.abs(line.index.to_numpy() - tick).argmin())]
            axis.text(tick / horizon, height, f"{count:,}", ha="center", **style)


def forest_figure(estimates: pd.DataFrame, config: CohortConfig, cohort: Cohort) -> Picture:
    """Draw individual and policy effects in the same units, one panel an outcome; windows of births have a table."""
    columns = [config.individual.exposure] if config.individual else []
    columns += config.policy.exposures if config.policy else []
    compared = [contrast_label(column, cohort.columns[column]) for column in columns]
    rows_shown = estimates["estimand"].isin(["mean_difference", "risk_difference"]) & estimates["contrast"].isin(
        compared
    )
    absolute = estimates[rows_shown]
    panels = [(name, absolute[absolute["study"] == name]) for name in studied_outcomes(config)]
    heights = [len(rows) + 1.6 for _, rows in panels]
    sentences = []
    with style():
        figure, axes = plt.subplots(
            len(panels),
            1,
            figsize=(7.4, 0.27 * sum(heights) + 0.5),
            height_ratios=heights,
            squeeze=False,
            layout="constrained",
        )
        for axis, (name, rows) in zip(axes[:, 0], panels, strict=True):
            outcome = config.outcomes[name]
            records = rows.to_dict("records")
            scales = [scale_of(row, _unit_of(config, name)) for row in records]
            factor, shown_unit = scales[0].factor, scales[0].unit
            limit = _axis_limit(rows, factor)
            labels = []
            for position, (row, scale) in enumerate(zip(records, scales, strict=True)):
                labels.append(_row_label(row, cohort))
                _interval_line(axis, row, -position, factor, limit)
                sentences.append(f"{outcome.label}, {labels[-1]}, {shown_unit}: {scale.with_interval(row)}.")
                shown = scale.with_interval({**row, "reason": ""})  # there is no room for it beside the axis
                axis.text(1.02, -position, shown, transform=axis.get_yaxis_transform(), va="center", fontsize=9)
            axis.axvline(0, color="black", lw=0.8)
            axis.set(
                title=outcome.label,
                xlabel=f"Difference, {shown_unit}",
                xlim=(-limit, limit),
                ylim=(-len(rows) + 0.4, 0.6),
                yticks=-np.arange(len(rows)),
                yticklabels=labels,
            )
            axis.tick_params(axis="y", length=0, pad=9)
            axis.spines["left"].set_visible(False)
        levels = [level for level in LEVELS if (absolute["level"] == level).any()]
        _forest_legend(figure, axes[0, 0], levels, bool(absolute["truth"].notna().any()))
    about = " and ".join(LEVELS[level][2].lower() for level in levels)
    return Picture(figure, f"Effects of {about}: {config.title}", " ".join(sentences))


def _unit_of(config: CohortConfig, name: str) -> str:
    column = getattr(config.outcomes[name], "column", None)
    return config.columns[column].unit if column else ""


def _axis_limit(rows: pd.DataFrame, factor: float) -> float:
    """Choose a symmetric axis from all rows but instrumental variables, which would flatten everything else."""
    usual = rows[~rows["method"].isin(INSTRUMENTS)]
    values = usual[["estimate", "lower", "upper", "truth"]].abs().to_numpy(float) * factor
    return float(1.15 * np.max(values[np.isfinite(values)], initial=0.0)) or 1.0


def _row_label(row: Any, cohort: Cohort) -> str:
    column = row["contrast"].split(":")[0]
    exposed, _ = arm_labels(cohort.columns[column])
    return f"{exposed}, {METHOD_LABELS[row['method']]}"


def _interval_line(axis: Axes, row: Any, height: float, factor: float, limit: float) -> None:
    colour, marker, _ = LEVELS[row["level"]]
    low, high = row["lower"] * factor, row["upper"] * factor
    if not np.isnan(low):
        axis.plot([max(low, -limit), min(high, limit)], [height] * 2, color=colour, lw=1.8, solid_capstyle="butt")
        for end, beyond, arrow in ((-limit, low < -limit, 0), (limit, high > limit, 1)):
            if beyond:
                axis.plot(end, height, marker=arrow + 8, color=colour, ms=7, clip_on=False)
    hollow = "white" if row["method"] == "crude" else colour
    axis.plot(row["estimate"] * factor, height, marker, color=colour, markerfacecolor=hollow, ms=6, zorder=3)
    if not np.isnan(row["truth"]):
        axis.plot(row["truth"] * factor, height, "D", color="black", markerfacecolor="none", ms=7, mew=1.2, zorder=4)


def _forest_legend(figure: Figure, axis: Axes, levels: list[str], truth: bool) -> None:
    for level in levels:
        colour, marker, label = LEVELS[level]
        axis.plot([], [], marker, color=colour, label=label)
    axis.plot([], [], "o", color=GREY, markerfacecolor="white", label="Hollow: crude")
    if truth:
        axis.plot([], [], "D", color="black", markerfacecolor="none", ms=7, mew=1.2, label="True value")
    figure.legend(loc="outside upper left", ncols=4, frameon=False, fontsize=9)


def lorenz_figure(curves: pd.DataFrame, estimates: pd.DataFrame, config: CohortConfig) -> Picture:
    """Draw a Lorenz curve for every sector with its band, beside the curve that chance alone gives for counts."""
    sectors = list(dict.fromkeys(curves["sector"]))
    rows_of_gini = estimates[estimates["estimand"] == "gini"].to_dict("records")
    gini = {(row["contrast"], row["method"]): row for row in rows_of_gini}
    columns = 4
    rows = -(-len(sectors) // columns)
    sentences = []
    with style():
        figure, axes = plt.subplots(
            rows,
            columns,
            figsize=(7.4, 2.25 * rows + 0.5),
            sharex=True,
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
        for axis in axes.flat[len(sectors) :]:
            axis.set_visible(False)
        for axis, sector in zip(axes.flat, sectors, strict=False):
            line = curves[curves["sector"] == sector]
            label = config.sector_labels[sector]
            people = 100 * line["people"]
            axis.plot([0, 100], [0, 100], color=GREY, lw=0.8, label="Equal use")
            axis.plot(people, 100 * line["null"], ":", color="black", lw=1.4, label="Chance alone (Poisson), of counts")
            axis.fill_between(people, 100 * line["lower"], 100 * line["upper"], color=BLUE, alpha=0.25, lw=0)
            axis.plot(people, 100 * line["share"], color=BLUE, lw=1.6, label="Observed, with nominal 95% band")
            observed, null = gini[sector, "observed"], gini.get((sector, "poisson_null"))
            if null:
                below, sentence = f"chance {number(null['estimate'])}", f"chance alone {number(null['estimate'])}"
            else:
                below, sentence = f"chance: none\n({label.measures})", f"no value for chance, as {no_null(label)}"
            axis.set_title(textwrap.fill(label.label, 22), fontsize=8.5)
            axis.text(4, 96, f"Gini {number(observed['estimate'])}\n{below}", va="top", fontsize=8.5)
            sentences.append(f"{label.label}: Gini {with_caveat(observed)}, {sentence}.")
            axis.set(xlim=(0, 100), ylim=(0, 100), xticks=[0, 50, 100], yticks=[0, 50, 100], aspect="equal")
        figure.supxlabel("People, from least to most use, %", fontsize=10)
        figure.supylabel("Cumulative use, %", fontsize=10)
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=3, frameon=False, fontsize=9)
    return Picture(figure, f"Lorenz curves: {config.title}", " ".join(sentences))
