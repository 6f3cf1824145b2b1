"""Smoking and low birth weight in 189 births (Hosmer and Lemeshow 1989, Applied Logistic Regression, appendix 1).

The data are `birthwt` of R's MASS 7.3-58.2, five of its columns. Values are those of R 4.2.2, with the call beside them.
"""

import numpy as np
import pandas as pd
import pytest
from evenwicht.estimators.influence import Sampling, sample_mean
from evenwicht.estimators.ratios import risk_ratio
from evenwicht.estimators.results import Z95
from evenwicht.estimators.standardisation import standardised_means

from tests.conftest import ROOT

DIGITS = 1e-8  # R's glm stops there
Births = tuple[np.ndarray, np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def births() -> Births:
    """Low birth weight, smoking, and covariates: age, weight of the mother, race."""
    table = pd.read_csv(ROOT / "tests/golden/birthwt.csv")
    race = [table["race"] == code for code in (2, 3)]
    covariates = np.column_stack([table["age"], table["lwt"], *race]).astype(float)
    return table["low"].to_numpy(float), table["smoke"].to_numpy(float), covariates


def test_modified_poisson(births: Births) -> None:
    """sandwich 3.0-2: vcovHC(glm(low ~ smoke + age + lwt + factor(race), poisson), "HC0"), and low ~ smoke."""
    low, smoke, covariates = births
    adjusted, crude = risk_ratio(low, smoke, covariates), risk_ratio(low, smoke)
    assert (np.log(adjusted.estimate), adjusted.se) == pytest.approx((0.649494391644, 0.214790182127), rel=DIGITS)
    assert (adjusted.estimate, adjusted.lower, adjusted.upper) == pytest.approx(
        (1.91457256, 1.256730328, 2.916765838), rel=DIGITS
    )
    assert (crude.estimate, crude.se) == pytest.approx((1.607642111, 0.2135577809), rel=DIGITS)


def test_standardised_risks_with_errors_by_m_estimation(births: Births) -> None:
    """glm(low ~ smoke + age + lwt + factor(race), binomial), predicted twice; stacked estimating equations by hand.

    The error counts the covariates as drawn; with fixed covariates (delta method on vcov) it is 0.0725185278.
    """
    low, smoke, covariates = births
    exposed, unexposed = standardised_means(low, smoke, covariates, covariates[:, :0], binary=True)
    sampling = Sampling(len(low))
    assert (exposed.value, unexposed.value) == pytest.approx((0.4433504838, 0.2336069987), rel=DIGITS)
    difference = sampling.interval(exposed - unexposed)
    assert (difference.estimate, difference.se) == pytest.approx((0.2097434851, 0.0720158825), rel=DIGITS)
    log_ratio = sampling.interval(exposed.log() - unexposed.log())
    assert (np.exp(log_ratio.estimate), log_ratio.se) == pytest.approx((1.897847609, 0.2145664445), rel=DIGITS)
    assert log_ratio.upper - log_ratio.estimate == pytest.approx(Z95 * 0.2145664445, rel=DIGITS)


def test_influences_add_up_in_what_is_made_of_them(births: Births) -> None:
    """The share that would be left if nobody smoked, 1 - PAF: the same reference gives PAF 0.2516657160 (0.0857441602)."""
    low, smoke, covariates = births
    _, unexposed = standardised_means(low, smoke, covariates, covariates[:, :0], binary=True)
    share = unexposed.log() - sample_mean(low).log()
    assert 1 - np.exp(share.value) == pytest.approx(0.2516657160, rel=DIGITS)
    se = np.exp(share.value) * Sampling(len(low)).standard_error(share.influence)
    assert se == pytest.approx(0.0857441602, rel=DIGITS)
