"""Concentration of use in samples that were drawn with unequal chances: intervals cover what is true of the population.

A fifth of the population uses more, and was drawn four times as often as others. Coverage is judged on 500 samples,
within 4 Monte Carlo errors (1 point each) of 95%; the truth is that of two million people.
"""

from functools import cache

import numpy as np
import pytest
from evenwicht.estimators.concentration_intervals import (
    HighNeed,
    Ranked,
    difference_interval,
    ratio_interval,
    share_interval,
)
from evenwicht.estimators.influence import Estimate, Sampling, combined
from evenwicht.estimators.removal import Changed, Removal, one_after_the_other
from evenwicht.estimators.results import Interval
from evenwicht.estimators.sector_pairs import log_odds_ratio
from evenwicht.estimators.unrelated_sectors import UnrelatedSectors, at_least, exactly

DRAWS, PEOPLE, POPULATION = 500, 1000, 2_000_000
BAND = 4 * np.sqrt(0.95 * 0.05 / DRAWS)
SECTORS, TOP, LEAST = 3, 0.2, 2
FREQUENT = 0.2  # of the population: who uses more
GRID = np.array([0.5, 0.9])
INTERVALS = {
    "gini": share_interval,
    "gini of users": share_interval,
    "users": share_interval,
    "top share": share_interval,
    "size": share_interval,
    "share of use": share_interval,
    "size beyond chance": difference_interval,
    "share of use beyond chance": difference_interval,
    "two sectors against chance": ratio_interval,
    "log odds ratio": difference_interval,
    "concentration index": difference_interval,
    "share of the highest fifth by score": share_interval,
    "part of the gini": difference_interval,
}


def drawn(rng: np.random.Generator, people: int, chance: float, shared: float) -> tuple[list[np.ndarray], ...]:
    """Use of each sector, a score in steps, who uses much, and weights; `chance` is that of those in the sample."""
    frequent = rng.random(people) < chance
    weights = np.where(frequent, FREQUENT / chance, (1 - FREQUENT) / (1 - chance))
    common = np.sqrt(shared) * rng.standard_normal(people)
    unused = np.where(frequent, 0.1, 0.4)
    use = [
        np.exp(0.75 * (common + np.sqrt(1 - shared) * rng.standard_normal(people)) + 0.5 * frequent)
        * (rng.random(people) >= unused)
        for _ in range(SECTORS)
    ]
    score = np.round(common + frequent + rng.standard_normal(people), 1)
    return use, [score, frequent.astype(np.intp), weights]


def ratio(one: Estimate, other: Estimate) -> Estimate:
    value = one.value / other.value
    return combined(value, (1 / other.value, one), (-value / other.value, other))


def estimates(use: list[np.ndarray], score: np.ndarray, weights: np.ndarray) -> dict[str, Estimate]:
    own, by_score = Ranked(use[0], weights=weights), Ranked(use[0], score, weights)
    need = HighNeed(use, TOP, weights)
    chance = UnrelatedSectors(need)
    gini, users, index = own.index(), own.users(), by_score.index()
    among = 1 - (1 - gini.value) / users.value
    return {
        "gini": gini,
        "gini of users": combined(among, (1 / users.value, gini), ((1 - gini.value) / users.value**2, users)),
        "users": users,
        "top share": own.top(TOP),
        "size": need.size(LEAST),
        "share of use": need.use_share(LEAST, 0),
        "size beyond chance": need.size(LEAST) - chance.size(at_least(LEAST, SECTORS)),
        "share of use beyond chance": need.use_share(LEAST, 0) - chance.use_share(at_least(LEAST, SECTORS), 0),
        "two sectors against chance": ratio(need.exactly(2), chance.size(exactly(2, SECTORS))),
        "log odds ratio": log_odds_ratio(need.flags[0], need.flags[1], weights),
        "concentration index": index,
        "share of the highest fifth by score": by_score.top(0.2),
        "part of the gini": ratio(index, gini),
    }


@cache
def truth() -> tuple[dict[str, float], np.ndarray, np.ndarray]:
    use, (score, _, weights) = drawn(np.random.default_rng(21), POPULATION, FREQUENT, shared=0.4)
    found = {name: one.value for name, one in estimates(use, score, weights).items()}
    return found, Ranked(use[0]).curve(GRID).share, Ranked(use[0], score).curve(GRID).share


@cache
def samples() -> tuple[dict[str, list[Interval]], np.ndarray, np.ndarray]:
    """Intervals of every statistic, and whether the limits of both curves hold the truth, (draws, grid)."""
    rng, (_, *curves) = np.random.default_rng(22), truth()
    found: dict[str, list[Interval]] = {name: [] for name in INTERVALS}
    held: tuple[list[np.ndarray], list[np.ndarray]] = [], []
    for _ in range(DRAWS):
        use, (score, _, weights) = drawn(rng, PEOPLE, 0.5, shared=0.4)
        sampling = Sampling(PEOPLE, weights=weights)
        for name, estimate in estimates(use, score, weights).items():
            found[name].append(INTERVALS[name](sampling, estimate))
        for by, curve, kept in zip((None, score), curves, held, strict=True):
            seen = Ranked(use[0], by, weights).curve(GRID)
            kept.append((seen.lower <= curve) & (curve <= seen.upper))
    return found, np.array(held[0]), np.array(held[1])


@pytest.mark.parametrize("name", INTERVALS)
def test_weighted_intervals_cover_what_is_true_of_the_population(name: str) -> None:
    intervals, value = samples()[0][name], truth()[0][name]
    covered = np.mean([one.lower <= value <= one.upper for one in intervals])
    assert abs(covered - 0.95) <= BAND
    spread = np.std([one.estimate for one in intervals])
    assert abs(np.mean([one.estimate for one in intervals]) - value) <= 0.3 * spread


