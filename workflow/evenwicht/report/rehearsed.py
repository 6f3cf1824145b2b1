"""What the studies of a cohort could see: found in twins of it, in which every effect is known."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from evenwicht.config import CohortConfig
from evenwicht.display.language import message, say
from evenwicht.display.section import Row, records
from evenwicht.display.table import Cell, Column, Table
from evenwicht.display.wording import number, scale_of
from evenwicht.estimators.results import ESTIMANDS
from evenwicht.rehearsal.judged import ESTIMATE, MARGIN, REHEARSAL, SOUND, TOLD
from evenwicht.studies import showing
from evenwicht.studies.claiming import leads

SIZES = {ESTIMATE: message("as large as found"), MARGIN: message("smallest that matters")}


def read_rehearsals(paths: Mapping[str, str | Path]) -> pd.DataFrame:
    """Read what twins of cohorts have shown, by name of the cohort, as one table with the columns of `REHEARSAL`."""
    parts = [REHEARSAL.read_csv(path).assign(cohort=name) for name, path in paths.items()]
    return pd.concat(parts, ignore_index=True) if parts else REHEARSAL.table([])


def rehearsed_section(config: CohortConfig, table: pd.DataFrame) -> dict[str, Any] | None:
    """Return a sentence for each study and a table of its comparisons; None if no twin of the cohort was drawn.

    Parameters
    ----------
    config
        The cohort.
    table
        Its rows of `read_rehearsals`. Rows without an effect, or of a study that concludes nothing, are not shown.
    """
    none = table["estimand"].map(lambda name: 1.0 if ESTIMANDS[name].kind == "ratio" else 0.0)
    concluding = [name for name, study in config.studies.items() if leads(study)]
    shown = table[table["estimand"].isin(TOLD) & (table["effect"] != none) & table["study"].isin(concluding)]
    if not len(shown):
        return None
    order = {name: place for place, name in enumerate(config.studies)}
    shown = shown.assign(place=shown["study"].map(order)).sort_values(
        ["place", "outcome", "exposure", "reference", "at", "estimand", "method", "put_in"], kind="stable"
    )
    by_study = shown[(shown["put_in"] == ESTIMATE) & shown["power"].notna()].groupby("study", sort=False)
    sentences = [_sentence(config, str(name), rows["power"]) + _warning(rows["coverage"]) for name, rows in by_study]
    columns = [
        Column("study", say("Study")),
        Column("what", say("Outcome and comparison"), names_row=True),
        Column("estimate", say("Found (95% interval)"), number=True),
        Column("effect", say("Effect put in"), number=True),
        Column("size", say("How large that is")),
        Column("power", say("Chance to see it"), number=True),
        Column("type_s", say("Seen on the wrong side"), number=True),
        Column("type_m", say("Times too large if seen"), number=True),
        Column("coverage", say("Coverage of 95% intervals"), number=True),
    ]
    caption = say(
        "Each line is of {draws} cohorts that were drawn from rounded aggregates of this one and have the effect put "
        "in. An effect is seen if the 95% interval leaves out no effect. Where few see it, how wrong they are is not "
        "told.",
        draws=number(float(shown["draws"].max()), 0),
    )
    lines = [_line(config, row) for row in records(shown)]
    return {"sentences": sentences, "table": Table("rehearsed", caption, columns, lines)}


def _sentence(config: CohortConfig, name: str, power: "pd.Series[float]") -> str:
    study = showing.title(name, config.studies[name], config.codebook)
    low, high = (number(100 * share, 0) for share in (power.min(), power.max()))
    if low == high:
        return say(
            "{study}: with this cohort's size, clusters and attrition, this study had a chance of {chance}% to see an "
            "effect as large as the one found.",
            study=study,
            chance=low,
        )
    return say(
        "{study}: with this cohort's size, clusters and attrition, this study had a chance of {low}% to {high}% to see "
        "effects as large as those found.",
        study=study,
        low=low,
        high=high,
    )


def _warning(coverage: "pd.Series[float]") -> str:
    if not (coverage < SOUND).any():
        return ""
    least = number(100 * coverage.min(), 0)
    return " " + say(
        "As few as {least}% of its 95% intervals held the true effect: what it sees is partly bias.", least=least
    )


def _line(config: CohortConfig, row: Row) -> dict[str, Cell]:
    study = config.studies[row["study"]]
    labels, scale = showing.labels(study, config.codebook), scale_of(row)
    contrast = labels.contrast(row["exposure"], row["reference"])
    return {
        "study": showing.title(row["study"], study, config.codebook),
        "what": f"{labels.outcome(row['outcome'])}: {contrast}",
        "estimate": "" if pd.isna(row["estimate"]) else (scale.with_interval(row, sign=True), row["estimate"]),
        "effect": (scale.signed(row["effect"]), row["effect"]),
        "size": say(SIZES[row["put_in"]]),
        "power": _share(row["power"]),
        "type_s": _share(row["type_s"]),
        "type_m": "" if pd.isna(row["type_m"]) else (number(row["type_m"], 1), row["type_m"]),
        "coverage": _share(row["coverage"]),
    }


def _share(share: float) -> Cell:
    return "" if pd.isna(share) else (f"{number(100 * share, 0)}%", share)
