"""Intervals of weighting, standardisation and survival cover the truth of a model that is known in closed form.

Bands are four binomial errors around 95%; standard errors are compared with the spread over draws within four Monte
Carlo errors of that spread.
"""

import numpy as np
import pandas as pd
import pytest
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.propensity import fit_propensity, weighted_means
from evenwicht.estimators.results import Interval
from evenwicht.estimators.standardisation import standardised_means
from evenwicht.estimators.survival import ProductLimit, survival_estimate
from evenwicht.estimators.survival_data import SurvivalData

DRAWS = 1000
PEOPLE = 500
HORIZON = 5.0
BAND = 4 * np.sqrt(0.95 * 0.05 / DRAWS)


def expit(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def risk_of(arm: float, z: np.ndarray) -> np.ndarray:
    return expit(-0.8 + 0.6 * arm + 0.7 * z + 0.4 * arm * z)


def rate_of(arm: float, z: np.ndarray) -> np.ndarray:
    return 0.08 * np.exp(0.5 * arm + 0.5 * z)


def truth() -> dict[str, float]:
    """Averages over the standard normal covariate by Gauss-Hermite quadrature."""
    z, w = np.polynomial.hermite_e.hermegauss(80)
    w = w / w.sum()
    one, none = (float(w @ risk_of(arm, z)) for arm in (1, 0))
    spared = [float(w @ np.exp(-rate_of(arm, z) * HORIZON)) for arm in (1, 0)]
    return {
        "mean_difference": 1.0,
        "risk_exposed": one,
        "risk_unexposed": none,
        "risk_difference": one - none,
        "log_risk_ratio": float(np.log(one / none)),
        "survival_exposed": spared[0],
        "survival_unexposed": spared[1],
        "survival_difference": spared[1] - spared[0],
    }


def intervals(rng: np.random.Generator) -> dict[tuple[str, str], Interval]:
    """One draw: pairs of brothers and sisters share the covariate, the exposure and half of what else acts on y."""
    families = np.repeat(np.arange(PEOPLE // 2), 2)
    z = rng.normal(size=PEOPLE // 2)[families]
    a = (rng.random(PEOPLE // 2) < expit(-0.3 + 0.8 * z[::2])).astype(float)[families]
    y = 1 + a + z + 0.5 * a * z + rng.normal(size=PEOPLE // 2)[families] + rng.normal(size=PEOPLE)
    x = z[:, None]
    # independent people for the yes/no outcome and the event
    zi = rng.normal(size=PEOPLE)
    ai = (rng.random(PEOPLE) < expit(-0.3 + 0.8 * zi)).astype(float)
    xi = zi[:, None]
    d = (rng.random(PEOPLE) < risk_of(ai, zi)).astype(float)
    onset, censor = rng.exponential(1 / rate_of(ai, zi)), rng.uniform(3, 12, PEOPLE)
    time, event = np.minimum(onset, censor), (onset <= censor).astype(float)

    found: dict[tuple[str, str], Interval] = {}
    paired, alone = Sampling(PEOPLE, families), Sampling(PEOPLE)
    propensity, propensity_i = fit_propensity(a, x, "here"), fit_propensity(ai, xi, "here")
    for method, (one, none) in {
        "ipw": weighted_means(y, propensity),
        "standardisation": standardised_means(y, a, x, x, binary=False),
    }.items():
        found[method, "mean_difference"] = paired.interval(one - none)
    for method, (one, none) in {
        "ipw": weighted_means(d, propensity_i),
        "standardisation": standardised_means(d, ai, xi, xi, binary=True),
    }.items():
        found[method, "risk_exposed"] = alone.risk_interval(one)
        found[method, "risk_unexposed"] = alone.risk_interval(none)
        found[method, "risk_difference"] = alone.interval(one - none)
        found[method, "log_risk_ratio"] = alone.interval(one.log() - none.log())
    arms = []
    for arm in (1, 0):
        curve = ProductLimit(SurvivalData(time, event, weights=propensity_i.weights * (ai == arm)))
        arms.append(survival_estimate(curve, HORIZON, "an arm", propensity_i))
    found["ipw", "survival_exposed"] = alone.survival_interval(arms[0])
    found["ipw", "survival_unexposed"] = alone.survival_interval(arms[1])
    found["ipw", "survival_difference"] = alone.interval(arms[1] - arms[0])
    return found


@pytest.fixture(scope="module")
def summary() -> pd.DataFrame:
    right = truth()
    rows = [
        {
            "method": method,
            "estimand": estimand,
            "estimate": interval.estimate,
            "error": interval.estimate - right[estimand],
            "se": interval.se,
            "covers": interval.lower <= right[estimand] <= interval.upper,
        }
        for rng in np.random.default_rng(20).spawn(DRAWS)
        for (method, estimand), interval in intervals(rng).items()
    ]
    groups = pd.DataFrame(rows).groupby(["method", "estimand"])
    return pd.DataFrame(
        {
            "draws": groups["se"].count(),
            "coverage": groups["covers"].mean(),
            "bias": groups["error"].mean(),
            "spread": groups["estimate"].std(),
            "se": groups["se"].mean(),
        }
    )


def test_every_draw_carries_an_interval(summary: pd.DataFrame) -> None:
    assert (summary["draws"] == DRAWS).all()


def test_intervals_cover_the_truth_as_often_as_they_say(summary: pd.DataFrame) -> None:
    assert summary["coverage"].between(0.95 - BAND, 0.95 + BAND).all(), summary


def test_standard_errors_are_the_spread_over_draws(summary: pd.DataFrame) -> None:
    """Their own small-sample bias, of order 1 / PEOPLE of the arm, is some 2%."""
    ratio = summary["se"] / summary["spread"]
    assert (abs(ratio - 1) < 4 / np.sqrt(2 * DRAWS) + 0.02).all(), summary.assign(ratio=ratio)


def test_nothing_is_biased(summary: pd.DataFrame) -> None:
    """But for the bias of order 1 / n of a ratio and of weighting, below a twentieth of the standard error."""
    allowed = 4 * summary["spread"] / np.sqrt(DRAWS) + 0.05 * summary["spread"]
    assert (summary["bias"].abs() < allowed).all(), summary
