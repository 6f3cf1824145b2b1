"""Who uses most, what a score tells of it, and what a change would take away: against values from elsewhere, and truth.

Coverage is judged on 600 samples: within 4 Monte Carlo errors (0.9 points each) of 95%.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from evenwicht.estimators.bounded_index import erreygers, wagstaff
from evenwicht.estimators.concentration_intervals import (
    HighNeed,
    Ranked,
    difference_interval,
    ratio_interval,
    share_interval,
)
from evenwicht.estimators.distributions import numbers_of
from evenwicht.estimators.influence import Estimate, Sampling, combined
from evenwicht.estimators.removal import Changed, Removal, one_after_the_other
from evenwicht.estimators.results import Interval
from evenwicht.estimators.sector_pairs import log_odds_ratio
from evenwicht.estimators.unrelated_sectors import UnrelatedSectors, at_least, exactly
from scipy import stats

from tests.conftest import ROOT

DRAWS = 600
ERROR = np.sqrt(0.95 * 0.05 / DRAWS)
AMOUNTS = np.array([0.0, 0, 0, 0, 0, 0, 1, 2, 5, 12])
WEIGHTS = np.array([2.0, 1, 1, 3, 1, 2, 1, 2, 1, 1])
Make = Callable[[Sampling, Estimate], Interval]


def covered(estimates: list[Estimate], truth: float, make: Make = difference_interval) -> float:
    intervals = [make(Sampling(len(one.influence)), one) for one in estimates]
    return float(np.mean([interval.lower <= truth <= interval.upper for interval in intervals]))


def three_sectors(rng: np.random.Generator, people: int, shared: float) -> list[np.ndarray]:
    """Use of three sectors that share a part of its logarithm."""
    common = rng.standard_normal(people)
    own = rng.standard_normal((3, people))
    return [np.exp(0.75 * (np.sqrt(shared) * common + np.sqrt(1 - shared) * part)) for part in own]


# --- weights ----------------------------------------------------------------------------------------------------------


def test_a_weight_of_two_counts_as_two_people() -> None:
    """The first value by hand: the area under the Lorenz curve."""
    assert Ranked(AMOUNTS, weights=WEIGHTS).index().value == pytest.approx(0.8181818182, abs=1e-10)
    times = WEIGHTS.astype(int)
    rank = np.array([3.0, 1, 4, 1, 5, 9, 2, 6, 5, 3])
    for by, by_twice in ((None, None), (rank, np.repeat(rank, times))):
        weighted, repeated = Ranked(AMOUNTS, by, WEIGHTS), Ranked(np.repeat(AMOUNTS, times), by_twice)
        assert weighted.index().value == pytest.approx(repeated.index().value, abs=1e-12)
        assert weighted.users().value == pytest.approx(repeated.users().value, abs=1e-12)
    weighted, repeated = Ranked(AMOUNTS, weights=WEIGHTS), Ranked(np.repeat(AMOUNTS, times))
    assert weighted.top(0.2).value == pytest.approx(repeated.top(0.2).value, abs=1e-12)
    grid = np.linspace(0, 1, 11)
    np.testing.assert_allclose(weighted.curve(grid).share, repeated.curve(grid).share, atol=1e-12)


def test_equal_weights_and_units_and_the_order_of_people_change_nothing() -> None:
    rng = np.random.default_rng(1)
    sectors, strata = three_sectors(rng, 300, 0.3), rng.integers(0, 2, 300)
    order = rng.permutation(300)
    plain, other = HighNeed(sectors, 0.2), HighNeed([1000 * s[order] for s in sectors], 0.2, np.full(300, 7.0))
    chance, again = UnrelatedSectors(plain, strata), UnrelatedSectors(other, strata[order])
    counts = at_least(2, 3)
    pairs = [(plain.size(2), other.size(2)), (chance.size(counts), again.size(counts))]
    pairs += [(plain.exactly(1), other.exactly(1)), (chance.use_share(counts, 0), again.use_share(counts, 0))]
    pairs += [(plain.use_share(2, j), other.use_share(2, j)) for j in range(3)]
    for one, two in pairs:
        assert two.value == pytest.approx(one.value, abs=1e-12)
        errors = [
            Sampling(300, weights=w).standard_error(e.influence) for w, e in ((None, one), (np.full(300, 7.0), two))
        ]
        assert errors[1] == pytest.approx(errors[0], rel=1e-9)


# --- ranked by a score ------------------------------------------------------------------------------------------------


def test_indices_have_their_reference_values() -> None:
    """Ten people by rank; values of R's rineq 0.2.3, `ci(method = "direct")` of types CI, CIc (Erreygers) and CIw."""
    state = np.array([1.0, 1, 0, 1, 0, 1, 0, 0, 0, 0])
    ranked = Ranked(state, np.arange(10.0))
    index, mean = ranked.index(), ranked.users()
    assert index.value == pytest.approx(-0.45, abs=1e-12)
    assert erreygers(index, mean).value == pytest.approx(-0.72, abs=1e-12)
    assert wagstaff(index, mean).value == pytest.approx(-0.75, abs=1e-12)


