"""Sibling comparisons where the truth is known and families confound: 200 replicates of 250 families of two or three.

The mean estimate must lie within three Monte Carlo standard errors of the truth, and coverage in the central 99.9% of a
binomial.
"""

import numpy as np
import pytest
from evenwicht.estimators.results import Interval
from evenwicht.estimators.survival_data import SurvivalData
from evenwicht.estimators.within_families import (
    conditional_odds_ratio,
    linear_fixed_effects,
    stratified_hazard_ratio,
)
from scipy import stats
from scipy.special import expit

REPLICATES, FAMILIES = 200, 250
BAND = stats.binom.ppf([0.0005, 0.9995], REPLICATES, 0.95)


def replicate(rng: np.random.Generator, effect: float) -> tuple[Interval, Interval, Interval]:
    """A family's level raises exposure, outcome, odds and hazard; so does a covariate of the person."""
    family = np.repeat(np.arange(FAMILIES), rng.integers(2, 4, FAMILIES))
    n = len(family)
    level, x = rng.normal(size=FAMILIES)[family], rng.normal(size=n)
    a = (rng.random(n) < expit(level + 0.5 * x)).astype(float)
    linear = effect * a + level + 0.3 * x
    case = (rng.random(n) < expit(linear)).astype(float)
    onset, end = rng.exponential(np.exp(-linear)), rng.uniform(0.2, 3, n)
    data = SurvivalData(np.minimum(onset, end), (onset <= end).astype(float))
    # errors of siblings depend on each other beyond the level: the younger repeats half of the elder's
    noise = rng.normal(size=n) + 0.5 * rng.normal(size=FAMILIES)[family] * (np.arange(n) % 2)
    return (
        linear_fixed_effects(linear + noise, a, x[:, None], families=family).interval,
        conditional_odds_ratio(case, a, x[:, None], families=family).interval,
        stratified_hazard_ratio(data, a, x[:, None], families=family).interval,
    )


@pytest.mark.parametrize("effect", [0.0, 0.5], ids=["null", "harmful"])
def test_estimates_within_families_are_unbiased_and_cover(effect: float) -> None:
    found = [replicate(np.random.default_rng([17, i]), effect) for i in range(REPLICATES)]
    for j, truth in enumerate((effect, np.exp(effect), np.exp(effect))):
        intervals = [one[j] for one in found]
        covered = sum(i.lower <= truth <= i.upper for i in intervals)
        assert BAND[0] <= covered <= BAND[1]
        estimates = np.array([i.estimate for i in intervals])
        values, target = (estimates, truth) if j == 0 else (np.log(estimates), effect)
        assert values.mean() == pytest.approx(target, abs=3 * values.std(ddof=1) / np.sqrt(REPLICATES))
