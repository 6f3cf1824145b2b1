"""What the report shows of an exposure that changes over time: person-years, events and rates by state, and ratios."""

from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import NO
from evenwicht.display.labels import Labels, in_sentence
from evenwicht.display.language import message, say
from evenwicht.display.section import Found, Method, first, where
from evenwicht.display.table import Column, Table
from evenwicht.display.wording import number, scale_of, shown_by
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
    return {"table": Table(f"time_varying_{found.study}", caption, columns, lines)}


def messages(study: Settings, book: Codebook, found: Found) -> list[str]:
    """Say how many times as high the hazard is with each exposure, given the covariates if there are any."""
    labels, told = Labels(book), []
    for name in study.exposures:
        for outcome in study.outcomes:
            rows = where(found.estimates, outcome=outcome, exposure=name, reference=NO, subgroup="", status="estimated")
            adjusted = first(rows, estimand="conditional_hazard_ratio")
            row = adjusted or first(rows, estimand="hazard_ratio")
            if row is None:
                continue
            slots = {
                "exposure": book.changing[name],
                "outcome": in_sentence(labels.outcome(outcome)),
                "ratio": scale_of(row).with_interval(row),
            }
            told.append(
                say(
                    "{exposure}: the hazard of {outcome} is {ratio} times that in time without it, given covariates.",
                    **slots,
                )
                if adjusted is not None
                else say("{exposure}: the hazard of {outcome} is {ratio} times that in time without it.", **slots)
            )
    return told
