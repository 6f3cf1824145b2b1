"""Which counts of people the tables of a run hold, and the sums among them."""

from collections.abc import Iterable, Mapping
from itertools import count, product, takewhile

import numpy as np
import pandas as pd

from evenwicht.disclosure.behind import (
    COMPARISON,
    FROM_COUNTS,
    OF_EXPOSED,
    OF_UNEXPOSED,
    SIDE,
    counts_of,
    few_in_a_share,
    first_share,
    people_behind,
)
from evenwicht.disclosure.counts import Counts
from evenwicht.disclosure.profiles import Profile
from evenwicht.estimators.results import ESTIMANDS
from evenwicht.results.flow import ANALYSED, DUE, STAYING
from evenwicht.results.questions import Concentration, exactly_key, group_key, top_key
from evenwicht.results.schema import SCHEMAS
from evenwicht.results.states import NOT_DUE, PEOPLE, UNKNOWN_IDS, UNKNOWN_ROWS


def note_counts(tables: Mapping[str, pd.DataFrame], counts: Mapping[str, Counts], profile: Profile) -> None:
    """Note all counts of people in these tables, and their sums, by cohort.

    Parameters
    ----------
    tables
        By the names of `results.schema.SCHEMAS`.
    counts
        By cohort; they are added to.
    """
    for name, table in tables.items():
        for cohort, rows in table.groupby("cohort", sort=False):
            for column in counts_of(SCHEMAS[name]):
                counts[str(cohort)].add(*rows[column].dropna())
    for cohort, n, events in tables["estimates"][["cohort", "n", "events"]].dropna().itertuples(index=False):
        if events <= n:
            counts[cohort].add_part(events, n, profile)
    _note_parts(tables["estimates"], counts)
    for cohort, due, assessed in tables["attrition"][["cohort", "due", "assessed"]].itertuples(index=False):
        counts[cohort].add_part(assessed, due, profile)
    for key, rows in tables["flow"].groupby(COMPARISON, sort=False):
        people = dict(zip(rows["step"], rows["people"], strict=True))
        left = [n for step, n in people.items() if step not in (DUE, *STAYING)]
        if DUE in people and ANALYSED in people:
            counts[str(key[0])].add_sum(people[DUE], left)
    for key, rows in tables["states"].groupby(["cohort", "table", "item", "at"], sort=False):
        people = dict(zip(rows["state"], rows["people"], strict=True))
        parts = {state: n for state, n in people.items() if state not in (PEOPLE, UNKNOWN_IDS, UNKNOWN_ROWS)}
        own = counts[str(key[0])]
        own.size = people[PEOPLE]
        own.add_sum(people[PEOPLE], parts.values())
        due = sum(n for state, n in parts.items() if state != NOT_DUE)
        if NOT_DUE in parts and due in own.shown:  # the table of waves tells it
            own.add_sum(due, [n for state, n in parts.items() if state != NOT_DUE])
            own.add_sum(people[PEOPLE], [due, parts[NOT_DUE]])


def _note_parts(estimates: pd.DataFrame, counts: Mapping[str, Counts]) -> None:
    """Note that people, and those with the event, in all parts along a rank are those of all."""
    key = [*SIDE, "at", "estimand", "method"]
    rows = estimates[[*key, "subgroup", "n", "events"]]
    of_part = rows["subgroup"] != ""
    both = rows[of_part].merge(rows[~of_part], on=key, suffixes=("", "_of_all"))
    for _, parts in both.groupby(key, sort=False):
        cohort, *place = parts[["cohort", "study", "outcome", "at"]].iloc[0]
        for column in ("n", "events"):
            each, total = parts[column], parts[f"{column}_of_all"].iloc[0]
            if each.notna().all() and pd.notna(total) and each.sum() == total:
                counts[cohort].add_sum(total, each, (*place, "parts"))


def note_shares(
    estimates: pd.DataFrame, diagnostics: pd.DataFrame, counts: Mapping[str, Counts], profile: Profile
) -> None:
    """Note the counts that shares of people, of cases or of others tell, and their sums, by cohort."""
    of = people_behind(estimates.reset_index(drop=True), diagnostics)
    rows = estimates.reset_index(drop=True).assign(**of)
    rows = rows[~few_in_a_share(rows, of, profile) & rows["estimate"].notna()]
    estimand = rows["estimand"].map(ESTIMANDS)
    rows = rows.assign(whole=estimand.map(lambda one: one.share_of), per=estimand.map(lambda one: one.per))
    for block, some in rows[rows["whole"].isin(["all", "cases", "others"])].groupby([*COMPARISON, "at", "method"]):
        own, place = counts[str(block[0])], tuple(map(str, block))
        for row in some.to_dict("records"):
            if np.isfinite(row[row["whole"]]):
                whole = round(row[row["whole"]])
                part = round(row["estimate"] / row["per"] * whole)
                own.add_sum(whole, (part, whole - part), place)
        n, cases = some[["all", "cases"]].iloc[0]
        if np.isfinite(cases) and 0 < cases <= n:
            own.add_sum(round(n), (round(cases), round(n - cases)), place)


def note_sectors(
    estimates: pd.DataFrame, questions: Iterable[tuple[str, str, Concentration]], counts: Mapping[str, Counts]
) -> None:
    """Note that people with high need in some sectors are those with it in just so many, or more, and their sums.

    Parameters
    ----------
    questions
        With the cohort and the study that asks each.
    """
    shares = estimates[(estimates["estimand"] == "group_share") & (estimates["subgroup"] == "")].dropna(subset="events")
    places = shares[["cohort", "study", "at", "outcome"]].itertuples(index=False, name=None)
    people = dict(zip(places, zip(shares["n"].astype(int), shares["events"].astype(int), strict=True), strict=True))
    for cohort, study, question in questions:
        for top, at in product(question.top_shares, question.windows):
            block = (cohort, study, at)
            exactly = list(takewhile(people.__contains__, ((*block, exactly_key(top, k)) for k in count())))
            parts = [people[place][1] for place in exactly]
            if not parts:
                continue
            own = (*block, top_key(top))
            counts[cohort].add_sum(people[exactly[0]][0], parts, own)
            for least in question.at_least:
                if (place := (*block, group_key(top, least))) in people:
                    counts[cohort].add_sum(people[place][1], parts[least:], own)


def note_fourfold(
    estimates: pd.DataFrame, diagnostics: pd.DataFrame, counts: Mapping[str, Counts], profile: Profile
) -> None:
    """Note the counts of exposed or not by case or not that shares of people tell, and their sums, by cohort."""
    rows = estimates[estimates["method"].isin(FROM_COUNTS)].reset_index(drop=True)
    of = people_behind(rows, diagnostics)
    rows = rows.assign(**of)[~few_in_a_share(rows, of, profile)]
    key = [*COMPARISON, "at"]
    for block, some in rows.groupby(key, sort=False):
        one, none = (first_share(some, names) for names in (OF_EXPOSED, OF_UNEXPOSED))
        n, exposed, unexposed, cases = some[["all", "exposed", "unexposed", "cases"]].iloc[0]
        if not np.isfinite(one * none * exposed * n):
            continue
        n, e, u = round(n), round(exposed), round(unexposed)
        a, c = round(one * e), round(none * u)
        own, place = counts[str(block[0])], tuple(map(str, block))
        for total, parts in ((n, (e, u)), (e, (a, e - a)), (u, (c, u - c))):
            own.add_sum(total, parts, place)
        if a + c == round(cases):
            for total, parts in ((n, (a + c, n - a - c)), (a + c, (a, c)), (n - a - c, (e - a, u - c))):
                own.add_sum(total, parts, place)
