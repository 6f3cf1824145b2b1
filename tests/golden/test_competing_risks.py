"""Competing risks and restricted means against R's survival.

The data are `mgus2` of R's survival, four of its columns: months to a plasma cell malignancy (status 1) or to death
without one (2) of 1,384 people with monoclonal gammopathy (Kyle 1993, Mayo Clinic Proceedings 68:26); and `veteran`.
"""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from evenwicht.estimators.competing_risks import CumulativeIncidence
from evenwicht.estimators.influence import Estimate, Sampling
from evenwicht.estimators.survival_data import SurvivalData

from tests.conftest import ROOT

PRINTED = 5e-11  # ten decimals


@pytest.fixture(scope="module")
def gammopathy() -> CumulativeIncidence:
    people = pd.read_csv(ROOT / "tests/golden/mgus2.csv")
    time = people["time"].to_numpy(float)
    return CumulativeIncidence([SurvivalData(time, (people["status"] == cause).to_numpy(float)) for cause in (1, 2)])


def error(influence: np.ndarray) -> float:
    return Sampling(len(influence)).standard_error(influence)


def greenwood(people: pd.DataFrame, until: int) -> float:
    """Standard error of a restricted mean: the areas right of each death, squared, times d / (n (n - d))."""
    deaths = people[(people["status"] == 1) & (people["time"] <= until)].groupby("time").size()
    at_risk = {time: int((people["time"] >= time).sum()) for time in deaths.index}
    survival, curve = Fraction(1), list[Fraction]()
    for time, count in deaths.items():
        survival *= Fraction(at_risk[time] - int(count), at_risk[time])
        curve.append(survival)
    widths = np.diff([*deaths.index, until])
    variance, area = Fraction(0), Fraction(0)
    for time, count, height, width in reversed(list(zip(deaths.index, deaths, curve, widths, strict=True))):
        area += height * int(width)
        if at_risk[time] > count:
            variance += area**2 * Fraction(int(count), at_risk[time] * (at_risk[time] - int(count)))
    return float(variance) ** 0.5


@pytest.mark.parametrize(
    ("months", "malignancy", "se", "death"),
    [
        (60, 0.0341037130, 0.0048892579, 0.3203670103),
        (120, 0.0637221680, 0.0067968484, 0.5318177041),
        (240, 0.0998137159, 0.0097848468, 0.7240279761),
    ],
)
def test_incidence_of_malignancy_and_of_death_before_it(
    gammopathy: CumulativeIncidence, months: float, malignancy: float, se: float, death: float
) -> None:
    """survfit(Surv(time, factor(status)) ~ 1) and its standard error, the infinitesimal jackknife."""
    found = [float(gammopathy.incidence(cause, np.array([months]))[0]) for cause in (0, 1)]
    assert found == pytest.approx([malignancy, death], abs=PRINTED)
    assert error(gammopathy.incidence_derivative(0, months)) == pytest.approx(se, abs=PRINTED)


def test_incidence_and_survival_add_up_to_everybody(gammopathy: CumulativeIncidence) -> None:
    grid = np.arange(0.0, 425.0)
    either = gammopathy.incidence(0, grid) + gammopathy.incidence(1, grid)
    free = gammopathy.survival[np.searchsorted(gammopathy.times, grid, side="right")]
    np.testing.assert_allclose(either + free, 1, atol=1e-12)


def test_restricted_mean_survival_and_its_difference() -> None:
    """summary(survfit(Surv(time, status) ~ trt), rmean = 180), whose errors are Greenwood's.

    The error of the second arm is checked by fractions alone.
    """
    people = pd.read_csv(ROOT / "tests/golden/veteran.csv")
    means, influences, errors = [], [], list[float]()
    for arm, mean, se in ((1, 95.3744657416, 7.9479937334), (2, 81.6143214286, None)):
        inside = (people["trt"] == arm).to_numpy(float)
        curve = CumulativeIncidence(
            [SurvivalData(people["time"].to_numpy(float), people["status"].to_numpy(float), weights=inside)]
        )
        means.append(180 - curve.years_lost(0, 180))
        influences.append(-curve.years_lost_derivative(0, 180))
        assert means[-1] == pytest.approx(mean, abs=PRINTED)
        if se is not None:
            assert error(influences[-1]) == pytest.approx(se, abs=PRINTED)
        errors.append(error(influences[-1]))
        assert errors[-1] == pytest.approx(greenwood(people[people["trt"] == arm], 180), rel=1e-12)
    difference = Sampling(len(people)).interval(Estimate(means[1] - means[0], influences[1] - influences[0]))
    assert difference.estimate == pytest.approx(81.6143214286 - 95.3744657416, abs=2 * PRINTED)
    assert difference.se == pytest.approx(np.hypot(*errors))
