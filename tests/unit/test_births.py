"""Studies of births refuse what they cannot compare, and count what they say they count."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.errors import DataError, ModelError
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.display.section import where
from evenwicht.results.rows import FAILED
from evenwicht.results.schema import ESTIMATES
from evenwicht.studies.birth_dates import birth_units
from evenwicht.studies.birth_periods import BEFORE, BOTH, EARLIER, PRE_TREND, REFERENCES, SPARED
from evenwicht.studies.discontinuity import BIRTHS

from tests.cohorts import Tables, changed, configured, people_of, studied
from tests.conftest import world_with

EARLY, FIRST = (dt.date(1945, 8, 19), dt.date(1945, 12, 8)), dt.date(1945, 1, 7)  # of the famine's windows


@pytest.fixture(scope="module")
def famine() -> CohortConfig:
    return configured("famine")


@pytest.fixture(scope="module")
def hunger(famine: CohortConfig) -> Cohort:
    return people_of(famine, 61, "births")


@pytest.fixture(scope="module")
def hunger_tables(famine: CohortConfig, hunger: Cohort) -> Tables:
    return studied("windows", famine, hunger)


@pytest.fixture(scope="module")
def reform() -> CohortConfig:
    return configured("reform")


@pytest.fixture(scope="module")
def leave(reform: CohortConfig) -> Cohort:
    return people_of(reform, 61, "births")


def windows(config: CohortConfig, **settings: object) -> CohortConfig:
    """The study of windows of birth with other settings."""
    return changed(config, {f"studies.windows.{name}": value for name, value in settings.items()})


def at_date(config: CohortConfig, **settings: object) -> CohortConfig:
    """The study of a date with other settings."""
    return changed(config, {f"studies.leave.{name}": value for name, value in settings.items()})


def born_early(cohort: Cohort) -> pd.Series:
    """Who was born in the famine city in the window of early exposure."""
    born = cohort.persons["birth_date"].dt.date
    return (born >= EARLY[0]) & (born <= EARLY[1]) & cohort.persons["famine_city"]


def test_every_window_stands_against_every_group_crude_and_adjusted(hunger_tables: Tables) -> None:
    rows, diagnostics = hunger_tables["estimates"], hunger_tables["diagnostics"]
    for outcome, estimand in (("coronary_disease", "risk_difference"), ("glucose", "mean_difference")):
        for window in ("late", "mid", "early"):
            of = rows[(rows["outcome"] == outcome) & (rows["exposure"] == window) & (rows["estimand"] == estimand)]
            methods = of.groupby("reference")["method"].agg(set).to_dict()
            assert methods == {**{key: {"crude", "regression"} for key in REFERENCES}, SPARED: {"did"}}
    assert not rows.duplicated(ESTIMATES.key).any()
    told = diagnostics.query("method == 'did' and statistic == 'clusters_exposed' and outcome == 'coronary_disease'")
    assert told[told["reference"] == SPARED]["value"].tolist() == [16, 16, 16]


def test_a_crude_difference_is_that_of_the_means_of_the_births_named(hunger: Cohort, hunger_tables: Tables) -> None:
    people = hunger.persons[hunger.persons["famine_city"]]
    early = people["glucose"][born_early(hunger)].mean()
    before = people["glucose"][people["birth_date"].dt.date < FIRST].mean()
    rows = hunger_tables["estimates"]
    row = where(rows, outcome="glucose", exposure="early", reference=BEFORE, method="crude")
    assert row["estimate"].item() == pytest.approx(early - before)


def test_power_of_the_published_comparison_is_about_a_half_and_its_estimate_exaggerates(hunger_tables: Tables) -> None:
    """The dossier computed 0.54 by Fisher's exact test; the normal approximation is a little larger."""
    rows = hunger_tables["diagnostics"].query("method == 'design_analysis'")
    assert set(rows["outcome"]) == {"coronary_disease"}
    assert set(rows["exposure"]) == {"early"}
    value = rows.set_index("statistic")["value"]
    assert value["power"] == pytest.approx(0.54, abs=0.06)
    assert value["type_m"] > 1.2
    odds = 3 * 0.032 / 0.968
    draws = np.random.default_rng(3)
    exposed, others = draws.binomial(68, odds / (1 + odds), 2000), draws.binomial(440, 0.032, 2000)
    from scipy.stats import fisher_exact

    tests = [fisher_exact([[a, 68 - a], [b, 440 - b]])[1] < 0.05 for a, b in zip(exposed, others, strict=True)]
    assert np.mean(tests) == pytest.approx(0.54, abs=4 * np.sqrt(0.25 / 2000))


