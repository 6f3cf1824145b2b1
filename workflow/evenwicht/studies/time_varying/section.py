"""What the report shows of an exposure that changes over time: person-years, events and rates by state, and ratios."""

from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import NO
from evenwicht.display.labels import Labels
from evenwicht.display.language import message, say
from evenwicht.display.section import Found, Method, where
from evenwicht.display.table import Column, Table
from evenwicht.display.wording import number, shown_by
from evenwicht.results.rows import SAMPLE
from evenwicht.studies.time_varying import EXPOSED, UNEXPOSED, Settings

HEADING = "Exposure that changes over time"
PIECES = message("People’s time with the exposure against time without it")
METHODS = {
    "crude": Method(
        "crude",
        "time with and without the exposure at the same age or time since entry; whatever else sets the people in it "
        "apart is part of the result.",
        PIECES,
        as_they_are=True,
    ),
    "regression": Method(
        "regression",
        "a Cox model of the hazard with the exposure, which may change over time, and fixed covariates.",
        PIECES,
    ),
}
RATES = {EXPOSED: "rate_exposed", UNEXPOSED: "rate_unexposed"}


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    """Return one line an exposure, outcome and state, and the ratios of hazards beside it."""
    labels, lines = Labels(book), []
    for name in study.exposures:
        for outcome in study.outcomes:
            keys = {"outcome": outcome, "exposure": name, "reference": NO}
            rows = where(found.estimates, subgroup="", **keys)
            if rows.empty:
                continue
            ratios = {
                estimand: shown_by(where(rows, estimand=estimand), ["crude", "regression", "none"])
                for estimand in ("hazard_ratio", "conditional_hazard_ratio")
            }
            for state, about in ((EXPOSED, say("with the exposure")), (UNEXPOSED, say("without the exposure"))):
                time = found.diagnostic(statistic=f"person_years_{state}", method=SAMPLE, **keys)
                lines.append(
                    {
                        "exposure": book.changing[name],
                        "outcome": labels.outcome(outcome),
                        "state": about,
                        "years": "" if time is None or time["value"] != time["value"] else number(time["value"], 0),
                        "rate": shown_by(where(rows, estimand=RATES[state]), ["crude"]),
                        **(ratios if state == EXPOSED else dict.fromkeys(ratios, "")),
                    }
                )
    columns = [
        Column("exposure", say("Exposure"), names_row=True),
        Column("outcome", say("Outcome")),
        Column("state", say("Time with or without it")),
        Column("years", say("Person-years"), number=True),
        Column("rate", say("Events per 1,000 person-years"), number=True),
        Column("hazard_ratio", say("Hazard ratio, crude"), number=True),
        Column("conditional_hazard_ratio", say("Hazard ratio, adjusted"), number=True),
    ]
    caption = say("Rates and ratios of hazards, 95% intervals.")
    caption = say("Rates and ratios of hazards, 95% intervals.")
    return {"table": Table(f"time_varying_{found.study}", caption, columns, lines)}
