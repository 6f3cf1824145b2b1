"""Accounts: who pays and who gains with each outcome, in which year, and what follows with which error."""

import numpy as np
import pytest
from evenwicht.estimators.influence import Estimate, Sampling
from evenwicht.money.accounts import Account, Outlay, Stream
from evenwicht.money.discounting import Schedule
from evenwicht.money.internal_rate import internal_rate_interval
from evenwicht.money.payers import COLUMNS, PAYERS, SOCIETY, of_column, shares, times
from evenwicht.money.public_funds import public_funds
from evenwicht.money.returns import NEVER, STATE, Asked, Returns, Worked

# --- who pays and who gains ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "borne_by", "tax", "parts", "society"),
    [
        ("resource", "state", 0.0, (-1, 0, 0), -1),
        ("resource", "household", 0.0, (0, -1, 0), -1),
        ("resource", "society", 0.0, (0, 0, -1), -1),
        ("transfer", "state", 0.0, (-1, 1, 0), 0),
        ("tariff", "state", 0.0, (-1, 0, 1), 0),
        ("value", "society", 0.0, (0, 1, 0), 1),
        ("earnings", "household", 0.3, (0.3, 0.7, 0), 1),
    ],
)
def test_a_unit_of_money_more_falls_on(
    kind: str, borne_by: str, tax: float, parts: tuple[float, ...], society: float
) -> None:
    told = shares(kind, borne_by, tax)
    np.testing.assert_allclose(told, parts)
    assert of_column(SOCIETY, told) == pytest.approx(society)
    assert [of_column(name, told) for name in PAYERS] == list(told)


# --- in which year ------------------------------------------------------------------------------------------------------

NIGHTS = Stream("nights", (20.0, 22.0), times(500.0, shares("resource", "state")))
WELFARE = Stream("welfare", (21.5, 24.0), times(1000.0, shares("transfer", "state")))
COST = Outlay((-0.5, 1.0), times(300.0, shares("resource", "state")))
ACCOUNT = Account((NIGHTS, WELFARE), (COST,))
EFFECTS = np.array([-0.4, -0.2])


def test_amounts_fall_evenly_between_two_ages_and_what_is_spent_before_birth_falls_in_the_first_year() -> None:
    years = ACCOUNT.times - 0.5
    assert years[0] == 0
    assert years[-1] == 23
    nights, welfare = ACCOUNT.per_unit(STATE).T
    assert dict(zip(years[nights != 0], nights[nights != 0], strict=True)) == {20: -250, 21: -250}
    np.testing.assert_allclose(welfare[21:], [-200, -400, -400])
    np.testing.assert_allclose(ACCOUNT.spent(STATE)[:2], [-300, 0])


def test_money_at_one_age_falls_in_the_year_of_that_age() -> None:
    account = Account((), (Outlay((12.0, 12.0), (-1.0, 0.0, 0.0)),))
    assert account.times.tolist() == [12.5]
    assert account.spent(STATE).tolist() == [-1.0]


def test_society_is_all_who_pay_or_gain_together() -> None:
    parts = [ACCOUNT.flows(EFFECTS, column) for column in PAYERS]
    np.testing.assert_allclose(ACCOUNT.flows(EFFECTS, SOCIETY), np.sum(parts, axis=0))
    assert ACCOUNT.flows(EFFECTS, SOCIETY).sum() == pytest.approx(0.4 * 500 - 300)  # benefits that are paid cancel
    assert ACCOUNT.flows(EFFECTS, STATE).sum() == pytest.approx(0.4 * 500 + 0.2 * 1000 - 300)


def test_an_account_without_prices_and_costs_is_empty() -> None:
    assert not Account(())
    assert Account((), (COST,))
    assert Account((NIGHTS,))


# --- what follows, and how sure -----------------------------------------------------------------------------------------

N = 400
WORKED = Worked(ACCOUNT, {"nl": Schedule.constant(0.0225), "0": Schedule.constant(0.0)})


def returns(scale: float, values: np.ndarray = EFFECTS, worked: Worked = WORKED) -> Returns:
    """Changes with influences of known covariance; `scale` is about their standard error."""
    rng = np.random.default_rng(5)
    moved = rng.standard_normal((N, 2)) @ np.array([[1.0, 0.6], [0.0, 0.8]]) * scale / np.sqrt(N)
    moved -= moved.mean(axis=0)
    effects = [Estimate(float(value), column) for value, column in zip(values, moved.T, strict=True)]
    return Returns(worked, effects, Sampling(N), np.random.default_rng(6))


