"""The individual study as a whole: every row has an interval or a reason, and nothing depends on units or order."""

from dataclasses import replace

import numpy as np
import pytest
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.individual.exposure import IndividualResult, individual_study

from tests.conftest import world

KEY = ["study", "estimand", "contrast", "method"]
NUMBERS = ["estimate", "se", "lower", "upper"]


def study_of(cohort: Cohort, config: CohortConfig) -> IndividualResult:
    return individual_study(cohort, config.individual, config.outcomes)


def test_every_row_has_an_interval_or_a_reason(nhefs: Cohort, nhefs_config: CohortConfig, dunedin: Cohort) -> None:
    for cohort, config in ((nhefs, nhefs_config), (dunedin, world("dunedin"))):
        rows = study_of(cohort, config).estimates
        assert not rows.duplicated(KEY).any()
        assert (rows[NUMBERS].notna().all(axis=1) == (rows["reason"] == "")).all()
        assert (rows["status"] == "estimated").all()


def test_weighting_and_standardisation_give_differences_ratios_and_risks(dunedin: Cohort) -> None:
    rows = study_of(dunedin, world("dunedin")).estimates.query("study == 'multi_sector_need'")
    for method in ("ipw", "gformula"):
        own = rows[rows["method"] == method].set_index("estimand")["estimate"]
        assert own["risk_difference"] == pytest.approx(own["risk_exposed"] - own["risk_unexposed"], rel=1e-12)
        assert own["risk_ratio"] == pytest.approx(own["risk_exposed"] / own["risk_unexposed"], rel=1e-12)


def test_curves_end_in_the_rows_and_stay_within_zero_and_one(nhefs: Cohort, nhefs_config: CohortConfig) -> None:
    result = study_of(nhefs, nhefs_config)
    limits = result.curves[["survival", "lower", "upper"]].dropna()
    assert ((limits["lower"] > 0) & (limits["upper"] < 1)).all()
    assert limits["survival"].between(limits["lower"], limits["upper"]).all()
    # only before the first death of an arm has a curve no limits
    assert (result.curves.loc[result.curves["lower"].isna(), "survival"] == 1).all()
    last = result.curves.groupby(["method", "arm"]).last()
    rows = result.estimates.query("estimand == 'survival'").set_index(["method", "contrast"]).loc[last.index]
    np.testing.assert_array_equal(last[["survival", "lower", "upper"]], rows[["estimate", "lower", "upper"]])


def test_units_origins_and_order_of_people_change_nothing(nhefs: Cohort, nhefs_config: CohortConfig) -> None:
    """Weight in micrograms and age from another origin, both also squared, and people in another order."""
    persons = nhefs.persons
    moved = persons.assign(weight_1971=persons["weight_1971"] * 1e9, age=persons["age"] + 1e5)
    moved = moved.sample(frac=1, random_state=1, ignore_index=True)
    before = study_of(nhefs, nhefs_config).estimates.set_index(KEY)[NUMBERS]
    after = study_of(replace(nhefs, persons=moved), nhefs_config).estimates.set_index(KEY)[NUMBERS]
    analytic = before.index.get_level_values("method").isin(["ipw", "gformula", "crude"])
    np.testing.assert_allclose(after.loc[before.index][analytic], before[analytic], rtol=1e-8)


def without_events_in_an_arm(cohort: Cohort, exposure: str) -> Cohort:
    exposed = cohort.persons.loc[cohort.persons[exposure].eq(1), cohort.id]
    events = cohort.events
    return replace(cohort, events=events.assign(status=events["status"].mask(events["id"].isin(exposed), 0)))


def test_an_arm_without_events_has_no_interval_that_claims_to_know(nhefs: Cohort, nhefs_config: CohortConfig) -> None:
    cohort = without_events_in_an_arm(nhefs, "quit")
    config = nhefs_config.model_copy(
        update={"individual": nhefs_config.individual.model_copy(update={"outcomes": ["death"]})}
    )
    rows = individual_study(cohort, config.individual, config.outcomes, known=set()).estimates
    quitters = rows[rows["contrast"] == "quit"]
    assert len(quitters) == 2
    assert (quitters["estimate"] == 1).all()
    assert (quitters["reason"] == "too few people with the event for an interval: 0 quit").all()
    differences = rows[rows["estimand"] == "risk_difference"]
    assert (differences["status"] == "no interval").all()
    assert differences["estimate"].notna().all()
    others = rows[(rows["estimand"] == "survival") & (rows["contrast"] != "quit")]
    assert (others["status"] == "estimated").all()
