"""A brief of two pages on one cohort: what was found, how sure that is, and what is not known, in plain words.

Every sentence is chosen by rows and by the status of a conclusion. It gives no advice: options, with what follows. Each
brief is one file that opens offline, in every language that there is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any

import pandas as pd

from evenwicht.base.files import write_text
from evenwicht.conclusions import conclude
from evenwicht.config import CohortConfig, Run
from evenwicht.display.certainty import Check
from evenwicht.display.labels import Labels, first_upper, in_sentence
from evenwicht.display.language import LANGUAGES, retold, say, speaking
from evenwicht.display.section import Found, Row, where
from evenwicht.display.table import Cell, Column, Table
from evenwicht.display.wording import number, scale_of
from evenwicht.report.cohort_page import dots_of
from evenwicht.report.front import question, weight
from evenwicht.report.page import DESIGNS, environment_of
from evenwicht.report.provenance import provenance
from evenwicht.report.sentences import Told, listed, sentence, tell, truth
from evenwicht.report.sites import brief_file, pages_of
from evenwicht.studies.ledger import THIRDS
from evenwicht.studies.ledger import Settings as Ledger
from evenwicht.studies.ledger.section import changes_of
from evenwicht.studies.study import part_keys
from evenwicht.weighing import Weighed, weigh

MOST_LINES = 4  # of each side in the table of persons and policies
MOST_GAINS = 3  # policies and levers of which it is told who gains
MOST_NAMED = 3  # of what is not known, before the rest is counted
PER = 100_000


@dataclass(frozen=True)
class Weighing:
    """The ledger of a cohort, for one outcome.

    Attributes
    ----------
    study
        Its settings.
    found
        What it found.
    outcome
        Id of the outcome.
    """

    study: Ledger
    found: Found
    outcome: str


def write_briefs(run: Run, tables: Mapping[str, pd.DataFrame], templates: Path, folder: str | Path) -> None:
    """Write the brief of every cohort in every language.

    Parameters
    ----------
    run
        The checked config.
    tables
        estimates, diagnostics and flow of the run, and what recovery says about its settings.
    templates
        Folder of the Jinja templates.
    folder
        That of the front page; each file is written atomically.
    """
    pages = pages_of(run).cohorts
    for language in LANGUAGES:
        with speaking(language):
            template, made = environment_of(templates).get_template("brief.html.j2"), provenance(templates)
            for name, config in run.cohorts.items():
                needs = brief(config, tables, tables["recovery"])
                html = template.render(brief=needs, page=pages[name], provenance=made, seed=run.settings.seed)
                write_text(html, Path(folder) / brief_file(name, language))


def brief(config: CohortConfig, tables: Mapping[str, pd.DataFrame], recovery: pd.DataFrame) -> dict[str, Any]:
    """Return what the template of a brief needs, in the language of the moment.

    Parameters
    ----------
    config
        The cohort.
    tables
        estimates, diagnostics and flow of the run.
    recovery
        What fresh draws say about these settings, `schema.RECOVERY`.
    """
    own = {name: where(tables[name], cohort=config.name) for name in ("estimates", "diagnostics", "flow")}
    conclusions = conclude(config, own, recovery)
    told = [tell(config, one) for one in conclusions]
    weighed = weigh(conclusions, own["diagnostics"])
    chosen = subjects(told, weighed)
    weighing = _weighing(config, own, chosen, told)
    levels = list(dict.fromkeys(one.conclusion.level for one in told))
    return {
        "config": config,
        "question": question(levels),
        "synthetic": config.synthetic,
        "short": [*(weight(one, told) for one in weighed[:1]), *(_told(one) for one in chosen)],
        "dots": next((pair for one in chosen if (pair := dots_of(one))), None),
        "sure": [text for one in chosen if (text := how_sure(one))],
        "holds": checks_told([check for one in conclusions for check in one.claim.checks]),
        "sides": _sides_table(config, weighing),
        "gains": [] if weighing is None else list(_gains(config, weighing))[:MOST_GAINS],
        "costs": [] if weighing is None else list(_costs(config, weighing)),
        "side_effects": [] if weighing is None else list(_referrals(config, weighing)),
        "unknown": unknown(told),
        "turns": list(_turns(chosen, weighing, own["diagnostics"])),
        "people_told": number(max((row["n"] for row in _counted(told)), default=0.0), 0),
    }


def _counted(told: Sequence[Told]) -> list[Row]:
    return [one.row for one in told if not isnan(one.row["n"])]


def subjects(told: Sequence[Told], weighed: Sequence[Weighed]) -> list[Told]:
    """What the brief is about: the policy and the exposure that are weighed, else the first of each side.

    The cohort file sets the order before anything is found; to pick the surest of many would tell of chance.
    """
    if weighed:
        by_conclusion = {id(one.conclusion): one for one in told}
        return [by_conclusion[id(side)] for side in (weighed[0].policy, weighed[0].exposure)]
    firsts = {one.conclusion.level: one for one in reversed(told)}
    return [firsts[level] for level in ("policy", "individual", "population") if level in firsts]


def _told(one: Told) -> str:
    return f"{sentence(one)} {truth(one)}".strip()


def how_sure(one: Told) -> str:
    """The badge of what may be told, where the design starts, and what moves it; nothing where there is no badge."""
    if not one.badge:
        return ""
    slots = {"cause": first_upper(one.cause), "badge": one.badge, "design": say(DESIGNS[one.conclusion.claim.design])}
    if not one.why:
        return say("{cause}: {badge}. {design}.", **slots)
    return say("{cause}: {badge}. {design}. What moves that up or down: {why}.", why=one.why, **slots)


def checks_told(checks: Sequence[Check]) -> list[str]:
    """Every decisive check that fails or moves the size, then how many hold and how many cannot tell."""
    once = list({(check.question, check.answer, check.reading): check for check in checks}.values())
    read = {name: [check for check in once if check.reading == name] for name in ("fails", "moves", "holds", "unclear")}
    if not once:
        return [say("No result has a check that could break it: nothing stands beside to compare it with.")]
    counts = {name: len(found) for name, found in read.items()}
    return [
        *(say("It does not hold: {question} {answer}.", question=c.question, answer=c.answer) for c in read["fails"]),
        *(
            say("It holds, but its size does not: {question} {answer}.", question=c.question, answer=c.answer)
            for c in read["moves"]
        ),
        say("Of {all} checks, {holds} hold, {fails} fail, and {unclear} cannot tell.", all=len(once), **counts),
    ]


def _weighing(
    config: CohortConfig, tables: Mapping[str, pd.DataFrame], chosen: Sequence[Told], told: Sequence[Told]
) -> Weighing | None:
    """The first ledger with changes of the outcome that the brief is about, or else of its own first."""
    about = [one.conclusion.claim.outcome for one in (*chosen, *told)]
    for name, study in config.studies.items():
        if isinstance(study, Ledger):
            nothing = pd.DataFrame({"study": []})
            found = Found.of(config.name, name, tables, nothing, synthetic=config.synthetic)
            outcome = next((outcome for outcome in about if outcome in study.outcomes), study.outcomes[0])
            return Weighing(study, found, outcome)
    return None


def _changes(config: CohortConfig, weighing: Weighing) -> list[Row]:
    """Changes by each side, levers as in studies that found a gain."""
    rows = changes_of(weighing.study, config.codebook, weighing.found, weighing.outcome)
    return [row for row in rows if row["reference"] != "reversed"]


def _sides_table(config: CohortConfig, weighing: Weighing | None) -> Table:
    """Persons and policies, counted over the same people and in the same unit."""
    columns = [
        Column("about", say("What"), names_row=True),
        Column("change", say("Change (95% range)"), number=True),
    ]
    rows = [] if weighing is None else _changes(config, weighing)
    lines: list[dict[str, Cell]] = [
        {
            "about": f"{first_upper(row['about'])}, {in_sentence(row['by'])}",
            "change": scale_of(row).with_interval({**row, "reason": ""}, sign=True),
        }
        for level in ("individual", "policy")
        for row in [row for row in rows if row["level"] == level][:MOST_LINES]
    ]
    if weighing is None or not rows:
        return Table("sides", "", columns, [])
    caption = say(
        "{outcome}, {unit}. A whole exposure is the most that could go. A policy or lever is one measure.",
        outcome=Labels(config.codebook).outcome(weighing.outcome),
        unit=scale_of(rows[0]).unit,
    )
    return Table("sides", caption, columns, lines)


def _gains(config: CohortConfig, weighing: Weighing) -> Iterator[str]:
    """Of each policy and lever: the change in the lowest and in the highest third, and whether they differ."""
    study, found = weighing.study, weighing.found
    if study.by is None:
        return
    first, *_, last = part_keys(study.by, THIRDS)
    for row in _changes(config, weighing):
        if row["level"] != "policy":
            continue
        keys = {
            "outcome": weighing.outcome,
            "estimand": row["estimand"],
            "exposure": row["exposure"],
            "reference": row["reference"],
        }
        ends = [found.estimate(subgroup=third, **keys) for third in (first, last)]
        slope = found.estimate(**{**keys, "estimand": "slope_over_all", "subgroup": ""})
        if ends[0] is None or ends[1] is None or slope is None or isnan(slope["lower"]):
            continue
        apart = slope["lower"] > 0 or slope["upper"] < 0
        yield say(
            "{about}: {low} in the third with the lowest {by}, {high} in the highest. {apart}",
            about=first_upper(row["about"]),
            by=in_sentence(config.codebook.columns[study.by].label),
            low=scale_of(ends[0]).signed(ends[0]["estimate"]),
            high=scale_of(ends[1]).signed(ends[1]["estimate"]),
            apart=say("These differ.") if apart else say("We cannot tell whether these differ."),
        )


def _figure(weighing: Weighing, side: Row, statistic: str) -> Row | None:
    keys = {"exposure": side["exposure"], "reference": side["reference"], "subgroup": ""}
    return weighing.found.diagnostic(outcome=weighing.outcome, statistic=statistic, **keys)


def _lever_rows(config: CohortConfig, weighing: Weighing, statistic: str) -> Iterator[tuple[Row, Row]]:
    """Each lever once, with one of its figures: the age at which it is introduced does not matter to that."""
    names = {one.key: one.lever.name for one in weighing.study.levers}
    once = {names.get(side["exposure"], side["exposure"]): side for side in reversed(_changes(config, weighing))}
    for side in reversed(once.values()):
        figure = _figure(weighing, side, statistic)
        if figure is not None:
            yield side, figure


def _costs(config: CohortConfig, weighing: Weighing) -> Iterator[str]:
    payers = {line.key: _payers(line.levers) for line in weighing.study.lines()}
    for side, cost in _lever_rows(config, weighing, "lever_cost"):
        yield say(
            "{about}: {middle} per birth ({low} to {high}), {money}, paid by: {payer}.",
            about=first_upper(side["about"]),
            middle=number(cost["value"] / PER, 0),
            low=number(cost["lower"] / PER, 0),
            high=number(cost["upper"] / PER, 0),
            money=retold(cost["note"]),
            payer=payers[side["exposure"]],
        )
    policies = [side for side in _changes(config, weighing) if side["level"] == "policy"]
    without = [side["about"] for side in policies if _figure(weighing, side, "lever_cost") is None]
    if without:
        yield say("No cost is known, so that these stay in people: {named}.", named="; ".join(dict.fromkeys(without)))


def _payers(levers: Sequence[Any]) -> str:
    costs = [one.lever.cost for one in levers]
    return listed(list(dict.fromkeys(cost.payer for cost in costs if cost is not None)))


def _referrals(config: CohortConfig, weighing: Weighing) -> Iterator[str]:
    for side, change in _lever_rows(config, weighing, "lever_referrals"):
        yield say(
            "{about}: from {low} to {high} referrals to youth care per 100,000 births. Visits find problems as well as "
            "prevent them. This is an assumption, not a finding.",
            about=first_upper(side["about"]),
            low=_signed(change["lower"]),
            high=_signed(change["upper"]),
        )


def _signed(value: float) -> str:
    size = number(abs(value), 0)
    return say("{size} fewer", size=size) if value < 0 else say("{size} more", size=size)


def unknown(told: Sequence[Told]) -> list[str]:
    """What could not be estimated, with the reason; then what cannot be told, named or counted."""
    missing = [one for one in told if one.verdict.status == "not_estimable"]
    open_ = [one for one in told if one.verdict.status == "cannot_tell" or one.status == say("too uncertain")]
    lines = [
        say(
            "Not estimated: {cause} and {outcome}, because {reason}.",
            cause=in_sentence(one.cause),
            outcome=in_sentence(one.outcome),
            reason=one.reason,
        )
        for one in missing[:MOST_NAMED]
    ]
    if len(missing) > MOST_NAMED:
        lines.append(say("{more} more could not be estimated.", more=len(missing) - MOST_NAMED))
    if open_:
        lines.append(
            say("We cannot tell, or not well enough, in {count} of {all} comparisons.", count=len(open_), all=len(told))
        )
    return lines


def _turns(chosen: Sequence[Told], weighing: Weighing | None, diagnostics: pd.DataFrame) -> Iterator[str]:
    """What would change the conclusions: a weaker policy, a hidden cause, another reading of the evidence."""
    for one in chosen:
        claim = one.conclusion.claim
        if not one.verdict.told:
            continue
        told = where(diagnostics, statistic="e_value", outcome=claim.outcome, exposure=claim.exposure, subgroup="")
        if len(told) and one.conclusion.level == "individual":
            yield say(
                "Something that nobody measured could explain what we see of {cause}. It would have to make both "
                "{cause} and {outcome} {times} times as likely.",
                cause=in_sentence(one.cause),
                outcome=in_sentence(one.outcome),
                times=number(float(told["value"].iloc[0]), 1),
            )
    if weighing is not None and weighing.study.levers:
        yield say(
            "Of every lever, some studies found a gain and others nothing or harm. Where a lever does nothing, its "
            "line above is zero."
        )
    yield say("A study with more people, or with another design, could move every range here.")
