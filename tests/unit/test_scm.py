"""Structural causal models: the graph is read from the code, and interventions give paired potential outcomes."""

import numpy as np
import pytest
from evenwicht.worlds.scm import Noise, model


def cause(noise: Noise) -> np.ndarray:
    return noise.normal()


def effect(noise: Noise, cause: np.ndarray) -> np.ndarray:
    return 2 * cause + noise.normal()


def bystander(noise: Noise) -> np.ndarray:
    return noise.of_family(noise.uniform())


TOY = model(cause, effect, bystander)
KEY = np.random.SeedSequence(5)


def test_the_graph_is_the_arguments() -> None:
    assert TOY.graph == {"cause": [], "effect": ["cause"], "bystander": []}


def test_an_equation_before_its_cause_is_refused() -> None:
    with pytest.raises(ValueError, match="equation of effect uses \\['cause'\\]"):
        model(effect, cause)


def test_an_intervention_leaves_all_that_it_does_not_cause_as_it_was() -> None:
    natural, forced = TOY.draw(100, KEY), TOY.draw(100, KEY, {"cause": 1.0})
    assert (forced["cause"] == 1).all()
    np.testing.assert_allclose(forced["effect"] - natural["effect"], 2 * (1 - natural["cause"]))
    np.testing.assert_array_equal(forced["bystander"], natural["bystander"])


def test_adding_an_equation_does_not_change_the_others() -> None:
    smaller = model(cause, bystander)
    np.testing.assert_array_equal(smaller.draw(50, KEY)["bystander"], TOY.draw(50, KEY)["bystander"])


def test_a_part_of_a_model_gives_the_same_values() -> None:
    part = TOY.upto("effect")
    assert list(part.equations) == ["cause", "effect"]
    np.testing.assert_array_equal(part.draw(50, KEY)["effect"], TOY.draw(50, KEY)["effect"])


def test_families_share_what_is_of_the_family() -> None:
    values = TOY.draw(4, KEY, family=np.array([0, 0, 2, 3]))
    assert values["bystander"][0] == values["bystander"][1] != values["bystander"][2]
    assert values["cause"][0] != values["cause"][1]


def test_keys_decide_the_people() -> None:
    np.testing.assert_array_equal(TOY.draw(10, KEY)["effect"], TOY.draw(10, np.random.SeedSequence(5))["effect"])
    assert (TOY.draw(10, np.random.SeedSequence(6))["cause"] != TOY.draw(10, KEY)["cause"]).all()
