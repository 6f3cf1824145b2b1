"""What the report shows of a ladder of adjustment: the same effect at each step, beside the truth where it is known."""

from math import isnan
from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.display.labels import Labels, comparison, first_upper
from evenwicht.display.language import say
from evenwicht.display.section import Found, Method, chosen
from evenwicht.display.table import Column, Table
from evenwicht.display.wording import scale_of
from evenwicht.studies import methods
from evenwicht.studies.claims import DIFFERENCES
from evenwicht.studies.ladder import CRUDE_STEP, MOST_STEPS, WITHIN, Settings

HEADING = "Ladder of adjustment"
METHODS = {
    CRUDE_STEP: Method(
        "ladder, as people are",
        "people with and without the exposure as they are, among those who have all covariates of the ladder.",
        methods.PEOPLE,
        as_they_are=True,
    ),
    "step_1": Method(
        "ladder, first step",
        "the covariates that the cohort file lists for this step. Differences are standardised, or weighted where the "
        "outcome is a time to an event.",
        methods.PEOPLE,
    ),
    "step_2": Method("ladder, second step", compared=methods.PEOPLE),
    "step_3": Method("ladder, third step", compared=methods.PEOPLE),
    "step_4": Method("ladder, fourth step", compared=methods.PEOPLE),
    "step_5": Method("ladder, fifth step", compared=methods.PEOPLE),
    "step_6": Method("ladder, sixth step", compared=methods.PEOPLE),
    WITHIN: Method("ladder, within families", "brothers and sisters who differ in the exposure.", methods.SIBLINGS),
}
assert f"step_{MOST_STEPS}" in METHODS


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    """Return one line a comparison, with its difference at each step."""
    steps, labels = study.told_steps(), Labels(book)
    columns = [
        Column("about", say("Exposure"), names_row=True),
        Column("outcome", say("Outcome")),
        *(Column(method, first_upper(label), number=True) for method, label in steps.items()),
        Column("truth", say("True value"), number=True),
    ]
    lines = []
    for contrast in study.contrasts(book):
        for outcome in study.outcomes:
            keys = {"exposure": contrast.exposure, "reference": contrast.reference, "outcome": outcome}
            rows = chosen(found.estimate_rows, estimand=DIFFERENCES, **keys)
            if not rows:
                continue
            scale, truth = scale_of(rows[0]), rows[0]["truth"]
            unit = f" ({scale.unit})" if scale.unit else ""
            lines.append(
                {
                    "about": comparison(contrast, book.columns),
                    "outcome": f"{labels.outcome(outcome)}{unit}",
                    **{row["method"]: scale_of(row).with_interval(row, sign=True) for row in rows},
                    "truth": "" if isnan(truth) else scale.signed(truth),
                }
            )
    caption = say("The difference that an exposure goes with, as more is adjusted for. All steps have the same people.")
    return {"table": Table("ladder", caption, columns, lines)}
