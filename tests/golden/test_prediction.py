"""Areas under ROC curves, net benefit and calibration against R's pROC, dcurves and rms.

The data are `aSAH` of R's pROC, five of its columns: a poor outcome, age, the grade of the World Federation of
Neurosurgical Societies, and two proteins in the blood of 113 patients with a bleeding in the brain (Turck and others
2010, Intensive Care Medicine 36:107).
"""

import numpy as np
import pandas as pd
import pytest
from evenwicht.estimators.calibration import brier, calibration_in_the_large, calibration_line, log_odds_of, tjur
from evenwicht.estimators.discrimination import area_under, auc_estimate
from evenwicht.estimators.flagging import net_benefit, observed_rates
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.regression import Fit, fit_model
from scipy.special import expit

from tests.conftest import ROOT

PRINTED = 1e-9


@pytest.fixture(scope="module")
def patients() -> pd.DataFrame:
    return pd.read_csv(ROOT / "tests/golden/asah.csv").astype(float)


@pytest.fixture(scope="module")
def poor(patients: pd.DataFrame) -> np.ndarray:
    return patients["poor"].to_numpy()


@pytest.fixture(scope="module")
def design(patients: pd.DataFrame) -> np.ndarray:
    return np.column_stack([np.ones(len(patients)), patients[["s100b", "age", "wfns"]]])


@pytest.fixture(scope="module")
def fit(poor: np.ndarray, design: np.ndarray) -> Fit:
    """glm(poor ~ s100b + age + wfns, binomial), the grade as a number."""
    return fit_model("binomial", poor, design)


@pytest.mark.parametrize(
    ("score", "area", "lower", "upper"),
    [
        ("s100b", 0.7313685637, 0.6301182118, 0.8326189156),
        ("ndka", 0.6119579946, 0.5012449993, 0.7226709899),
        ("wfns", 0.8236788618, 0.7485348878, 0.8988228358),
    ],
)
def test_area_and_interval_of_delong(
    patients: pd.DataFrame, poor: np.ndarray, score: str, area: float, lower: float, upper: float
) -> None:
    """pROC 1.18.0: ci.auc(roc(outcome, score))."""
    found = Sampling(len(poor)).interval(auc_estimate(patients[score].to_numpy(), poor == 1))
    assert (found.estimate, found.lower, found.upper) == pytest.approx((area, lower, upper), rel=PRINTED)
    assert area_under(patients[score].to_numpy(), poor) == pytest.approx(area, rel=PRINTED)


def test_variances_and_covariance_of_delong(patients: pd.DataFrame, poor: np.ndarray) -> None:
    """pROC: var(roc), cov(roc1, roc2)."""
    blood, grade = (auc_estimate(patients[name].to_numpy(), poor == 1).influence for name in ("s100b", "wfns"))
    assert (blood @ blood, grade @ grade) == pytest.approx((0.002668682457, 0.001469914709), rel=PRINTED)
    assert blood @ grade == pytest.approx(0.001196155674, rel=PRINTED)


@pytest.mark.parametrize(("other", "z"), [("ndka", 1.390770026), ("wfns", -2.208983591)])
def test_two_scores_of_the_same_people_are_compared_in_pairs(
    patients: pd.DataFrame, poor: np.ndarray, other: str, z: float
) -> None:
    """pROC: roc.test(roc1, roc2, paired = TRUE), of two scores that are not nested models."""
    one, two = (auc_estimate(patients[name].to_numpy(), poor == 1) for name in ("s100b", other))
    found = Sampling(len(poor)).interval(one - two)
    assert found.estimate / found.se == pytest.approx(z, rel=PRINTED)


@pytest.mark.parametrize(
    ("threshold", "model", "everybody"),
    [
        (0.1, 0.30383480826, 0.29203539823),
        (0.2, 0.25663716814, 0.20353982300),
        (0.3, 0.21871049305, 0.08975979772),
        (0.5, 0.12389380531, -0.27433628319),
    ],
)
def test_net_benefit(poor: np.ndarray, fit: Fit, threshold: float, model: float, everybody: float) -> None:
    """R dcurves 0.5.1: dca(poor ~ p); who has just the threshold is flagged."""
    rates = observed_rates(poor, (fit.fitted >= threshold).astype(float))
    assert rates.net_benefit(threshold) == pytest.approx(model, rel=PRINTED)
    prevalence = poor.mean()
    assert net_benefit(prevalence, 1 - prevalence, threshold) == pytest.approx(everybody, rel=PRINTED)


def test_calibration_of_predictions_that_are_off(poor: np.ndarray, fit: Fit, design: np.ndarray) -> None:
    """rms 6.5-0: val.prob(q, poor) of q = expit(-1 + logit(p) / 2), to the 1e-8 at which it stops."""
    off = -1 + log_odds_of(fit.fitted) / 2
    intercept, slope = calibration_line(off, poor)
    assert (intercept.value, slope.value) == pytest.approx((2.0, 2.0), rel=1e-6)
    assert calibration_in_the_large(off, poor).value == pytest.approx(0.7441255044, rel=1e-8)
    assert brier(expit(off), poor).value == pytest.approx(0.1971855226, rel=PRINTED)
    assert tjur(fit.fitted, poor, fit, design).value == pytest.approx(0.3243228932, rel=PRINTED)
