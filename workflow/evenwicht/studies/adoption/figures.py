"""Figure of a policy adopted at different times: effects by period since adoption, by two estimators."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from evenwicht.base.codebook import Codebook
from evenwicht.display.axes import BELOW, finish, heading, key, numbered, round_ticks, stacked
from evenwicht.display.labels import first_lower
from evenwicht.display.language import say
from evenwicht.display.picture import BLUE, ORANGE, RULE, Picture, style, told
from evenwicht.display.section import Found, first, where
from evenwicht.display.wording import scale_of, signed, unit_of
from evenwicht.estimators.adoption import BASE
from evenwicht.studies.adoption import INTERACTION_WEIGHTED, LAST_BEFORE, TWO_WAY, Settings
from evenwicht.studies.adoption.section import METHODS

LOOKS = {INTERACTION_WEIGHTED: (BLUE, "o", -0.12), TWO_WAY: (ORANGE, "s", 0.12)}
PANEL = 190.0  # points: height of a panel


def figures(study: Settings, book: Codebook, found: Found) -> dict[str, Picture]:
    """Draw the effects by period since adoption, a panel an outcome; nothing if none could be estimated."""
    rows = where(found.estimates, exposure=study.exposure, reference=LAST_BEFORE, method=list(LOOKS))
    outcomes = [name for name in study.outcomes if name in set(rows["outcome"])]
    if not outcomes:
        return {}
    around, clauses = 0.0, []
    policy = book.columns[study.exposure].label
    with style():
        figure, panels = stacked(len(outcomes))
        for axis, outcome in zip(panels, outcomes, strict=True):
            own = where(rows, outcome=outcome)
            _draw(axis, own)
            label, unit = book.outcomes[outcome].label, unit_of(own.iloc[0])
            around += BELOW + heading(axis, label, say("Difference, {unit}", unit=unit) if unit else say("Difference"))
            row = first(own, method=INTERACTION_WEIGHTED, at="0")
            if row is not None:
                effect = scale_of(row).with_unit(row, sign=True)
                clauses.append(say("{outcome}: {effect} in the period of adoption", outcome=label, effect=effect))
        above = key(figure, *panels[0].get_legend_handles_labels())
        finish(figure, [PANEL] * len(outcomes), above + around)
    title = say("Before and after adoption: {policy}", policy=first_lower(policy))
    return {"periods": Picture(figure, title, told(clauses or [title]))}


def _draw(axis: Axes, rows: pd.DataFrame) -> None:
    """Both estimators side by side, the base period open, and the moment of adoption as a line."""
    axis.axhline(0, color="black", lw=0.8)
    axis.axvline(BASE + 0.5, color="black", lw=0.8, ls=":", label=say("Adoption"))
    for method, (colour, marker, aside) in LOOKS.items():
        own = where(rows, method=method)
        since, estimate = own["at"].astype(int), own["estimate"].to_numpy(float)
        errors = np.abs(own[["lower", "upper"]].to_numpy(float).T - estimate)
        label = say("{method}, 95% interval", method=say(METHODS[method].label))
        axis.errorbar(since + aside, estimate, errors, fmt=marker, ms=5, lw=1.4, color=colour, label=label)
    axis.plot(BASE, 0, "o", ms=7, color="black", markerfacecolor="white", label=say("Base: the last period before"))
    every = sorted({*rows["at"].astype(int), BASE})
    axis.set_xticks(every, [signed(e, 0) for e in every])
    axis.set_xlim(every[0] - 0.5, every[-1] + 0.5)
    axis.set_xlabel(say("Periods since adoption"))
    axis.grid(axis="y", color=RULE, lw=0.7)
    axis.set_axisbelow(True)
    numbered(axis.yaxis, round_ticks(*axis.get_ylim(), 5))
