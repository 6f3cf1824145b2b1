"""What the report shows of a policy adopted at different times: its effect by every estimator, and the base period."""

from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.display.labels import first_upper, in_sentence
from evenwicht.display.language import message, say
from evenwicht.display.section import Found, Method, where
from evenwicht.display.table import Column, Table
from evenwicht.display.wording import number, outcome_head, shown_by, truth_of
from evenwicht.studies.adoption import INTERACTION_WEIGHTED, LAST_BEFORE, TWO_STAGE, TWO_WAY, Settings
from evenwicht.studies.claims import DIFFERENCES

HEADING = "A policy adopted at different times"
METHODS = {
    INTERACTION_WEIGHTED: Method(
        "interaction-weighted (Sun and Abraham)",
        "each adopter’s change since its last period before, less that of units that never adopt. One period alone is "
        "the base.",
        message("Units before and after they adopted it, against units that never did"),
    ),
    TWO_STAGE: Method(
        "two-stage (Gardner)",
        "what a unit would have been without the policy follows from all its periods before, and from units without "
        "it.",
        message("Units with the policy against what their periods without it predict"),
    ),
    TWO_WAY: Method(
        "two-way fixed effects",
        "one effect given unit and period. Earlier adopters serve as controls of later ones, which is right only if "
        "the effect is the same in all units and does not grow.",
        message("Units with the policy against units without it, whenever they adopted"),
    ),
}


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    """Return one line an outcome: the effect by every estimator; and whether adopters moved differently before."""
    lines, checks = [], []
    keys = {"exposure": study.exposure, "reference": study.contrast.reference}
    for outcome in study.outcomes:
        rows = where(found.estimates, outcome=outcome, estimand=DIFFERENCES, method=list(METHODS), **keys)
        if rows.empty:
            continue
        label = book.outcomes[outcome].label
        cells = {name: shown_by(rows, [name]) for name in METHODS}
        lines.append({"outcome": outcome_head(label, rows), **cells, "truth": truth_of(rows)})
        checks += _before(study, found, outcome, label)
    columns = [
        Column("outcome", say("Outcome"), names_row=True),
        *(Column(name, first_upper(say(method.label)), number=True) for name, method in METHODS.items()),
        Column("truth", say("True value"), number=True),
    ]
    caption = say("Differences with 95% intervals, by every method.")
    return {
        "table": Table(f"adoption_{found.study}", caption, columns, lines),
        "checks": checks,
        "weights": in_sentence(book.columns[study.weights].label) if study.weights else "",
        "unit": in_sentence(book.columns[study.unit].label),
    }


def _before(study: Settings, found: Found, outcome: str, label: str) -> list[str]:
    """Say what the test of the periods before adoption shows."""
    test = found.diagnostic(outcome=outcome, reference=LAST_BEFORE, statistic="p_value", method=INTERACTION_WEIGHTED)
    if test is None or test["value"] != test["value"]:
        return []
    return [
        say(
            "{outcome}: the test that units moved alike before they adopted it gives p {value}. A high p is no proof: "
            "few units can hide a trend.",
            outcome=label,
            value=number(test["value"]),
        )
    ]
