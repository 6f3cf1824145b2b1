"""What the report shows of missing values: an effect three ways, what is missing, and what each way assumes."""

from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.codebook import Codebook
from evenwicht.display.labels import Labels, first_upper
from evenwicht.display.language import say
from evenwicht.display.section import Found, Method, Row, records, where
from evenwicht.display.table import Column, Table
from evenwicht.display.wording import Scale, number, scale_of, truth_of
from evenwicht.results.rows import FAILED, SAMPLE
from evenwicht.studies.missing_data import ATTRITION_WEIGHTS, COMPLETE_CASES, IMPUTATION, Settings

HEADING = "Missing values"
METHODS = {
    COMPLETE_CASES: Method(
        "complete cases",
        "people with anything missing are left out. This is right if, among people with the same covariates, being "
        "complete has nothing to do with the outcome.",
    ),
    IMPUTATION: Method(
        "multiple imputation",
        "missing values are drawn many times from a model of what is known, and the results are put together. This is "
        "right if whether a value is missing depends only on what is known, and if the model fits.",
    ),
    ATTRITION_WEIGHTS: Method(
        "attrition weights",
        "people who are complete stand for others who are like them and are not. This is right if who is complete "
        "depends only on what everybody has.",
    ),
}
NOTABLE = 0.1  # standard deviations by which people with something missing differ from others
MOST_SHOWN = 8


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    """Return the effects three ways, the shares missing, and who has something missing."""
    labels = Labels(book, study.labels(book))
    given = where(found.estimates, method=(*METHODS, FAILED))
    return {
        "table": three_ways_table(labels, given, found),
        "missing": missing_table(labels, found),
        "who": who_table(labels, found),
        "lost": lost(labels, found),
        "imputations": study.missing.imputations,
    }


def three_ways_table(labels: Labels, estimates: pd.DataFrame, found: Found) -> Table:
    """The adjusted difference by each way to handle missing values, beside the truth."""
    columns = [
        Column("outcome", say("Outcome")),
        Column("contrast", say("Comparison")),
        Column("method", say("Missing values handled by"), names_row=True),
        Column("people", say("People"), number=True),
        Column("estimate", say("Adjusted difference (95% interval)"), number=True),
        Column("lost", say("Information lost"), number=True),
        Column("truth", say("True value"), number=True),
    ]
    lines = []
    keys = ["outcome", "exposure", "reference"]
    for _, rows in estimates.groupby(keys, sort=False):
        truth = truth_of(rows)
        for row in records(rows):
            known = {name: row[name] for name in keys}
            method = METHODS.get(row["method"])
            missing = found.diagnostic(statistic="missing_information", method=row["method"], **known)
            lines.append(
                {
                    "outcome": labels.outcome(row["outcome"]),
                    "contrast": labels.contrast(row["exposure"], row["reference"]),
                    "method": first_upper(say(method.label)) if method else "",
                    "people": "" if pd.isna(row["n"]) else number(float(row["n"]), 0),
                    "estimate": scale_of(row).with_unit(row, sign=True),
                    "lost": f"{number(100 * missing['value'], 0)}%" if missing else "",
                    "truth": truth,
                }
            )
    caption = say(
        "One effect, adjusted for the same covariates, with missing values handled three ways. Information lost is the "
        "share of what complete data would tell about the effect."
    )
    return Table("missing_three_ways", caption, columns, lines)


def missing_table(labels: Labels, found: Found) -> Table:
    """The share of people for whom each column is not known."""
    columns = [
        Column("what", say("What"), names_row=True),
        Column("people", say("Not known of, people"), number=True),
        Column("share", say("Of everybody"), number=True),
    ]
    lines = []
    for row in _told(found, "share_missing"):
        if row["value"] > 0:
            what = labels.contrast(row["exposure"], "") if row["exposure"] else labels.outcome(row["outcome"])
            share = f"{number(100 * row['value'], 1)}%"
            lines.append({"what": what, "people": number(row["value"] * float(row["n"]), 0), "share": share})
    return Table(
        "missing_by_column", say("What is not known. Columns that everybody has are left out."), columns, lines
    )


def who_table(labels: Labels, found: Found) -> Table:
    """How people with something missing differ most from the others."""
    columns = [
        Column("outcome", say("Outcome")),
        Column("what", say("What everybody has"), names_row=True),
        Column("apart", say("People with something missing, less the others (SD)"), number=True),
    ]
    told = _told(found, "missing_difference")
    lines = []
    for outcome in dict.fromkeys(row["outcome"] for row in told):
        own = sorted((row for row in told if row["outcome"] == outcome), key=lambda row: -abs(row["value"]))
        lines += [
            {
                "outcome": labels.outcome(outcome),
                "what": labels.contrast(row["exposure"], row["reference"]),
                "apart": Scale(1.0, "", 2).signed(row["value"]),
            }
            for row in own[:MOST_SHOWN]
        ]
    caption = say(
        "Who has something missing: differences in standard deviations, the {most} largest of each outcome. Beyond "
        "{notable} they are often called notable.",
        most=MOST_SHOWN,
        notable=number(NOTABLE, 1),
    )
    return Table("who_is_missing", caption, columns, lines)


def lost(labels: Labels, found: Found) -> list[str]:
    """Say for each comparison how far the three ways are apart, in standard errors of complete cases."""
    told = []
    for _, rows in where(found.estimates, method=tuple(METHODS)).groupby(
        ["outcome", "exposure", "reference"], sort=False
    ):
        by = {row["method"]: row for row in records(rows)}
        first = by.get(COMPLETE_CASES)
        others = [
            row["estimate"] for name, row in by.items() if name != COMPLETE_CASES and np.isfinite(row["estimate"])
        ]
        if first is None or not others or not np.isfinite(first["se"]):
            continue
        apart = max(abs(other - first["estimate"]) for other in others) / first["se"]
        slots = {
            "outcome": labels.outcome(first["outcome"]),
            "contrast": labels.contrast(first["exposure"], first["reference"]),
            "apart": number(apart, 1),
        }
        told.append(
            say("{outcome} ({contrast}): the three agree to within {apart} standard errors.", **slots)
            if apart < 1
            else say("{outcome} ({contrast}): the three differ by up to {apart} standard errors.", **slots)
        )
    return told


def _told(found: Found, statistic: str) -> list[Row]:
    return records(where(found.diagnostics, statistic=statistic, method=SAMPLE))
