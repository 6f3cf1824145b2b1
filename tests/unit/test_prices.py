"""Prices have a source, a currency, a price year and a tag; amounts move by year first, and by currency then."""

import csv
from collections.abc import Callable
from math import sqrt
from pathlib import Path
from typing import Any

import pytest
from evenwicht.base.errors import ConfigError, DataError
from evenwicht.money.price_years import (
    at_price_year,
    converted,
    indices,
    moved,
    purchasing_power,
)
from evenwicht.money.prices import CURRENCIES, Price, prices, read
from pydantic import ValidationError

ROW = {
    "id": "nl_day",
    "country": "NL",
    "sector": "hospital",
    "unit": "day",
    "value": "476",
    "low": "",
    "high": "",
    "currency": "EUR",
    "price_year": "2014",
    "perspective": "state",
    "kind": "resource",
    "scope": "All hospitals",
    "average_or_marginal": "average",
    "source": "Manual 2015",
    "tag": "memory_high",
}
RANGE = {"value": "", "low": "20", "high": "45"}


def table(path: Path, *rows: dict[str, str]) -> Path:
    """A file of prices, each row the one above but for some cells."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(ROW))
        writer.writeheader()
        writer.writerows({**ROW, **row} for row in rows)
    return path


@pytest.fixture
def one(tmp_path: Path) -> Callable[..., Price]:
    """The price in a file of one row."""
    return lambda **cells: read(table(tmp_path / "prices.csv", cells))["nl_day"]


# --- one price -------------------------------------------------------------------------------------------------------


def test_a_price_is_what_its_row_says(one: Callable[..., Price]) -> None:
    price = one()
    assert (price.value, price.currency, price.price_year, price.tag) == (476, "EUR", 2014, "memory_high")
    assert price.range == (476, 476, 476)


def test_a_price_does_not_change_after_loading(one: Callable[..., Price]) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        one().value = 1.0  # type: ignore[misc]


@pytest.mark.parametrize("tag", ["verified", "computed", "memory_high", "memory_mid", "memory_low"])
def test_the_value_of_a_bare_range_is_its_geometric_middle(one: Callable[..., Price], tag: str) -> None:
    price = one(**RANGE, tag=tag)
    assert price.range == (20, pytest.approx(30), 45)
    assert Price.model_validate(price.model_dump()) == price


def test_a_range_may_have_a_value_of_its_own(one: Callable[..., Price]) -> None:
    assert one(value="40", low="20", high="45").range == (20, 40, 45)


BROKEN: dict[str, tuple[dict[str, str], str]] = {
    **{
        f"no {field}": ({field: ""}, rf"{field}: Field required")
        for field in ROW
        if field not in ("id", "low", "high", "value")
    },
    "no amount": ({"value": ""}, "value: Field required"),
    "unknown country": ({"country": "BE"}, "country: Input should be 'NL', 'UK', 'NZ', 'DK' or 'US'"),
    "currency of another country": ({"currency": "GBP"}, "a price of NL is in EUR, and this is in GBP"),
    "unknown tag": ({"tag": "guess"}, "tag: Input should be 'verified', 'computed'"),
    "no number": ({"value": "476 euro"}, "value: Input should be a valid number"),
    "nothing": ({"value": "0"}, "value: Input should be greater than 0"),
    "two years": ({"price_year": "2022-24"}, "price_year: Input should be a valid integer"),
    "tariff of society": (
        {"kind": "tariff", "perspective": "society"},
        "a tariff is no cost to society: its perspective is state or household",
    ),
    "transfer of society": ({"kind": "transfer", "perspective": "society"}, "a transfer is no cost to society"),
    "low without high": ({"low": "400"}, "low and high are given together or not at all"),
    "high without low": ({"high": "500"}, "low and high are given together or not at all"),
    "value below its range": (
        {"low": "480", "high": "500"},
        "low 480, value 476 and high 500 must be in order, and low below high",
    ),
    "value above its range": ({"low": "400", "high": "450"}, "must be in order"),
    "range of one point": ({"low": "476", "high": "476"}, "low below high"),
    "range upside down": ({**RANGE, "low": "45", "high": "20"}, "must be in order"),
    "low confidence without a range": ({"tag": "memory_low"}, "low confidence is a range: give low and high"),
    "low confidence with a trusted point": (
        {"tag": "memory_low", "value": "40", "low": "20", "high": "45"},
        "no value of its own, and this has 40: leave it empty",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_row_is_refused_by_its_line_and_id(kind: str, one: Callable[..., Price]) -> None:
    cells, message = BROKEN[kind]
    with pytest.raises(DataError, match=message) as refused:
        one(**cells)
    assert str(refused.value).startswith("prices.csv, line 2 (nl_day): ")
    assert str(refused.value).endswith("Correct the row.")


def test_an_id_stands_once(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 3 .*: nl_day stands twice. Give each row its own id"):
        read(table(tmp_path / "prices.csv", {}, {"value": "480"}))


def test_a_row_has_as_many_cells_as_the_header(tmp_path: Path) -> None:
    path = table(tmp_path / "prices.csv", {})
    path.write_text(path.read_text("utf-8").replace("Manual 2015", "Manual, 2015"), encoding="utf-8")
    with pytest.raises(DataError, match="more cells than the header"):
        read(path)


# --- the prices that come with the library ---------------------------------------------------------------------------


def test_every_country_has_prices_in_its_own_currency() -> None:
    assert {price.country for price in prices().values()} == set(CURRENCIES)
    for name, price in prices().items():
        assert name.startswith(f"{price.country.lower()}_")
        assert price.currency == CURRENCIES[price.country]


@pytest.mark.parametrize("price", prices().values(), ids=list(prices()))
def test_no_price_is_more_certain_than_it_is_known(price: Price) -> None:
    low, middle, high = price.range
    assert low <= middle <= high
    if price.tag == "memory_low":
        assert low < high
        assert middle == pytest.approx(sqrt(low * high))
        assert "remembered" in price.source
    if price.perspective == "society":
        assert price.kind in ("resource", "value")


@pytest.mark.parametrize(
    ("name", "amount", "year", "tag"),
    [
        ("nl_hospital_day", 476, 2014, "memory_high"),
        ("nl_gp_consultation", 33, 2014, "memory_high"),
        ("nl_youth_stay_mental_health", 195.91, 2024, "verified"),
        ("nl_home_visiting_family", 2000, 2022, "verified"),
        ("uk_hospital_day", 1032, 2020, "verified"),
        ("uk_crime_homicide", 3_200_000, 2015, "verified"),
        ("nz_jobseeker", 1532, 2025, "computed"),
        ("nz_prison_day", 552, 2024, "verified"),
        ("dk_foster_family_year", 470_000, 2019, "verified"),
        ("us_nurse_family_partnership", 13_925, 2022, "verified"),
    ],
)
def test_published_prices(name: str, amount: float, year: int, tag: str) -> None:
    price = prices()[name]
    assert (price.value, price.price_year, price.tag) == (amount, year, tag)


def test_what_follows_from_other_prices_does_so() -> None:
    value = {name: price.value for name, price in prices().items()}
    assert value["nl_youth_family_home_year"] == pytest.approx(365 * value["nl_youth_family_home"], rel=1e-4)
    assert value["nl_youth_residential_trajectory"] == pytest.approx(
        365 / 2 * value["nl_youth_stay_mental_health"], rel=0.01
    )
    assert prices()["nl_youth_ambulatory_trajectory"].range[::2] == (
        20 * value["nl_youth_ambulatory_hour_bachelor"],
        40 * value["nl_youth_ambulatory_hour_bachelor"],
    )
    assert value["nl_child_care_year"] == pytest.approx(3 * 11 * 52 * value["nl_child_care_hour"], rel=0.01)
    assert value["nl_child_care_year_ceiling"] == pytest.approx(12 * 230 * value["nl_child_care_hour"], rel=0.01)
    assert value["nl_special_education_extra"] == value["nl_school_year_special"] - value["nl_school_year_primary"]
    net = value["nl_social_assistance_single"]
    assert prices()["nl_social_assistance_single_gross"].range[::2] == pytest.approx((1.15 * net, 1.25 * net), rel=1e-3)
    assert value["nz_jobseeker"] == pytest.approx(353.46 * 52 / 12, rel=1e-3)
    assert value["dk_placement_year"] == pytest.approx(9.7e9 / 13_459, rel=1e-3)


def test_a_sector_without_a_price_that_can_be_cited_has_no_row() -> None:
    assert not [price.id for price in prices().values() if "injury" in price.sector]


def test_tariffs_of_a_general_practitioner_are_not_taken_for_its_cost() -> None:
    tariffs = [price for price in prices().values() if price.id.startswith("nl_gp_tariff")]
    assert [price.kind for price in tariffs] == ["tariff", "tariff"]
    assert max(price.value for price in tariffs) < moved(prices()["nl_gp_consultation"].value, "NL", 2014, 2025)


# --- another year ----------------------------------------------------------------------------------------------------

DUTCH_INFLATION = {
    2015: 0.6,
    2016: 0.3,
    2017: 1.4,
    2018: 1.7,
    2019: 2.6,
    2020: 1.3,
    2021: 2.7,
    2022: 10.0,
    2023: 3.8,
    2024: 3.3,
    2025: 3.3,
}
NEW_ZEALAND_INFLATION = {2020: 1.7, 2021: 3.9, 2022: 7.2, 2023: 5.7, 2024: 2.9}


@pytest.mark.parametrize(
    ("year", "factor"),
    [(2014, 1.3532), (2017, 1.3226), (2019, 1.2676), (2022, 1.1076), (2023, 1.0671), (2024, 1.0330)],
)
def test_dutch_prices_rise_to_2025_as_published(year: int, factor: float) -> None:
    assert moved(1, "NL", year, 2025) == pytest.approx(factor, abs=5e-5)


@pytest.mark.parametrize(("country", "inflation"), [("NL", DUTCH_INFLATION), ("NZ", NEW_ZEALAND_INFLATION)])
def test_chained_series_give_back_the_rise_of_each_year(country: Any, inflation: dict[int, float]) -> None:
    for year, percent in inflation.items():
        assert moved(1, country, year - 1, year) == pytest.approx(1 + percent / 100, abs=1e-6)
    assert sorted(indices()[country]) == [min(inflation) - 1, *inflation]


def test_american_prices_rise_as_published() -> None:
    assert moved(201.600, "US", 2006, 2025) == pytest.approx(321.943)
    assert moved(1, "US", 2017, 2025) == pytest.approx(1.3134, abs=5e-5)


@pytest.mark.parametrize(("country", "first", "last", "ratio"), [("UK", 2015, 2024, 1.339), ("DK", 2015, 2024, 1.188)])
def test_british_and_danish_prices_rise_as_published(country: Any, first: int, last: int, ratio: float) -> None:
    assert moved(1, country, first, last) == pytest.approx(ratio)


def test_moving_back_gives_the_amount_again() -> None:
    assert moved(moved(100, "NL", 2014, 2025), "NL", 2025, 2014) == pytest.approx(100)


def test_an_amount_that_stays_in_its_year_needs_no_index() -> None:
    assert moved(341, "NL", 2004, 2004) == 341


@pytest.mark.parametrize(("from_year", "to_year", "missing"), [(2017, 2024, 2017), (2015, 2030, 2030)])
def test_a_missing_year_is_named_with_the_years_that_are_there(from_year: int, to_year: int, missing: int) -> None:
    with pytest.raises(ConfigError) as refused:
        moved(1, "UK", from_year, to_year)
    assert str(refused.value) == (
        f"price year: there is no index of UK for {missing}; there is one for 2015, 2016, 2018, 2020, 2021, 2022, "
        "2023, 2024. Give the amount in a price year that is there."
    )


def test_a_country_without_an_index_is_refused() -> None:
    with pytest.raises(ConfigError, match="no index of BE for 2020; there is one for no year"):
        moved(1, "BE", 2015, 2020)  # type: ignore[arg-type]


def test_years_that_nobody_published_are_not_there() -> None:
    """Nothing is interpolated: these lie between years that are given."""
    assert {2017, 2019} & set(indices()["UK"]) == set()
    assert {2016, 2017, 2018, 2019, 2021} & set(indices()["DK"]) == set()
    assert {2015, 2019} & set(indices()["US"]) == set()


# --- another country -------------------------------------------------------------------------------------------------


def test_purchasing_power_is_that_of_2017() -> None:
    assert {country: row.per_dollar for country, row in purchasing_power().items()} == {
        "NL": 0.790,
        "UK": 0.708,
        "NZ": 1.469,
        "DK": 7.28,
        "US": 1,
    }
    assert {row.year for row in purchasing_power().values()} == {2017}


def test_purchasing_power_is_rolled_forward_by_the_prices_of_both_countries() -> None:
    assert round(converted(1, "US", "NL", 2025), 3) == 0.796
    assert converted(1, "US", "NL", 2025) == pytest.approx(0.790 * 1.3226 / 1.3134, rel=1e-4)


def test_countries_convert_by_purchasing_power_in_its_own_year() -> None:
    assert converted(100, "UK", "DK", 2017) == pytest.approx(100 * 7.28 / 0.708)


def test_converting_back_gives_the_amount_again() -> None:
    assert converted(converted(100, "US", "NL", 2025), "NL", "US", 2025) == pytest.approx(100)


def test_a_country_stays_in_its_own_currency_without_purchasing_power() -> None:
    assert converted(100, "UK", "UK", 2024) == 100


def test_purchasing_power_that_cannot_be_rolled_forward_is_refused() -> None:
    with pytest.raises(ConfigError) as refused:
        converted(1, "UK", "NL", 2024)
    assert str(refused.value) == (
        "currency: purchasing power of UK is that of 2017, and cannot be moved to 2024: there is no index of UK for "
        "2017; there is one for 2015, 2016, 2018, 2020, 2021, 2022, 2023, 2024. Give a price of the country itself, "
        "or stay in the money of 2017."
    )


def test_a_country_without_purchasing_power_is_refused() -> None:
    with pytest.raises(ConfigError, match="no purchasing power of BE; there is that of NL, UK, NZ, DK, US"):
        converted(1, "NL", "BE", 2017)  # type: ignore[arg-type]


# --- a price in the money of a study ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "in_2025"), [("nl_hospital_day", 644), ("nl_gp_consultation", 45)])
def test_a_price_of_the_country_moves_by_year_alone(name: str, in_2025: int) -> None:
    there = at_price_year(prices()[name], "NL", 2025)
    assert round(there.mid) == in_2025
    assert (there.currency, there.price_year, there.foreign) == ("EUR", 2025, False)


def test_a_foreign_price_moves_by_its_own_prices_first_and_is_marked() -> None:
    there = at_price_year(prices()["us_nurse_family_partnership"], "NL", 2025)
    in_dollars = 13_925 * 321.943 / 292.655
    assert there.mid == pytest.approx(in_dollars * converted(1, "US", "NL", 2025))
    assert (there.currency, there.foreign) == ("EUR", True)


def test_the_order_makes_no_difference_as_purchasing_power_is_rolled_by_the_same_prices() -> None:
    there = at_price_year(prices()["us_nurse_family_partnership"], "NL", 2025)
    assert moved(converted(13_925, "US", "NL", 2022), "NL", 2022, 2025) == pytest.approx(there.mid)


def test_a_range_stays_a_range() -> None:
    price = prices()["nl_drug_per_fill"]
    there = at_price_year(price, "NL", 2025)
    assert (there.low, there.mid, there.high) == pytest.approx([amount * 1.0671 for amount in price.range], rel=1e-4)


def test_a_price_of_a_year_without_an_index_is_refused() -> None:
    with pytest.raises(ConfigError, match="no index of NL for 2004; there is one for 2014, .*, 2025"):
        at_price_year(prices()["nl_hospital_day_general_2004"], "NL", 2025)
