"""Where all cases are in one arm there is no ratio: it is not estimable, with the reason, and nothing overflows."""

import numpy as np
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.estimators.risks import linear_risks
from evenwicht.estimators.survival_data import SurvivalData
from evenwicht.estimators.within_families import stratified_hazard_ratio


def people(families: int = 300) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(3)
    n = 2 * families
    return np.arange(n) // 2, rng.integers(0, 2, n).astype(float), rng.exponential(20, n) + 0.01, rng.random(n)


@pytest.mark.parametrize("arm", [0, 1])
@pytest.mark.parametrize("share", [0.3, 0.5, 1.0])
def test_a_hazard_ratio_within_families_runs_off(arm: int, share: float) -> None:
    """The likelihood is flat towards infinity, where half a step is no sign of a maximum."""
    family, exposure, exit_time, chance = people()
    event = (exposure == arm) & (chance < share)
    exit_time = np.where(event, np.minimum(exit_time, 39.0), 40.0)
    data = SurvivalData(exit_time, event.astype(float))
    end = "plus" if arm else "minus"
    with pytest.raises(ModelError, match=f"no finite estimate, the coefficient runs off: exposure to {end} infinity"):
        stratified_hazard_ratio(data, exposure, families=family)
    with pytest.raises(ModelError, match=f"runs off: exposure to {end} infinity"):
        stratified_hazard_ratio(data, exposure, (chance[::-1, None] < 0.5).astype(float), families=family)


@pytest.mark.parametrize("arm", [0, 1])
def test_a_risk_of_zero_among_clusters_has_a_difference_and_no_interval_of_its_own(arm: int) -> None:
    family, exposure, _, chance = people()
    outcome = ((exposure == arm) & (chance < 0.15)).astype(float)
    risks = linear_risks(outcome, exposure, clusters=family % 30)
    found = (risks.unexposed, risks.exposed)
    assert found[1 - arm].estimate == pytest.approx(0, abs=1e-12)
    assert found[1 - arm].reason == "a probability of zero or one has no standard error"
    assert found[arm].estimate == pytest.approx(outcome[exposure == arm].mean())
    assert risks.difference.estimate == pytest.approx((2 * arm - 1) * outcome[exposure == arm].mean())
