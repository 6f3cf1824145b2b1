"""What the report shows of the ledger: every change in one currency, and which side weighs more."""

from math import floor, isnan, log10
from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.display.labels import Labels, cause, first_upper, in_sentence
from evenwicht.display.language import message, retold, say
from evenwicht.display.section import Found, Method, Row
from evenwicht.display.table import Cell, Column, Table
from evenwicht.display.wording import number, scale_of
from evenwicht.studies import methods
from evenwicht.studies.change_words import Side, row_of, side_of
from evenwicht.studies.changes import THIRDS
from evenwicht.studies.ledger import AT_LEAST, AT_MOST, Settings
from evenwicht.studies.ledger.assumed import side_effects
from evenwicht.studies.ledger.told import change_of, changes_of, sides
from evenwicht.studies.study import part_keys

HEADING = "Ledger"
METHODS = {
    "crude": methods.CRUDE.about("exposure"),
    "ipw": Method(
        "inverse probability weighting",
        "weights make the people with and without the exposure alike in the covariates.",
    ),
    "standardisation": Method(
        methods.STANDARDISATION.label,
        "the outcome of everybody is predicted with and without the exposure, and the difference is averaged over "
        "them. Use and counts have a log-linear model, and an exposure that is a number may act along a curve.",
    ),
    "joint_draws": Method(
        "joint draws",
        "both sides are drawn together, many times, from what the data leave open about them. It is counted how often "
        "the policy changes more.",
    ),
}
APART = ("cases_apart", "sds_apart")
SURE = 0.975  # share of joint draws from which one side weighs more
SIGNED = ("slope_over_all", "gini_over_all", "top_fifth_over_all")
NAMES_OF_THIRDS = message("Lowest third"), message("Middle third"), message("Highest third")
MILLION = 1e6
TOLD = {
    "ratio_over_all": message("Risk after over before"),
    "fraction_over_all": message("Share of all cases"),
    "number_over_all": message("People for one case"),
    "slope_over_all": message("Change of the slope index"),
    "gini_over_all": message("Change of the Gini coefficient"),
    "top_fifth_over_all": message("Change of the share of the fifth with most use"),
    "auc": message("Area under the ROC curve, alone"),
    "liability_r_squared": message("Explained variance, alone"),
}


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    """Return the ledger of each outcome, who gains, what levers rest on, and what weighs more."""
    about = (study, book, found)
    ledgers = [_ledger(*about, outcome) for outcome in study.outcomes]
    doing_well = [] if study.doing_well is None else [_doing_well(*about, study.doing_well, o) for o in study.outcomes]
    thirds = [] if study.by is None else [_thirds(*about, study.by, outcome) for outcome in study.outcomes]
    levers = [_levers(*about, outcome) for outcome in study.outcomes]
    return {
        "beyond_chance": _clear(*about),
        "ledgers": [table for table in ledgers if table],
        "thirds": [table for table in thirds if table],
        "doing_well": [table for table in doing_well if table],
        "levers": [table for table in levers if table],
        "few_or_all": _few_or_all(*about),
        "what_if": _what_if(*about),
        "evidence": _evidence(study),
        "side_effects": list(dict.fromkeys(t for o in study.outcomes for t in side_effects(*about, o))),
        "weighed": [_weighed(*about, outcome) for outcome in study.outcomes],
    }


def _clear(study: Settings, book: Codebook, found: Found) -> str:
    """How many changes by a column can be told from none: levers act by the same effects, and count for nothing new."""
    columns = {(one.exposure, one.reference) for one in (*study.contrasts(book), *study.introduced(book))}
    changes = [row for outcome in study.outcomes for row in changes_of(study, book, found, outcome)]
    told = [row for row in changes if (row["exposure"], row["reference"]) in columns and not isnan(row["lower"])]
    if not told:
        return ""
    clear = sum(row["lower"] > 0 or row["upper"] < 0 for row in told)
    return say(
        "Of {all} changes by an exposure or a policy, {clear} can be told from no change at all. Where nothing has an "
        "effect, about one in twenty would be, by chance.",
        all=str(len(told)),
        clear=str(clear),
    )


