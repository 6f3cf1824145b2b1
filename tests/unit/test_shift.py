"""Exposures in numbers: what changing everybody's by the same amount does."""

import numpy as np
import pytest
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.linear import fit_linear
from evenwicht.estimators.ratios import odds_ratio, standardised_difference
from evenwicht.estimators.standardisation import OutcomeModel, standardised_means, standardised_shift
from evenwicht.estimators.survival import hazard_ratio
from evenwicht.estimators.survival_data import SurvivalData
from scipy import stats
from scipy.special import expit

NOBODY = np.empty((300, 0))


def people(n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    x = rng.normal(size=n)
    a = 20 + 5 * (0.5 * x + rng.normal(size=n))  # cigarettes a day, say
    risk = expit(-1 + 0.08 * (a - 20) + 0.7 * x)
    return {"x": x[:, None], "a": a, "risk": risk, "case": (rng.random(n) < risk).astype(float)}


def test_in_a_linear_model_it_is_the_coefficient_times_the_change() -> None:
    """Exactly, error included: the influence is that of HC0, (n - k) / n of the variance that HC1 gives."""
    d = people(300, np.random.default_rng(1))
    y = 3 * d["a"] + d["x"][:, 0] + np.random.default_rng(2).normal(size=300)
    shifted, now = standardised_shift(y, d["a"], d["x"], NOBODY, -2.5, binary=False)
    found = Sampling(300).interval(shifted - now)
    slope = fit_linear(y, np.column_stack([d["a"], d["x"]])).interval(0)
    assert found.estimate == pytest.approx(-2.5 * slope.estimate, rel=1e-10)
    assert found.se == pytest.approx(2.5 * slope.se * np.sqrt(297 / 300), rel=1e-10)
    assert now.value == pytest.approx(y.mean())


def test_of_a_yes_or_no_exposure_the_change_from_nobody_to_everybody_is_the_usual_contrast() -> None:
    """Two models of the same people agree on the means of both arms."""
    d = people(300, np.random.default_rng(3))
    arm = (d["a"] > 20).astype(float)
    exposed, unexposed = standardised_means(d["case"], arm, d["x"], NOBODY, binary=True)
    assert standardised_difference(d["case"], arm, d["x"]).estimate == pytest.approx(exposed.value - unexposed.value)


def test_use_that_grows_ever_faster_is_shifted_along_a_curve() -> None:
    """Mean use as it is in the world, so that what is left of the gap is the shape of the model alone."""
    rng = np.random.default_rng(7)
    x, a = rng.normal(size=(2, 20_000))
    use = np.exp(0.5 * np.logaddexp(0, 2 * a) + 0.4 * x)
    less = np.exp(0.5 * np.logaddexp(0, 2 * (a - 1)) + 0.4 * x).mean()
    gaps = [
        OutcomeModel(use, a, x[:, None], np.empty((len(a), 0)), "poisson", None, curved).mean(a - 1).value - less
        for curved in (False, True)
    ]
    assert abs(gaps[1]) < 0.005 < 0.05 < abs(gaps[0])


def test_a_curve_of_few_values_is_a_line() -> None:
    """A yes/no column, or a number that most people share, has no knots of its own."""
    d = people(300, np.random.default_rng(8))
    arm = (d["a"] > 20).astype(float)
    models = [OutcomeModel(d["risk"], arm, d["x"], NOBODY, "poisson", None, curved) for curved in (False, True)]
    line, curve = (model.mean(np.zeros(300)) for model in models)
    np.testing.assert_array_equal(line.influence, curve.influence)


def test_units_and_origin_of_the_exposure_change_nothing() -> None:
    d = people(300, np.random.default_rng(4))
    for binary in (True, False):
        found = []
        for a, change in ((d["a"], 2.0), (d["a"] * 1e-3 + 1e3, 2e-3)):
            shifted, now = standardised_shift(d["case"], a, d["x"], d["x"], change, binary=binary)
            found.append(Sampling(300).interval(shifted - now))
        one, two = found
        assert (two.estimate, two.se) == pytest.approx((one.estimate, one.se), rel=1e-7)


def test_an_exposure_in_numbers_enters_odds_and_hazard_ratios_per_unit() -> None:
    d = people(2000, np.random.default_rng(5))
    per_unit, per_ten = odds_ratio(d["case"], d["a"], d["x"]), odds_ratio(d["case"], d["a"] / 10, d["x"])
    assert per_unit.estimate**10 == pytest.approx(per_ten.estimate, rel=1e-8)
    assert odds_ratio(np.zeros(2000), d["a"]).reason == "nobody of the people has the outcome"
    time = np.random.default_rng(6).exponential(np.exp(-0.05 * (d["a"] - 20)))
    found = hazard_ratio(SurvivalData(time, np.ones(2000)), d["a"], d["x"])
    assert abs(np.log(found.estimate) - 0.05) < 4 * found.se
    none = hazard_ratio(SurvivalData(time, np.zeros(2000)), d["a"])
    assert none.reason == "no events: 0 people"


def test_both_errors_cover_the_truth() -> None:
    """The truth is the mean of what a unit more does to the risk, over a million people; 300 samples of 600."""
    big = people(1_000_000, np.random.default_rng(7))
    log_odds = np.log(big["risk"] / (1 - big["risk"]))
    truth = float((expit(log_odds + 0.08) - big["risk"]).mean())
    rng, covered = np.random.default_rng(8), np.zeros(2)
    for _ in range(300):
        d = people(600, rng)
        shifted, now = standardised_shift(d["case"], d["a"], d["x"], d["x"][:, :0], 1.0, binary=True)
        found = Sampling(600).interval(shifted - now), standardised_difference(d["case"], d["a"], d["x"], change=1.0)
        assert found[0].estimate == pytest.approx(found[1].estimate, rel=1e-8)
        covered += [one.lower <= truth <= one.upper for one in found]
    low, high = stats.binom.ppf([0.0005, 0.9995], 300, 0.95)
    assert ((low <= covered) & (covered <= high)).all()
