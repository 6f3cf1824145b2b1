"""Sampling weights: a common factor changes nothing, equal weights are none, and a weight of two is a row twice."""

from collections.abc import Callable

import numpy as np
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.instrument import two_stage_least_squares
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.propensity import fit_propensity, weighted_means
from evenwicht.estimators.ratios import odds_ratio, risk_ratio, standardised_difference, standardised_risks
from evenwicht.estimators.results import Interval
from evenwicht.estimators.risks import crude_risk, linear_risks
from evenwicht.estimators.sampling_weights import effective_n, require_weights, standard_deviation
from evenwicht.estimators.standardisation import standardised_means, standardised_shift
from evenwicht.estimators.survival import (
    ProductLimit,
    hazard_ratio,
    kaplan_meier_curve,
    survival_estimate,
    survival_pseudo_values,
)
from evenwicht.estimators.survival_data import SurvivalData

Data = dict[str, np.ndarray]
Weights = np.ndarray | None
SAME = 1e-8


def people(n: int = 400) -> Data:
    rng = np.random.default_rng(8)
    x = rng.normal(size=(n, 2))
    a = (rng.random(n) < 1 / (1 + np.exp(-x[:, 0]))).astype(float)
    y = a + x @ [0.5, -0.3] + rng.normal(size=n)
    time = rng.exponential(np.exp(-0.4 * a - 0.2 * x[:, 1]))
    return {
        "x": x,
        "a": a,
        "dose": x[:, 0] + rng.normal(size=n),
        "y": y,
        "case": (y > 1).astype(float),
        "time": np.minimum(time, 2),
        "event": (time <= 2).astype(float),
        "g": rng.integers(40, size=n),
    }


def follow_up(d: Data, weights: Weights) -> SurvivalData:
    return SurvivalData(d["time"], d["event"], weights=weights)


def weighting(d: Data, w: Weights) -> Interval:
    one, none = weighted_means(d["y"], fit_propensity(d["a"], d["x"], "here", w))
    return Sampling(len(d["y"]), weights=w).interval(one - none)


def standardising(d: Data, w: Weights) -> Interval:
    one, none = standardised_means(d["case"], d["a"], d["x"], d["x"][:, :1], binary=True, weights=w)
    return Sampling(len(d["y"]), weights=w).interval(one - none)


def shifting(d: Data, w: Weights) -> Interval:
    one, none = standardised_shift(d["case"], d["dose"], d["x"], d["x"][:, :1], 0.5, binary=True, weights=w)
    return Sampling(len(d["y"]), weights=w).interval(one - none)


def surviving(d: Data, w: Weights) -> Interval:
    estimate = survival_estimate(ProductLimit(follow_up(d, w)), 1.0, "all")
    return Sampling(len(d["y"]), weights=w).survival_interval(estimate)


ESTIMATORS: dict[str, Callable[[Data, Weights], Interval]] = {
    "least squares": lambda d, w: least_squares(d["y"], d["a"], d["x"], weights=w),
    "least squares, clusters": lambda d, w: least_squares(d["y"], d["a"], d["x"], weights=w, clusters=d["g"]),
    "risk ratio": lambda d, w: risk_ratio(d["case"], d["a"], d["x"], weights=w),
    "odds ratio": lambda d, w: odds_ratio(d["case"], d["dose"], d["x"], weights=w),
    "odds ratio, clusters": lambda d, w: odds_ratio(d["case"], d["a"], d["x"], weights=w, clusters=d["g"]),
    "standardised difference": lambda d, w: standardised_difference(d["case"], d["a"], d["x"], weights=w),
    "shifted": lambda d, w: standardised_difference(d["case"], d["dose"], d["x"], change=1.0, weights=w),
    "risk, crude": lambda d, w: crude_risk(d["case"], d["a"], weights=w),
    "risk, linear": lambda d, w: linear_risks(d["case"], d["a"], d["x"], weights=w).exposed,
    "risk, linear, clusters": lambda d, w: (
        linear_risks(d["case"], d["a"], d["x"], weights=w, clusters=d["g"]).unexposed
    ),
    "risk, standardised": lambda d, w: standardised_risks(d["case"], d["a"], d["x"], weights=w).exposed,
    "instrument": lambda d, w: two_stage_least_squares(d["y"], d["dose"], d["a"], d["x"], weights=w).effect,
    "propensity": weighting,
    "standardisation": standardising,
    "standardisation, shift": shifting,
    "survival": surviving,
    "Cox": lambda d, w: hazard_ratio(follow_up(d, w), d["a"], d["x"]),
}