def test_a_present_value_has_the_error_of_the_weighted_sum_that_it_is() -> None:
    given = returns(0.1)
    told = given.interval(Asked(STATE, "present_value", "nl"))
    factors = 1.0225**-ACCOUNT.times
    weights = factors @ ACCOUNT.per_unit(STATE) / 10
    covariance = given.sampling.covariance(np.column_stack([one.influence for one in given.effects]))
    assert told.estimate == pytest.approx((factors @ ACCOUNT.flows(EFFECTS, STATE)) / 10)
    assert told.se == pytest.approx(np.sqrt(weights @ covariance @ weights))


def test_what_no_change_moves_is_known() -> None:
    told = returns(0.1).interval(Asked("others", "present_value", "nl"))
    assert told.estimate == 0
    assert told.status == "estimated"
    assert np.isnan(told.lower)


def test_benefits_over_costs_are_a_ratio_of_means() -> None:
    told = returns(0.1).interval(Asked(SOCIETY, "benefit_cost_ratio", "0"))
    assert told.estimate == pytest.approx(0.4 * 500 / 300)


def test_the_rate_of_return_is_that_of_the_flows_in_per_cent() -> None:
    given = returns(0.02, np.array([-1.2, -0.5]))
    told = given.interval(Asked(SOCIETY, "internal_rate"))
    flows, per_unit = ACCOUNT.flows(given.values, SOCIETY), ACCOUNT.per_unit(SOCIETY)
    covariance = given.sampling.covariance(np.column_stack([one.influence for one in given.effects]))
    alone = internal_rate_interval(flows, per_unit @ covariance @ per_unit.T, ACCOUNT.times)
    assert (told.estimate, told.lower, told.upper) == pytest.approx(
        (100 * alone.estimate, 100 * alone.lower, 100 * alone.upper)
    )
    assert flows @ (1 + told.estimate / 100) ** -ACCOUNT.times == pytest.approx(0, abs=1e-6)


def test_without_a_rate_the_row_says_why_and_keeps_what_the_data_allow() -> None:
    told = returns(1.0, np.array([0.2, 0.1])).interval(Asked(SOCIETY, "internal_rate"))
    assert told.status == "not estimable"
    assert told.lower == -np.inf


def test_it_is_paid_back_at_the_age_from_which_all_that_came_in_outweighs_what_was_spent() -> None:
    told = returns(0.001, np.array([-1.0, 0.0])).interval(Asked(SOCIETY, "paid_back", "0"))
    assert told.estimate == 22  # 250 of 300 by 21, 500 by 22
    never = returns(0.001, np.array([-0.1, 0.0])).interval(Asked(SOCIETY, "paid_back", "0"))
    assert never.reason == NEVER
    assert never.lower == never.upper == np.inf


def test_the_value_of_public_funds_is_what_others_gain_over_what_the_state_pays() -> None:
    given = returns(0.05)
    told = given.interval(Asked(STATE, "public_funds", "nl"))
    factors = 1.0225**-ACCOUNT.times
    others = factors @ (ACCOUNT.flows(EFFECTS, SOCIETY) - ACCOUNT.flows(EFFECTS, STATE))
    paid = -factors @ ACCOUNT.flows(EFFECTS, STATE)
    assert paid > 0
    assert told.estimate == pytest.approx(others / paid)
    drawn = public_funds(*WORKED.funds(given.draws))
    assert (told.lower, told.upper) == (drawn.lower, drawn.upper)


def test_a_policy_that_pays_for_itself_has_an_infinite_value() -> None:
    told = returns(0.01, np.array([-2.0, 0.5])).interval(Asked(STATE, "public_funds", "nl"))
    assert told.estimate == np.inf
    assert told.upper == np.inf


def test_what_is_lost_in_raising_taxes_is_a_share_of_what_the_state_pays_on_balance() -> None:
    given = returns(0.1)
    values = {c: given.interval(Asked(c, "present_value", "nl")).estimate for c in (STATE, SOCIETY)}
    assert given.with_deadweight(0.5).estimate == pytest.approx(values[SOCIETY] + 0.5 * values[STATE])


def test_returns_are_asked_only_of_what_costs_something_and_brings_something() -> None:
    def asked(account: Account) -> set[str]:
        return {one.estimand for one in Worked(account, WORKED.schedules).asked()}

    assert asked(Account((NIGHTS,))) == {"present_value"}
    assert asked(Account((), (COST,))) == {"present_value"}
    assert asked(ACCOUNT) == {"present_value", "benefit_cost_ratio", "internal_rate", "paid_back", "public_funds"}
    paid_out = Account((NIGHTS,), (Outlay((0.0, 1.0), times(300.0, shares("transfer", "state"))),))
    assert "benefit_cost_ratio" not in asked(paid_out)  # society loses nothing that it could be a ratio of


def test_all_columns_are_told_at_every_rate() -> None:
    told = [one for one in WORKED.asked() if one.estimand == "present_value"]
    assert {(one.column, one.at) for one in told} == {(c, r) for c in COLUMNS for r in ("nl", "0")}
