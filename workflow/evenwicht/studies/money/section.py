"""What the report shows of money: what comes to whom, what a change returns, and what all of it rests on."""

from collections.abc import Sequence
from math import isinf, isnan
from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.display.labels import Labels, first_upper, in_sentence
from evenwicht.display.language import message, retold, say
from evenwicht.display.section import Found, Method, Row
from evenwicht.display.table import Cell, Column, Table
from evenwicht.display.wording import number, scale_of, signed
from evenwicht.levers.figures import Tag, at
from evenwicht.money.conventions import conventions
from evenwicht.money.payers import BOTH, COLUMNS, SOCIETY
from evenwicht.studies import methods
from evenwicht.studies.change_words import Side, row_of, sides
from evenwicht.studies.money import OwnPrice, Settings
from evenwicht.studies.money.accounting import price_of

HEADING = "Money"
METHODS = {
    "standardisation": Method(
        methods.STANDARDISATION.label,
        "each outcome is predicted for everybody with and without the change. Every unit of difference is told as "
        "money in the years in which it falls, and discounted to birth.",
    ),
    "joint_draws": Method(
        "joint draws",
        "the changes of all outcomes are drawn together, many times, from what the data leave open about them. The age "
        "of paying back and the value of public funds are worked out in each draw.",
    ),
}
STATE = BOTH[0]
NAMES = {
    "state_budget": message("State budget"),
    "families": message("Families"),
    "others": message("Others"),
    SOCIETY: message("Society: all of these together"),
}
KINDS = {
    "resource": message("what is used up"),
    "transfer": message("paid out by the state, so nothing to society"),
    "tariff": message("what the state pays, which is not what it costs"),
    "value": message("what it is worth to have it"),
    "earnings": message("earned, and taxed"),
}
FLAT = ("0", "3", "7")
TAGS: dict[str, Tag] = {
    "verified": "V",
    "computed": "C",
    "memory_high": "M-hi",
    "memory_mid": "M-mid",
    "memory_low": "M-lo",
}


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    """Return what comes to whom, what it returns, and what it rests on."""
    about = (study, book, found)
    return {
        "lead": messages(*about),
        "columns": _columns(*about),
        "rates": _rates(*about),
        "returns": _returns(*about),
        "deadweight": _deadweight(*about),
        "ends": _ends(*about),
        "plane": _plane(*about),
        "units": _units(*about),
        "prices": _prices(study, book),
        "unpriced": unpriced(study, book),
        "convention": _convention(study),
    }


def costed(study: Settings, book: Codebook, found: Found) -> list[Side]:
    """Return the lines whose cost is known."""
    return [side for side in sides(study, book) if found.diagnostic(statistic="outlay", **side.keys) is not None]


def value_of(study: Settings, found: Found, side: Side, column: str, rate: str = "") -> Row | None:
    """Return the present value of a column, by the convention unless another rate is named."""
    return found.estimate(estimand="present_value", outcome=column, at=rate or study.rates, **side.keys)


def messages(study: Settings, book: Codebook, found: Found) -> list[str]:
    """Say of each change with a known cost what comes to the state and to society, or that this cannot be told."""
    told = []
    for side in costed(study, book, found):
        values = {column: value_of(study, found, side, column) for column in BOTH}
        state, society = values[STATE], values[SOCIETY]
        if side.reference == "reversed" or state is None or society is None:
            continue
        if not study.worth:
            told.append(_only_cost(study, book, found, side))
            continue
        told.append(
            say(
                "{about}. What comes back less what it costs, in million {money} over 100,000 births. State budget: "
                "{state}. Society: {society}. {sure}",
                about=side.told,
                money=study.money,
                state=_amount(state),
                society=_amount(society),
                sure=verdict(state, society),
            )
        )
    return told


