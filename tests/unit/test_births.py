"""Studies of births refuse what they cannot compare, and count what they say they count."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.errors import DataError, ModelError
from evenwicht.policy.birth_dates import birth_units
from evenwicht.policy.birth_periods import birth_periods_study
from evenwicht.policy.reform import DENSITY, reform_study
from evenwicht.rows import REFERENCES, period_label
from evenwicht.streams import stream_key
from evenwicht.worlds import simulate

from tests.conftest import world, world_with


@pytest.fixture(scope="module")
def famine() -> CohortConfig:
    return world("famine")


@pytest.fixture(scope="module")
def hunger(famine: CohortConfig) -> Cohort:
    return simulate(famine, stream_key(61, "famine", "births"))


@pytest.fixture(scope="module")
def hunger_rows(famine: CohortConfig, hunger: Cohort) -> pd.DataFrame:
    return birth_periods_study(hunger, famine)


@pytest.fixture(scope="module")
def reform() -> CohortConfig:
    return world("reform")


@pytest.fixture(scope="module")
def leave(reform: CohortConfig) -> Cohort:
    return simulate(reform, stream_key(61, "reform", "births"))


def studied(config: CohortConfig, section: str, **changes: object) -> CohortConfig:
    return config.model_copy(update={section: getattr(config, section).model_copy(update=changes)})


def test_every_window_stands_against_every_group_crude_and_adjusted(
    famine: CohortConfig, hunger_rows: pd.DataFrame
) -> None:
    rows = hunger_rows
    for outcome, estimand in (("coronary_disease", "risk_difference"), ("glucose", "mean_difference")):
        for name, window in famine.birth_periods.exposed.items():
            for reference in REFERENCES:
                label = period_label(name, window, reference)
                found = rows[(rows["study"] == outcome) & (rows["contrast"] == label) & (rows["estimand"] == estimand)]
                assert {"crude", "regression"} <= set(found["method"])
                assert ("did" in set(found["method"])) == (reference == REFERENCES[-1])
    key = ["study", "estimand", "contrast", "method"]
    assert not rows.duplicated(key).any()
    did = rows[(rows["method"] == "did") & (rows["study"] == "coronary_disease")].iloc[:3]
    assert did["note"].str.contains("clusters: 16 with the policy").all()


def test_a_crude_difference_is_that_of_the_means_of_the_births_named(
    famine: CohortConfig, hunger: Cohort, hunger_rows: pd.DataFrame
) -> None:
    rows = hunger_rows
    people = hunger.persons[hunger.persons["famine_city"]]
    born = people["birth_date"].dt.date
    window = famine.birth_periods.exposed["early"]
    early = people["glucose"][(born >= window.first) & (born <= window.last)].mean()
    before = people["glucose"][born < famine.birth_periods.exposed["late"].first].mean()
    label = "early: exposed in early pregnancy vs born before"
    row = rows[(rows["study"] == "glucose") & (rows["contrast"] == label) & (rows["method"] == "crude")]
    assert row["estimate"].item() == pytest.approx(early - before)


def test_power_of_the_published_comparison_is_about_a_half_and_its_estimate_exaggerates(
    hunger_rows: pd.DataFrame,
) -> None:
    """The dossier computed 0.54 by Fisher's exact test; the normal approximation is a little larger."""
    rows = hunger_rows
    value = rows[rows["method"] == "design_analysis"].set_index("estimand")["estimate"]
    assert value["power"] == pytest.approx(0.54, abs=0.06)
    assert value["exaggeration"] > 1.2
    odds = 3 * 0.032 / 0.968
    draws = np.random.default_rng(3)
    exposed, others = draws.binomial(68, odds / (1 + odds), 2000), draws.binomial(440, 0.032, 2000)
    from scipy.stats import fisher_exact

    tests = [fisher_exact([[a, 68 - a], [b, 440 - b]])[1] < 0.05 for a, b in zip(exposed, others, strict=True)]
    assert np.mean(tests) == pytest.approx(0.54, abs=4 * np.sqrt(0.25 / 2000))


