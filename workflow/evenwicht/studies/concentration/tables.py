"""The tables of concentration: three questions side by side, each statistic beside chance, and the details."""

import pandas as pd

from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import Sector
from evenwicht.display.labels import in_sentence
from evenwicht.display.language import message, retold, say
from evenwicht.display.section import Found, Row, records, where
from evenwicht.display.table import Column, Table
from evenwicht.display.wording import Scale, decimals, scale_of
from evenwicht.estimators.results import ESTIMANDS
from evenwicht.results.questions import exactly_key, group_key, top_key
from evenwicht.studies.concentration import Settings

KEYS = ("outcome", "exposure", "reference", "at")
PER_1000 = 1000.0


def questions(study: Settings, book: Codebook, found: Found) -> Table:
    """The three questions, a line for each sector and for the group."""
    top = study.top_shares[0]
    changed = study.all_changes(book)
    columns = [
        Column("what", say("Sector or group"), names_row=True),
        Column("uses", say("1. Share of use by the {top}% who use most, %", top=f"{100 * top:g}"), number=True),
        Column("uses_truth", say("True value"), number=True),
        Column("ranked", say("2. Share by the fifth with the highest score, %"), number=True),
        Column("ranked_truth", say("True value"), number=True),
        Column("changed", say("3. Share that the changes would take away, %"), number=True),
        Column("changed_truth", say("True value"), number=True),
    ]
    lines = []
    for outcome, label in _sectors_and_groups(study, book):
        line = {"what": label}
        for name, estimand, exposure, reference in (
            ("uses", "top_share", top_key(top), ""),
            ("ranked", "top_risk_share", study.risk or "-", ""),
            ("changed", "attributable_fraction", *changed),
        ):
            row = found.estimate(
                estimand=estimand, outcome=outcome, exposure=exposure, reference=reference, at=study.windows[0]
            )
            if row is not None:
                percent = Scale(100.0, "", decimals(row, 100.0))
                line[name] = percent.with_interval(row)
                line[f"{name}_truth"] = percent.number(row["truth"])
        if len(line) > 1:
            lines.append(line)
    caption = say(
        "Three questions that are easily mixed up, with 95% intervals: who has most use, how far a score tells who "
        "that will be (20 if it told nothing), and what would not be there after a change."
    )
    return Table("three_questions", caption, columns, lines)


def _sectors_and_groups(study: Settings, book: Codebook) -> list[tuple[str, str]]:
    """Key and label of every sector, and of the main group."""
    names = study.names(book)
    groups = [(key := group_key(*group), names[key]) for group in study.main_groups]
    return [*((name, sector.label) for name, sector in book.sectors.items()), *groups]


def beside_chance(study: Settings, book: Codebook, found: Found) -> Table:
    """Each statistic beside what chance alone gives, and the excess with its interval.

    Only counts have a value under chance for their Gini coefficient; elsewhere the line says what is measured instead.
    An interval that is known to be too short says so, and never passes as one of 95%.
    """
    columns = [
        Column("estimand", say("Statistic")),
        Column("what", say("Sector or group"), names_row=True),
        Column("observed", say("Observed (interval)"), number=True),
        Column("chance", say("Chance alone"), number=True),
        Column("excess", say("Excess"), number=True),
        Column("truth", say("True value"), number=True),
        Column("excess_truth", say("True excess"), number=True),
    ]
    caption = say(
        "Concentration beside chance. Intervals are nominal 95% ones; where a heavy tail makes one too short, it says "
        "how often it covers. Behind unrelated sectors, the bracket is the range of 95% of chance."
    )
    groups = [group_key(*group) for group in study.main_groups]
    names = study.names(book)
    excess = {"group_share": "excess_group_share", "group_use_share": "excess_use_share"}
    lines = []
    for estimand in ("gini", "group_share", "group_use_share"):
        for row in records(where(found.estimates, estimand=estimand, method="observed", at=study.windows[0])):
            if row["outcome"] not in (*book.sectors, *groups) or (row["exposure"] and row["exposure"] not in groups):
                continue
            sector, scale = book.sectors.get(row["outcome"]), scale_of(row)
            null = found.diagnostic(statistic="chance", **{key: row[key] for key in KEYS})
            beyond = None
            if estimand in excess:
                beyond = found.estimate(estimand=excess[estimand], **{key: row[key] for key in KEYS})
            line = {
                "estimand": say(ESTIMANDS[estimand].label),
                "what": sector.label if sector else names[row["outcome"]],
                "observed": with_caveat(row, found),
                "chance": _chance(null, row) if null else no_null(sector),
                "truth": scale.number(row["truth"]),
            }
            if beyond is not None:
                line["excess"] = scale_of(beyond).with_interval(beyond, sign=True)
                line["excess_truth"] = scale_of(beyond).signed(beyond["truth"])
            elif null is not None:
                line["excess"] = scale.signed(row["estimate"] - null["value"])
            lines.append(line)
    return Table("concentration", caption, columns, lines)


