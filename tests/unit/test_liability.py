"""The threshold model: recovered from simulated liabilities, influences against derivatives, and its limits."""

import numpy as np
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.estimators.association import area, told_by
from evenwicht.estimators.influence import Estimate, Sampling, sample_mean
from evenwicht.estimators.liability import (
    ALL_ALIKE,
    FLAT_ARM,
    ProbitScore,
    exposure_auc,
    exposure_correlation,
    score_correlation,
)
from evenwicht.estimators.predicted_risks import PredictedRisks
from evenwicht.estimators.regression import fit_model
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

PEOPLE, STEP = 240, 1e-4
Floats = np.ndarray
fractions = st.floats(0.02, 0.98)


def people() -> tuple[Floats, Floats, Floats, Floats]:
    """Outcome, exposure, a score and weights."""
    rng = np.random.default_rng(31)
    score = rng.standard_normal(PEOPLE)
    exposed = (rng.random(PEOPLE) < 0.4).astype(float)
    chance = 1 / (1 + np.exp(1.2 - 0.6 * score - 0.5 * exposed))
    return (rng.random(PEOPLE) < chance).astype(float), exposed, score, 0.5 + rng.random(PEOPLE)


CASES, EXPOSED, SCORE, WEIGHTS = people()


def by_exposure(weights: Floats) -> Estimate:
    share = sample_mean(EXPOSED, weights)
    arms = []
    for inside in (EXPOSED, 1 - EXPOSED):
        w = weights * inside
        mean = float(np.average(CASES, weights=w))
        arms.append(Estimate(mean, inside * (CASES - mean) / w.sum()))
    return exposure_correlation(share, *arms)


def by_score(weights: Floats, score: Floats = SCORE, covariate: Floats = EXPOSED) -> Estimate:
    design = np.column_stack([np.ones(PEOPLE), score, covariate])
    return score_correlation(PredictedRisks.of(fit_model("binomial", CASES, design, weights), design), score)


ESTIMATES = {"exposure": by_exposure, "score": by_score}


def known(value: float) -> Estimate:
    return Estimate(value, np.zeros(1))


# --- influences -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ESTIMATES)
def test_influence_is_the_derivative_by_how_often_a_person_counts(name: str) -> None:
    of = ESTIMATES[name]
    exact = of(WEIGHTS)
    assert float(WEIGHTS @ exact.influence) == pytest.approx(0, abs=1e-9)
    for person in range(0, PEOPLE, 17):
        more, less = WEIGHTS.copy(), WEIGHTS.copy()
        more[person] += STEP
        less[person] -= STEP
        slope = (of(more).value - of(less).value) / (2 * STEP)
        assert exact.influence[person] == pytest.approx(slope, rel=1e-5, abs=1e-9)


def test_a_yes_no_exposure_is_a_score_of_two_values() -> None:
    """The logistic model of the exposure alone reproduces the risks of both arms."""
    one = by_exposure(WEIGHTS)
    other = by_score(WEIGHTS, EXPOSED, np.ones(PEOPLE))
    assert other.value == pytest.approx(one.value, abs=1e-10)
    np.testing.assert_allclose(other.influence, one.influence, atol=1e-10)


def test_unit_and_sign_of_a_score() -> None:
    one = by_score(WEIGHTS)
    for factor in (1e-6, 3.0, -1e4):
        other = by_score(WEIGHTS, factor * SCORE + 1.0)
        assert other.value == pytest.approx(np.sign(factor) * one.value, rel=1e-7)
        np.testing.assert_allclose(other.influence, np.sign(factor) * one.influence, rtol=1e-5, atol=1e-10)


def test_weights_are_frequencies() -> None:
    times = np.random.default_rng(32).integers(0, 4, PEOPLE)
    people = np.repeat(np.arange(PEOPLE), times)
    design = np.column_stack([np.ones(len(people)), SCORE[people], EXPOSED[people]])
    repeated = score_correlation(PredictedRisks.of(fit_model("binomial", CASES[people], design), design), SCORE[people])
    weighted = by_score(times.astype(float))
    assert weighted.value == pytest.approx(repeated.value, rel=1e-9)
    np.testing.assert_allclose(weighted.influence[people], repeated.influence, rtol=1e-6, atol=1e-10)