def test_few_clusters_with_the_exposure_give_no_interval(famine: CohortConfig, hunger: Cohort) -> None:
    only = {"outcomes": ["glucose"]}
    rows = birth_periods_study(hunger, studied(famine, "birth_periods", cluster="month", **only))
    late = rows[(rows["method"] == "did") & rows["contrast"].str.startswith("late")]
    assert late["lower"].isna().all()
    assert late["note"].str.contains("4 with the policy").all()
    assert (late["reason"] == "fewer than 5 clusters in an arm").all()
    people = birth_periods_study(hunger, studied(famine, "birth_periods", cluster=None, **only))
    assert people.loc[people["method"] == "did", "lower"].notna().all()


def test_events_of_a_window_count_to_the_horizon_and_too_few_give_no_interval(
    famine: CohortConfig, hunger: Cohort
) -> None:
    """Three of the births of a window fall ill before the horizon and all others after it, where no risk is told."""
    early = famine.birth_periods.exposed["early"]
    born = hunger.persons["birth_date"].dt.date
    window = (born >= early.first) & (born <= early.last) & hunger.persons["famine_city"]
    ids = hunger.persons.loc[window, hunger.id]
    heart = hunger.events[hunger.events["event"] == "coronary_disease"]
    inside = heart["id"].isin(ids)
    soon = inside & (inside.cumsum() <= 3)
    events = heart.assign(
        exit_age=heart["exit_age"].mask(inside, 55.0).mask(soon, 45.0), status=heart["status"].mask(inside, 1)
    )
    only = studied(famine, "birth_periods", outcomes=["coronary_disease"])
    rows = birth_periods_study(replace(hunger, events=events), only)
    label = period_label("early", early, REFERENCES[-1])
    found = rows[rows["contrast"] == label].set_index(["estimand", "method"])
    for key in (("risk_difference", "crude"), ("risk_difference", "did"), ("risk_ratio", "crude")):
        assert found.loc[key, "status"] == "no interval", key
        assert "too few people with the event for an interval: 3 exposed" in found.loc[key, "reason"]
    before = events[~events["id"].isin(ids) & (events["status"] == 1) & (events["exit_age"] <= 50)]
    others = hunger.persons.loc[hunger.persons["famine_city"], hunger.id]
    outside = pd.concat([born < famine.birth_periods.exposed["late"].first, born > early.last], axis=1).any(axis=1)
    compared = set(others) & set(hunger.persons.loc[outside, hunger.id])
    assert found.loc[("risk_difference", "crude"), "events"] == 3 + before["id"].isin(compared).sum()
    assert found.loc[("hazard_ratio", "crude"), "events"] > found.loc[("risk_difference", "crude"), "events"]
    assert found.loc[("hazard_ratio", "crude"), "status"] == "estimated"


def test_a_window_without_births_is_refused(famine: CohortConfig, hunger: Cohort) -> None:
    early = famine.birth_periods.exposed["early"]
    after = hunger.persons["birth_date"].dt.date
    gone = (after >= early.first) & (after <= early.last) & hunger.persons["famine_city"]
    emptied = replace(hunger, persons=hunger.persons[~gone].reset_index(drop=True))
    with pytest.raises(ModelError, match="early: exposed in early pregnancy vs born before.*0 exposed"):
        birth_periods_study(emptied, famine)
    here = replace(hunger, persons=hunger.persons[hunger.persons["famine_city"]].reset_index(drop=True))
    with pytest.raises(ModelError, match="births in the region and elsewhere: too few people"):
        birth_periods_study(here, famine)


