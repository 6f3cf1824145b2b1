"""The exposure study as a whole: every row has an interval or a reason, and nothing depends on units or order."""

from dataclasses import replace

import numpy as np
import pytest
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.results.schema import ESTIMATES

from tests.cohorts import changed, configured, studied

KEY = ESTIMATES.key
NUMBERS = ["estimate", "se", "lower", "upper"]


def test_every_row_has_an_interval_or_a_reason(nhefs: Cohort, dunedin: Cohort) -> None:
    for cohort, name, study in ((nhefs, "nhefs", "quitting"), (dunedin, "dunedin", "stressors")):
        rows = studied(study, configured(name), cohort)["estimates"]
        assert not rows.duplicated(KEY).any()
        assert (rows[NUMBERS].notna().all(axis=1) == (rows["reason"] == "")).all()
        assert (rows.query("estimand != 'number_needed'")["status"] == "estimated").all()


def test_every_exposure_meets_every_outcome_with_the_others_as_covariates(dunedin: Cohort) -> None:
    """The same rows come from a study of one stressor that lists the others among its covariates."""
    config = configured("dunedin")
    stressors = [exposure.column for exposure in config.studies["stressors"].exposures]
    rows = studied("stressors", config, dunedin)["estimates"]
    pairs = {(outcome, stressor) for outcome in config.studies["stressors"].outcomes for stressor in stressors}
    assert set(rows[["outcome", "exposure"]].itertuples(index=False, name=None)) == pairs
    others = [name for name in config.adjustments["full"].columns if name != "maltreatment"]
    alone = changed(
        config,
        {"studies.stressors.exposures": ["maltreatment"], "studies.stressors.adjust": {"columns": others}},
    )
    one = studied("stressors", alone, dunedin)["estimates"]
    same = rows[rows["exposure"] == "maltreatment"].reset_index(drop=True)
    assert one.equals(same)


def test_weighting_and_standardisation_give_differences_ratios_and_risks(dunedin: Cohort) -> None:
    found = studied("stressors", configured("dunedin"), dunedin)["estimates"]
    rows = found.query("outcome == 'multi_sector_need' and exposure == 'poverty'")
    for method in ("ipw", "standardisation"):
        own = rows[rows["method"] == method].set_index("estimand")["estimate"]
        assert own["risk_difference"] == pytest.approx(own["risk_exposed"] - own["risk_unexposed"], rel=1e-12)
        assert own["risk_ratio"] == pytest.approx(own["risk_exposed"] / own["risk_unexposed"], rel=1e-12)


def test_curves_end_in_the_rows_and_stay_within_zero_and_one(nhefs: Cohort, nhefs_config: CohortConfig) -> None:
    tables = studied("quitting", nhefs_config, nhefs)
    curves = tables["curves"].query("curve == 'survival'")
    limits = curves[["estimate", "lower", "upper"]].dropna()
    assert ((limits["lower"] > 0) & (limits["upper"] < 1)).all()
    assert limits["estimate"].between(limits["lower"], limits["upper"]).all()
    # only before the first death of an arm has a curve no limits
    assert (curves.loc[curves["lower"].isna(), "estimate"] == 1).all()
    last = curves.groupby(["method", "arm"]).last()
    rows = tables["estimates"].set_index(["method", "estimand"])
    rows = rows.loc[[(method, f"survival_{arm}") for method, arm in last.index]]
    np.testing.assert_array_equal(last[["estimate", "lower", "upper"]], rows[["estimate", "lower", "upper"]])


def test_units_origins_and_order_of_people_change_nothing(nhefs: Cohort, nhefs_config: CohortConfig) -> None:
    """Weight in micrograms and age from another origin, both also squared, and people in another order."""
    persons = nhefs.persons
    moved = persons.assign(weight_1971=persons["weight_1971"] * 1e9, age=persons["age"] + 1e5)
    moved = moved.sample(frac=1, random_state=1, ignore_index=True)
    before, after = (
        studied("quitting", nhefs_config, cohort)["estimates"].set_index(KEY)[NUMBERS]
        for cohort in (nhefs, replace(nhefs, persons=moved))
    )
    analytic = before.index.get_level_values("method").isin(["ipw", "standardisation", "crude"])
    np.testing.assert_allclose(after.loc[before.index][analytic], before[analytic], rtol=1e-8)


def without_events_in_an_arm(cohort: Cohort, exposure: str) -> Cohort:
    exposed = cohort.persons.loc[cohort.persons[exposure].eq(1), cohort.id]
    events = cohort.events
    return replace(cohort, events=events.assign(status=events["status"].mask(events["id"].isin(exposed), 0)))


def test_an_arm_without_events_has_no_interval_that_claims_to_know(nhefs: Cohort, nhefs_config: CohortConfig) -> None:
    cohort = without_events_in_an_arm(nhefs, "quit")
    config = changed(nhefs_config, {"studies.quitting.outcomes": ["death"]})
    rows = studied("quitting", config, cohort, known=set())["estimates"]
    quitters = rows[rows["estimand"] == "survival_exposed"]
    assert len(quitters) == 2
    assert (quitters["estimate"] == 1).all()
    assert (quitters["reason"] == "too few people with the event for an interval: 0 exposed").all()
    differences = rows[rows["estimand"] == "risk_difference"]
    assert (differences["status"] == "no interval").all()
    assert differences["estimate"].notna().all()
    others = rows[rows["estimand"] == "survival_unexposed"]
    assert (others["status"] == "estimated").all()
