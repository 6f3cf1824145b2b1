"""Everybody due in a study is analysed or leaves it for one counted reason."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from evenwicht.cohort import Cohort
from evenwicht.results.flow import ANALYSED, COVARIATES, DUE, EXPOSURE, OWN_CLUSTER, STAYING, Flow, departures
from evenwicht.results.questions import group_key
from evenwicht.results.schema import ESTIMATES, FLOW
from evenwicht.studies import concentration

from tests.cohorts import Tables, configured, people_of, studied
from tests.conftest import ROOT
from tests.worlds import NAMES

REAL = ["nhefs", "bwght", "randhie", "castle"]
STUDIES = [(name, study) for name in [*REAL, *NAMES] for study in configured(name).studies]
COMMITTED = {"estimates": ESTIMATES, "flow": FLOW}
COMPARISON = ["study", "outcome", "exposure", "reference", "subgroup"]


@cache
def people(name: str) -> Cohort:
    return people_of(configured(name), seed=4, rule="flow")


@cache
def found(name: str, study: str) -> Tables:
    """The tables of a study, without the estimates that take long."""
    return studied(study, configured(name), people(name), known=set())


@cache
def committed(name: str) -> Tables:
    """What the default run found in a cohort, as committed."""
    tables = {table: schema.read_csv(ROOT / f"results/tables/{table}.csv") for table, schema in COMMITTED.items()}
    return {table: rows[rows["cohort"] == name] for table, rows in tables.items()}


def check(tables: Tables, persons: int) -> None:
    """Fail unless due = analysed + one count per reason, and the analysed are those behind the rows.

    A flow without an exposure is that of all comparisons of an outcome together, and one without an outcome tells who
    is in no part of the people.
    """
    estimates = tables["estimates"]
    together = estimates.assign(exposure="", reference="")
    largest = pd.concat([estimates, together]).groupby(COMPARISON)["n"].max()
    for comparison, rows in tables["flow"].groupby(COMPARISON):
        people = rows.set_index("step")["people"]
        left = people.drop([DUE, ANALYSED, *STAYING], errors="ignore")
        assert people[DUE] == persons or comparison[4]
        assert people[DUE] == left.sum() + people[ANALYSED]
        assert (people > 0).all()
        if not comparison[1]:
            continue
        assert people[ANALYSED] == largest[comparison], comparison


def outcomes_of(name: str, study: str) -> set[str]:
    """What the flow of a study is told for: its outcomes, or its group with high need, or else its first sector."""
    settings = configured(name).studies[study]
    if isinstance(settings, concentration.Settings):
        return {group_key(*group) for group in settings.main_groups} or {next(iter(configured(name).codebook.sectors))}
    stage = getattr(settings, "first_stage", None)
    return {*getattr(settings, "outcomes", [""]), *([stage] if stage else [])}


@pytest.mark.parametrize(("name", "study"), STUDIES)
def test_everybody_due_is_analysed_or_has_left_for_a_reason(name: str, study: str) -> None:
    tables = found(name, study)
    parts = {""} if configured(name).studies[study].parted_by() else set()
    assert set(tables["flow"]["outcome"]) - parts == outcomes_of(name, study)
    check(tables, len(people(name).persons))


@pytest.mark.parametrize("name", [*REAL, *NAMES])
def test_the_committed_flow_of_the_default_run_counts_everybody(name: str) -> None:
    tables = committed(name)
    assert set(tables["flow"]["study"]) == set(configured(name).studies)
    check(tables, tables["flow"].query("step == @DUE")["people"].iloc[0])


@pytest.mark.parametrize("name", REAL)
def test_the_committed_flow_of_a_real_cohort_is_that_of_its_people(name: str) -> None:
    now = pd.concat([found(name, study)["flow"] for study in configured(name).studies])
    pd.testing.assert_frame_equal(now.reset_index(drop=True), committed(name)["flow"].reset_index(drop=True))


# --- reasons ---------------------------------------------------------------------------------------------------------


def steps(name: str, study: str, cohort: Cohort, outcome: str) -> dict[str, int]:
    """Steps of the first comparison of an outcome, in order."""
    flow = studied(study, configured(name), cohort, known=set())["flow"]
    rows = flow[flow["outcome"] == outcome]
    first = rows.iloc[0][["exposure", "reference"]]
    rows = rows[(rows[["exposure", "reference"]] == first).all(axis=1)]
    return rows.set_index("step")["people"].to_dict()


def test_who_leaves_counts_at_the_first_reason() -> None:
    first, second = np.array([True, True, False, False]), np.array([True, False, True, False])
    stays, flow = departures({"first": first, "second": second})
    assert stays.tolist() == [False, False, False, True]
    assert flow == Flow(due=4, left={"first": 2, "second": 1}, analysed=1)
    told = replace(flow, left={"first": 2, "second": 1, "third": 0}, own_cluster=1).steps()
    assert told == {DUE: 4, "first": 2, "second": 1, ANALYSED: 1, OWN_CLUSTER: 1}


def test_reasons_of_a_comparison_by_a_column() -> None:
    cohort = people("dunedin")
    persons, ids = cohort.persons, cohort.persons[cohort.id]
    assert steps("dunedin", "stressors", cohort, "disease") == {DUE: 1037, ANALYSED: 1037}
    first = np.arange(1037)
    changed = persons.assign(poverty=persons["poverty"].mask(first < 10), sex=persons["sex"].mask(first < 25))
    events = cohort.events[~cohort.events["id"].isin(ids[5:18])]  # 5 of them have no exposure either
    expected = {DUE: 1037, EXPOSURE: 10, "not followed": 8, COVARIATES: 7, ANALYSED: 1012}
    assert steps("dunedin", "stressors", replace(cohort, persons=changed, events=events), "disease") == expected


def test_people_whose_costs_are_not_known_leave_concentration_for_one_of_three_reasons() -> None:
    cohort, study = people("dunedin"), configured("dunedin").studies["concentration"]
    ids, costs = cohort.persons[cohort.id], cohort.costs
    then = costs["window"] == study.windows[0]
    often = set(costs.loc[then, "id"]) & set(costs.loc[~then, "id"])
    chosen = [person for person in ids if person in often][:60]
    nowhere = costs["id"].isin(chosen[:10])
    not_then = costs["id"].isin(chosen[10:30]) & then
    sector = costs["sector"].iloc[0]
    in_part = costs["id"].isin(chosen[30:60]) & then & (costs["sector"] == sector)
    told = replace(cohort, costs=costs[~(nowhere | not_then | in_part)])
    before, after = (steps("dunedin", "concentration", c, "top_20_in_3") for c in (cohort, told))
    assert after["not linked"] == before["not linked"] + 10
    assert after["not observed in the window"] == before["not observed in the window"] + 20
    assert after["use of a sector not known"] == 30
    assert after[ANALYSED] == before[ANALYSED] - 60


@pytest.mark.parametrize(
    ("name", "study", "outcome"),
    [
        ("famine", "windows", "glucose"),
        ("reform", "leave", "log_earnings"),
        ("rationing", "end_of_rationing", "hypertension"),
    ],
)
def test_a_birth_without_a_date_leaves_for_that_reason(name: str, study: str, outcome: str) -> None:
    cohort = people(name)
    date = cohort.role("birth_date")[0]
    without = cohort.persons[date].mask(np.arange(len(cohort.persons)) % 50 == 0)
    told = steps(name, study, replace(cohort, persons=cohort.persons.assign(**{date: without})), outcome)
    assert told["birth date not known"] == int(without.isna().sum())
    assert list(told)[1] == "birth date not known"


def test_births_of_the_famine_leave_by_place_then_time_then_outcome() -> None:
    cohort = people("famine")
    told = steps("famine", "windows", cohort, "glucose")
    assert list(told) == [DUE, "born elsewhere", "born outside the compared windows", "outcome not known", ANALYSED]
    assert told["born elsewhere"] == int((~cohort.persons["famine_city"]).sum())


def test_people_alone_in_their_cluster_are_counted_beside_the_analysed() -> None:
    cohort = people("dunedin")
    family = cohort.role("family")[0]
    missing = np.arange(1037) % 100 == 0
    told = replace(cohort, persons=cohort.persons.assign(**{family: cohort.persons[family].mask(missing)}))
    assert steps("dunedin", "stressors", told, "disease") == {DUE: 1037, ANALYSED: 1037, OWN_CLUSTER: 11}