def _ledger(study: Settings, book: Codebook, found: Found, outcome: str) -> Table:
    columns = [
        Column("about", say("Exposure or policy"), names_row=True),
        Column("change", say("Change over all"), number=True),
        Column("truth", say("True change"), number=True),
        *(Column(estimand, say(head), number=True) for estimand, head in TOLD.items()),
    ]
    lines: list[dict[str, Cell]] = []
    unit = ""
    for side in sides(study, book):
        change = change_of(found, outcome, side)
        if change is None:
            continue
        rows = {name: row for name in TOLD if (row := row_of(found, outcome, side, name)) is not None}
        scale = scale_of(change)
        unit = scale.unit
        lines.append(
            {
                "about": side.told,
                "change": scale.with_interval(change, sign=True),
                "truth": "" if isnan(change["truth"]) else scale.signed(change["truth"]),
                **{name: _told(row) for name, row in rows.items()},
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
    return scale_of(row).with_interval({**row, "reason": ""}, sign=row["estimand"] in SIGNED)


def _thirds(study: Settings, book: Codebook, found: Found, by: str, outcome: str) -> Table:
    """Who gains and who does not."""
    keys = part_keys(by, THIRDS)
    columns = [
        Column("about", say("Exposure, policy or lever"), names_row=True),
        *(Column(key, say(third), number=True) for key, third in zip(keys, NAMES_OF_THIRDS, strict=True)),
    ]
    lines: list[dict[str, Cell]] = []
    unit = ""
    for side in sides(study, book):
        rows = {key: row for key in keys if (row := change_of(found, outcome, side, key)) is not None}
        if rows:
            unit = scale_of(next(iter(rows.values()))).unit
            cells = {key: scale_of(row).with_interval({**row, "reason": ""}, sign=True) for key, row in rows.items()}
            lines.append({"about": side.told, **cells})
    caption = say(
        "{outcome}: who gains and who does not, {unit}. The same changes, counted in each third of people by {by}.",
        outcome=Labels(book).outcome(outcome),
        unit=unit,
        by=in_sentence(book.columns[by].label),
    )
    return Table(f"thirds_{outcome}", caption, columns, lines)


def _doing_well(study: Settings, book: Codebook, found: Found, column: str, outcome: str) -> Table:
    """How many of the exposed do not become a case, and how many more would not under each lever."""
    columns = [
        Column("about", say("Of those exposed"), names_row=True),
        Column("share", say("Do not become a case"), number=True),
        Column("truth", say("True value"), number=True),
    ]
    lines: list[dict[str, Cell]] = []
    for side in sides(study, book):
        for estimand in ("doing_well", "doing_well_added"):
            row = row_of(found, outcome, side, estimand)
            if row is None:
                continue
            scale, added = scale_of(row), estimand == "doing_well_added"
            truth = scale.signed(row["truth"]) if added else scale.number(row["truth"])
            lines.append(
                {
                    "about": say("added by {lever}", lever=side.told) if added else say("as things are"),
                    "share": scale.with_interval(row, sign=added),
                    "truth": "" if isnan(row["truth"]) else truth,
                }
            )
    caption = say(
        "{outcome}: how many do well all the same, of those with {exposure}. What a lever adds counts them all, also "
        "those whom it does not reach.",
        outcome=Labels(book).outcome(outcome),
        exposure=in_sentence(book.columns[column].label),
    )
    return Table(f"doing_well_{outcome}", caption, columns, lines)


def _levers(study: Settings, book: Codebook, found: Found, outcome: str) -> Table:
    """How far the numbers of a lever are known, and what it costs."""
    columns = [
        Column("about", say("Lever"), names_row=True),
        Column("change", say("Change over all"), number=True),
        Column("range", say("Where all that is not known of it is at either end"), number=True),
        Column("cost", say("Cost over 100,000 births, million"), number=True),
        Column("per_case", say("Cost for each case fewer"), number=True),
        Column("referrals", say("Referrals to youth care, more or fewer, over 100,000 births"), number=True),
    ]
    lines: list[dict[str, Cell]] = []
    unit = ""
    for side in sides(study, book):
        told = {name: _lever_figure(found, outcome, side, name) for name in (AT_LEAST, AT_MOST)}
        change = change_of(found, outcome, side)
        if change is None or None in told.values():
            continue
        scale = scale_of(change)
        unit = scale.unit
        ends = sorted(float(one["value"]) for one in told.values() if one is not None)
        cost = _lever_figure(found, outcome, side, "lever_cost")
        referrals = _lever_figure(found, outcome, side, "lever_referrals")
        lines.append(
            {
                "about": side.told,
                "change": scale.with_interval(change, sign=True),
                "range": say("{low} to {high}", low=scale.signed(ends[0]), high=scale.signed(ends[1])),
                "cost": "" if cost is None else _money(cost, MILLION),
                "per_case": "" if cost is None else _per_case(cost, change),
                "referrals": "" if referrals is None else _referrals(referrals),
            }
        )
    caption = say(
        "{outcome}: levers, {unit}. An interval tells what chance leaves open about the effect of the exposure in "
        "these people, if every number that the lever rests on has its middle value. What the ends of those numbers "
        "give stands beside it. Whether there is a gain at all is what studies disagree on.",
        outcome=Labels(book).outcome(outcome),
        unit=unit,
    )
    return Table(f"levers_{outcome}", caption, columns, lines)


def _what_if(study: Settings, book: Codebook, found: Found) -> list[dict[str, Any]]:
    """The changes by whole yes/no exposures, gone, of which a lever takes away a part: in these, parts add up."""
    whole = [contrast for contrast in study.contrasts(book) if not contrast.continuous]
    return [
        {
            "label": f"{first_upper(side.about)}: {Labels(book).outcome(outcome)}",
            "unit": scale_of(row).unit,
            "cases": row["estimand"] == "change_in_cases",
            **{name: f"{row[name]:.6g}" for name in ("estimate", "lower", "upper")},
        }
        for side in (side_of(contrast, "individual", book) for contrast in whole)
        for outcome in study.outcomes
        if (row := change_of(found, outcome, side)) is not None and not isnan(row["lower"])
    ]


def _few_or_all(study: Settings, book: Codebook, found: Found) -> Table:
    """Rose's comparison: the programme for those at the highest risk, and the shift of everybody that does as much."""
    columns = [
        Column("outcome", say("Outcome"), names_row=True),
        Column("area", say("Area under the ROC curve of the risk"), number=True),
        Column("sensitivity", say("Share of all cases among them"), number=True),
        Column("fraction_over_all", say("Share of all cases averted"), number=True),
        Column("equal_shift", say("Shift of everybody that averts as many, SD"), number=True),
        Column("truth", say("True shift"), number=True),
    ]
    lines: list[dict[str, Cell]] = []
    few = [one for one in study.programmes() if one.reference == "beneficial"]
    for outcome in study.outcomes:
        for one in few:
            keys = {"outcome": outcome, "exposure": one.exposure, "reference": one.reference, "subgroup": ""}
            told = {
                name: row
                for name in ("sensitivity", "fraction_over_all", "equal_shift")
                if (row := found.estimate(estimand=name, **keys)) is not None
            }
            area = found.diagnostic(statistic="auc_of_risk", **keys)
            if area is None or "equal_shift" not in told:
                continue
            shift = told["equal_shift"]
            lines.append(
                {
                    "outcome": Labels(book).outcome(outcome),
                    "area": number(area["value"], 2),
                    **{name: scale_of(row).with_interval({**row, "reason": ""}) for name, row in told.items()},
                    "truth": "" if isnan(shift["truth"]) else scale_of(shift).number(shift["truth"]),
                }
            )
    caption = say(
        "For a few, or for all. The programme is offered to the {share}% whose predicted risk is highest. It cannot "
        "avert more than the cases among them, times uptake, times effect. A small shift of everybody may do as much.",
        share=number(100 * few[0].share, 0) if few else "",
    )
    return Table("few_or_all", caption, columns, lines)


def _lever_figure(found: Found, outcome: str, side: Side, statistic: str) -> Row | None:
    keys = {"exposure": side.exposure, "reference": side.reference, "subgroup": ""}
    return found.diagnostic(outcome=outcome, statistic=statistic, **keys)


def _referrals(change: Row) -> str:
    middle, low, high = (f"{change[name]:+,.0f}" if change[name] else "0" for name in ("value", "lower", "upper"))
    return say("{middle} ({low} to {high})", middle=middle, low=low, high=high)


def _money(cost: Row, unit: float) -> str:
    middle, low, high = (_two_digits(cost[name] / unit) for name in ("value", "lower", "upper"))
    return say("{middle} ({low} to {high}), {money}", money=retold(cost["note"]), middle=middle, low=low, high=high)


def _per_case(cost: Row, change: Row) -> str:
    """Cost over cases, with the limits of the cases; only where a case fewer is clear."""
    if change["estimand"] != "change_in_cases" or not change["upper"] < 0:
        return ""
    middle, low, high = (_two_digits(cost["value"] / -change[name]) for name in ("estimate", "lower", "upper"))
    return say("{middle} ({low} to {high}), {money}", money=retold(cost["note"]), middle=middle, low=low, high=high)


def _two_digits(value: float) -> str:
    """A number of which no more is known than two digits."""
    digits = max(0, 1 - floor(log10(abs(value)))) if value else 0
    return number(float(f"{value:.2g}"), digits)


def _evidence(study: Settings) -> Table:
    """What studies found of each lever, whichever way."""
    columns = [
        Column("lever", say("Lever"), names_row=True),
        Column("beneficial", say("A gain")),
        Column("no_effect", say("Nothing")),
        Column("reversed", say("Harm")),
        Column("unsaid", say("What must not be said")),
    ]
    levers = {one.lever.name: one.lever for one in study.levers}
    if study.high_risk is not None:
        levers[study.high_risk.name] = study.high_risk
    lines: list[dict[str, Cell]] = [
        {
            "lever": f"{lever.label}. {lever.description}",
            "beneficial": lever.variants.beneficial.evidence,
            "no_effect": lever.variants.no_effect.evidence,
            "reversed": lever.variants.reversed.evidence,
            "unsaid": " ".join(lever.do_not_claim),
        }
        for lever in levers.values()
    ]
    return Table("levers", say("What studies found of these levers"), columns, lines)


def _weighed(study: Settings, book: Codebook, found: Found, outcome: str) -> Table:
    """What weighs more: a line for each policy and lever, a column for each exposure."""
    exposures = study.contrasts(book)
    columns = [
        Column("policy", say("Policy or lever"), names_row=True),
        *(
            Column(f"{one.exposure}_{one.reference}", first_upper(cause(one, book.columns)), number=True)
            for one in exposures
        ),
    ]
    weighed = {(one.exposure, one.reference) for one in study.introduced(book)}
    weighed |= {(one.exposure, one.reference) for one in study.weighed()}
    lines: list[dict[str, Cell]] = []
    for policy in (side for side in sides(study, book) if (side.exposure, side.reference) in weighed):
        cells: dict[str, Cell] = {}
        for exposure in exposures:
            keys = {"outcome": outcome, "exposure": policy.exposure, "reference": exposure.exposure, "subgroup": ""}
            row = next((one for name in APART if (one := found.estimate(estimand=name, **keys)) is not None), None)
            told = found.diagnostic(statistic="chance_policy_larger", **keys)
            cells[f"{exposure.exposure}_{exposure.reference}"] = _answer(row, told)
        lines.append({"policy": policy.told, **cells})
    caption = say(
        "{outcome}: what weighs more, whichever way a change goes, the policy or lever of the line or the exposure of "
        "the column, gone? In brackets, the share of draws in which the policy or lever does.",
        outcome=Labels(book).outcome(outcome),
    )
    return Table(f"weighed_{outcome}", caption, columns, lines)


def _answer(row: Row | None, told: Row | None) -> str:
    if row is None or told is None:
        return say("no comparison")
    if isnan(row["lower"]):
        return say("cannot tell")
    chance = told["value"]
    answer = say("cannot tell")
    if chance >= SURE:
        answer = say("the policy or lever")
    elif chance <= 1 - SURE:
        answer = say("the exposure")
    return f"{answer} ({100 * chance:.0f}%)"