def _only_cost(study: Settings, book: Codebook, found: Found, side: Side) -> str:
    """What a change costs where nothing that it brings has a price, and what one of what it buys costs."""
    outlay = found.diagnostic(statistic="outlay", **side.keys)
    told = say(
        "{about}. It costs {cost} million {money} over 100,000 births. Nothing that it changes has a price.",
        about=side.told,
        cost=number(-outlay["value"], _digits(outlay["value"])) if outlay else "",
        money=study.money,
    )
    one = found.diagnostic(statistic="cost_for_one", **side.keys)
    if one is None or study.bought is None:
        return told
    slots = {"outcome": Labels(book).outcome(study.bought.outcome), "cost": _for_one(one), "money": study.money}
    fewer = study.bought.better == "lower"
    each = say("{outcome}, one fewer: {cost} {money}.", **slots)
    return f"{told} {each if fewer else say('{outcome}, one more: {cost} {money}.', **slots)}"


def verdict(state: Row, society: Row) -> str:
    """Say whether it is told that money comes back to the state, and that society gains."""
    read = [_direction(state), _direction(society)]
    return {
        ("open", "open"): say("We cannot tell whether either gains or loses."),
        ("up", "up"): say("Both gain."),
        ("down", "down"): say("Both lose."),
        ("up", "open"): say("The state gains. We cannot tell whether society does."),
        ("down", "open"): say("The state loses. We cannot tell whether society does."),
        ("open", "up"): say("Society gains. We cannot tell whether the state does."),
        ("open", "down"): say("Society loses. We cannot tell whether the state does."),
        ("down", "up"): say("The state pays, and society gains."),
        ("up", "down"): say("The state gains, and society loses."),
    }[read[0], read[1]]


def _direction(row: Row) -> str:
    """Whether the interval lies above or below zero; what is known without an interval is what it is."""
    low, high = (row["estimate"] if isnan(row[end]) else row[end] for end in ("lower", "upper"))
    if row["reason"]:
        return "open"
    return "up" if low > 0 else "down" if high < 0 else "open"


def _money_caption(study: Settings, text: str) -> str:
    """A caption, with the unit of all money in a table."""
    unit = say("Million {money} over 100,000 births, discounted to birth; below zero is paid.", money=study.money)
    return f"{text} {unit}"


def _columns(study: Settings, book: Codebook, found: Found) -> Table:
    """What each change comes to for each who pays or gains, by the convention."""
    columns = [
        Column("about", say("Change"), names_row=True),
        *(Column(column, say(NAMES[column]), number=True) for column in COLUMNS),
        Column("truth", say("True value to society"), number=True),
    ]
    lines: list[dict[str, Cell]] = []
    for side in sides(study, book):
        rows = {column: row for column in COLUMNS if (row := value_of(study, found, side, column)) is not None}
        if SOCIETY in rows:
            cells: dict[str, Cell] = {column: _amount(row) for column, row in rows.items()}
            truth = rows[SOCIETY]
            known = "" if isnan(truth["truth"]) else scale_of(truth).signed(truth["truth"])
            unknown_cost = side.level == "policy" and found.diagnostic(statistic="outlay", **side.keys) is None
            about = say("{change} (what it costs is not known)", change=side.told) if unknown_cost else side.told
            lines.append({"about": about, **cells, "truth": known})
    caption = _money_caption(
        study, say("Who pays and who gains, at the rates of {convention}.", convention=_rates_of(study))
    )
    return Table(f"money_{found.study}", caption, columns, lines)


def _amount(row: Row) -> str:
    """Money with its limits, or alone where it is known."""
    scale = scale_of(row)
    if isnan(row["lower"]) and not row["reason"]:
        return scale.signed(row["estimate"])
    return scale.with_interval({**row, "reason": ""}, sign=True)


def _rates_of(study: Settings) -> str:
    return retold(conventions()[study.rates].label)


def _convention(study: Settings) -> str:
    """The rates of the convention, from which year on, with their source."""
    convention = conventions()[study.rates]
    steps = [
        say("{rate}% a year from year {first} on", rate=number(100 * rate, 2), first=number(first, 0))
        for first, rate in convention.money
    ]
    return say(
        "{convention}: {rates}. Source: {source} ({tag}).",
        convention=_rates_of(study),
        rates="; ".join(steps),
        source=convention.source,
        tag=convention.tag,
    )


