"""A brief of two pages on one cohort: what was found, how sure that is, and what is not known, in plain words.

Every sentence is chosen by rows and by the status of a conclusion. It gives no advice: options, with what follows. Each
brief is one file that opens offline, in every language that there is.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from evenwicht.base.files import write_text
from evenwicht.conclusions import conclude
from evenwicht.config import CohortConfig, Run
from evenwicht.disclosure.profiles import Profile
from evenwicht.display.certainty import Check
from evenwicht.display.labels import first_upper, in_sentence
from evenwicht.display.language import LANGUAGES, message, say, speaking
from evenwicht.display.section import Found, where
from evenwicht.display.wording import number
from evenwicht.report.cohort_page import dots_of
from evenwicht.report.front import missing, question, weight
from evenwicht.report.page import DESIGNS, environment_of
from evenwicht.report.provenance import provenance
from evenwicht.report.sentences import Told, sentence, tell, truth
from evenwicht.report.sites import brief_file, pages_of
from evenwicht.studies import showing
from evenwicht.weighing import Weighed, weigh

MOST_NAMED = 3  # of what is not known, before the rest is counted
MORE = message("A study with more people, or with another design, could move every range here.")


def write_briefs(
    run: Run,
    tables: Mapping[str, pd.DataFrame],
    templates: Path,
    folder: str | Path,
    rules: Profile | None = None,
) -> None:
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
    rules
        Those by which the tables were released, if they were.
    """
    pages = pages_of(run).cohorts
    for language in LANGUAGES:
        with speaking(language):
            template, made = environment_of(templates, rules).get_template("brief.html.j2"), provenance(templates)
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
    parts = _of_studies(config, own, next((one.conclusion.claim.outcome for one in chosen), ""))
    levels = list(dict.fromkeys(one.conclusion.level for one in told))
    return {
        "config": config,
        "question": question(levels),
        "synthetic": config.synthetic,
        "short": [*_which(told, weighed, levels), *(_told(one) for one in chosen)],
        "dots": next((pair for one in chosen if (pair := dots_of(one))), None),
        "sure": [text for one in chosen if (text := how_sure(one))],
        "holds": checks_told([check for one in conclusions for check in one.claim.checks]),
        "unknown": unknown(told),
        **parts,
        "turns": [*_turns(chosen, own["diagnostics"]), *parts["turns"], say(MORE)],
        "people_told": _most_people(told, own["estimates"]),
    }


def _most_people(told: Sequence[Told], estimates: pd.DataFrame) -> str:
    """Of those that it tells of, or of all studies if it concludes nothing."""
    people = pd.Series([one.row["n"] for one in told] or list(estimates["n"]), dtype="Float64").max()
    return number(0.0 if pd.isna(people) else float(people), 0)


def subjects(told: Sequence[Told], weighed: Sequence[Weighed]) -> list[Told]:
    """What the brief is about: the policy and the exposure that are weighed, else the first of each side.

    The cohort file sets the order before anything is found; to pick the surest of many would tell of chance.
    """
    if weighed:
        by_conclusion = {id(one.conclusion): one for one in told}
        return [by_conclusion[id(side)] for side in (weighed[0].policy, weighed[0].exposure)]
    firsts = {one.conclusion.level: one for one in reversed(told)}
    return [firsts[level] for level in ("policy", "individual", "population") if level in firsts]


def _which(told: Sequence[Told], weighed: Sequence[Weighed], levels: Sequence[str]) -> list[str]:
    """Which side weighs more; that it cannot be said, where both are studied and nothing may be weighed."""
    texts = [text for one in weighed[:1] if (text := weight(one, told))]
    if not texts and {"individual", "policy"} <= set(levels):
        texts = [say("We cannot say here whether one person's exposure or a policy weighs more.")]
    return texts


def _told(one: Told) -> str:
    return f"{sentence(one)} {truth(one)}".strip()


