"""Rubin's rules, chained equations and weights for attrition against published and closed-form values."""

import itertools

import numpy as np
import pytest
from evenwicht.estimators.attrition_weights import attrition_weights
from evenwicht.estimators.chained_equations import Variable, completed
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.multiple_imputation import pooled

EASY = np.array([1.0, 1.2, 0.9, 1.1, 1.3]), np.array([0.04, 0.05, 0.045, 0.035, 0.05])
# age in the nhanes data of the R package mice, and its pooled fit as mice prints it
NHANES = (
    np.array([5.07774903489, 8.91353915404, 5.34256317904, 5.95755187153, 4.39507994071]),
    np.array([2.89314892641, 2.79698880081, 2.40635632035, 3.16612736249, 4.07281616288]),
)


def test_rubins_rules_without_a_limit_of_degrees_of_freedom() -> None:
    found = pooled(*EASY)
    assert found.estimate == pytest.approx(1.1)
    assert found.within == pytest.approx(0.044)
    assert found.between == pytest.approx(0.025)
    assert found.variance == pytest.approx(0.074)
    assert found.df == pytest.approx(24.33777778, abs=1e-8)
    assert found.missing_information == pytest.approx(0.4489052538, abs=1e-10)


def test_degrees_of_freedom_of_barnard_and_rubin() -> None:
    found = pooled(*EASY, complete_df=98)
    assert found.df == pytest.approx(17.06586837, abs=1e-8)
    assert found.missing_information == pytest.approx(0.4646696828, abs=1e-10)


def test_the_pooled_fit_of_nhanes_as_mice_prints_it() -> None:
    found = pooled(*NHANES, complete_df=22)
    assert found.estimate == pytest.approx(5.937296636, abs=1e-9)
    assert found.variance == pytest.approx(6.765905144, abs=1e-9)
    assert found.df == pytest.approx(5.443459029, abs=1e-9)
    assert found.relative_increase == pytest.approx(1.205970685, abs=1e-9)
    assert found.missing_information == pytest.approx(0.6540614711, abs=1e-9)


def test_a_covariate_missing_by_the_outcome_is_mended_by_imputation_and_not_by_complete_cases() -> None:
    """y = x + e; x is missing mostly where y is large."""
    rng = np.random.default_rng(25)
    n = 2000
    x = rng.standard_normal(n)
    y = x + rng.standard_normal(n)
    missing = rng.random(n) < 1 / (1 + np.exp(-1.5 * y))
    alone = least_squares(y[~missing], x[~missing])
    streams = [np.random.default_rng([25, k]) for k in range(20)]
    copies = completed([Variable("x", np.where(missing, np.nan, x))], y[:, None], streams, "test")
    rows = [least_squares(y, copy["x"]) for copy in copies]
    found = pooled(np.array([r.estimate for r in rows]), np.array([r.se**2 for r in rows]), n - 2.0)
    assert alone.estimate < 1 - 4 * alone.se
    assert abs(found.estimate - 1) < 3 * found.se
    assert least_squares(y, x).se < found.se < 2 * least_squares(y, x).se


def test_weights_of_two_stages_of_attrition_give_the_mean_of_everybody() -> None:
    """L0 is known of all, L1 of those who stay for the first stage; the mean of Y = 1 + L0 + 2 L1 is 2.4."""
    cells = np.array(list(itertools.product([0, 1], repeat=4)), dtype=float)
    l0, l1, first, second = cells.T
    stays, ill = np.where(l0 == 1, 0.6, 0.9), np.where(l0 == 1, 0.6, 0.3)
    stays_on = np.where(l1 == 1, 0.5, 0.8)
    people = 0.5 * np.where(first == 1, stays, 1 - stays) * np.where(l1 == 1, ill, 1 - ill)
    people *= np.where(second == 1, stays_on, 1 - stays_on)
    y = 1 + l0 + 2 * l1
    seen = np.where(first == 1, l1, np.nan)
    stages = [(first == 1, l0[:, None]), ((first * second) == 1, np.column_stack([l0, seen]))]
    found = attrition_weights(stages, "test", people)
    assert np.average(y, weights=people) == pytest.approx(2.4)
    assert people[found.observed].sum() == pytest.approx(0.5055)
    complete = np.average(y[found.observed], weights=people[found.observed])
    assert complete == pytest.approx(1.9910979229, abs=1e-10)
    assert np.average(y[found.observed], weights=found.total) == pytest.approx(2.4, abs=1e-12)
    assert found.total.sum() == pytest.approx(people[found.observed].sum())