def limits(interval: Interval) -> tuple[float, float, float]:
    assert interval.se > 0
    return interval.estimate, interval.lower, interval.upper


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_common_factor_of_all_weights_changes_nothing(name: str) -> None:
    d, w = people(), np.random.default_rng(9).uniform(0.2, 4, 400)
    assert limits(ESTIMATORS[name](d, 1e4 * w)) == pytest.approx(limits(ESTIMATORS[name](d, w)), rel=SAME)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_equal_weights_are_no_weights(name: str) -> None:
    d = people()
    ours, plain = ESTIMATORS[name](d, np.full(400, 3.0)), ESTIMATORS[name](d, None)
    assert ours.estimate == pytest.approx(plain.estimate, rel=SAME)
    # without weights the error of a hazard ratio trusts the model; with them it is robust
    assert ours.se == pytest.approx(plain.se, rel=0.1 if name == "Cox" else SAME)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_whole_weight_is_so_many_rows(name: str) -> None:
    d = people()
    if name == "Cox":  # in Efron's likelihood for deaths, a weight is not a tie
        d["event"][::3] = 0.0
        count = np.where(d["event"] == 1, 1, np.random.default_rng(10).integers(1, 4, 400))
    else:
        count = np.random.default_rng(10).integers(1, 4, 400)
    repeated = {key: np.repeat(values, count, axis=0) for key, values in d.items()}
    ours, theirs = ESTIMATORS[name](d, count.astype(float)), ESTIMATORS[name](repeated, None)
    assert ours.estimate == pytest.approx(theirs.estimate, rel=SAME)


def test_weighted_pseudo_values_average_to_weighted_survival_and_are_near_the_jackknife() -> None:
    """The infinitesimal jackknife and the jackknife differ by a term of order 1/n of values of order one."""
    d, w = people(), np.random.default_rng(9).uniform(0.2, 4, 400)
    ours = survival_pseudo_values(follow_up(d, w), 1.0)
    assert np.average(ours, weights=w) == pytest.approx(ProductLimit(follow_up(d, w)).at(np.array([1.0]))[0], rel=1e-10)
    equal, exact = (survival_pseudo_values(follow_up(d, same), 1.0) for same in (np.ones(400), None))
    assert np.abs(equal - exact).max() < 4 / 400


def test_a_weighted_curve_has_no_greenwood_limits() -> None:
    with pytest.raises(ModelError, match="do not take sampling weights"):
        kaplan_meier_curve(follow_up(people(), np.ones(400)), np.array([1.0]))


def test_the_standard_deviation_is_that_of_the_population_that_the_weights_stand_for() -> None:
    """By hand: 1, 2 and 6, the last for two people, have mean 15 / 4 and squares of mean 77 / 4; n / (n - 1) is 3 / 2."""
    assert standard_deviation(np.array([1.0, 2.0, 6.0])) == pytest.approx(np.std([1, 2, 6], ddof=1))
    weighted = standard_deviation(np.array([1.0, 2.0, 6.0]), np.array([5.0, 5.0, 10.0]))
    assert weighted == pytest.approx(np.sqrt(3 / 2 * ((1 + 4 + 72) / 4 - (15 / 4) ** 2)))


def test_equal_weights_lose_nobody_and_unequal_ones_do() -> None:
    assert effective_n(np.full(50, 7.0)) == pytest.approx(50)
    assert effective_n(np.array([1.0, 1.0, 2.0])) == pytest.approx(16 / 6)


@pytest.mark.parametrize("wrong", [0.0, -1.0, np.nan, np.inf])
def test_weights_that_are_not_positive_numbers_are_refused(wrong: float) -> None:
    require_weights(np.ones(3), "here")
    with pytest.raises(ModelError, match="here: sampling weights are not all positive numbers"):
        require_weights(np.array([1.0, wrong]), "here")


def test_the_error_of_a_weighted_mean_covers() -> None:
    """A population of two groups of which the smaller is drawn four times as often; 2,000 samples of 200."""
    rng, truth, covered = np.random.default_rng(11), 0.8 * 0.0 + 0.2 * 2.0, 0
    for _ in range(2000):
        rare = rng.random(200) < 0.5  # 0.2 * 4 / (0.2 * 4 + 0.8)
        y, w = rng.normal(2.0 * rare, 1 + rare), np.where(rare, 1.0, 4.0)
        one, _ = standardised_means(y, np.ones(200), np.empty((200, 0)), np.empty((200, 0)), binary=False, weights=w)
        interval = Sampling(200, weights=w).interval(one)
        covered += interval.lower <= truth <= interval.upper
    assert abs(covered / 2000 - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 2000)


@pytest.mark.parametrize(("family", "ratio"), [("Poisson", risk_ratio), ("Binomial", odds_ratio)])
def test_weighted_ratios_are_those_of_statsmodels(family: str, ratio: Callable[..., Interval]) -> None:
    """`var_weights` with HC0; its `freq_weights` would count copies of a person as different people."""
    import statsmodels.api as sm

    d, w = people(), np.random.default_rng(12).uniform(0.2, 4, 400)
    design = sm.add_constant(np.column_stack([d["a"], d["x"]]))
    model = sm.GLM(d["case"], design, family=getattr(sm.families, family)(), var_weights=w)
    theirs = model.fit(cov_type="HC0", tol=1e-14, maxiter=200)
    ours = ratio(d["case"], d["a"], d["x"], weights=w)
    assert np.log(ours.estimate) == pytest.approx(theirs.params[1], rel=1e-7)
    assert ours.se == pytest.approx(theirs.bse[1], rel=1e-7)