def how_sure(one: Told) -> str:
    """The badge of what may be told, where the design starts, and what moves it; nothing where there is no badge."""
    if not one.badge:
        return ""
    slots = {"cause": first_upper(one.cause), "badge": one.badge, "design": say(DESIGNS[one.conclusion.claim.design])}
    if not one.why:
        return say("{cause}: {badge}. {design}.", **slots)
    return say("{cause}: {badge}. {design}. Why this sure and no surer: {why}.", why=one.why, **slots)


def checks_told(checks: Sequence[Check]) -> list[str]:
    """Every decisive check that fails or moves the size, then how many hold and how many cannot tell."""
    once = list({(check.question, check.answer, check.reading): check for check in checks}.values())
    read = {name: [check for check in once if check.reading == name] for name in ("fails", "moves", "holds", "unclear")}
    if not once:
        return [say("We had no independent check of any result.")]
    counts = {name: len(found) for name, found in read.items()}
    return [
        *(say("It does not hold: {question} {answer}.", question=c.question, answer=c.answer) for c in read["fails"]),
        *(
            say("It holds, but its size does not: {question} {answer}.", question=c.question, answer=c.answer)
            for c in read["moves"]
        ),
        say(
            "Of {all} checks, {holds} hold, {moves} hold but not in size, {fails} fail, and {unclear} cannot tell.",
            all=len(once),
            **counts,
        ),
    ]


def unknown(told: Sequence[Told]) -> list[str]:
    """What could not be estimated, with the reason; then what cannot be told, named or counted."""
    without = missing(told)
    open_ = [one for one in told if one.verdict.status == "cannot_tell" or one.status == say("too uncertain")]
    lines = [
        say(
            "Not estimated: {cause} and {outcome}, because {reason}.",
            cause=in_sentence(one.cause),
            outcome=one.outcomes,
            reason=one.reason,
        )
        for one in without[:MOST_NAMED]
    ]
    if len(without) > MOST_NAMED:
        lines.append(say("{more} more could not be estimated.", more=len(without) - MOST_NAMED))
    if open_:
        lines.append(
            say("We cannot tell, or not well enough, in {count} of {all} comparisons.", count=len(open_), all=len(told))
        )
    return lines


def _of_studies(config: CohortConfig, tables: Mapping[str, pd.DataFrame], outcome: str) -> dict[str, Any]:
    """The parts that studies give, one after the other; the table is that of the first which has one."""
    parts: dict[str, Any] = {"sides": None, "gains": [], "costs": [], "side_effects": [], "turns": []}
    without, known = dict[str, str](), list[str]()
    for name, study in config.studies.items():
        nothing = pd.DataFrame({"study": []})  # curves are in the figures
        found = Found.of(config.name, name, tables, nothing, synthetic=config.synthetic)
        given = showing.brief(study, config.codebook, found, outcome)
        parts["sides"] = parts["sides"] or given.pop("sides", None)
        without |= given.pop("without_cost", {})
        known += given.pop("with_cost", [])
        for part, texts in given.items():
            parts[part] += texts
    named = [told for key, told in without.items() if key not in known]
    if named:
        told = say(
            "What these cost is not known, so we count people here and not money: {named}.",
            named="; ".join(dict.fromkeys(named)),
        )
        parts["costs"].append(told)
    return parts


def _turns(chosen: Sequence[Told], diagnostics: pd.DataFrame) -> Iterator[str]:
    """What would change what may be told of an exposure: a cause of both that nobody measured."""
    for one in chosen:
        claim = one.conclusion.claim
        told = where(diagnostics, statistic="e_value", outcome=claim.outcome, exposure=claim.exposure, subgroup="")
        if one.verdict.told and one.is_risk and one.conclusion.level == "individual" and len(told):
            yield say(
                "Something that nobody measured could explain what we see of {cause}. It would have to make both "
                "{cause} and {outcome} {times} times as likely.",
                cause=in_sentence(one.cause),
                outcome=in_sentence(one.outcome),
                times=number(float(told["value"].iloc[0]), 1),
            )
