"""A policy adopted at different times: by hand, whatever the order and units, and where it cannot be told."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.errors import DataError, ModelError
from evenwicht.cohort import Cohort
from evenwicht.display.section import Found
from evenwicht.estimators.adoption import (
    NO_CONTROLS,
    NOT_SPARED,
    Panel,
    interaction_weighted,
    interaction_weighted_periods,
    two_stage,
    two_way,
    two_way_periods,
)
from evenwicht.studies import claiming, showing

from tests.cohorts import Tables, changed, configured, people_of, studied

EVERY = [two_way, two_stage, interaction_weighted]
LAW = configured("castle")
ONE = "one cluster alone carries this contrast"


@pytest.fixture(scope="module")
def castle() -> Cohort:
    return people_of(LAW, 1)


def toy(units: int = 24, periods: int = 7, seed: int = 3) -> Panel:
    rng = np.random.default_rng(seed)
    first = np.array([2, 4, 5, periods])[np.arange(units) % 4]
    y = rng.normal(size=(units, periods)) + rng.normal(size=(units, 1)) + np.arange(periods)
    return Panel(y, first, rng.uniform(0.5, 2, units))


# --- estimators


@pytest.mark.parametrize("estimator", EVERY)
def test_two_periods_and_one_adoption_are_a_difference_in_differences(estimator: Any) -> None:
    before, after = np.array([1.0, 2, 4, 1, 3, 5]), np.array([4.0, 4, 9, 2, 3, 8])
    panel = Panel(np.column_stack([before, after]), np.array([1, 1, 1, 2, 2, 2]), np.ones(6))
    moved = after - before
    assert estimator(panel, "made").estimate == pytest.approx(moved[:3].mean() - moved[3:].mean())


def test_changes_are_averaged_over_adopters_and_their_periods() -> None:
    panel = toy()
    y, w, never = panel.outcome, panel.weight, ~panel.adopts
    total = weight = 0.0
    for i in np.flatnonzero(panel.adopts):
        base = panel.first[i] - 1
        for t in range(panel.first[i], y.shape[1]):
            others = np.average(y[never, t] - y[never, base], weights=w[never])
            total, weight = total + w[i] * (y[i, t] - y[i, base] - others), weight + w[i]
    assert interaction_weighted(panel, "made").estimate == pytest.approx(total / weight, rel=1e-10)


def test_the_mean_of_the_effects_by_period_is_the_effect_where_all_adopt_at_once() -> None:
    panel = replace(toy(), first=np.where(toy().adopts, 3, 7))
    every = interaction_weighted_periods(panel, 2, 9, "made").effects
    mean = np.mean([every[e].estimate for e in range(4)])
    assert interaction_weighted(panel, "made").estimate == pytest.approx(mean)
    assert sorted(every) == [-2, 0, 1, 2, 3]


@pytest.mark.parametrize("estimator", EVERY)
def test_order_of_units_size_of_weights_and_origin_of_the_outcome_change_nothing(estimator: Any) -> None:
    panel, order = toy(), np.random.default_rng(1).permutation(24)
    moved = Panel(panel.outcome[order] + 1e3, panel.first[order], 1e5 * panel.weight[order])
    one, other = estimator(panel, "made"), estimator(moved, "made")
    assert (other.estimate, other.se, other.lower) == pytest.approx((one.estimate, one.se, one.lower), rel=1e-7)


@pytest.mark.parametrize("estimator", EVERY)
def test_what_is_the_same_for_a_unit_or_a_period_changes_nothing(estimator: Any) -> None:
    panel, rng = toy(), np.random.default_rng(2)
    moved = replace(panel, outcome=panel.outcome + 5 * rng.normal(size=(24, 1)) + 5 * rng.normal(size=7))
    one, other = estimator(panel, "made"), estimator(moved, "made")
    assert (other.estimate, other.se) == pytest.approx((one.estimate, one.se), rel=1e-8)


def test_a_gap_costs_only_what_rests_on_it() -> None:
    panel = toy()
    y = panel.outcome.copy()
    adopter = np.flatnonzero(panel.first == 4)[0]
    y[adopter, 3] = np.nan  # its last period before
    gone = replace(
        panel,
        outcome=np.delete(y, adopter, 0),
        first=np.delete(panel.first, adopter),
        weight=np.delete(panel.weight, adopter),
    )
    with_gap, without = (interaction_weighted(one, "made") for one in (replace(panel, outcome=y), gone))
    assert with_gap.estimate == pytest.approx(without.estimate)
    assert two_stage(replace(panel, outcome=y), "made").estimate != two_stage(gone, "made").estimate


def test_without_units_that_never_adopt_only_what_needs_them_is_not_told() -> None:
    panel = toy()
    panel = Panel(panel.outcome[panel.adopts], panel.first[panel.adopts], panel.weight[panel.adopts])
    assert interaction_weighted(panel, "made").reason == NO_CONTROLS
    assert two_stage(panel, "made").reason == NOT_SPARED
    early = replace(panel, outcome=panel.outcome[:, :5])
    assert two_stage(early, "made").status == "estimated"
    with pytest.raises(ModelError, match="every unit adopts"):
        interaction_weighted_periods(panel, 4, 4, "made")


@pytest.mark.parametrize("estimator", EVERY)
def test_a_policy_that_nobody_adopts_is_refused(estimator: Any) -> None:
    panel = toy()
    with pytest.raises(ModelError, match="no unit adopted"):
        estimator(replace(panel, first=np.full(24, 7)), "made")


@pytest.mark.parametrize("by_period", [interaction_weighted_periods, two_way_periods])
def test_what_one_unit_carries_has_no_interval(by_period: Any) -> None:
    panel = toy()
    first = panel.first.copy()
    first[first == 2] = 4
    first[0] = 2
    found = by_period(replace(panel, first=first), 4, 9, "made").effects
    assert {e: one.reason for e, one in found.items() if one.reason} == dict.fromkeys([3, 4], ONE)


# --- the study


def panel_of(castle: Cohort, **columns: Any) -> Cohort:
    return replace(castle, persons=castle.persons.assign(**columns))


def told(tables: Tables, **keys: str) -> pd.DataFrame:
    rows = tables["estimates"]
    for name, value in keys.items():
        rows = rows[rows[name] == value]
    return rows


def test_rows_in_any_order_give_the_same(castle: Cohort) -> None:
    mixed = replace(castle, persons=castle.persons.sample(frac=1, random_state=1).reset_index(drop=True))
    one, other = (studied("law", LAW, cohort)["estimates"] for cohort in (castle, mixed))
    pd.testing.assert_frame_equal(one, other, rtol=1e-9)


def test_a_unit_with_two_rows_of_a_period_is_refused(castle: Cohort) -> None:
    persons = castle.persons
    with pytest.raises(DataError, match="2 rows repeat a unit and period"):
        studied("law", LAW, panel_of(castle, year=persons["year"].where(~persons["id"].isin([1, 13]), 2002)))


def test_a_policy_that_ends_again_is_refused(castle: Cohort) -> None:
    persons = castle.persons
    ended = persons["law"].mask(persons["year"] == 2010, False)
    with pytest.raises(DataError, match="the policy ends again in 20 units"):
        studied("law", LAW, panel_of(castle, law=ended))


def test_who_leaves_is_counted_with_the_reason(castle: Cohort) -> None:
    persons = castle.persons
    adopter = persons.loc[persons["law"].astype(bool), "state"].iloc[0]
    changes = {
        "law": persons["law"].mask(persons["state"] == adopter, True).mask(persons["id"] == 550),
        "log_homicides": persons["log_homicides"].mask(persons["id"].isin([540, 541])),
        "population": persons["population"].mask(persons["id"] == 530),
    }
    flow = studied("law", LAW, panel_of(castle, **changes))["flow"]
    assert dict(zip(flow["step"], flow["people"], strict=True)) == {
        "due": 550,
        "exposure not known": 1,
        "unit never seen without the policy": 11,
        "outcome not known": 2,
        "weight not known": 1,
        "analysed": 535,
    }


def test_fewer_than_five_adopters_have_no_interval(castle: Cohort) -> None:
    persons = castle.persons
    adopters = persons.loc[persons["law"].astype(bool), "state"].unique()
    few = replace(castle, persons=persons[~persons["state"].isin(adopters[4:])])
    rows = told(studied("law", LAW, few), reference="no")
    assert set(rows["reason"]) == {"fewer than 5 clusters in an arm"}
    assert rows["estimate"].notna().all()


def found_of(tables: Tables, study: str) -> Found:
    return Found.of("castle", study, tables, tables["curves"].assign(study=""), synthetic=False)


def test_the_section_shows_every_estimator_and_the_test_before(castle: Cohort) -> None:
    found = found_of(studied("law_states_alike", LAW, castle), "law_states_alike")
    study = LAW.studies["law_states_alike"]
    words = showing.words(study, LAW.codebook, found)
    [line] = words["table"].rows
    assert [line[name].split(" ")[0] for name in ("interaction_weighted", "two_stage", "two_way")] == [
        *("0.019", "0.067", "0.069"),
    ]
    assert "gives p 0.08" in words["checks"][0]
    assert list(showing.figures(study, LAW.codebook, found)) == ["periods"]


@pytest.mark.parametrize(
    ("study", "trend", "reading"),
    [("law", 0.0, "holds"), ("law_states_alike", 0.0, "unclear"), ("law", 0.2, "fails")],
)
def test_a_trend_before_adoption_decides(castle: Cohort, study: str, trend: float, reading: str) -> None:
    """And where adopters may have moved by as much as the effect, the test cannot tell."""
    persons = castle.persons
    adopts = persons.groupby("state", observed=True)["law"].transform("max").astype(float)
    moved = panel_of(castle, log_homicides=persons["log_homicides"] + trend * adopts * (persons["year"] - 2000))
    [claim] = claiming.claims(LAW.studies[study], LAW.codebook, found_of(studied(study, LAW, moved), study))
    assert (claim.lead["method"], [check.reading for check in claim.checks]) == ("interaction_weighted", [reading])
    assert claim.clusters == 21


def test_an_outcome_that_is_no_column_is_refused() -> None:
    config = configured("nhefs")
    study = {"kind": "adoption", "exposure": "quit", "unit": "state", "period": "age", "outcomes": ["death"]}
    faults = [(m.path, m.what) for m in changed(config, {"studies.law": study}).check()]
    assert ("studies.law.outcomes.0", "'death' is no column of the panel") in faults
