"""Parts of an effect hold the truth as often as they say, find nothing where nothing acts, and what misleads them.

A confounder raises exposure, mediators and outcome. True values come from the models that the people are drawn from.
"""

from dataclasses import replace

import numpy as np
import pytest
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.mediation_chain import IDENTITY, LOGIT, Equation, chain_mean
from evenwicht.estimators.pathways import Mediator, pathways
from evenwicht.estimators.product_limits import part_interval, share_interval
from evenwicht.estimators.results import Interval
from scipy.special import expit

NAMES = ("total", "direct", "first", "second")
Floats = np.ndarray


def chain(x: Floats, effect: float, binary: bool) -> list[Equation]:
    """A number, then a number or a yes/no mediator, then the outcome of the same kind, for confounders x, (n,).

    `effect` is what the exposure does, as a share of what is usual.
    """
    second = Equation(-0.3 + 0.3 * x, 0.5 * effect, np.array([0.5]), np.zeros(1), IDENTITY, 1.0)
    outcome = Equation(-0.8 + 0.4 * x, 0.4 * effect, np.array([0.5, 0.6]), np.array([0.2 * effect, 0.0]))
    first = Equation(0.3 * x, 0.6 * effect, np.empty(0), np.empty(0), IDENTITY, 1.0)
    if binary:
        return [first, replace(second, link=LOGIT), replace(outcome, link=LOGIT)]
    return [first, second, outcome]


def truth(effect: float, binary: bool) -> dict[str, float]:
    """Over the two values of the confounder, each half of the people."""
    x = np.array([0.0, 1.0])
    no, yes = np.zeros(2), np.ones(2)
    steps = [[no, no, no], [no, no, yes], [no, yes, yes], [yes, yes, yes]]
    none, direct, later, everything = (chain_mean(chain(x, effect, binary), one)[0].mean() for one in steps)
    return {
        "total": everything - none,
        "direct": direct - none,
        "second": later - direct,
        "first": everything - later,
    }


def drawn(
    rng: np.random.Generator, n: int, effect: float, binary: bool, hidden: float = 0.0
) -> tuple[dict[str, Interval], dict[str, Interval]]:
    """Parts and their shares in one draw; `hidden` is what an unmeasured trait does to the second mediator and to Y."""
    x = (rng.random(n) < 0.5).astype(float)
    a = (rng.random(n) < expit(-0.4 + 0.8 * x)).astype(float)
    trait = hidden * rng.standard_normal(n)
    values: list[Floats] = []
    for place, equation in enumerate(chain(x, effect, binary)):
        slopes = equation.earlier + a[:, None] * equation.products
        predictor = (
            equation.constant + equation.exposure * a + sum(s * v for s, v in zip(slopes.T, values, strict=True))
        )
        predictor = predictor + (trait if place else 0.0)
        rest = rng.logistic(size=n) if equation.link is LOGIT else rng.standard_normal(n)
        values.append((predictor + rest > 0).astype(float) if equation.link is LOGIT else predictor + rest)
    one, two, y = values
    blocks = [[Mediator(one, False)], [Mediator(two, binary)]]
    none = np.zeros(n)
    found = pathways(y, a, (none, none + 1), x[:, None], blocks, binary=binary, interactions=True)
    sampling, parts = Sampling(n), {"direct": found.direct, "first": found.blocks[0], "second": found.blocks[1]}
    intervals = {"total": sampling.interval(found.total)}
    intervals |= {name: part_interval(part, sampling) for name, part in parts.items()}
    if not effect or hidden:
        return intervals, {}
    return intervals, {name: share_interval(part, found.total, sampling) for name, part in parts.items()}


@pytest.mark.parametrize(
    ("effect", "binary", "n", "draws"),
    [(1.0, False, 200, 250), (0.0, False, 200, 200), (1.0, True, 400, 150)],
    ids=["numbers", "no effect", "yes/no"],
)
def test_intervals_of_parts_and_shares_cover(effect: float, binary: bool, n: int, draws: int) -> None:
    """Where the exposure does nothing, intervals of products hold zero more often than they say."""
    rng = np.random.default_rng(np.random.SeedSequence([7, int(effect), int(binary)]))
    known, found = truth(effect, binary), [drawn(rng, n, effect, binary) for _ in range(draws)]
    band = 4 * np.sqrt(0.95 * 0.05 / draws)
    for name in NAMES:
        intervals = [parts[name] for parts, _ in found]
        estimates = np.array([one.estimate for one in intervals])
        assert abs(estimates.mean() - known[name]) < 4 * estimates.std() / np.sqrt(draws), name
        covered = np.mean([one.lower <= known[name] <= one.upper for one in intervals])
        assert covered > 0.95 - band, (name, covered)
        if effect or name in ("total", "direct"):
            assert covered < 0.95 + band, (name, covered)
    if effect:
        for name in NAMES[1:]:
            given = [shares[name] for _, shares in found if shares[name].status == "estimated"]
            share = known[name] / known["total"]
            assert len(given) > 0.95 * draws
            covered = np.mean([one.lower <= share <= one.upper for one in given])
            assert abs(covered - 0.95) < band, (name, covered)


def test_an_unmeasured_trait_of_a_mediator_and_the_outcome_misleads_its_part_and_the_direct_one_alone() -> None:
    """It does not touch the whole effect, nor the part of the mediator before it."""
    rng = np.random.default_rng(np.random.SeedSequence([7, 9]))
    draws, known = 100, truth(1.0, binary=False)
    found = [drawn(rng, 300, 1.0, binary=False, hidden=1.0)[0] for _ in range(draws)]
    off = {}
    for name in NAMES:
        estimates = np.array([parts[name].estimate for parts in found])
        off[name] = (estimates.mean() - known[name]) / (estimates.std() / np.sqrt(draws))
    assert max(abs(off["total"]), abs(off["first"])) < 4
    assert off["second"] > 10
    assert off["direct"] < -10
