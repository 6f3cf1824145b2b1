"""What the report shows of concentration: Lorenz curves, and every statistic beside what chance alone gives."""

import math
from typing import Any

import pandas as pd

from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import Sector
from evenwicht.display.language import message, retold, say
from evenwicht.display.section import Found, Method, Row, records, where
from evenwicht.display.table import Column, Table
from evenwicht.display.wording import Scale, scale_of
from evenwicht.estimators.results import ESTIMANDS
from evenwicht.studies.concentration import Settings

HEADING = "Concentration of use"
METHODS = {
    "observed": Method("observed", "statistics of use as recorded."),
    "poisson_null": Method("Poisson count of the same mean", "what chance gives if everybody has the same rate."),
    "permutation_null": Method("shuffles over people", "what chance gives if each sector is shuffled over people."),
}
SHOWN = ("gini", "group_share", "group_use_share")  # those beside which chance has a value
KEYS = ("outcome", "exposure", "reference", "at")


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    """Return each statistic beside what chance alone gives, and the excess."""
    columns = [
        Column("estimand", say("Statistic")),
        Column("what", say("Sector or group"), names_row=True),
        Column("observed", say("Observed (interval)"), number=True),
        Column("chance", say("Chance alone"), number=True),
        Column("excess", say("Excess"), number=True),
        Column("truth", say("True value"), number=True),
    ]
    caption = say(
        "Concentration beside chance. Intervals are nominal 95% ones; where a heavy tail makes one too short, it says "
        "how often it covers. For shuffles, the bracket is the range of 95% of them."
    )
    return {"table": Table("concentration", caption, columns, concentration_lines(study, book, found))}


def concentration_lines(study: Settings, book: Codebook, found: Found) -> list[dict[str, str]]:
    """Return each concentration statistic beside what chance alone gives, and the excess.

    Only counts have a value under chance for their Gini coefficient; elsewhere the line says what is measured instead.
    An interval that is known to be too short says so, and never passes as one of 95%.
    """
    lines = []
    observed = records(where(found.estimates, estimand=SHOWN, method="observed"))
    sectors = len({row["outcome"] for row in observed if row["outcome"] in book.sectors})
    for row in observed:
        sector, scale = book.sectors.get(row["outcome"]), scale_of(row)
        null = found.diagnostic(statistic="chance", **{key: row[key] for key in KEYS})
        group = say("High need in {least} or more of {all} sectors", least=study.at_least, all=sectors)
        lines.append(
            {
                "estimand": say(ESTIMANDS[row["estimand"]].label),
                "what": sector.label if sector else group,
                "observed": with_caveat(row, found),
                "chance": _chance(null, row) if null else no_null(sector),
                "excess": scale.signed(row["estimate"] - null["value"]) if null else "",
                "truth": scale.number(row["truth"]),
            }
        )
    return lines


def messages(study: Settings, book: Codebook, found: Found) -> list[str]:
    """How many people have high need in several sectors, beside chance."""
    rows = records(where(found.estimates, estimand="group_share", method="observed"))
    told = []
    for row in rows:
        null = found.diagnostic(statistic="chance", **{key: row[key] for key in KEYS})
        if null is None or math.isnan(row["lower"]):
            continue
        per = Scale(1000.0, "", 0)
        told.append(
            say(
                "Of 1,000 people, {share} ({range}) have high need in {least} or more sectors at once; if sectors had "
                "nothing to do with each other, {chance} would.",
                share=per.number(row["estimate"]),
                range=per.limits(row),
                least=study.at_least,
                chance=per.number(null["value"]),
            )
        )
    return told


NOT_COUNTED = {
    "money": message("none: money is not counted"),
    "duration": message("none: a duration is not counted"),
    "quantity": message("none: a quantity is not counted"),
}


def no_null(sector: Sector | None) -> str:
    """Say why a statistic has no value under chance."""
    return say(NOT_COUNTED[sector.measures]) if sector and sector.measures in NOT_COUNTED else say("none")


def with_caveat(row: Row, found: Found) -> str:
    """Write an observed statistic with its interval, and with what qualifies the interval."""
    text = scale_of(row).with_interval(row)
    caveat = found.diagnostic(statistic=f"coverage_{row['estimand']}", **{key: row[key] for key in KEYS})
    return f"{text}; {retold(caveat['note'])}" if caveat else text


def _chance(null: Row, observed: Row) -> str:
    told = {**null, "estimate": null["value"], "estimand": observed["estimand"]}
    scale = scale_of(told)
    return scale.number(null["value"]) if pd.isna(null["lower"]) else scale.with_interval(told)
