"""People and places: intervals cover what people and places add, and nothing where there is nothing.

Bands are four binomial errors around 95%; mean errors are compared with four of their own Monte Carlo errors.
"""

from functools import cache

import numpy as np
import pytest
from evenwicht.estimators.contextual import WithinBetween
from evenwicht.estimators.multilevel import random_intercept

DRAWS, GROUPS = 400, 40
BAND = 4 * np.sqrt(0.95 * 0.05 / DRAWS)


def drawn(
    rng: np.random.Generator, own: float, place: float, hidden: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Outcome, exposure, a condition of groups and groups of unequal size; `hidden` confounds groups alone."""
    size = rng.integers(10, 40, GROUPS)
    groups = np.repeat(np.arange(GROUPS), size)
    mean, condition, level = rng.normal(size=GROUPS), rng.normal(size=GROUPS), rng.normal(size=GROUPS)
    x = mean[groups] + rng.normal(size=len(groups))
    intercept = place * mean + 0.5 * condition + hidden * mean + 0.5 * level
    return own * x + intercept[groups] + 2 * rng.normal(size=len(groups)), x, condition[groups], groups


def fitted(rng: np.random.Generator, *truth: float) -> WithinBetween:
    y, x, condition, groups = drawn(rng, *truth)
    return WithinBetween(y, x[:, None], np.empty((len(y), 0)), condition[:, None], groups, ["x", "condition"])


@cache
def draws(own: float, place: float) -> dict[str, np.ndarray]:
    """Estimate and limits of every draw by what is estimated, (draws, 3)."""
    rng, found = np.random.default_rng([11, int(10 * own) % 100]), []
    for _ in range(DRAWS):
        model = fitted(rng, own, place, 0.0)
        parts, (condition,) = model.by_random_intercept(model.expected_means)
        expected, sampled = model.by_expected_means(0), model.by_sampled_means(0)
        found.append(
            {
                "within": model.within[0],
                "contextual": expected.contextual,
                "between": expected.between,
                "random_intercept": parts[0].contextual,
                "condition": model.by_condition(0, expected=True),
                "condition_random_intercept": condition,
                "sampled": sampled.contextual,
            }
        )
    return {name: np.array([[f[name].estimate, f[name].lower, f[name].upper] for f in found]) for name in found[0]}


@pytest.mark.parametrize(("own", "place"), [(1.0, 0.7), (0.0, 0.0), (-1.0, -0.7)])
def test_what_people_and_places_add_is_covered(own: float, place: float) -> None:
    truths = {
        "within": own,
        "contextual": place,
        "between": own + place,
        "random_intercept": place,
        "condition": 0.5,
        "condition_random_intercept": 0.5,
    }
    held = {
        name: np.mean((rows[:, 1] <= truths[name]) & (truths[name] <= rows[:, 2]))
        for name, rows in draws(own, place).items()
        if name in truths
    }
    assert all(abs(share - 0.95) <= BAND for share in held.values()), held


def test_means_of_few_people_understate_what_the_group_adds_and_means_to_be_expected_do_not() -> None:
    error = {}
    for name in ("sampled", "contextual"):
        off = draws(1.0, 0.7)[name][:, 0] - 0.7
        error[name] = off.mean() / (off.std(ddof=1) / np.sqrt(DRAWS))
    assert error["sampled"] < -4
    assert abs(error["contextual"]) <= 4


def test_what_confounds_groups_bends_what_they_add_and_not_what_people_of_one_group_differ_by() -> None:
    rng = np.random.default_rng(13)
    models = [fitted(rng, 1.0, 0.0, 0.7) for _ in range(100)]
    within = np.array([model.within[0].estimate for model in models])
    context = np.array([model.by_expected_means(0).contextual.estimate for model in models])
    assert abs(within.mean() - 1) <= 4 * within.std(ddof=1) / 10
    assert context.mean() - 4 * context.std(ddof=1) / 10 > 0.5


@pytest.mark.parametrize("share", [0.2, 0.05])
def test_the_share_between_groups_is_covered(share: float) -> None:
    rng, held = np.random.default_rng(14), []
    for _ in range(DRAWS):
        groups = np.repeat(np.arange(GROUPS), rng.integers(10, 40, GROUPS))
        y = np.sqrt(share) * rng.normal(size=GROUPS)[groups] + np.sqrt(1 - share) * rng.normal(size=len(groups))
        found = random_intercept(y, None, groups).share
        held.append(found.lower <= share <= found.upper)
    assert abs(np.mean(held) - 0.95) <= BAND
