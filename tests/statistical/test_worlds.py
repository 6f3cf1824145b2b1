"""What holds for every world: seeds, switches, truth two ways, null worlds, and figures that were fitted."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.errors import ConfigError
from evenwicht.base.outcomes import EventOutcome
from evenwicht.base.streams import stream_key
from evenwicht.estimators.results import ESTIMANDS
from evenwicht.results.questions import Births, Effect
from evenwicht.results.schema import QUESTION, TRUTH
from evenwicht.worlds import causal_graph, compare_with_published
from evenwicht.worlds import truth as registry
from evenwicht.worlds.world import Arms
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from tests.worlds import GROUPS, NAMES, Synthetic, effect, effect_per, published, synthetic

TABLES = ("persons", "measures", "events", "costs")
STUDIED = [name for name in NAMES if not name.startswith("register")]
DIFFERENCES = ["mean_difference", "risk_difference"]
GIVEN = (
    "leave_months"  # what the reform hands out is the policy itself: switches turn what it does, not that it is given
)
DRAWS = 200_000
OVERSTATED = ["r_squared", "liability_r_squared", "number_needed"]  # squares and reciprocals of what may be nothing


def switched(name: str, stressor: str, policy: str) -> Synthetic:
    """A world with both switches set, as far as it has them."""
    cohort = synthetic(name)
    switches = {"stressor_effect": stressor, "policy_effect": policy}
    return cohort.where(**{key: value for key, value in switches.items() if hasattr(cohort.source, key)})


@cache
def truth_of(name: str, stressor: str = "harmful", policy: str = "beneficial") -> pd.DataFrame:
    return switched(name, stressor, policy).truth(DRAWS, stream_key(31, name, "truth"))


# --- seeds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_one_seed_repeats_bit_for_bit_and_two_seeds_differ(name: str) -> None:
    one, again, other = (synthetic(name).simulate(stream_key(seed, name, "simulate")) for seed in (1, 1, 2))
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(one, table), getattr(again, table), check_exact=True)
    assert not one.persons.equals(other.persons)


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_has_people_as_its_first_axis(name: str) -> None:
    """Memory is linear in people: every array has n rows and a number of columns that does not depend on n."""
    equations = synthetic(name).world.equations
    sizes = [{v: a.shape for v, a in equations.draw(n, stream_key(1, name, "size")).items()} for n in (100, 200)]
    for variable, shape in sizes[0].items():
        assert (100, *shape[1:]) == shape
        assert (200, *shape[1:]) == sizes[1][variable]


@pytest.mark.parametrize("name", NAMES)
def test_the_causal_graph_names_every_variable_once_and_has_no_cycle(name: str) -> None:
    graph, seen = causal_graph(synthetic(name).source), set()
    for variable, causes in graph.items():
        assert set(causes) <= seen
        seen.add(variable)
    assert seen == set(synthetic(name).world.equations.draw(10, stream_key(1, name, "graph")))


# --- units ----------------------------------------------------------------------------------------------------------


def standardised(values: np.ndarray, mean: float = 0.0, sd: float = 1.0) -> bool:
    """Mean and SD within four Monte Carlo errors, that of the SD by the fourth moment."""
    z = (np.asarray(values, dtype=float) - mean) / sd
    spread = np.std((z - z.mean()) ** 2) / (2 * z.std())
    return bool(max(abs(z.mean()) / z.std(), abs(z.std() - 1) / spread) <= 4 / np.sqrt(len(z)))


@pytest.mark.parametrize("effects", [("harmful", "beneficial"), ("null", "null"), ("reversed", "reversed")])
@pytest.mark.parametrize("name", [n for n in NAMES if "SD" in {c.unit for c in synthetic(n).book.columns.values()}])
def test_what_is_called_sd_has_one_in_the_population(name: str, effects: tuple[str, str]) -> None:
    """Whatever the switches: with no programme, and where no famine decides who is conceived."""
    cohort = switched(name, *effects)
    without = {"intervention": {"assigned": False}, "famine": {"famine_city": False}}.get(name)
    people = cohort.world.equations.draw(DRAWS, stream_key(36, name, "units"), without)
    called = [column for column, described in cohort.book.columns.items() if described.unit == "SD"]
    assert called
    assert [column for column in called if not standardised(people[column])] == []


# --- truth ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_true_value_is_named_once_and_states_its_error(name: str) -> None:
    truth = truth_of(name)
    assert len(truth)
    assert not truth.duplicated(QUESTION).any()
    assert list(truth.columns) == TRUTH.columns
    assert (truth["cohort"] == name).all()
    assert set(truth["estimand"]) <= set(ESTIMANDS)
    assert truth["value"].notna().all()
    assert np.isfinite(truth["value"]).all()
    assert ((truth["mc_error"] == 0) | (truth["how"] != "closed form")).all()


@pytest.mark.parametrize("name", [n for n in NAMES if n != "rationing"])
def test_closed_form_and_potential_outcomes_give_the_same_truth(name: str) -> None:
    """Four Monte Carlo errors of a mean over 20 chunks; a Gini or top share of a chunk is biased by less than one."""
    exact = synthetic(name).exact()
    drawn = synthetic(name).simulated(2_000_000, stream_key(32, name, "truth"))
    both = exact.merge(drawn, on=QUESTION, suffixes=("_exact", ""))
    assert len(both)
    gap = (both["value"] - both["value_exact"]).abs()
    assert (gap <= 4 * both["mc_error"] + 1e-9).all(), both


@pytest.mark.parametrize("name", ["dunedin", "register_nz", "lifecourse"])
def test_the_stated_error_is_the_spread_of_repeated_truths(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty batches, as in the default run, of a tenth of the people, repeated with other people.

    The SD over repeats has a chi-square distribution; one value in 100,000 may lie outside either limit by chance. A
    single error, from 20 batches, varies by 1 / sqrt(38) = 0.16 around its mean, more where values have long tails;
    from four chunks it would vary by 0.4.
    """
    monkeypatch.setattr(registry, "CHUNK", 10_000)
    monkeypatch.setattr(registry, "BATCH", 1_000)
    cohort, repeats = synthetic(name), 32
    runs = [cohort.simulated(40_000, stream_key(seed, name, "repeat")).set_index(QUESTION) for seed in range(repeats)]
    values, errors = (pd.concat([run[column] for run in runs], axis=1) for column in ("value", "mc_error"))
    varying = values.std(axis=1) > 1e-12
    variance_ratio = (values.var(axis=1) / (errors**2).mean(axis=1))[varying]
    lowest, highest = chi2.ppf([1e-5, 1 - 1e-5], repeats - 1) / (repeats - 1)
    assert (variance_ratio <= highest).all(), variance_ratio[variance_ratio > highest]
    overstated = variance_ratio.index.get_level_values("estimand").isin(OVERSTATED)
    assert (variance_ratio[~overstated] >= lowest).all(), variance_ratio[variance_ratio < lowest]
    assert (errors.std(axis=1) / errors.mean(axis=1))[varying].median() < 0.2


