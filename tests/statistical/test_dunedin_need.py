"""What sectors share in the Dunedin-style world, what registers hold of it, and what it foretells."""

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.streams import stream_key
from evenwicht.estimators.concentration import high_need, several_sectors
from evenwicht.worlds import compare_with_published
from evenwicht.worlds.dunedin.fit import EVERY
from evenwicht.worlds.dunedin.norms import STRESSORS, norms_of
from evenwicht.worlds.dunedin.recorded import covariates, log_link_risk
from evenwicht.worlds.dunedin.segment import Segment
from evenwicht.worlds.dunedin.settings import DunedinWorld
from evenwicht.worlds.dunedin.world import dunedin_model
from evenwicht.worlds.fitting import PEOPLE
from evenwicht.worlds.scm import Values
from scipy.special import expit

from tests.worlds import Synthetic, published, synthetic

BIG = 200_000
DRAWS = 400_000
NEEDS = ["latent_class", "latent_trait", "factor_mixture"]
ANTECEDENTS = ["poor_brain_health", "poor_mental_health", "no_qualifications"]
FITTED = PEOPLE // EVERY  # people of the fit
AREA = 0.04  # what the design dossier allows an area under the curve


@pytest.fixture(scope="module")
def config() -> Synthetic:
    """The cohort, asked for the concentration of use alone."""
    whole = synthetic("dunedin")
    return whole.asked(whole.questions[-1])


@pytest.fixture(scope="module")
def world(config: Synthetic) -> DunedinWorld:
    return config.source


def drawn(world: DunedinWorld, name: str, n: int = BIG, **settings: object) -> Values:
    return dunedin_model(world.model_copy(update=settings)).draw(n, stream_key(40, "dunedin", name))


def with_sectors(world: DunedinWorld, **settings: object) -> DunedinWorld:
    sectors = {name: sector.model_copy(update=settings) for name, sector in world.sectors.items()}
    return world.model_copy(update={"sectors": sectors})


# --- a group, a trait or both -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("need", "causes"),
    [
        ("latent_class", {"high_need_group", "male", "brain_health"}),
        ("latent_trait", {"graded_need", "male", "brain_health"}),
        ("factor_mixture", {"high_need_group", "graded_need", "male", "brain_health"}),
    ],
)
def test_each_kind_of_need_has_its_causes(world: DunedinWorld, need: str, causes: set[str]) -> None:
    graph = dunedin_model(world.model_copy(update={"need": need})).graph
    assert set(graph["high_use_log_odds"]) == causes
    assert ("high_need_group" in graph) == ("high_need_group" in causes)
    assert ("graded_need" in graph) == ("graded_need" in causes)


def test_the_two_chances_are_those_of_an_average_person(world: DunedinWorld) -> None:
    """With average graded need and brain health, half-way between the sexes, for which men and women stand in turn."""
    model, key = dunedin_model(world), stream_key(41, "dunedin", "average")
    for member, name in ((True, "high_if_severe"), (False, "high_otherwise")):
        average = {"high_need_group": member, "graded_need": 0.0, "brain_health": 0.0}
        men, women = (model.draw(10, key, {**average, "male": male})["high_use_log_odds"] for male in (True, False))
        stated = [getattr(sector, name) for sector in world.sectors.values()]
        assert expit((men + women) / 2)[0] == pytest.approx(stated)
        assert (men - women)[0] == pytest.approx([sector.male for sector in world.sectors.values()])


def test_a_trait_has_the_mean_and_variance_of_the_group(world: DunedinWorld) -> None:
    """Without sex, brain health and grades beside the group, log-odds differ in their form alone."""
    plain = with_sectors(world, graded=0.0, male=0.0, brain_health=0.0)
    by_class, by_trait = (
        drawn(plain, "moments", need=need)["high_use_log_odds"] for need in ("latent_class", "latent_trait")
    )
    gap = by_class.std(axis=0)
    assert (np.abs(by_class.mean(axis=0) - by_trait.mean(axis=0)) <= 4 * np.hypot(gap, gap) / np.sqrt(BIG)).all()
    assert by_trait.std(axis=0) == pytest.approx(by_class.std(axis=0), rel=8 / np.sqrt(BIG))


def test_grades_tell_more_within_the_group(world: DunedinWorld) -> None:
    """Without sex and brain health, members of a latent class are alike; those of a mixture differ by graded need."""
    alone = with_sectors(world, male=0.0, brain_health=0.0)
    for need, told in (("latent_class", False), ("factor_mixture", True)):
        people = drawn(alone, "within", need=need)
        member = people["high_need_group"]
        spread = np.ptp(people["high_use_log_odds"][member], axis=0)
        assert ((spread > 0) == told).all()


