"""Rose's comparison: closed forms against people, influences against derivatives, and what must always hold."""

from collections.abc import Callable

import numpy as np
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.estimators.concentration_intervals import Ranked
from evenwicht.estimators.distributions import both_below
from evenwicht.estimators.influence import Estimate, Sampling, combined
from evenwicht.estimators.liability import ProbitScore
from evenwicht.estimators.predicted_risks import PredictedRisks, score_step
from evenwicht.estimators.regression import fit_model
from evenwicht.estimators.rose import (
    MAY_DO_NOTHING,
    NO_SHIFT,
    PER,
    Programme,
    averted_by_programme,
    averted_by_shift,
    binormal_auc,
    binormal_sensitivity,
    ceiling,
    ceiling_curve,
    equal_shift,
    equal_shift_interval,
    is_clear,
    normal_averted_by_programme,
    normal_averted_by_shift,
    normal_ceiling,
    normal_equal_shift,
    sensitivity,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr
from scipy.stats import multivariate_normal

PEOPLE, STEP = 240, 1e-4
PROGRAMME = Programme(share=0.3, uptake=0.6, effect=0.5, floor=0.1)
Floats = np.ndarray
portions = st.floats(0.0, 1.0)
shares = st.floats(0.02, 0.98)


def people() -> tuple[Floats, Floats, Floats, Floats]:
    """Outcome, a score in four steps, whose cut stays among people alike, a covariate and weights."""
    rng = np.random.default_rng(21)
    x = rng.standard_normal(PEOPLE)
    score = np.floor(np.clip(2 + 0.5 * x + rng.standard_normal(PEOPLE), 0, 3.9))
    chance = 1 / (1 + np.exp(2.5 - 0.7 * score - 0.4 * x))
    return (rng.random(PEOPLE) < chance).astype(float), score, x, 0.5 + rng.random(PEOPLE)


CASES, SCORE, COVARIATE, WEIGHTS = people()


def modelled(weights: Floats | None = None, order: Floats | slice = slice(None)) -> tuple[PredictedRisks, Estimate]:
    """Risks by a logistic model, and the step of its score."""
    design = np.column_stack([np.ones(PEOPLE), SCORE, COVARIATE])[order]
    fit = fit_model("binomial", CASES[order], design, None if weights is None else weights[order])
    slope = Estimate(float(fit.basis[1] @ fit.params), fit.influence(fit.basis[1]))
    return PredictedRisks.of(fit, design), score_step(slope, SCORE[order], fit.weights)


def estimates(weights: Floats | None = None, order: Floats | slice = slice(None)) -> dict[str, Estimate]:
    risks, step = modelled(weights, order)
    score = SCORE[order]
    found = sensitivity(risks, score, 0.3)
    return {
        "mean": risks.mean(),
        "spread": risks.predictor_spread(),
        "sensitivity": found,
        "ceiling": ceiling(found, PROGRAMME),
        "programme": averted_by_programme(risks, score, PROGRAMME),
        "shift of the score": averted_by_shift(risks, step, 0.4),
        "shift of the predictor": averted_by_shift(risks, risks.predictor_spread(), 0.4),
        "equal shift": equal_shift(risks, score, PROGRAMME, step),
        "equal shift of the predictor": equal_shift(risks, score, PROGRAMME, risks.predictor_spread()),
    }


NAMES = list(estimates())


# --- influences -------------------------------------------------------------------------------------------------------


def test_influence_is_the_derivative_by_how_often_a_person_counts() -> None:
    exact = estimates(WEIGHTS)
    for name in NAMES:
        scale = max(1.0, abs(exact[name].value))
        assert float(WEIGHTS @ exact[name].influence) == pytest.approx(0, abs=1e-9 * scale), name
    for person in range(0, PEOPLE, 31):
        moved = []
        for sign in (1, -1):
            weights = WEIGHTS.copy()
            weights[person] += sign * STEP
            moved.append(estimates(weights))
        for name in NAMES:
            slope = (moved[0][name].value - moved[1][name].value) / (2 * STEP)
            assert exact[name].influence[person] == pytest.approx(slope, rel=1e-5, abs=1e-8), name


def test_weights_are_frequencies() -> None:
    times = np.random.default_rng(22).integers(0, 4, PEOPLE)
    weighted, repeated = estimates(times.astype(float)), estimates(order=np.repeat(np.arange(PEOPLE), times))
    for name in NAMES:
        assert weighted[name].value == pytest.approx(repeated[name].value, rel=1e-9), name
        once = np.repeat(weighted[name].influence, times)
        np.testing.assert_allclose(once, repeated[name].influence, rtol=1e-7, atol=1e-9)


def test_order_of_people_does_not_matter() -> None:
    order = np.random.default_rng(23).permutation(PEOPLE)
    one, other = estimates(WEIGHTS), estimates(WEIGHTS, order)
    for name in NAMES:
        assert other[name].value == pytest.approx(one[name].value, rel=1e-9), name
        np.testing.assert_allclose(other[name].influence, one[name].influence[order], rtol=1e-7, atol=1e-9)


def test_unit_and_origin_of_the_score_do_not_matter() -> None:
    risks, step = modelled()
    for name, score in {"unit": 1e-3 * SCORE, "origin": SCORE + 1e4}.items():
        one, other = equal_shift(risks, SCORE, PROGRAMME, step), equal_shift(risks, score, PROGRAMME, step)
        assert other.value == pytest.approx(one.value, rel=1e-9), name


# --- closed forms -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("floor", [0.0, 0.05, 0.2])
@pytest.mark.parametrize(("intercept", "slope"), [(-1.5, 0.5), (-0.3, 1.2), (-2.0, 0.1)])
def test_people_with_a_normal_score_have_its_closed_form(intercept: float, slope: float, floor: float) -> None:
    """200,000 people with known risks: within four of their own standard errors."""
    score, programme = ProbitScore(intercept, slope), Programme(0.1, 0.6, 0.5, floor)
    r = np.random.default_rng(24).standard_normal(200_000)
    risks = PredictedRisks.known(ndtr(intercept + slope * r), "probit")
    step = score_step(Estimate(slope, np.zeros(len(r))), r)
    found = sensitivity(risks, r, programme.share)
    pairs = {
        "mean": (risks.mean(), score.mean),
        "sensitivity": (found, score.sensitivity(0.1)),
        "ceiling": (ceiling(found, programme), normal_ceiling(score, programme)),
        "programme": (averted_by_programme(risks, r, programme), normal_averted_by_programme(score, programme)),
        "shift": (averted_by_shift(risks, step, 0.2), normal_averted_by_shift(score, 0.2)),
        "equal shift": (equal_shift(risks, r, programme, step), normal_equal_shift(score, programme)),
        "spread": (risks.predictor_spread(), slope),
    }
    for name, (estimate, truth) in pairs.items():
        error = Sampling(len(r)).standard_error(estimate.influence)
        assert abs(estimate.value - truth) <= 4 * error + 1e-9, name


@pytest.mark.parametrize("correlation", [-0.9, -0.3, 0.0, 0.4, 0.99])
def test_two_normal_numbers(correlation: float) -> None:
    """SciPy integrates numerically, to 1e-8 or so."""
    both = multivariate_normal(cov=[[1, correlation], [correlation, 1]])
    limits = np.array([-2.5, -1.0, 0.0, 0.3, 3.0])
    one, other = (grid.ravel() for grid in np.meshgrid(limits, limits))
    np.testing.assert_allclose(both_below(one, other, correlation), both.cdf(np.column_stack([one, other])), atol=2e-8)


@pytest.mark.parametrize(("intercept", "slope"), [(-1.5, 0.5), (0.4, 0.0), (-1.0, 3.0), (-30.0, 30.0)])
def test_the_area_under_the_curve_of_a_normal_score(intercept: float, slope: float) -> None:
    """By the trapezium rule over sensitivity and false positives, with which it has nothing in common but the model."""
    score = ProbitScore(intercept, slope)
    share = np.linspace(0, 1, 4001)[1:-1]
    found = np.array([score.found(s) for s in share])
    hit = np.concatenate([[0], found / score.mean, [1]])
    false = np.concatenate([[0], (share - found) / (1 - score.mean), [1]])
    assert score.auc == pytest.approx(np.trapezoid(hit, false), abs=1e-5)
    assert ProbitScore.with_auc(score.auc, score.mean).slope == pytest.approx(slope, abs=1e-6)


def test_a_score_of_explained_variance() -> None:
    score = ProbitScore.explaining(0.2, 0.09)
    assert (score.mean, score.explained) == (pytest.approx(0.09), pytest.approx(0.2))


@given(shares, st.floats(0.01, 0.6))
@settings(deadline=None, max_examples=30)
def test_a_better_score_finds_more(share: float, risk: float) -> None:
    area = np.linspace(0.5, 0.95, 10)
    by_binormal = binormal_sensitivity(area, share, risk)
    by_probit = np.array([ProbitScore.with_auc(a, risk).sensitivity(share) for a in area[::3]])
    assert [by_binormal[0], by_probit[0]] == pytest.approx([share, share], abs=1e-9)
    assert (np.diff(by_binormal) > 0).all()
    assert (np.diff(by_probit) > 0).all()
    most = min(1.0, share / risk)
    assert max(by_binormal[-1], by_probit[-1]) <= most + 1e-12
    curve = ceiling_curve(area, Programme(share, uptake=0.6, effect=0.5), risk)
    np.testing.assert_allclose(curve, 0.3 * by_binormal)


def test_a_curve_holds_the_share_of_people_that_it_should() -> None:
    """Binormal: cases and others above the cut make up the share."""
    rng = np.random.default_rng(25)
    n, risk, apart = 400_000, 0.15, 0.9
    case = rng.random(n) < risk
    score = rng.standard_normal(n) + apart * case
    top = Ranked(case.astype(float), score).top(0.1)
    held = binormal_sensitivity(np.array([binormal_auc(apart)]), 0.1, risk)[0]
    assert abs(held - top.value) <= 4 * Sampling(n).standard_error(top.influence)


# --- what must always hold --------------------------------------------------------------------------------------------


@given(shares, portions, portions, st.floats(0.0, 0.5))
@settings(deadline=None, max_examples=50)
def test_no_programme_averts_more_than_its_ceiling(share: float, uptake: float, effect: float, floor: float) -> None:
    risks, _ = modelled(WEIGHTS)
    programme = Programme(share, uptake, effect, floor)
    most = ceiling(sensitivity(risks, SCORE, share), programme).value * risks.mean().value
    averted = averted_by_programme(risks, SCORE, programme).value / PER
    assert -1e-12 <= averted <= most + 1e-12
    if floor == 0:
        assert averted == pytest.approx(most, abs=1e-12)
    normal = ProbitScore(-1.2, 0.6)
    most = normal_ceiling(normal, programme) * normal.mean
    assert -1e-12 <= normal_averted_by_programme(normal, programme) / PER <= most + 1e-12


@pytest.mark.parametrize("name", ["uptake", "effect", "share"])
def test_more_of_a_programme_averts_more(name: str) -> None:
    risks, step = modelled()
    given = {"share": 0.2, "uptake": 0.4, "effect": 0.4}
    programmes = [Programme(**given | {name: value}) for value in np.linspace(0.05, 0.95, 10)]
    for of in (
        lambda p: averted_by_programme(risks, SCORE, p).value,
        lambda p: ceiling(sensitivity(risks, SCORE, p.share), p).value,
        lambda p: equal_shift(risks, SCORE, p, step).value,
        lambda p: normal_averted_by_programme(ProbitScore(-1.0, 0.4), p),
        lambda p: normal_equal_shift(ProbitScore(-1.0, 0.4), p),
    ):
        assert (np.diff([of(programme) for programme in programmes]) > 0).all()


@pytest.mark.parametrize("nothing", [{"effect": 0.0}, {"uptake": 0.0}])
def test_without_an_effect_nothing_is_averted(nothing: dict[str, float]) -> None:
    risks, step = modelled()
    programme = Programme(**{"share": 0.1, "uptake": 0.5, "effect": 0.5} | nothing)
    assert averted_by_programme(risks, SCORE, programme).value == 0
    assert equal_shift(risks, SCORE, programme, step).value == pytest.approx(0, abs=1e-12)
    assert averted_by_shift(risks, step, 0.0).value == 0
    assert normal_equal_shift(ProbitScore(-1.5, 0.5), programme) == pytest.approx(0, abs=1e-12)
    assert Sampling(PEOPLE).interval(averted_by_programme(risks, SCORE, programme)).status == "no interval"


def test_a_floor_above_everybody_leaves_nothing_to_avert() -> None:
    risks, _ = modelled()
    programme = Programme(0.2, 1.0, 1.0, floor=float(risks.risk.max()))
    assert averted_by_programme(risks, SCORE, programme).value == 0
    alike = ProbitScore(-1.5, 0.0)
    assert normal_averted_by_programme(alike, Programme(0.2, 1.0, 1.0, floor=0.5)) == 0


def test_a_reversed_programme_equals_a_shift_the_other_way() -> None:
    risks, step = modelled()
    harm = Programme(0.3, 0.6, -0.5)
    shift = equal_shift(risks, SCORE, harm, step)
    assert shift.value < 0
    averted = averted_by_programme(risks, SCORE, harm).value
    assert averted < 0
    assert averted_by_shift(risks, step, shift.value).value == pytest.approx(averted, rel=1e-9)
    normal = ProbitScore(-1.5, 0.5)
    assert normal_equal_shift(normal, harm) < 0


def test_a_protective_score_is_shifted_the_other_way() -> None:
    risks, step = modelled()
    turned = combined(-step.value, (-1.0, step))
    one, other = (equal_shift(risks, SCORE, PROGRAMME, s) for s in (step, turned))
    assert other.value == pytest.approx(-one.value, rel=1e-9)
    np.testing.assert_allclose(other.influence, -one.influence, rtol=1e-7, atol=1e-12)


# --- where there is none ----------------------------------------------------------------------------------------------


def test_a_shift_that_changes_nobody_equals_no_programme() -> None:
    risks, _ = modelled()
    none = equal_shift(risks, SCORE, PROGRAMME, Estimate(0.0, np.zeros(PEOPLE)))
    assert (np.isnan(none.value), none.reason) == (True, NO_SHIFT)
    assert np.isnan(normal_equal_shift(ProbitScore(-1.5, 0.0), PROGRAMME))


def test_no_shift_averts_every_case() -> None:
    """All cases are found and prevented: the top scores are the only risks to speak of."""
    risk = np.where(np.arange(100) < 10, 0.5, 1e-300)
    risks = PredictedRisks.known(risk, "logit")
    none = equal_shift(risks, risk, Programme(0.1, 1.0, 1.0), Estimate(0.01, np.zeros(100)))
    assert (np.isnan(none.value), none.reason) == (True, NO_SHIFT)


def test_a_step_that_may_be_zero_gives_no_interval() -> None:
    risks, step = modelled()
    sampling = Sampling(PEOPLE)
    equal = equal_shift(risks, SCORE, PROGRAMME, step)
    assert equal_shift_interval(sampling, equal, step).status == "estimated"
    unsure = Estimate(step.value, 10 * step.influence)
    interval = equal_shift_interval(sampling, equal_shift(risks, SCORE, PROGRAMME, unsure), unsure)
    assert (interval.status, interval.reason) == ("no interval", MAY_DO_NOTHING)
    none = Estimate(np.nan, np.full(PEOPLE, np.nan), NO_SHIFT)
    assert equal_shift_interval(sampling, none, step).reason == NO_SHIFT


def test_predictors_of_nothing_are_clear_as_seldom_as_said() -> None:
    """The spread of risks predicted from pure chance, however many predictors there are: one draw in twenty."""
    rng = np.random.default_rng(22)
    clear = {k: [0, 0] for k in (1, 4)}
    for k, counts in clear.items():
        for _ in range(400):
            design = np.column_stack([np.ones(PEOPLE), rng.standard_normal((PEOPLE, k))])
            fit = fit_model("binomial", (rng.random(PEOPLE) < 0.3).astype(float), design)
            step = PredictedRisks.of(fit, design).predictor_spread()
            counts[0] += is_clear(Sampling(PEOPLE), step, k)
            counts[1] += is_clear(Sampling(PEOPLE), step)
    assert clear[1][0] == clear[1][1]
    assert clear[1][0] / 400 == pytest.approx(0.05, abs=0.035)
    assert clear[4][0] / 400 == pytest.approx(0.05, abs=0.035)
    assert clear[4][1] / 400 > 0.25


def test_a_model_without_a_finite_fit_gives_no_intervals() -> None:
    cases = (SCORE > 1).astype(float)
    design = np.column_stack([np.ones(PEOPLE), SCORE])
    risks = PredictedRisks.of(fit_model("binomial", cases, design), design)
    interval = Sampling(PEOPLE).interval(averted_by_programme(risks, SCORE, PROGRAMME))
    assert interval.status == "no interval"
    assert "no finite fit" in interval.reason


REFUSED: dict[str, Callable[[], object]] = {
    "share is 0": lambda: Programme(0.0, 0.5, 0.5),
    "share is 1": lambda: Programme(1.0, 0.5, 0.5),
    "uptake is 1.2": lambda: Programme(0.1, 1.2, 0.5),
    "effect is 3": lambda: Programme(0.1, 0.5, 3.0),
    "floor is nan": lambda: Programme(0.1, 0.5, 0.5, np.nan),
    "slope of a score is -0.5": lambda: ProbitScore(-1.0, -0.5),
    "curve of 0.4": lambda: ProbitScore.with_auc(0.4, 0.1),
    "a risk is not above 0": lambda: PredictedRisks.known(np.array([0.0, 0.5]), "logit"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_makes_no_sense_is_refused(what: str) -> None:
    with pytest.raises(ModelError, match=what):
        REFUSED[what]()
