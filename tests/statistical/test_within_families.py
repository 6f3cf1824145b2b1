"""Sibling comparisons where the truth is known and families confound: 200 replicates of 250 families of two or three.

The mean estimate must lie within three Monte Carlo standard errors of the truth, and coverage in the central 99.9% of a
binomial.
"""

import numpy as np
import pandas as pd
import pytest
from evenwicht.config import CohortConfig
from evenwicht.display.section import where
from evenwicht.estimators.results import Interval
from evenwicht.estimators.survival_data import SurvivalData
from evenwicht.estimators.within_families import (
    conditional_odds_ratio,
    linear_fixed_effects,
    stratified_hazard_ratio,
)
from scipy import stats
from scipy.special import expit

from tests.cohorts import changed, configured, people_of, studied, truth_of
from tests.conftest import world_with

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


DRAWS = 50


def families_of_two() -> CohortConfig:
    """Brothers and sisters of the Dunedin world, whose SES makes poverty and ill health likelier, and is not measured."""
    config = configured("dunedin")
    families = config.source.families.model_copy(update={"twin_pairs": 0, "sibling_pairs": 1000})
    measured = config.adjustments["full"].without("ses", "poverty").model_dump()
    outcomes = ["brain_health", "disease"]
    study = {"kind": "siblings", "exposures": ["poverty"], "adjust": measured, "outcomes": outcomes}
    brain_health = {"kind": "continuous", "column": "brain_health", "label": "Brain health"}
    asked = changed(config, {"outcomes.brain_health": brain_health, "studies": {"siblings": study}})
    shared = config.source.brain_health.model_copy(update={"ses": 0.2})
    return world_with(asked, n=2000, families=families, brain_health=shared)


def test_what_siblings_share_biases_the_estimate_between_families_and_none_within() -> None:
    """Error of the mean over draws beyond, or within, four Monte Carlo standard errors; coverage in its 99.9% band."""
    config = families_of_two()
    truth = truth_of(config, 100_000, 18)
    keys = {"exposure": "poverty", "subgroup": ""}
    found = [studied("siblings", config, people_of(config, 19, "siblings", r))["estimates"] for r in range(DRAWS)]
    for outcome, estimand, method, biased in (
        ("brain_health", "mean_difference", "between", True),
        ("brain_health", "mean_difference", "within", False),
        ("disease", "risk_difference", "between", True),
        ("disease", "conditional_hazard_ratio", "stratified_cox", False),
    ):
        true = where(truth, outcome=outcome, estimand=estimand, **keys)["value"].item()
        rows = where(pd.concat(found), outcome=outcome, estimand=estimand, method=method)
        assert len(rows) == DRAWS
        ratio = estimand.endswith("ratio")
        errors = np.log(rows["estimate"] / true) if ratio else rows["estimate"] - true
        assert (abs(errors.mean()) > 4 * errors.std() / np.sqrt(DRAWS)) == biased, (outcome, method)
        if not biased:
            covered = rows["lower"].le(true) & rows["upper"].ge(true)
            low, high = stats.binom.ppf([0.0005, 0.9995], DRAWS, 0.95)
            assert low <= covered.sum() <= high
