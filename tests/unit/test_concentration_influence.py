"""Influences are derivatives: by how much an estimate moves when a person counts for a little more."""

from collections.abc import Callable

import numpy as np
import pytest
from evenwicht.estimators.bounded_index import erreygers, wagstaff
from evenwicht.estimators.concentration_intervals import (
    HighNeed,
    LorenzCurve,
    Order,
    Ranked,
    difference_interval,
    share_interval,
)
from evenwicht.estimators.influence import Estimate, Sampling
from evenwicht.estimators.removal import Changed, Removal, one_after_the_other
from evenwicht.estimators.results import Z95
from evenwicht.estimators.sector_pairs import log_odds_ratio
from evenwicht.estimators.unrelated_sectors import UnrelatedSectors, at_least, exactly
from scipy import special, stats

PEOPLE, STEP = 200, 1e-5
Of = Callable[[np.ndarray], Estimate]


def people() -> tuple[np.ndarray, list[np.ndarray], np.ndarray, np.ndarray]:
    """Weights, three sectors of use in steps, whose thresholds do not move, a score in four steps, and strata."""
    rng = np.random.default_rng(11)
    common = rng.standard_normal(PEOPLE)
    levels = np.array([0.0, 1, 4])
    sectors = [levels[np.digitize(common + rng.standard_normal(PEOPLE), [0, 1.6])] for _ in range(3)]
    score = np.floor(np.clip(2 + common + rng.standard_normal(PEOPLE), 0, 3.9))
    return 0.5 + rng.random(PEOPLE), sectors, score, rng.integers(0, 2, PEOPLE)


WEIGHTS, SECTORS, SCORE, STRATA = people()
CAUSES = np.column_stack([STRATA, SCORE > 1]).astype(float)
SPREAD = np.random.default_rng(12).lognormal(0, 1, PEOPLE)  # use in which nobody ties


def need(weights: np.ndarray) -> HighNeed:
    return HighNeed(SECTORS, 0.3, weights)


def chance(weights: np.ndarray) -> UnrelatedSectors:
    return UnrelatedSectors(need(weights), STRATA)


def corrected(make: Callable[[Estimate, Estimate], Estimate], weights: np.ndarray) -> Estimate:
    ranked = Ranked((SECTORS[0] > 0).astype(float), SCORE, weights)
    return make(ranked.index(), ranked.users())


def in_order(weights: np.ndarray, binary: bool) -> Estimate:
    outcome = (SECTORS[0] > 0).astype(float) if binary else SECTORS[0]
    model = Removal(outcome, Changed(CAUSES, SPREAD[:, None], weights=weights), binary=binary)
    _, together = one_after_the_other(model, np.zeros_like(CAUSES))
    return together[1] - together[0]


ESTIMATES: dict[str, Of] = {
    "gini": lambda w: Ranked(SPREAD, weights=w).index(),
    "gini with ties": lambda w: Ranked(SECTORS[0], weights=w).index(),
    "users": lambda w: Ranked(SECTORS[0], weights=w).users(),
    "top share": lambda w: Ranked(SPREAD, weights=w).top(0.2),
    "top share with ties": lambda w: Ranked(SECTORS[0], weights=w).top(0.2),
    "concentration index": lambda w: Ranked(SPREAD, SCORE, w).index(),
    "share of the highest fifth by score": lambda w: Ranked(SPREAD, SCORE, w).top(0.2),
    "Erreygers": lambda w: corrected(erreygers, w),
    "Wagstaff": lambda w: corrected(wagstaff, w),
    "size": lambda w: need(w).size(2),
    "use": lambda w: need(w).use_share(2, 0),
    "exactly": lambda w: need(w).exactly(1),
    "size by chance": lambda w: chance(w).size(at_least(2, 3)),
    "number by chance": lambda w: chance(w).size(exactly(1, 3)),
    "use by chance": lambda w: chance(w).use_share(at_least(2, 3), 1),
    "odds ratio": lambda w: log_odds_ratio(SECTORS[0] > 1, SECTORS[1] > 1, w),
    "fraction of use": lambda w: in_order(w, binary=False),
    "fraction of users": lambda w: in_order(w, binary=True),
}


