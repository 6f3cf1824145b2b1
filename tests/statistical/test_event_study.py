"""The event study in worlds that can say no: nothing found where there is nothing, and misleading data named.

Bias is judged by four Monte Carlo errors of its mean, coverage and false alarms by 99.9% binomial bands.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from evenwicht.display.section import where
from evenwicht.recovery import gather_replicates, recovery_table, replicate, summarise
from evenwicht.studies.event_study.windows import INCOHERENT_FROM
from evenwicht.worlds import exact_values
from scipy import stats

from tests.cohorts import changed, configured

REPLICATES = 40
OUTCOMES = ["type_2_diabetes", "hypertension"]
RATIO = "conditional_hazard_ratio"
HEADLINE = {"exposure": "to_2_years", "reference": "never_rationed", "estimand": RATIO}


@cache
def replicates_in(scenario: str) -> pd.DataFrame:
    """Replicates of the event study alone."""
    config = changed(configured("rationing").in_scenario(scenario), {"studies.rationed": None})
    truth = exact_values(config.source, config.codebook, config.questions)
    return replicate(config, truth, 71, range(1, REPLICATES + 1), scenario)[0]


@cache
def summary_in(scenario: str) -> pd.DataFrame:
    return summarise(replicates_in(scenario))


def headline(scenario: str, method: str) -> pd.DataFrame:
    return where(summary_in(scenario), method=method, **HEADLINE).set_index("outcome").loc[OUTCOMES]


def unbiased(rows: pd.DataFrame) -> bool:
    return bool((rows["mean_bias"].abs() <= 4 * rows["mc_error_bias"]).all())


def within_band(count: float, chance: float, draws: int) -> bool:
    low, high = stats.binom.ppf([0.0005, 0.9995], draws, chance)
    return bool(low <= count <= high)


def test_in_the_null_world_no_group_or_cell_differs_from_one() -> None:
    table = summary_in("no_effect")
    ratios = table[(table["estimand"] == RATIO) & table["mean_bias"].notna()]
    assert len(ratios) >= 2 * (3 + 8 + 3)
    assert unbiased(ratios), ratios


@pytest.mark.parametrize("method", ["cox", "gompertz", "cox_trend", "cox_donut", "cox_delayed_entry", "cox_coherent"])
def test_in_the_null_world_intervals_cover_and_raise_five_per_cent_of_alarms(method: str) -> None:
    rows = headline("no_effect", method)
    for share in (*rows["coverage"], *(1 - rows["power"])):
        assert within_band(share * REPLICATES, 0.95, REPLICATES), rows


def test_coherent_windows_are_never_called_incoherent() -> None:
    rows = where(replicates_in("no_effect"), estimand="observed_expected_ratio")
    assert len(rows) == 2 * REPLICATES
    assert not (rows["lower"] > INCOHERENT_FROM).any()


def test_incoherent_windows_alone_make_a_full_gradient_and_are_always_named() -> None:
    table = where(summary_in("incoherent_windows"), method="cox", estimand=RATIO, reference="never_rationed")
    for outcome in OUTCOMES:
        groups = where(table, outcome=outcome)
        bias = groups["mean_bias"].to_numpy()
        assert len(bias) == 3
        assert (np.diff(bias) < 0).all(), "longer exposure looks better, although nothing happened"
        assert (bias < -4 * groups["mc_error_bias"]).all()
    assert (headline("incoherent_windows", "cox")["power"] == 1).all()
    rows = where(replicates_in("incoherent_windows"), estimand="observed_expected_ratio")
    assert len(rows) == 2 * REPLICATES
    assert (rows["lower"] > INCOHERENT_FROM).all()


def test_following_everybody_to_the_last_visit_makes_windows_coherent() -> None:
    rows = headline("incoherent_windows", "cox_coherent")
    assert unbiased(rows), rows
    for share in rows["coverage"]:
        assert within_band(share * REPLICATES, 0.95, REPLICATES)


@pytest.mark.parametrize("method", ["cox", "gompertz"])
def test_in_the_reversed_world_the_sign_comes_back(method: str) -> None:
    rows = where(replicates_in("reversed_effect"), method=method, **HEADLINE)
    assert len(rows) == 2 * REPLICATES
    assert (rows["truth"] > 1.2).all()
    assert (rows["estimate"] > 1).mean() > 0.95
    assert unbiased(headline("reversed_effect", method))


def test_a_cohort_trend_biases_the_unadjusted_estimate_and_not_the_adjusted_one() -> None:
    unadjusted, adjusted = (headline("cohort_trend", method) for method in ("cox", "cox_trend"))
    assert (unadjusted["mean_bias"] < -4 * unadjusted["mc_error_bias"]).all()
    assert unbiased(adjusted), adjusted


def test_the_price_of_the_trend_is_told_in_power() -> None:
    unadjusted, adjusted = (headline("reversed_effect", method) for method in ("cox", "cox_trend"))
    assert (unadjusted["power"] > 0.8).all()
    assert (adjusted["power"] < 0.4).all()


def test_the_scenario_table_does_not_depend_on_how_replicates_were_cut() -> None:
    whole = replicates_in("cohort_trend").assign(cohort="rationing")
    pieces = [whole[whole["replicate"] % 3 == k] for k in (2, 0, 1)]
    settings, drawn = {"rationing": {"cohort_trend": "d0"}}, whole["replicate"].nunique()
    one, other = (recovery_table(gather_replicates(parts), settings, drawn) for parts in ([whole], pieces))
    pd.testing.assert_frame_equal(one, other, check_exact=True)
