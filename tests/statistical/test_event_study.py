"""The event study in worlds that can say no: nothing found where there is nothing, and misleading data named.

What draws of these worlds say stands in the committed table of scenarios. Bias is judged by four Monte Carlo errors of
its mean, coverage and false alarms by 99.9% binomial bands.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from evenwicht.display.section import where
from evenwicht.studies.event_study.births import draw_births
from evenwicht.studies.event_study.windows import WindowCheck, window_check
from scipy import stats

from tests.cohorts import configured, people_of
from tests.recovered import recovered, spread, unbiased

STUDY = "end_of_rationing"
OUTCOMES = ["type_2_diabetes", "hypertension"]
RATIO = "conditional_hazard_ratio"
HEADLINE = {"exposure": "to_2_years", "reference": "never_rationed", "estimand": RATIO}
WINDOWS_LOOKED_AT = 40  # draws


def drawn(scenario: str) -> pd.DataFrame:
    """What draws of a scenario say of the event study."""
    return where(recovered("rationing", scenario), study=STUDY)


def headline(scenario: str, method: str) -> pd.DataFrame:
    return where(drawn(scenario), method=method, **HEADLINE).set_index("outcome").loc[OUTCOMES]


def within_band(share: float, chance: float, draws: int) -> bool:
    low, high = stats.binom.ppf([0.0005, 0.9995], draws, chance)
    return bool(low <= round(share * draws) <= high)


def holds_in_95_per_cent(rows: pd.DataFrame) -> bool:
    return len(rows) > 0 and all(
        within_band(share, 0.95, draws)
        for share, draws in zip(rows["coverage"], rows["replicates"] - rows["no_interval"], strict=True)
    )


@cache
def checks_in(scenario: str) -> list[WindowCheck]:
    """What the check of windows says of both outcomes, in draws of its own: the table has no draw by itself."""
    config = configured("rationing").in_scenario(scenario)
    study, book = config.studies[STUDY], config.codebook
    cohorts = (people_of(config, 71, f"windows {scenario}", draw) for draw in range(WINDOWS_LOOKED_AT))
    return [
        window_check(draw_births(cohort, book, study, book.outcomes[name], name))
        for cohort in cohorts
        for name in OUTCOMES
    ]


def test_in_the_null_world_no_group_or_cell_differs_from_one() -> None:
    table = drawn("no_effect")
    ratios = table[(table["estimand"] == RATIO) & table["truth"].notna()]
    assert len(ratios) >= 2 * (3 + 8 + 3)
    assert (ratios["truth"] == 1).all()
    assert unbiased(ratios), ratios


@pytest.mark.parametrize("method", ["cox", "gompertz", "cox_trend", "cox_donut", "cox_delayed_entry", "cox_coherent"])
def test_in_the_null_world_intervals_cover_and_raise_five_per_cent_of_alarms(method: str) -> None:
    rows = headline("no_effect", method)
    assert holds_in_95_per_cent(rows), rows
    alarms = rows["power"].to_numpy()
    np.testing.assert_allclose(alarms, 1 - rows["coverage"], atol=1e-9)  # what misses nothing is a false alarm


def test_coherent_windows_are_never_called_incoherent() -> None:
    """Not in draws of their own; and in 200 draws next to no interval leaves one, which all that are called so do."""
    assert not any(check.incoherent for check in checks_in("no_effect"))
    rows = where(drawn("no_effect"), estimand="observed_expected_ratio")
    assert len(rows) == 2
    assert (rows["power"] <= 0.01).all()


def test_incoherent_windows_alone_make_a_full_gradient_and_are_always_named() -> None:
    table = where(drawn("incoherent_windows"), method="cox", estimand=RATIO, reference="never_rationed")
    for outcome in OUTCOMES:
        groups = where(table, outcome=outcome).set_index("exposure").loc[["in_utero", "to_1_year", "to_2_years"]]
        bias = groups["mean_bias"].to_numpy()
        assert (np.diff(bias) < 0).all(), "longer exposure looks better, although nothing happened"
        assert (bias < -4 * groups["mc_error_bias"]).all()
    assert (headline("incoherent_windows", "cox")["power"] == 1).all()
    assert all(check.incoherent for check in checks_in("incoherent_windows"))
    rows = where(drawn("incoherent_windows"), estimand="observed_expected_ratio")
    assert len(rows) == 2
    assert (rows["power"] == 1).all()


def test_following_everybody_to_the_last_visit_makes_windows_coherent() -> None:
    rows = headline("incoherent_windows", "cox_coherent")
    assert unbiased(rows), rows
    assert holds_in_95_per_cent(rows), rows


@pytest.mark.parametrize("method", ["cox", "gompertz"])
def test_in_the_reversed_world_the_sign_comes_back(method: str) -> None:
    """The table has no draw by itself: that estimates lie above one follows from their mean and their spread."""
    rows = headline("reversed_effect", method)
    assert (rows["truth"] > 1.2).all()
    assert unbiased(rows), rows
    assert (np.log(rows["mean_estimate"]) > 3 * spread(rows)).all(), rows
    assert (rows["power"] > 0.95).all()


def test_a_cohort_trend_biases_the_unadjusted_estimate_and_not_the_adjusted_one() -> None:
    unadjusted, adjusted = (headline("cohort_trend", method) for method in ("cox", "cox_trend"))
    assert (unadjusted["mean_bias"] < -4 * unadjusted["mc_error_bias"]).all()
    assert unbiased(adjusted), adjusted


def test_the_price_of_the_trend_is_told_in_power() -> None:
    unadjusted, adjusted = (headline("reversed_effect", method) for method in ("cox", "cox_trend"))
    assert (unadjusted["power"] > 0.8).all()
    assert (adjusted["power"] < 0.4).all()
