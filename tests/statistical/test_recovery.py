"""Analyses on worlds with known truth: nothing is found where there is nothing, and what is there is found.

Tolerances are four Monte Carlo standard errors of the mean over replicates; bands for coverage are four binomial
errors around 95%.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.errors import DataError
from evenwicht.base.streams import stream, stream_key
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.individual.concentration import concentration_study
from evenwicht.recovery import replicate_estimates, summarise
from evenwicht.results.rows import TRUTH_KEY, with_truth
from evenwicht.worlds import simulate, true_values

from tests.conftest import world_with

REPLICATES = 100
BAND = 4 * np.sqrt(0.95 * 0.05 / REPLICATES)


def replicates_of(config: CohortConfig) -> pd.DataFrame:
    truth = true_values(config, 500_000, stream_key(21, config.name, "truth"))
    return replicate_estimates(config, truth, 22, range(1, REPLICATES + 1))


@pytest.fixture(scope="module")
def null_world(dunedin_config: CohortConfig) -> pd.DataFrame:
    return replicates_of(world_with(dunedin_config, stressor_effect="null", policy_effect="null"))


@pytest.fixture(scope="module")
def default_world(dunedin_config: CohortConfig) -> pd.DataFrame:
    return replicates_of(dunedin_config)


def summary_of(replicates: pd.DataFrame, method: str, level: str) -> pd.DataFrame:
    table = summarise(replicates)
    rows = table[(table["method"] == method) & (table["level"] == level) & (table["estimand"] != "survival")]
    assert len(rows)
    return rows


def test_truth_of_the_null_world_is_nothing(null_world: pd.DataFrame) -> None:
    effects = null_world[null_world["estimand"].isin(["risk_difference"])]
    assert (effects["truth"] == 0).all()
    ratios = null_world[
        null_world["estimand"].isin(["conditional_hazard_ratio", "risk_ratio"]) & null_world["truth"].notna()
    ]
    assert (ratios["truth"] == 1).all()


@pytest.mark.parametrize(
    ("method", "level"),
    [("regression", "individual"), ("ipw", "individual"), ("gformula", "individual"), ("regression", "policy")],
)
def test_adjusted_analyses_find_nothing_in_the_null_world(method: str, level: str, null_world: pd.DataFrame) -> None:
    rows = summary_of(null_world, method, level)
    assert (rows["mean_bias"].abs() <= 4 * rows["mc_error_bias"]).all(), rows


def test_intervals_exclude_nothing_five_percent_of_the_time_in_the_null_world(null_world: pd.DataFrame) -> None:
    adjusted = [
        ("regression", "individual"),
        ("ipw", "individual"),
        ("gformula", "individual"),
        ("regression", "policy"),
    ]
    for method, level in adjusted:
        coverage = summary_of(null_world, method, level)["coverage"].dropna()
        assert len(coverage)
        assert coverage.between(0.95 - BAND, 1).all(), (method, level, coverage)


def test_the_crude_contrast_is_fooled_by_confounding_even_in_the_null_world(null_world: pd.DataFrame) -> None:
    rows = summary_of(null_world, "crude", "individual")
    assert (rows["mean_bias"] > 4 * rows["mc_error_bias"]).all()


@pytest.mark.parametrize("method", ["ipw", "gformula"])
def test_weighting_and_standardisation_find_the_individual_effect(method: str, default_world: pd.DataFrame) -> None:
    rows = summary_of(default_world, method, "individual")
    assert (rows["mean_bias"].abs() <= 4 * rows["mc_error_bias"]).all(), rows


def test_every_replicate_of_an_individual_study_carries_its_interval(default_world: pd.DataFrame) -> None:
    rows = default_world[default_world["level"] == "individual"]
    assert rows[["estimate", "se", "lower", "upper"]].notna().all().all()
    assert (rows["status"] == "estimated").all()


def test_the_conditional_hazard_ratio_is_found(default_world: pd.DataFrame) -> None:
    table = summary_of(default_world, "regression", "individual")
    row = table[table["estimand"] == "conditional_hazard_ratio"].iloc[0]
    assert abs(row["mean_bias"]) <= 4 * row["mc_error_bias"]
    assert row["coverage"] == pytest.approx(0.95, abs=BAND)


def test_the_policy_effect_is_found_with_twelve_clusters(default_world: pd.DataFrame) -> None:
    for method in ("crude", "regression"):
        rows = summary_of(default_world, method, "policy")
        assert (rows["mean_bias"].abs() <= 4 * rows["mc_error_bias"]).all()
        assert rows["coverage"].between(0.95 - BAND, 1).all()


def test_replicates_are_fresh_and_repeatable(default_world: pd.DataFrame, dunedin_config: CohortConfig) -> None:
    per_replicate = default_world[default_world["method"] == "crude"].groupby("replicate")["estimate"].first()
    assert per_replicate.nunique() == REPLICATES
    truth = true_values(dunedin_config, 100_000, stream_key(21, "dunedin", "truth"))
    again = replicate_estimates(dunedin_config, truth, 22, [1, 2])
    first_two = default_world[default_world["replicate"] <= 2]
    np.testing.assert_array_equal(again["estimate"], first_two["estimate"])


def test_concentration_of_a_large_draw_is_its_truth(dunedin_config: CohortConfig) -> None:
    """Everybody alive takes part alike and nobody lives abroad, so a large draw differs from everybody by chance alone."""
    everybody_alike = dunedin_config.source.participation.model_copy(update={"ses": 0.0})
    nobody_abroad = dunedin_config.source.abroad.model_copy(update={"prevalence": 1e-9})
    config = world_with(dunedin_config, n=100_000, participation=everybody_alike, abroad=nobody_abroad)
    truth = true_values(config, 500_000, stream_key(23, "dunedin", "truth"))
    cohort = simulate(config, stream_key(24, "dunedin", "simulate"))
    rng = stream(25, "dunedin", "concentration")
    estimates, _ = concentration_study(cohort, config.concentration, config.sector_labels, 100, rng)
    observed = with_truth(estimates, truth).query("method == 'observed'").merge(truth, on=TRUTH_KEY)
    error = np.hypot(observed["se"], observed["mc_error"])
    assert ((observed["estimate"] - observed["value"]).abs() <= 4 * error).all(), observed


def test_a_sector_that_nobody_uses_is_named(dunedin: Cohort, dunedin_config: CohortConfig) -> None:
    unused = dunedin.costs["sector"] == "crime"
    cohort = replace(dunedin, costs=dunedin.costs.assign(amount=dunedin.costs["amount"].mask(unused, 0)))
    rng = stream(1, "dunedin", "concentration")
    with pytest.raises(DataError, match="nobody uses crime"):
        concentration_study(cohort, dunedin_config.concentration, dunedin_config.sector_labels, 100, rng)
