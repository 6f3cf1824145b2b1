"""Everybody due in a study is analysed or leaves it for one counted reason."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.streams import stream_key
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.individual.concentration import concentration_study
from evenwicht.individual.exposure import individual_study
from evenwicht.ingest.table import ingest
from evenwicht.policy.birth_periods import IN_BOTH_REGIONS
from evenwicht.results.flow import ANALYSED, DUE, FLOW_COLUMNS, OWN_CLUSTER, Flow, departures
from evenwicht.results.rows import PRE_TREND
from evenwicht.studies import FLOWS, people_flow, policy_level_studies
from evenwicht.worlds import simulate

from tests.conftest import WORLDS, world

PLACE = ["cohort", "study", "outcome", "contrast"]


def drawn(name: str) -> tuple[Cohort, CohortConfig]:
    config = world(name)
    return (ingest(config) if name == "nhefs" else simulate(config, stream_key(4, name, "flow"))), config


def by_step(flow: pd.DataFrame, study: str, outcome: str) -> dict[str, int]:
    """Steps of the first contrast of an outcome."""
    rows = flow[(flow["study"] == study) & (flow["outcome"] == outcome)]
    return rows[rows["contrast"] == rows["contrast"].iloc[0]].set_index("step")["people"].to_dict()


def test_who_leaves_counts_at_the_first_reason() -> None:
    first, second = np.array([True, True, False, False]), np.array([True, False, True, False])
    stays, flow = departures({"first": first, "second": second})
    assert stays.tolist() == [False, False, False, True]
    assert flow == Flow(due=4, left={"first": 2, "second": 1}, analysed=1)
    rows = replace(flow, left={"first": 2, "second": 1, "third": 0}, own_cluster=1).rows("c", "s", "o", "x vs y")
    steps = {"due": 4, "first": 2, "second": 1, "analysed": 1, OWN_CLUSTER: 1}
    assert {row["step"]: row["people"] for row in rows} == steps


@pytest.mark.parametrize("name", [*WORLDS, "nhefs"])
def test_everybody_due_is_analysed_or_has_left_for_a_reason(name: str) -> None:
    cohort, config = drawn(name)
    flow = people_flow(cohort, config)
    assert list(flow.columns) == FLOW_COLUMNS
    assert not flow.duplicated([*PLACE, "step"]).any()
    assert set(flow["study"]) == {section for section in FLOWS if getattr(config, section)}
    for _, rows in flow.groupby(PLACE):
        people = rows.set_index("step")["people"]
        left = people.drop([DUE, ANALYSED, OWN_CLUSTER], errors="ignore")
        assert people[DUE] == len(cohort.persons)
        assert people[DUE] == left.sum() + people[ANALYSED]
        assert (people > 0).all()


def estimates(cohort: Cohort, config: CohortConfig) -> pd.DataFrame:
    parts, rng = policy_level_studies(cohort, config), np.random.default_rng(1)
    if config.individual is not None:
        parts.append(individual_study(cohort, config.individual, config.outcomes).estimates)
    if config.concentration is not None:
        parts.append(concentration_study(cohort, config.concentration, config.sector_labels, 10, rng)[0])
    return pd.concat(parts)


@pytest.mark.parametrize("name", ["dunedin", "rationing", "famine", "reform", "deprivation", "nhefs"])
def test_the_analysed_are_the_people_behind_the_rows(name: str) -> None:
    cohort, config = drawn(name)
    rows, flow = estimates(cohort, config), people_flow(cohort, config)
    for row in flow[flow["step"] == ANALYSED].itertuples():
        of = rows[
            (rows["study"] == row.outcome) & (rows["level"] != "individual" if row.study != "individual" else True)
        ]
        if row.study == "concentration":
            found = of[of["method"] == "observed"]
        elif row.contrast == IN_BOTH_REGIONS:
            found = of[(of["method"] == "did") & (of["contrast"] != PRE_TREND)]
        else:
            found = of[of["contrast"] == row.contrast]
        assert row.people in set(found["n"]), (row.study, row.outcome, row.contrast)


# --- reasons ---------------------------------------------------------------------------------------------------------


def test_reasons_of_a_study_of_one_exposure() -> None:
    cohort, config = drawn("dunedin")
    study = config.individual
    persons, ids = cohort.persons, cohort.persons[cohort.id]
    before = by_step(people_flow(cohort, config), "individual", "disease")
    assert before == {DUE: 1037, ANALYSED: 1037}
    changed = persons.assign(
        **{
            study.exposure: persons[study.exposure].mask(np.arange(1037) < 10),
            study.adjust.columns[0]: persons[study.adjust.columns[0]].mask(np.arange(1037) < 25),
        }
    )
    events = cohort.events[~cohort.events["id"].isin(ids[5:18])]  # 5 of them have no exposure either
    flow = people_flow(replace(cohort, persons=changed, events=events), config)
    expected = {DUE: 1037, "exposure not known": 10, "not followed": 8, "covariates not known": 7, ANALYSED: 1012}
    assert by_step(flow, "individual", "disease") == expected


def test_people_whose_costs_are_not_known_leave_concentration_for_one_of_three_reasons() -> None:
    cohort, config = drawn("dunedin")
    window, ids = config.concentration.window, cohort.persons[cohort.id]
    costs = cohort.costs[cohort.costs["id"].isin(ids)]
    then = costs["window"] == window
    often = set(costs.loc[then, "id"]) & set(costs.loc[~then, "id"])
    chosen = [person for person in ids if person in often][:60]
    nowhere = costs["id"].isin(chosen[:10])
    not_then = costs["id"].isin(chosen[10:30]) & then
    sector = costs["sector"].iloc[0]
    in_part = costs["id"].isin(chosen[30:60]) & then & (costs["sector"] == sector)
    told = replace(cohort, costs=costs[~(nowhere | not_then | in_part)])
    before, after = (by_step(people_flow(c, config), "concentration", "concentration") for c in (cohort, told))
    assert after["not linked"] == before["not linked"] + 10
    assert after["not observed in the window"] == before["not observed in the window"] + 20
    assert after["use of a sector not known"] == 30
    assert after[ANALYSED] == before[ANALYSED] - 60


@pytest.mark.parametrize(
    ("name", "study", "outcome"),
    [
        ("famine", "birth_periods", "glucose"),
        ("reform", "reform", "log_earnings"),
        ("rationing", "event_study", "hypertension"),
    ],
)
def test_a_birth_without_a_date_leaves_for_that_reason(name: str, study: str, outcome: str) -> None:
    cohort, config = drawn(name)
    date = cohort.role("birth_date")[0]
    without = cohort.persons[date].mask(np.arange(len(cohort.persons)) % 50 == 0)
    steps = by_step(
        people_flow(replace(cohort, persons=cohort.persons.assign(**{date: without})), config), study, outcome
    )
    assert steps["birth date not known"] == int(without.isna().sum())
    assert list(steps)[1] == "birth date not known"


def test_births_of_the_famine_leave_by_place_then_time_then_outcome() -> None:
    cohort, config = drawn("famine")
    steps = by_step(people_flow(cohort, config), "birth_periods", "glucose")
    assert list(steps) == [DUE, "born elsewhere", "born outside the compared windows", "outcome not known", ANALYSED]
    assert steps["born elsewhere"] == int((~cohort.persons["famine_city"]).sum())


def test_people_alone_in_their_cluster_are_counted_beside_the_analysed() -> None:
    cohort, config = drawn("dunedin")
    family = cohort.role("family")[0]
    missing = np.arange(1037) % 100 == 0
    told = replace(cohort, persons=cohort.persons.assign(**{family: cohort.persons[family].mask(missing)}))
    steps = by_step(people_flow(told, config), "individual", "disease")
    assert steps == {DUE: 1037, ANALYSED: 1037, OWN_CLUSTER: 11}
