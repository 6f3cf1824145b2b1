"""What the report shows of windows of birth: each beside every group that it is compared with."""

from typing import Any

import pandas as pd

from evenwicht.base.codebook import Codebook
from evenwicht.display.labels import first_upper
from evenwicht.display.language import localised, message, retold, say
from evenwicht.display.section import Found, Method, where
from evenwicht.display.table import Column, Table
from evenwicht.display.wording import number, outcome_head, shown_by, truth_of
from evenwicht.studies import methods
from evenwicht.studies.birth_periods import AFTER, BEFORE, BOTH, EARLIER, PRE_TREND, SPARED, PlannedComparison, Settings
from evenwicht.studies.claims import DIFFERENCES

HEADING = "Births in a window of time"
METHODS = {
    "crude": methods.CRUDE.about("exposure"),
    "regression": methods.REGRESSION.about("exposure"),
    "standardisation": methods.STANDARDISATION.about("exposure"),
    "did": Method(
        "difference-in-differences",
        "births of the same dates in the spared region show what would have happened without the exposure.",
    ),
    "design_analysis": methods.DESIGN_ANALYSIS,
}
ADJUSTED = ["standardisation", "regression"]  # a linear model of a risk never leads where there is standardisation
COLUMNS = {  # heading -> what births are compared with, and methods, best first
    message("Born before"): (BEFORE, ADJUSTED),
    message("Conceived after"): (AFTER, ADJUSTED),
    message("Both"): (BOTH, ADJUSTED),
    message("Both, crude"): (BOTH, ["crude"]),
    message("Spared region"): (SPARED, ["did"]),
}


def headline(study: Settings, _: Codebook) -> tuple[str, str]:
    """The last window against all births before and after."""
    return list(study.windows)[-1], BOTH


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    """Return the differences of every window by comparison, and what planned comparisons can say."""
    columns = [
        Column("outcome", say("Outcome")),
        Column("births", say("Births"), names_row=True),
        *(Column(head, say(head), number=True) for head in COLUMNS),
        Column("truth", say("True value"), number=True),
    ]
    lines = [line for outcome in study.outcomes for line in _lines(outcome, study, book, found)]
    caption = say("Differences with 95% intervals; with covariates unless called crude.")
    return {
        "table": Table("windows_of_birth", caption, columns, lines),
        "planned": [plan for planned in study.design_analysis if (plan := _plan(planned, study, book, found))],
    }


def _lines(outcome: str, study: Settings, book: Codebook, found: Found) -> list[dict[str, Any]]:
    """One line a window, and one for the pre-trend: differences by comparison, and the true value."""
    rows = where(found.estimates, outcome=outcome, estimand=DIFFERENCES)
    head = outcome_head(book.outcomes[outcome].label, rows)
    lines = []
    for name, window in study.windows.items():
        of = where(rows, exposure=name)
        cells = {heading: shown_by(where(of, reference=r), ways) for heading, (r, ways) in COLUMNS.items()}
        truth = truth_of(where(of, reference=BOTH))
        lines.append({"outcome": head, "births": first_upper(window.label), **cells, "truth": truth})
    if study.region is not None:
        trend = where(rows, exposure=PRE_TREND, reference=EARLIER)
        cells = {heading: shown_by(trend, ["did"]) if r == SPARED else "" for heading, (r, _) in COLUMNS.items()}
        births = first_upper(study.labels(book)[PRE_TREND, EARLIER])
        lines.append({"outcome": head, "births": births, **cells, "truth": truth_of(trend)})
    return lines


def _plan(planned: PlannedComparison, study: Settings, book: Codebook, found: Found) -> dict[str, str]:
    """Power, chance of a wrong sign and type M error of a planned comparison; nothing if it could not be judged."""
    period, outcome = planned.period, planned.outcome
    rows = where(found.diagnostics, method="design_analysis", outcome=outcome, exposure=period)
    if rows.empty:
        return {}
    value: pd.Series = rows.set_index("statistic")["value"]
    about = f"{book.outcomes[outcome].label}; {study.labels(book)[period, BOTH]}"
    return {
        "comparison": f"{about}; {retold(rows['note'].iloc[0])}",
        "power": number(100 * value["power"], 0),
        "type_s": localised(f"{100 * value['type_s']:.1g}"),
        "type_m": number(value["type_m"], 1),
    }