def by_number(study: Settings, book: Codebook, found: Found) -> Table:
    """People by number of sectors, against chance."""
    columns = [
        Column("count", say("Sectors with high need"), names_row=True),
        Column("observed", say("Of 1,000 people"), number=True),
        Column("chance", say("By chance alone"), number=True),
        Column("ratio", say("Times chance (95% interval)"), number=True),
        Column("truth", say("True value"), number=True),
    ]
    lines = []
    for count in range(len(book.sectors) + 1):
        keys = {"outcome": exactly_key(study.top_shares[0], count), "at": study.windows[0]}
        row, ratio = (found.estimate(estimand=name, **keys) for name in ("group_share", "observed_expected_share"))
        null = found.diagnostic(statistic="chance", **keys)
        if row is None or null is None:
            continue
        per = Scale(PER_1000, "", 1)
        lines.append(
            {
                "count": str(count),
                "observed": per.number(row["estimate"]),
                "chance": per.number(null["value"]),
                "ratio": scale_of(ratio).with_interval(ratio) if ratio else "",
                "truth": scale_of(ratio).number(ratio["truth"]) if ratio else "",
            }
        )
    caption = say(
        "People by the number of sectors in which they are among the {top}% with most use.",
        top=f"{100 * study.top_shares[0]:g}",
    )
    return Table("by_number_of_sectors", caption, columns, lines)


def other_cuts(study: Settings, book: Codebook, found: Found) -> Table:
    """The size of the group by other shares of people and other numbers of sectors."""
    columns = [
        Column("what", say("Group"), names_row=True),
        Column("observed", say("Of 1,000 people (95% interval)"), number=True),
        Column("chance", say("By chance alone"), number=True),
        Column("excess", say("Above chance (95% interval)"), number=True),
        Column("truth", say("True value"), number=True),
        Column("excess_truth", say("Truly above chance"), number=True),
    ]
    names, lines = study.names(book), []
    groups = study.question(book).groups
    for key in (group_key(*group) for group in groups) if len(groups) > 1 else []:
        keys = {"outcome": key, "at": study.windows[0]}
        row, beyond = (found.estimate(estimand=name, **keys) for name in ("group_share", "excess_group_share"))
        null = found.diagnostic(statistic="chance", **keys)
        if row is None:
            continue
        per = Scale(PER_1000, "", decimals(row, PER_1000))
        lines.append(
            {
                "what": names[key],
                "observed": per.with_interval(row),
                "chance": per.number(null["value"]) if null else "",
                "excess": per.with_interval(beyond, sign=True) if beyond else "",
                "truth": per.number(row["truth"]),
                "excess_truth": per.signed(beyond["truth"]) if beyond else "",
            }
        )
    caption = say("The same by other numbers of sectors, and other shares of people that are called the top.")
    return Table("other_cuts", caption, columns, lines)


def pairs(study: Settings, book: Codebook, found: Found) -> Table:
    """Odds ratios of high need in two sectors, the lower half of a square."""
    sectors = list(book.sectors)
    columns = [
        Column("what", say("Sector"), names_row=True),
        *(Column(name, book.sectors[name].label, number=True) for name in sectors[:-1]),
    ]
    lines = []
    for j, other in enumerate(sectors[1:], start=1):
        line = {"what": book.sectors[other].label}
        for name in sectors[:j]:
            row = found.estimate(estimand="need_odds_ratio", outcome=name, exposure=other)
            if row is not None:
                line[name] = scale_of(row).with_interval(row)
        if len(line) > 1:
            lines.append(line)
    caption = say(
        "How high need in two sectors goes together: odds ratios with 95% intervals (1: nothing to do with each other)."
    )
    return Table("pairs_of_sectors", caption, columns, lines)


def other_windows(study: Settings, book: Codebook, found: Found) -> Table:
    """What the length of the window changes."""
    columns = [
        Column("what", say("Sector"), names_row=True),
        Column("window", say("Window")),
        Column("users", say("Use it at all, %"), number=True),
        Column("gini", say("Gini coefficient"), number=True),
        Column("gini_users", say("Gini among users"), number=True),
        Column("top", say("Share by the {top}%, %", top=f"{100 * study.top_shares[0]:g}"), number=True),
    ]
    lines = []
    for name, sector in book.sectors.items():
        for window in study.windows:
            keys = {"outcome": name, "at": window}
            line = {"what": sector.label, "window": book.words.get(window, window)}
            for column, estimand in (("users", "users_share"), ("gini", "gini"), ("gini_users", "gini_users")):
                row = found.estimate(estimand=estimand, **keys)
                if row is not None:
                    factor = 100.0 if column == "users" else 1.0
                    line[column] = Scale(factor, "", decimals(row, factor)).with_interval(row)
            row = found.estimate(estimand="top_share", exposure=top_key(study.top_shares[0]), **keys)
            if row is not None:
                line["top"] = Scale(100.0, "", decimals(row, 100.0)).with_interval(row)
            if len(line) > 2:
                lines.append(line)
    caption = say(
        "Who uses a sector at all, and how use concentrates among those who do, by window of costs. A longer window "
        "gives a smaller Gini coefficient, as chance has more time to even out: compare windows of one length only."
    )
    return Table("windows", caption, columns, lines)


