"""Visits to a doctor in the RAND Health Insurance Experiment: counts and two-part means are those of R.

Values by R 4.2.2: MASS 7.3-58.2 `glm.nb`, and `glm` with binomial and Gamma(log) family.
"""

import numpy as np
import pytest
import statsmodels.api as sm
from evenwicht.base.errors import ModelError
from evenwicht.estimators.counts import negative_binomial_ratio
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.ratios import mean_ratio
from evenwicht.estimators.two_part import fit_gamma, two_part_means

COVARIATES = ["lncoins", "idp", "lpi", "disea"]


@pytest.fixture(scope="module")
def visits() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Visits, physical limitation, and covariates of 20,190 person-years."""
    data = sm.datasets.randhie.load_pandas().data
    return data["mdvis"].to_numpy(float), data["physlm"].to_numpy(float), data[COVARIATES].to_numpy(float)


def test_dispersion_of_visits_is_that_of_glm_nb(visits: tuple[np.ndarray, ...]) -> None:
    count, limitation, covariates = visits
    found = negative_binomial_ratio(count, limitation, covariates, where="visits")
    assert 1 / found.dispersion == pytest.approx(0.7653477326, rel=1e-8)


def test_ratio_of_a_negative_binomial_model_is_statsmodels_own_with_its_sandwich(
    visits: tuple[np.ndarray, ...],
) -> None:
    count, limitation, covariates = (part[:3000] for part in visits)
    design = sm.add_constant(np.column_stack([limitation, covariates]))
    theirs = sm.NegativeBinomial(count, design).fit(method="newton", maxiter=200, disp=0, cov_type="HC0")
    ours = negative_binomial_ratio(count, limitation, covariates, where="visits").ratio
    assert np.log(ours.estimate) == pytest.approx(theirs.params[1], rel=1e-6)
    assert ours.se == pytest.approx(theirs.bse[1], rel=1e-5)


def test_two_part_means_are_those_of_a_logistic_and_a_gamma_model(visits: tuple[np.ndarray, ...]) -> None:
    one, none = two_part_means(visits[0], visits[1], visits[2], "visits")
    # R stops its iterations at 1e-8
    assert one.value == pytest.approx(3.656102598, rel=2e-8)
    assert none.value == pytest.approx(2.720601576, rel=2e-8)
    assert one.value - none.value == pytest.approx(0.9355010225, rel=1e-7)


def test_gamma_coefficients_among_users(visits: tuple[np.ndarray, ...]) -> None:
    count, limitation, covariates = visits
    users = count > 0
    incentive, disease = covariates[:, 2], covariates[:, 3]
    design = np.column_stack([np.ones(len(count)), covariates[:, :2], incentive, limitation, disease])[users]
    fit = fit_gamma(count[users], design, np.ones(users.sum()), "visits")
    expected = [1.1609694485, -0.0305303094, -0.0936200784, 0.0007317998, 0.2555136620, 0.0228003106]
    np.testing.assert_allclose(fit.params, expected, atol=5e-8)


def test_poisson_ratio_of_means_is_statsmodels_with_hc0(visits: tuple[np.ndarray, ...]) -> None:
    count, limitation, covariates = visits
    design = sm.add_constant(np.column_stack([limitation, covariates]))
    theirs = sm.GLM(count, design, family=sm.families.Poisson()).fit(cov_type="HC0")
    ours = mean_ratio(count, limitation, covariates)
    assert np.log(ours.estimate) == pytest.approx(theirs.params[1], rel=1e-8)
    assert ours.se == pytest.approx(theirs.bse[1], rel=1e-8)


def test_the_error_of_a_two_part_difference_is_that_of_leaving_each_person_out(visits: tuple[np.ndarray, ...]) -> None:
    """The jackknife differs from the sandwich by parts of 1 / n."""
    some = np.random.default_rng(5).choice(len(visits[0]), 400, replace=False)
    count, limitation, covariates = (part[some] for part in visits)
    limitation = (limitation > 0.5).astype(float)
    one, none = two_part_means(count, limitation, covariates, "visits")
    left_out = []
    for k in range(len(count)):
        keep = np.arange(len(count)) != k
        pair = two_part_means(count[keep], limitation[keep], covariates[keep], "visits")
        left_out.append(pair[0].value - pair[1].value)
    jackknife = np.sqrt((len(count) - 1) * np.var(left_out))
    assert Sampling(len(count)).interval(one - none).se == pytest.approx(jackknife, rel=0.1)


def test_what_is_no_count_or_amount_is_refused() -> None:
    rng = np.random.default_rng(1)
    exposure, nothing = (rng.random(200) < 0.5).astype(float), np.empty((200, 0))
    with pytest.raises(ModelError, match="below zero"):
        two_part_means(rng.normal(size=200), exposure, nothing, "here")
    with pytest.raises(ModelError, match="no more than chance"):
        negative_binomial_ratio((rng.random(200) < 0.5).astype(float), exposure, where="here")
    empty = negative_binomial_ratio(exposure * rng.poisson(3, 200), exposure, where="here")
    assert empty.ratio.reason == "nobody in one arm has any"
