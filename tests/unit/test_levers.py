"""Levers: what a file must say, and what people's exposures become under one lever and under several.

A mistake in a file stops the run with one message. Whoever takes part is counted once, an effect of taking part is
multiplied by uptake once, and levers on one exposure differ in reach, dose and cost alone.
"""

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evenwicht.base.errors import ConfigError, DataError
from evenwicht.config.loading import read_yaml, validate
from evenwicht.levers.lever import VARIANTS, Lever, VariantName
from evenwicht.levers.reach import Action, action, after, expected, faded, offered, taking_part

from tests.conftest import ROOT
from tests.unit.test_config import at, without
from tests.unit.test_rooms import heavy

FILES = sorted((ROOT / "config/levers").glob("*.yaml"))
LEVERS = {path.stem: validate(Lever, read_yaml(path), path.name) for path in FILES}
RATIONING = read_yaml(ROOT / "config/levers/sugar_rationing.yaml")
THIRDS = np.array(["low", "middle", "high"])
BIRTHS = 100_000
RISK, RATIONED = 0.083, 0.055  # of diabetes without and with rationing
LOG_HAZARD_RATIO = np.log(np.log(1 - RATIONED) / np.log(1 - RISK)) / 39  # per g/day less; the ratio of 39 is .653


def lever(changes: Mapping[str, Any] | None = None, base: Mapping[str, Any] = RATIONING) -> Lever:
    """A lever with some keys changed."""
    data = copy.deepcopy(dict(base))
    for path, value in (changes or {}).items():
        at(path, value)(data)
    return validate(Lever, data, "lever")


def number(value: float) -> dict[str, Any]:
    """A number that a source gives."""
    return {"value": value, "source": "Someone 2020", "tag": "V"}


def diabetes(exposures: Mapping[str, np.ndarray]) -> np.ndarray:
    """Risk by grams of sugar a day, log-linear in the hazard: 8.3% at 80 g and 5.5% at 41 g."""
    hazard = -np.log(1 - RISK) * np.exp(LOG_HAZARD_RATIO * (80 - exposures["sugar"]))
    return 1 - np.exp(-hazard)


def fewer(*actions: Action) -> float:
    """Cases of diabetes fewer among 100,000 births who would eat 80 g of sugar a day."""
    sugar = {"sugar": np.full(3, 80.0)}
    return float(np.mean(diabetes(sugar) - expected(sugar, actions, diabetes))) * BIRTHS


def changed_skill(name: str, variant: VariantName) -> np.ndarray:
    """Mean change of skill in each third of SES."""
    return expected({"skill": np.zeros(3)}, [action(LEVERS[name], variant, THIRDS)], lambda x: x["skill"])


def removes(share: float, probability: float = 1.0, name: str = "a") -> Action:
    """A lever after which a share of the exposed who take part are no longer exposed."""
    ones = np.ones(2)
    return Action(name, "smoke", "share", "yes_no", None, probability * ones, -share * ones, ones)


def risk_of_smoke(exposures: Mapping[str, np.ndarray]) -> np.ndarray:
    return 0.1 + 0.2 * exposures["smoke"]


# --- the files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_is_a_lever_of_its_name_with_three_variants(path: Path) -> None:
    one = LEVERS[path.stem]
    assert one.name == path.stem
    for variant in VARIANTS:
        acts = action(one, variant, THIRDS, score=np.arange(3.0))
        assert ((acts.probability >= 0) & (acts.probability <= 1)).all()
        assert (acts.effect * acts.change == 0).all() == (variant == "no_effect")


def test_a_default_is_stated_where_the_evidence_has_one() -> None:
    """Elsewhere all three variants stand side by side."""
    stated = {name: one.default_variant for name, one in LEVERS.items() if one.default_variant != "none"}
    nothing = {"paid_leave", "parenting", "community", "cash"}  # so it was in the nearest setting
    good = {"folic_acid", "lead_removal", "foster_care"}  # mechanism and several settings agree
    assert stated == dict.fromkeys(nothing, "no_effect") | dict.fromkeys(good, "beneficial")