@pytest.mark.parametrize("need", NEEDS)
@pytest.mark.parametrize("effect", ["null", "reversed"])
def test_switches_are_exact_for_each_kind_of_need(world: DunedinWorld, need: str, effect: str) -> None:
    changed = world.model_copy(update={"need": need, "stressor_effect": effect})
    model, key = dunedin_model(changed), stream_key(42, "dunedin", "switches")
    for name in STRESSORS:
        exposed, spared = (model.draw(5_000, key, {name: value}) for value in (True, False))
        difference = exposed["high_use_log_odds"] - spared["high_use_log_odds"]
        if effect == "null":
            assert (difference == 0).all()
            assert (exposed["use_by_38"] == spared["use_by_38"]).all()
        else:
            assert (difference <= 0).all()


def test_the_group_and_the_scale_of_need_are_as_stated(world: DunedinWorld) -> None:
    people, w = drawn(world, "stated"), world.high_need
    error = np.sqrt(w.share * (1 - w.share) * (1 / BIG + 1 / FITTED))
    assert people["high_need_group"].mean() == pytest.approx(w.share, abs=4 * error)
    assert people["graded_need"].mean() == pytest.approx(0, abs=4 * np.sqrt(2 / BIG))
    assert people["graded_need"].std() == pytest.approx(1, rel=8 / np.sqrt(BIG))


@pytest.mark.parametrize("effects", [("harmful", "beneficial"), ("null", "null"), ("reversed", "reversed")])
def test_norms_are_those_of_the_scores(world: DunedinWorld, effects: tuple[str, str]) -> None:
    """Every score is normed in its own world: mean and SD as recorded, whatever the switches."""
    stressor, policy = effects
    changed = world.model_copy(update={"stressor_effect": stressor, "policy_effect": policy})
    people, norms = drawn(changed, "norms"), norms_of(changed)
    for name in ("brain_health", "iq", "self_control", "mental_problems"):
        scale = getattr(norms, name)
        assert people[name].mean() == pytest.approx(scale.centre, abs=4 * scale.unit / np.sqrt(BIG))
        assert people[name].std() == pytest.approx(scale.unit, rel=4 / np.sqrt(2 * BIG))
    share = norms.maltreatment.mean
    assert people["maltreatment"].mean() == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / BIG))


def test_an_unmeasured_trait_moves_graded_need_as_well(config: Synthetic) -> None:
    source = config.with_artefacts(mediator_confounding=1.0).source
    model, key = dunedin_model(source), stream_key(43, "dunedin", "trait")
    more, less = (model.draw(1_000, key, {"unmeasured_trait": value}) for value in (1.0, -1.0))
    assert (more["graded_need"] > less["graded_need"]).all()


# --- sex, and time abroad -------------------------------------------------------------------------------------------


def test_sectors_differ_by_sex_as_their_loads_say(world: DunedinWorld) -> None:
    people = drawn(world, "sex")
    high = np.column_stack([high_need(column, 0.2) for column in people["use_by_38"].T])
    male = people["male"]
    for share_of_men, share_of_women, sector in zip(
        high[male].mean(axis=0), high[~male].mean(axis=0), world.sectors.values(), strict=True
    ):
        error = np.sqrt(0.2 / male.sum() + 0.2 / (~male).sum())
        assert (share_of_men - share_of_women) * np.sign(sector.male) > 4 * error


def test_registers_hold_next_to_nothing_of_emigrants(world: DunedinWorld) -> None:
    """Recorded use is the part at home, and the stated share of the part abroad, in whole units."""
    people = drawn(world, "abroad")
    administrative = np.array([sector.administrative for sector in world.sectors.values()])
    left = people["share_abroad"] > 0
    true, recorded = people["use_by_38"][:, administrative], people["recorded_use_by_38"][:, administrative]
    kept = 1 - (1 - world.abroad.recorded) * people["share_abroad"][left]
    assert np.abs(recorded[left] - true[left] * kept[:, None]).max() <= 0.5
    expected = 1 - (1 - world.abroad.recorded) * world.abroad.time_share
    assert expected < 0.1
    assert recorded[left].sum() / true[left].sum() == pytest.approx(expected, abs=0.01)
    high = np.column_stack([high_need(column, 0.2) for column in people["recorded_use_by_38"].T])
    assert high[left][:, administrative].mean() < 0.1 * high[~left][:, administrative].mean()


# --- the fit and the world --------------------------------------------------------------------------------------------


