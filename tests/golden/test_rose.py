"""Rose's comparison, the liability scale and numbers needed, against closed forms and quadrature by another route.

The values of the normal score were found by adaptive quadrature of Phi(-1.5 + 0.5 R) over a standard normal R, and
Brent's method for the shift; ours are closed forms by Owen's T function.
"""

import numpy as np
import pytest
from evenwicht.estimators.association import told_by
from evenwicht.estimators.influence import Estimate
from evenwicht.estimators.liability import ProbitScore, exposure_auc, exposure_correlation
from evenwicht.estimators.number_needed import Limits, number_needed
from evenwicht.estimators.results import Interval
from evenwicht.estimators.rose import (
    Programme,
    binormal_auc,
    binormal_sensitivity,
    normal_averted_by_programme,
    normal_averted_by_shift,
    normal_ceiling,
    normal_equal_shift,
)

PRINTED = 5e-11
SCORE, PROGRAMME = ProbitScore(-1.5, 0.5), Programme(share=0.1, uptake=0.6, effect=0.5)
UNRATIONED, RATIONED = 0.083, 0.055  # risk of type 2 diabetes, about as in the rationing world


def known(value: float) -> Estimate:
    return Estimate(value, np.zeros(1))


def test_a_normal_score() -> None:
    assert SCORE.mean == pytest.approx(0.0898562474, abs=PRINTED)
    assert SCORE.sensitivity(0.1) == pytest.approx(0.3010854429, abs=PRINTED)
    assert normal_ceiling(SCORE, PROGRAMME) == pytest.approx(0.0903256329, abs=PRINTED)


def test_the_shift_that_equals_a_programme() -> None:
    shift = normal_equal_shift(SCORE, PROGRAMME)
    assert shift == pytest.approx(0.1158778157, abs=PRINTED)
    averted = normal_averted_by_programme(SCORE, PROGRAMME)
    assert normal_averted_by_shift(SCORE, shift) == pytest.approx(averted, rel=1e-12)
    assert averted == pytest.approx(1e5 * 0.0898562474 * 0.0903256329, abs=1e-5)


def test_scores_that_are_normal_among_cases_and_others() -> None:
    assert binormal_auc(0.4) == pytest.approx(0.6113512946, abs=PRINTED)


@pytest.mark.parametrize(
    ("areas", "shares"), [((0.61, 0.63), (16, 19)), ((0.75, 0.79), (26, 37)), ((0.82, 0.87), (32, 50))]
)
def test_what_the_top_tenth_holds_by_either_model(areas: tuple[float, float], shares: tuple[int, int]) -> None:
    """Range over two areas, a risk of 10% to 20%, and both normal models, in whole per cent."""
    held = [ProbitScore.with_auc(area, risk).sensitivity(0.1) for area in areas for risk in (0.1, 0.2)]
    held += [float(one) for risk in (0.1, 0.2) for one in binormal_sensitivity(np.array(areas), 0.1, risk)]
    assert (round(100 * min(held)), round(100 * max(held))) == shares


def test_sugar_rationing_as_an_exposure() -> None:
    """2.8 points of risk, yet an area of .55 and about 1% of the variance."""
    share, one, none = known(0.5), known(RATIONED), known(UNRATIONED)
    told = told_by(share, one, none)
    assert exposure_auc(0.5, RATIONED, UNRATIONED) == pytest.approx(0.5544840362, abs=PRINTED)
    assert 0.5 + abs(told.lead.value) / 2 == pytest.approx(0.5544840362, abs=PRINTED)
    assert told.correlation.value**2 == pytest.approx(0.0030511060, abs=PRINTED)
    assert told.liability.value**2 == pytest.approx(0.011, abs=5e-4)
    assert exposure_correlation(share, one, none).value ** 2 == pytest.approx(0.011, abs=5e-4)


def test_people_for_one_case_of_diabetes() -> None:
    needed = number_needed(Interval.normal(RATIONED - UNRATIONED, 0.005))
    assert needed.estimate == pytest.approx(35.714, abs=5e-4)
    assert (needed.side, needed.kind, needed.harm) == ("benefit", "one interval", None)


def test_altmans_example() -> None:
    """Altman 1998: absolute risk reduction 10% (-5% to 25%): number needed 10, to benefit from 4, to harm from 20."""
    needed = number_needed(Interval(-0.10, lower=-0.25, upper=0.05))
    assert needed.estimate == pytest.approx(10)
    assert needed.kind == "two rays through infinity"
    assert needed.benefit == Limits(4.0, np.inf)
    assert needed.harm == Limits(20.0, np.inf)
