"""What the report shows of the paths of an effect: each part with its share, and what must hold for it."""

from math import isnan, nan
from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import effect_estimand
from evenwicht.display.labels import cause, comparison, first_upper
from evenwicht.display.language import say
from evenwicht.display.section import Found, Method, Row
from evenwicht.display.table import Column, Table
from evenwicht.display.wording import Scale, decimals, scale_of
from evenwicht.results.questions import DIRECT, path_key
from evenwicht.studies import methods
from evenwicht.studies.pathways import Settings, part_estimand

HEADING = "Through what an effect goes"
METHODS = {
    "paths": Method(
        "g-computation along the chain",
        "each mediator is predicted from the exposure and all before it, and so is the outcome. First the outcome "
        "alone follows the exposure: that is the part through none. Then the last mediators follow it too, then those "
        "before.",
    ),
    "standardisation": methods.STANDARDISATION.about("exposure"),
}


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    """Return a table for each effect: a line for the whole of it, and one for each part."""
    columns = [
        Column("path", say("Goes through"), names_row=True),
        Column("estimate", say("Effect (95% interval)"), number=True),
        Column("truth", say("True value"), number=True),
        Column("share", say("Share, % (95% interval)"), number=True),
        Column("true_share", say("True share, %"), number=True),
        Column("needs", say("Needs that nothing unmeasured acts on two of these")),
    ]
    tables = list[Table]()
    for contrast in study.contrasts(book):
        for outcome in study.outcomes:
            lines = _lines(study, book, found, contrast, outcome)
            caption = say(
                "{exposure}. {outcome}. The parts add up to the whole effect. Each line needs what those above it "
                "need, and more.",
                exposure=comparison(contrast, book.columns),
                outcome=first_upper(book.outcomes[outcome].label),
            )
            tables.append(Table(f"pathways_{len(tables) + 1}", caption, columns, lines))
    return {
        "tables": tables,
        "steps": [first_upper(block.told(book)) for block in study.mediators],
        "interactions": study.interactions,
    }


def _lines(study: Settings, book: Codebook, found: Found, contrast: Contrast, outcome: str) -> list[dict[str, str]]:
    about = book.outcomes[outcome]
    keys = {"outcome": outcome, "reference": contrast.reference, "method": "paths"}
    whole = found.estimate(exposure=contrast.exposure, estimand=effect_estimand(about), **keys)
    if whole is None:
        return []
    both = say("{one}; {other}", one=cause(contrast, book.columns), other=about.label)
    lines = [{"path": say("Whole effect"), **_cells(whole), "needs": both}]
    for key, path in study.paths(book).items():
        exposure = path_key(contrast.exposure, key)
        part = found.estimate(exposure=exposure, estimand=part_estimand(about), **keys)
        share = found.estimate(exposure=exposure, estimand="path_share", **keys)
        if part is not None and share is not None:
            needs = say("as above") if key == DIRECT else say("as above, and {mediators}", mediators=path)
            true_share = part["truth"] / whole["truth"] if whole["truth"] else nan
            lines.append({"path": path, **_cells(as_whole(part)), **_shares(share, true_share), "needs": needs})
    return lines


def _cells(row: Row) -> dict[str, str]:
    scale = scale_of(row)
    return {
        "estimate": scale.with_unit(row, sign=True),
        "truth": "" if isnan(row["truth"]) else scale.signed(row["truth"]),
    }


def _shares(row: Row, true_share: float) -> dict[str, str]:
    scale = percent(row)
    return {"share": scale.with_interval(row), "true_share": "" if isnan(true_share) else scale.number(true_share)}


def as_whole(row: Row) -> Row:
    """The row of a part as that of an effect, so that it is written like one."""
    return {**row, "estimand": "risk_difference" if row["estimand"] == "path_risk_difference" else "mean_difference"}


def percent(row: Row) -> Scale:
    """How a share is written: in whole per cent, unless its interval is narrow."""
    return Scale(100.0, "", max(decimals(row, 100.0) - 1, 0))


def messages(study: Settings, book: Codebook, found: Found) -> list[str]:
    """How much of each effect goes through what was measured on the way, where there is an effect to divide."""
    told = []
    for contrast in study.contrasts(book):
        for outcome in study.outcomes:
            about = book.outcomes[outcome]
            keys = {"outcome": outcome, "reference": contrast.reference, "method": "paths"}
            whole = found.estimate(exposure=contrast.exposure, estimand=effect_estimand(about), **keys)
            direct = found.estimate(exposure=path_key(contrast.exposure), estimand="path_share", **keys)
            if whole is None or direct is None or isnan(direct["lower"]):
                continue
            ends = {"estimate": 1 - direct["estimate"], "lower": 1 - direct["upper"], "upper": 1 - direct["lower"]}
            scale = percent(direct)
            told.append(
                say(
                    "{exposure}. {outcome}: of an effect of {whole}, {share}% ({range}) goes through the steps "
                    "measured.",
                    exposure=comparison(contrast, book.columns),
                    outcome=first_upper(about.label),
                    whole=scale_of(whole).with_unit(whole, sign=True),
                    share=scale.number(ends["estimate"]),
                    range=scale.limits(ends),
                )
            )
    return told