def test_expectations_of_the_fit_are_those_of_the_world(config: Synthetic, world: DunedinWorld) -> None:
    """The multi-sector group and risk ratios, worked out and counted, on the same people; ties cost the group a little.

    Equal use at the bar is left out of high need, so up to one unit's worth of people are missing in each sector.
    """
    [question], people = config.questions, drawn(world, "expected", n=50_000)
    segment = Segment(world, question, people)
    sectors = list(world.sectors.values())
    given = [world.high_need.share, *(s.high_if_severe for s in sectors), *(s.brain_health for s in sectors)]
    size, *rest = segment.figures()(np.array(given))
    ratios = rest[len(sectors) :]
    use = people["recorded_use_by_38"]
    broken = use + np.random.default_rng(1).uniform(-0.5, 0.5, use.shape) * (use > 0)  # ties broken at random
    flags = np.column_stack([high_need(column, 0.2) for column in broken.T])
    assert several_sectors(flags, 3).mean() == pytest.approx(size, abs=4 * np.sqrt(0.22 * 0.78 / 50_000))
    for j, sector in enumerate(sectors):
        cases = flags[:, j].astype(float)
        ratio, _ = log_link_risk(cases, -people["brain_health"], covariates(people, sector.administrative))
        error = np.sqrt(0.8 / (0.2 * 50_000))  # of a log risk ratio per SD of a standard normal score
        assert abs(np.log(ratio / ratios[j])) <= 4 * error


def test_high_users_on_record_are_the_top_share(config: Synthetic, world: DunedinWorld) -> None:
    """On record a fifth are high users of every sector, whose use then makes the bar."""
    people = drawn(world, "level")
    high = expit(people["high_use_log_odds"])
    away = (1 - world.abroad.recorded) * people["share_abroad"]
    for j, sector in enumerate(world.sectors.values()):
        on_record = high[:, j] * (1 - away if sector.administrative else 1.0)
        error = on_record.std() * np.sqrt(1 / BIG + 1 / FITTED)
        assert on_record.mean() == pytest.approx(config.questions[0].top_shares[0], abs=4 * error)


# --- published figures --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def truth(config: Synthetic) -> pd.DataFrame:
    return config.truth(DRAWS, stream_key(44, "dunedin", "truth"))


@pytest.fixture(scope="module")
def calibration(truth: pd.DataFrame) -> pd.DataFrame:
    return compare_with_published("dunedin", truth, published())


def test_brain_health_foretells_each_sector_as_published(calibration: pd.DataFrame) -> None:
    """Risk ratios set the world: they come back within Monte Carlo error of both the fit and the world."""
    rows = calibration[calibration["estimand"] == "associated_risk_ratio"]
    assert len(rows) == 8
    assert (rows["use"] == "calibrate").all()
    theirs = published().query("cohort == 'dunedin' and estimand == 'associated_risk_ratio'").set_index("outcome")
    limits = theirs.loc[rows["outcome"], ["lower", "upper"]].to_numpy()
    assert ((rows["world"] > limits[:, 0]) & (rows["world"] < limits[:, 1])).all()
    fit_error = rows["mc_error"] * np.sqrt(DRAWS / FITTED)
    assert (rows["difference"].abs() <= 4 * np.hypot(rows["mc_error"], fit_error)).all()


def test_areas_of_sectors_are_predicted_within_what_the_dossier_allows(calibration: pd.DataFrame) -> None:
    rows = calibration[(calibration["estimand"] == "auc") & (calibration["subgroup"] == "")]
    assert len(rows) == 8
    assert (rows["use"] == "check").sum() == 6
    assert (rows["difference"].abs() <= AREA + 4 * rows["mc_error"]).all()


def test_four_risks_tell_extremes_apart_as_published(truth: pd.DataFrame, calibration: pd.DataFrame) -> None:
    row = calibration.set_index("exposure").loc["four_childhood_risks"]
    assert 0.82 <= row["world"] <= 0.90
    areas = truth[(truth["estimand"] == "auc") & (truth["exposure"] == "four_childhood_risks")].set_index("subgroup")
    assert areas.loc["", "value"] < areas.loc["group_or_no_sector", "value"]  # the middle is left out of the latter


def test_linked_antecedents_have_the_published_signs(truth: pd.DataFrame) -> None:
    """Poor brain health, poor adolescent mental health and no qualifications: Richmond-Rakerd et al. (2020)."""
    ratios = truth[(truth["estimand"] == "associated_risk_ratio") & (truth["outcome"] == "top_20_in_3")]
    assert list(ratios["exposure"]) == ANTECEDENTS
    assert (np.log(ratios["value"]) > 4 * ratios["mc_error"] / ratios["value"]).all()


def test_nobody_needs_anything_in_two_fifths_of_people(truth: pd.DataFrame) -> None:
    """The dossier's range of people with high need in no sector, which sets nothing."""
    row = truth[(truth["outcome"] == "top_20_in_exactly_0") & (truth["at"] == "38")].set_index("estimand")
    assert 0.35 <= row.loc["group_share", "value"] <= 0.45


def test_use_everywhere_and_as_recorded_stand_side_by_side(truth: pd.DataFrame) -> None:
    for estimand in ("gini", "group_use_share"):
        assert {"38", "38_everywhere"} <= set(truth.loc[truth["estimand"] == estimand, "at"])