def _rates(study: Settings, book: Codebook, found: Found) -> Table:
    """What the state and society are left with at each rate."""
    keys = (study.rates, *FLAT)
    heads = {study.rates: _rates_of(study), **{key: say("{rate}% a year", rate=key) for key in FLAT}}
    columns = [
        Column("about", say("Change"), names_row=True),
        Column("column", say("For")),
        *(Column(key, heads[key], number=True) for key in keys),
    ]
    lines: list[dict[str, Cell]] = []
    for side in sides(study, book):
        for column in BOTH:
            rows = {key: row for key in keys if (row := value_of(study, found, side, column, key)) is not None}
            if len(rows) == len(keys):
                cells: dict[str, Cell] = {key: _amount(row) for key, row in rows.items()}
                lines.append({"about": side.told, "column": say(NAMES[column]), **cells})
    caption = _money_caption(study, say("The same at other rates. For gains that come late, the rate is the result."))
    return Table(f"rates_{found.study}", caption, columns, lines)


def _returns(study: Settings, book: Codebook, found: Found) -> Table:
    """What comes back on what is spent."""
    columns = [
        Column("about", say("Change"), names_row=True),
        Column("ratio", say("Benefits to society over costs"), number=True),
        Column("rate", say("Internal rate of return to society, % a year"), number=True),
        Column("rate_truth", say("True rate"), number=True),
        Column("without", say("Draws without one such rate"), number=True),
        Column("state_rate", say("The same for the state"), number=True),
        Column("back", say("Paid back to society by age"), number=True),
        Column("state_back", say("Paid back to the state by age"), number=True),
        Column("funds", say("Gain of others for each unit that the state pays"), number=True),
        Column("itself", say("Draws in which it pays for itself"), number=True),
        Column("chance", say("Draws in which society gains"), number=True),
    ]
    lines: list[dict[str, Cell]] = []
    for side in costed(study, book, found) if study.worth else []:
        ratio = found.estimate(estimand="benefit_cost_ratio", at=study.rates, **side.keys)
        rates = {column: row_of(found, column, side, "internal_rate") for column in BOTH}
        backs = {column: row_of(found, column, side, "paid_back") for column in BOTH}
        shares = {
            name: found.diagnostic(statistic=name, outcome=column, **side.keys)
            for name, column in (("without_rate", SOCIETY), ("pays_for_itself", STATE), ("chance_gain", SOCIETY))
        }
        truth = rates[SOCIETY]
        lines.append(
            {
                "about": side.told,
                "ratio": _number(ratio),
                "rate": _number(rates[SOCIETY]),
                "rate_truth": "" if truth is None or isnan(truth["truth"]) else number(truth["truth"], 1),
                "without": _share(shares["without_rate"]),
                "state_rate": _number(rates[STATE]),
                "back": _age(backs[SOCIETY]),
                "state_back": _age(backs[STATE]),
                "funds": _number(row_of(found, STATE, side, "public_funds")),
                "itself": _share(shares["pays_for_itself"]),
                "chance": _share(shares["chance_gain"]),
            }
        )
    caption = say(
        "What comes back on what is spent, with 95% ranges. A gain is infinite where the policy pays for itself, so "
        "that a range may reach through infinity. A change and its opposite have the same rate of return: rank them by "
        "their present value."
    )
    return Table(f"returns_{found.study}", caption, columns, lines)


def _number(row: Row | None) -> str:
    """A return with its range; where there is none, why not, and what the data allow all the same."""
    if row is None:
        return ""
    scale = scale_of(row)
    if isnan(row["estimate"]):
        limits = scale.limits(row)
        reason = retold(row["reason"])
        return say("none: {reason}; the data allow {limits}", reason=reason, limits=limits) if limits else reason
    return scale.with_interval({**row, "reason": ""})


def _age(row: Row | None) -> str:
    """The age by which it is paid back, with its range."""
    if row is None:
        return ""
    ends = [say("never") if isinf(row[end]) else number(row[end], 0) for end in ("lower", "upper")]
    middle = say("never") if isnan(row["estimate"]) else number(row["estimate"], 0)
    if isnan(row["lower"]) or ends[0] == ends[1] == middle:
        return middle
    return say("{middle} ({low} to {high})", middle=middle, low=ends[0], high=ends[1])


