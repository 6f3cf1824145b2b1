"""What a brief says of a ledger: person and policy side by side, who gains, who pays, and side effects."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.display.labels import Labels, first_upper, in_sentence
from evenwicht.display.language import retold, say
from evenwicht.display.section import Found, Row
from evenwicht.display.table import Cell, Column, Table
from evenwicht.display.wording import number, scale_of
from evenwicht.studies.changes import THIRDS, Introduced
from evenwicht.studies.ledger import Settings
from evenwicht.studies.ledger.assumed import side_effects
from evenwicht.studies.ledger.told import changes_of
from evenwicht.studies.study import part_keys

MOST_LINES = 4  # of each side in the table of persons and policies
MOST_GAINS = 3  # policies and levers of which it is told who gains
PER = 100_000
WHOLE = 10  # amount of money from which cents do not matter
AMOUNTS = {"middle": "value", "low": "lower", "high": "upper"}


@dataclass(frozen=True)
class Weighing:
    """A ledger, for one outcome.

    Attributes
    ----------
    study
        Its settings.
    found
        What it found.
    outcome
        Id of the outcome.
    """

    study: Settings
    found: Found
    outcome: str


def brief(study: Settings, book: Codebook, found: Found, outcome: str) -> dict[str, Any]:
    """Return the parts of a brief: a table `sides`, what has no cost, and sentences of the other parts.

    `outcome` is told if the ledger has it, else its own first.
    """
    weighing = Weighing(study, found, outcome if outcome in study.outcomes else study.outcomes[0])
    return {
        "sides": _sides_table(book, weighing),
        "gains": list(_gains(book, weighing))[:MOST_GAINS],
        "costs": list(_costs(book, weighing)),
        "without_cost": _without_cost(book, weighing),
        "side_effects": side_effects(study, book, found, weighing.outcome),
        "turns": list(_turns(study)),
    }


def _turns(study: Settings) -> Iterator[str]:
    """What would change the lines of levers."""
    if study.levers:
        yield say(
            "Of every lever, some studies found a gain and others nothing or harm. Where a lever does nothing, its "
            "line above is zero."
        )


def _changes(book: Codebook, weighing: Weighing) -> list[Row]:
    """Changes by each side, levers as in studies that found a gain."""
    rows = changes_of(weighing.study, book, weighing.found, weighing.outcome)
    return [row for row in rows if row["reference"] != "reversed"]


def _sides_table(book: Codebook, weighing: Weighing) -> Table:
    """Persons and policies, counted over the same people and in the same unit."""
    columns = [
        Column("about", say("What"), names_row=True),
        Column("change", say("Change (95% range)"), number=True),
    ]
    rows = _changes(book, weighing)
    lines: list[dict[str, Cell]] = [
        {
            "about": f"{first_upper(row['about'])}, {in_sentence(row['by'])}",
            "change": scale_of(row).with_interval({**row, "reason": ""}, sign=True),
        }
        for level in ("individual", "policy")
        for row in [row for row in rows if row["level"] == level][:MOST_LINES]
    ]
    if not rows:
        return Table("sides", "", columns, [])
    caption = say(
        "{outcome}, {unit}. A minus means fewer. To take away a whole exposure is the upper limit: no measure does "
        "that. A policy or lever is one measure. Levers stand as in studies that found a gain.",
        outcome=Labels(book).outcome(weighing.outcome),
        unit=scale_of(rows[0]).unit,
    )
    return Table("sides", caption, columns, lines)


def _gains(book: Codebook, weighing: Weighing) -> Iterator[str]:
    """Of each policy and lever: the change in the lowest and in the highest third, and whether they differ."""
    study, found = weighing.study, weighing.found
    if study.by is None:
        return
    first, *_, last = part_keys(study.by, THIRDS)
    for row in _changes(book, weighing):
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
            by=in_sentence(book.columns[study.by].label),
            low=scale_of(ends[0]).signed(ends[0]["estimate"]),
            high=scale_of(ends[1]).signed(ends[1]["estimate"]),
            apart=say("These differ.") if apart else say("We cannot tell whether these differ."),
        )


def _figure(weighing: Weighing, side: Row, statistic: str) -> Row | None:
    keys = {"exposure": side["exposure"], "reference": side["reference"], "subgroup": ""}
    return weighing.found.diagnostic(outcome=weighing.outcome, statistic=statistic, **keys)


def _lever_rows(book: Codebook, weighing: Weighing, statistic: str) -> Iterator[tuple[Row, Row]]:
    """Each lever once, with one of its figures: the age at which it is introduced does not matter to that."""
    names = {one.key: one.lever.name for one in weighing.study.levers}
    once = {names.get(side["exposure"], side["exposure"]): side for side in reversed(_changes(book, weighing))}
    for side in reversed(once.values()):
        figure = _figure(weighing, side, statistic)
        if figure is not None:
            yield side, figure


def _costs(book: Codebook, weighing: Weighing) -> Iterator[str]:
    payers = {line.key: _payers(line.levers) for line in weighing.study.lines()}
    for side, cost in _lever_rows(book, weighing, "lever_cost"):
        yield say(
            "{about}: {middle} per birth ({low} to {high}), {money}, paid by: {payer}.",
            about=first_upper(side["about"]),
            **{name: _money(cost[key] / PER) for name, key in AMOUNTS.items()},
            money=retold(cost["note"]),
            payer=payers[side["exposure"]],
        )


def _without_cost(book: Codebook, weighing: Weighing) -> dict[str, str]:
    """Policies and levers whose cost the ledger does not know: what each is called, by its key."""
    policies = [side for side in _changes(book, weighing) if side["level"] == "policy"]
    return {side["exposure"]: side["about"] for side in policies if _figure(weighing, side, "lever_cost") is None}


def _money(amount: float) -> str:
    return number(amount, 0 if abs(amount) >= WHOLE else 2)


def _payers(levers: Sequence[Introduced]) -> str:
    costs = [one.lever.cost for one in levers]
    return "; ".join(dict.fromkeys(cost.payer for cost in costs if cost is not None))