def test_people_ranked_by_use_itself_have_the_gini_coefficient() -> None:
    own = Ranked(AMOUNTS, AMOUNTS).index()
    gini = Ranked(AMOUNTS).index()
    assert own.value == pytest.approx(gini.value, abs=1e-12)
    np.testing.assert_allclose(own.influence, gini.influence, atol=1e-12)


def scored(rng: np.random.Generator, people: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """A score in ten steps, and use that goes with it."""
    score = rng.integers(0, 10, people).astype(float)
    return score, rng.poisson(np.exp(0.15 * score)).astype(float)


def true_index() -> tuple[float, float, float]:
    """Concentration index and share of the highest fifth, by the probabilities; and the Gini coefficient."""
    means = np.exp(0.15 * np.arange(10))
    rank = (np.arange(10) + 0.5) / 10
    index = float(2 * np.mean(means * rank) / means.mean() - 1)
    use = np.arange(60.0)
    chances = stats.poisson.pmf(use[:, None], means).mean(axis=1)
    below = np.cumsum(chances) - chances / 2
    gini = float(2 * (chances * use) @ below / ((chances * use).sum()) - 1)
    return index, float(means[8:].sum() / means.sum()), gini


def test_index_top_share_and_ratio_are_covered() -> None:
    rng = np.random.default_rng(2)
    index, top, gini = true_index()
    indices, tops, parts = [], [], []
    for _ in range(DRAWS):
        score, use = scored(rng)
        ranked, own = Ranked(use, score), Ranked(use).index()
        found = ranked.index()
        indices.append(found)
        tops.append(ranked.top(0.2))
        parts.append(combined(found.value / own.value, (1 / own.value, found), (-found.value / own.value**2, own)))
    for estimates, truth, make in (
        (indices, index, difference_interval),
        (tops, top, share_interval),
        (parts, index / gini, difference_interval),
    ):
        assert abs(covered(estimates, truth, make) - 0.95) <= 4 * ERROR


def test_a_score_that_tells_nothing_lies_in_the_band_of_chance() -> None:
    rng = np.random.default_rng(3)
    grid = np.array([0.2, 0.5, 0.8])
    use, inside = rng.gamma(0.5, 1.0, 400), np.zeros(3)
    for _ in range(DRAWS):
        ranked = Ranked(use, rng.standard_normal(400))
        inside += np.abs(ranked.curve(grid).share - grid) <= ranked.unrelated(grid)
    assert (np.abs(inside / DRAWS - 0.95) <= 4 * ERROR).all()


# --- chance -----------------------------------------------------------------------------------------------------------


def test_numbers_of_sectors_have_the_poisson_binomial_distribution() -> None:
    """R's PoissonBinomial 1.2.5, `dpbinom(0:8, probs)`."""
    chances = np.array([0.756, 0.756, 0.699, 0.351, 0.655, 0.824, 0.462, 0.784])
    reference = [
        0.000082065124893, 0.001651851731066, 0.013985447842411, 0.064713557901044, 0.177700732346796,
        0.293544968172840, 0.280953694904711, 0.139954816608583, 0.027412865367656,
    ]  # fmt: skip
    np.testing.assert_allclose(numbers_of(chances), reference, atol=1e-14)


def test_the_share_by_chance_has_its_closed_form() -> None:
    """Eight sectors with a fifth each: .4232831999 of the use of those with high need, .1480320000 of that of others."""
    people = np.arange(1000)
    sectors = [((people * 37 + 101 * j) % 1000 < 200) * 4.0 + 1 for j in range(8)]
    chance = UnrelatedSectors(HighNeed(sectors, 0.2)).use_share(at_least(3, 8), 0)
    held = 0.2 * 5 / (0.2 * 5 + 0.8)
    assert chance.value == pytest.approx(held * 0.4232831999 + (1 - held) * 0.1480320000, abs=1e-9)


@pytest.mark.parametrize("strata", [1, 3])
def test_chance_is_what_shuffles_give_on_average_and_in_spread(strata: int) -> None:
    """2,000 shuffles of each sector within strata: a mean is known to 1/45 of its spread, a spread to 1.6%."""
    rng, people, shuffles = np.random.default_rng(4), 240, 2000
    codes = rng.integers(0, strata, people)
    sectors = [use * (1 + codes) for use in three_sectors(rng, people, 0.5)]
    need = HighNeed(sectors, 0.2)
    counts, chance = at_least(2, 3), UnrelatedSectors(need, codes)
    orders = np.argsort(codes + rng.random((shuffles, 3, people)), axis=-1)
    places = np.empty_like(orders)
    np.put_along_axis(
        places, np.argsort(codes, kind="stable")[None, None, :].repeat(shuffles, 0).repeat(3, 1), orders, -1
    )
    flags = np.stack([need.flags[j][places[:, j]] for j in range(3)], axis=1)
    use = np.stack([sectors[j][places[:, j]] for j in range(3)], axis=1)
    members = flags.sum(axis=1) >= 2
    shares = (use * members[:, None]).sum(axis=2) / use.sum(axis=2)
    drawn = [members.mean(axis=1), *shares.T]
    expected = [chance.size(counts), *(chance.use_share(counts, j) for j in range(3))]
    spreads = [chance.size_spread(counts), *(chance.use_spread(counts, j) for j in range(3))]
    for one, mean, spread in zip(drawn, expected, spreads, strict=True):
        assert abs(one.mean() - mean.value) <= 4 * spread / np.sqrt(shuffles)
        assert one.std() == pytest.approx(spread, rel=4 / np.sqrt(2 * shuffles))


@pytest.mark.parametrize("shared", [0.0, 0.4])
def test_what_is_beyond_chance_is_covered(shared: float) -> None:
    """Without anything shared nothing is beyond chance; else the truth is that of 400,000 people."""
    rng = np.random.default_rng(5)
    counts = at_least(2, 3)

    def excess(people: int) -> tuple[Estimate, Estimate, Estimate]:
        need = HighNeed(three_sectors(rng, people, shared), 0.2)
        chance = UnrelatedSectors(need)
        seen, expected = need.exactly(2), chance.size(exactly(2, 3))
        ratio = seen.value / expected.value
        number = combined(ratio, (1 / expected.value, seen), (-ratio / expected.value, expected))
        return need.size(2) - chance.size(counts), need.use_share(2, 0) - chance.use_share(counts, 0), number

    size, use, number = (estimate.value for estimate in excess(400_000)) if shared else (0.0, 0.0, 1.0)
    drawn = [excess(1000) for _ in range(DRAWS)]
    assert abs(covered([one[0] for one in drawn], size) - 0.95) <= 4 * ERROR
    assert abs(covered([one[1] for one in drawn], use) - 0.95) <= 4 * ERROR
    assert abs(covered([one[2] for one in drawn], number, ratio_interval) - 0.95) <= 4 * ERROR


def test_the_odds_ratio_of_two_sectors_has_woolf_s_error() -> None:
    """Both 30, one 20, the other 10, none 40: odds ratio 6, error of its log the root of the sum of reciprocals."""
    one = np.repeat([True, True, False, False], [30, 20, 10, 40])
    other = np.repeat([True, False, True, False], [30, 20, 10, 40])
    log = log_odds_ratio(one, other)
    assert np.exp(log.value) == pytest.approx(6)
    woolf = np.sqrt(1 / 30 + 1 / 20 + 1 / 10 + 1 / 40)
    assert Sampling(100).standard_error(log.influence) == pytest.approx(woolf, rel=1e-12)
    few = log_odds_ratio(one & (np.arange(100) >= 27), other)
    assert "fewer than 5 people" in few.reason
    assert np.isnan(log_odds_ratio(np.zeros(100, bool), other).value)


# --- what a change would take away ------------------------------------------------------------------------------------


def test_the_attributable_fraction_of_smoking_has_its_reference_value() -> None:
    """Low birth weight (R's MASS::birthwt) by smoking given age, mother's weight and race; delicatessen 4.3 and hand."""
    births = pd.read_csv(ROOT / "tests/golden/birthwt.csv")
    smoke = births[["smoke"]].to_numpy(float)
    race = births["race"].to_numpy()
    covariates = np.column_stack([births["age"], births["lwt"], race == 2, race == 3]).astype(float)
    model = Removal(births["low"].to_numpy(float), Changed(smoke, covariates), binary=True)
    fraction = model.fraction(np.zeros_like(smoke))
    assert fraction.value == pytest.approx(0.2516657160, abs=1e-8)
    assert Sampling(len(births)).standard_error(fraction.influence) == pytest.approx(0.0857441602, rel=1e-6)


def test_fractions_have_the_closed_forms_of_levin_and_miettinen() -> None:
    """Levin: 30% with 1.5 times and 20% with twice the use. Miettinen: 60% of the use, 1.9 times that of others."""
    level = np.repeat([0, 1, 2], [50, 30, 20])
    use = np.array([2.0, 3, 4])[level]
    dummies = np.column_stack([level == 1, level == 2]).astype(float)
    none = np.empty((100, 0))
    levin = Removal(use, Changed(dummies, none), binary=False).fraction(np.zeros_like(dummies))
    assert levin.value == pytest.approx(0.2592592593, abs=1e-9)
    exposed = np.repeat([1.0, 0.0], [60, 76])[:, None]
    amounts = np.repeat([1.9, 1.0], [60, 76])
    share = 60 * 1.9 / amounts.sum()
    miettinen = Removal(amounts, Changed(exposed, np.empty((136, 0))), binary=False).fraction(np.zeros_like(exposed))
    assert share == pytest.approx(0.6)
    assert miettinen.value == pytest.approx(0.2842105263, abs=1e-9)


def test_fractions_alone_and_in_order_are_covered() -> None:
    """Two causes that a confounder ties together; given all three, mean use is log-linear, and gamma noise surrounds it."""
    rng, effects = np.random.default_rng(6), np.array([0.4, 0.3])

    def draw(people: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        confounder = rng.standard_normal(people)
        causes = (rng.standard_normal((people, 2)) + 0.5 * confounder[:, None] > 0.8).astype(float)
        mean = np.exp(0.3 * confounder + causes @ effects)
        return causes, confounder[:, None], mean

    causes, _, mean = draw(2_000_000)
    without_first = mean * np.exp(-causes[:, 0] * effects[0])
    neither = mean * np.exp(-causes @ effects)
    alone = 1 - without_first.mean() / mean.mean()
    second = (without_first.mean() - neither.mean()) / mean.mean()
    found = []
    for _ in range(DRAWS):
        causes, confounder, mean = draw(600)
        use = rng.gamma(0.8, mean / 0.8) * (rng.random(600) < 0.7)
        one, together = one_after_the_other(
            Removal(use, Changed(causes, confounder), binary=False), np.zeros_like(causes)
        )
        found.append((one[0], together[1] - together[0]))
    assert abs(covered([one for one, _ in found], alone) - 0.95) <= 4 * ERROR
    assert abs(covered([two for _, two in found], second) - 0.95) <= 4 * ERROR


def test_a_change_of_what_does_nothing_takes_nothing_away() -> None:
    rng = np.random.default_rng(7)
    found = []
    for _ in range(DRAWS):
        cause = (rng.random((400, 1)) < 0.3).astype(float)
        use = rng.negative_binomial(0.5, 0.2, 400).astype(float)
        model = Removal(use, Changed(cause, np.empty((400, 0))), binary=False)
        found.append(model.fraction(np.zeros_like(cause)))
    assert abs(covered(found, 0.0) - 0.95) <= 4 * ERROR