def _share(row: Row | None) -> str:
    return "" if row is None or isnan(row["value"]) else f"{number(100 * row['value'], 0)}%"


def _deadweight(study: Settings, book: Codebook, found: Found) -> Table:
    """What society is left with if raising taxes loses some of them."""
    shares = ("20", "50", "100")
    columns = [
        Column("about", say("Change"), names_row=True),
        Column("none", say("Nothing is lost"), number=True),
        *(Column(share, say("{share}% is lost", share=share), number=True) for share in shares),
    ]
    lines: list[dict[str, Cell]] = []
    for side in costed(study, book, found):
        rows = {s: row for s in shares if (row := found.diagnostic(statistic="deadweight", at=s, **side.keys))}
        value = value_of(study, found, side, SOCIETY)
        if value is not None and rows:
            scale = scale_of(value)
            told: dict[str, Cell] = {
                share: scale.with_interval({**row, "estimate": row["value"], "reason": ""}, sign=True)
                for share, row in rows.items()
            }
            lines.append({"about": side.told, "none": _amount(value), **told})
    caption = _money_caption(
        study, say("Society, if a share of every unit of money that the state has to raise is lost in raising it.")
    )
    return Table(f"deadweight_{found.study}", caption, columns, lines)


def _ends(study: Settings, book: Codebook, found: Found) -> Table:
    """What each price and the cost leave open: the present value at both ends of what is known of it."""
    columns = [
        Column("about", say("Change"), names_row=True),
        Column("price", say("What is varied")),
        *(Column(column, say(NAMES[column]), number=True) for column in BOTH),
    ]
    lines: list[dict[str, Cell]] = []
    for side in sides(study, book):
        for name in (*study.worth, "cost"):
            ranges = {
                column: [
                    found.diagnostic(statistic=end, outcome=column, at=name, **side.keys)
                    for end in ("value_at_least", "value_at_most")
                ]
                for column in BOTH
            }
            value = value_of(study, found, side, SOCIETY)
            if value is None or not all(all(ends) for ends in ranges.values()):
                continue
            what = say("What it costs") if name == "cost" else say("Price of: {outcome}", outcome=_named(book, name))
            told: dict[str, Cell] = {
                column: say("{low} to {high}", **_low_high([end["value"] for end in ends if end]))
                for column, ends in ranges.items()
            }
            lines.append({"about": side.told, "price": what, **told})
    caption = _money_caption(study, say("How far each price, and the cost, moves the result from end to end."))
    return Table(f"ends_{found.study}", caption, columns, lines)


def _digits(value: float) -> int:
    """Decimals of an amount that is known: three digits, or none."""
    return 0 if abs(value) >= 100 else 1


def _low_high(ends: Sequence[float]) -> dict[str, str]:
    """Both ends of a range of money."""
    low, high = (signed(value, _digits(value)) for value in ends)
    return {"low": low, "high": high}


def _named(book: Codebook, outcome: str) -> str:
    return in_sentence(Labels(book).outcome(outcome))


def _plane(study: Settings, book: Codebook, found: Found) -> Table:
    """Where joint draws lie on the plane of what is bought and what it costs the state."""
    quadrants = {
        "trade_off": message("Gain at a cost"),
        "dominates": message("Gain that saves money"),
        "dominated": message("Loss at a cost"),
        "saves_but_loses": message("Loss that saves money"),
    }
    columns = [
        Column("about", say("Change"), names_row=True),
        Column("one", say("Cost to the state for one, {money}", money=study.money), number=True),
        *(Column(name, say(head), number=True) for name, head in quadrants.items()),
    ]
    lines: list[dict[str, Cell]] = []
    for side in costed(study, book, found):
        cells: dict[str, Cell] = {name: _share(found.diagnostic(statistic=name, **side.keys)) for name in quadrants}
        one = found.diagnostic(statistic="cost_for_one", **side.keys)
        if one is not None:
            lines.append({"about": side.told, "one": _for_one(one), **cells})
    bought = "" if study.bought is None else Labels(book).outcome(study.bought.outcome)
    caption = say("{outcome}, and what it costs the state: share of joint draws.", outcome=bought)
    return Table(f"plane_{found.study}", caption, columns, lines)


