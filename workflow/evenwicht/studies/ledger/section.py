"""What the report shows of the ledger: every change in one currency, and which side weighs more."""

from math import isnan
from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import Contrast
from evenwicht.display.labels import Labels, cause, first_upper
from evenwicht.display.language import message, say
from evenwicht.display.section import Found, Method, Row
from evenwicht.display.table import Cell, Column, Table
from evenwicht.display.wording import scale_of
from evenwicht.studies import methods
from evenwicht.studies.ledger import Settings

HEADING = "Ledger"
METHODS = {
    "crude": methods.CRUDE.about("exposure"),
    "standardisation": methods.STANDARDISATION.about("exposure"),
    "joint_draws": Method(
        "joint draws",
        "both sides are drawn together, many times, from what the data leave open about them. It is counted how often "
        "the policy changes more.",
    ),
}
CHANGES = ("change_in_cases", "change_in_sds")
APART = ("cases_apart", "sds_apart")
SURE = 0.975  # share of joint draws from which one side weighs more
GONE, INTRODUCED = message("gone"), message("introduced")
TOLD = {
    "ratio_over_all": message("Risk after over before"),
    "fraction_over_all": message("Share of all cases"),
    "number_over_all": message("People for one case"),
    "slope_over_all": message("Change of the slope index"),
    "auc": message("Area under the ROC curve, alone"),
    "liability_r_squared": message("Explained variance, alone"),
}


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    """Return the ledger of each outcome, and the weighing of every policy against every exposure."""
    ledgers = [_ledger(study, book, found, outcome) for outcome in study.outcomes]
    return {"ledgers": [table for table in ledgers if table], "weighed": _weighed(study, book, found)}


def sides(study: Settings, book: Codebook) -> list[tuple[Contrast, str, str]]:
    """Return every column of the ledger with its level, and what happens to it in words."""
    gone = [(contrast, "individual", say(GONE)) for contrast in study.contrasts(book)]
    return [*gone, *((contrast, "policy", say(INTRODUCED)) for contrast in study.introduced(book))]


def changes_of(study: Settings, book: Codebook, found: Found, outcome: str) -> list[Row]:
    """Return the change by each side of an outcome, with what it is `about`, its `level`, and what happens, `by`."""
    return [
        {**row, "about": cause(contrast, book.columns), "level": level, "by": by}
        for contrast, level, by in sides(study, book)
        for estimand in CHANGES
        if (row := _row(found, outcome, contrast, estimand)) is not None
    ]


def _row(found: Found, outcome: str, contrast: Contrast, estimand: str) -> Row | None:
    keys = {"exposure": contrast.exposure, "reference": contrast.reference, "subgroup": ""}
    return found.estimate(outcome=outcome, estimand=estimand, **keys)


def _ledger(study: Settings, book: Codebook, found: Found, outcome: str) -> Table:
    columns = [
        Column("about", say("Exposure or policy"), names_row=True),
        Column("change", say("Change over all"), number=True),
        Column("truth", say("True change"), number=True),
        *(Column(estimand, say(head), number=True) for estimand, head in TOLD.items()),
    ]
    lines: list[dict[str, Cell]] = []
    unit = ""
    for contrast, _, by in sides(study, book):
        rows = {name: row for name in (*CHANGES, *TOLD) if (row := _row(found, outcome, contrast, name)) is not None}
        change = next((rows[name] for name in CHANGES if name in rows), None)
        if change is None:
            continue
        scale = scale_of(change)
        unit = scale.unit
        lines.append(
            {
                "about": f"{first_upper(cause(contrast, book.columns))}: {by}",
                "change": scale.with_interval(change, sign=True),
                "truth": "" if isnan(change["truth"]) else scale.signed(change["truth"]),
                **{name: _told(rows[name]) for name in TOLD if name in rows},
            }
        )
    caption = say(
        "{outcome}: change over all, {unit}. Every change is counted over the same people: what would change if nobody "
        "had an exposure, and if everybody had a policy. A whole exposure is the most that could go; a policy is one "
        "measure.",
        outcome=Labels(book).outcome(outcome),
        unit=unit,
    )
    return Table(f"ledger_{outcome}", caption, columns, lines)


def _told(row: Row) -> str:
    """The number with its limits; why it has none, the tables of all estimates say."""
    return scale_of(row).with_interval({**row, "reason": ""}, sign=row["estimand"] == "slope_over_all")


def _weighed(study: Settings, book: Codebook, found: Found) -> Table:
    columns = [
        Column("policy", say("Policy introduced"), names_row=True),
        Column("exposure", say("Exposure gone"), names_row=True),
        Column("outcome", say("Outcome")),
        Column("apart", say("By how much the policy changes more"), number=True),
        Column("truth", say("True value"), number=True),
        Column("chance", say("Draws in which it does"), number=True),
        Column("answer", say("What weighs more")),
    ]
    lines: list[dict[str, Cell]] = []
    for outcome in study.outcomes:
        for policy in study.introduced(book):
            for exposure in study.contrasts(book):
                keys = {"outcome": outcome, "exposure": policy.exposure, "reference": exposure.exposure, "subgroup": ""}
                row = next((one for name in APART if (one := found.estimate(estimand=name, **keys)) is not None), None)
                if row is None:
                    continue
                told = found.diagnostic(statistic="chance_policy_larger", **keys)
                chance = told["value"] if told is not None else float("nan")
                scale = scale_of(row)
                lines.append(
                    {
                        "policy": first_upper(cause(policy, book.columns)),
                        "exposure": first_upper(cause(exposure, book.columns)),
                        "outcome": f"{Labels(book).outcome(outcome)} ({scale.unit})",
                        "apart": scale.with_interval(row, sign=True),
                        "truth": "" if isnan(row["truth"]) else scale.signed(row["truth"]),
                        "chance": "" if isnan(chance) else f"{100 * chance:.0f}%",
                        "answer": _answer(chance),
                    }
                )
    caption = say("By size, whichever way a change goes, in draws that keep that both sides come from the same people.")
    return Table("weighed", caption, columns, lines)


def _answer(chance: float) -> str:
    if isnan(chance):
        return say("no comparison")
    if chance >= SURE:
        return say("the policy")
    return say("the exposure") if chance <= 1 - SURE else say("cannot tell")