@pytest.mark.parametrize("name", ESTIMATES)
def test_an_influence_is_the_derivative_by_how_often_a_person_counts(name: str) -> None:
    estimate = ESTIMATES[name]
    found = estimate(WEIGHTS)
    assert float(WEIGHTS @ found.influence) == pytest.approx(0, abs=1e-9)
    for person in range(0, PEOPLE, 23):
        more, less = WEIGHTS.copy(), WEIGHTS.copy()
        more[person] += STEP
        less[person] -= STEP
        slope = (estimate(more).value - estimate(less).value) / (2 * STEP)
        assert found.influence[person] == pytest.approx(slope, rel=1e-4, abs=1e-7)


def test_thresholds_of_the_sectors_in_steps_do_not_move() -> None:
    """Else the derivative of a size would not exist."""
    assert all(len(margin) == 0 for margin in need(WEIGHTS).margins)


def width(curve: LorenzCurve) -> np.ndarray:
    return np.asarray((curve.upper - curve.lower) / (2 * Z95))


@pytest.mark.parametrize("by", [None, SCORE, np.round(SPREAD + SCORE, 1)], ids=["use", "four steps", "many steps"])
def test_a_curve_is_as_sure_as_the_share_above_each_point(by: np.ndarray | None) -> None:
    ranked, grid = Ranked(SPREAD, by, WEIGHTS), np.array([0.2, 0.37, 0.5, 0.8])
    above = [ranked.top(1 - p) for p in grid]
    curve = ranked.curve(grid)
    errors = [Sampling(PEOPLE, weights=WEIGHTS).standard_error(one.influence) for one in above]
    np.testing.assert_allclose(curve.share, [1 - one.value for one in above], atol=1e-12)
    np.testing.assert_allclose(width(curve), np.sqrt(PEOPLE / (PEOPLE - 1)) * np.array(errors), rtol=1e-9)


