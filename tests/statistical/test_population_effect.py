"""What would change if nobody were exposed: intervals cover the truth of a model that is known in closed form.

Those who are exposed are affected more than others, so that the average effect times their share is another number.
Censoring depends on the exposure, brothers and sisters share what else acts on the number, and the yes/no outcome is
that of a sample drawn with unequal probabilities. Bands are four binomial errors around 95%.
"""

import numpy as np
import pandas as pd
import pytest
from evenwicht.estimators.influence import Sampling, mixture, sample_mean
from evenwicht.estimators.propensity import fit_propensity, weighted_means
from evenwicht.estimators.results import Interval
from evenwicht.estimators.standardisation import standardised_means
from evenwicht.estimators.survival import ProductLimit, survival_estimate
from evenwicht.estimators.survival_data import SurvivalData

DRAWS = 500
PEOPLE = 500
HORIZON = 5.0
BAND = 4 * np.sqrt(0.95 * 0.05 / DRAWS)
Floats = np.ndarray


def expit(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))


def chance(z: Floats) -> Floats:
    """Of being exposed."""
    return expit(-0.8 + 0.8 * z)


def mean_of(arm: float, z: Floats, effect: float) -> Floats:
    return 1 + z + effect * arm * (0.5 + 0.5 * z)


def risk_of(arm: float, z: Floats, effect: float) -> Floats:
    return expit(-1.2 + 0.5 * z + effect * arm * (0.6 + 0.5 * z))


def rate_of(arm: float, z: Floats, effect: float) -> Floats:
    return 0.06 * np.exp(0.5 * z + effect * arm * (0.6 + 0.3 * z))


def survival_of(arm: float, z: Floats, effect: float) -> Floats:
    return np.exp(-rate_of(arm, z, effect) * HORIZON)


def truth(effect: float) -> dict[str, tuple[float, float]]:
    """Population effect, and minus the share exposed times the average effect: Gauss-Hermite quadrature over z."""
    z, w = np.polynomial.hermite_e.hermegauss(80)
    w = w / w.sum()
    found = {}
    for name, of, sign in (("mean", mean_of, 1), ("risk", risk_of, 1), ("survival", survival_of, -1)):
        change = sign * (of(1, z, effect) - of(0, z, effect))
        found[name] = -float(w @ (chance(z) * change)), -float(w @ chance(z)) * float(w @ change)
    return found


def intervals(effect: float, rng: np.random.Generator) -> dict[tuple[str, str], Interval]:
    found: dict[tuple[str, str], Interval] = {}

    pairs = np.repeat(np.arange(PEOPLE // 2), 2)
    z = rng.normal(size=PEOPLE // 2)[pairs]
    a = (rng.random(PEOPLE // 2) < chance(z[::2])).astype(float)[pairs]
    y = mean_of(a, z, effect) + rng.normal(size=PEOPLE // 2)[pairs] + rng.normal(size=PEOPLE)
    x, siblings = z[:, None], Sampling(PEOPLE, pairs)
    found["ipw", "mean"] = siblings.interval(weighted_means(y, fit_propensity(a, x, "here"))[1] - sample_mean(y))
    _, unexposed = standardised_means(y, a, x, x, binary=False)
    found["standardisation", "mean"] = siblings.interval(unexposed - sample_mean(y))

    z = rng.normal(size=2 * PEOPLE)
    seen = rng.random(2 * PEOPLE) < expit(0.7 * z)
    z, w = z[seen], 1 / expit(0.7 * z[seen])
    a = (rng.random(len(z)) < chance(z)).astype(float)
    d = (rng.random(len(z)) < risk_of(a, z, effect)).astype(float)
    x, survey = z[:, None], Sampling(len(z), weights=w)
    now = sample_mean(d, w)
    found["ipw", "risk"] = survey.interval(weighted_means(d, fit_propensity(a, x, "here", w))[1] - now)
    _, unexposed = standardised_means(d, a, x, x, binary=True, weights=w)
    found["standardisation", "risk"] = survey.interval(unexposed - now)

    z = rng.normal(size=PEOPLE)
    a = (rng.random(PEOPLE) < chance(z)).astype(float)
    onset, censored = rng.exponential(1 / rate_of(a, z, effect)), rng.uniform(1, np.where(a == 1, 7, 30))
    time, event = np.minimum(onset, censored), (onset <= censored).astype(float)
    propensity = fit_propensity(a, z[:, None], "here")
    crude = [
        survival_estimate(ProductLimit(SurvivalData(time, event, weights=a == arm)), HORIZON, "") for arm in (1, 0)
    ]
    weighted = ProductLimit(SurvivalData(time, event, weights=propensity.weights * (a == 0)))
    unexposed = survival_estimate(weighted, HORIZON, "", propensity)
    found["ipw", "survival"] = Sampling(PEOPLE).interval(mixture(sample_mean(a), *crude) - unexposed)
    return found


@pytest.fixture(scope="module", params=[1.0, 0.0], ids=["effect", "null"])
def summary(request: pytest.FixtureRequest) -> pd.DataFrame:
    effect: float = request.param
    right = truth(effect)
    rows = [
        {
            "method": method,
            "outcome": outcome,
            "estimate": interval.estimate,
            "error": interval.estimate - right[outcome][0],
            "se": interval.se,
            "covers": interval.lower <= right[outcome][0] <= interval.upper,
        }
        for rng in np.random.default_rng(31).spawn(DRAWS)
        for (method, outcome), interval in intervals(effect, rng).items()
    ]
    groups = pd.DataFrame(rows).groupby(["method", "outcome"])
    return pd.DataFrame(
        {
            "draws": groups["se"].count(),
            "coverage": groups["covers"].mean(),
            "bias": groups["error"].mean(),
            "spread": groups["estimate"].std(),
            "se": groups["se"].mean(),
        }
    )


def test_the_average_effect_times_the_share_exposed_is_another_number() -> None:
    for population, shortcut in truth(1.0).values():
        assert population / shortcut > 1.25
    assert all(population == shortcut == 0 for population, shortcut in truth(0.0).values())


def test_intervals_cover_the_truth_as_often_as_they_say(summary: pd.DataFrame) -> None:
    assert (summary["draws"] == DRAWS).all()
    assert summary["coverage"].between(0.95 - BAND, 0.95 + BAND).all(), summary


def test_nothing_is_biased(summary: pd.DataFrame) -> None:
    """Within four Monte Carlo errors; what is of order 1 / PEOPLE is too small to see."""
    assert (summary["bias"].abs() < 4 * summary["spread"] / np.sqrt(DRAWS)).all(), summary


def test_standard_errors_are_the_spread_over_draws(summary: pd.DataFrame) -> None:
    """Their own small-sample bias, of order 1 / PEOPLE of the arm, is some 3%."""
    ratio = summary["se"] / summary["spread"]
    assert (abs(ratio - 1) < 4 / np.sqrt(2 * DRAWS) + 0.03).all(), summary.assign(ratio=ratio)
