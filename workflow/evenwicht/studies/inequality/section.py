"""What the report shows of inequality: who is affected most, how unequal outcomes are, and what would change that."""

import math
from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import ContinuousOutcome
from evenwicht.display.labels import comparison
from evenwicht.display.language import message, say
from evenwicht.display.section import Found, Method, Row
from evenwicht.display.table import Column, Table
from evenwicht.display.wording import Scale, decimals, scale_of
from evenwicht.studies import methods
from evenwicht.studies.inequality import Settings
from evenwicht.studies.study import part_keys

HEADING = "Inequality"
METHODS = {
    "crude": methods.CRUDE.about("exposure"),
    "ipw": Method(
        "inverse probability weighting",
        "weights make the people with and without the exposure alike in the covariates.",
    ),
    "standardisation": methods.STANDARDISATION.about("exposure"),
    "ranks": Method("line over ranks", "the outcome over everybody’s place in the order, from 0 (bottom) to 1 (top)."),
}
ADJUSTED = "standardisation"
INDICES = {
    "slope_index": message("Slope index (top less bottom)"),
    "relative_index": message("Relative index, linear (bottom over top)"),
    "relative_index_log_linear": message("Relative index, log-linear (bottom over top)"),
}
POINTS = message("percentage points")


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    """Return inequality as things are, what each exposure would change, and its effects in parts of the rank."""
    return {
        "rank": book.columns[study.by].label,
        "indices": _indices(study, book, found),
        "change": _change(study, book, found),
        "parts": _parts(study, book, found),
    }


def _indices(study: Settings, book: Codebook, found: Found) -> Table:
    """The slope and the relative index of each outcome."""
    lines = []
    for outcome in study.outcomes:
        for estimand, text in INDICES.items():
            row = found.estimate(outcome=outcome, exposure=study.by, estimand=estimand, method="ranks")
            if row is None:
                continue
            scale = scale_of(row) if estimand != "slope_index" else slope_scale(row, book)
            cells = {"estimate": scale.with_unit(row), "truth": scale.number(row["truth"])}
            lines.append({"outcome": book.outcomes[outcome].label, "index": say(text), **cells})
    columns = [
        Column("outcome", say("Outcome"), names_row=True),
        Column("index", say("Index")),
        Column("estimate", say("As things are (95% interval)"), number=True),
        Column("truth", say("True value"), number=True),
    ]
    caption = say("Inequality by {rank}, as things are.", rank=book.columns[study.by].label)
    return Table(f"inequality_{found.study}", caption, columns, lines)


def _change(study: Settings, book: Codebook, found: Found) -> Table:
    """The slope index with and without each exposure."""
    lines = []
    for contrast in study.contrasts(book):
        for outcome in study.outcomes:
            keys = {
                "outcome": outcome,
                "exposure": contrast.exposure,
                "reference": study.asked_of(contrast).reference,
                "subgroup": "",
            }
            row = found.estimate(estimand="slope_index_difference", method=ADJUSTED, **keys)
            if row is None:
                continue
            crude = found.estimate(estimand="slope_index_difference", method="crude", **keys)
            scale = slope_scale(row, book)
            cells = {
                arm: slope_scale(one, book).with_interval(one)
                for arm in ("exposed", "unexposed")
                if (one := found.estimate(estimand=f"slope_index_{arm}", method=ADJUSTED, **keys))
            }
            lines.append(
                {
                    "contrast": comparison(contrast, book.columns),
                    "outcome": book.outcomes[outcome].label,
                    **cells,
                    "change": scale.with_unit(row, sign=True),
                    "crude": scale.signed(crude["estimate"]) if crude else "",
                    "truth": scale.signed(row["truth"]),
                }
            )
    columns = [
        Column("contrast", say("Comparison"), names_row=True),
        Column("outcome", say("Outcome")),
        Column("exposed", say("Slope index if all had it"), number=True),
        Column("unexposed", say("If nobody had it"), number=True),
        Column("change", say("Change (95% interval)"), number=True),
        Column("crude", say("Before adjusting"), number=True),
        Column("truth", say("True change"), number=True),
    ]
    caption = say("What each would change in the slope index, adjusted.")
    return Table(f"inequality_change_{found.study}", caption, columns, lines)


