"""What the report shows of the paths of an effect: each part with its share, and what must hold for it."""

from math import isnan
from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import effect_estimand
from evenwicht.display.labels import cause, comparison
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
        "each mediator is predicted from the exposure and all before it, with and without the exposure, and so is the "
        "outcome. What changes when the outcome alone follows the exposure is direct. Then the last block of mediators "
        "follows it, then the one before, up to the first.",
    ),
    "standardisation": methods.STANDARDISATION.about("exposure"),
}


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    """Return one line for each part of an effect, and one for all of it."""
    columns = [
        Column("about", say("Exposure and outcome"), names_row=True),
        Column("path", say("Goes through")),
        Column("estimate", say("Part of the effect (95% interval)"), number=True),
        Column("truth", say("True value"), number=True),
        Column("share", say("Share of all, % (95% interval)"), number=True),
        Column("true_share", say("True share, %"), number=True),
        Column("unless", say("Right only if nothing unmeasured acts on both")),
    ]
    lines = [
        line
        for contrast in study.contrasts(book)
        for outcome in study.outcomes
        for line in _lines(study, book, found, contrast, outcome)
    ]
    caption = say("Parts add up to the whole effect. Each is the path that enters the chain at this place.")
    return {
        "table": Table("pathways", caption, columns, lines),
        "order": " → ".join(block.told(book) for block in study.mediators),
        "interactions": study.interactions,
    }


def _lines(study: Settings, book: Codebook, found: Found, contrast: Contrast, outcome: str) -> list[dict[str, str]]:
    about = book.outcomes[outcome]
    keys = {"outcome": outcome, "reference": contrast.reference, "method": "paths"}
    whole = found.estimate(exposure=contrast.exposure, estimand=effect_estimand(about), **keys)
    if whole is None:
        return []
    name = f"{comparison(contrast, book.columns)}; {about.label}"
    unmeasured = shared_causes(study, book, cause(contrast, book.columns), about.label)
    lines = []
    for key, path in study.paths(book).items():
        exposure = path_key(contrast.exposure, key)
        part = found.estimate(exposure=exposure, estimand=part_estimand(about), **keys)
        share = found.estimate(exposure=exposure, estimand="path_share", **keys)
        if part is not None and share is not None:
            scale, percent = scale_of(as_whole(part)), Scale(100.0, "", decimals(share, 100.0))
            lines.append(
                {
                    "about": name,
                    "path": path,
                    "estimate": scale.with_unit(part, sign=True),
                    "truth": _known(scale, part),
                    "share": percent.with_interval(share),
                    "true_share": "" if isnan(share["truth"]) else percent.number(share["truth"]),
                    "unless": unmeasured[key],
                }
            )
    scale = scale_of(whole)
    lines.append(
        {
            "about": name,
            "path": say("Whole effect"),
            "estimate": scale.with_unit(whole, sign=True),
            "truth": _known(scale, whole),
            "unless": say("{one} and {other}", one=cause(contrast, book.columns), other=about.label),
        }
    )
    return lines


def as_whole(row: Row) -> Row:
    """The row of a part as that of an effect, so that it is written like one."""
    return {**row, "estimand": "risk_difference" if row["estimand"] == "path_risk_difference" else "mean_difference"}


def shared_causes(study: Settings, book: Codebook, exposure: str, outcome: str) -> dict[str, str]:
    """What each part takes for granted: whose unmeasured common causes would mislead it.

    The part of a block holds that block and those before it, so it needs nothing of the later ones.
    """
    told, before = {}, list[str]()
    for block in study.mediators:
        before.append(block.told(book))
        told[block.key] = say(
            "two of: {exposure}; {mediators}; {outcome}",
            exposure=exposure,
            mediators="; ".join(before),
            outcome=outcome,
        )
    return {**told, DIRECT: told[study.mediators[-1].key]}


def _known(scale: Scale, row: Row) -> str:
    return "" if isnan(row["truth"]) else scale.signed(row["truth"])