def ranked_by_risk(study: Settings, book: Codebook, found: Found) -> Table:
    """How far the score ranks use, in all the ways the field has."""
    if study.risk is None:
        return Table("ranked_by_risk", "", [])
    shown = {
        "concentration_index": say("Concentration index"),
        "risk_ranked_part": say("As a part of the Gini coefficient"),
        "erreygers_index": say("Erreygers"),
        "wagstaff_index": say("Wagstaff"),
        "auc": say("Area under the ROC curve"),
    }
    columns = [Column("what", say("Sector or group"), names_row=True)]
    for name, label in shown.items():
        columns += [Column(name, label, number=True), Column(f"{name}_truth", say("True value"), number=True)]
    lines = []
    for outcome, label in _sectors_and_groups(study, book):
        line = {"what": label}
        for name in shown:
            row = found.estimate(estimand=name, outcome=outcome, exposure=study.risk, at=study.windows[0])
            if row is not None:
                line[name] = scale_of(row).with_interval(row)
                line[f"{name}_truth"] = scale_of(row).number(row["truth"])
        if len(line) > 1:
            lines.append(line)
    caption = say(
        "How far {risk} ranks use, with 95% intervals. At 0 it tells nothing. A concentration index can be at most the "
        "Gini coefficient; of yes/no states, Erreygers and Wagstaff allow for how common they are.",
        risk=in_sentence(book.columns[study.risk].label),
    )
    return Table("ranked_by_risk", caption, columns, lines)


def changes(study: Settings, book: Codebook, found: Found) -> Table:
    """What each change would take away alone, and on top of those before it."""
    labels = study.labels(book)
    contrasts = study.contrasts(book)
    columns = [
        Column("outcome", say("Sector or group"), names_row=True),
        Column("change", say("Change")),
        Column("alone", say("Alone, %"), number=True),
        Column("alone_truth", say("True value"), number=True),
        Column("order", say("On top of those above, %"), number=True),
        Column("order_truth", say("True value"), number=True),
    ]
    lines = []
    for outcome, label in _sectors_and_groups(study, book) if len(contrasts) > 1 else []:
        for contrast in contrasts:
            keys = {"outcome": outcome, "exposure": contrast.exposure, "reference": contrast.reference}
            line = {"outcome": label, "change": labels[contrast.exposure, contrast.reference]}
            for column, estimand in (("alone", "attributable_fraction"), ("order", "sequential_fraction")):
                row = found.estimate(estimand=estimand, at=study.windows[0], **keys)
                if row is not None:
                    percent = Scale(100.0, "", decimals(row, 100.0))
                    line |= {column: percent.with_interval(row), f"{column}_truth": percent.number(row["truth"])}
            if len(line) > 2:
                lines.append(line)
    caption = say(
        "What each change would take away, with 95% intervals: alone, and on top of those above it. The parts alone "
        "can add up to more than the whole, as the same use may have several causes. The model lets a change act by "
        "the same factor whatever else was changed; where need levels off, changes on top of others come out too small."
    )
    return Table("changes", caption, columns, lines)


NOT_COUNTED = {
    "money": message("none: money is not counted"),
    "duration": message("none: a duration is not counted"),
    "quantity": message("none: a quantity is not counted"),
}


def no_null(sector: Sector | None) -> str:
    """Say why a statistic has no value under chance."""
    return say(NOT_COUNTED[sector.measures]) if sector and sector.measures in NOT_COUNTED else say("none")


def with_caveat(row: Row, found: Found) -> str:
    """Write an observed statistic with its interval, and with what qualifies the interval."""
    text = scale_of(row).with_interval(row)
    caveat = found.diagnostic(statistic=f"coverage_{row['estimand']}", **{key: row[key] for key in KEYS})
    return f"{text}; {retold(caveat['note'])}" if caveat else text


def _chance(null: Row, observed: Row) -> str:
    told = {**null, "estimate": null["value"], "estimand": observed["estimand"]}
    scale = scale_of(told)
    return scale.number(null["value"]) if pd.isna(null["lower"]) else scale.with_interval(told)
