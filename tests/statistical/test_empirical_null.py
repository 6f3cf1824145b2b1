"""Does a calibrated interval cover as it says with few negative controls?

600 draws of systematic error N(0.1, tau^2), with standard errors between 0.1 and 0.2. Counts of intervals that cover are
judged by the central 99.9% of a binomial distribution.
"""

import numpy as np
import pytest
from evenwicht.estimators.empirical_null import fit_empirical_null
from scipy import stats

DRAWS = 600
LOW, HIGH = stats.binom.ppf([0.0005, 0.9995], DRAWS, 0.95)


def covered(controls: int, tau: float) -> tuple[int, int]:
    """Intervals that cover, and those that would if the fitted mean and SD were known."""
    rng = np.random.default_rng([64, controls, round(1000 * tau)])
    ours = known = 0
    for _ in range(DRAWS):
        ses = rng.uniform(0.1, 0.2, controls + 1)
        found = rng.normal(0.1, np.hypot(ses, tau))  # the last one is the estimate to judge; its true effect is 0
        null = fit_empirical_null(found[:-1], ses[:-1])
        ours += null.p_value(found[-1], ses[-1]) > 0.05
        known += abs(found[-1] - null.mean) < stats.norm.ppf(0.975) * np.hypot(null.sd, ses[-1])
    return ours, known


@pytest.mark.parametrize("tau", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("controls", [5, 8, 20, 50])
def test_intervals_cover_with_few_controls_and_are_exact_once_systematic_error_shows(controls: int, tau: float) -> None:
    """Where tau is small beside the standard errors, few controls cannot tell, and more is covered than asked."""
    ours, _ = covered(controls, tau)
    assert ours >= LOW
    if tau >= 0.3 or (tau > 0 and controls >= 20):
        assert ours <= HIGH


@pytest.mark.parametrize("controls", [5, 8])
def test_a_fitted_mean_and_sd_taken_as_known_cover_too_little(controls: int) -> None:
    """Why the uncertainty about them is carried."""
    _, known = covered(controls, 0.2)
    assert known < LOW
