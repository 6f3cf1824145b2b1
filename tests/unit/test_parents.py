"""Pressure on families: an assumption, swept; from where on a campaign would do net harm."""

import numpy as np
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.side_effects.assumptions import assumptions
from evenwicht.side_effects.parents import (
    Campaign,
    break_even,
    break_even_sweep,
    burnout_cases,
    net_effect,
    outcome_per_case,
    sweep,
)

PRESSURE = assumptions().pressure


@pytest.mark.parametrize(("felt", "log_odds", "cases"), [(0.1, 0.3, 60), (0.2, 0.7, 294), (0, 0.7, 0), (0.2, 0, 0)])
def test_pressure_adds_cases_of_burnout(felt: float, log_odds: float, cases: int) -> None:
    assert burnout_cases(felt, log_odds, 0.02) == pytest.approx(cases, abs=0.5)


def test_cases_follow_the_odds_and_less_pressure_takes_cases_away() -> None:
    odds = 0.02 / 0.98 * np.exp(0.14)
    assert burnout_cases(0.2, 0.7, 0.02) == pytest.approx(1e5 * (odds / (1 + odds) - 0.02))
    assert burnout_cases(-0.1, 0.3, 0.02) < 0


def test_the_sweep_covers_all_that_is_assumed_and_says_where_burnout_begins() -> None:
    found = sweep(PRESSURE, steps=5)
    assert found.cases.shape == (5, 3, 3)
    assert (found.felt[0], found.felt[-1]) == (0, 0.2)
    assert (list(found.log_odds), list(found.baseline)) == ([0, 0.3, 0.7], [0.02, 0.03, 0.05])
    assert found.cases[2, 1, 0] == pytest.approx(60, abs=0.5)
    assert found.cases[4, 2, 0] == pytest.approx(294, abs=0.5)
    assert not found.cases[0].any()
    assert not found.cases[:, 0].any()
    assert "2%" in found.cut_off


def test_a_case_counts_for_no_case_of_the_outcome_unless_it_shifts_it() -> None:
    none, quarter, whole = outcome_per_case(0.1, [0, 0.31, 1.25])
    assert none == pytest.approx(0)
    assert 0 < quarter < whole < 0.9
    assert outcome_per_case(0.5, 1.0) == pytest.approx(0.3413447461)  # of the standard normal


def test_a_campaign_is_told_with_and_without_pressure() -> None:
    campaign = Campaign(averted=50, parents=1.5, weight=0.2)
    found = net_effect(campaign, [0, 0.1, 0.2], 0.3, 0.02)
    assert found.without == 50
    assert found.net[0] == 50
    assert found.burnout[1] == pytest.approx(1.5 * 59.65, abs=0.1)
    assert found.net == pytest.approx(50 - 0.2 * found.burnout)


@pytest.mark.parametrize("averted", [1.0, 10.0, 50.0])
def test_at_the_break_even_a_campaign_does_neither_good_nor_harm(averted: float) -> None:
    campaign = Campaign(averted, parents=1.5, weight=0.2)
    edge = break_even(campaign, [0.3, 0.7], [[0.02], [0.05]])
    assert edge.shape == (2, 2)
    assert net_effect(campaign, edge, [0.3, 0.7], [[0.02], [0.05]]).net == pytest.approx(np.zeros((2, 2)), abs=1e-6)
    assert (net_effect(campaign, 1.1 * edge, [0.3, 0.7], [[0.02], [0.05]]).net < 0).all()


def test_no_pressure_undoes_a_campaign_if_it_adds_no_burnout_or_that_counts_for_nothing() -> None:
    assert break_even(Campaign(50, 1.5, 0.2), 0, 0.02) == np.inf
    assert break_even(Campaign(50, 1.5, 0), 0.3, 0.02) == np.inf
    assert break_even(Campaign(50, 0, 0.2), 0.3, 0.02) == np.inf
    assert break_even(Campaign(99_000, 1, 1), 0.3, 0.02) == np.inf  # more than there are parents without burn-out


def test_a_campaign_that_averts_nothing_does_harm_from_the_least_pressure_on() -> None:
    assert break_even(Campaign(0, 1.5, 0.2), 0.3, 0.02) == 0
    assert break_even(Campaign(-5, 1.5, 0.2), 0, 0.02) == 0


def test_break_even_is_swept_and_falls_as_a_case_counts_for_more() -> None:
    found = break_even_sweep(50, 0.1, PRESSURE)
    assert found.shape == (3, 3, 3)
    assert np.isinf(found[0]).all()
    assert np.isinf(found[:, 0]).all()
    assert (found[2, 1:] < found[1, 1:]).all()
    assert (found[1:, 2] < found[1:, 1]).all()
    one = Campaign(50, 1.5, float(outcome_per_case(0.1, 0.31)))
    assert found[1, 1, 0] == pytest.approx(float(break_even(one, 0.3, 0.02)))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: burnout_cases(0.1, 0.3, 0),
        lambda: outcome_per_case(1, 0.3),
        lambda: Campaign(1, -1, 1),
        lambda: break_even(Campaign(1, 1, 1), -0.1, 0.02),
    ],
)
def test_what_cannot_be_is_refused(wrong) -> None:
    with pytest.raises(ModelError):
        wrong()