def _parts(study: Settings, book: Codebook, found: Found) -> Table:
    """Effects in each part of the rank, as a difference and as a ratio."""
    lines = []
    for contrast in study.contrasts(book):
        for outcome in study.outcomes:
            for place, row in enumerate(part_rows(study, book, found, contrast, outcome), start=1):
                if row is None:
                    continue
                ratio = found.estimate(**_same(row, "risk_ratio"))
                scale = scale_of(row)
                lines.append(
                    {
                        "contrast": comparison(contrast, book.columns),
                        "outcome": book.outcomes[outcome].label,
                        "part": say("{place} of {parts}", place=place, parts=study.parts),
                        "difference": scale.with_unit(row, sign=True),
                        "ratio": scale_of(ratio).with_interval(ratio) if ratio else "",
                        "truth": scale.signed(row["truth"]),
                        "true_ratio": scale_of(ratio).number(ratio["truth"]) if ratio else "",
                    }
                )
    columns = [
        Column("contrast", say("Comparison"), names_row=True),
        Column("outcome", say("Outcome")),
        Column("part", say("Part")),
        Column("difference", say("Difference (95% interval)"), number=True),
        Column("ratio", say("Ratio (95% interval)"), number=True),
        Column("truth", say("True difference"), number=True),
        Column("true_ratio", say("True ratio"), number=True),
    ]
    rank = book.columns[study.by].label
    caption = say("Adjusted effects in parts of equal size by {rank}, from the lowest.", rank=rank)
    return Table(f"inequality_parts_{found.study}", caption, columns, lines)


def part_rows(study: Settings, book: Codebook, found: Found, contrast: Contrast, outcome: str) -> list[Row | None]:
    """Adjusted effects of an exposure on an outcome in each part of the rank, from the lowest."""
    number = isinstance(book.outcomes[outcome], ContinuousOutcome)
    keys = {"outcome": outcome, "exposure": contrast.exposure, "reference": contrast.reference, "method": ADJUSTED}
    keys["estimand"] = "mean_difference" if number else "risk_difference"
    return [found.estimate(subgroup=part, **keys) for part in part_keys(study.by, study.parts)]


def _same(row: Row, estimand: str) -> dict[str, str]:
    """Keys of another estimand of the same comparison."""
    return {**{k: row[k] for k in ("outcome", "exposure", "reference", "subgroup", "method")}, "estimand": estimand}


def slope_scale(row: Row, book: Codebook) -> Scale:
    """How a slope index is written: of a risk in percentage points, of a number in its unit."""
    if isinstance(book.outcomes[row["outcome"]], ContinuousOutcome):
        return scale_of(row)
    return Scale(100.0, say(POINTS), decimals(row, 100.0))


def messages(study: Settings, book: Codebook, found: Found) -> list[str]:
    """What each exposure does to people at the bottom and at the top of the rank."""
    told = []
    for contrast in study.contrasts(book):
        for outcome in study.outcomes:
            first, *_, last = part_rows(study, book, found, contrast, outcome)
            if first is None or last is None or math.isnan(first["lower"]) or math.isnan(last["lower"]):
                continue
            told.append(
                say(
                    "{contrast}. {outcome}: {low} in the lowest part by {rank}, {high} in the highest.",
                    contrast=comparison(contrast, book.columns),
                    outcome=book.outcomes[outcome].label,
                    low=scale_of(first).with_unit(first, sign=True),
                    high=scale_of(last).with_unit(last, sign=True),
                    rank=book.columns[study.by].label,
                )
            )
    return told