@pytest.mark.parametrize("name", [n for n in STUDIED if synthetic(n).world.diseases])
def test_closed_form_hazard_ratios_are_those_of_the_paired_hazards(name: str) -> None:
    """The log hazard ratio is the difference between the same person's two log hazards, whoever the person is."""
    cohort = synthetic(name)
    model, truth = cohort.world, truth_of(name).set_index(QUESTION)["value"]
    found = 0
    for question in cohort.questions:
        if isinstance(question, Effect):
            column = question.contrast.column
            arms = model.arms.get(column, Arms({column: True}, {column: False}))
            labels = [(question.contrast.exposure, question.contrast.reference)]
        elif isinstance(question, Births) and model.births is not None:
            arms = model.births(question)
            labels = [(question.exposure, reference) for reference in question.references]
        else:
            continue
        if arms is None:
            continue
        natural, *both = (
            model.equations.draw(20_000, stream_key(33, name, "pairs"), do) for do in ({}, arms.exposed, arms.unexposed)
        )
        among = np.full(20_000, True) if arms.among is None else arms.among(natural)
        for outcome_id in question.outcomes:
            outcome = cohort.outcomes[outcome_id]
            for exposure, reference in labels:
                value = truth.get((outcome_id, exposure, reference, "", "", "conditional_hazard_ratio"))
                if not isinstance(outcome, EventOutcome) or value is None:
                    continue
                hazards = [people[f"{outcome.event}_log_hazard"] for people in both]
                difference = (hazards[0] - hazards[1])[among]
                assert np.quantile(difference, [0.001, 0.5, 0.999]) == pytest.approx(np.log(value), abs=1e-9)
                found += 1
    assert found


