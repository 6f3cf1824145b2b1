"""Intervals of the indices of inequality, and of what an exposure does to them, hold the truth as often as they say.

A normal score ranks people; a covariate goes with it, and both raise exposure and outcome.
"""

from functools import cache

import numpy as np
import pytest
from evenwicht.estimators.inequality import Ranks, log_linear_ratio, rank_line, standardised_slope
from evenwicht.estimators.influence import Estimate, Sampling
from evenwicht.estimators.standardisation import OutcomeModel
from scipy.special import expit

DRAWS, PEOPLE, MANY = 400, 600, 300_000
BAND = 4 * np.sqrt(0.95 * 0.05 / DRAWS)
Drawn = dict[str, np.ndarray]


def draw(rng: np.random.Generator, n: int, effect: float, ties: bool) -> Drawn:
    score = rng.standard_normal(n)
    x = 0.5 * score + rng.standard_normal(n)
    exposure = (rng.random(n) < expit(-1 - 0.6 * score + 0.4 * x)).astype(float)
    rank = np.floor(2 * score) / 2 if ties else score
    people = {"rank": rank, "x": x, "exposure": exposure, "score": score}
    people["risk"] = risk(people, exposure, effect)
    people["outcome"] = (rng.random(n) < people["risk"]).astype(float)
    return people


def risk(people: Drawn, exposure: np.ndarray, effect: float) -> np.ndarray:
    return expit(-1.2 - 0.5 * people["rank"] + 0.3 * people["x"] + effect * exposure * (1 - 0.4 * people["rank"]))


@cache
def truth(effect: float, ties: bool) -> dict[str, float]:
    """Of so many people that their own error is small, and their exact risks."""
    people = draw(np.random.default_rng(1), MANY, effect, ties)
    ranks = Ranks.of(people["rank"])
    line = rank_line(people["risk"], ranks)
    one, none = (rank_line(risk(people, np.full(MANY, a), effect), ranks).slope.value for a in (1.0, 0.0))
    return {
        "slope": line.slope.value,
        "linear": line.ratio().value,
        "log_linear": log_linear_ratio(people["risk"], ranks).value,
        "standardisation": one - none,
    }


def estimates(people: Drawn) -> dict[str, Estimate]:
    y, a, ranks = people["outcome"], people["exposure"], Ranks.of(people["rank"])
    covariates = np.column_stack([people["rank"], people["x"]])
    line = rank_line(y, ranks)
    model = OutcomeModel(y, a, covariates, people["rank"][:, None], "binomial", None)
    one, none = np.ones(len(y)), np.zeros(len(y))
    return {
        "slope": line.slope,
        "linear": line.ratio(),
        "log_linear": log_linear_ratio(y, ranks),
        "standardisation": standardised_slope(model, one, ranks) - standardised_slope(model, none, ranks),
    }


@pytest.mark.parametrize(("effect", "ties"), [(0.0, False), (0.8, False), (0.8, True)], ids=["null", "harm", "ties"])
def test_intervals_cover(effect: float, ties: bool) -> None:
    rng = np.random.default_rng(np.random.SeedSequence([12, int(10 * effect), ties]))
    sampling, true = Sampling(PEOPLE), truth(effect, ties)
    draws = [estimates(draw(rng, PEOPLE, effect, ties)) for _ in range(DRAWS)]
    for name, value in true.items():
        intervals = [sampling.interval(one[name]) for one in draws]
        assert not any(np.isnan(one.lower) for one in intervals)
        found = np.array([one.estimate for one in intervals])
        covered = np.mean([one.lower <= value <= one.upper for one in intervals])
        assert abs(covered - 0.95) < BAND, (name, covered)
        if name not in ("linear", "log_linear"):  # logarithms of ratios are biased by order 1/n
            assert abs(found.mean() - value) < 4 * found.std() / np.sqrt(DRAWS), name
