"""The page of side effects: what is assumed of youth care and of pressure on parents, and what would follow from it.

Nothing on it is estimated; every number is an assumption, or follows from assumptions.
"""

from collections.abc import Callable, Iterator
from math import isinf
from typing import Any

import numpy as np

from evenwicht.display.labels import first_upper
from evenwicht.display.language import message, say
from evenwicht.display.picture import Picture
from evenwicht.display.table import Column, Table
from evenwicht.display.wording import number, signed
from evenwicht.estimators.results import Interval
from evenwicht.levers.figures import Sweep, Value, at, ends
from evenwicht.side_effects import shown
from evenwicht.side_effects.assumptions import CutOff, YouthCare, assumptions, described
from evenwicht.side_effects.crowding import LeverWaits, most_referrals
from evenwicht.side_effects.parents import sweep
from evenwicht.side_effects.simulation import Waited

LEAST = 0.05  # weeks: less is written as less than twice that
DECIMALS = 4  # that any assumption has at most
TAGS = {
    "V": message("read in the source"),
    "M-hi": message("from memory, with high confidence"),
    "M-mid": message("from memory, with middling confidence"),
    "M-lo": message("from memory, with low confidence"),
    "C": message("computed from numbers of the source"),
    "D": message("a published figure that made-up worlds are compared with"),
    "S": message("a range that we chose after reading the evidence"),
    "assumed": message("measured nowhere: a range that we chose"),
}


def side_effects_page(seed: int) -> dict[str, Any]:
    """Return what the template of the page needs, in the language of the moment; the seed is that of the run."""
    care, pressure = assumptions().youth_care, assumptions().pressure
    team = care.team()
    births = ends(care.births_of_team)
    return {
        "places": number(team.places, 0),
        "load": _percent(team.load),
        "yearly": number(team.yearly, 0),
        "shares": [_percent(share) for share in ends(care.mild_share)],
        "full": _percent(shown.full_share(team)),
        "errors": [_percent(share) for share in ends(care.severe_as_mild)],
        "norm": number(at(care.norm, "mid"), 0),
        "reported": [number(weeks, 0) for weeks in ends(care.observed)],
        "patience": number(at(care.patience, "mid"), 0),
        "years": number(shown.YEARS, 0),
        "runs": number(shown.AFTER.runs, 0),
        "births": [number(value, 0) for value in births],
        "most": [number(round(most_referrals(team, value), -2), 0) for value in reversed(births)],
        "averted": number(shown.EXAMPLE, 0),
        "prevalence": _percent(shown.PREVALENCE),
        "felt": number(ends(pressure.felt)[1], 1),
        "cut_off": say(pressure.baseline.cut_off),
        "waits": waits_table(),
        "sizes": sizes_table(),
        "ends": ends_table(),
        "overfull": overfull_table(seed),
        "referrals": referrals_table(),
        "burnout": burnout_table(),
        "net": net_table(),
        "thresholds": thresholds_table(),
        "everything": assumptions_table(),
    }


def side_effects_figures(seed: int) -> Iterator[tuple[str, Picture]]:
    """Yield the figures of the page by name; the seed is that of the run."""
    from evenwicht.side_effects.figures import crowding_figure, lever_figure, pressure_figure

    care = assumptions().youth_care
    team = care.team()
    yield (
        "side_effects_queue",
        crowding_figure(
            shown.curves(),
            shown.checked(seed),
            shown.years_after(seed),
            full=shown.full_share(team),
            limit=at(care.norm, "mid"),
            reported=ends(care.observed),
        ),
    )
    yield "side_effects_lever", lever_figure(shown.changes(range(-4000, 4001, 500)))
    yield "side_effects_pressure", pressure_figure(shown.pressed())


# --- youth care as a queue


