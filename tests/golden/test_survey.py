"""Sampling weights against R's survey 4.5: a stratified sample of 200 Californian schools, weights only (no strata).

The data are `apistrat` of R's survey, seven of its columns. survey multiplies the sandwich without a factor (HC0) by
n / (n - 1); ours has n / (n - k) in linear models (HC1) and none elsewhere, which the tests put right.
"""

import numpy as np
import pandas as pd
import pytest
from evenwicht.estimators.influence import Estimate, Sampling
from evenwicht.estimators.linear import fit_linear, least_squares
from evenwicht.estimators.ratios import odds_ratio
from evenwicht.estimators.sampling_weights import effective_n
from evenwicht.estimators.survival import hazard_ratio
from evenwicht.estimators.survival_data import SurvivalData

from tests.conftest import ROOT

N = 200
DIGITS = 1e-8


@pytest.fixture(scope="module")
def schools() -> pd.DataFrame:
    return pd.read_csv(ROOT / "tests/golden/apistrat.csv")


def test_weighted_mean(schools: pd.DataFrame) -> None:
    """svymean(~api00, svydesign(~1, weights = ~pw)): 662.287363159, SE 9.585428876."""
    y, w = schools["api00"].to_numpy(float), schools["pw"].to_numpy()
    mean = float(np.average(y, weights=w))
    found = Sampling(N, weights=w).interval(Estimate(mean, (y - mean) / w.sum()))
    assert found.estimate == pytest.approx(662.287363159, rel=DIGITS)
    assert found.se * np.sqrt(N / (N - 1)) == pytest.approx(9.585428876, rel=DIGITS)


def test_effective_size_of_the_sample(schools: pd.DataFrame) -> None:
    """sum(w)^2 / sum(w^2) in R; Kish's design effect is 1.186371."""
    assert effective_n(schools["pw"].to_numpy()) == pytest.approx(168.581331281, rel=DIGITS)


def test_weighted_regression(schools: pd.DataFrame) -> None:
    """svyglm(api00 ~ ell + meals): 823.857925625 -0.505725552 -3.110628994, SE 9.787258182 0.393179823 0.283734393."""
    y, w = schools["api00"].to_numpy(float), schools["pw"].to_numpy()
    fit = fit_linear(y, schools[["ell", "meals"]].to_numpy(float), weights=w)
    np.testing.assert_allclose(fit.params, [-0.505725552, -3.110628994], rtol=DIGITS)
    errors = [fit.interval(j).se * np.sqrt((N - 3) / (N - 1)) for j in (0, 1)]
    np.testing.assert_allclose(errors, [0.393179823, 0.283734393], rtol=DIGITS)
    ell, meals = (schools[c].to_numpy(float) for c in ("ell", "meals"))
    assert least_squares(y, ell, meals[:, None], weights=w).se == pytest.approx(fit.interval(0).se, rel=DIGITS)


def test_weighted_logistic_regression(schools: pd.DataFrame) -> None:
    """svyglm(sch.wide ~ ell + meals, family = quasibinomial): -0.006831057 0.003524761, SE 0.013309964 0.008874050."""
    y, w = schools["sch_wide"].to_numpy(float), schools["pw"].to_numpy()
    ell, meals = (schools[c].to_numpy(float) for c in ("ell", "meals"))
    by_ell, by_meals = odds_ratio(y, ell, meals[:, None], weights=w), odds_ratio(y, meals, ell[:, None], weights=w)
    logs = [np.log(one.estimate) for one in (by_ell, by_meals)]
    np.testing.assert_allclose(logs, [-0.006831057, 0.003524761], atol=5e-10)  # nine decimals printed
    errors = np.array([by_ell.se, by_meals.se]) * np.sqrt(N / (N - 1))
    np.testing.assert_allclose(errors, [0.013309964, 0.008874050], atol=5e-10)


def test_weighted_cox_model() -> None:
    """Veteran's lung cancer trial (R's survival), weight 2 for large cells: coxph(..., weights = w, robust = TRUE)."""
    table = pd.read_csv(ROOT / "tests/golden/veteran.csv")
    weights = 1.0 + (table["celltype"] == "large").to_numpy()
    data = SurvivalData(table["time"].to_numpy(float), table["status"].to_numpy(float), weights=weights)
    karno, trt = (table[name].to_numpy(float) for name in ("karno", "trt"))
    of_karno, of_trt = hazard_ratio(data, karno, trt[:, None]), hazard_ratio(data, trt - 1, karno[:, None])
    found = [np.log(of_karno.estimate), np.log(of_trt.estimate), of_karno.se, of_trt.se]
    np.testing.assert_allclose(found, [-0.0363415602, 0.2388848332, 0.0050130530, 0.1929067082], rtol=1e-7)