# --- recovery ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "apart"), [(0.5, 0.2), (0.1, 1.5), (0.3, -0.7)])
def test_simulated_liabilities_of_two_arms(share: float, apart: float) -> None:
    """Explained variance is that of the liability itself, within four errors of its risks in 400,000 people."""
    rng = np.random.default_rng(33)
    exposed = (rng.random(400_000) < share).astype(float)
    liability = apart * exposed + rng.standard_normal(len(exposed))
    ill = (liability > 1.3).astype(float)
    arms = []
    for inside in (exposed, 1 - exposed):
        mean = float(ill @ inside / inside.sum())
        arms.append(Estimate(mean, inside * (ill - mean) / inside.sum()))
    found = exposure_correlation(sample_mean(exposed), *arms)
    truth = apart * np.sqrt(share * (1 - share) / (1 + share * (1 - share) * apart**2))
    assert abs(found.value - truth) <= 4 * Sampling(len(exposed)).standard_error(found.influence)


def test_a_normal_score_explains_what_it_was_made_to() -> None:
    score = ProbitScore.explaining(0.25, 0.12)
    r = np.random.default_rng(34).standard_normal(200_000)
    found = score_correlation(PredictedRisks.known(ndtr(score.intercept + score.slope * r), "probit"), r)
    assert abs(found.value - 0.5) <= 4 * Sampling(len(r)).standard_error(found.influence)


def test_rare_and_common_outcomes_have_one_explained_variance() -> None:
    """The threshold does not matter, which is why the scale is used."""
    values = [
        exposure_correlation(known(0.3), known(float(ndtr(t + 0.4))), known(float(ndtr(t)))).value for t in (-3, -1, 0)
    ]
    assert values == pytest.approx([values[0]] * 3, abs=1e-12)


@given(fractions, fractions)
def test_it_is_the_linear_approximation_where_effects_are_small(share: float, risk: float) -> None:
    little = 1e-4 * min(risk, 1 - risk)
    one, none = known(risk + little), known(risk)
    exact, linear = exposure_correlation(known(share), one, none), told_by(known(share), one, none).liability
    assert exact.value == pytest.approx(linear.value, rel=1e-3)


@given(fractions, fractions, fractions)
def test_explained_variance_lies_within_bounds_and_keeps_its_sign(share: float, one: float, none: float) -> None:
    r = exposure_correlation(known(share), known(one), known(none)).value
    assert abs(r) < 1
    assert np.sign(r) == np.sign(round(one - none, 12)) or abs(r) < 1e-9
    turned = exposure_correlation(known(1 - share), known(none), known(one)).value
    assert turned == pytest.approx(-r, abs=1e-12)


@given(fractions, fractions, fractions)
def test_the_area_of_an_exposure_is_that_of_what_it_tells(share: float, one: float, none: float) -> None:
    told = told_by(known(share), known(one), known(none))
    auc = exposure_auc(share, one, none)
    assert auc == pytest.approx(area(Sampling(1), told.lead).estimate, abs=1e-12)
    assert 0.5 <= auc < 1
    assert exposure_auc(1 - share, none, one) == pytest.approx(auc, abs=1e-12)


# --- where there is none ----------------------------------------------------------------------------------------------


def test_no_effect_explains_nothing() -> None:
    assert exposure_correlation(known(0.3), known(0.1), known(0.1)).value == 0
    assert exposure_auc(0.3, 0.1, 0.1) == 0.5


def test_arms_and_scores_that_do_not_vary_have_a_reason() -> None:
    assert exposure_correlation(known(0.3), known(0.0), known(0.1)).reason == FLAT_ARM
    assert "is exposed" in exposure_correlation(known(1.0), known(0.2), known(0.1)).reason
    risks = PredictedRisks.known(np.full(5, 0.2), "logit")
    assert score_correlation(risks, np.full(5, 0.1)).reason == ALL_ALIKE
    with pytest.raises(ModelError, match="everybody, or nobody, has the outcome"):
        exposure_auc(0.5, 0.0, 0.0)


def test_a_model_without_a_finite_fit_has_no_interval() -> None:
    design = np.column_stack([np.ones(PEOPLE), SCORE])
    risks = PredictedRisks.of(fit_model("binomial", (SCORE > 0).astype(float), design), design)
    assert "no finite fit" in score_correlation(risks, SCORE).reason