def waits_table() -> Table:
    """Mean weeks of severe cases by the share of mild referrals; no mean where there is no room for all."""
    mean, late = shown.waits(shown.SHARES), shown.waits(shown.SHARES, at(assumptions().youth_care.norm, "mid"))
    rows = []
    for k, share in enumerate(shown.SHARES):
        told = {"share": _mild(share), "load": _percent(mean.first_come.load[k])}
        if mean.first_come.load[k] >= 1:
            nothing = say("no mean: no room for all")
            rows.append(told | dict.fromkeys(("first", "errs", "priority", "late"), nothing))
            continue
        rows.append(
            told
            | {
                "first": _weeks(mean.first_come.estimate[k]),
                "errs": _ranged(_weeks, mean.errs.estimate[k], mean.errs.lower[k], mean.errs.upper[k]),
                "priority": _weeks(mean.priority.estimate[k]),
                "late": _of_hundred(late.first_come.estimate[k]),
            }
        )
    columns = [
        Column("share", say("Mild referrals"), names_row=True),
        Column("load", say("How full the team is"), number=True),
        Column("first", say("Weeks, first come first served"), number=True),
        Column("errs", say("Weeks, severe first, with errors (few to many)"), number=True),
        Column("priority", say("Weeks, severe first, without errors"), number=True),
        Column("late", say("Of 100, beyond the norm, first come first served"), number=True),
    ]
    caption = say("Assumptions, by formula: how long severe cases wait if everybody waits until their turn comes.")
    return Table("assumed_waits", caption, columns, rows)


def sizes_table() -> Table:
    """Teams of several sizes, and one queue for the country, at the same load."""
    found = shown.by_size()
    names = [say("A team of {places} places", places=number(one.team.places, 0)) for one in found[:-1]]
    names.append(say("One queue for the country, {places} places", places=number(found[-1].team.places, 0)))
    rows = [{"queue": name} | _severe(one) for name, one in zip(names, found, strict=True)]
    columns = [Column("queue", say("Queue"), names_row=True), *_of_severe()]
    caption = say("Assumptions, by formula: how long severe cases wait at the same load in queues of other sizes.")
    return Table("assumed_sizes", caption, columns, rows)


def ends_table() -> Table:
    """What severe cases meet with each assumption at either end of its range."""
    fields = YouthCare.model_fields
    rows = [
        {"assumption": say(fields[name].description or ""), "value": _plain(value)} | _severe(one)
        for name, value, one in shown.at_ends()
    ]
    columns = [
        Column("assumption", say("Assumption"), names_row=True),
        Column("value", say("If it were"), number=True),
        *_of_severe(),
    ]
    caption = say("Assumptions, by formula: one number at an end of its range, and all others in the middle.")
    return Table("assumed_ends", caption, columns, rows)


def _of_severe() -> list[Column]:
    return [
        Column("first", say("Weeks, first come first served"), number=True),
        Column("errs", say("Weeks, severe first, with errors"), number=True),
        Column("priority", say("Weeks, severe first, without errors"), number=True),
        Column("late", say("Of 100, beyond the norm, first come first served"), number=True),
    ]


def _severe(one: shown.Severe) -> dict[str, str]:
    return {
        "first": _weeks(one.first_come),
        "errs": _weeks(one.errs),
        "priority": _weeks(one.priority),
        "late": _of_hundred(one.late),
    }


def overfull_table(seed: int) -> Table:
    """The years after the share of mild referrals has changed, by simulation, with families who stop waiting."""
    care = assumptions().youth_care
    team = care.team()
    rows = []
    for share in shown.OVERFULL:
        for first_come in (True, False):
            one = shown.severe_after(seed, share, first_come=first_come)
            rows.append(_after(share, team.with_mild_share(share).load, first_come, at(care.patience, "mid"), one))
    most = shown.OVERFULL[-1]
    for point in ("low", "high"):
        one = shown.severe_after(seed, most, first_come=True, patience=point)
        rows.append(_after(most, team.with_mild_share(most).load, True, at(care.patience, point), one))
    columns = [
        Column("share", say("Mild referrals"), names_row=True),
        Column("load", say("How full the team would be"), number=True),
        Column("rule", say("Who goes first")),
        Column("patience", say("Families stop after, weeks"), number=True),
        Column("late", say("Of 100 severe cases, without care after the norm"), number=True),
        Column("left", say("Of 100 severe cases, stopped waiting"), number=True),
    ]
    caption = say(
        "Assumptions, by simulation: {years} years after the share of mild referrals has changed. In brackets is the "
        "95% error of the simulation.",
        years=number(shown.YEARS, 0),
    )
    return Table("assumed_years", caption, columns, rows)


