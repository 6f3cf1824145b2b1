"""What an account comes to: present values by column, and what a change returns on what it costs.

Money is told in millions over 100,000 births. What is linear in the changes of outcomes has the standard error of that
sum; a rate of return has as limits the rates at which a present value of zero cannot be excluded; the age at which a
change has paid for itself, and the value of public funds, are worked out in joint draws.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.estimators.influence import Estimate, Sampling, combined
from evenwicht.estimators.joint import Drawn, joint_draws
from evenwicht.estimators.results import Interval
from evenwicht.money.accounts import Account
from evenwicht.money.appraisal import paid_back
from evenwicht.money.discounting import Schedule
from evenwicht.money.internal_rate import internal_rate_interval, share_without_unique, unique_internal_rate
from evenwicht.money.payers import BOTH, COLUMNS, SOCIETY
from evenwicht.money.public_funds import PublicFunds, public_funds, ratios

IN_MILLIONS = 0.1  # money for one birth in millions over 100,000
PERCENT = 100.0
LIMITS = (0.025, 0.975)
FEW = 2_000  # draws whose rates are searched one by one
NEVER = "what is gained does not pay it back in the years that are looked at"
HURTS = "it saves money and hurts, so that there is no ratio"
STATE = "state_budget"


class Asked(NamedTuple):
    """What a number is: the column, the estimand, and the key of the discount rates, if there are any."""

    column: str
    estimand: str
    at: str = ""


@dataclass(frozen=True)
class Worked:
    """An account with discount rates.

    Attributes
    ----------
    account
        What the change moves.
    schedules
        Discount rates by their key; those of the convention come first.
    """

    account: Account
    schedules: Mapping[str, Schedule]

    @property
    def convention(self) -> str:
        """Key of the convention."""
        return next(iter(self.schedules))

    def factors(self, key: str) -> Floats:
        """Discount factor of each year, (t,)."""
        return self.schedules[key].factors(self.account.times)

    def asked(self) -> Iterator[Asked]:
        """Yield all that can be told: returns only of what costs something and brings something back."""
        for key in self.schedules:
            yield from (Asked(column, "present_value", key) for column in COLUMNS)
        if not self.account.streams:
            return
        for key in self.schedules:
            if self.cost(key) > 0:
                yield Asked(SOCIETY, "benefit_cost_ratio", key)
        for column in BOTH:
            if (self.account.spent(column) < 0).any():
                yield Asked(column, "internal_rate")
                yield Asked(column, "paid_back", self.convention)
        if (self.account.spent(STATE) < 0).any():
            yield Asked(STATE, "public_funds", self.convention)

    def cost(self, key: str) -> float:
        """Present value of what the change itself uses up, for one birth."""
        return float(-self.factors(key) @ self.account.spent(SOCIETY))

    def funds(self, effects: Floats) -> tuple[Floats, Floats]:
        """What all others gain, and net cost to the state, as present values for one birth; effects are (..., k)."""
        factors = self.factors(self.convention)
        state, everybody = (self.account.flows(effects, column) @ factors for column in BOTH)
        return everybody - state, -state

    def value(self, asked: Asked, effects: Floats) -> float:
        """The number for changes of the outcomes, (k,); NaN where it does not exist, infinite where it is."""
        column, estimand, key = asked
        flows = self.account.flows(effects, column)
        if estimand == "present_value":
            return float(IN_MILLIONS * self.factors(key) @ flows)
        if estimand == "benefit_cost_ratio":
            return float(self.factors(key) @ (flows - self.account.spent(column)) / self.cost(key))
        if estimand == "internal_rate":
            rate, reason = unique_internal_rate(flows, self.account.times)
            return np.nan if reason else PERCENT * rate
        if estimand == "paid_back":
            return float(paid_back(self.factors(key) * flows, self.account.ends))
        return float(ratios(*self.funds(effects)))


@dataclass(frozen=True)
class Returns:
    """An account with the changes that fill it, as they were estimated.

    Attributes
    ----------
    worked
        The account.
    effects
        Change of the outcome of each stream, for one birth, with influences on the same people.
    sampling
        How those were drawn.
    rng
        For joint draws.
    bought
        Change of an outcome that has no price, in the same people.
    """

    worked: Worked
    effects: Sequence[Estimate]
    sampling: Sampling
    rng: np.random.Generator
    bought: Estimate | None = None

    @property
    def values(self) -> Floats:
        """The changes, (k,)."""
        return np.array([one.value for one in self.effects])

    @cached_property
    def _drawn(self) -> Floats:
        """Joint draws of the changes, and last of what is bought."""
        every = [*self.effects, *([] if self.bought is None else [self.bought])]
        return joint_draws([Drawn(one, self.sampling) for one in every], self.rng)

    @property
    def draws(self) -> Floats:
        """Joint draws of the changes, (draws, k)."""
        return self._drawn[:, : len(self.effects)]

    @property
    def draws_bought(self) -> Floats:
        """What is bought in each of them, (draws,), for one birth."""
        return self._drawn[:, -1]

    def linear(self, weights: Floats, constant: float) -> Interval:
        """A weighted sum of the changes, (k,) weights, and a constant; without weight on any it is known."""
        value = float(weights @ self.values) + constant
        if not weights.any():
            return Interval(value)
        return self.sampling.interval(combined(value, *zip(weights.tolist(), self.effects, strict=True)))

    def present_value(self, column: str, factors: Floats) -> Interval:
        """Present value of a column with these discount factors, (t,), in millions over 100,000 births."""
        account = self.worked.account
        weights = IN_MILLIONS * factors @ account.per_unit(column)
        return self.linear(weights, float(IN_MILLIONS * factors @ account.spent(column)))

    def interval(self, asked: Asked) -> Interval:
        """The number with its 95% interval, or why it has none."""
        worked, account = self.worked, self.worked.account
        column, estimand, key = asked
        if estimand == "present_value":
            return self.present_value(column, worked.factors(key))
        if estimand == "benefit_cost_ratio":
            return self.linear(worked.factors(key) @ account.per_unit(column) / worked.cost(key), 0.0)
        if estimand == "internal_rate":
            return self._internal_rate(column)
        if estimand == "paid_back":
            return self._paid_back(asked)
        funds = self.public_funds
        value = worked.value(asked, self.values)
        return Interval(value, lower=funds.lower, upper=funds.upper, reason=HURTS if np.isnan(value) else "")

    @cached_property
    def public_funds(self) -> PublicFunds:
        """Marginal value of public funds in joint draws."""
        return public_funds(*self.worked.funds(self.draws))

    def _internal_rate(self, column: str) -> Interval:
        account = self.worked.account
        per_unit = account.per_unit(column)
        moved = np.column_stack([one.influence for one in self.effects])
        covariance = per_unit @ self.sampling.covariance(moved) @ per_unit.T
        flows = account.flows(self.values, column)
        found = internal_rate_interval(flows, covariance, account.times, df=self.sampling.df)
        _, reason = unique_internal_rate(flows, account.times)
        rate = np.nan if reason else PERCENT * found.estimate
        return Interval(rate, lower=PERCENT * found.lower, upper=PERCENT * found.upper, reason=reason)

    def _paid_back(self, asked: Asked) -> Interval:
        account, factors = self.worked.account, self.worked.factors(asked.at)
        drawn = paid_back(factors * account.flows(self.draws, asked.column), account.ends)
        lower, upper = np.quantile(np.where(np.isnan(drawn), np.inf, drawn), LIMITS, method="inverted_cdf")
        value = self.worked.value(asked, self.values)
        return Interval(value, lower=float(lower), upper=float(upper), reason=NEVER if np.isnan(value) else "")

    def gains(self, column: str) -> float:
        """Share of joint draws in which the present value of a column by the convention is above zero."""
        factors = self.worked.factors(self.worked.convention)
        return float(np.mean(self.worked.account.flows(self.draws, column) @ factors > 0))

    def without_rate(self, column: str) -> float:
        """Share of joint draws without one internal rate of return of an investment."""
        account = self.worked.account
        return share_without_unique(account.flows(self.draws[:FEW], column), account.times)

    def with_deadweight(self, share: float) -> Interval:
        """Present value to society by the convention, if each unit that the state pays on balance loses a share."""
        account, factors = self.worked.account, self.worked.factors(self.worked.convention)
        society, state = ((account.per_unit(column), account.spent(column)) for column in (SOCIETY, STATE))
        weights = IN_MILLIONS * factors @ (society[0] + share * state[0])
        return self.linear(weights, float(IN_MILLIONS * factors @ (society[1] + share * state[1])))
