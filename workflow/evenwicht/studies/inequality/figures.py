"""Risks in each part of a rank with and without an exposure, or its effect there."""

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import Contrast
from evenwicht.display.axes import BELOW, finish, heading, key, numbered, round_ticks, stacked
from evenwicht.display.labels import arms as arms_of
from evenwicht.display.labels import comparison
from evenwicht.display.language import say
from evenwicht.display.picture import BLUE, ORANGE, RULE, TRUTH, Picture, style, told
from evenwicht.display.section import Found, Row
from evenwicht.display.wording import number, scale_of
from evenwicht.studies.inequality import Settings
from evenwicht.studies.inequality.section import ADJUSTED, part_rows
from evenwicht.studies.study import part_keys

LOOKS = {"exposed": (ORANGE, "s", 0.12), "unexposed": (BLUE, "o", -0.12)}  # colour, marker, and place beside the tick
PANEL = 125.0  # points: height of a panel
Series = dict[str, list[Row | None]]  # arm -> a row for each part; one nameless series of differences


def parts_figure(study: Settings, book: Codebook, found: Found, contrast: Contrast) -> Picture | None:
    """Draw the effects of one exposure in parts of the rank, a panel for each outcome; None if there is nothing."""
    drawn = {name: lines for name in study.outcomes if _known(lines := _series(study, book, found, contrast, name))}
    if not drawn:
        return None
    names = dict(zip(LOOKS, arms_of(contrast, book.columns), strict=True))
    heights, around, samples = list[float](), BELOW, dict[str, Artist]()
    with style():
        figure, axes = stacked(len(drawn))
        for axis, (outcome, lines) in zip(axes, drawn.items(), strict=True):
            for arm, rows in lines.items():
                samples |= _draw(axis, arm, rows)
            around += heading(axis, book.outcomes[outcome].label, _quantity(lines)) + BELOW
            heights.append(PANEL)
            _scale(axis, lines, study.parts)
        rank = book.columns[study.by].label
        axes[-1].set_xlabel(say("{rank}, in {parts} parts from the lowest", rank=rank, parts=study.parts))
        words = {**names, "": say("Effect of the exposure"), "truth": say("True value")}
        shown = [arm for arm in ("unexposed", "exposed", "", "truth") if arm in samples]
        finish(figure, heights, around + key(figure, [samples[arm] for arm in shown], [words[arm] for arm in shown]))
    title = say("{contrast}, by {rank}", contrast=comparison(contrast, book.columns), rank=rank)
    return Picture(figure, title, told(_clauses(book, drawn)))


def _series(study: Settings, book: Codebook, found: Found, contrast: Contrast, outcome: str) -> Series:
    """Risks in both arms by part; of a number, or of an exposure in numbers, its effects."""
    keys = {"outcome": outcome, "exposure": contrast.exposure, "reference": contrast.reference, "method": ADJUSTED}
    risks: Series = {
        arm: [
            found.estimate(estimand=f"risk_{arm}", subgroup=part, **keys) for part in part_keys(study.by, study.parts)
        ]
        for arm in LOOKS
    }
    return risks if _known(risks) else {"": part_rows(study, book, found, contrast, outcome)}


def _known(lines: Series) -> bool:
    return any(row is not None and not np.isnan(row["estimate"]) for rows in lines.values() for row in rows)


def _draw(axis: Axes, arm: str, rows: Sequence[Row | None]) -> dict[str, Artist]:
    """Draw one series with its intervals and true values; return samples for the key."""
    colour, marker, beside = LOOKS.get(arm, (BLUE, "o", 0.0))
    samples: dict[str, Artist] = {}
    for place, row in enumerate(rows, start=1):
        if row is None or np.isnan(row["estimate"]):
            continue
        factor, x = _factor(row), place + beside
        if not np.isnan(row["lower"]):
            axis.plot([x, x], [factor * row["lower"], factor * row["upper"]], color=colour, lw=1.8)
        [samples[arm]] = axis.plot(x, factor * row["estimate"], marker, color=colour, ms=6, ls="")
        if not np.isnan(row["truth"]):
            [samples["truth"]] = axis.plot(x, factor * row["truth"], zorder=4, **TRUTH)
    return samples


def _factor(row: Row) -> float:
    """Shares are drawn in per cent."""
    return scale_of(row).factor if row["estimand"] in ("risk_difference", "mean_difference") else 100.0


def _quantity(lines: Series) -> str:
    if "" not in lines:
        return say("People, %")
    unit = next(scale_of(row).unit for row in lines[""] if row is not None)
    return say("Difference, {unit}", unit=unit) if unit else say("Difference")


def _scale(axis: Axes, lines: Series, parts: int) -> None:
    """Set the limits: of shares from 0, of differences with no difference among them."""
    rows = [row for series in lines.values() for row in series if row is not None]
    values = [_factor(row) * row[name] for row in rows for name in ("estimate", "lower", "upper", "truth")]
    finite = np.array([value for value in values if np.isfinite(value)])
    low, high = min(0.0, float(finite.min())), max(0.0, float(finite.max()))
    margin = 0.06 * (high - low) or 1.0
    axis.set(xlim=(0.5, parts + 0.5), ylim=(low - margin if low < 0 else 0.0, high + margin))
    numbered(axis.xaxis, np.arange(1.0, parts + 1))
    numbered(axis.yaxis, round_ticks(low, high))
    axis.grid(axis="y", color=RULE, lw=0.7)
    axis.set_axisbelow(True)
    if low < 0:
        axis.axhline(0, color="black", lw=1)


def _clauses(book: Codebook, drawn: dict[str, Series]) -> list[str]:
    clauses = []
    for outcome, lines in drawn.items():
        one, none = (lines.get(arm) for arm in LOOKS)
        if one is None or none is None:
            continue
        pairs = [(a, b) for a, b in zip(one, none, strict=True) if a is not None and b is not None]
        shares = [
            say("{one}% against {none}%", one=number(100 * a["estimate"], 0), none=number(100 * b["estimate"], 0))
            for a, b in pairs
            if not np.isnan(a["estimate"] + b["estimate"])
        ]
        clauses.append(
            say(
                "{outcome}, from the lowest part: {shares}",
                outcome=book.outcomes[outcome].label,
                shares=", ".join(shares),
            )
        )
    return clauses or [say("Effects in each part, from the lowest")]


def figures(study: Settings, book: Codebook, found: Found) -> dict[str, Picture]:
    """Draw each exposure."""
    drawn = [parts_figure(study, book, found, contrast) for contrast in study.contrasts(book)]
    return {f"parts_{place}": picture for place, picture in enumerate(drawn, start=1) if picture is not None}
