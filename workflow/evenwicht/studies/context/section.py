"""What the report shows of people and places: differences within groups, between them, and what the group adds."""

from math import isnan
from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import Contrast
from evenwicht.display.labels import Labels, comparison
from evenwicht.display.language import message, say
from evenwicht.display.section import Found, Method, Row, chosen
from evenwicht.display.table import Column, Table
from evenwicht.display.wording import number, scale_of
from evenwicht.studies import methods
from evenwicht.studies.context import WITHIN, Settings

HEADING = "People and places"
GROUPS = message("Groups that differ in it on average, and so in what the group adds")
METHODS = {
    "crude": methods.CRUDE.about("exposure"),
    WITHIN: Method(
        "within groups",
        "people of one group who differ in the exposure, by a fixed effect of each group.",
        message("People of one group who differ in it"),
    ),
    "expected_means": Method(
        "means to be expected",
        "groups are compared by the mean to be expected of each, which lies nearer to that of all groups the fewer "
        "people of it are in the cohort.",
        GROUPS,
    ),
    "sampled_means": Method(
        "means of those in the cohort",
        "groups are compared by the mean of the people of theirs who are in the cohort. Chance in who is in it draws "
        "what the group adds towards zero.",
        GROUPS,
    ),
    "random_intercept": Method(
        "random-intercept model",
        "each group has a level of its own, drawn from a normal distribution. It needs that this level has nothing to "
        "do with what is compared, apart from the means of the group.",
    ),
    "no_columns": Method("random-intercept model, nothing adjusted for"),
    "columns_of_people": Method("random-intercept model, given who is in the groups"),
    "analysis_of_variance": Method("analysis of variance"),
}
DIFFERENCES = ("within_difference", "between_difference", "contextual_difference")
LEAD = ("expected_means", "sampled_means")  # the first that has an estimate is shown


def headline(study: Settings, book: Codebook) -> tuple[str, str] | None:
    """What is done to a whole group, if anything: of people, the study tells two differences and no effect alone."""
    condition = next(iter(study.conditions_of(book)), None)
    return (condition.exposure, condition.reference) if condition else None


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    """Return the differences of each exposure, those by conditions, and how the variance is made up."""
    from evenwicht.studies.context.run import LEAST_SHOWN

    labels = Labels(book)
    compared = [(name, contrast) for name in study.outcomes for contrast in study.contrasts(book)]
    own = [_line(found, book, labels, contrast, name) for name, contrast in compared]
    columns = [
        Column("what", say("Exposure"), names_row=True),
        Column("outcome", say("Outcome")),
        Column("within_difference", say("Within groups"), number=True),
        Column("between_difference", say("Between groups"), number=True),
        Column("contextual_difference", say("What the group adds"), number=True),
        Column("truth", say("True values")),
    ]
    caption = say(
        "The same difference in an exposure, between two people of one group and between two groups: of a yes/no "
        "exposure a group in which everybody has it and one in which nobody does, which is farther apart than groups "
        "are. What the two differ by is what the group adds, and all else that groups differ in can be behind that. In "
        "brackets 95% intervals."
    )
    return {
        "table": Table("context", caption, columns, [line for line in own if line]),
        "conditions": _conditions(study, book, found, labels),
        "variance": [line for name in study.outcomes if (line := _variance(study, found, labels, name))],
        "least": LEAST_SHOWN,
    }


def _line(found: Found, book: Codebook, labels: Labels, contrast: Contrast, outcome: str) -> dict[str, str]:
    keys = {"outcome": outcome, "exposure": contrast.exposure, "reference": contrast.reference}
    shown = {estimand: leading(found, estimand, keys) for estimand in DIFFERENCES}
    if not any(shown.values()):
        return {}
    told = {name: _told(row, book) for name, row in shown.items() if row}
    truths = [told[name][1] for name in DIFFERENCES if name in told and told[name][1]]
    return {
        "what": comparison(contrast, book.columns),
        "outcome": labels.outcome(outcome),
        **{name: text for name, (text, _) in told.items()},
        "truth": "; ".join(truths),
    }


def _told(row: Row, book: Codebook) -> tuple[str, str]:
    """An estimate with its interval, and its true value; those of a risk in percentage points."""
    risk = book.outcomes[row["outcome"]].kind not in ("continuous", "count", "use")
    scale = scale_of({**row, "estimand": "risk_difference"} if risk else row)
    return scale.with_unit(row, sign=True), "" if isnan(row["truth"]) else scale.signed(row["truth"])


def leading(found: Found, estimand: str, keys: dict[str, str]) -> Row | None:
    """The row of an estimand that is shown: by the best means that groups have."""
    rows = chosen(found.estimate_rows, estimand=estimand, **keys)
    if estimand == "within_difference":
        return next(iter(rows), None)
    ranked = [row for method in LEAD for row in chosen(rows, method=method)]
    return next((row for row in ranked if not isnan(row["estimate"])), next(iter(ranked), None))


def _conditions(study: Settings, book: Codebook, found: Found, labels: Labels) -> Table:
    lines = []
    for outcome in study.outcomes:
        for condition in study.conditions_of(book):
            keys = {"outcome": outcome, "exposure": condition.exposure, "reference": condition.reference}
            rows = chosen(found.estimate_rows, estimand=("mean_difference", "risk_difference"), **keys)
            ranked = [row for method in LEAD for row in chosen(rows, method=method)]
            row = next((one for one in ranked if not isnan(one["estimate"])), next(iter(ranked), None))
            if row:
                text, truth = scale_of(row).with_unit(row, sign=True), row["truth"]
                lines.append(
                    {
                        "what": comparison(condition, book.columns),
                        "outcome": labels.outcome(outcome),
                        "difference": text,
                        "truth": "" if isnan(truth) else scale_of(row).signed(truth),
                    }
                )
    columns = [
        Column("what", say("Condition of the group"), names_row=True),
        Column("outcome", say("Outcome")),
        Column("difference", say("Difference (95% interval)"), number=True),
        Column("truth", say("True value"), number=True),
    ]
    caption = say(
        "What a condition of groups goes with, given who lives in them. All that groups differ in can be behind it."
    )
    return Table("conditions", caption, columns, lines)


def _variance(study: Settings, found: Found, labels: Labels, outcome: str) -> str:
    """How much of the variance lies between groups, and how much of that is who is in them."""
    share = found.estimate(outcome=outcome, exposure=study.group, estimand="intraclass_correlation")
    made = found.estimate(outcome=outcome, exposure=study.group, estimand="compositional_share")
    if share is None or isnan(share["estimate"]):
        return ""
    told = say(
        "{outcome}: of 100 parts of what people differ by, {between} lie between groups; the others lie between people "
        "of one group.",
        outcome=labels.outcome(outcome),
        between=number(100 * share["estimate"], 1),
    )
    if made is None or isnan(made["lower"]) or not (share["lower"] > 0 and 0 <= made["estimate"] <= 1):
        return told  # of what may be nothing there are no parts
    who = say(
        "Of what lies between groups, {part}% is who lives in them (95% interval {low} to {high}).",
        part=number(100 * made["estimate"], 0),
        low=number(100 * made["lower"], 0),
        high=number(100 * made["upper"], 0),
    )
    return f"{told} {who}"