def test_few_clusters_with_the_exposure_give_no_interval(famine: CohortConfig, hunger: Cohort) -> None:
    tables = studied("windows", windows(famine, cluster="month", outcomes=["glucose"], design_analysis=None), hunger)
    late = "method == 'did' and exposure == 'late'"
    rows = tables["estimates"].query(late)
    assert len(rows) == 1
    assert rows["lower"].isna().all()
    assert (rows["reason"] == "fewer than 5 clusters in an arm").all()
    told = tables["diagnostics"].query(late).set_index("statistic")["value"]
    assert told["clusters_exposed"] == 4
    people = studied("windows", windows(famine, cluster=None, outcomes=["glucose"]), hunger)["estimates"]
    assert people.loc[people["method"] == "did", "lower"].notna().all()


def test_events_of_a_window_count_to_the_horizon_and_too_few_give_no_interval(
    famine: CohortConfig, hunger: Cohort
) -> None:
    """Three of the births of a window fall ill before the horizon and all others after it, where no risk is told."""
    born, window = hunger.persons["birth_date"].dt.date, born_early(hunger)
    ids = hunger.persons.loc[window, hunger.id]
    heart = hunger.events[hunger.events["event"] == "coronary_disease"]
    inside = heart["id"].isin(ids)
    soon = inside & (inside.cumsum() <= 3)
    events = heart.assign(
        exit_age=heart["exit_age"].mask(inside, 55.0).mask(soon, 45.0), status=heart["status"].mask(inside, 1)
    )
    only = windows(famine, outcomes=["coronary_disease"])
    rows = studied("windows", only, replace(hunger, events=events))["estimates"].query("exposure == 'early'")
    found = rows[rows["reference"].isin([BOTH, SPARED])].set_index(["estimand", "method"])
    for key in (("risk_difference", "crude"), ("risk_difference", "did"), ("risk_ratio", "crude")):
        assert found.loc[key, "status"] == "no interval", key
        assert "too few people with the event for an interval: 3 exposed" in found.loc[key, "reason"]
        assert found.loc[key, "at"] == "50"
    before = events[~events["id"].isin(ids) & (events["status"] == 1) & (events["exit_age"] <= 50)]
    others = hunger.persons.loc[hunger.persons["famine_city"], hunger.id]
    outside = pd.concat([born < FIRST, born > EARLY[1]], axis=1).any(axis=1)
    compared = set(others) & set(hunger.persons.loc[outside, hunger.id])
    assert found.loc[("risk_difference", "crude"), "events"] == 3 + before["id"].isin(compared).sum()
    assert found.loc[("hazard_ratio", "crude"), "events"] > found.loc[("risk_difference", "crude"), "events"]
    assert found.loc[("hazard_ratio", "crude"), "status"] == "estimated"


def test_a_window_without_births_is_refused_and_leaves_the_others(famine: CohortConfig, hunger: Cohort) -> None:
    emptied = replace(hunger, persons=hunger.persons[~born_early(hunger)].reset_index(drop=True))
    with pytest.raises(ModelError, match="early against born_before.*0 exposed"):
        studied("windows", famine, emptied)
    rows = studied("windows", windows(famine, outcomes=["glucose"]), emptied, strict=False)["estimates"]
    failed = rows[rows["method"] == FAILED]
    assert set(failed["exposure"]) >= {"early"}
    assert failed["reason"].ne("").all()
    found = rows[rows["exposure"].isin(["late", "mid"]) & rows["reference"].isin(REFERENCES)]
    assert (found["status"] == "estimated").all()
    assert len(found) == 2 * len(REFERENCES) * 2


def test_births_in_one_region_alone_give_no_difference_in_differences(famine: CohortConfig, hunger: Cohort) -> None:
    here = replace(hunger, persons=hunger.persons[hunger.persons["famine_city"]].reset_index(drop=True))
    with pytest.raises(ModelError, match="spared_region, coronary_disease: too few people"):
        studied("windows", famine, here)
    rows = studied("windows", windows(famine, outcomes=["glucose"]), here, strict=False)["estimates"]
    failed = rows[rows["method"] == FAILED]
    assert set(failed["reference"]) == {SPARED, EARLIER}
    assert (rows.loc[rows["reference"].isin(REFERENCES), "status"] == "estimated").all()


