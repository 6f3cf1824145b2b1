"""What changes are worth: discounting by country, ratios, value of public funds, and cost-effectiveness."""

from fractions import Fraction

import numpy as np
import pytest
from evenwicht.base.arrays import Floats
from evenwicht.base.streams import stream
from evenwicht.levers.figures import sourced
from evenwicht.money.appraisal import benefit_cost_ratio, paid_back, present_value, with_deadweight
from evenwicht.money.conventions import conventions
from evenwicht.money.cost_effectiveness import (
    acceptability,
    frontier,
    information_value,
    net_benefit,
    quadrants,
)
from evenwicht.money.discounting import Schedule
from evenwicht.money.public_funds import public_funds, ratios
from scipy import stats

YEARS = np.arange(15.0)
COST = np.where(YEARS == 0, 1000.0, 0.0)
BENEFIT = np.where(YEARS >= 5, 150.0, 0.0)
AT_3, AT_7 = Schedule.constant(0.03), Schedule.constant(0.07)
MOST_ERRORS = 3.5  # standard errors: with so fixed a key, more is a fault and no chance


# --- discounting

ADULT = np.arange(20.0, 61.0)


def rates(key: str, stream: str = "money") -> Schedule:
    return Schedule(getattr(conventions()[key], stream))


@pytest.mark.parametrize(
    ("schedule", "adult_years", "at_40"),
    [
        (rates("nl"), 17.426, 0.411),
        (rates("nl_health"), 13.352, 0.307),
        (rates("nz"), 19.976, 0.476),
        (rates("nz_commercial"), 2.773, 0.046),
        (rates("uk"), 11.665, 0.265),
        (rates("uk", "health"), 23.421, 0.563),
        (rates("us"), 13.352, 0.307),
        (rates("us_capital"), 3.704, 0.067),
    ],
)
def test_one_a_year_at_ages_20_to_60_is_worth_what_the_country_says(
    schedule: Schedule, adult_years: float, at_40: float
) -> None:
    assert schedule.factors(ADULT).sum() == pytest.approx(adult_years, abs=0.0005)
    assert schedule.factors(40) == pytest.approx(at_40, abs=0.0005)


def test_denmark_and_dutch_health_at_year_40() -> None:
    assert rates("dk").factors(40) == pytest.approx(1.035**-35 * 1.025**-5)
    assert rates("nl_health", "health").factors(40) == pytest.approx(0.551, abs=0.0005)


def test_rates_are_chained_from_step_to_step() -> None:
    """Year 31 is the first at the second rate, and runs from time 30 to time 31."""
    factors = Schedule(((1, 0.035), (31, 0.03), (76, 0.025))).factors([0, 1, 30, 31, 75, 76])
    last = 1.035**-30 * 1.03**-45
    assert factors == pytest.approx([1, 1 / 1.035, 1.035**-30, 1.035**-30 / 1.03, last, last / 1.025], rel=1e-14)


def test_parts_of_years_are_discounted_in_proportion() -> None:
    steps = Schedule(((1, 0.02), (31, 0.01)))
    assert steps.factors([0.5, 30.5]) == pytest.approx([1.02**-0.5, 1.02**-30 * 1.01**-0.5], rel=1e-14)


def test_the_first_step_may_be_said_to_begin_at_year_0_or_1() -> None:
    later = (31, 0.01)
    assert (Schedule(((0, 0.02), later)).factors(ADULT) == Schedule(((1, 0.02), later)).factors(ADULT)).all()


def test_without_a_rate_nothing_is_discounted_and_below_zero_later_is_worth_more() -> None:
    assert (Schedule.constant(0).factors(ADULT) == 1).all()
    assert Schedule.constant(-0.5).factors([1, 2]) == pytest.approx([2, 4])