@pytest.mark.parametrize("name", STUDIED)
def test_the_null_world_has_zero_truth_everywhere(name: str) -> None:
    truth = truth_of(name, "null", "null")
    no_effects = truth["estimand"].isin(["selection_bias", "need_odds_ratio"])  # the latter: two sectors as they are
    effects = truth[(truth["reference"] != "") & ~no_effects & (truth["outcome"] != GIVEN)]
    kind = effects["estimand"].map(lambda e: ESTIMANDS[e].kind)
    # associations are left out: who is exposed may tell who has the outcome by confounding, without an effect
    assert (effects.loc[kind == "difference", "value"] == 0).all()
    assert np.allclose(effects.loc[kind == "ratio", "value"], 1, rtol=0, atol=1e-12)
    assert "number_needed" not in set(effects["estimand"])


@pytest.mark.parametrize("name", ["register_nz", "register_dk"])
def test_need_without_childhood_risk_is_concentrated_by_none_of_it(name: str) -> None:
    cohort = synthetic(name).where(stressor_effect="null")
    (question,) = cohort.questions
    truth = cohort.asked(replace(question, risk="childhood_risk")).truth(1_000_000, stream_key(34, name, "truth"))
    rows = truth[truth["estimand"] == "concentration_index"]
    assert len(rows)
    assert (rows["value"].abs() <= 4 * rows["mc_error"]).all()


@pytest.mark.parametrize("name", STUDIED)
def test_every_outcome_answers_every_switch_in_order(name: str) -> None:
    """Harmful, null and reversed stressors give effects on either side of zero, and so do policies."""

    def differences(stressor: str, policy: str) -> pd.Series:
        truth = truth_of(name, stressor, policy)
        asked = truth["estimand"].isin(DIFFERENCES) & (truth["outcome"] != GIVEN)
        return truth[asked].set_index(QUESTION)["value"]

    switches = (("harmful", "beneficial"), ("null", "null"), ("reversed", "reversed"))
    here, null, turned = (differences(*switch) for switch in switches)
    assert (null == 0).all()
    policies = {column for column, described in synthetic(name).book.columns.items() if described.role == "policy"}
    # a policy that acts through a stressor: two reversals give back its sign
    through = {"dunedin": ["multi_sector_need", "disease"], "rationing": ["type_2_diabetes", "hypertension"]}
    of_policies = here.index.get_level_values("exposure").isin([*policies, *GROUPS])
    twice = of_policies & here.index.get_level_values("outcome").isin(through.get(name, []))
    assert (here[~twice] * turned[~twice] <= 0).all()
    assert (here[twice] * turned[twice] > 0).all()
    assert ((here == 0) == (turned == 0)).all()
    assert (here != 0).any()


