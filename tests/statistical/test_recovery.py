"""Analyses on worlds with known truth: nothing is found where there is nothing, and what is there is found.

The null world is drawn here; what draws of the cohort as configured say stands in the committed table of recovery.
Tolerances are four Monte Carlo standard errors of the mean over draws; bands for coverage are four binomial errors
around 95%.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.errors import DataError
from evenwicht.cohort import Cohort
from evenwicht.config import AS_CONFIGURED, CohortConfig
from evenwicht.display.section import where
from evenwicht.estimators.results import ESTIMANDS
from evenwicht.recovery import gather_replicates, recovery_table, replicate, summarise
from evenwicht.results.questions import ALL_CHANGES
from evenwicht.results.rows import with_truth
from evenwicht.results.schema import QUESTION
from evenwicht.worlds import exact_values

from tests.cohorts import changed, configured, people_of, studied, truth_of, with_studies
from tests.conftest import world_with
from tests.recovered import biased, covers, effects, present_settings, recovered, unbiased

REPLICATES = 100
EXPOSURE, POLICY = "stressors", "child_benefit"
ADJUSTED = [(EXPOSURE, "regression"), (EXPOSURE, "ipw"), (EXPOSURE, "standardisation"), (POLICY, "regression")]


@pytest.fixture(scope="module")
def null_config(dunedin_config: CohortConfig) -> CohortConfig:
    """The default cohort where nothing has an effect, with one of its five stressors, and the others as covariates.

    Each of the five asks the same of a method.
    """
    covariates = dunedin_config.adjustments["full"].without("poverty").model_dump()
    one = {f"studies.{EXPOSURE}.exposures": ["poverty"], f"studies.{EXPOSURE}.adjust": covariates}
    one[f"studies.{EXPOSURE}.outcomes"] = ["multi_sector_need", "disease"]
    config = changed(with_studies(dunedin_config, EXPOSURE, POLICY), one)
    return world_with(config, stressor_effect="null", policy_effect="null")


def replicates_of(config: CohortConfig, draws: int, count: int) -> pd.DataFrame:
    return replicate(config, truth_of(config, draws, 21), 22, range(1, count + 1))[0]


@pytest.fixture(scope="module")
def null_world(null_config: CohortConfig) -> pd.DataFrame:
    return replicates_of(null_config, 200_000, REPLICATES)


def summary_of(replicates: pd.DataFrame, study: str, method: str) -> pd.DataFrame:
    return judged(where(summarise(replicates), study=study, method=method))


def judged(rows: pd.DataFrame) -> pd.DataFrame:
    """Effects, without the level of high need and without hospital nights, of which registers miss those abroad.

    High need is the top share of those seen, so that its level depends on who takes part and is abroad.
    """
    rows = effects(rows[rows["outcome"] != "hospital_nights"])
    return rows[~(is_level(rows) & (rows["outcome"] == "multi_sector_need"))]


def is_level(rows: pd.DataFrame) -> pd.Series:
    """Whether a row is about a risk itself and no contrast."""
    return rows["estimand"].map(lambda name: ESTIMANDS[name].kind == "probability")


# --- the null world -------------------------------------------------------------------------------------------------


def test_truth_of_the_null_world_is_nothing(null_world: pd.DataFrame) -> None:
    differences = where(null_world, estimand=["risk_difference", "population_risk_difference"])
    ratios = where(null_world, estimand=["conditional_hazard_ratio", "risk_ratio"])
    known = ratios["truth"].dropna()
    assert len(differences)
    assert len(known)
    assert (differences["truth"] == 0).all()
    assert (known == 1).all()


@pytest.mark.parametrize(("study", "method"), ADJUSTED)
def test_adjusted_analyses_find_nothing_in_the_null_world(study: str, method: str, null_world: pd.DataFrame) -> None:
    rows = summary_of(null_world, study, method)
    assert unbiased(rows), rows


@pytest.mark.parametrize(("study", "method"), ADJUSTED)
def test_intervals_exclude_nothing_five_percent_of_the_time_in_the_null_world(
    study: str, method: str, null_world: pd.DataFrame
) -> None:
    rows = summary_of(null_world, study, method)
    assert covers(rows), rows


def test_the_crude_contrast_is_fooled_by_confounding_even_in_the_null_world(null_world: pd.DataFrame) -> None:
    rows = summary_of(null_world, EXPOSURE, "crude")
    rows = rows[~is_level(rows)]
    assert set(rows["outcome"]) == {"multi_sector_need", "disease"}
    assert biased(rows), rows
    assert (rows["mean_bias"] > 0).all()


def test_replicates_are_fresh_and_repeatable(null_world: pd.DataFrame, null_config: CohortConfig) -> None:
    crude = where(null_world, study=EXPOSURE, outcome="disease", estimand="risk_difference", method="crude")
    assert crude["estimate"].nunique() == REPLICATES
    again = replicates_of(null_config, 10_000, 2)
    first_two = null_world[null_world["replicate"] <= 2]
    np.testing.assert_array_equal(again["estimate"], first_two["estimate"])


def test_every_replicate_of_an_individual_study_carries_its_interval(null_world: pd.DataFrame) -> None:
    """Here draw by draw, and counted over the draws of the cohort as configured."""
    rows = effects(where(null_world, study=EXPOSURE))
    assert rows[["estimate", "se", "lower", "upper"]].notna().all().all()
    assert (rows["status"] == "estimated").all()
    counted = effects(where(recovered("dunedin"), study=EXPOSURE))
    assert len(counted)
    assert (counted[["no_estimate", "no_interval"]] == 0).all().all()


# --- as configured --------------------------------------------------------------------------------------------------


def test_weighting_and_standardisation_find_the_individual_effect() -> None:
    """Of all five stressors.

    A logistic model of a stressor whose liability is normal leaves weights slightly off, which the table begins to
    tell; weighting is judged as closely as a hundred draws can.
    """
    rows = judged(where(recovered("dunedin"), study=EXPOSURE))
    standardised, weighted = (where(rows, method=method) for method in ("standardisation", "ipw"))
    assert standardised["exposure"].nunique() == weighted["exposure"].nunique() == 5
    assert unbiased(standardised), standardised
    assert unbiased(weighted, draws=100), weighted


def test_the_conditional_hazard_ratio_is_found() -> None:
    rows = where(recovered("dunedin"), study=EXPOSURE, method="regression", estimand="conditional_hazard_ratio")
    assert len(rows) == 5
    assert unbiased(rows), rows
    assert covers(rows), rows


@pytest.mark.parametrize("method", ["crude", "regression"])
def test_the_policy_effect_is_found_with_twelve_clusters(method: str) -> None:
    rows = judged(where(recovered("dunedin"), study=POLICY, method=method))
    assert set(rows["outcome"]) == {"poverty", "multi_sector_need", "disease"}
    assert unbiased(rows), rows
    assert covers(rows), rows


# --- how draws are put together -------------------------------------------------------------------------------------


def test_the_table_of_draws_does_not_depend_on_how_replicates_were_cut() -> None:
    config, drawn, scenario = configured("deprivation"), 6, "another"
    truth = exact_values(config.source, config.codebook, config.questions)
    settings = {config.name: {AS_CONFIGURED: "d0", scenario: "d1"}}
    whole = pd.concat(replicate(config, truth, 71, range(1, drawn + 1), place)[0] for place in settings[config.name])
    pieces = [whole[whole["replicate"] % 3 == k] for k in (2, 0, 1)]
    one, other = (
        recovery_table(gather_replicates(parts), settings, {config.name: drawn}) for parts in ([whole], pieces)
    )
    assert set(one["scenario"]) == {AS_CONFIGURED, scenario}
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_draws_made_with_other_settings_are_refused() -> None:
    other = {name: dict.fromkeys(places, "other") for name, places in present_settings().items()}
    for place in (AS_CONFIGURED, "no_effect"):
        with pytest.raises(pytest.fail.Exception, match="run make recovery"):
            recovered("rationing", place, settings=other)


# --- concentration --------------------------------------------------------------------------------------------------


def test_concentration_of_a_large_draw_is_its_truth(dunedin_config: CohortConfig) -> None:
    """Everybody alive takes part alike and nobody lives abroad, so a large draw differs from everybody by chance alone.

    But for changes made together, or on top of others: their model lets each act by the same factor whatever else was
    changed, while need here levels off, so that it understates them: all together by a tenth.
    """
    everybody_alike = dunedin_config.source.participation.model_copy(update={"ses": 0.0})
    nobody_abroad = dunedin_config.source.abroad.model_copy(update={"prevalence": 1e-9})
    alone = with_studies(dunedin_config, "concentration")
    large = world_with(alone, n=100_000, participation=everybody_alike, abroad=nobody_abroad)
    truth = truth_of(large, 500_000, 23)
    estimates = studied("concentration", large, people_of(large, 24, "simulate"))["estimates"]
    observed = with_truth(estimates, truth).merge(truth[[*QUESTION, "mc_error"]], on=QUESTION)
    assert len(observed) == len(estimates)
    observed = observed[np.isfinite(observed["se"])]
    ratio = observed["estimand"].map(lambda name: ESTIMANDS[name].kind == "ratio")
    apart = observed["estimate"] - observed["truth"]
    apart = apart.where(~ratio, np.log(observed["estimate"] / observed["truth"]))
    known_to = observed["mc_error"].where(~ratio, observed["mc_error"] / observed["truth"])
    error = np.hypot(observed["se"], known_to)
    several = observed["estimand"].eq("sequential_fraction") | observed["exposure"].eq(ALL_CHANGES)
    assert (apart[~several].abs() <= 4.5 * error[~several]).all(), observed[~several & (apart.abs() > 4.5 * error)]
    assert (apart[several] <= 4.5 * error[several]).all(), observed[several & (apart > 4.5 * error)]
    together = observed[several & observed["exposure"].eq(ALL_CHANGES)]
    # a tenth of it is the model's, see above; the rest is 4.5 standard errors of 2 to 3% of the estimates
    assert (together["estimate"] > 0.75 * together["truth"]).all(), together


def test_a_sector_that_nobody_uses_is_named(dunedin: Cohort, dunedin_config: CohortConfig) -> None:
    unused = dunedin.costs["sector"] == "crime"
    cohort = replace(dunedin, costs=dunedin.costs.assign(amount=dunedin.costs["amount"].mask(unused, 0)))
    with pytest.raises(DataError, match="nobody uses crime"):
        studied("concentration", dunedin_config, cohort)