def _for_one(row: Row) -> str:
    """Cost for one unit that is bought; without a gain there is no such number, and it is infinite."""
    middle, low, high = (
        say("infinite") if isinf(row[end]) else say("no such number") if isnan(row[end]) else number(row[end], -2)
        for end in ("value", "lower", "upper")
    )
    return say("{middle} ({low} to {high})", middle=middle, low=low, high=high)


def _units(study: Settings, book: Codebook, found: Found) -> Table:
    """Every outcome in its own unit, also those without a price."""
    columns = [
        Column("outcome", say("Outcome"), names_row=True),
        Column("about", say("Change")),
        Column("units", say("Over 100,000 births, or the mean"), number=True),
        Column("truth", say("True value"), number=True),
        Column("money", say("Told as money")),
    ]
    lines: list[dict[str, Cell]] = []
    for outcome in study.outcomes:
        for side in sides(study, book):
            rows = (row_of(found, outcome, side, estimand) for estimand in ("units_over_all", "mean_over_all"))
            row = next((row for row in rows if row is not None), None)
            if row is not None:
                scale = scale_of(row)
                lines.append(
                    {
                        "outcome": Labels(book).outcome(outcome),
                        "about": side.told,
                        "units": scale.with_unit(row, sign=True),
                        "truth": "" if isnan(row["truth"]) else scale.signed(row["truth"]),
                        "money": say("yes") if outcome in study.worth else say("no: it has no price"),
                    }
                )
    return Table(f"units_{found.study}", say("The same changes, in the unit of each outcome."), columns, lines)


def _prices(study: Settings, book: Codebook) -> Table:
    """What one unit of each outcome is worth, and where that comes from."""
    columns = [
        Column("outcome", say("Outcome"), names_row=True),
        Column("ages", say("Falls at ages")),
        Column("price", say("Money for one unit, {money}", money=study.money), number=True),
        Column("kind", say("What it is")),
        Column("source", say("Source")),
    ]
    lines: list[dict[str, Cell]] = []
    for name, worth in study.worth.items():
        kind, (low, mid, high), source = _price(study, name)
        shown = (
            number(mid, 0)
            if low == high
            else say("{middle} ({low} to {high})", middle=number(mid, 0), low=number(low, 0), high=number(high, 0))
        )
        ages = say("{low} to {high}", low=number(worth.ages[0], 0), high=number(worth.ages[1], 0))
        lines.append(
            {"outcome": Labels(book).outcome(name), "ages": ages, "price": shown, "kind": say(kind), "source": source}
        )
    return Table("prices", say("What outcomes are worth, and how that is known."), columns, lines)


def _price(study: Settings, name: str) -> tuple[str, tuple[float, float, float], str]:
    """What an outcome counts as, the money for one unit of it, and the source."""
    units, price = study.worth[name].units, price_of(study, name)
    if isinstance(price, OwnPrice):
        amount = price.amount
        low, mid, high = (units * at(amount, point) for point in ("low", "mid", "high"))
        return KINDS[price.kind], (low, mid, high), f"{first_upper(amount.source)} ({amount.tag})"
    own = price.price
    source = say(
        "{source}; {scope}, for each {unit}, in {currency} of {year} ({tag})",
        source=own.source,
        scope=in_sentence(own.scope),
        unit=own.unit,
        currency=own.currency,
        year=own.price_year,
        tag=TAGS[own.tag],
    )
    if price.foreign:
        source = f"{source}; {say('the price of another country')}"
    return KINDS[own.kind], (units * price.low, units * price.mid, units * price.high), source


def unpriced(study: Settings, book: Codebook) -> str:
    """Name the outcomes that stay in their own unit; empty if there are none."""
    names = [_named(book, name) for name in study.outcomes if name not in study.worth]
    return (
        say("No price is known of these, so they stay in their own unit: {outcomes}.", outcomes="; ".join(names))
        if names
        else ""
    )
