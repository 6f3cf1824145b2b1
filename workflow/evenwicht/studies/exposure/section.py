"""What the report shows of a study of exposures: survival curves beside the comparison that every report leads with."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import EventOutcome
from evenwicht.display.labels import first_lower
from evenwicht.display.picture import BLUE, GREY, ORANGE, Picture, style
from evenwicht.display.section import Found, Method, where
from evenwicht.display.wording import with_interval
from evenwicht.studies import methods
from evenwicht.studies.claims import Claim, compared
from evenwicht.studies.exposure import Settings
from evenwicht.studies.exposure.run import ARMS

HEADING = "Individual exposure"
METHODS = {
    "crude": methods.CRUDE.about("exposure"),
    "regression": methods.REGRESSION.about("exposure"),
    "ipw": Method(
        "inverse probability weighting",
        "weights make the people with and without the exposure alike in the covariates.",
        methods.EVERYBODY,
        {methods.MEAN: methods.WEIGHTED, methods.RISK: methods.WEIGHTED},
    ),
    "ipw_known_weights": Method("inverse probability weighting, weights as if known"),
    "standardisation": methods.STANDARDISATION.about("exposure"),
}
PANELS = {"crude": "Crude", "ipw": "Weighted for confounders"}
STYLES = (ORANGE, "-"), (BLUE, "--")


def figures(study: Settings, book: Codebook, found: Found) -> dict[str, Picture]:
    """Draw survival by each exposure, with one row of panels for each time to an event."""
    curves = found.curve("survival")
    drawn = {}
    for number, contrast in enumerate(study.contrasts(book), start=1):
        lines = where(curves, exposure=contrast.exposure, reference=contrast.reference)
        if len(lines):
            drawn[f"survival_{number}"] = survival_figure(lines, contrast, book)
    return drawn


def survival_figure(curves: pd.DataFrame, contrast: Contrast, book: Codebook) -> Picture:
    """Draw crude and weighted survival by exposure, with 95% bands and numbers at risk."""
    names = list(dict.fromkeys(curves["outcome"]))
    arms = contrast.arms(book.columns)
    sentences = []
    with style():
        figure, axes = plt.subplots(
            len(names), 2, figsize=(7.4, 3.9 * len(names)), sharey="row", squeeze=False, layout="constrained"
        )
        figure.get_layout_engine().set(h_pad=0.15)  # type: ignore[union-attr, call-arg]  # numbers below, title above
        for row, name in zip(axes, names, strict=True):
            outcome = book.outcomes[name]
            assert isinstance(outcome, EventOutcome)
            part = where(curves, outcome=name)
            floor = np.floor(part[["estimate", "lower"]].min().min() * 20) / 20
            for axis, (method, title) in zip(row, PANELS.items(), strict=True):
                for key, arm, (colour, dash) in zip(ARMS, arms, STYLES, strict=True):
                    line = where(part, method=method, arm=key)
                    axis.fill_between(line["x"], line["lower"], line["upper"], color=colour, alpha=0.18, lw=0)
                    axis.plot(line["x"], line["estimate"], dash, color=colour, lw=1.8, label=arm)
                    last = line.iloc[-1]
                    shown = with_interval(*(100 * last[c] for c in ("estimate", "lower", "upper")))
                    sentences.append(
                        f"{outcome.label}, {first_lower(title)}, {arm}: {shown} per cent without the event at "
                        f"{outcome.horizon:g} {outcome.unit}."
                    )
                clock = "Age" if outcome.time == "age" else "Time since start of follow-up"
                axis.set(title=title, xlabel=f"{clock}, {outcome.unit}", ylim=(floor, 1.003), xlim=(0, outcome.horizon))
                axis.grid(axis="y", color="#e4e4e4", lw=0.7)
                axis.set_xticks(_ticks(outcome.horizon))
            _at_risk(row[0], where(part, method="crude"), arms, outcome.horizon)
            row[0].set_ylabel(f"Without the event: {first_lower(outcome.label)}\n(axis starts at {floor:.2f})")
            row[0].legend(loc="lower left", frameon=False)
    return Picture(figure, f"Survival by exposure: {contrast.label(book.columns)}", " ".join(sentences))


def _ticks(horizon: float) -> NDArray[np.float64]:
    """Round times from 0 up to the horizon, which closes the axis."""
    ticks = np.asarray(MaxNLocator(4).tick_values(0, horizon))
    return np.unique(np.append(ticks[(ticks >= 0) & (ticks <= 0.9 * horizon)], horizon))


def _at_risk(axis: Axes, part: pd.DataFrame, arms: tuple[str, str], horizon: float) -> None:
    """Write the numbers at risk under the axis, in people (not weights), so they hold for both panels."""
    axis.text(-0.1, -0.27, "Number at risk", transform=axis.transAxes, fontsize=8.5, color=GREY, ha="right")
    for k, (key, arm, (colour, _)) in enumerate(zip(ARMS, arms, STYLES, strict=True)):
        height = -0.34 - 0.07 * k
        style: dict[str, Any] = {"transform": axis.transAxes, "fontsize": 8.5, "color": colour}
        axis.text(-0.1, height, arm, ha="right", **style)
        line = where(part, arm=key).set_index("x")["at_risk"]
        for tick in _ticks(horizon):
            count = line.iloc[int(np.abs(line.index.to_numpy() - tick).argmin())]
            axis.text(tick / horizon, height, f"{count:,.0f}", ha="center", **style)


def claims(study: Settings, book: Codebook, found: Found) -> list[Claim]:
    """An exposure is as sure as its covariates make people alike."""
    return compared(study, book, found, METHODS)
