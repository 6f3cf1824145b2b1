"""Intervals of cross-validated predictions hold what is true in the population, also where little is told.

A yes/no covariate and a normal score raise the log odds of an outcome that one in six has. What is true is the same
regression fitted to very many people.
"""

from functools import cache

import numpy as np
import pytest
from evenwicht.estimators.calibration import brier, calibration_line, explained_variance, tjur
from evenwicht.estimators.cross_validation import deal_folds, held_out, held_out_means, spanned
from evenwicht.estimators.discrimination import area_under, auc_estimate
from evenwicht.estimators.flagging import cut_rates, held_out_cut_rates
from evenwicht.estimators.influence import Estimate, Sampling, sample_mean
from evenwicht.estimators.regression import fit_model, with_intercept
from evenwicht.estimators.results import Interval
from scipy.special import expit

DRAWS, PEOPLE, MANY, FOLDS, CUT = 200, 500, 150_000, 10, 0.2
BAND = 4 * np.sqrt(0.95 * 0.05 / DRAWS)
STRONG, WEAK, USELESS = (0.6, 0.8), (0.15, 0.1), (0.6, 0.0)  # log odds ratios of the covariate and of the score
Pairs = dict[str, tuple[Estimate, Estimate]]  # held-out and in-sample


def draw(rng: np.random.Generator, n: int, effects: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    covariate, score = (rng.random(n) < 0.5).astype(float), rng.standard_normal(n)
    risk = expit(-1.7 + effects[0] * covariate + effects[1] * score)
    return with_intercept(np.column_stack([covariate, score])), (rng.random(n) < risk).astype(float)


@cache
def truth(effects: tuple[float, float]) -> dict[str, float]:
    design, outcome = draw(np.random.default_rng(1), MANY, effects)
    fit, alone = (fit_model("binomial", outcome, part) for part in (design, design[:, :2]))
    flagged, _ = cut_rates(fit.fitted, outcome, CUT)
    return {
        "auc": area_under(fit.fitted, outcome),
        "auc_increment": area_under(fit.fitted, outcome) - area_under(alone.fitted, outcome),
        "r_squared": explained_variance(brier(fit.fitted, outcome), outcome).value,
        "tjur_r_squared": tjur(fit.fitted, outcome, fit, design).value,
        "sensitivity": flagged.sensitivity.value,
        "positive_predictive_value": flagged.positive_predictive_value.value,
    }


def estimates(rng: np.random.Generator, effects: tuple[float, float]) -> Pairs:
    design, outcome = draw(rng, PEOPLE, effects)
    cases = outcome == 1
    folds = deal_folds(np.arange(PEOPLE), cases, FOLDS, rng)
    held, alone = (held_out(outcome, part, folds) for part in (design, design[:, :2]))
    fit, fit_alone = (fit_model("binomial", outcome, part) for part in (design, design[:, :2]))
    area = auc_estimate(held.log_odds, cases, folds), auc_estimate(fit.fitted, cases)
    below = auc_estimate(alone.log_odds, cases, folds), auc_estimate(fit_alone.fitted, cases)
    rates = held_out_cut_rates(held, outcome, CUT)[0], cut_rates(fit.fitted, outcome, CUT)[0]
    errors = brier(held.risk, outcome), brier(fit.fitted, outcome)
    return {
        "auc": area,
        "auc_increment": (area[0] - below[0], area[1] - below[1]),
        "r_squared": (explained_variance(errors[0], outcome), explained_variance(errors[1], outcome)),
        "tjur_r_squared": (tjur(held.risk, outcome, fit, design), tjur(fit.fitted, outcome, fit, design)),
        "sensitivity": (rates[0].sensitivity, rates[1].sensitivity),
        "positive_predictive_value": (rates[0].positive_predictive_value, rates[1].positive_predictive_value),
    }


@cache
def drawn(effects: tuple[float, float]) -> list[Pairs]:
    rng = np.random.default_rng(np.random.SeedSequence([15, *(int(100 * effect) for effect in effects)]))
    return [estimates(rng, effects) for _ in range(DRAWS)]


def intervals(effects: tuple[float, float], name: str) -> list[tuple[Interval, Interval]]:
    """Of each draw: the interval that spans both, and the held-out one alone."""
    sampling = Sampling(PEOPLE)
    pairs = [(sampling.interval(one[name][0]), sampling.interval(one[name][1])) for one in drawn(effects)]
    return [(spanned(held, apparent), held) for held, apparent in pairs]


def covered(found: list[Interval], true: float) -> float:
    return float(np.mean([one.lower <= true <= one.upper for one in found]))


@pytest.mark.parametrize("effects", [STRONG, WEAK, USELESS], ids=["strong", "weak", "useless_score"])
def test_intervals_cover(effects: tuple[float, float]) -> None:
    for name, true in truth(effects).items():
        share = covered([both for both, _ in intervals(effects, name)], true)
        assert share > 0.95 - BAND, (name, share)


def test_where_much_is_told_intervals_are_hardly_wider_than_held_out_ones() -> None:
    for name in truth(STRONG):
        wide, narrow = (np.mean([one[k].upper - one[k].lower for one in intervals(STRONG, name)]) for k in (0, 1))
        assert wide < 1.15 * narrow, name
        share = covered([both for both, _ in intervals(STRONG, name)], truth(STRONG)[name])
        assert abs(share - 0.95) < BAND, (name, share)


def test_where_little_is_told_held_out_intervals_alone_would_be_too_short() -> None:
    alone = covered([held for _, held in intervals(WEAK, "auc_increment")], truth(WEAK)["auc_increment"])
    assert alone < 0.95 - BAND


def test_a_score_that_tells_nothing_seldom_seems_to_add_something() -> None:
    """In-sample it nearly always seems to, which is why DeLong's test is no test of nested models."""
    gains = [both for both, _ in intervals(USELESS, "auc_increment")]
    assert np.mean([one.lower > 0 for one in gains]) < 0.025 + BAND
    assert np.mean([one["auc_increment"][1].value for one in drawn(USELESS)]) > 0.003
    assert abs(np.mean([one.estimate for one in gains])) < 0.005


def test_areas_of_people_not_seen_are_not_too_high_on_average() -> None:
    for effects in (STRONG, USELESS):
        held, apparent = (np.array([one["auc"][k].value for one in drawn(effects)]) for k in (0, 1))
        error = 4 * held.std() / np.sqrt(DRAWS)
        assert held.mean() < truth(effects)["auc"] + error
        assert apparent.mean() > held.mean()


@pytest.mark.parametrize("slope", [0.0, 0.3])
def test_intervals_of_the_variance_left_of_a_number_cover(slope: float) -> None:
    """Of a line with noise of variance one, and beside it a number that tells nothing."""
    rng = np.random.default_rng(np.random.SeedSequence([16, int(10 * slope)]))
    sampling, true, found = Sampling(PEOPLE), slope**2 / (1 + slope**2), []
    folds = np.arange(PEOPLE) % 5
    for _ in range(DRAWS):
        design = with_intercept(rng.standard_normal((PEOPLE, 2)))
        value = slope * design[:, 1] + rng.standard_normal(PEOPLE)
        errors = value - held_out_means(value, design, folds), value - fit_model("gaussian", value, design).fitted
        parts = [explained_variance(sample_mean(error**2), value) for error in errors]
        found.append(spanned(*map(sampling.interval, parts)))
    assert covered(found, true) > 0.95 - BAND


def test_predictions_of_few_people_from_many_numbers_are_too_extreme() -> None:
    """The slope tells it: with 20 useless numbers and 200 people it lies far below 1."""
    rng = np.random.default_rng(3)
    slopes = []
    for _ in range(20):
        numbers = rng.standard_normal((200, 21))
        outcome = (rng.random(200) < expit(numbers[:, 0])).astype(float)
        folds = deal_folds(np.arange(200), outcome == 1, FOLDS, rng)
        slopes.append(calibration_line(held_out(outcome, with_intercept(numbers), folds).log_odds, outcome)[1].value)
    assert np.mean(slopes) < 0.8
