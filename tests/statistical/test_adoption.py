"""A policy adopted at different times in made panels whose true effect is known."""

from collections.abc import Callable

import numpy as np
import pytest
from evenwicht.estimators.adoption import (
    Panel,
    interaction_weighted,
    interaction_weighted_periods,
    two_stage,
    two_way,
)
from evenwicht.estimators.results import Interval

UNITS, PERIODS, DRAWS = 60, 10, 400
FIRST = np.repeat([2, 5, 8, PERIODS], UNITS // 4)  # the last quarter never adopts
MODERN = [interaction_weighted, two_stage]
Effect = Callable[[np.ndarray], np.ndarray]


def growing(since: np.ndarray) -> np.ndarray:
    """An effect that grows with time and is larger in those who adopted early."""
    early = np.array([2.0, 1.0, 0.5, 0.0]).repeat(UNITS // 4)[:, None]
    return np.where(since >= 0, early * (0.2 + 0.2 * since), 0.0)


def none(since: np.ndarray) -> np.ndarray:
    return np.zeros(since.shape)


def made(draw: int, effect: Effect, weights: bool = False) -> tuple[Panel, float]:
    """A panel whose units keep part of their deviation from period to period, and its true mean effect."""
    rng = np.random.default_rng([15, draw])
    since = np.where(FIRST[:, None] < PERIODS, np.arange(PERIODS) - FIRST[:, None], -99)
    noise = rng.normal(0, 0.5, (UNITS, PERIODS))
    for t in range(1, PERIODS):
        noise[:, t] += 0.5 * noise[:, t - 1]
    y = rng.normal(size=(UNITS, 1)) + 0.1 * np.arange(PERIODS) + effect(since) + noise
    weight = rng.uniform(0.5, 2, UNITS) if weights else np.ones(UNITS)
    panel = Panel(y, FIRST, weight)
    share = panel.treated * weight[:, None]
    return panel, float((share * effect(since)).sum() / share.sum())


def results(estimator: Callable[[Panel, str], Interval], effect: Effect, weights: bool = False) -> tuple[float, ...]:
    """Mean error of the estimate, its Monte Carlo error, and the share of intervals that hold the truth."""
    pairs = [made(draw, effect, weights) for draw in range(DRAWS)]
    found = [(estimator(panel, "made"), truth) for panel, truth in pairs]
    errors = np.array([one.estimate - truth for one, truth in found])
    inside = np.mean([one.lower <= truth <= one.upper for one, truth in found])
    return float(errors.mean()), float(errors.std() / np.sqrt(DRAWS)), float(inside)


def test_one_effect_for_all_is_biased_where_effects_grow_and_differ() -> None:
    error, monte_carlo, inside = results(two_way, growing)
    assert error < -0.2
    assert abs(error) > 20 * monte_carlo
    assert inside < 0.5


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("estimator", MODERN)
def test_the_others_are_not_and_their_intervals_cover(
    estimator: Callable[[Panel, str], Interval], weights: bool
) -> None:
    error, monte_carlo, inside = results(estimator, growing, weights)
    assert abs(error) < 4 * monte_carlo
    assert inside == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / DRAWS))


@pytest.mark.parametrize("estimator", [two_way, *MODERN])
def test_no_effect_is_found_as_often_as_chance_gives(estimator: Callable[[Panel, str], Interval]) -> None:
    error, monte_carlo, inside = results(estimator, none)
    assert abs(error) < 4 * monte_carlo
    assert inside == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / DRAWS))


def test_the_test_of_the_periods_before_rejects_as_often_as_chance_gives_and_finds_a_trend() -> None:
    def rejected(trend: float) -> float:
        p = []
        for draw in range(DRAWS):
            panel, _ = made(draw, growing)
            y = panel.outcome + trend * panel.adopts[:, None] * np.arange(PERIODS)
            p.append(interaction_weighted_periods(Panel(y, FIRST, panel.weight), 4, 4, "made").before.estimate)
        return float(np.mean(np.array(p) < 0.05))

    assert rejected(0) == pytest.approx(0.05, abs=4 * np.sqrt(0.95 * 0.05 / DRAWS))
    assert rejected(0.3) > 0.5


@pytest.mark.parametrize("estimator", [two_way, *MODERN])
def test_few_adopters_among_many_units_are_covered_too(estimator: Callable[[Panel, str], Interval]) -> None:
    """Six of sixty adopt; degrees of freedom by all units would cover less than 90%."""
    few = np.where(np.arange(UNITS) % 10 == 0, np.resize([2, 5, 8], UNITS), PERIODS)
    inside = []
    for draw in range(DRAWS):
        panel, _ = made(draw, none)
        found = estimator(Panel(panel.outcome, few, panel.weight), "made")
        inside.append(found.lower <= 0 <= found.upper)
    assert np.mean(inside) == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / DRAWS))
