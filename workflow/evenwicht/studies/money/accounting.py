"""The account of each change: prices and costs as a study gives them, in its currency and at its prices.

What is kept here are numbers and ids alone, in an order of their own: true values rest on them, which must depend on
no word, and be planned again for no other reason.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evenwicht.base.arrays import Floats, Labels
from evenwicht.base.codebook import Codebook
from evenwicht.levers.figures import Point, Sweep, Value, at
from evenwicht.levers.lever import Cost
from evenwicht.levers.package import EVERYBODY, Package
from evenwicht.money.accounts import Account, Ages, Outlay, Stream
from evenwicht.money.conventions import conventions
from evenwicht.money.discounting import Schedule
from evenwicht.money.payers import shares, times
from evenwicht.money.price_years import Restated, at_price_year, restated
from evenwicht.money.prices import COUNTRIES, prices
from evenwicht.money.returns import Worked
from evenwicht.money.tables import Country
from evenwicht.studies.money import OwnPrice, Settings

COST = "cost"  # what the change itself costs, among the names of outcomes
FLAT = {"0": 0.0, "3": 0.03, "7": 0.07}  # rates a year beside the convention, by their key
NOT_AVERAGED = ("paid_back", "public_funds")  # whole years, and what may be infinite, have no mean over people
POINTS: tuple[Point, ...] = ("low", "mid", "high")
Range = tuple[float, float, float]  # at each of these points


@dataclass(frozen=True)
class Priced:
    """An outcome with a price: its stream at each point of what is known of that."""

    streams: tuple[Stream, Stream, Stream]

    @property
    def outcome(self) -> str:
        """Its id."""
        return self.streams[0].outcome

    @property
    def swept(self) -> bool:
        """Whether only a range of its price is known."""
        return self.streams[0] != self.streams[2]


@dataclass(frozen=True)
class OwnCost:
    """What a policy costs for each birth, at each point of what is known of that, and when."""

    ages: Ages
    amounts: Range
    transfer: bool


@dataclass(frozen=True)
class Accounting:
    """How a study keeps its accounts.

    Attributes
    ----------
    priced
        The outcomes with a price.
    costs
        By key: what policies cost, and levers that do not know their cost.
    keys
        By name of a lever: its key.
    transfers
        Keys of levers whose cost is paid out to families.
    rates, steps
        The convention of discount rates, and its rates.
    country, price_year
        Whose currency, and at which prices.
    means
        Ids of outcomes that are told as means: adding up the points of people has no meaning.
    """

    priced: tuple[Priced, ...]
    costs: Mapping[str, OwnCost]
    keys: Mapping[str, str]
    transfers: tuple[str, ...]
    rates: str
    steps: tuple[tuple[float, float], ...]
    country: Country
    price_year: int
    means: tuple[str, ...]

    @classmethod
    def of(cls, study: Settings, book: Codebook) -> "Accounting":
        """Return the accounting of a study."""
        costs = {
            key: OwnCost(cost.ages, _range(cost.amount), cost.transfer) for key, cost in sorted(study.costs.items())
        }
        keys = {one.lever.name: one.key for one in study.levers}
        steps, about = conventions()[study.rates].money, (study.country, study.price_year, study.means(book))
        priced = tuple(_priced(study, name) for name in study.worth)
        return cls(priced, costs, keys, tuple(study.transfers), study.rates, steps, *about)

    def outcomes(self) -> tuple[str, ...]:
        """Return the ids of the outcomes with a price."""
        return tuple(one.outcome for one in self.priced)

    @property
    def schedules(self) -> dict[str, Schedule]:
        """Discount rates by their key; the convention of the study comes first."""
        return {self.rates: Schedule(self.steps)} | {key: Schedule.constant(rate) for key, rate in FLAT.items()}

    def account(
        self,
        key: str,
        package: Package | None,
        thirds: Labels,
        weights: Floats | None,
        ends: Mapping[str, Point] | None = None,
    ) -> Account:
        """Return the account of one change.

        Parameters
        ----------
        key
            Exposure of its rows.
        package
            What levers do; None if a column is compared.
        thirds : (n,) array
            Third of the rank of each person, by which levers reach them.
        weights : (n,) array
            Probability weights, if any.
        ends
            By id of an outcome, or `COST`: which end of its price or of the cost is taken; the middle if left out.
        """
        points: dict[str, Point] = dict.fromkeys((*(one.outcome for one in self.priced), COST), "mid")
        points.update(ends or {})
        streams = tuple(one.streams[POINTS.index(points[one.outcome])] for one in self.priced)
        return Account(streams, self._outlays(key, package, thirds, weights, points[COST]))

    def told_as(self, outcome: str) -> tuple[str, float]:
        """Return the estimand that tells the change of an outcome, and what that of one birth is multiplied by."""
        return ("mean_over_all", 1.0) if outcome in self.means else ("units_over_all", EVERYBODY)

    def swept(self, key: str, package: Package | None) -> list[str]:
        """Return of what only a range is known: ids of outcomes with such a price, and `COST`."""
        own = [cost.amounts for one in self._keys(key, package) if (cost := self.costs.get(one))]
        levers = [] if package is None else [_range(one.lever.cost.amount) for one in package.acting if one.lever.cost]
        open_cost = any(low != high for low, _, high in (*own, *levers))
        return [one.outcome for one in self.priced if one.swept] + ([COST] if open_cost else [])

    def truths(
        self,
        key: str,
        lever: Any,
        changes: Mapping[str, float],
        thirds: Labels,
        weights: Floats,
    ) -> Iterator[tuple[str, str, str, float]]:
        """Yield column or outcome, estimand, `at` and value of all that follows from true changes a birth."""
        for name, change in changes.items():
            estimand, factor = self.told_as(name)
            yield name, estimand, "", factor * change
        names = [one.outcome for one in self.priced]
        worked = Worked(self.account(key, lever, thirds, weights), self.schedules)
        if not worked.account or not all(name in changes for name in names):
            return
        true = np.array([changes[name] for name in names])
        for asked in worked.asked():
            value = worked.value(asked, true)
            if np.isfinite(value) and asked.estimand not in NOT_AVERAGED:
                yield *asked, value

    def _keys(self, key: str, package: Package | None) -> list[str]:
        """Keys of the levers of a change, or its own."""
        return [key] if package is None else [self.keys[one.lever.name] for one in package.acting]

    def _outlays(
        self, key: str, package: Package | None, thirds: Labels, weights: Floats | None, point: Point
    ) -> tuple[Outlay, ...] | None:
        """What a change costs; None unless the cost of all of it is known."""
        outlays = list[Outlay]()
        for place, name in enumerate(self._keys(key, package)):
            own = self.costs.get(name)
            if own is not None:
                outlays.append(_outlay(own.amounts[POINTS.index(point)], own.ages, own.transfer))
                continue
            acting = None if package is None else package.acting[place]
            if package is None or acting is None or acting.lever.cost is None:
                return None
            amount = replace(package, acting=(acting,)).cost(thirds, point, weights) / EVERYBODY
            ages = (acting.lever.age_start, acting.lever.age_end)
            outlays.append(_outlay(self._here(amount, acting.lever.cost), ages, name in self.transfers))
        return tuple(outlays)

    def _here(self, amount: float, cost: Cost) -> float:
        """An amount of a lever in the money of the study."""
        return restated(amount, COUNTRIES[cost.currency], cost.price_year, self.country, self.price_year)


def _outlay(amount: float, ages: Ages, transfer: bool) -> Outlay:
    """The state pays; families have it if it is handed to them."""
    return Outlay(ages, times(amount, shares("transfer" if transfer else "resource", "state")))


def _range(figure: Value | Sweep) -> Range:
    return at(figure, "low"), at(figure, "mid"), at(figure, "high")


def _priced(study: Settings, name: str) -> Priced:
    worth, price = study.worth[name], price_of(study, name)
    if isinstance(price, OwnPrice):
        amounts, parts = _range(price.amount), shares(price.kind, price.borne_by, price.tax)
    else:
        amounts, parts = (price.low, price.mid, price.high), shares(price.price.kind, price.price.perspective)
    low, mid, high = (Stream(name, worth.ages, times(worth.units * amount, parts)) for amount in amounts)
    return Priced((low, mid, high))


def price_of(study: Settings, name: str) -> Restated | OwnPrice:
    """Return the price of an outcome: a shipped one in the money of the study, or one of its own."""
    price = study.worth[name].price
    return price if isinstance(price, OwnPrice) else at_price_year(prices()[price], study.country, study.price_year)
