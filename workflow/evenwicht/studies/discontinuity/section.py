"""What the report shows of a policy from a date of birth on: its effects by every method, and the checks."""

from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.display.labels import first_upper
from evenwicht.display.language import message, say
from evenwicht.display.section import Found, Method, where
from evenwicht.display.table import Column, Table
from evenwicht.display.wording import outcome_head, scale_of, shown_by, truth_of
from evenwicht.studies.claims import DIFFERENCES
from evenwicht.studies.discontinuity import AFTER, BEFORE, BIRTHS, Settings

ALPHA = 0.05
HEADING = "Births around a date"
DONUT = "the same without births so near the date that they could have been moved."
AROUND = message("People born just after and just before the date")
OTHER_YEARS = message("The same, against those born around that date in other years")
EFFECTS = {
    "rd": Method(
        "regression discontinuity",
        "births just after the date against births just before it, each with its own line.",
        AROUND,
    ),
    "rd_donut": Method("discontinuity, donut", DONUT, AROUND),
    "difference_in_discontinuities": Method(
        "difference in discontinuities",
        "births after against births before the date, less the same difference in years without the policy.",
        OTHER_YEARS,
    ),
    "difference_in_discontinuities_donut": Method(
        "difference in discontinuities, donut",
        DONUT,
        OTHER_YEARS,
    ),
}
METHODS = {
    **EFFECTS,
    "density": Method("count of births", "births after over births before the date, against other years."),
}


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    """Return one line an outcome: the estimate by every method, and the true value; and what the checks show."""
    lines = []
    for outcome in study.every_outcome:
        rows = where(
            found.estimates,
            outcome=outcome,
            estimand=DIFFERENCES,
            exposure=study.contrast.exposure,
            method=list(EFFECTS),
        )
        cells = {name: shown_by(rows, [name]) for name in EFFECTS}
        head = outcome_head(book.outcomes[outcome].label, rows)
        lines.append({"outcome": head, **cells, "truth": truth_of(rows)})
    columns = [
        Column("outcome", say("Outcome"), names_row=True),
        *(Column(name, first_upper(say(method.label)), number=True) for name, method in EFFECTS.items()),
        Column("truth", say("True value"), number=True),
    ]
    table = Table("methods_by_date", say("Differences with 95% intervals, by every method."), columns, lines)
    return {"table": table, "checks": checks(study, found)}


def checks(study: Settings, found: Found) -> list[str]:
    """Say what the placebo dates and the count of births around the date show."""
    texts = []
    placebo = where(found.estimates, exposure=[study.placebo(year) for year in study.other_years])
    placebo = placebo[placebo["lower"].notna()]
    if len(placebo):
        misses = ((placebo["lower"] > 0) | (placebo["upper"] < 0)).sum()
        texts.append(
            say(
                "At the same date in years without the policy, {some} of {all} intervals lie wholly above or below no "
                "difference; chance alone would give one in twenty.",
                some=misses,
                all=len(placebo),
            )
        )
    density = found.estimate(outcome=BIRTHS, exposure=AFTER, reference=BEFORE, method="density")
    if density:
        shown = scale_of(density).with_interval(density)
        texts.append(
            say(
                "Births after over births before the date, against other years: {shown}. It is 1 if no birth was moved "
                "past the date.",
                shown=shown,
            )
        )
    return texts
