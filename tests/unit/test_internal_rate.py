"""Internal rates of return: where there is one, what it means, and which rates an uncertain flow allows."""

import numpy as np
import pytest
from evenwicht.base.arrays import Floats
from evenwicht.base.streams import stream
from evenwicht.money.internal_rate import (
    BENEFITS_FIRST,
    NO_ROOT,
    NOTHING_ALLOWED,
    NOTHING_EXCLUDED,
    SEVERAL_PIECES,
    SEVERAL_ROOTS,
    RateInterval,
    internal_rate_interval,
    internal_rates,
    share_without_unique,
    unique_internal_rate,
)
from scipy import stats

YEARS = np.arange(15.0)
INVESTMENT = np.array([-1000.0, 0, 0, 0, 0, *[150.0] * 10])
RATE = 0.0444609363
TWO_RATES = [-100.0, 230.0, -132.0]
DRAWS = 2000


# --- rates of one flow


def test_the_rate_is_that_of_other_programs() -> None:
    """numpy_financial.irr and pyxirr."""
    assert internal_rates(INVESTMENT, YEARS) == pytest.approx([RATE], abs=1e-10)


def test_a_flow_may_have_several_rates_and_then_none_is_the_rate_of_return() -> None:
    assert internal_rates(TWO_RATES, [0, 1, 2]) == pytest.approx([0.1, 0.2], abs=1e-10)
    rate, reason = unique_internal_rate(TWO_RATES, [0, 1, 2])
    assert np.isnan(rate)
    assert reason == SEVERAL_ROOTS


@pytest.mark.parametrize("flow", [[100.0, 10.0], [-100.0, -10.0], [0.0, 0.0]], ids=["gains", "costs", "nothing"])
def test_a_flow_may_have_no_rate(flow: list[float]) -> None:
    assert len(internal_rates(flow, [0, 30])) == 0
    rate, reason = unique_internal_rate(flow, [0, 30])
    assert np.isnan(rate)
    assert reason == NO_ROOT


def test_a_flow_and_its_opposite_have_one_rate_which_means_the_opposite() -> None:
    rate, reason = unique_internal_rate(INVESTMENT, YEARS)
    assert (rate, reason) == (pytest.approx(RATE, abs=1e-10), "")
    assert unique_internal_rate(-INVESTMENT, YEARS) == (pytest.approx(RATE, abs=1e-10), BENEFITS_FIRST)


def test_times_may_be_fractions_and_in_any_order() -> None:
    assert internal_rates([-100, 121], [0.5, 2.5]) == pytest.approx([0.1], abs=1e-10)
    assert internal_rates([121, -100], [2.5, 0.5]) == pytest.approx([0.1], abs=1e-10)
    assert internal_rates(INVESTMENT, YEARS + 20) == pytest.approx([RATE], abs=1e-10)


def test_a_rate_of_zero_and_one_below_it_are_found() -> None:
    assert internal_rates([-100, 100], [0, 1]) == pytest.approx([0], abs=1e-10)
    assert internal_rates([-100, 81], [0, 2]) == pytest.approx([-0.1], abs=1e-10)


def test_only_rates_within_the_range_are_found() -> None:
    assert internal_rates([-100, 270], [0, 1]) == pytest.approx([1.7])
    assert len(internal_rates([-100, 280], [0, 1])) == 0
    assert internal_rates([-100, 61], [0, 1]) == pytest.approx([-0.39])
    assert len(internal_rates([-100, 60], [0, 1])) == 0


def test_draws_without_a_rate_of_return_are_counted() -> None:
    investment, several, none, loan = [-100, 60, 60], TWO_RATES, [1, 1, 1], [100, -60, -60]
    assert share_without_unique([investment, several, none, loan], [0, 1, 2]) == 0.75
    assert share_without_unique([investment, [0, -100, 110]], [0, 1, 2]) == 0


# --- intervals


def covariance(spread: float) -> Floats:
    """Costs are known; benefits have this standard deviation, and a part in common."""
    shape = np.where(INVESTMENT > 0, spread, 0.0)
    return np.outer(shape, shape) * (0.5 + 0.5 * np.eye(len(YEARS)))


def holds(interval: RateInterval, rate: float) -> bool:
    inside = any(lower <= rate <= upper for lower, upper in interval.pieces)
    assert interval.lower <= rate <= interval.upper or not inside
    return inside


def within_chance(covered: int) -> bool:
    least, most = stats.binom.ppf([0.0005, 0.9995], DRAWS, 0.95)
    return least <= covered <= most


@pytest.mark.parametrize(("spread", "unbounded"), [(10.0, False), (150.0, True)], ids=["well estimated", "noisy"])
def test_the_set_holds_the_true_rate_as_often_as_it_says(spread: float, unbounded: bool) -> None:
    true = covariance(spread)
    flows = stream(1, "money", f"rates {spread}").multivariate_normal(INVESTMENT, true, DRAWS, method="eigh")
    intervals = [internal_rate_interval(flow, true, YEARS) for flow in flows]
    assert within_chance(sum(holds(one, RATE) for one in intervals))
    infinite = np.mean([np.isinf([one.lower, one.upper]).any() for one in intervals])
    assert (infinite > 0.5) == unbounded
    assert unbounded or infinite == 0