def test_child_care_as_in_quebec_harms_every_third_and_the_highest_most() -> None:
    """As in Norway it helps the lower thirds, and the highest gains nothing."""
    quebec, norway = (changed_skill("child_care", variant) for variant in ("reversed", "beneficial"))
    assert (quebec < 0).all()
    assert quebec.argmin() == 2
    assert (norway[:2] > 0).all()
    assert norway[2] == 0
    assert "Quebec" in LEVERS["child_care"].variants.reversed.evidence


def test_an_offer_to_move_raises_earnings_by_half_of_what_movers_gain() -> None:
    """15 of 100, where 47 of 100 use the offer and gain 31; it is made to families in public housing."""
    move = action(LEVERS["housing_move"], "beneficial", THIRDS)
    assert move.probability.tolist() == pytest.approx([0.06 * 0.47, 0, 0])
    earned = expected({"earnings": np.full(3, 100.0)}, [move], lambda x: x["earnings"])
    assert (earned[0] - 100) / 0.06 == pytest.approx(15, abs=0.5)


def test_settings_of_levers_import_nothing_heavy() -> None:
    assert heavy("evenwicht.levers.lever") == "[]"


def test_levers_on_one_exposure_agree_on_what_it_is_and_does() -> None:
    for name in {one.acts_on.exposure for one in LEVERS.values()}:
        together = [one for one in LEVERS.values() if one.acts_on.exposure == name]
        assert len({one.acts_on.what for one in together}) == 1, name
        for variant in VARIANTS:
            after({name: np.ones(3)}, [action(one, variant, THIRDS, score=np.arange(3.0)) for one in together])


MISTAKES: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "wrong key": (at("reech", number(1)), "reech: unknown key"),
    "missing variant": (without("variants.reversed"), "variants.reversed: required key is missing"),
    "number without a source": (at("reach", {"value": 1, "tag": "V"}), "reach.source: required key is missing"),
    "bare number": (at("reach", 0.7), "reach: input should be a valid dictionary.*got 0.7"),
    "unknown tag": (at("reach.tag", "X"), "reach.tag: input should be 'V'.*got 'X'"),
    "assumed value": (
        at("reach.tag", "assumed"),
        "reach: 1 has the tag assumed: a number that no source gives is a sweep",
    ),
    "judged value": (at("reach.tag", "S"), "reach: 1 has the tag S: a number that no source gives is a sweep"),
    "sweep without a middle": (without("acts_on.dose.mid"), "acts_on.dose.mid: required key is missing"),
    "sweep out of order": (at("acts_on.dose.mid", 50), "acts_on.dose: low 20, mid 50 and high 45 must be in order"),
    "share above one": (at("uptake", number(1.4)), "uptake: a share lies between 0 and 1, and this is 1.4"),
    "third left out": (at("uptake", {"low": number(1), "middle": number(1)}), "uptake.high: required key is missing"),
    "default from weak memory": (at("reach.tag", "M-lo"), "reach: it is used by default and has the tag M-lo"),
    "weak memory in a variant that is shown": (
        at("variants.beneficial.effect.tag", "M-lo"),
        "variants.beneficial.effect: it is used by default and has the tag M-lo",
    ),
    "taking part without uptake": (without("uptake"), r"uptake: an effect of taking part \(TOT\) needs it"),
    "end before the start": (at("age_end", -0.9), "age_end: -0.9 comes before age_start, -0.75"),
    "dose and effect": (at("variants.beneficial.dose", number(3)), "variants.beneficial: a variant has either a dose"),
    "no effect that is one": (at("variants.no_effect.effect", number(0.1)), "variants.no_effect.effect: .*key"),
    "effect in one variant, dose in another": (
        at("variants.reversed", {"evidence": "In Utopia, harm.", "dose": number(-3)}),
        "variants: beneficial and reversed: give both a dose of their own, or both an effect",
    ),
    "nothing found by whom": (
        without("variants.no_effect.source"),
        "variants.no_effect.source: required key is missing",
    ),
    "reversed that is not": (
        at("variants.reversed.effect", number(1)),
        "variants: reversed: its middle value must be below",
    ),
    "beneficial that is not": (
        at("variants.beneficial.effect", number(0)),
        "variants: beneficial: its middle value must",
    ),
    "lasting part of what does not fade": (
        at("variants.beneficial.lasting", number(3)),
        "variants.beneficial.lasting: nothing fades without retention",
    ),
    "bound of what is no amount": (at("acts_on.measure", "relative"), "acts_on: least belongs to measure amount"),
    "nothing that must not be said": (at("do_not_claim", []), "do_not_claim: list should have at least 1 item"),
}