def test_weeks_start_with_the_origin_and_months_are_those_of_the_calendar() -> None:
    import datetime as dt

    origin, days = dt.date(1945, 1, 7), np.array([-7.0, -1, 0, 6, 7, 25])
    assert birth_units(days, origin, "week").tolist() == [-1, -1, 0, 0, 1, 3]
    assert birth_units(days, origin, "month").tolist() == [
        "1944-12",
        "1945-01",
        "1945-01",
        "1945-01",
        "1945-01",
        "1945-02",
    ]


# --- reform ---------------------------------------------------------------------------------------------------------


def test_a_reform_is_estimated_by_every_method_with_its_checks(reform: CohortConfig, leave: Cohort) -> None:
    rows = reform_study(leave, reform)
    methods = {"rd", "rd_donut", "same_dates", "same_dates_donut"}
    for study in ("leave_months", "dropout", "log_earnings"):
        found = rows[(rows["study"] == study) & rows["contrast"].str.startswith("born_after")]
        assert set(found["method"]) == methods
    assert rows["contrast"].str.startswith("placebo").sum() == 2 * len(reform.reform.other_years)
    density = rows[rows["contrast"] == DENSITY].iloc[0]
    born = leave.persons["birth_date"]
    near = [
        sum(((born - pd.Timestamp(y, 7, 1)).dt.days.between(low, low + 13)).sum() for y in years)
        for years in ([1977], [1975, 1976, 1978, 1979])
        for low in (0, -14)
    ]
    assert density["estimate"] == pytest.approx(near[0] / near[1] / (near[2] / near[3]))
    assert density["n"] == sum(near)


def test_same_dates_without_covariates_is_a_difference_of_four_means_within_weeks(
    reform: CohortConfig, leave: Cohort
) -> None:
    """With one week on either side the fixed effects are four cells, and the estimate their double difference."""
    config = studied(reform, "reform", bandwidth_days=14, donut_days=7, other_years=[1976])
    rows = reform_study(leave, config)
    row = rows[(rows["study"] == "log_earnings") & (rows["method"] == "same_dates_donut")].iloc[0]
    people = leave.persons.dropna(subset=["log_earnings"])

    def mean(year: int, low: int) -> float:
        days = (people["birth_date"] - pd.Timestamp(year, 7, 1)).dt.days
        return float(people["log_earnings"][days.between(low, low + 6)].mean())

    double = mean(1977, 7) - mean(1977, -14) - (mean(1976, 7) - mean(1976, -14))
    assert row["estimate"] == pytest.approx(double)


def test_an_exposure_that_contradicts_the_date_is_refused(reform: CohortConfig, leave: Cohort) -> None:
    late = studied(reform, "reform", date=reform.reform.date.replace(day=2))
    with pytest.raises(DataError, match="'born_after' contradicts the date 1977-07-02 for [0-9]+ people"):
        reform_study(leave, late)


def test_no_births_near_the_date_is_refused(reform: CohortConfig, leave: Cohort) -> None:
    with pytest.raises(ModelError, match="too few people to compare|no births on one side"):
        reform_study(leave, studied(reform, "reform", other_years=[1990]))
    far = leave.persons[leave.persons["birth_date"].dt.month == 1].reset_index(drop=True)
    with pytest.raises(ModelError, match="nobody was born near the date"):
        reform_study(replace(leave, persons=far), reform)


def test_covariates_enter_every_method(reform: CohortConfig, leave: Cohort) -> None:
    plain = reform_study(leave, reform)
    adjust = reform.individual.adjust
    adjusted = reform_study(leave, studied(reform, "reform", adjust=adjust))
    key = ["study", "estimand", "contrast", "method"]
    both = plain.merge(adjusted, on=key, suffixes=("", "_adjusted"))
    earnings = both[(both["study"] == "log_earnings")]
    assert (earnings["se_adjusted"] < earnings["se"]).mean() > 0.8
    assert (earnings["estimate"] != earnings["estimate_adjusted"]).all()


def test_a_reform_of_another_scale_is_another_size(reform: CohortConfig) -> None:
    assert world_with(reform, scale=0.02).source.n == 5000
