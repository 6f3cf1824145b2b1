"""What changes over all are worth in money: who pays, what comes back, and when."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import ConfigError, Mistake
from evenwicht.base.exposures import ExposureRef
from evenwicht.base.names import Name, Positive, Probability, Strict
from evenwicht.base.outcomes import ContinuousOutcome
from evenwicht.display.language import say
from evenwicht.levers.figures import Figure
from evenwicht.levers.lever import Age
from evenwicht.money.conventions import conventions
from evenwicht.money.payers import COLUMNS, Bearer, Kind
from evenwicht.money.price_years import restated
from evenwicht.money.prices import COUNTRIES, CURRENCIES, prices
from evenwicht.money.tables import Country
from evenwicht.results.questions import Question
from evenwicht.studies.changes import ChangeStudy
from evenwicht.studies.study import OF_STUDY, Level, all_known, unknown

Ages = Annotated[tuple[Age, Age], Field(description="First and last age, years")]


class _BetweenAges(Strict):
    ages: Ages

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.ages[1] < self.ages[0]:
            raise ValueError("ages must not end before they start")
        return self


class OwnPrice(Strict):
    """A price that you give, in the currency of `country` and at prices of `price_year`."""

    amount: Figure = Field(description="Money for one unit")
    kind: Kind = Field(
        description="resource: it is used up, and whoever bears it pays. transfer: the state pays it to families. "
        "tariff: what the state pays, which is not what it costs. value: what it is worth to families to have it. "
        "earnings: families earn it"
    )
    borne_by: Bearer = Field("state", description="Who bears a resource")
    tax: Probability = Field(0.0, description="Share of earnings that goes to the state")


class Worth(_BetweenAges):
    """An outcome as money, in even parts between two ages."""

    price: Name | OwnPrice = Field(description="Id of a price that is shipped, or one of your own")
    units: Positive = Field(1.0, description="Units of the price in one unit of the outcome")


class OwnCost(_BetweenAges):
    """What a policy costs, in the currency of `country` and at prices of `price_year`."""

    amount: Figure = Field(description="Money for each birth, whoever takes part")
    transfer: bool = Field(False, description="Whether it is paid out to families, so that society does not lose it")


class Bought(Strict):
    """An outcome without a price that a policy buys."""

    outcome: Name = Field(description="Id of an outcome of the study")
    better: Literal["lower", "higher"] = Field("lower", description="What is a gain")


class Settings(ChangeStudy):
    """What changes over all are worth: to the state budget, to families, to others, and to society.

    Each outcome with a price becomes money in the years in which it falls. An outcome without one stays in its own
    unit. Money of later years is discounted to birth.
    """

    kind: Literal["money"]
    level: Level = "population"
    exposures: list[ExposureRef] = Field([], description="What would be gone, each apart")
    country: Country = Field(description="Whose currency")
    price_year: int = Field(description="Year at whose prices money is told")
    rates: Name = Field(description="Convention of discount rates")
    worth: dict[Name, Worth] = Field({}, description="Id of an outcome -> its worth; others stay in their own unit")
    costs: dict[Name, OwnCost] = Field(
        {}, description="Column of a policy, or key of a lever that does not know its cost -> its cost"
    )
    transfers: list[Name] = Field([], description="Keys of levers whose cost is paid out to families")
    bought: Bought | None = Field(None, description="Outcome without a price that costs are compared with")

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        for name in sorted(set(COLUMNS) & set(self.outcomes)):
            yield Mistake("outcomes", f"'{name}' is the name of a column of money", "Give the outcome another id.")
        if not (self.exposures or self.policies or self.levers):
            yield Mistake("", "nothing is changed", "Name exposures, policies or levers.")
        yield from unknown("rates", self.rates, conventions(), "a convention of discount rates", "")
        for name, worth in self.worth.items():
            yield from unknown(f"worth.{name}", name, self.outcomes, "an outcome", OF_STUDY)
            yield from self._check_price(f"worth.{name}.price", worth.price)
        policies = [] if self.policies is None else [one.column for one in self.policies.columns]
        without = [one.key for one in self.levers if one.lever.cost is None]
        for name in self.costs:
            yield from unknown(
                f"costs.{name}", name, [*policies, *without], "a policy, or a lever without a cost,", OF_STUDY
            )
        yield from all_known("transfers", self.transfers, [one.key for one in self.levers], "a lever")
        for index, one in enumerate(self.levers):
            if one.lever.cost is not None:
                yield from self._convertible(f"levers.{index}", one.lever.cost.currency, one.lever.cost.price_year)
        if self.bought is not None:
            yield from unknown("bought.outcome", self.bought.outcome, self.outcomes, "an outcome", OF_STUDY)
            if self.bought.outcome in self.worth:
                what = f"'{self.bought.outcome}' is money already"
                yield Mistake("bought.outcome", what, "Name an outcome without a price.")

    def _check_price(self, path: str, price: str | OwnPrice) -> Iterator[Mistake]:
        if isinstance(price, OwnPrice):
            return
        yield from unknown(path, price, prices(), "a price that is shipped", "")
        if price in prices():
            yield from self._convertible(path, prices()[price].currency, prices()[price].price_year)

    def _convertible(self, path: str, currency: str, year: int) -> Iterator[Mistake]:
        """Yield why an amount cannot be told in the currency and at the prices of the study."""
        try:
            if currency not in COUNTRIES:
                raise ConfigError(f"{currency} is no currency that is known", where="", fix="")
            restated(1.0, COUNTRIES[currency], year, self.country, self.price_year)
        except ConfigError as error:
            yield Mistake(path, error.what, "Choose another price_year, or give a price of your own.")

    @property
    def money(self) -> str:
        """Currency and prices of all money, in the language of the moment."""
        return say("{currency} at {year} prices", currency=CURRENCIES[self.country], year=self.price_year)

    def asks(self, book: Codebook) -> list[Question]:
        from evenwicht.results.questions import Money
        from evenwicht.studies.money.accounting import Accounting

        return [*self.effects(book), Money(**self.changed(book), accounts=Accounting.of(self, book))]

    def means(self, book: Codebook) -> tuple[str, ...]:
        """Return the outcomes that are told as means."""
        return tuple(name for name in self.outcomes if isinstance(book.outcomes.get(name), ContinuousOutcome))

    def not_imputed(self) -> str:
        return "each change rests on columns of its own, and imputations are drawn for one"
