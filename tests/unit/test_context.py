"""People and places: no unit, order or name of a group matters, and what cannot be compared says why."""

import numpy as np
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.base.streams import stream_key
from evenwicht.cohort import Cohort
from evenwicht.estimators.contextual import WithinBetween
from evenwicht.estimators.multilevel import random_intercept

from tests.cohorts import changed, configured, studied
from tests.worlds import synthetic


@pytest.fixture(scope="module")
def regions() -> Cohort:
    return synthetic("regions").simulate(stream_key(1, "regions", "test"))


def model_of(y: np.ndarray, x: np.ndarray, condition: np.ndarray, groups: np.ndarray) -> WithinBetween:
    return WithinBetween(y, x[:, None], np.empty((len(y), 0)), condition[:, None], groups, ["x", "condition"])


def toy() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(12), 15)
    mean, condition = rng.normal(size=12), rng.normal(size=12)
    x = mean[groups] + rng.normal(size=180)
    return x + condition[groups] + rng.normal(size=180), x, condition[groups], groups


def test_units_origin_order_and_names_of_groups_change_nothing() -> None:
    y, x, condition, groups = toy()
    shuffled = np.random.default_rng(4).permutation(len(y))
    first = model_of(y, x, condition, groups).by_expected_means(0)
    names = np.array([f"g{97 * g % 31}" for g in groups])
    again = model_of(y[shuffled], 1000 + 100 * x[shuffled], -5 * condition[shuffled], names[shuffled])
    other = again.by_expected_means(0)
    for one, two in ((first.within, other.within), (first.contextual, other.contextual)):
        assert (100 * two.estimate, 100 * two.se) == pytest.approx((one.estimate, one.se), rel=1e-8)


def test_between_is_within_and_what_the_group_adds() -> None:
    model = model_of(*toy())
    for parts in (model.by_sampled_means(0), model.by_expected_means(0)):
        sums = parts.between.estimate - parts.contextual.estimate
        assert sums == pytest.approx(parts.within.estimate, rel=0.05)


def test_what_does_not_vary_where_it_should_is_refused() -> None:
    y, x, condition, groups = toy()
    with pytest.raises(ModelError, match="the same for all people of each group"):
        model_of(y, condition, condition, groups)
    with pytest.raises(ModelError, match="differs between people of one group"):
        model_of(y, x, x, groups)
    with pytest.raises(ModelError, match="fewer than 10 groups"):
        random_intercept(y, None, groups // 2)
    with pytest.raises(ModelError, match="no group has two people"):
        random_intercept(y, None, np.arange(len(y)))


def test_every_row_of_the_world_has_its_true_value_and_an_interval(regions: Cohort) -> None:
    config = configured("regions")
    rows = studied("people_and_places", config, regions)["estimates"]
    assert (rows["status"] == "estimated").all()
    assert set(rows["estimand"]) == {
        "intraclass_correlation",
        "compositional_share",
        "within_difference",
        "between_difference",
        "contextual_difference",
        "mean_difference",
        "risk_difference",
    }


def test_a_category_a_time_and_the_group_itself_are_refused() -> None:
    config = configured("regions")
    for path, value, message in (
        ("group", "poverty", "is no category"),
        ("exposures", ["readiness"], "is the exposure"),
        ("adjust", {"columns": ["region"]}, "is the group itself"),
        ("conditions", ["poverty"], "is an exposure as well"),
    ):
        mistakes = list(changed(config, {f"studies.people_and_places.{path}": value}).check())
        assert any(message in mistake.what for mistake in mistakes), (path, mistakes)
