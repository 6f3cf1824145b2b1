"""What the report shows where another event can come first: stacked incidence, and both questions side by side."""

import math
from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import Contrast
from evenwicht.display.labels import comparison, first_upper, spoken
from evenwicht.display.language import message, say
from evenwicht.display.section import Found, Method, Row
from evenwicht.display.table import Column, Table
from evenwicht.display.wording import Scale, decimals, scale_of
from evenwicht.studies import methods
from evenwicht.studies.competing_risks import Settings

HEADING = "When another event can come first"
METHODS = {
    "crude": methods.CRUDE.about("exposure"),
    "ipw": Method(
        "inverse probability weighting",
        "weights make the people with and without the exposure alike in the covariates.",
    ),
    "standardisation": methods.STANDARDISATION.about("exposure"),
    "regression": methods.REGRESSION.about("exposure"),
}
ADJUSTED = "standardisation"
SHARES = {
    "cumulative_incidence": message("Get it"),
    "competing_incidence": message("Have the other event first"),
    "risk": message("Would get it if nobody had the other first"),
}
YEARS = {
    "years_lost_difference": message("Years lost to the event"),
    "competing_years_lost_difference": message("Years lost to the other event"),
    "healthy_years_difference": message("Years free of both events"),
    "rmst_difference": message("Years free of the event if nobody had the other first"),
}
HAZARDS = {
    "conditional_hazard_ratio": message("Hazard ratio of the event"),
    "conditional_competing_hazard_ratio": message("Hazard ratio of the other event"),
}
AS_THEY_ARE = {
    "conditional_hazard_ratio": "hazard_ratio",
    "conditional_competing_hazard_ratio": "competing_hazard_ratio",
}
PER_THOUSAND = Scale(1000.0, "", 0)


def competing_words(study: Settings, book: Codebook) -> str:
    """What the events that can come first are called."""
    return " / ".join(book.words.get(event) or spoken(event) for event in study.competing)


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    """Return the shares in both arms with their differences, then years and hazards."""
    shares, others = list[dict[str, str]](), list[dict[str, str]]()
    for contrast in study.contrasts(book):
        for outcome in study.outcomes:
            about = {"contrast": comparison(contrast, book.columns), "outcome": book.outcomes[outcome].label}
            keys = {"outcome": outcome, "exposure": contrast.exposure, "reference": contrast.reference}
            for what, text in SHARES.items():
                shares += [{**about, "what": say(text), **cells} for cells in _share(found, what, keys)]
            for estimand, text in {**YEARS, **HAZARDS}.items():
                others += [{**about, "what": say(text), **cells} for cells in _other(found, estimand, keys)]
    names = [Column("contrast", say("Comparison"), names_row=True), Column("outcome", say("Outcome"))]
    by_share = [
        *names,
        Column("what", say("People who")),
        Column("exposed", say("With the exposure, %"), number=True),
        Column("unexposed", say("Without it, %"), number=True),
        Column("difference", say("Difference, percentage points"), number=True),
        Column("crude", say("Before adjusting"), number=True),
        Column("truth", say("True difference"), number=True),
    ]
    by_year = [
        *names,
        Column("what", say("What is compared")),
        Column("estimate", say("Adjusted (95% interval)"), number=True),
        Column("crude", say("As people are"), number=True),
        Column("truth", say("True value"), number=True),
    ]
    told = say("Shares by the horizon, adjusted, with 95% intervals.")
    more = say("Years up to the horizon, adjusted; hazard ratios of Cox models among people with neither event.")
    return {
        "competing": competing_words(study, book),
        "table": Table("competing_risks", told, by_share, shares),
        "years": Table("competing_years", more, by_year, others),
    }


def _share(found: Found, what: str, keys: dict[str, str]) -> list[dict[str, str]]:
    """Cells of one line: a share in both arms, and how far they are apart; none if it was not estimated."""
    difference = found.estimate(estimand=f"{what}_difference", method=ADJUSTED, **keys)
    if difference is None:
        return []
    one, none = (found.estimate(estimand=f"{what}_{arm}", method=ADJUSTED, **keys) for arm in ("exposed", "unexposed"))
    crude = found.estimate(estimand=f"{what}_difference", method="crude", **keys)
    scale = _percent(difference)
    return [
        {
            "exposed": _percent(one).with_interval(one) if one else "",
            "unexposed": _percent(none).with_interval(none) if none else "",
            "difference": scale.with_interval(difference, sign=True),
            "crude": scale.signed(crude["estimate"]) if crude else "",
            "truth": scale.signed(difference["truth"]),
        }
    ]


def _other(found: Found, estimand: str, keys: dict[str, str]) -> list[dict[str, str]]:
    """Cells of one line: a difference in years, or a hazard ratio with covariates beside the crude one."""
    years = estimand in YEARS
    row = found.estimate(estimand=estimand, method=ADJUSTED if years else "regression", **keys)
    if row is None:
        return []
    crude = found.estimate(estimand=AS_THEY_ARE.get(estimand, estimand), method="crude", **keys)
    scale = scale_of(row)
    write = scale.signed if years else scale.number
    return [
        {
            "estimate": scale.with_interval(row, sign=years),
            "crude": write(crude["estimate"]) if crude else "",
            "truth": write(row["truth"]),
        }
    ]


def _percent(row: Row) -> Scale:
    return Scale(100.0, "", decimals(row, 100.0))


def messages(study: Settings, book: Codebook, found: Found) -> list[str]:
    """How many get the event, how many have the other first, and how many would get it if nobody had."""
    told = []
    for contrast in study.contrasts(book):
        for outcome in study.outcomes:
            keys = {"outcome": outcome, "exposure": contrast.exposure, "reference": contrast.reference}
            rows = [
                found.estimate(estimand=f"{what}_{arm}", method=ADJUSTED, **keys)
                for arm in ("exposed", "unexposed")
                for what in SHARES
            ]
            if all(row is not None and not math.isnan(row["lower"]) for row in rows):
                told.append(_message(study, book, contrast, outcome, [row for row in rows if row is not None]))
    return told


def _message(study: Settings, book: Codebook, contrast: Contrast, outcome: str, rows: list[Row]) -> str:
    one, first, _, none, without_first, _ = rows
    return say(
        "{contrast}. {outcome}: {one} ({one_range}) against {none} ({none_range}) of 1,000 people. Another event "
        "({competing}) comes first for {first} against {without_first}.",
        contrast=comparison(contrast, book.columns),
        outcome=first_upper(book.outcomes[outcome].label),
        competing=competing_words(study, book),
        one=PER_THOUSAND.number(one["estimate"]),
        one_range=PER_THOUSAND.limits(one),
        none=PER_THOUSAND.number(none["estimate"]),
        none_range=PER_THOUSAND.limits(none),
        first=PER_THOUSAND.number(first["estimate"]),
        without_first=PER_THOUSAND.number(without_first["estimate"]),
    )