def test_weighted_curves_cover_pointwise() -> None:
    for held in samples()[1:]:
        assert (np.abs(held.mean(axis=0) - 0.95) <= BAND).all()


def test_without_weights_the_share_who_use_is_wrong() -> None:
    use, _ = drawn(np.random.default_rng(23), PEOPLE, 0.5, shared=0.4)
    seen = share_interval(Sampling(PEOPLE), Ranked(use[0]).users())
    assert seen.lower > truth()[0]["users"]


def test_nothing_is_beyond_chance_within_strata_where_only_strata_tie_sectors_together() -> None:
    """Sectors share nothing but who uses much: chance within those two groups leaves nothing, chance over all does."""
    rng, counts = np.random.default_rng(24), at_least(LEAST, SECTORS)
    held, over_all = np.zeros(3), []
    for _ in range(DRAWS):
        use, (_, strata, weights) = drawn(rng, PEOPLE, 0.5, shared=0.0)
        need, sampling = HighNeed(use, TOP, weights), Sampling(PEOPLE, weights=weights)
        chance = UnrelatedSectors(need, strata)
        intervals = [
            difference_interval(sampling, need.size(LEAST) - chance.size(counts)),
            difference_interval(sampling, need.use_share(LEAST, 1) - chance.use_share(counts, 1)),
            ratio_interval(sampling, ratio(need.exactly(2), chance.size(exactly(2, SECTORS)))),
        ]
        held += [one.lower <= null <= one.upper for one, null in zip(intervals, (0, 0, 1), strict=True)]
        over_all.append(need.size(LEAST).value - UnrelatedSectors(need).size(counts).value)
    assert (np.abs(held / DRAWS - 0.95) <= BAND).all()
    assert np.mean(over_all) > 4 * np.std(over_all) / np.sqrt(DRAWS)


def test_fractions_in_order_are_covered_with_weights_and_families() -> None:
    """Two causes with a common cause, and pairs of siblings whose use shares noise; the fifth is drawn more often."""
    rng, effects = np.random.default_rng(25), np.array([0.4, 0.3])

    def draw(families: int, chance: float) -> tuple[np.ndarray, ...]:
        frequent = np.repeat(rng.random(families) < chance, 2)
        weights = np.where(frequent, FREQUENT / chance, (1 - FREQUENT) / (1 - chance))
        causes = (rng.standard_normal((2 * families, 2)) + frequent[:, None] > 0.6).astype(float)
        mean = np.exp(0.5 * frequent + causes @ effects)
        return frequent[:, None].astype(float), weights, causes, mean

    _, _, causes, mean = draw(1_000_000, FREQUENT)
    first = 1 - np.mean(mean * np.exp(-causes[:, 0] * effects[0])) / mean.mean()
    whole = 1 - np.mean(mean * np.exp(-causes @ effects)) / mean.mean()
    expected = np.array([first, whole - first])
    held = np.zeros(2)
    for _ in range(DRAWS):
        frequent, weights, causes, mean = draw(300, 0.5)
        use = mean * np.repeat(rng.gamma(2.0, 0.5, 300), 2) * rng.gamma(1.0, 1.0, 600)
        model = Removal(use, Changed(causes, frequent, weights=weights), binary=False)
        sampling = Sampling(600, np.repeat(np.arange(300), 2), weights)
        alone, together = one_after_the_other(model, np.zeros_like(causes))
        intervals = [difference_interval(sampling, one) for one in (alone[0], together[1] - together[0])]
        held += [one.lower <= value <= one.upper for one, value in zip(intervals, expected, strict=True)]
    assert (np.abs(held / DRAWS - 0.95) <= BAND).all()


def test_intervals_cover_with_families_and_are_too_short_without_them() -> None:
    """Pairs of siblings share most of need: use that is known twice says little more than once."""
    rng, family = np.random.default_rng(26), 2

    def draw(families: int) -> tuple[list[np.ndarray], np.ndarray]:
        shared = np.repeat(rng.standard_normal(families), family)
        use = [
            np.exp(0.75 * (0.9 * shared + np.sqrt(0.19) * rng.standard_normal(len(shared))))
            * (rng.random(len(shared)) >= 0.3)
            for _ in range(SECTORS)
        ]
        return use, np.round(shared + rng.standard_normal(len(shared)), 1)

    def of(use: list[np.ndarray], score: np.ndarray) -> dict[str, Estimate]:
        own, by_score, need = Ranked(use[0]), Ranked(use[0], score), HighNeed(use, TOP)
        return {
            "gini": own.index(),
            "top share": own.top(TOP),
            "concentration index": by_score.index(),
            "share of the highest fifth by score": by_score.top(0.2),
            "size": need.size(LEAST),
            "share of use": need.use_share(LEAST, 0),
            "size beyond chance": need.size(LEAST) - UnrelatedSectors(need).size(at_least(LEAST, SECTORS)),
        }

    true = {name: one.value for name, one in of(*draw(POPULATION // family)).items()}
    families = PEOPLE // family
    together, alone = Sampling(PEOPLE, np.repeat(np.arange(families), family)), Sampling(PEOPLE)
    held: dict[str, list[bool]] = {name: [] for name in true}
    shorter = dict.fromkeys(true, 0)
    for _ in range(DRAWS):
        for name, estimate in of(*draw(families)).items():
            interval = INTERVALS[name](together, estimate)
            held[name].append(interval.lower <= true[name] <= interval.upper)
            shorter[name] += INTERVALS[name](alone, estimate).se < interval.se
    for name, covers in held.items():
        assert abs(np.mean(covers) - 0.95) <= BAND, name
        assert shorter[name] > 0.8 * DRAWS, name
