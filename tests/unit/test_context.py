"""People and places: no unit, order or name of a group matters, and what cannot be compared says why."""

import numpy as np
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.base.streams import stream_key
from evenwicht.cohort import Cohort
from evenwicht.display.section import Found
from evenwicht.estimators.composition import compositional_share
from evenwicht.estimators.contextual import WithinBetween
from evenwicht.estimators.multilevel import random_intercept
from evenwicht.estimators.results import Z95
from evenwicht.studies import showing
from evenwicht.worlds.regions.settings import RegionsWorld

from tests.cohorts import changed, configured, studied
from tests.figures import faults
from tests.worlds import described, synthetic


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


# --- the world ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", ["harmful", "null", "reversed"])
@pytest.mark.parametrize("outcome", ["readiness", "speech_delay"])
def test_true_differences_are_what_interventions_do(outcome: str, effect: str) -> None:
    """Everybody's own poverty; that of the region with everybody's own as it is; and places: in the same people."""
    policy = {"harmful": "beneficial"}.get(effect, effect)
    cohort = synthetic("regions").where(stressor_effect=effect, policy_effect=policy)
    cohort = cohort.asked(*configured("regions").studies["people_and_places"].asks(cohort.book))
    truth = cohort.exact().query("outcome == @outcome").set_index(["exposure", "estimand"])["value"]
    equations, n, key = cohort.world.equations, 200_000, stream_key(2, "regions", "test")
    people = equations.draw(n, key)

    def drawn(**do: object) -> np.ndarray:
        return equations.draw(n, key, do)[outcome].astype(float)

    now, own = people[outcome].astype(float), people["poverty"]
    changes = {
        ("poverty", "within_difference"): drawn(poverty=True) - drawn(poverty=False),
        ("poverty", "contextual_difference"): 5
        * (drawn(poverty=own, region_poverty=people["region_poverty"] + 0.2) - now),
        ("childcare_places", "mean_difference" if outcome == "readiness" else "risk_difference"): drawn(
            childcare_places=people["childcare_places"] + 10
        )
        - now,
    }
    for which, change in changes.items():
        error = change.std() / np.sqrt(n)
        assert abs(change.mean() - truth[which]) <= 4 * error + 1e-9, which
    parts = truth["poverty", "within_difference"] + truth["poverty", "contextual_difference"]
    assert truth["poverty", "between_difference"] == pytest.approx(parts)


def test_true_shares_are_those_of_many_large_regions() -> None:
    """The truth knows no regions with people in them; 2000 regions of 200 people have them."""
    cohort = synthetic("regions").where(n=400_000, regions=2000, assessed=1.0)
    study = configured("regions").studies["people_and_places"]
    cohort = cohort.asked(*study.asks(cohort.book))
    truth = cohort.simulated(200_000, stream_key(3, "regions", "test")).set_index(["outcome", "estimand"])
    persons = cohort.simulate(stream_key(4, "regions", "test")).persons
    groups = persons["region"].cat.codes.to_numpy()
    people = np.column_stack([persons["poverty"].to_numpy(float), persons["ses"].to_numpy(float)])
    for outcome in ("readiness", "speech_delay"):
        y = persons[outcome].to_numpy(float)
        found = {
            "intraclass_correlation": random_intercept(y, None, groups).share,
            "compositional_share": compositional_share(y, people, groups),
        }
        for estimand, interval in found.items():
            value, error = truth.loc[(outcome, estimand), ["value", "mc_error"]]
            se = (interval.upper - interval.lower) / (2 * Z95)
            assert abs(interval.estimate - value) < 4 * np.hypot(se, error), (outcome, estimand)


def test_risks_that_are_none_are_refused() -> None:
    settings = described("regions")["source"]
    for changes in ({"level": 0.02}, {"region_poverty": 2.0}):
        with pytest.raises(ValueError, match="risks below 0 or above 1"):
            RegionsWorld.model_validate({**settings, "speech_delay": {**settings["speech_delay"], **changes}})


# --- what is shown --------------------------------------------------------------------------------------------------


def test_what_lies_between_groups_has_parts_only_where_something_does(regions: Cohort) -> None:
    config = configured("regions")
    study, tables = config.studies["people_and_places"], studied("people_and_places", config, regions)
    found = Found.of("regions", "people_and_places", tables, tables["curves"], synthetic=True)
    readiness, speech = showing.words(study, config.codebook, found)["variance"]
    share = found.estimate(outcome="speech_delay", estimand="intraclass_correlation")
    assert "who lives in them (95% interval" in readiness
    assert ("who lives in them" in speech) == (share is not None and share["lower"] > 0)


def test_figures_can_be_read_on_a_telephone(regions: Cohort) -> None:
    config = configured("regions")
    study, tables = config.studies["people_and_places"], studied("people_and_places", config, regions)
    found = Found.of("regions", "people_and_places", tables, tables["curves"], synthetic=True)
    drawn = showing.figures(study, config.codebook, found)
    assert len(drawn) == 2
    for picture in drawn.values():
        assert faults(picture) == []