def _after(share: float, load: float, first_come: bool, patience: float, one: Waited) -> dict[str, str]:
    return {
        "share": _mild(share),
        "load": _percent(load),
        "rule": say("Whoever was referred first") if first_come else say("Severe cases, with errors"),
        "patience": number(patience, 0),
        "late": _simulated(one.late),
        "left": _simulated(one.left),
    }


def _simulated(share: Interval) -> str:
    return _ranged(_of_hundred, share.estimate, share.lower, min(share.upper, 1.0))


# --- a lever that changes referrals


def referrals_table() -> Table:
    """What more or fewer referrals do to the wait of severe cases in one team."""
    births = at(assumptions().youth_care.births_of_team, "mid")
    rows = [
        {
            "change": say("{more} referrals", more=signed(one.referrals, 0)),
            "yearly": signed(one.referrals / 100_000 * births, 1),
            "load": _percent(one.middle.load, 1),
            "first": _changed(one, "first_come", signed),
            "errs": _changed(one, "priority", signed),
            "late": _changed(one, "late_first_come", lambda share: signed(100 * share, 1)),
        }
        for one in shown.changes()
    ]
    columns = [
        Column("change", say("Over 100,000 births"), names_row=True),
        Column("yearly", say("In one team a year"), number=True),
        Column("load", say("How full the team is then"), number=True),
        Column("first", say("Weeks more or fewer, first come first served"), number=True),
        Column("errs", say("Weeks more or fewer, severe first, with errors"), number=True),
        Column("late", say("Of 100, more or fewer beyond the norm, first come first served"), number=True),
    ]
    caption = say(
        "Assumptions, by formula: what more (+) or fewer ({minus}) referrals do to the wait of severe cases. In "
        "brackets is the range over the births of a team, and over how many of these referrals are mild.",
        minus="\N{MINUS SIGN}",
    )
    return Table("assumed_lever", caption, columns, rows)


def _changed(one: shown.Change, rule: str, write: Callable[[float], str]) -> str:
    middle = _of(one.middle, rule)
    if np.isnan(middle):
        return say("no mean: no room for all")
    found = np.array([_of(end, rule) for end in one.ends])
    if np.isnan(found).any():
        return say("{middle} (from {low}; at the other end no mean)", middle=write(middle), low=write(np.nanmin(found)))
    return _ranged(write, middle, float(found.min()), float(found.max()))


def _of(waits: LeverWaits, rule: str) -> float:
    found: Interval = getattr(waits, rule)
    return found.estimate


# --- pressure on parents


def burnout_table() -> Table:
    """Cases of burn-out among 100,000 parents over what is assumed."""
    cases = sweep(assumptions().pressure, shown.STEPS)
    rows = [
        {
            "felt": say("{felt} standard deviations", felt=number(float(felt), 2)),
            "mildest": number(float(of.min()), 0),
            "middle": number(float(of[1, 1]), 0),
            "harshest": number(float(of.max()), 0),
        }
        for felt, of in zip(cases.felt, cases.cases, strict=True)
    ]
    caption = say("Assumptions: more parents with burn-out among 100,000 parents whom a campaign reaches.")
    return Table("assumed_burnout", caption, _by_strength(), rows)