@pytest.mark.parametrize(("change", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_gives_one_message_with_its_place(change: Callable[[dict[str, Any]], None], message: str) -> None:
    data = copy.deepcopy(RATIONING)
    change(data)
    with pytest.raises(ConfigError, match=message) as caught:
        validate(Lever, data, "levers/sugar_rationing.yaml")
    assert len(str(caught.value).splitlines()) == 1


def test_nothing_of_a_default_is_weakly_remembered_even_that_nothing_was_found() -> None:
    with pytest.raises(ConfigError, match="variants.no_effect: it is used by default and has the tag M-lo"):
        lever({"default_variant": "no_effect", "variants.no_effect.tag": "M-lo"})


def test_weak_memory_may_stand_in_a_variant_that_is_not_used_by_default() -> None:
    lever({"default_variant": "no_effect", "variants.beneficial.effect.tag": "M-lo"})


@pytest.mark.parametrize("area", ["leave", "child_care"])
def test_leave_and_child_care_are_given_by_third(area: str) -> None:
    """Who takes part and who gains often run against each other, so that a mean of either misleads."""
    with pytest.raises(ConfigError) as caught:
        lever({"area": area})
    for key in ("uptake", "variants.beneficial", "variants.reversed"):
        assert f"{key}: give it by third of SES" in str(caught.value)


# --- who takes part ---------------------------------------------------------------------------------------------------


def earnings(estimand: str) -> float:
    """Mean gain of 100 of those to whom a move is offered, of whom 48% take it up, with a gain of 31."""
    changes = {"estimand": estimand, "uptake": number(0.48), "acts_on.dose": number(31), "acts_on.direction": "raises"}
    move = action(lever(changes), "beneficial", THIRDS)
    return float(np.mean(expected({"sugar": np.full(3, 100.0)}, [move], lambda x: x["sugar"]))) - 100


def test_an_effect_of_taking_part_is_multiplied_by_uptake_once() -> None:
    assert earnings("TOT") == pytest.approx(0.48 * 31)
    assert round(earnings("TOT")) == 15


def test_an_effect_of_the_offer_is_not_multiplied_by_uptake() -> None:
    assert earnings("ITT") == pytest.approx(31)


def test_unknown_thirds_are_refused() -> None:
    with pytest.raises(DataError, match="no third of SES is called poor"):
        offered(LEVERS["cash"], np.array(["low", "poor"]))


def test_each_third_has_its_own_number() -> None:
    uptake = {"low": number(0.2), "middle": number(0.5), "high": number(0.7)}
    shuffled = THIRDS[[2, 0, 1, 1]]
    assert taking_part(lever({"uptake": uptake}), shuffled).tolist() == [0.7, 0.2, 0.5, 0.5]


def test_those_who_would_have_had_the_like_anyway_take_part_and_change_nothing() -> None:
    replaced = lever({"substitution": number(0.25)})
    assert taking_part(replaced, THIRDS).tolist() == [1, 1, 1]
    assert action(replaced, "beneficial", THIRDS).probability.tolist() == [0.75, 0.75, 0.75]


def test_a_targeted_lever_is_offered_to_those_at_the_highest_risk() -> None:
    targeted = lever({"offered_to": "highest_risk", "reach": number(0.5)})
    thirds = np.array(["low"] * 4)
    assert offered(targeted, thirds, score=np.array([0.1, 0.4, 0.3, 0.2])).tolist() == [0, 1, 1, 0]
    assert offered(targeted, thirds, score=np.array([0.1, 0.4, 0.2, 0.2])).tolist() == [0, 1, 0.5, 0.5]
    with pytest.raises(ConfigError, match="sugar_rationing: it is offered to those at the highest risk"):
        offered(targeted, thirds)
    with pytest.raises(DataError, match="sugar_rationing: somebody's score is not known"):
        offered(targeted, thirds, score=np.array([0.1, np.nan, 0.2, 0.2]))


def test_any_point_of_a_sweep_can_be_taken() -> None:
    grams = [
        action(LEVERS["sugar_levy"], "beneficial", THIRDS, point=point).change[0] for point in ("low", "mid", "high")
    ]
    assert grams == [-0.5, -3, -11]


# --- one dose-response ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("grams", "cases"), [(39, 2800), (20, 1574), (10.9, 897), (4.8, 407), (0.5, 43)])
def test_a_smaller_dose_of_one_dose_response_prevents_fewer_cases(grams: float, cases: int) -> None:
    assert round(np.exp(39 * LOG_HAZARD_RATIO), 3) == 0.653
    assert round(fewer(action(lever({"acts_on.dose": number(grams)}), "beneficial", THIRDS))) == cases


@pytest.mark.parametrize(("uptake", "cases"), [(0.014, 39), (0.087, 244), (0.37, 1036)])
def test_advice_prevents_what_rationing_does_in_the_few_who_follow_it(uptake: float, cases: int) -> None:
    everybody = {"reach": number(1), "uptake": number(uptake)}
    advice = lever(everybody, read_yaml(ROOT / "config/levers/advice_campaign.yaml"))
    assert round(fewer(action(advice, "beneficial", THIRDS))) == cases


def test_a_reversed_variant_does_harm_and_one_without_effect_does_nothing() -> None:
    rationing = LEVERS["sugar_rationing"]
    assert fewer(action(rationing, "reversed", THIRDS)) < 0
    assert fewer(action(rationing, "no_effect", THIRDS)) == 0


# --- packages ---------------------------------------------------------------------------------------------------------


def test_a_levy_within_rationing_takes_away_no_more_sugar_than_there_is() -> None:
    both = [action(LEVERS[name], "beneficial", THIRDS) for name in ("sugar_rationing", "sugar_levy")]
    sugar = after({"sugar": np.array([80.0, 40.0, 10.0])}, both)["sugar"]
    assert sugar.tolist() == [38, 0, 0]


def test_two_levers_that_remove_an_exposure_do_not_count_a_person_twice() -> None:
    exposed = {"smoke": np.array([1.0, 0.0])}
    a, b = removes(0.3), removes(0.5, name="b")
    left = expected(exposed, [a, b], lambda x: x["smoke"])
    assert left.tolist() == pytest.approx([0.7 * 0.5, 0])
    gone = [float((risk_of_smoke(exposed) - expected(exposed, some, risk_of_smoke))[0]) for some in ([a], [b], [a, b])]
    assert gone[2] == pytest.approx(0.2 * (1 - 0.7 * 0.5))
    assert gone[2] < gone[0] + gone[1]


def test_those_who_take_part_in_one_take_part_in_another_independently() -> None:
    exposed = {"smoke": np.ones(2)}
    left = expected(exposed, [removes(1, 0.4), removes(1, 0.5, "b")], lambda x: x["smoke"])
    assert left.tolist() == pytest.approx([0.6 * 0.5, 0.6 * 0.5])


def test_a_package_on_several_exposures_is_the_mean_over_who_takes_part_in_what() -> None:
    """Against people who draw whether they take part, with a dose-response by which exposures act together."""
    people, rng = 400_000, np.random.default_rng(7)
    smoke = (rng.random(people) < 0.5).astype(float)
    as_is = {"smoke": smoke, "sugar": rng.normal(60, 10, people), "stress": rng.gamma(2, 1, people)}
    ones = np.ones(people)
    package = [
        Action("a", "smoke", "share", "yes_no", None, 0.5 * ones, -0.6 * ones, ones),
        Action("b", "sugar", "g/day", "amount", 0.0, 0.7 * ones, -20 * ones, ones),
        Action("c", "sugar", "g/day", "amount", 0.0, 0.4 * ones, -50 * ones, ones),
        Action("d", "stress", "share", "relative", None, 0.3 * ones, -0.5 * ones, ones),
    ]

    def risk(exposures: Mapping[str, np.ndarray]) -> np.ndarray:
        odds = -4 + exposures["smoke"] * exposures["stress"] + 0.03 * exposures["sugar"]
        return 1 / (1 + np.exp(-odds))

    a, b, c, d = (rng.random(people) < chance for chance in (0.5 * 0.6, 0.7, 0.4, 0.3))
    drawn = {
        "smoke": np.where(a, 0, smoke),
        "sugar": np.maximum(as_is["sugar"] - 20 * b - 50 * c, 0),
        "stress": as_is["stress"] * np.where(d, 0.5, 1),
    }
    difference = risk(drawn) - expected(as_is, package, risk)
    assert abs(difference.mean()) < 4 * difference.std() / np.sqrt(people)


def test_of_levers_on_one_exposure_one_may_do_nothing_where_doses_are_what_differs() -> None:
    package = [action(LEVERS["child_care"], "no_effect", THIRDS), action(LEVERS["cash"], "beneficial", THIRDS)]
    assert after({"skill": np.zeros(3)}, package)["skill"].tolist() == [0.06, 0.06, 0.06]


def test_the_order_of_levers_does_not_matter() -> None:
    exposed = {"smoke": np.array([1.0, 0.0])}
    some = [removes(0.3), removes(-0.2, name="b"), removes(0.6, 0.5, "c")]
    forth, back = (expected(exposed, order, risk_of_smoke) for order in (some, some[::-1]))
    assert forth.tolist() == pytest.approx(back.tolist())


def test_a_harmful_dose_on_a_yes_no_exposure_is_a_share_of_the_unexposed() -> None:
    assert expected({"smoke": np.array([1.0, 0.0])}, [removes(-0.2)], lambda x: x["smoke"]).tolist() == [1, 0.2]


def test_levers_on_one_exposure_have_one_effect() -> None:
    actions = [
        action(LEVERS["sugar_rationing"], "beneficial", THIRDS),
        action(LEVERS["sugar_levy"], "no_effect", THIRDS),
    ]
    with pytest.raises(
        ConfigError, match="sugar_levy: it and sugar_rationing act on 'sugar', but differ in its effect"
    ):
        after({"sugar": np.full(3, 80.0)}, actions)


def test_a_lever_on_an_exposure_that_nobody_has_is_refused() -> None:
    with pytest.raises(ConfigError, match="sugar_levy: it acts on 'sugar', which is not among the exposures"):
        after({"smoke": np.ones(3)}, [action(LEVERS["sugar_levy"], "beneficial", THIRDS)])


# --- fade-out ---------------------------------------------------------------------------------------------------------


def test_what_does_not_last_shrinks_each_year() -> None:
    """Of .23 SD at the end of a programme, reviews find about .10 within a year and .05 in the next."""
    skill, lasting, kept = np.array([0.23]), np.array([0.02]), np.array([0.4])
    years = [faded(skill, lasting, kept, age)[0] for age in (-1, 0, 1, 2, 50)]
    assert years == pytest.approx([0.23, 0.23, 0.104, 0.0536, 0.02], abs=1e-9)
    assert faded(skill, 0 * lasting, kept, 1)[0] == pytest.approx(0.4 * 0.23)


def test_a_lever_does_nothing_before_it_starts_and_fades_after_it_ends() -> None:
    fading = lever({"retention": number(0.4), "variants.beneficial.lasting": number(4)})
    changes = [action(fading, "beneficial", THIRDS, age=age).change[0] for age in (-0.8, 1, 3)]
    assert changes == pytest.approx([0, -39, -(4 + 35 * 0.4)])