def test_the_set_also_holds_it_if_the_covariance_is_estimated_from_few() -> None:
    """The mean of 6 flows at 3 times: exactly t with 5 degrees of freedom, where the normal quantile falls short."""
    flow, times, few = np.array([-100.0, 60.0, 60.0]), [0.0, 1.0, 2.0], 6
    (true,) = internal_rates(flow, times)
    samples = stream(1, "money", "few").normal(flow, [5.0, 20.0, 20.0], (DRAWS, few, 3))
    by_t = by_normal = 0
    for sample in samples:
        found = sample.mean(axis=0), np.cov(sample, rowvar=False) / few, times
        by_t += holds(internal_rate_interval(*found, df=few - 1), true)
        by_normal += holds(internal_rate_interval(*found), true)
    assert within_chance(by_t)
    assert not within_chance(by_normal)


def test_of_a_cost_and_one_benefit_it_is_the_interval_of_fieller() -> None:
    """The rate of (-c, b) a year apart is b / c - 1."""
    cost, benefit, var, cov, q = 100.0, 120.0, (16.0, 25.0), 6.0, stats.norm.ppf(0.975)
    found = internal_rate_interval([-cost, benefit], [[var[0], -cov], [-cov, var[1]]], [0, 1])
    a, b, c = cost**2 - q**2 * var[0], cost * benefit - q**2 * cov, benefit**2 - q**2 * var[1]
    reach = np.sqrt(b**2 - a * c)
    assert (found.estimate, found.reason) == (pytest.approx(0.2), "")
    assert (found.lower, found.upper) == pytest.approx(((b - reach) / a - 1, (b + reach) / a - 1), abs=1e-10)
    assert found.pieces == ((found.lower, found.upper),)


def test_a_higher_level_allows_more() -> None:
    wide, narrow = (internal_rate_interval(INVESTMENT, covariance(10), YEARS, level=level) for level in (0.99, 0.5))
    assert wide.lower < narrow.lower < RATE < narrow.upper < wide.upper


def test_the_interval_closes_in_on_the_rate() -> None:
    """Also where all that is allowed lies between two rates that are tried, and where nothing is uncertain."""
    for spread in (1e-4, 0.0):
        found = internal_rate_interval(INVESTMENT, covariance(spread), YEARS)
        assert found.lower <= found.estimate <= found.upper
        assert found.upper - found.lower < 1e-6


def test_a_flow_that_says_nothing_excludes_nothing() -> None:
    found = internal_rate_interval(INVESTMENT, np.eye(len(YEARS)) * 1e8, YEARS)
    assert (found.lower, found.upper, found.reason) == (-np.inf, np.inf, NOTHING_EXCLUDED)
    assert found.estimate == pytest.approx(RATE)


def test_benefits_that_may_be_nothing_allow_all_low_rates() -> None:
    found = internal_rate_interval([-100, 120], [[1, 0], [0, 3600]], [0, 1])
    assert (found.lower, found.reason) == (-np.inf, "")
    assert 0.2 < found.upper < 1.718


def test_a_cost_that_may_be_nothing_allows_all_high_rates() -> None:
    found = internal_rate_interval([-100, 120], [[1225, 0], [0, 1]], [0, 1])
    assert (found.upper, found.reason) == (np.inf, "")
    assert -0.393 < found.lower < 0.2


def test_two_rates_have_a_piece_each() -> None:
    found = internal_rate_interval(TWO_RATES, np.eye(3) * 1e-4, [0, 1, 2])
    assert np.isnan(found.estimate)
    assert found.reason == SEVERAL_ROOTS
    assert [lower < rate < upper for (lower, upper), rate in zip(found.pieces, (0.1, 0.2), strict=True)] == [True, True]
    assert (found.lower, found.upper) == (found.pieces[0][0], found.pieces[1][1])


def test_pieces_around_one_estimate_are_told() -> None:
    """What comes after 20 years is so uncertain that low rates, at which it weighs most, cannot be excluded."""
    found = internal_rate_interval([-100, 130, 0.5], np.diag([0, 0, 144]), [0, 1, 20])
    (lowest, low), (least, most) = found.pieces
    assert lowest == -np.inf
    assert low < 0 < 0.298 < least < found.estimate < most < 0.303
    assert (found.lower, found.upper, found.reason) == (-np.inf, most, SEVERAL_PIECES)


def test_a_flow_that_is_surely_above_zero_allows_no_rate() -> None:
    found = internal_rate_interval([100, 10], np.eye(2), [0, 1])
    assert np.isnan([found.estimate, found.lower, found.upper]).all()
    assert (found.reason, found.pieces) == (NOTHING_ALLOWED, ())


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: internal_rates([1, 2], [0, 1, 2]),
        lambda: internal_rates([[1, 2]], [[0, 1]]),
        lambda: share_without_unique([1, 2], [0, 1]),
        lambda: internal_rate_interval([1, 2], np.eye(3), [0, 1]),
        lambda: internal_rate_interval([1, 2], np.eye(2), [0, 1], level=95),
    ],
)
def test_what_is_no_flow_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match="flow|level|draws"):
        wrong()
