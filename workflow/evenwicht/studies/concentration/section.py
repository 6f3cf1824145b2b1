"""What the report shows of concentration: three questions side by side, each beside what chance alone gives."""

import math
from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.display.labels import in_sentence
from evenwicht.display.language import say
from evenwicht.display.section import Found, Method, records, where
from evenwicht.display.wording import Scale, number
from evenwicht.results.questions import group_key, top_key
from evenwicht.studies.concentration import Settings, tables

HEADING = "Concentration of use"
METHODS = {
    "observed": Method("observed", "statistics of use as recorded."),
    "poisson_null": Method("Poisson count of the same mean", "what chance gives if everybody has the same rate."),
    "unrelated_sectors": Method(
        "unrelated sectors", "what chance gives if high need in one sector says nothing of others, in closed form."
    ),
    "use_model": Method(
        "standardisation of use",
        "a log-linear model of use, or a logistic one of high need, given all changes and covariates, averaged over "
        "people as they would be after a change.",
    ),
}


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    """Return the three questions, each statistic beside what chance alone gives, and the details behind them."""
    from evenwicht.studies.concentration.run import LEAST_DRAWN

    return {
        "least": LEAST_DRAWN,
        "questions": tables.questions(study, book, found),
        "table": tables.beside_chance(study, book, found),
        "numbers": tables.by_number(study, book, found),
        "cuts": tables.other_cuts(study, book, found),
        "pairs": tables.pairs(study, book, found),
        "windows": tables.other_windows(study, book, found),
        "ranked": tables.ranked_by_risk(study, book, found),
        "changes": tables.changes(study, book, found),
        "risk": in_sentence(book.columns[study.risk].label) if study.risk else "",
        "strata": [in_sentence(book.columns[name].label) for name, _ in study.cut_strata()],
    }


def messages(study: Settings, book: Codebook, found: Found) -> list[str]:
    """How many people have high need in several sectors, beside chance, and the three questions in a sentence each."""
    return [*_group_told(study, found), *_questions_told(study, book, found)]


def _group_told(study: Settings, found: Found) -> list[str]:
    told = []
    for share, least in study.main_groups:
        row = found.estimate(estimand="group_share", outcome=group_key(share, least), at=study.windows[0])
        null = found.diagnostic(statistic="chance", **{key: row[key] for key in tables.KEYS}) if row else None
        if row is None or null is None or math.isnan(row["lower"]):
            continue
        per = Scale(tables.PER_1000, "", 0)
        told.append(
            say(
                "Of 1,000 people, {share} ({range}) have high need in {least} or more sectors at once; if sectors had "
                "nothing to do with each other, {chance} would.",
                share=per.number(row["estimate"]),
                range=per.limits(row),
                least=least,
                chance=per.number(null["value"]),
            )
        )
    return told


def _questions_told(study: Settings, book: Codebook, found: Found) -> list[str]:
    """The range over sectors of the answer to each question."""
    top = f"{100 * study.top_shares[0]:g}"
    answers = {
        "uses": ("top_share", top_key(study.top_shares[0]), ""),
        "ranked": ("top_risk_share", study.risk or "-", ""),
        "changed": ("attributable_fraction", *study.all_changes(book)),
    }
    spans = {name: _span(found, study, book, *keys) for name, keys in answers.items()}
    told = []
    if spans["uses"]:
        told.append(
            say("The {top}% of people with most use of a sector have {share} of it.", top=top, share=spans["uses"])
        )
    if spans["ranked"] and study.risk:
        told.append(
            say(
                "The fifth of people highest in {risk} have {share} of the use of a sector; 20% would be nothing.",
                risk=in_sentence(book.columns[study.risk].label),
                share=spans["ranked"],
            )
        )
    if spans["changed"]:
        told.append(
            say(
                "Of the use of a sector, {share} would not be there after the changes that are asked about.",
                share=spans["changed"],
            )
        )
    return told


def _span(found: Found, study: Settings, book: Codebook, estimand: str, exposure: str, reference: str) -> str:
    """The least and the most of the sectors, per cent; nothing if none has an estimate."""
    rows = where(
        found.estimates,
        estimand=estimand,
        exposure=exposure,
        reference=reference,
        at=study.windows[0],
        outcome=list(book.sectors),
    )
    values = [row["estimate"] for row in records(rows) if math.isfinite(row["estimate"])]
    if not values:
        return ""
    low, high = (number(100 * value, 0) for value in (min(values), max(values)))
    return f"{low}%" if low == high else say("{low}% to {high}%", low=low, high=high)