@pytest.mark.parametrize(
    "steps", [(), ((2, 0.02),), ((1, 0.02), (1, 0.01)), ((0, 0.02), (1, 0.01)), ((1, -1.0),), ((1, np.nan),)]
)
def test_what_is_no_schedule_is_refused(steps: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(ValueError, match="steps begin at year 1|a rate is a share"):
        Schedule(steps)


def test_time_before_the_start_is_refused() -> None:
    with pytest.raises(ValueError, match="times to discount are 0 or more"):
        AT_3.factors([0, -1])


OWN_HEALTH = ("nl_health", "uk", "uk_sensitivity_2026")


def test_every_convention_has_a_source_and_names_those_that_stand_beside() -> None:
    known = conventions()
    assert len(known) == 9
    for key, convention in known.items():
        assert [path for path, _ in sourced(convention)] == [""]
        assert convention.tag in ("V", "M-hi")
        assert set(convention.sensitivity) <= set(known) - {key}
        assert 0 <= convention.deadweight < 1
        assert all(Schedule(steps).factors([0.0]) == 1 for steps in (convention.money, convention.health))
    assert {key for key, one in known.items() if one.health != one.money} == set(OWN_HEALTH)
    assert {key for key, one in known.items() if one.deadweight} == {"nz", "nz_commercial"}


def test_rates_that_go_back_in_time_are_refused() -> None:
    with pytest.raises(ValueError, match="are in order"):
        Schedule(((1, 0.02), (1, 0.03)))


# --- present value and ratios


def exact(rate: Fraction) -> float:
    """Net present value by fractions: other programs print digits that their floats have lost."""
    flows = zip(YEARS, BENEFIT - COST, strict=True)
    return float(sum(Fraction(flow) / (1 + rate) ** int(year) for year, flow in flows))


def test_present_values_are_exact() -> None:
    at_3, at_7 = (present_value(BENEFIT - COST, YEARS, schedule) for schedule in (AT_3, AT_7))
    assert (at_3, at_7) == pytest.approx((exact(Fraction(3, 100)), exact(Fraction(7, 100))), abs=1e-10)
    assert (at_3, at_7) == pytest.approx((136.8462104853, -196.2614906496), abs=1e-10)


def test_benefits_that_fade() -> None:
    years = np.arange(30)
    assert present_value(100 * 0.8**years + 5, years, AT_3) == pytest.approx(548.5399619270, abs=1e-10)


def test_deadweight_is_lost_on_what_the_state_pays() -> None:
    net = BENEFIT - with_deadweight(COST, 0.5)
    assert present_value(net, YEARS, AT_3) == pytest.approx(-363.1537895147, abs=1e-10)
    assert with_deadweight([100, -100], 0.2) == pytest.approx([120, -120])
    with pytest.raises(ValueError, match="the share that is lost"):
        with_deadweight([100], -0.2)


def test_the_ratio_of_benefits_to_costs() -> None:
    assert benefit_cost_ratio(BENEFIT, COST, YEARS, AT_3) == pytest.approx(1.1368462105, abs=1e-10)
    assert benefit_cost_ratio(BENEFIT, COST, YEARS, AT_3, 0.5) == pytest.approx(1.1368462105 / 1.5, abs=1e-10)


def test_draws_keep_their_axes_and_without_costs_there_is_no_ratio() -> None:
    scale = np.array([[1.0, 2.0], [0.0, -1.0]])
    found = benefit_cost_ratio(BENEFIT, scale[..., None] * COST, YEARS, AT_3)
    assert found == pytest.approx(np.array([[1.1368462105, 0.56842310524], [np.nan, np.nan]]), nan_ok=True, abs=1e-9)
    assert present_value(scale[..., None] * COST, YEARS, AT_3) == pytest.approx(scale * 1000)


def test_factors_are_the_weights_of_the_delta_method() -> None:
    root = np.tril(np.ones((15, 15)))
    covariance = root @ root.T
    flows = stream(1, "money", "weights").multivariate_normal(BENEFIT - COST, covariance, 4000, method="cholesky")
    weights = AT_3.factors(YEARS)
    ratio = present_value(flows, YEARS, AT_3).var(ddof=1) / (weights @ covariance @ weights)
    assert abs(ratio - 1) < MOST_ERRORS * np.sqrt(2 / 3999)


def test_it_is_paid_back_when_the_sum_stays_at_zero_or_above() -> None:
    assert paid_back(BENEFIT - COST, YEARS) == 11  # 7 times 150, from year 5
    assert paid_back((BENEFIT - COST) * AT_3.factors(YEARS), YEARS) == 13
    assert paid_back([-1, 3, -4, 3], [0, 1, 2, 3.5]) == 3.5  # at time 1 it was above for a while
    assert paid_back([1, 0, 0], [0, 1, 2]) == 0


def test_draws_that_never_pay_back_have_no_time() -> None:
    found = paid_back([[-1, 2, -2], [-1, 0.5, 0.5], [-0.3, 0.1, 0.2]], [0, 1, 2])
    assert found == pytest.approx([np.nan, 2, 2], nan_ok=True)


def test_rounding_does_not_put_off_the_time() -> None:
    flows = np.array([-0.9, *[0.1] * 9, 0.0])
    assert np.cumsum(flows)[9] < 0
    assert paid_back(flows, np.arange(11)) == 9


def test_times_that_cannot_be_summed_up_to_are_refused() -> None:
    with pytest.raises(ValueError, match="do not increase"):
        paid_back([1, 2], [1, 1])
    with pytest.raises(ValueError, match="flows at"):
        paid_back([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="mismatch"):
        present_value([1, 2], [1, 2, 3], AT_3)


# --- marginal value of public funds


def test_a_tax_of_three_tenths_returns_to_the_state() -> None:
    gross, upfront = present_value(BENEFIT, YEARS, AT_3), present_value(COST, YEARS, AT_3)
    assert ratios(0.7 * gross, upfront - 0.3 * gross) == pytest.approx(1.2076743497, abs=1e-10)


def test_perry_has_an_interval_that_passes_through_infinity() -> None:
    """policyimpacts.org: net cost 1,406, from -9,235 to 12,126, and people would pay about 61,300."""
    even = (np.arange(4000) + 0.5) / 4000
    low, high = -9235, 12126
    cost = stats.norm.ppf(even, (low + high) / 2, (high - low) / 2 / stats.norm.ppf(0.975))
    found = public_funds(np.full(4000, 61_300), cost)
    assert ratios(61_300, 1406) == pytest.approx(43.6, abs=0.05)
    assert (found.lower, found.upper) == (pytest.approx(61_300 / 12_126, rel=0.002), np.inf)
    assert found.pays_for_itself == pytest.approx(stats.norm.cdf(0, (low + high) / 2, (high - low) / 3.92), abs=0.001)
    assert found.saves_and_hurts == 0


def test_deworming_pays_for_itself() -> None:
    found = public_funds([119.0], [1.07 + 11 - 23])
    assert (found.value, found.lower, found.upper, found.pays_for_itself) == (np.inf, np.inf, np.inf, 1)


def test_quantiles_are_in_the_order_negative_finite_infinite() -> None:
    gain, cost = np.array([-3.0, -1, 0, 1, 2, 5, 5, 5, 5, 5]), np.array([1.0, 1, 1, 1, 1, 1, -1, -2, 0, -1])
    found = public_funds(gain, cost, level=0.6)
    assert (found.lower, found.upper, found.pays_for_itself) == (-1, np.inf, 0.4)
    assert found.value == pytest.approx(12)


def test_a_saving_that_hurts_has_no_place_in_the_order() -> None:
    found = public_funds([-1.0, -1, *[2.0] * 18], [-1.0, -1, *[1.0] * 18])
    assert (found.lower, found.upper, found.saves_and_hurts) == (-np.inf, np.inf, 0.1)
    hurts = public_funds([-1.0], [-2.0])
    assert np.isnan(hurts.value)
    assert hurts.saves_and_hurts == 1


@pytest.mark.parametrize("wrong", [([1.0], [1.0, 2.0]), ([], []), ([[1.0]], [[1.0]]), ([np.nan], [1.0])])
def test_draws_that_are_not_pairs_are_refused(wrong: tuple[list[float], list[float]]) -> None:
    with pytest.raises(ValueError, match="draw"):
        public_funds(*wrong)


# --- cost-effectiveness

DRAWS = 40_000
MEAN, SPREAD = np.array([0.1, 2000.0]), np.array([0.05, 1500.0])
CORRELATION = 0.3


def two_strategies() -> tuple[Floats, Floats]:
    """Nothing, and something with normal effects and costs."""
    shape = np.outer(SPREAD, SPREAD) * np.array([[1, CORRELATION], [CORRELATION, 1]])
    draws = stream(1, "money", "two strategies").multivariate_normal(MEAN, shape, DRAWS, method="cholesky")
    return np.stack([np.zeros(DRAWS), draws[:, 0]], axis=1), np.stack([np.zeros(DRAWS), draws[:, 1]], axis=1)


@pytest.mark.parametrize(
    ("threshold", "mean", "spread", "accepted", "information"),
    [
        (0, -2000, 1500, 0.0912, None),
        (20_000, 0, 1533.0, 0.5, 611.6),
        (50_000, 3000, 2500, 0.8849, 140.3),
        (80_000, 6000, 3827.5, 0.9415, 96.0),
        (1e9, 1e8, 5e7, 0.9772, None),
    ],
)
def test_normal_draws_are_accepted_as_the_closed_form_says(
    threshold: float, mean: float, spread: float, accepted: float, information: float | None
) -> None:
    """The normal distribution, and the unit normal loss."""
    effects, costs = two_strategies()
    shares = acceptability(effects, costs, [threshold])[0]
    assert shares.sum() == pytest.approx(1, abs=1e-12)
    assert accepted == pytest.approx(stats.norm.cdf(mean / spread), abs=0.0001)
    assert abs(shares[1] - accepted) < MOST_ERRORS * np.sqrt(accepted * (1 - accepted) / DRAWS)
    away = abs(mean) / spread
    loss = spread * (stats.norm.pdf(away) - away * stats.norm.sf(away))
    assert information is None or loss == pytest.approx(information, abs=0.05)
    net = net_benefit(effects[:, 1], costs[:, 1], [threshold])[0]
    lost = np.maximum(-net if mean > 0 else net, 0)
    error = MOST_ERRORS * lost.std() / np.sqrt(DRAWS)
    assert information_value(effects, costs, [threshold])[0] == pytest.approx(loss, abs=error)


def test_the_shares_of_quadrants_are_those_of_the_plane() -> None:
    effects, costs = two_strategies()
    found = quadrants(effects[:, 1], costs[:, 1])
    more_effect, less_cost = stats.norm.cdf(2), stats.norm.cdf(-4 / 3)
    error = MOST_ERRORS * 0.5 / np.sqrt(DRAWS)
    assert found.trade_off + found.dominates == pytest.approx(more_effect, abs=error)
    assert found.dominates + found.saves_but_loses == pytest.approx(less_cost, abs=error)
    assert found.trade_off + found.dominates + found.dominated + found.saves_but_loses == pytest.approx(1, abs=1e-12)


def test_draws_on_a_border_are_counted_once() -> None:
    found = quadrants([1, 1, 0, 0, 0, -1, -1, -1, 1], [1, 0, 1, 0, -1, 1, 0, -1, -1])
    shares = (found.trade_off, found.dominates, found.dominated, found.saves_but_loses)
    assert shares == pytest.approx((1 / 9, 4 / 9, 3 / 9, 1 / 9))


def test_net_benefit_keeps_the_axes_of_draws() -> None:
    effects, costs = np.array([[0.0, 2.0, 3.0]]), np.array([[0.0, 10.0, 40.0]])
    assert net_benefit(effects, costs, [0, 10]).tolist() == [[[0, -10, -40]], [[0, 10, -10]]]


def test_the_best_by_the_mean_need_not_be_best_most_often() -> None:
    """Of three strategies, one is far better in a third of draws and a little worse in the others."""
    effects = np.array([[0.0, 1.0, 9.0], [0.0, 1.0, 0.5], [0.0, 1.0, 0.5]])
    costs = np.zeros((3, 3))
    found = frontier(effects, costs, [1.0, 100.0])
    assert acceptability(effects, costs, [1.0])[0] == pytest.approx([0, 2 / 3, 1 / 3])
    assert found.best.tolist() == [2, 2]
    assert found.acceptability == pytest.approx([1 / 3, 1 / 3])
    assert information_value(effects, costs, [1.0, 100.0]) == pytest.approx([1 / 3, 100 / 3])


def test_strategies_that_are_best_together_share_the_draw() -> None:
    assert acceptability([[1.0, 1.0, 0.0]], [[0.0, 0.0, 0.0]], [5.0])[0] == pytest.approx([0.5, 0.5, 0])


@pytest.mark.parametrize("function", [acceptability, frontier, information_value, quadrants])
def test_draws_of_other_shapes_are_refused(function) -> None:
    with pytest.raises(ValueError, match="draws are pairs"):
        function(np.zeros((4, 2)), np.zeros((4, 3)), *([] if function is quadrants else [[1.0]]))
