"""Analyses on worlds with known truth: nothing is found where there is nothing, and what is there is found.

Tolerances are four Monte Carlo standard errors of the mean over replicates; bands for coverage are four binomial
errors around 95%.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.errors import DataError
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.display.section import where
from evenwicht.estimators.results import ESTIMANDS
from evenwicht.recovery import replicate, summarise
from evenwicht.results.rows import with_truth
from evenwicht.results.schema import QUESTION

from tests.cohorts import changed, people_of, studied, truth_of
from tests.conftest import world_with

REPLICATES = 100
BAND = 4 * np.sqrt(0.95 * 0.05 / REPLICATES)
EXPOSURE, POLICY = "stressors", "child_benefit"
ADJUSTED = [(EXPOSURE, "regression"), (EXPOSURE, "ipw"), (EXPOSURE, "standardisation"), (POLICY, "regression")]


@pytest.fixture(scope="module")
def config(dunedin_config: CohortConfig) -> CohortConfig:
    """The default cohort with one of its five stressors, and the others as covariates: each asks the same of a method."""
    covariates = dunedin_config.adjustments["full"].without("poverty").model_dump()
    one = {f"studies.{EXPOSURE}.exposures": ["poverty"], f"studies.{EXPOSURE}.adjust": covariates}
    return changed(dunedin_config, one)


def replicates_of(config: CohortConfig) -> pd.DataFrame:
    return replicate(config, truth_of(config, 500_000, 21), 22, range(1, REPLICATES + 1))[0]


@pytest.fixture(scope="module")
def null_world(config: CohortConfig) -> pd.DataFrame:
    return replicates_of(world_with(config, stressor_effect="null", policy_effect="null"))


@pytest.fixture(scope="module")
def default_world(config: CohortConfig) -> pd.DataFrame:
    return replicates_of(config)


def summary_of(replicates: pd.DataFrame, study: str, method: str) -> pd.DataFrame:
    """Without the level of high need: it is the top share of those seen, so it depends on who takes part and is abroad."""
    rows = where(summarise(replicates), study=study, method=method)
    rows = rows[~(is_level(rows) & (rows["outcome"] == "multi_sector_need"))]
    assert len(rows)
    return rows


def is_level(rows: pd.DataFrame) -> pd.Series:
    """Whether a row is about a risk itself and no contrast."""
    return rows["estimand"].map(lambda name: ESTIMANDS[name].kind == "probability")


def test_truth_of_the_null_world_is_nothing(null_world: pd.DataFrame) -> None:
    effects = null_world[null_world["estimand"].isin(["risk_difference"])]
    assert (effects["truth"] == 0).all()
    ratios = null_world[
        null_world["estimand"].isin(["conditional_hazard_ratio", "risk_ratio"]) & null_world["truth"].notna()
    ]
    assert (ratios["truth"] == 1).all()


@pytest.mark.parametrize(("study", "method"), ADJUSTED)
def test_adjusted_analyses_find_nothing_in_the_null_world(study: str, method: str, null_world: pd.DataFrame) -> None:
    rows = summary_of(null_world, study, method)
    assert (rows["mean_bias"].abs() <= 4 * rows["mc_error_bias"]).all(), rows


@pytest.mark.parametrize(("study", "method"), ADJUSTED)
def test_intervals_exclude_nothing_five_percent_of_the_time_in_the_null_world(
    study: str, method: str, null_world: pd.DataFrame
) -> None:
    coverage = summary_of(null_world, study, method)["coverage"].dropna()
    assert len(coverage)
    assert coverage.between(0.95 - BAND, 1).all(), coverage


def test_the_crude_contrast_is_fooled_by_confounding_even_in_the_null_world(null_world: pd.DataFrame) -> None:
    rows = summary_of(null_world, EXPOSURE, "crude")
    rows = rows[~is_level(rows)]
    assert len(rows)
    assert (rows["mean_bias"] > 4 * rows["mc_error_bias"]).all()


@pytest.mark.parametrize("method", ["ipw", "standardisation"])
def test_weighting_and_standardisation_find_the_individual_effect(method: str, default_world: pd.DataFrame) -> None:
    rows = summary_of(default_world, EXPOSURE, method)
    assert (rows["mean_bias"].abs() <= 4 * rows["mc_error_bias"]).all(), rows


def test_every_replicate_of_an_individual_study_carries_its_interval(default_world: pd.DataFrame) -> None:
    rows = where(default_world, study=EXPOSURE)
    assert rows[["estimate", "se", "lower", "upper"]].notna().all().all()
    assert (rows["status"] == "estimated").all()


def test_the_conditional_hazard_ratio_is_found(default_world: pd.DataFrame) -> None:
    rows = where(summary_of(default_world, EXPOSURE, "regression"), estimand="conditional_hazard_ratio")
    (row,) = rows.to_dict("records")
    assert abs(row["mean_bias"]) <= 4 * row["mc_error_bias"]
    assert row["coverage"] == pytest.approx(0.95, abs=BAND)


@pytest.mark.parametrize("method", ["crude", "regression"])
def test_the_policy_effect_is_found_with_twelve_clusters(method: str, default_world: pd.DataFrame) -> None:
    rows = summary_of(default_world, POLICY, method)
    assert (rows["mean_bias"].abs() <= 4 * rows["mc_error_bias"]).all()
    assert rows["coverage"].between(0.95 - BAND, 1).all()


def test_replicates_are_fresh_and_repeatable(default_world: pd.DataFrame, config: CohortConfig) -> None:
    differences = where(default_world, method="crude", estimand="risk_difference")
    per_replicate = differences.groupby("replicate")["estimate"].first()
    assert per_replicate.nunique() == REPLICATES
    again = replicate(config, truth_of(config, 100_000, 21), 22, [1, 2])[0]
    first_two = default_world[default_world["replicate"] <= 2]
    np.testing.assert_array_equal(again["estimate"], first_two["estimate"])


def test_concentration_of_a_large_draw_is_its_truth(dunedin_config: CohortConfig) -> None:
    """Everybody alive takes part alike and nobody lives abroad, so a large draw differs from everybody by chance alone."""
    everybody_alike = dunedin_config.source.participation.model_copy(update={"ses": 0.0})
    nobody_abroad = dunedin_config.source.abroad.model_copy(update={"prevalence": 1e-9})
    large = world_with(dunedin_config, n=100_000, participation=everybody_alike, abroad=nobody_abroad)
    truth = truth_of(large, 500_000, 23)
    estimates = studied("concentration", large, people_of(large, 24, "simulate"), permutations=100)["estimates"]
    observed = with_truth(estimates, truth).merge(truth[[*QUESTION, "mc_error"]], on=QUESTION)
    assert len(observed) == len(estimates) == 3 * len(dunedin_config.codebook.sectors) + 1
    error = np.hypot(observed["se"], observed["mc_error"])
    assert ((observed["estimate"] - observed["truth"]).abs() <= 4 * error).all(), observed


def test_a_sector_that_nobody_uses_is_named(dunedin: Cohort, dunedin_config: CohortConfig) -> None:
    unused = dunedin.costs["sector"] == "crime"
    cohort = replace(dunedin, costs=dunedin.costs.assign(amount=dunedin.costs["amount"].mask(unused, 0)))
    with pytest.raises(DataError, match="nobody uses crime"):
        studied("concentration", dunedin_config, cohort)