@pytest.mark.parametrize("by", [None, SCORE], ids=["use", "four steps"])
def test_a_curve_of_people_in_few_families_is_as_sure_as_the_families_are(by: np.ndarray | None) -> None:
    """Limits are those of a t distribution on one degree less than there are families."""
    ranked, grid = Ranked(SPREAD, by, WEIGHTS), np.array([0.0, 0.2, 0.5, 0.8, 1.0])
    sampling = Sampling(PEOPLE, np.arange(PEOPLE) // 25, WEIGHTS)
    errors = [0, *(sampling.standard_error(ranked.top(1 - p).influence) for p in grid[1:-1]), 0]
    curve = ranked.curve(grid, sampling)
    reach = np.array(errors) * stats.t.ppf(0.975, 7)
    np.testing.assert_allclose(curve.lower, np.maximum(curve.share - reach, 0), atol=1e-12)
    np.testing.assert_allclose(curve.upper, np.minimum(curve.share + reach, 1), atol=1e-12)


def test_the_same_people_twice_in_pairs_are_as_sure_as_once() -> None:
    """Each person's copy is of their own family, so nothing is known that was not known before."""
    pairs, once = Sampling(2 * PEOPLE, np.tile(np.arange(PEOPLE), 2)), Sampling(PEOPLE)
    twice, factor = np.tile(SPREAD, 2), np.sqrt(PEOPLE / (PEOPLE - 1))
    for by in (None, SCORE):
        own, copied = Ranked(SPREAD, by), Ranked(twice, None if by is None else np.tile(by, 2))
        for one, two in ((own.index(), copied.index()), (own.top(0.2), copied.top(0.2))):
            expected = factor * once.standard_error(one.influence)
            assert pairs.standard_error(two.influence) == pytest.approx(expected, rel=1e-9)


def test_few_families_widen_limits_and_one_alone_has_none() -> None:
    gini = Ranked(SPREAD).index()
    few, one = Sampling(PEOPLE, np.arange(PEOPLE) // 40), Sampling(PEOPLE, np.zeros(PEOPLE))
    interval, reach = difference_interval(few, gini), stats.t.ppf(0.975, 4)
    assert interval.upper - interval.lower == pytest.approx(2 * reach * interval.se)
    share = share_interval(few, gini)
    ends = special.logit([share.lower, share.upper])
    assert np.diff(ends)[0] == pytest.approx(2 * reach * share.se / (gini.value * (1 - gini.value)))
    assert share_interval(one, gini).reason == "everybody is in one cluster"
    assert np.isnan(Ranked(SPREAD).curve(np.array([0.5]), one).upper).all()


def test_people_with_the_same_score_may_stand_in_any_order() -> None:
    """A cut among them takes an equal part of each."""
    order = np.random.default_rng(13).permutation(PEOPLE)
    grid = np.linspace(0, 1, 21)
    for by in (SCORE, np.round(SPREAD + SCORE, 1)):
        one, other = Ranked(SPREAD, by, WEIGHTS), Ranked(SPREAD[order], by[order], WEIGHTS[order])
        np.testing.assert_allclose(other.top(0.2).influence, one.top(0.2).influence[order], atol=1e-12)
        for field in ("share", "lower", "upper"):
            np.testing.assert_allclose(getattr(other.curve(grid), field), getattr(one.curve(grid), field), atol=1e-12)
    highest = (SCORE == 3) * WEIGHTS
    part = 0.2 * WEIGHTS.sum() / highest.sum()
    assert part < 1
    expected = part * (highest @ SPREAD) / (WEIGHTS @ SPREAD)
    assert Ranked(SPREAD, SCORE, WEIGHTS).top(0.2).value == pytest.approx(expected, rel=1e-12)


def test_what_is_ranked_by_one_score_may_share_its_order() -> None:
    order = Order(SCORE, WEIGHTS)
    for use in (SPREAD, *SECTORS):
        shared, own = Ranked(use, order), Ranked(use, SCORE, WEIGHTS)
        for one, other in ((shared.index(), own.index()), (shared.top(0.2), own.top(0.2))):
            assert one.value == other.value
            np.testing.assert_array_equal(one.influence, other.influence)


def test_outcomes_may_share_the_design_of_a_change() -> None:
    changes, none = Changed(CAUSES, SPREAD[:, None], weights=WEIGHTS), np.zeros_like(CAUSES)
    for use in SECTORS:
        alone = Changed(CAUSES, SPREAD[:, None], weights=WEIGHTS)
        shared, own = (Removal(use, one, binary=False).fraction(none) for one in (changes, alone))
        assert shared.value == own.value
        np.testing.assert_array_equal(shared.influence, own.influence)


def test_shuffles_of_people_who_weigh_unlike_have_no_spread() -> None:
    """Handing use out anew among a weighted sample is no draw of its population."""
    counts = at_least(2, 3)
    assert np.isnan([chance(WEIGHTS).size_spread(counts), chance(WEIGHTS).use_spread(counts, 0)]).all()
    alike, plain = chance(np.full(PEOPLE, 3.0)), UnrelatedSectors(HighNeed(SECTORS, 0.3), STRATA)
    assert alike.size_spread(counts) == pytest.approx(plain.size_spread(counts), rel=1e-12)
    assert alike.use_spread(counts, 0) == pytest.approx(plain.use_spread(counts, 0), rel=1e-12)


def test_weights_mark_whom_repeated_people_would() -> None:
    """Whatever part of all weight is called the top, down to nobody and up to more than the users."""
    rng = np.random.default_rng(14)
    use = rng.poisson(1.0, 60) * rng.integers(1, 40, 60).astype(float)
    times = rng.integers(1, 5, 60)
    for share in (0.02, 0.1, 0.3, 0.7, 0.9):
        weighted = HighNeed([use, use[::-1]], share, times.astype(float))
        repeated = HighNeed([np.repeat(use, times), np.repeat(use[::-1], times)], share)
        np.testing.assert_array_equal(np.repeat(weighted.reached, times), repeated.reached)
        assert weighted.size(2).value == pytest.approx(repeated.size(2).value, abs=1e-12)


def test_a_change_that_no_data_speak_of_has_no_fraction() -> None:
    """Everybody has the cause: what would be without it is not known."""
    everybody = np.ones((PEOPLE, 1))
    model = Removal(SPREAD, Changed(everybody, SCORE[:, None]), binary=False)
    gone = model.fraction(np.zeros((PEOPLE, 1)))
    assert np.isnan(gone.value)
    assert "follows from the covariates" in gone.reason