@pytest.mark.parametrize("name", ["dunedin", "rationing"])
def test_a_policy_through_a_stressor_turns_with_either_switch_alone(name: str) -> None:
    outcome = {"dunedin": "disease", "rationing": "type_2_diabetes"}[name]
    policy_of = {"dunedin": "child_benefit", "rationing": "rationed"}

    def effect(stressor: str, policy: str) -> float:
        truth = truth_of(name, stressor, policy)
        rows = truth[(truth["outcome"] == outcome) & (truth["exposure"] == policy_of[name])]
        return float(rows[(rows["estimand"] == "risk_difference") & (rows["subgroup"] == "")]["value"].item())

    assert effect("harmful", "beneficial") < 0
    assert effect("harmful", "reversed") > 0
    assert effect("reversed", "beneficial") > 0
    assert effect("harmful", "null") == 0
    assert effect("null", "beneficial") == 0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), name=st.sampled_from(STUDIED))
def test_a_harmful_stressor_helps_nobody(seed: int, name: str) -> None:
    """Whoever is drawn: no person has an earlier onset, a lower hazard or a higher skill for being spared a stressor."""
    model = synthetic(name).world
    harmful = {  # column -> variable and the direction in which exposure moves it
        "dunedin": ("poverty", "disease_onset", -1),
        "rationing": ("low_sugar_household", "type_2_diabetes_onset", 1),
        "famine": ("exposed_early", "coronary_disease_onset", -1),
        "deprivation": ("stayed_in_institution", "iq_54_months", -1),
        "intervention": ("poverty", "skill_15", -1),
        "lifecourse": ("stressor_infancy", "symptoms", 1),
        "reform": ("low_maternal_education", "log_earnings", -1),
        "regions": ("poverty", "readiness", -1),
    }
    column, variable, direction = harmful[name]
    key, arms = stream_key(seed, name, "anyone"), model.arms.get(column, Arms({column: True}, {column: False}))
    exposed, spared = (model.equations.draw(500, key, do)[variable] for do in (arms.exposed, arms.unexposed))
    assert (direction * (exposed - spared) >= 0).all()
    assert (exposed != spared).any()


# --- continuous exposures -------------------------------------------------------------------------------------------


def test_a_number_raised_by_a_step_moves_what_it_causes_and_nothing_else() -> None:
    """Genes act on the hazard by a coefficient; a childhood risk score is a sum of causes and causes nothing itself."""
    cohort = synthetic("dunedin")
    asked = [effect_per("genes", 2, ["disease"]), effect_per("childhood_risk", "sd", ["multi_sector_need", "disease"])]
    truth = cohort.asked(*asked).truth(DRAWS, stream_key(37, "dunedin", "steps"))
    value = truth.set_index(QUESTION)["value"]
    ratio = value[("disease", "genes", "per_2", "", "", "conditional_hazard_ratio")]
    assert ratio == pytest.approx(np.exp(2 * cohort.source.disease.genes))
    assert value[("disease", "genes", "per_2", "", "45", "risk_difference")] > 0
    idle = value.xs("childhood_risk", level="exposure").xs("risk_difference", level="estimand")
    assert len(idle)
    assert (idle == 0).all()
    # it is associated with need by what causes both
    assert value[("multi_sector_need", "childhood_risk", "per_sd", "", "", "crude_difference")] > 0.05


def test_a_step_of_one_sd_is_that_of_the_population() -> None:
    """In the life-course world SES is standard normal and acts linearly: a step of 1 SD is a step of 1."""
    cohort = synthetic("lifecourse")
    truth = cohort.asked(effect_per("ses", "sd", ["symptoms"]), effect_per("ses", 1, ["symptoms"])).truth(
        DRAWS, stream_key(38, "lifecourse", "steps")
    )
    values = truth[truth["subgroup"] == ""].set_index(["estimand", "reference"])["value"]
    assert values["mean_difference", "per_sd"] == pytest.approx(
        values["mean_difference", "per_1"], rel=4 / np.sqrt(2 * DRAWS)
    )


def test_what_a_model_does_not_know_has_no_true_value() -> None:
    """A column that is no variable of the model, and an event without a hazard in it."""
    cohort = synthetic("rationing")
    unknown = cohort.outcomes["hypertension"].model_copy(update={"event": "death"})
    cohort = replace(cohort, outcomes={**cohort.outcomes, "death": unknown})
    asked = [effect_per("early_sugar", 10, ["hypertension"]), effect("rationed", ["death"], policy=True)]
    truth = cohort.asked(*asked).truth(1_000, stream_key(39, "rationing", "unknown"))
    assert set(truth["exposure"]) == {"all_causes", "diagnosed"}


