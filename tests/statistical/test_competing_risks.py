"""Intervals of incidence, years lost and their differences hold the truth as often as they say, weighted for a confounder.

Each draw has people whose disease and death have constant hazards; a confounder raises exposure, disease and death.
"""

import numpy as np
import pytest
from evenwicht.estimators.competing_risks import CumulativeIncidence, incidence_estimate, years_lost_estimate
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.propensity import fit_propensity
from evenwicht.estimators.results import Interval
from evenwicht.estimators.standardisation import standardised_pseudo_values
from evenwicht.estimators.survival_data import SurvivalData

DRAWS, PEOPLE, HORIZON = 400, 500, 10.0
BAND = 4 * np.sqrt(0.95 * 0.05 / DRAWS)
Key = tuple[str, str, int]  # how, what, and of which cause


def hazards(x: np.ndarray, exposed: np.ndarray, effect: float) -> list[np.ndarray]:
    """Of disease and of death, a year."""
    return [0.03 * np.exp(0.7 * x + effect * exposed), 0.02 * np.exp(0.7 * x - 0.5 * effect * exposed)]


def truth(effect: float) -> dict[Key, float]:
    """Differences in closed form for each of the confounder's two values."""
    found: dict[Key, float] = {}
    for cause in (0, 1):
        incidence, lost = [], []
        for exposed in (1.0, 0.0):
            x = np.array([0.0, 1.0])
            rates = hazards(x, np.full(2, exposed), effect)
            total = rates[0] + rates[1]
            share = rates[cause] / total
            incidence.append(float(np.mean(share * (1 - np.exp(-total * HORIZON)))))
            lost.append(float(np.mean(share * (HORIZON - (1 - np.exp(-total * HORIZON)) / total))))
        for how in ("weighted", "standardised"):
            found[how, "incidence", cause] = incidence[0] - incidence[1]
            found[how, "years_lost", cause] = lost[0] - lost[1]
    return found


def drawn(rng: np.random.Generator, effect: float) -> dict[Key, Interval]:
    x = (rng.random(PEOPLE) < 0.5).astype(float)
    exposure = (rng.random(PEOPLE) < 0.25 + 0.4 * x).astype(float)
    ages = [rng.exponential(size=PEOPLE) / rate for rate in hazards(x, exposure, effect)]
    end = rng.uniform(4, 25, PEOPLE)
    entry = np.where(rng.random(PEOPLE) < 0.3, rng.uniform(0, 2, PEOPLE), 0.0)
    kept = np.minimum(*ages) > entry
    x, exposure, end, entry, disease, death = (values[kept] for values in (x, exposure, end, entry, *ages))
    end = np.maximum(end, entry + 0.01)
    time = np.minimum(np.minimum(disease, death), end)
    events = (disease == time).astype(float), (death == time).astype(float)
    propensity = fit_propensity(exposure, x[:, None], "here")
    arms = []
    for arm in (1, 0):
        weights = propensity.weights * (exposure == arm)
        arms.append(CumulativeIncidence([SurvivalData(time, event, entry, weights) for event in events]))
    everybody = CumulativeIncidence([SurvivalData(time, event, entry) for event in events])
    sampling, found = Sampling(len(time)), {}
    for cause in (0, 1):
        for name, estimate in (("incidence", incidence_estimate), ("years_lost", years_lost_estimate)):
            one, none = (estimate(curve, cause, HORIZON, "arm", propensity) for curve in arms)
            found["weighted", name, cause] = sampling.interval(one - none)
            whole = estimate(everybody, cause, HORIZON, "people")
            most = 1.0 if name == "incidence" else HORIZON
            one, none = standardised_pseudo_values(whole, exposure, x[:, None], most)
            found["standardised", name, cause] = sampling.interval(one - none)
    return found


@pytest.mark.parametrize("effect", [0.0, 0.8], ids=["null", "harmful"])
def test_intervals_of_adjusted_differences_cover(effect: float) -> None:
    rng = np.random.default_rng(np.random.SeedSequence([11, int(10 * effect)]))
    draws = [drawn(rng, effect) for _ in range(DRAWS)]
    for key, value in truth(effect).items():
        intervals = [one[key] for one in draws]
        estimates = np.array([one.estimate for one in intervals])
        covered = np.mean([one.lower <= value <= one.upper for one in intervals])
        assert abs(estimates.mean() - value) < 4 * estimates.std() / np.sqrt(DRAWS), key
        assert abs(covered - 0.95) < BAND, (key, covered)
