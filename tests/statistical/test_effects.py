"""Effects of an exposure by every method: intervals cover truths in closed form, and find nothing where there is nothing.

Bands are four binomial errors around 95%, and bias is judged by four Monte Carlo errors of the mean.
"""

from collections.abc import Callable

import numpy as np
import pytest
from evenwicht.estimators.association import area, correlation_of, explained, told_by
from evenwicht.estimators.counts import negative_binomial_ratio
from evenwicht.estimators.doubly_robust import doubly_robust_means
from evenwicht.estimators.influence import Estimate, Sampling, sample_mean
from evenwicht.estimators.propensity import fit_propensity
from evenwicht.estimators.ratios import mean_ratio
from evenwicht.estimators.results import Interval
from evenwicht.estimators.two_part import two_part_means
from scipy.special import expit
from scipy.stats import norm

DRAWS, PEOPLE = 400, 500
BAND = 4 * np.sqrt(0.95 * 0.05 / DRAWS)
Draw = Callable[[np.random.Generator], Interval]


def judged(draw: Draw, truth: float, *, log: bool = False) -> tuple[float, float]:
    """Coverage over draws, and the mean error in Monte Carlo errors, on the log scale of ratios if asked for."""
    rng = np.random.default_rng(20261128)
    found = [draw(rng) for _ in range(DRAWS)]
    values = np.array([one.estimate for one in found])
    error = np.log(values) - np.log(truth) if log else values - truth
    covered = np.mean([one.lower <= truth <= one.upper for one in found])
    return float(covered), float(error.mean() / (error.std(ddof=1) / np.sqrt(DRAWS)))


def covers(coverage: float) -> bool:
    return abs(coverage - 0.95) <= BAND


@pytest.mark.parametrize("effect", [1.0, 0.0, -1.0])
@pytest.mark.parametrize("wrong", ["nothing", "outcome model", "propensity"])
def test_doubly_robust_difference_covers_if_either_model_is_right(effect: float, wrong: str) -> None:
    """Outcome and exposure both depend on z and its square; a wrong model knows only z."""

    def draw(rng: np.random.Generator) -> Interval:
        z = rng.normal(size=PEOPLE)
        a = (rng.random(PEOPLE) < expit(-0.3 + 0.6 * z + 0.3 * z**2)).astype(float)
        y = z + 0.8 * z**2 + effect * a + rng.normal(size=PEOPLE)
        full, short = np.column_stack([z, z**2]), z[:, None]
        propensity = fit_propensity(a, short if wrong == "propensity" else full, "here")
        outcome = short if wrong == "outcome model" else full
        one, none = doubly_robust_means(y, outcome, np.empty((PEOPLE, 0)), propensity, binary=False)
        return Sampling(PEOPLE).interval(one - none)

    coverage, bias = judged(draw, effect)
    assert covers(coverage)
    assert abs(bias) <= 4


