"""The page of one cohort: what may be said, how sure, what breaks it, and the numbers behind."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from evenwicht.conclusions import conclude, risks_of
from evenwicht.config import CohortConfig
from evenwicht.display.dots import dots_pair
from evenwicht.display.labels import Labels, first_upper, spoken
from evenwicht.display.language import message, say
from evenwicht.display.section import Found, records, where
from evenwicht.display.table import Column, Table
from evenwicht.display.wording import number, scale_of
from evenwicht.report import lines
from evenwicht.report.embedding import embedded
from evenwicht.report.flow_figure import flow_lines
from evenwicht.report.front import MOST_STATEMENTS, paragraph
from evenwicht.report.readings import readings_section
from evenwicht.report.rehearsed import rehearsed_section
from evenwicht.report.sentences import Told, tell, unit_of
from evenwicht.report.states import states_sentence, states_table
from evenwicht.studies import showing
from evenwicht.studies.claiming import leads
from evenwicht.studies.claims import DIFFERENCES, leading
from evenwicht.weighing import weigh

LEVELS = {
    "individual": message("Exposure of a person"),
    "policy": message("Policy"),
    "population": message("Population"),
}


def cohort_page(
    config: CohortConfig, tables: Mapping[str, pd.DataFrame], recovery: pd.DataFrame, figures: Path, words: lines.Words
) -> dict[str, Any]:
    """Return what the templates of a cohort's page and of its paragraph on the front page need.

    Parameters
    ----------
    config
        The cohort.
    tables
        estimates, diagnostics, flow, states, table1, attrition and replication of the run; rehearsal, if twins of its
        cohorts were drawn. It is not released.
    recovery
        What fresh draws say about these settings, `schema.RECOVERY`.
    figures
        Folder of its figures.
    words
        Words for the ids of rows.
    """
    own = {name: where(tables[name], cohort=config.name) for name in ("estimates", "diagnostics", "flow")}
    conclusions = conclude(config, own, recovery)
    told = [tell(config, one) for one in conclusions]
    weighed = weigh(conclusions, own["diagnostics"])
    sections = [section for name in config.studies if (section := _section(config, name, own, figures))]
    statements = [message for section in sections for message in section["messages"]]
    attrition, states = (where(tables[name], cohort=config.name) for name in ("attrition", "states"))
    return {
        "config": config,
        "title": config.title,
        "synthetic": config.synthetic,
        "told": told,
        "weighed": weighed,
        "dots": [pair for one in told if (pair := dots_of(one))],
        "flow": flow_table(own["flow"], words),
        "complete": states_sentence(states),
        "states": states_table(states, config.codebook),
        "paragraph": paragraph(told, weighed) or statements[:MOST_STATEMENTS],
        "conclusions": conclusions_table(told),
        "failed": lines.not_estimated_table(lines.not_estimated(words, config, own["estimates"])),
        "subgroups": subgroups_table(own["estimates"], config),
        "figures": embedded(figures),
        "sections": [section for section in sections if section["figures"] or section["shown"]],
        "readings": readings_section(config, own, recovery),
        "rehearsed": rehearsed_section(config, where(tables["rehearsal"], cohort=config.name))
        if "rehearsal" in tables
        else None,
        "table1": lines.table1(
            where(tables["table1"], cohort=config.name), Labels(config.codebook), config.described_by
        ),
        "attrition": attrition_table(attrition),
        "unavailable": unavailable_table(config),
        "replication": lines.replication(words, where(tables["replication"], cohort=config.name)),
        "published_waves": bool(attrition["published_percent"].notna().any()),
    }


def conclusions_table(told: list[Told]) -> Table:
    """What may be said of each comparison, and how sure; what could not be estimated stands first."""
    columns = [
        Column("level", say("Whose doing")),
        Column("cause", say("Exposure or policy"), names_row=True),
        Column("outcome", say("Outcome")),
        Column("status", say("What may be said")),
        Column("badge", say("How sure")),
        Column("change", say("Over all (95% range)"), number=True),
        Column("unit", say("Counted in")),
        Column("truth", say("True value"), number=True),
        Column("why", say("What makes it less or more sure")),
    ]
    first = sorted(told, key=lambda one: one.verdict.status != "not_estimable")
    caption = say(
        "Exposures are counted as what would change if nobody had them, policies as what they change: averages over "
        "all. Exposures that are numbers are counted for one step more."
    )
    return Table("what_may_be_said", caption, columns, [_conclusion(one) for one in first])


def _conclusion(one: Told) -> dict[str, str]:
    row, known = one.row, not pd.isna(one.row["truth"])
    # limits that hold every value, or all but some in between, are no interval
    shown = row if one.verdict.status != "not_estimable" else {**row, "lower": math.nan, "upper": math.nan}
    return {
        "level": say(LEVELS[one.conclusion.level]),
        "cause": first_upper(one.cause),
        "outcome": one.outcome,
        "status": first_upper(one.status),
        "badge": one.badge,
        "change": one.scale.with_interval(shown, sign=True),
        "unit": unit_of(one),
        "truth": one.scale.signed(row["truth"]) if known else "",
        "why": one.why,
    }


def subgroups_table(estimates: pd.DataFrame, config: CohortConfig) -> Table:
    """The leading estimate of each comparison within each part of the people."""
    book = config.codebook
    parts = estimates[(estimates["subgroup"] != "") & estimates["estimand"].isin(DIFFERENCES)]
    keys = ["study", "outcome", "exposure", "reference", "subgroup"]
    rows = []
    for key, found in parts.groupby(keys, sort=False):
        name, outcome, exposure, reference, subgroup = map(str, key)
        row = leading(records(found), leads(config.studies[name]))
        if row is None:
            continue
        labels, scale = showing.labels(config.studies[name], book), scale_of(row)
        rows.append(
            {
                "outcome": labels.outcome(outcome),
                "contrast": labels.contrast(exposure, reference),
                "subgroup": labels.subgroup(subgroup),
                "estimate": scale.with_unit(row, sign=True),
                "method": showing.method_label(row["method"]),
                "truth": scale.signed(row["truth"]),
            }
        )
    columns = [
        Column("outcome", say("Outcome")),
        Column("contrast", say("Comparison"), names_row=True),
        Column("subgroup", say("Among")),
        Column("estimate", say("Difference (95% interval)"), number=True),
        Column("method", say("Method")),
        Column("truth", say("True value"), number=True),
    ]
    return Table("subgroups", say("Within parts of the people."), columns, rows)


def attrition_table(rows: pd.DataFrame) -> Table:
    """Who took part at each wave."""
    columns = [
        Column("wave", say("Wave"), names_row=True),
        Column("age", say("Mean age"), number=True),
        Column("due", say("Due"), number=True),
        Column("assessed", say("Assessed"), number=True),
        Column("percent_assessed", say("%"), number=True),
        Column("published_percent", say("Published %"), number=True),
    ]
    told = [
        {
            "wave": spoken(row["wave"]),
            "age": number(row["age"], 1),
            "due": _people(row["due"]),
            "assessed": _people(row["assessed"]),
            "percent_assessed": number(row["percent_assessed"], 1),
            "published_percent": number(row["published_percent"], 1),
        }
        for row in records(rows)
    ]
    return Table("waves", say("Due are those alive and in the study."), columns, told)


def _people(count: Any) -> str:
    return say("withheld") if pd.isna(count) else number(float(count), 0)


def unavailable_table(config: CohortConfig) -> Table:
    """What readers would look for and the cohort does not have, as its file says."""
    columns = [Column("what", say("Not in this cohort"), names_row=True), Column("why", say("Why"))]
    rows = [{"what": first_upper(spoken(key)), "why": why} for key, why in config.unavailable.items()]
    return Table("unavailable", say("What one would look for here, and why it is not there."), columns, rows)


def flow_table(rows: pd.DataFrame, words: lines.Words) -> Table:
    """Who was due, who left and why, who was analysed."""
    columns = [
        Column("outcomes", say("Outcome")),
        Column("comparisons", say("Comparison")),
        Column("step", say("Step"), names_row=True),
        Column("people", say("People"), number=True),
        Column("percent", say("Of those due"), number=True),
    ]
    told = flow_lines(rows, words.outcome, words.about)
    return Table("flow", say("Each person counts once, at the first reason that holds."), columns, told)


def dots_of(one: Told) -> dict[str, Any] | None:
    """An effect that may be told as people among 1,000, without and with."""
    if not one.verdict.told or not one.is_risk:
        return None
    claim = one.conclusion.claim
    names = (say("Without it"), say("As things are")) if claim.gone else (say("Without it"), say("With it"))
    pair = dots_pair(*risks_of(one.conclusion), names)
    title = say("{cause}: {outcome}", cause=first_upper(one.cause), outcome=one.outcome)
    return {"title": title, "pair": pair} if pair else None


def _section(
    config: CohortConfig, name: str, tables: Mapping[str, pd.DataFrame], figures: Path
) -> dict[str, Any] | None:
    """What the template of a study's kind needs; None if the study has nothing to show of its own."""
    study, book = config.studies[name], config.codebook
    nothing = pd.DataFrame({"study": []})  # curves are in the figures
    found = Found.of(config.name, name, tables, nothing, synthetic=config.synthetic)
    drawn = embedded(figures / name)
    given = len(found.estimates) > 0
    words = showing.words(study, book, found) if given else {}
    if not drawn and not words:
        return None
    return {
        "template": f"sections/{study.kind}.html.j2",
        "place": f"study-{name}",
        "title": showing.title(name, study, book),
        "study": study,
        "figures": drawn,
        "messages": showing.messages(study, book, found) if given else [],
        "shown": bool(words),
        **words,
    }
