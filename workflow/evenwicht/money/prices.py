"""Unit costs, each with its source, currency, price year and how it is known: read from `prices.csv`.

A sector without a price that can be cited has no row, and stays in its own units. Amounts are nominal, in the money of
their price year; a financial year is named by its first year, and of several years the middle one is taken, as `scope`
then says. Where only a range is known, the value is its geometric middle, since a cost that may be off by a factor is
as likely to be too low as too high by that factor.
"""

from functools import cache
from math import isclose, sqrt
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from evenwicht.base.names import Name, Positive, Strict
from evenwicht.money.tables import Country, Source, Tag, Year, rows

FILE = Path(__file__).with_name("prices.csv")
CURRENCIES: dict[Country, str] = {"NL": "EUR", "UK": "GBP", "NZ": "NZD", "DK": "DKK", "US": "USD"}
COUNTRIES = {currency: country for country, currency in CURRENCIES.items()}


class Price(Strict):
    """What one unit of something costs, or is worth."""

    id: Name = Field(description="Its name")
    country: Country = Field(description="Where it was found")
    sector: Name = Field(description="What it belongs to: hospital, welfare, crime")
    unit: Annotated[str, Field(min_length=1)] = Field(description="What is counted: day, consultation, offence")
    value: Positive = Field(description="Amount per unit; left out where only a range is known")
    low: Positive | None = Field(default=None, description="Lowest amount that it may be")
    high: Positive | None = Field(default=None, description="Highest amount that it may be")
    currency: Literal["EUR", "GBP", "NZD", "DKK", "USD"] = Field(description="That of its country")
    price_year: Year = Field(description="Year in whose money the amount is")
    perspective: Literal["state", "household", "society"] = Field(
        description="Who bears it. state: public money, collective insurance included; such a resource is a cost to "
        "society as well. society: everybody together, of which the state may bear a part"
    )
    kind: Literal["resource", "transfer", "tariff", "value"] = Field(
        description="resource: what is used up or lost. transfer: money that changes hands. tariff: what is charged, "
        "which need not be what it costs. value: what one more is thought to be worth"
    )
    scope: Annotated[str, Field(min_length=1)] = Field(description="What the amount includes, and what it leaves out")
    average_or_marginal: Literal["average", "marginal"] = Field(
        description="Mean of all units, or that of one unit more; tariffs, entitlements and values are of one more"
    )
    source: Source = Field(description="Authors or publisher, with the year")
    tag: Tag

    @model_validator(mode="before")
    @classmethod
    def _middle(cls, data: Any) -> Any:
        """Fill in the geometric middle where only a range is given."""
        if not isinstance(data, dict) or "value" in data:
            return data
        try:
            return {**data, "value": sqrt(float(data["low"]) * float(data["high"]))}
        except (KeyError, TypeError, ValueError):
            return data

    @model_validator(mode="after")
    def _is_a_range(self) -> "Price":
        low, high = self.low, self.high
        if low is None or high is None:
            if low is not high:
                raise ValueError("low and high are given together or not at all")
            if self.tag == "memory_low":
                raise ValueError("a price remembered with low confidence is a range: give low and high")
            return self
        if not low < high or not low <= self.value <= high:
            raise ValueError(
                f"low {low:g}, value {self.value:g} and high {high:g} must be in order, and low below high"
            )
        if self.tag == "memory_low" and not isclose(self.value, sqrt(low * high)):
            raise ValueError(
                f"a price remembered with low confidence has no value of its own, and this has {self.value:g}: "
                "leave it empty"
            )
        return self

    @model_validator(mode="after")
    def _is_accounted_rightly(self) -> "Price":
        if self.perspective == "society" and self.kind in ("tariff", "transfer"):
            raise ValueError(f"a {self.kind} is no cost to society: its perspective is state or household")
        if self.currency != CURRENCIES[self.country]:
            raise ValueError(
                f"a price of {self.country} is in {CURRENCIES[self.country]}, and this is in {self.currency}"
            )
        return self

    @property
    def range(self) -> tuple[float, float, float]:
        """Lowest, middle and highest amount; all the same where the source gives one."""
        low = self.value if self.low is None else self.low
        high = self.value if self.high is None else self.high
        return low, self.value, high


def read(path: Path) -> dict[str, Price]:
    """Return the prices of a file in the format of `prices.csv`, by id.

    Raises
    ------
    DataError
        A row breaks a rule of `Price`, or an id stands twice.
    """
    return {price.id: price for price in rows(path, Price, ("id",))}


@cache
def prices() -> dict[str, Price]:
    """Return the prices that come with the library, by id.

    >>> prices()["nl_hospital_day"].value
    476.0
    """
    return read(FILE)