# --- calibration ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_config_holds_the_fitted_parameters(name: str) -> None:
    """The config prints four digits of what the optimiser finds, with the seed of the default run."""
    fit = synthetic(name).fit(published(), stream_key(20250407, name, "calibration"))
    assert (fit["loss"] < 1e-9).all()
    np.testing.assert_allclose(fit["in_config"].astype(float), fit["fitted"].astype(float), rtol=6e-4)


@pytest.mark.parametrize("name", NAMES)
def test_figures_marked_check_never_enter_a_fit(name: str) -> None:
    altered = published().copy()
    altered.loc[altered["use"] != "calibrate", "value"] = 0.123
    key = stream_key(1, name, "calibration")
    pd.testing.assert_frame_equal(synthetic(name).fit(altered, key), synthetic(name).fit(published(), key))


def test_a_fit_without_its_figure_names_it() -> None:
    rows = (published()["cohort"] == "rationing") & (published()["estimand"] == "share_of_effect")
    with pytest.raises(ConfigError, match="no row marked 'calibrate' for cohort rationing, type_2_diabetes"):
        synthetic("rationing").fit(published()[~rows], stream_key(1, "x", "y"))


# within what the dossier asks of a large sample
TOLERANCE = {"gini": 0.02, "top_share": 0.03, "group_use_share": 0.03, "group_share": 0.01, "correlation": 0.05}


@pytest.mark.parametrize("name", ["dunedin", "register_nz", "rationing"])
def test_worlds_give_back_what_they_were_fitted_to(name: str) -> None:
    table = compare_with_published(name, truth_of(name), published())
    fitted = table[(table["use"] == "calibrate") & table["estimand"].isin(TOLERANCE)]
    assert len(fitted) >= 2
    assert (fitted["difference"].abs() <= fitted["estimand"].map(TOLERANCE)).all(), fitted


def test_the_agreement_of_two_views_of_adversity_is_predicted() -> None:
    """Weighted kappa was not used in the fit; the published interval is 0.27 to 0.35."""
    table = compare_with_published("dunedin", truth_of("dunedin"), published())
    row = table.set_index("estimand").loc["weighted_kappa"]
    assert row["use"] == "check"
    assert abs(row["difference"]) <= 0.05


def test_no_uncertain_memory_sets_a_parameter() -> None:
    assert not published().loc[published()["use"] == "calibrate", "tag"].str.contains("M-lo").any()


# --- chance ---------------------------------------------------------------------------------------------------------


def test_unrelated_sectors_give_the_segment_that_arithmetic_gives() -> None:
    """Eight independent sectors with a fifth of high users each: P(3 or more) = 0.203 and P(none) = 0.168."""
    cohort = synthetic("dunedin")
    alike = {"high_if_severe": 0.2, "high_otherwise": 0.2, "graded": 0.0, "male": 0.0, "brain_health": 0.0}
    sectors = {name: sector.model_copy(update=alike) for name, sector in cohort.source.sectors.items()}
    nobody = cohort.source.abroad.model_copy(update={"prevalence": 1e-9})  # who is abroad uses little of all sectors
    truth = cohort.where(sectors=sectors, abroad=nobody).truth(1_000_000, stream_key(35, "dunedin", "truth"))
    rows = truth[truth["at"] == "38"]
    shares = rows[rows["estimand"] == "group_share"].set_index("outcome")["value"]
    assert shares["top_20_in_3"] == pytest.approx(0.203, abs=0.01)
    assert shares["top_20_in_exactly_0"] == pytest.approx(0.168, abs=0.01)
    excess = rows[rows["estimand"] == "excess_use_share"]
    assert (excess["value"].abs() <= 4 * excess["mc_error"]).all()
