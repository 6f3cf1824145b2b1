"""The default analyses of the other worlds, against their truth over fresh draws.

Bias is judged by four Monte Carlo errors of its mean, coverage by four binomial errors around 95%.
"""

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.streams import stream_key
from evenwicht.recovery import replicate_estimates, summarise
from evenwicht.worlds import true_values

from tests.conftest import world, world_with

REPLICATES = {"famine": 60, "deprivation": 100, "intervention": 100, "lifecourse": 60, "rationing": 20}


def summary_of(name: str, **changes: object) -> pd.DataFrame:
    config = world_with(world(name), **changes).model_copy(update={"birth_periods": None})  # has tests of its own
    truth = true_values(config, 500_000, stream_key(41, name, "truth"))
    config = config.model_copy(update={"event_study": None})  # has tests of its own
    return summarise(replicate_estimates(config, truth, 42, range(1, REPLICATES[name] + 1)))


def unbiased(rows: pd.DataFrame) -> bool:
    return bool((rows["mean_bias"].abs() <= 4 * rows["mc_error_bias"]).all())


def covers(rows: pd.DataFrame, name: str) -> bool:
    band = 4 * np.sqrt(0.95 * 0.05 / REPLICATES[name])
    return bool(rows["coverage"].dropna().between(0.95 - band, 1).all())


@pytest.mark.parametrize("name", ["deprivation", "intervention"])
def test_randomised_policies_are_found_crude_and_adjusted(name: str) -> None:
    rows = summary_of(name).query("level == 'policy'")
    assert len(rows) >= 6
    assert unbiased(rows), rows
    assert covers(rows, name), rows


@pytest.mark.parametrize("name", ["deprivation", "intervention", "lifecourse"])
def test_adjustment_finds_the_effect_of_the_stressor_where_crude_contrasts_fail(name: str) -> None:
    rows = summary_of(name).query("level == 'individual'")
    crude, adjusted = rows[rows["method"] == "crude"], rows[rows["method"].isin(["gformula", "ipw"])]
    assert unbiased(adjusted), adjusted
    assert covers(adjusted, name), adjusted
    assert (crude["mean_bias"].abs() > 4 * crude["mc_error_bias"]).all(), crude


def test_famine_is_found_where_nobody_dies_or_is_selected() -> None:
    """Selective fertility is adjusted for by SES; without infant death and frailty a Cox model is the whole truth."""
    famine = world("famine").source
    survival = famine.survival.model_copy(update={"infant_death": 1e-6, "famine": 0.0})
    disease = famine.coronary_disease.model_copy(update={"frailty": 0.0})
    rows = summary_of("famine", survival=survival, coronary_disease=disease).query("method == 'regression'")
    assert len(rows) == 9
    assert unbiased(rows), rows


def test_rationing_and_households_are_found() -> None:
    """As configured, where no diagnosis is missed: differences, and the survival of both arms."""
    rows = summary_of("rationing", scale=0.05)
    assert {"survival", "risk_difference"} <= set(rows.loc[rows["method"] == "ipw", "estimand"])
    assert len(rows[rows["level"] == "policy"]) == 4
    assert unbiased(rows[rows["method"] != "crude"]), rows
    # a policy by date of birth is not confounded, a household's habit is
    crude = rows[rows["method"] == "crude"]
    assert unbiased(crude[crude["level"] == "policy"]), rows
