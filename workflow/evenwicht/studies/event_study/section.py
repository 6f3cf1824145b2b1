"""What the report shows of an event study: effects by group of birth, figures, and the referee's questions."""

from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.display.labels import in_words
from evenwicht.display.language import message, say
from evenwicht.display.section import Found, Method, Row, records, where
from evenwicht.display.table import Column, Table
from evenwicht.display.wording import scale_of
from evenwicht.studies import methods
from evenwicht.studies.event_study import Settings
from evenwicht.studies.event_study.survives import (
    CONTEXT,
    FAILS,
    MOVES,
    NOT_ASKED,
    SURVIVES,
    UNCLEAR,
    survives,
)

HEADING = "Event study by date of birth"
METHODS = {
    "cox": Method(
        "Cox model",
        "hazard ratios of births by exposure, with delayed entry where people enter late. Few months of birth carry "
        "them, and degrees of freedom follow from these.",
    ),
    "gompertz": Method(
        "Gompertz model", "delay of onset and absolute effects, averaged over the covariates of everybody."
    ),
    "cox_sandwich": Method("Cox model, sandwich error"),
    "cox_trend": Method("Cox model, linear trend added"),
    "cox_donut": Method("Cox model, births near the change left out"),
    "cox_delayed_entry": Method("Cox model with delayed entry at a visit"),
    "cox_coherent": Method("Cox model, everybody followed to the last visit"),
    "cox_calibrated": Method("Cox model, calibrated on negative controls"),
    "windows": Method("late events against time at risk"),
    "profile": Method("profile likelihood"),
    "pre_trend": Method("unexposed births among themselves"),
    "placebo_cutoff": Method("the break at other dates"),
    "linear_trend": Method("dose against a linear trend"),
    "step": Method("dose against a step"),
    "empirical_null": Method("negative controls"),
    "wild_bootstrap": Method("wild bootstrap of months"),
    "selection": Method("selection that would explain the effect"),
    "design_analysis": methods.DESIGN_ANALYSIS,
}
EFFECTS = {  # column of the table -> estimand and method
    "ratio": ("conditional_hazard_ratio", "cox"),
    "delay": ("onset_delay", "gompertz"),
    "averted": ("cases_averted", "gompertz"),
    "risk_ratio": ("risk_ratio", "gompertz"),
    "free": ("rmst_difference", "gompertz"),
}


def headline(study: Settings, _: Codebook) -> tuple[str, str]:
    """The longest exposure against births that had none."""
    return study.longest, study.unexposed.id


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    """Return effects by group of birth in relative and absolute terms, up to the last age, and the questions."""
    labels, last = study.labels(book), f"{max(study.ages):g}"
    effects, questions = [], {}
    told = survives(found.estimates, found.diagnostics)
    for outcome in study.outcomes:
        rows = where(found.estimates, outcome=outcome, reference=study.unexposed.id, at=("", last))
        for group in study.groups:
            of = where(rows, exposure=group)
            shown = {name: _shown(of, *how) for name, how in EFFECTS.items()}
            if any(shown.values()):
                label = labels[group, study.unexposed.id]
                effects.append({"outcome": book.outcomes[outcome].label, "group": label, **shown})
        answers = records(where(told, outcome=outcome))
        if answers:
            questions[book.outcomes[outcome].label] = _questions(outcome, answers, labels[headline(study, book)])
    return {
        "effects": _effects_table(effects),
        "questions": questions,
        "last": last,
        "ends": in_words(study.ends),
    }


def _effects_table(lines: list[dict[str, str]]) -> Table:
    columns = [
        Column("outcome", say("Outcome")),
        Column("group", say("Births"), names_row=True),
        Column("ratio", say("Hazard ratio"), number=True),
        Column("delay", say("Delay of onset, years"), number=True),
        Column("averted", say("Cases averted per 100,000 births"), number=True),
        Column("risk_ratio", say("Risk ratio"), number=True),
        Column("free", say("Disease-free years gained"), number=True),
    ]
    caption = say("With 95% intervals, by months of birth as groups, of which few carry the comparison.")
    return Table("effects_by_birth", caption, columns, lines)


def _questions(outcome: str, answers: list[Row], compared: str) -> Table:
    """The referee's questions with their answers: what fails stands first, what is context last."""
    columns = [
        Column("question", say("Question"), names_row=True),
        Column("answer", say("Answer")),
        Column("reading", say("Reading")),
        Column("decisive", say("Decisive")),
        Column("why", say("Why")),
    ]
    order = list(READINGS)
    lines = [
        {**row, "question": say(row["question"]), "reading": say(READINGS[row["reading"]]), "decisive": _yes(row)}
        for row in sorted(answers, key=lambda row: order.index(row["reading"]))
    ]
    caption = say("Reasons to doubt the result for {births}, each tested.", births=compared)
    return Table(f"doubts_{outcome}", caption, columns, lines)


def _yes(row: Row) -> str:
    return say("yes") if row["decisive"] else ""


READINGS = {
    FAILS: message("does not hold up"),
    MOVES: message("direction holds, size does not"),
    UNCLEAR: message("cannot tell"),
    SURVIVES: message("holds up"),
    NOT_ASKED: message("not asked"),
    CONTEXT: "",
}


def _shown(rows: Any, estimand: str, method: str) -> str:
    for row in records(where(rows, estimand=estimand, method=method)):
        return scale_of(row).with_interval(row)
    return ""
