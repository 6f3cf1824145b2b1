"""What follows from an effect and its interval: numbers needed, shares attributable, E-values; none goes past its reason."""

import numpy as np
import pytest
from evenwicht.estimators.association import squared
from evenwicht.estimators.influence import Estimate, Sampling
from evenwicht.estimators.results import Interval
from evenwicht.estimators.sensitivity import (
    e_values,
    risk_ratio_of_difference,
    risk_ratio_of_hazards,
    risk_ratio_of_odds,
)
from evenwicht.studies.measures import attributable, averted, number_needed, odds, ratio_of

# EValue 4.1.4 for R: evalues.RR, evalues.HR, evalues.OR, evalues.OLS and evalues.MD
GOLDEN = {
    "risk ratio": (Interval(3.9, 0.1, 1.8, 8.7), 7.263034344, 3.0),
    "protective": (Interval(0.8, 0.1, 0.71, 0.91), 1.809016994, 1.428571429),
    "common hazard": (risk_ratio_of_hazards(Interval(0.56, 0.1, 0.46, 0.69), 0.4), 2.3495312573, 1.9080039433),
    "common odds": (risk_ratio_of_odds(Interval(2.5, 0.1, 1.5, 4.2), 0.4), 2.539711295, 1.749392495),
    "least squares": (risk_ratio_of_difference(Interval(0.293, 0.029, 0.2, 0.4), 1.0), 1.937160471, 1.785231035),
    "standardised": (risk_ratio_of_difference(Interval(0.5, 0.25, 0.1, 0.9), 1.0), 2.529141982, 1.110803197),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_e_values_of_estimate_and_limit_are_those_of_r(name: str) -> None:
    ratio, value, limit = GOLDEN[name]
    found = e_values(ratio)
    # R's package takes 1.96 for the normal quantile
    assert (found.estimate, found.lower) == (pytest.approx(value, rel=1e-9), pytest.approx(limit, rel=1e-4))


def test_an_interval_that_holds_one_needs_no_confounder() -> None:
    assert e_values(Interval(1.2, 0.2, 0.8, 1.8)).lower == 1


def test_a_rare_outcome_leaves_hazards_and_odds_as_they_are() -> None:
    ratio = Interval(0.56, 0.1, 0.46, 0.69)
    assert risk_ratio_of_hazards(ratio, 0.1) == ratio
    assert risk_ratio_of_odds(ratio, 0.1) == ratio


def test_number_needed_is_the_reciprocal_and_its_limits_change_places() -> None:
    found = number_needed(Interval(-0.04, 0.01, -0.06, -0.02))
    assert (found.estimate, found.lower, found.upper) == pytest.approx((25, 1 / 0.06, 50))


def test_number_needed_has_no_interval_where_the_risks_may_not_differ() -> None:
    found = number_needed(Interval(0.01, 0.01, -0.01, 0.03))
    assert found.estimate == pytest.approx(100)
    assert found.status == "no interval"
    assert number_needed(Interval(0.0, 0.01, -0.02, 0.02)).status == "not estimable"


def test_a_fraction_is_one_less_the_ratio() -> None:
    found = attributable(Interval(0.8, 0.1, 0.65, 1.05))
    assert (found.estimate, found.lower, found.upper) == pytest.approx((0.2, -0.05, 0.35))


def test_averted_cases_turn_the_difference_round() -> None:
    found = averted(Interval(-0.02, 0.005, -0.03, -0.01))
    assert (found.estimate, found.lower, found.upper) == pytest.approx((2000, 1000, 3000))


def test_reasons_are_handed_on() -> None:
    bare, none = Interval(0.5, reason="too few"), Interval.not_estimable("nobody")
    for function in (number_needed, averted, attributable, squared, e_values):
        assert function(bare).reason == "too few"
        assert function(none).reason == "nobody"
        assert np.isnan(function(none).estimate)


@pytest.mark.parametrize("reason", ["", "nobody at risk by then is spared among exposed"])
def test_where_everybody_has_the_event_there_are_no_odds_but_a_reason(reason: str) -> None:
    everybody, half = Estimate(1.0, np.zeros(4), reason), Estimate(0.5, np.array([1.0, -1, 1, -1]) / 8)
    found = ratio_of(Sampling(4), odds(everybody), odds(half))
    assert found.status == "not estimable"
    assert found.reason == (reason or "where everybody has the event there are no odds")