def test_the_pre_trend_compares_births_before_the_exposure(hunger_tables: Tables) -> None:
    rows = where(hunger_tables["estimates"], exposure=PRE_TREND)
    assert set(rows["reference"]) == {EARLIER}
    assert set(rows["method"]) == {"did"}
    assert rows["lower"].notna().all()


def test_weeks_start_with_the_origin_and_months_are_those_of_the_calendar() -> None:
    origin, days = dt.date(1945, 1, 7), np.array([-7.0, -1, 0, 6, 7, 25])
    assert birth_units(days, origin, "week").tolist() == [-1, -1, 0, 0, 1, 3]
    january = 12 * 1945 + 1
    assert birth_units(days, origin, "month").tolist() == [january - 1, *[january] * 4, january + 1]


# --- reform ---------------------------------------------------------------------------------------------------------


def test_a_reform_is_estimated_by_every_method_with_its_checks(reform: CohortConfig, leave: Cohort) -> None:
    rows = studied("leave", reform, leave)["estimates"]
    methods = {"rd", "rd_donut", "difference_in_discontinuities", "difference_in_discontinuities_donut"}
    for outcome in ("leave_months", "dropout", "log_earnings"):
        found = rows[(rows["outcome"] == outcome) & (rows["exposure"] == "born_after")]
        assert set(found["method"]) == methods
    placebo = {f"born_after_{year}" for year in (1975, 1976, 1978, 1979)}
    assert set(rows["exposure"]) - {"born_after", "two_weeks_after"} == placebo
    assert rows["exposure"].isin(placebo).sum() == 2 * 4
    density = rows[rows["outcome"] == BIRTHS].iloc[0]
    born = leave.persons["birth_date"]
    near = [
        sum(((born - pd.Timestamp(y, 7, 1)).dt.days.between(low, low + 13)).sum() for y in years)
        for years in ([1977], [1975, 1976, 1978, 1979])
        for low in (0, -14)
    ]
    assert density["estimate"] == pytest.approx(near[0] / near[1] / (near[2] / near[3]))
    assert density["n"] == sum(near)


def test_differences_without_covariates_are_of_four_means_within_weeks(reform: CohortConfig, leave: Cohort) -> None:
    """With one week on either side the fixed effects are four cells, and the estimate their double difference."""
    near = at_date(reform, bandwidth_days=14, donut_days=7, other_years=[1976])
    rows = studied("leave", near, leave)["estimates"]
    row = rows.query("outcome == 'log_earnings' and method == 'difference_in_discontinuities_donut'")
    people = leave.persons.dropna(subset=["log_earnings"])

    def mean(year: int, low: int) -> float:
        days = (people["birth_date"] - pd.Timestamp(year, 7, 1)).dt.days
        return float(people["log_earnings"][days.between(low, low + 6)].mean())

    double = mean(1977, 7) - mean(1977, -14) - (mean(1976, 7) - mean(1976, -14))
    assert row["estimate"].item() == pytest.approx(double)


def test_an_exposure_that_contradicts_the_date_is_refused(reform: CohortConfig, leave: Cohort) -> None:
    with pytest.raises(DataError, match="'born_after' contradicts the date 1977-07-02 for [0-9]+ people"):
        studied("leave", at_date(reform, date="1977-07-02"), leave)


def test_no_births_near_the_date_is_refused(reform: CohortConfig, leave: Cohort) -> None:
    with pytest.raises(ModelError, match="too few people to compare|no births on one side"):
        studied("leave", at_date(reform, other_years=[1990]), leave)
    far = leave.persons[leave.persons["birth_date"].dt.month == 1].reset_index(drop=True)
    with pytest.raises(ModelError, match="nobody was born near the date"):
        studied("leave", reform, replace(leave, persons=far))


def test_covariates_enter_every_method(reform: CohortConfig, leave: Cohort) -> None:
    plain = studied("leave", reform, leave)["estimates"]
    adjusted = studied("leave", at_date(reform, adjust={"columns": ["ses", "ses_rank"]}), leave)["estimates"]
    both = plain.merge(adjusted, on=ESTIMATES.key, suffixes=("", "_adjusted"))
    earnings = both[(both["outcome"] == "log_earnings")]
    assert len(earnings) == 4 + 4
    assert (earnings["se_adjusted"] < earnings["se"]).mean() > 0.8
    assert (earnings["estimate"] != earnings["estimate_adjusted"]).all()


def test_a_reform_of_another_scale_is_another_size(reform: CohortConfig) -> None:
    assert world_with(reform, scale=0.02).source.n == 5000