def net_table() -> Table:
    """What is left of a campaign without and with pressure."""
    campaign = shown.pressed()
    rows = [
        {
            "felt": say("{felt} standard deviations", felt=number(float(felt), 2)),
            "without": number(campaign.without, 0),
            "middle": number(float(middle), 0),
            "harshest": number(float(harshest), 0),
        }
        for felt, middle, harshest in zip(campaign.felt, campaign.middle, campaign.harshest, strict=True)
    ]
    columns = [column for column in _by_strength() if column.key != "mildest"]
    columns.insert(1, Column("without", say("If pressure does nothing"), number=True))
    caption = say("Assumptions: cases averted over 100,000 births. Below 0 the campaign adds cases.")
    return Table("assumed_net", caption, columns, rows)


def thresholds_table() -> Table:
    """The felt pressure from which campaigns of several sizes do net harm."""
    most = ends(assumptions().pressure.felt)[1]
    rows = [
        {"averted": say("{averted} cases averted", averted=number(averted, 0))}
        | {
            name: _threshold(value, most)
            for name, value in zip(("harshest", "middle", "mildest"), shown.thresholds(averted), strict=True)
        }
        for averted in shown.AVERTED
    ]
    columns = [
        Column("averted", say("Campaign, over 100,000 births"), names_row=True),
        Column("harshest", say("At the harshest end of what is assumed"), number=True),
        Column("middle", say("In the middle of what is assumed"), number=True),
        Column("mildest", say("At the mildest end of what is assumed"), number=True),
    ]
    caption = say(
        "Assumptions: the rise in felt pressure, in standard deviations, from which a campaign does net harm."
    )
    return Table("assumed_thresholds", caption, columns, rows)


def _threshold(felt: float, most: float) -> str:
    if isinf(felt):
        return say("never")
    if felt > most:
        return say("{felt}, more than is assumed", felt=number(felt, 2))
    return number(felt, 3)


def _by_strength() -> list[Column]:
    return [
        Column("felt", say("Rise in felt pressure"), names_row=True),
        Column("mildest", say("At the mildest end of what is assumed"), number=True),
        Column("middle", say("In the middle of what is assumed"), number=True),
        Column("harshest", say("At the harshest end of what is assumed"), number=True),
    ]


# --- everything that is assumed


def assumptions_table() -> Table:
    """Every assumption with its value or range, how it is known, and its source."""
    rows = [
        {
            "assumption": say(text),
            "low": _plain(figure.low) if isinstance(figure, Sweep) else "",
            "value": _plain(at(figure, "mid")),
            "high": _plain(figure.high) if isinstance(figure, Sweep) else "",
            "known": say(TAGS[figure.tag]),
            "source": _source(figure),
        }
        for text, figure in described()
    ]
    columns = [
        Column("assumption", say("Assumption"), names_row=True),
        Column("low", say("Least"), number=True),
        Column("value", say("Used, or middle"), number=True),
        Column("high", say("Most"), number=True),
        Column("known", say("How it is known")),
        Column("source", say("Source, or why there is none")),
    ]
    return Table("assumptions", say("Every assumption of this page."), columns, rows)


def _source(figure: Value | Sweep) -> str:
    told = [figure.cut_off, figure.source] if isinstance(figure, CutOff) else [figure.source]
    return "; ".join(first_upper(say(text)) for text in told)


# --- numbers


def _plain(value: float) -> str:
    """A number with the decimals that it has."""
    return number(value, next(digits for digits in range(DECIMALS + 1) if round(value, digits) == value))


def _percent(share: float, digits: int = 0) -> str:
    return say("{share}%", share=number(100 * share, digits))


def _mild(share: float) -> str:
    return say("{share}% mild", share=number(100 * share, 0))


def _weeks(weeks: float) -> str:
    return say("under {least}", least=number(2 * LEAST, 1)) if weeks < LEAST else number(weeks, 1)


def _of_hundred(share: float) -> str:
    """How many of a hundred."""
    return say("under {least}", least=number(2 * LEAST, 1)) if 0 < 100 * share < LEAST else number(100 * share, 1)


def _ranged(write: Callable[[float], str], middle: float, low: float, high: float) -> str:
    texts = write(middle), write(low), write(high)
    if texts[1] == texts[2]:
        return texts[0]
    return say("{middle} ({low} to {high})", middle=texts[0], low=texts[1], high=texts[2])