def test_doubly_robust_risk_difference_covers_in_a_sample_of_unequal_chances() -> None:
    """Half of those with z above zero are sampled, and count twice."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    truth = float(weights @ (expit(-1 + nodes + 0.7) - expit(-1 + nodes)))

    def draw(rng: np.random.Generator) -> Interval:
        z = rng.normal(size=2 * PEOPLE)
        sampled = (z < 0) | (rng.random(2 * PEOPLE) < 0.5)
        z = z[sampled]
        a = (rng.random(len(z)) < expit(0.5 * z)).astype(float)
        y = (rng.random(len(z)) < expit(-1 + z + 0.7 * a)).astype(float)
        design = np.where(z < 0, 1.0, 2.0)
        propensity = fit_propensity(a, z[:, None], "here", design)
        one, none = doubly_robust_means(y, z[:, None], np.empty((len(z), 0)), propensity, binary=True)
        return Sampling(len(z), weights=design).interval(one - none)

    coverage, bias = judged(draw, truth)
    assert covers(coverage)
    assert abs(bias) <= 4


@pytest.mark.parametrize("ratio", [1.5, 1.0, 0.7])
def test_ratios_of_mean_counts_cover_the_ratio_of_the_model(ratio: float) -> None:
    """Counts vary more than Poisson ones do, with a dispersion of 0.8."""

    def drawn(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        z = rng.normal(size=PEOPLE)
        a = (rng.random(PEOPLE) < expit(0.5 * z)).astype(float)
        mean = np.exp(0.5 + 0.4 * z) * ratio**a
        return rng.poisson(mean * rng.gamma(1 / 0.8, 0.8, PEOPLE)).astype(float), a, z[:, None]

    methods: dict[str, Draw] = {
        "negative binomial": lambda rng: negative_binomial_ratio(*drawn(rng), where="here").ratio,
        "modified Poisson": lambda rng: mean_ratio(*drawn(rng)),
    }
    for method, draw in methods.items():
        coverage, bias = judged(draw, ratio, log=True)
        assert covers(coverage), method
        assert abs(bias) <= 4, method


@pytest.mark.parametrize("effect", [0.5, 0.0])
def test_two_part_difference_covers_where_many_people_have_none(effect: float) -> None:
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()

    def mean(arm: float) -> float:
        return float(weights @ (expit(-0.5 + 0.5 * nodes + effect * arm) * np.exp(1 + 0.3 * nodes + effect * arm)))

    def draw(rng: np.random.Generator) -> Interval:
        z = rng.normal(size=PEOPLE)
        a = (rng.random(PEOPLE) < expit(0.5 * z)).astype(float)
        any_use = rng.random(PEOPLE) < expit(-0.5 + 0.5 * z + effect * a)
        amount = any_use * np.exp(1 + 0.3 * z + effect * a) * rng.gamma(2.0, 0.5, PEOPLE)
        one, none = two_part_means(amount, a, z[:, None], "here")
        return Sampling(PEOPLE).interval(one - none)

    coverage, bias = judged(draw, mean(1) - mean(0))
    assert covers(coverage)
    assert abs(bias) <= 4


def _crude(rng: np.random.Generator, share: float, one: float, none: float) -> tuple[Estimate, Estimate, Estimate]:
    """Share exposed and the risks of both arms as they are, in a fresh sample."""
    a = (rng.random(PEOPLE) < share).astype(float)
    y = (rng.random(PEOPLE) < np.where(a == 1, one, none)).astype(float)
    arms = []
    for arm in (1, 0):
        inside = a == arm
        arms.append(Estimate(y[inside].mean(), inside * (y - y[inside].mean()) / inside.sum()))
    return sample_mean(a), arms[0], arms[1]


@pytest.mark.parametrize(("one", "none"), [(0.4, 0.2), (0.25, 0.25), (0.15, 0.3)])
def test_what_an_exposure_tells_covers_its_closed_form(one: float, none: float) -> None:
    share, sampling = 0.3, Sampling(PEOPLE)
    risk = share * one + (1 - share) * none
    sensitivity, others = share * one / risk, share * (1 - one) / (1 - risk)
    explained_share = share * (1 - share) * (one - none) ** 2 / (risk * (1 - risk))
    liability = explained_share * risk * (1 - risk) / norm.pdf(norm.isf(risk)) ** 2

    draws: dict[str, tuple[Draw, float]] = {
        "sensitivity": (
            lambda rng: sampling.risk_interval(told_by(*_crude(rng, share, one, none)).sensitivity),
            sensitivity,
        ),
        "specificity": (
            lambda rng: sampling.risk_interval(told_by(*_crude(rng, share, one, none)).specificity),
            1 - others,
        ),
        "auc": (
            lambda rng: area(sampling, told_by(*_crude(rng, share, one, none)).lead),
            0.5 + abs(sensitivity - others) / 2,
        ),
        "r_squared": (
            lambda rng: explained(sampling, told_by(*_crude(rng, share, one, none)).correlation),
            explained_share,
        ),
        "liability": (lambda rng: explained(sampling, told_by(*_crude(rng, share, one, none)).liability), liability),
    }
    for name, (draw, truth) in draws.items():
        coverage, _ = judged(draw, truth)
        assert covers(coverage), name


@pytest.mark.parametrize("correlation", [0.0, 0.3, -0.5])
def test_explained_variance_of_a_number_covers(correlation: float) -> None:
    def draw(rng: np.random.Generator) -> Interval:
        x = rng.normal(size=PEOPLE)
        y = correlation * x + np.sqrt(1 - correlation**2) * rng.normal(size=PEOPLE)
        return explained(Sampling(PEOPLE), correlation_of(5 - 3 * x, 100 + y))

    coverage, _ = judged(draw, correlation**2)
    assert covers(coverage)
