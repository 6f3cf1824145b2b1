"""People and places in a world of regions: intervals cover what people and places add, and nothing where there is nothing."""

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


@pytest.mark.parametrize(("own", "place"), [(1.0, 0.7), (0.0, 0.0), (-1.0, -0.7)])
def test_what_people_and_places_add_is_covered(own: float, place: float) -> None:
    rng, held = np.random.default_rng(11), []
    for _ in range(DRAWS):
        model = fitted(rng, own, place, 0.0)
        parts, (condition,) = model.by_random_intercept(model.expected_means)
        expected = model.by_expected_means(0)
        pairs = [
            (model.within[0], own),
            (expected.contextual, place),
            (expected.between, own + place),
            (parts[0].contextual, place),
            (model.by_condition(0, expected=True), 0.5),
            (condition, 0.5),
        ]
        held.append([interval.lower <= truth <= interval.upper for interval, truth in pairs])
    assert (np.abs(np.mean(held, axis=0) - 0.95) <= BAND).all(), np.mean(held, axis=0)


def test_means_of_few_people_understate_what_the_group_adds_and_means_to_be_expected_do_not() -> None:
    rng = np.random.default_rng(12)
    models = [fitted(rng, 1.0, 0.7, 0.0) for _ in range(DRAWS)]
    error = {}
    for name in ("by_sampled_means", "by_expected_means"):
        found = np.array([getattr(model, name)(0).contextual.estimate - 0.7 for model in models])
        error[name] = found.mean() / (found.std(ddof=1) / np.sqrt(DRAWS))
    assert error["by_sampled_means"] < -4
    assert abs(error["by_expected_means"]) <= 4


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
