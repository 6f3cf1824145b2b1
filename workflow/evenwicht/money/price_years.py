"""Amounts in the money of another year and of another country: first the year, then the currency.

Years are bridged by the consumer prices of the own country (`price_indices.csv`), currencies by purchasing power
(`purchasing_power.csv`, Penn World Table 9.1). No year is interpolated: where an index is missing, an amount cannot be
moved. Since purchasing power is rolled forward by the same prices, the order makes no difference to an amount; it would
with purchasing power that was measured in each year. Rolled forward, purchasing power is off by some per cent, which is
small beside the error of a unit cost.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import Field

from evenwicht.base.errors import ConfigError, listed
from evenwicht.base.names import Positive, Strict
from evenwicht.money.prices import CURRENCIES, Price
from evenwicht.money.tables import Country, Source, Tag, Year, rows

INDICES = Path(__file__).with_name("price_indices.csv")
PURCHASING_POWER = Path(__file__).with_name("purchasing_power.csv")


class Index(Strict):
    """The level of consumer prices in one year."""

    country: Country
    year: Year
    index: Positive = Field(description="Level; only ratios within a country mean anything")
    source: Source
    tag: Tag


class PurchasingPower(Strict):
    """What buys as much as one US dollar does in the United States."""

    country: Country
    year: Year
    per_dollar: Positive = Field(description="Amount in the own currency per US dollar")
    source: Source
    tag: Tag


@dataclass(frozen=True)
class Restated:
    """A price in the money of a year and a country.

    Attributes
    ----------
    price
        The price as its source gives it.
    country, price_year
        Where and when the amounts are money.
    low, mid, high
        Amounts per unit, in the currency of `country`.
    """

    price: Price
    country: Country
    price_year: int
    low: float
    mid: float
    high: float

    @property
    def currency(self) -> str:
        """Currency of the amounts."""
        return CURRENCIES[self.country]

    @property
    def foreign(self) -> bool:
        """Whether the price was found in another country, which has to be said wherever it is shown."""
        return self.price.country != self.country


@cache
def indices() -> dict[Country, dict[int, Index]]:
    """Return the price levels that come with the library, by country and year."""
    found: dict[Country, dict[int, Index]] = {}
    for row in rows(INDICES, Index, ("country", "year")):
        found.setdefault(row.country, {})[row.year] = row
    return found


@cache
def purchasing_power() -> dict[Country, PurchasingPower]:
    """Return the purchasing powers of 2017 that come with the library, by country."""
    return {row.country: row for row in rows(PURCHASING_POWER, PurchasingPower, ("country",))}


def moved(amount: float, country: Country, from_year: int, to_year: int) -> float:
    """Return an amount in the money of another year, by the consumer prices of its country.

    Parameters
    ----------
    amount
        Amount in the currency of the country.
    country
        Whose currency, and whose prices.
    from_year, to_year
        Year in whose money it is, and year in whose money it shall be.

    Raises
    ------
    ConfigError
        The country has no index for one of the two years.

    Examples
    --------
    >>> round(moved(476, "NL", 2014, 2025))
    644
    """
    return amount if from_year == to_year else amount * _level(country, to_year) / _level(country, from_year)


def converted(amount: float, country: Country, to_country: Country, year: int) -> float:
    """Return an amount in the currency of another country, by purchasing power in a year.

    Purchasing power of 2017 is rolled forward, or back, by the consumer prices of both countries.

    Parameters
    ----------
    amount
        Amount in the currency of `country`, in the money of `year`.
    country, to_country
        Whose currency it is in, and whose it shall be in.
    year
        Year in whose money the amount is and stays.

    Raises
    ------
    ConfigError
        A country has no purchasing power, or no index that leads from 2017 to the year.

    Examples
    --------
    >>> round(converted(1, "US", "NL", 2025), 3)
    0.796
    """
    if country == to_country:
        return amount
    return amount * _per_dollar(to_country, year) / _per_dollar(country, year)


def restated(amount: float, country: Country, from_year: int, to_country: Country, to_year: int) -> float:
    """Return an amount in the money of another year and country: first the year, then the currency.

    Raises
    ------
    ConfigError
        An index is missing.
    """
    return converted(moved(amount, country, from_year, to_year), country, to_country, to_year)


def at_price_year(price: Price, country: Country, year: int) -> Restated:
    """Return a price in the money of a country and a year: first the year, in its own currency, then the currency.

    Raises
    ------
    ConfigError
        An index is missing.

    Examples
    --------
    >>> from evenwicht.money.prices import prices
    >>> at_price_year(prices()["us_nurse_family_partnership"], "NL", 2025).foreign
    True
    """
    low, mid, high = (restated(amount, price.country, price.price_year, country, year) for amount in price.range)
    return Restated(price, country, year, low, mid, high)


def _level(country: Country, year: int) -> float:
    known = indices().get(country, {})
    if year not in known:
        raise ConfigError(
            f"there is no index of {country} for {year}; there is one for {listed(sorted(known)) or 'no year'}",
            where="price year",
            fix="Give the amount in a price year that is there.",
        )
    return known[year].index


def _per_dollar(country: Country, year: int) -> float:
    """Purchasing power as it grows by the prices of the country; those of the United States cancel out of a ratio."""
    known = purchasing_power().get(country)
    if known is None:
        raise ConfigError(
            f"there is no purchasing power of {country}; there is that of {listed(purchasing_power())}",
            where="currency",
            fix="Give the amount in the currency of a country that is there.",
        )
    try:
        return moved(known.per_dollar, country, known.year, year)
    except ConfigError as error:
        raise ConfigError(
            f"purchasing power of {country} is that of {known.year}, and cannot be moved to {year}: {error.what}",
            where="currency",
            fix=f"Give a price of the country itself, or stay in the money of {known.year}.",
        ) from None
