"""Inference after a choice holds what it promises, which inference that forgets the choice does not.

Exposures hang together over four periods. True slopes are those of the expected outcome on each hypothesis in the
people drawn. Bands are four binomial errors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from evenwicht.estimators.life_course import FAMILIES, hypotheses
from evenwicht.estimators.life_course_paths import lasso_path, partial_moments
from evenwicht.estimators.selective_inference import largest_t, selection_at, spacing_p_values, truncated

PERIODS, AGES = ["a", "b", "c", "d"], [0.5, 2.0, 8.0, 15.0]
DRAWS, FEWER = 400, 150  # of few and of many people
TRUTHS = {
    "nothing": np.zeros(4),
    "accumulation": np.full(4, 0.2),
    "recency": 0.4 * np.array(AGES) / 15.0,
    "sensitive_b": np.array([0.0, 0.4, 0.0, 0.0]),
    "mixed": np.array([0.1, 0.3, 0.15, 0.2]),
}


@dataclass(frozen=True)
class Draw:
    """One sample: the choice, both intervals around the slope, and P values."""

    first: str
    covers: bool
    naive_covers: bool
    excludes: bool
    naive_excludes: bool
    spacing: float


def exposures(rng: np.random.Generator, n: int, rho: float, covariate: np.ndarray) -> np.ndarray:
    """0/1 in four periods, a fifth to a third exposed, by a first-order autoregression and a covariate."""
    own = rng.normal(size=(n, 4))
    for t in range(1, 4):
        own[:, t] = rho * own[:, t - 1] + np.sqrt(1 - rho**2) * own[:, t]
    return (own + 0.5 * covariate[:, None] > 0.7).astype(float)


def one(rng: np.random.Generator, truth: str, n: int, rho: float, known: Sequence[float] = (1, 1, 1, 1)) -> Draw:
    """One draw of n people; of each period only so many know whether they were exposed, and others guess."""
    covariate = rng.normal(size=n)
    exposure = exposures(rng, n, rho, covariate)
    mean = exposure @ TRUTHS[truth]
    outcome = mean + 0.5 * covariate + rng.normal(size=n)
    reported = np.where(rng.random((n, 4)) < known, exposure, rng.permutation(exposure))
    columns = hypotheses(reported, PERIODS, AGES, FAMILIES, binary=True)
    moments = partial_moments(outcome, columns, covariate[:, None], "here")
    expected = partial_moments(mean + 1e-9 * outcome, columns, covariate[:, None], "here")
    path = lasso_path(moments, most=3)
    noise, first = moments.noise("here"), path.steps[0].position
    found = truncated(selection_at(path, moments, float(path.penalties[1])), moments, first, noise)
    true = float(expected.inner[first])
    (low, high), (lowest, highest) = found.limits(), found.free().limits()
    return Draw(
        moments.names[first],
        low <= true <= high,
        lowest <= true <= highest,
        not low <= 0 <= high,
        not lowest <= 0 <= highest,
        spacing_p_values(path, moments, noise)[0],
    )


@cache
def draws(truth: str, n: int = 300, rho: float = 0.5, known: tuple[float, ...] = (1, 1, 1, 1)) -> list[Draw]:
    rng = np.random.default_rng([sorted(TRUTHS).index(truth), n, int(100 * rho)])
    return [one(rng, truth, n, rho, known) for _ in range(DRAWS if n <= 300 else FEWER)]


def share(values: list[bool]) -> float:
    return float(np.mean(values))


def band(level: float, count: int = DRAWS) -> float:
    return 4 * float(np.sqrt(level * (1 - level) / count))


def chosen(truth: str, n: int = 300, rho: float = 0.5) -> float:
    """How often the true hypothesis is chosen first."""
    return share([draw.first == truth for draw in draws(truth, n, rho)])


@pytest.mark.parametrize("truth", TRUTHS)
def test_intervals_that_allow_for_the_choice_cover_in_95_percent(truth: str) -> None:
    assert abs(share([draw.covers for draw in draws(truth)]) - 0.95) < band(0.95)


def test_they_cover_where_exposure_hangs_closely_together() -> None:
    assert abs(share([draw.covers for draw in draws("accumulation", rho=0.9)]) - 0.95) < band(0.95)


@pytest.mark.parametrize("truth", ["accumulation", "recency", "mixed"])
def test_they_cover_given_the_choice_also_where_it_is_wrong(truth: str) -> None:
    """Whichever hypothesis is chosen, its own slope is what the interval is about."""
    wrong = [draw.covers for draw in draws(truth) if draw.first != truth]
    assert len(wrong) > 40
    assert abs(share(wrong) - 0.95) < band(0.95, len(wrong))


def test_where_there_is_nothing_an_effect_is_seen_in_5_percent() -> None:
    assert abs(share([draw.excludes for draw in draws("nothing")]) - 0.05) < band(0.05)


def test_intervals_that_forget_the_choice_see_effects_that_are_not_there() -> None:
    assert share([draw.naive_excludes for draw in draws("nothing")]) > 0.25
    assert share([draw.naive_covers for draw in draws("nothing")]) < 0.95 - band(0.95)


def test_the_p_value_of_the_first_step_is_uniform_where_there_is_nothing() -> None:
    values = np.sort([draw.spacing for draw in draws("nothing")])
    distance = np.abs(values - (np.arange(DRAWS) + 0.5) / DRAWS).max()
    assert distance < 1.95 / np.sqrt(DRAWS)  # Kolmogorov-Smirnov at 1 in 1,000


def test_the_largest_t_rejects_in_5_percent_where_there_is_nothing() -> None:
    rng = np.random.default_rng(8)
    rejected = []
    for _ in range(DRAWS):
        covariate = rng.normal(size=150)
        columns = hypotheses(exposures(rng, 150, 0.5, covariate), PERIODS, AGES, FAMILIES, binary=True)
        moments = partial_moments(rng.normal(size=150), columns, covariate[:, None], "here")
        rejected.append(largest_t(moments, moments.noise("here"), rng, draws=400)[0] < 0.05)
    assert abs(share(rejected) - 0.05) < band(0.05)


# --- the right choice


def differs(one: float, other: float) -> bool:
    """Whether a share of `FEWER` draws is clearly larger than another."""
    return one - other > 4 * float(np.sqrt((one * (1 - one) + other * (1 - other)) / FEWER))


def test_more_people_make_the_right_choice_more_likely() -> None:
    assert differs(chosen("recency", n=1500), chosen("recency"))


def test_the_closer_exposures_go_together_the_less_likely_is_the_right_choice() -> None:
    """Hypotheses then resemble each other, and are mixed up."""
    assert differs(chosen("sensitive_b", n=1500, rho=0.5), chosen("sensitive_b", n=1500, rho=0.98))


def test_where_early_periods_are_reported_worse_later_ones_are_chosen_though_all_count_alike() -> None:
    """Recency can be made by reports alone."""
    late = {"recency", "sensitive_c", "sensitive_d"}
    exact = draws("accumulation", n=1500)
    guessed = draws("accumulation", n=1500, known=(0.2, 0.4, 0.8, 1.0))
    shares = [share([draw.first in late for draw in found]) for found in (guessed, exact)]
    assert differs(*shares)
    assert shares[0] > 0.3
