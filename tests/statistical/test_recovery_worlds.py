"""The default analyses of the other worlds, against their truth over fresh draws.

What draws of the worlds as configured say stands in the committed table of recovery. Bias is judged by four Monte Carlo
errors of its mean, coverage by four binomial errors around 95%.
"""

import pandas as pd
import pytest
from evenwicht.display.section import where
from evenwicht.recovery import replicate, summarise

from tests.cohorts import configured, truth_of, with_studies
from tests.conftest import world_with
from tests.recovered import biased, covers, effects, recovered, unbiased


def drawn(name: str, level: str) -> pd.DataFrame:
    """What draws of a world say of effects in its studies of exposures or policies of a level."""
    kinds = {"exposure", "policy"}
    studies = [key for key, s in configured(name).studies.items() if s.level == level and s.kind in kinds]
    rows = effects(where(recovered(name), study=studies))
    assert set(rows["study"]) == set(studies)
    return rows


@pytest.mark.parametrize("name", ["deprivation", "intervention"])
def test_randomised_policies_are_found_crude_and_adjusted(name: str) -> None:
    rows = drawn(name, "policy")
    assert {"crude", "regression"} <= set(rows["method"])
    assert len(rows) >= 6
    assert unbiased(rows), rows
    assert covers(rows), rows


@pytest.mark.parametrize("name", ["deprivation", "intervention", "lifecourse"])
def test_adjustment_finds_the_effect_of_the_stressor_where_crude_contrasts_fail(name: str) -> None:
    """The chance of a stressor is logistic in no world; weighting is judged as closely as a hundred draws can."""
    rows = drawn(name, "individual")
    standardised, weighted = (where(rows, method=method) for method in ("standardisation", "ipw"))
    assert unbiased(standardised), standardised
    assert unbiased(weighted, draws=100), weighted
    for adjusted in (standardised, weighted):
        assert covers(adjusted), adjusted
    crude = where(rows, method="crude")
    crude = crude[crude["estimand"] != "risk"]  # as things are, which nothing confounds
    assert biased(crude), crude


def test_famine_is_found_where_nobody_dies_or_is_selected() -> None:
    """Selective fertility is adjusted for by SES; without infant death and frailty a Cox model is the whole truth."""
    config = with_studies(configured("famine"), "famine")
    survival = config.source.survival.model_copy(update={"infant_death": 1e-6, "famine": 0.0})
    disease = config.source.coronary_disease.model_copy(update={"frailty": 0.0})
    config = world_with(config, survival=survival, coronary_disease=disease)
    draws, _ = replicate(config, truth_of(config, 500_000, 41), 42, range(1, 61))
    rows = effects(where(summarise(draws), method="regression"))
    assert len(where(rows, estimand=["risk_difference", "conditional_hazard_ratio", "mean_difference"])) == 9
    assert unbiased(rows), rows


def test_rationing_and_households_are_found() -> None:
    """As configured, where no diagnosis is missed: differences, and the risk or survival of both arms."""
    rows = where(recovered("rationing"), study=["household", "rationed"])
    assert {"survival_exposed", "survival_unexposed", "risk_difference"} <= set(where(rows, method="ipw")["estimand"])
    policy, household = (where(rows, study=study) for study in ("rationed", "household"))
    assert len(where(policy, estimand="risk_difference")) == 4
    assert unbiased(rows[rows["method"] != "crude"]), rows
    # a policy by date of birth is not confounded, a household's habit is
    assert unbiased(where(policy, method="crude")), rows
    assert biased(where(household, method="crude", estimand="risk_difference")), rows
