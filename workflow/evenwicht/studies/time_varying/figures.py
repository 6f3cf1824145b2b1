"""Figure of exposures that change over time: ratios of hazards, without and with covariates."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, NullLocator

from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import NO
from evenwicht.display.axes import BELOW, finish, heading, key, numbered, stacked
from evenwicht.display.intervals import USED
from evenwicht.display.labels import Labels
from evenwicht.display.language import say
from evenwicht.display.lettering import LINE, TEXT, wrapped
from evenwicht.display.picture import BLUE, GREY, Picture, style, told
from evenwicht.display.section import Found, Row, first, where
from evenwicht.display.wording import scale_of
from evenwicht.studies.time_varying import Settings

TICKS = np.array([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100])
LOOKS = {
    ("hazard_ratio", "crude"): (GREY, "white"),
    ("conditional_hazard_ratio", "regression"): (BLUE, BLUE),
}
TRACK = 13.0  # points: height of the strip in which an interval lies


def figures(study: Settings, book: Codebook, found: Found) -> dict[str, Picture]:
    """Draw the ratios, a panel an outcome; nothing if none could be estimated."""
    rows = {
        (outcome, name): [
            row
            for (estimand, method) in LOOKS
            if (
                row := first(
                    where(found.estimates, outcome=outcome, exposure=name, reference=NO, subgroup=""),
                    estimand=estimand,
                    method=method,
                )
            )
            is not None
            and not np.isnan(row["estimate"])
        ]
        for outcome in study.outcomes
        for name in study.exposures
    }
    outcomes = [one for one in study.outcomes if any(rows[one, name] for name in study.exposures)]
    if not outcomes:
        return {}
    labels, around, heights, clauses = Labels(book), 0.0, [], []
    with style():
        figure, panels = stacked(len(outcomes))
        for axis, outcome in zip(panels, outcomes, strict=True):
            drawn = {name: rows[outcome, name] for name in study.exposures}
            heights.append(_draw(axis, drawn, book))
            around += BELOW + heading(axis, labels.outcome(outcome))
            for name, own in drawn.items():
                if own:
                    ratio = scale_of(own[-1]).with_interval(own[-1])
                    clauses.append(
                        say(
                            "{exposure}, {outcome}: {ratio}",
                            exposure=book.changing[name],
                            outcome=labels.outcome(outcome),
                            ratio=ratio,
                        )
                    )
        above = key(figure, *panels[0].get_legend_handles_labels())
        finish(figure, heights, above + around)
    return {"ratios": Picture(figure, say("Ratios of hazards, with the exposure to without it"), told(clauses))}


def _draw(axis: Axes, drawn: dict[str, list[Row]], book: Codebook) -> float:
    """Draw each exposure as its label above its intervals; return the height, points."""
    ends, height = [1.0], 2.0
    for name, own in drawn.items():
        for line in wrapped(book.changing[name], USED):
            axis.text(0, height + TEXT, line, transform=axis.get_yaxis_transform(), va="baseline", in_layout=False)
            height += LINE
        axis.vlines(1, height, height + TRACK * len(own), color="black", lw=0.8)
        for row in own:
            colour, face = LOOKS[row["estimand"], row["method"]]
            middle = height + TRACK / 2
            axis.plot([row["lower"], row["upper"]], [middle] * 2, color=colour, lw=1.6)
            axis.plot(row["estimate"], middle, "o", color=colour, markerfacecolor=face, ms=6)
            ends += [v for v in (row["estimate"], row["lower"], row["upper"]) if np.isfinite(v)]
            height += TRACK
        height += 6
    for (_, method), (colour, face) in LOOKS.items():
        label = say("Without covariates") if method == "crude" else say("With covariates")
        axis.plot([], [], "o", color=colour, markerfacecolor=face, label=label)
    low, high = max(min(ends) / 1.2, TICKS[0]), min(max(ends) * 1.2, TICKS[-1])
    axis.set(xscale="log", xlim=(low, high), ylim=(height, 0), yticks=[], xlabel=say("Hazard ratio (log scale)"))
    axis.spines["left"].set_visible(False)
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_minor_formatter(NullFormatter())
    numbered(axis.xaxis, TICKS[(low <= TICKS) & (high >= TICKS)])
    return height
