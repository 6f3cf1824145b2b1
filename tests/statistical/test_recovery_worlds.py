"""The default analyses of the other worlds, against their truth over fresh draws.

Bias is judged by four Monte Carlo errors of its mean, coverage by four binomial errors around 95%.
"""

import numpy as np
import pandas as pd
import pytest
from evenwicht.display.section import where
from evenwicht.recovery import replicate, summarise

from tests.cohorts import configured, truth_of, with_studies
from tests.conftest import world_with

REPLICATES = {"famine": 60, "deprivation": 100, "intervention": 100, "lifecourse": 60, "rationing": 20}
OF_BIRTHS = "event_study", "birth_periods"  # have tests of their own


def summary_of(name: str, level: str | None = None, **changes: object) -> pd.DataFrame:
    """What replicates say of the studies of a level, or of all, but those by date of birth."""
    config = world_with(configured(name), **changes)
    config = with_studies(
        config,
        *(key for key, study in config.studies.items() if study.kind not in OF_BIRTHS and level in (study.level, None)),
    )
    truth = truth_of(config, 500_000, 41)
    return summarise(replicate(config, truth, 42, range(1, REPLICATES[name] + 1))[0])


def unbiased(rows: pd.DataFrame) -> bool:
    return bool((rows["mean_bias"].abs() <= 4 * rows["mc_error_bias"]).all())


def covers(rows: pd.DataFrame, name: str) -> bool:
    band = 4 * np.sqrt(0.95 * 0.05 / REPLICATES[name])
    return bool(rows["coverage"].dropna().between(0.95 - band, 1).all())


@pytest.mark.parametrize("name", ["deprivation", "intervention"])
def test_randomised_policies_are_found_crude_and_adjusted(name: str) -> None:
    rows = summary_of(name, "policy")
    assert len(rows) >= 6
    assert unbiased(rows), rows
    assert covers(rows, name), rows


@pytest.mark.parametrize("name", ["deprivation", "intervention", "lifecourse"])
def test_adjustment_finds_the_effect_of_the_stressor_where_crude_contrasts_fail(name: str) -> None:
    rows = summary_of(name, "individual")
    crude, adjusted = where(rows, method="crude"), where(rows, method=["standardisation", "ipw"])
    crude = crude[crude["estimand"] != "risk"]  # as things are, which nothing confounds
    assert len(crude)
    assert set(adjusted["method"]) == {"standardisation", "ipw"}
    # stressors follow thresholds, not a logistic model: where most are unexposed, weighting has little other error
    population = adjusted["estimand"].str.startswith("population") & (adjusted["method"] == "ipw")
    assert unbiased(adjusted[~population]), adjusted
    assert covers(adjusted, name), adjusted
    assert (crude["mean_bias"].abs() > 4 * crude["mc_error_bias"]).all(), crude


def test_famine_is_found_where_nobody_dies_or_is_selected() -> None:
    """Selective fertility is adjusted for by SES; without infant death and frailty a Cox model is the whole truth."""
    famine = configured("famine").source
    survival = famine.survival.model_copy(update={"infant_death": 1e-6, "famine": 0.0})
    disease = famine.coronary_disease.model_copy(update={"frailty": 0.0})
    rows = where(summary_of("famine", survival=survival, coronary_disease=disease), method="regression")
    assert len(where(rows, estimand=["risk_difference", "conditional_hazard_ratio", "mean_difference"])) == 9
    assert unbiased(rows), rows


def test_rationing_and_households_are_found() -> None:
    """As configured, where no diagnosis is missed: differences, and the risk or survival of both arms."""
    rows = summary_of("rationing", scale=0.05)
    assert {"survival_exposed", "survival_unexposed", "risk_difference"} <= set(where(rows, method="ipw")["estimand"])
    policy = where(rows, study="rationed")
    assert len(where(policy, estimand="risk_difference")) == 4
    assert unbiased(rows[rows["method"] != "crude"]), rows
    # a policy by date of birth is not confounded, a household's habit is
    assert unbiased(where(policy, method="crude")), rows
