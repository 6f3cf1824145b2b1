"""Concentration of use, against closed forms, values by hand and R packages that are not in Debian (named at each)."""

import numpy as np
import pytest
from evenwicht.estimators.bounded_index import erreygers, wagstaff
from evenwicht.estimators.concentration_intervals import HighNeed, Ranked
from evenwicht.estimators.distributions import numbers_of
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.removal import Changed, Removal, one_after_the_other
from evenwicht.estimators.unrelated_sectors import UnrelatedSectors, at_least
from scipy.special import ndtri
from scipy.stats import poisson

PRINTED = 5e-11
ZEROS = np.array([0.0, 0, 0, 0, 0, 0, 1, 2, 5, 12])
STATE = np.array([1.0, 1, 0, 1, 0, 1, 0, 0, 0, 0])  # of people ranked 1 to 10
MIDDLE = (np.arange(200_000) + 0.5) / 200_000  # of equal parts of people


def test_the_gini_coefficient_is_the_share_without_use_and_that_of_users() -> None:
    """R's ineq 0.2-13, `Gini(y)` of all and of the four users: .78 = .6 + .4 x .45."""
    assert Ranked(ZEROS).index().value == pytest.approx(0.78, abs=PRINTED)
    assert Ranked(ZEROS).users().value == pytest.approx(0.4)
    assert Ranked(ZEROS[6:]).index().value == pytest.approx(0.45, abs=PRINTED)


@pytest.mark.parametrize(
    ("amounts", "gini", "top_fifth"),
    [
        (np.exp(ndtri(MIDDLE)), 0.5204998778, 0.5629208278),
        (-np.log1p(-MIDDLE), 0.5, 0.5218875825),
    ],
    ids=["log-normal", "exponential"],
)
def test_distributions_have_their_closed_forms(amounts: np.ndarray, gini: float, top_fifth: float) -> None:
    """erf(1/2) and Phi(1 - z), 1/2 and q (1 - log q); middles of 200,000 equal parts of people lose up to 5e-5."""
    assert Ranked(amounts).index().value == pytest.approx(gini, abs=1e-4)
    assert Ranked(amounts).top(0.2).value == pytest.approx(top_fifth, abs=1e-4)


@pytest.mark.parametrize(
    ("mean", "gini"), [(0.1, 0.9092216752), (0.5, 0.6736700229), (2.0, 0.3857527607), (10.0, 0.1772865341)]
)
def test_counts_by_chance_weighted_by_their_probabilities(mean: float, gini: float) -> None:
    """Poisson counts: exp(-2m) (I0(2m) + I1(2m))."""
    counts = np.arange(80.0)
    assert Ranked(counts, weights=poisson.pmf(counts, mean)).index().value == pytest.approx(gini, abs=1e-9)


def test_the_error_of_a_concentration_index_is_that_of_kakwani_wagstaff_and_van_doorslaer() -> None:
    """R's rineq 0.2.3, `ci(ineqvar = 1:10, outcome = state, method = "direct")`.

    It takes the mean as known in the errors of the corrected indices; ours has it estimated, so those differ.
    """
    ranked = Ranked(STATE, np.arange(10.0))
    index, mean = ranked.index(), ranked.users()
    people = Sampling(10)
    assert people.standard_error(index.influence) == pytest.approx(0.1706604817, abs=PRINTED)
    factor = 4 * mean.value
    assert factor * people.standard_error(index.influence) == pytest.approx(0.2730567707, abs=PRINTED)
    assert people.standard_error(index.influence) / (1 - mean.value) == pytest.approx(0.2844341361, abs=PRINTED)
    for corrected in (erreygers(index, mean), wagstaff(index, mean)):
        assert people.standard_error(corrected.influence) > 0


def test_the_error_of_a_top_share_has_its_value_by_hand() -> None:
    """Ten incomes, influence [(y - t)+ + t q - S y] / mean with t the second largest; divided by n."""
    incomes = np.array([541.0, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261])
    top = Ranked(incomes).top(0.2)
    assert top.value == pytest.approx(0.5130958460, abs=PRINTED)
    assert Sampling(10).standard_error(top.influence) == pytest.approx(0.0806768162, abs=PRINTED)


def test_eight_unrelated_sectors_with_a_fifth_each() -> None:
    """Closed form; R's PoissonBinomial 1.2.5 for the tail. Shares of use .3049, .3682, .4150 for three held shares."""
    numbers = numbers_of(np.full(8, 0.2))
    assert numbers[0] == pytest.approx(0.16777216, abs=1e-14)
    assert numbers[3:].sum() == pytest.approx(0.20308224, abs=1e-14)
    people = np.arange(1000)
    for held, share in ((0.57, 0.3049252), (0.80, 0.3682330), (0.97, 0.4150257)):
        by_high = 4 * held / (1 - held)
        sectors = [np.where((people * 37 + 101 * j) % 1000 < 200, by_high, 1.0) for j in range(8)]
        chance = UnrelatedSectors(HighNeed(sectors, 0.2))
        assert chance.size(at_least(3, 8)).value == pytest.approx(0.20308224, abs=1e-12)
        assert chance.use_share(at_least(3, 8), 0).value == pytest.approx(share, abs=5e-8)


def test_fractions_of_two_causes_by_order() -> None:
    """Closed form: 30% and 20%, unrelated, with 1.5 and 2 times the use; parts alone add up to more than the whole."""
    causes = np.repeat([[0.0, 0.0], [1, 0], [0, 1], [1, 1]], [56, 24, 14, 6], axis=0)
    use, none = 1.5 ** causes[:, 0] * 2 ** causes[:, 1], np.zeros_like(causes)
    model = Removal(use, Changed(causes, np.empty((100, 0))), binary=False)
    alone, together = one_after_the_other(model, none)
    assert [one.value for one in alone] == pytest.approx([0.1304347826, 0.1666666667], abs=PRINTED)
    assert together[1].value == pytest.approx(0.2753623188, abs=PRINTED)
    assert (together[1] - together[0]).value == pytest.approx(0.1449275362, abs=PRINTED)
