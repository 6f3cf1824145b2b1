"""Each operation that makes a column: by hand, by plain Python, where values are missing, and in any order of rows."""

import datetime as dt
import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Column
from evenwicht.base.errors import ConfigError, DataError
from evenwicht.config import CohortConfig
from evenwicht.config.loading import load_cohort
from evenwicht.ingest.derived import OPERATIONS, Operation, Rows
from evenwicht.ingest.derived.clock import months, years
from evenwicht.ingest.derived.dates import MonthsExposed
from evenwicht.ingest.sources import TableSource
from evenwicht.ingest.table import ingest, to_cohort
from hypothesis import given
from hypothesis import strategies as st

from tests.cohorts import changed, configured
from tests.pages import pages_of, run_of, text_of

Texts = Sequence[str | None]


def made(rule: dict[str, Any], table: dict[str, Texts], **described: Any) -> pd.Series:
    """The column that a rule makes of a table of text; it is a number unless it is described as another type."""
    source = TableSource.model_validate({"kind": "table", "path": "own.csv", "derived": {"made": rule}})
    columns = {
        "made": Column.model_validate({"role": "baseline", "label": "Made", **described}),
        "id": Column(role="id", type="category", label="Person"),
    }
    n = len(next(iter(table.values())))
    flat = {"id": [f"p{i}" for i in range(n)], **table}
    texts = pa.table({name: pa.array(column, pa.string()) for name, column in flat.items()})
    return to_cohort(texts, source, Codebook("own", columns)).persons["made"]


def listed(column: pd.Series) -> list[Any]:
    """The values, None where missing."""
    return column.astype(object).where(column.notna(), None).tolist()


def numbers(texts: Texts) -> list[float | None]:
    return [None if text is None else float(text) for text in texts]


def texts(values: Sequence[object]) -> Texts:
    return [None if value is None else str(value) for value in values]


# --- recode


def test_codes_become_other_codes() -> None:
    rule = {"kind": "recode", "of": {"source": "x", "missing": [9]}, "into": {1: 0, 2: 1, 3: 1}}
    column = made(rule, {"x": ["1", "2.0", "3", "9", None, "1"]}, type="boolean")
    assert listed(column) == [False, True, True, None, None, False]


def test_a_code_that_is_not_listed_is_an_error_with_a_count_unless_it_is_said_what_it_becomes() -> None:
    rule: dict[str, Any] = {"kind": "recode", "of": "x", "into": {1: "never", 2: "now"}}
    table = {"x": ["1", "7", "8", "1.0", None]}
    with pytest.raises(DataError, match="column 'x': 2 values are not described .2 unknown codes.") as refused:
        made(rule, table, type="category")
    assert "'7'" not in str(refused.value)
    column = made({**rule, "otherwise": "other"}, table, type="category")
    assert listed(column) == ["never", "other", "other", "never", None]


def test_new_codes_are_in_the_order_in_which_they_are_listed_whoever_has_them() -> None:
    rule = {"kind": "recode", "of": "x", "into": {3: "low", 1: "high", 2: "low"}, "otherwise": "apart"}
    for x in (["1", "3"], ["2"]):
        assert made(rule, {"x": x}, type="category").cat.categories.tolist() == ["low", "high", "apart"]


def test_a_missing_code_stays_missing_however_it_is_written() -> None:
    rule = {"kind": "recode", "of": {"source": "x", "missing": [9]}, "into": {1: "low"}, "otherwise": "high"}
    table = {"x": ["1", "9", "9.0", "3"]}
    assert listed(made(rule, table, type="category")) == ["low", None, None, "high"]
    assert listed(made(rule, table, type="category", missing=["high"])) == ["low", None, None, None]


def test_a_new_code_may_be_called_like_an_old_one() -> None:
    rule = {"kind": "recode", "of": "x", "into": {1: 2, 2: 1}}
    assert listed(made(rule, {"x": ["1", "2", "1"]})) == [2, 1, 2]


# --- cut


@pytest.mark.parametrize(
    ("closed", "expected"),
    [
        ("left", ["under", "normal", "normal", "over", "over", None]),
        ("right", ["under", "under", "normal", "normal", "over", None]),
    ],
)
def test_a_value_at_a_limit_belongs_to_the_side_that_is_closed(closed: str, expected: list[str | None]) -> None:
    rule = {"kind": "cut", "of": "bmi", "limits": [18.5, 25], "labels": ["under", "normal", "over"], "closed": closed}
    column = made(rule, {"bmi": ["18.4", "18.5", "20", "25", "31", None]}, type="category")
    assert listed(column) == expected
    assert column.cat.categories.tolist() == ["under", "normal", "over"]


@given(st.lists(st.integers(-5, 25), min_size=1), st.booleans())
def test_cutting_agrees_with_pandas(values: list[int], left: bool) -> None:
    limits, labels = [0, 7, 20], ["a", "b", "c", "d"]
    rule = {"kind": "cut", "of": "x", "limits": limits, "labels": labels, "closed": "left" if left else "right"}
    expected = pd.cut(pd.Series(values), [-np.inf, *limits, np.inf], right=not left, labels=labels)
    assert listed(made(rule, {"x": texts(values)}, type="category")) == expected.tolist()


# --- scores

ANSWERS: dict[str, Texts] = {
    "a": ["1", "1", "1", "0", "0", None],
    "b": ["1", "0", None, "0", None, None],
    "c": ["yes", "no", "no", "no", "no", None],
}


def test_an_ace_score_counts_the_yeses_of_those_who_answered_enough() -> None:
    rule = {"kind": "count", "of": ["a", "b", "c"]}
    assert listed(made(rule, ANSWERS)) == [3, 1, None, 0, None, None]
    assert listed(made({**rule, "least_answered": 2}, ANSWERS)) == [3, 1, 1, 0, 0, None]
    assert made(rule, ANSWERS, type="integer").dtype == "Int64"


def test_any_of_is_yes_if_any_is_else_missing_if_any_is_missing() -> None:
    assert listed(made({"kind": "any_of", "of": ["a", "b", "c"]}, ANSWERS, type="boolean")) == [
        *(True, True, True),
        *(False, None, None),
    ]


ITEMS: dict[str, Texts] = {"p": ["1", "5", None, None], "q": ["2", "3", "4", None], "r": ["5", "1", "2", "3"]}


def test_the_mean_of_a_scale_is_of_the_items_answered_with_reversed_items_turned() -> None:
    rule = {"kind": "mean", "of": ["p", "q", "r"], "reversed": {"r": [1, 5]}}
    assert listed(made(rule, ITEMS)) == [(1 + 2 + 1) / 3, (5 + 3 + 5) / 3, None, None]
    assert listed(made({**rule, "least_answered": 2}, ITEMS)) == [(1 + 2 + 1) / 3, (5 + 3 + 5) / 3, (4 + 4) / 2, None]
    assert listed(made({"kind": "mean", "of": ["p", "r"], "least_answered": 1}, ITEMS)) == [3, 3, 2, 3]


def test_a_reversed_item_has_no_answer_outside_its_range() -> None:
    rule = {"kind": "mean", "of": ["p", "r"], "reversed": {"r": [1, 4]}}
    with pytest.raises(DataError, match="column 'r': 1 value is outside 1 to 4"):
        made(rule, ITEMS)


@given(
    st.lists(
        st.tuples(*[st.one_of(st.none(), st.integers(0, 10))] * 3),
        min_size=1,
        max_size=12,
    ),
    st.integers(1, 3),
)
def test_a_mean_agrees_with_that_of_each_person(people: list[tuple[int | None, ...]], least: int) -> None:
    table = {name: texts(column) for name, column in zip("pqr", zip(*people, strict=True), strict=True)}
    known = [[answer for answer in answers if answer is not None] for answers in people]
    expected = [statistics.fmean(answers) if len(answers) >= least else None for answers in known]
    found = listed(made({"kind": "mean", "of": ["p", "q", "r"], "least_answered": least}, table))
    assert found == pytest.approx(expected)


# --- numbers


def test_a_difference_is_missing_if_either_number_is() -> None:
    table = {"x": ["80.5", "70", None, "9"], "y": ["78", None, "60", "10"]}
    assert listed(made({"kind": "difference", "of": "x", "minus": "y"}, table)) == [2.5, None, None, -1]


def test_a_logarithm_is_natural() -> None:
    x = ["1", "2.5", None, "1e6"]
    expected = [None if value is None else math.log(value) for value in numbers(x)]
    assert listed(made({"kind": "log", "of": "x"}, {"x": x})) == expected
    assert listed(made({"kind": "log", "of": "x", "plus": 1}, {"x": ["0", None]})) == [0, None]


@pytest.mark.parametrize(
    ("plus", "message"),
    [
        (None, "column 'made': 2 people have zero or less in 'x', which has no logarithm"),
        (1, "column 'made': 1 person has zero or less in 'x' after `plus` is added"),
    ],
)
def test_there_is_no_logarithm_of_zero_or_less(plus: float | None, message: str) -> None:
    with pytest.raises(DataError, match=message) as refused:
        made({"kind": "log", "of": "x", "plus": plus}, {"x": ["3", "0", "-1.75", None]})
    assert "1.75" not in str(refused.value)


HEIGHTS = ["150", "160", "170", None, "180", "190", "185"]
SEXES = ["f", "f", "f", "f", "m", "m", None]


def test_a_standard_score_has_mean_0_and_sd_1_over_those_known() -> None:
    known = [value for value in numbers(HEIGHTS) if value is not None]
    mean, sd = statistics.fmean(known), statistics.stdev(known)
    expected = [None if value is None else (value - mean) / sd for value in numbers(HEIGHTS)]
    assert listed(made({"kind": "standardise", "of": "x"}, {"x": HEIGHTS})) == pytest.approx(expected)


def test_a_standard_score_may_be_within_groups() -> None:
    found = made({"kind": "standardise", "of": "x", "within": "sex"}, {"x": HEIGHTS, "sex": SEXES})
    half = math.sqrt(0.5)
    assert listed(found) == pytest.approx([-1, 0, 1, None, -half, half, None])


@pytest.mark.parametrize(
    ("x", "people"), [(["1", "2", "5", "5"], "2 people have"), (["1", "2", "5", None], "1 person has")]
)
def test_a_group_without_a_standard_deviation_is_refused(x: Texts, people: str) -> None:
    rule = {"kind": "standardise", "of": "x", "within": "sex"}
    with pytest.raises(
        DataError, match=f"{people} the same value of 'x' as all others of their group, or the only one"
    ):
        made(rule, {"x": x, "sex": ["f", "f", "m", "m"]})
    assert listed(made(rule, {"x": ["1", "2", None], "sex": ["f", "f", "m"]}))[2] is None  # nobody known in a group


def test_a_standard_score_has_no_unit() -> None:
    grams = [None if value is None else str(value * 1000) for value in numbers(HEIGHTS)]
    one, other = (made({"kind": "standardise", "of": "x"}, {"x": x}) for x in (HEIGHTS, grams))
    pd.testing.assert_series_equal(one, other, rtol=1e-12)


# --- time as people count it


def birthday(born: dt.date, year: int) -> dt.date:
    try:
        return born.replace(year=year)
    except ValueError:  # 29 February
        return dt.date(year, 3, 1)


def age(born: dt.date, at: dt.date) -> float:
    """Birthdays passed one by one, and the part of the year since the last."""
    passed = 0
    while birthday(born, born.year + passed + 1) <= at:
        passed += 1
    last, following = (birthday(born, born.year + passed + more) for more in (0, 1))
    return passed + (at - last).days / (following - last).days


def age_in_months(born: dt.date, at: dt.date) -> float:
    """Months passed one by one, forwards or backwards, and the part of the month since the last."""

    def returned(month: int) -> dt.date:
        year, month = divmod(born.year * 12 + born.month - 1 + month, 12)
        try:
            return dt.date(year, month + 1, born.day)
        except ValueError:  # a day that this month does not have
            return dt.date(year + (month == 11), (month + 1) % 12 + 1, 1)

    passed = 0
    while returned(passed + 1) <= at:
        passed += 1
    while returned(passed) > at:
        passed -= 1
    last, following = returned(passed), returned(passed + 1)
    return passed + (at - last).days / (following - last).days


DAYS = st.dates(dt.date(1930, 1, 1), dt.date(1960, 12, 31))


def day(date: dt.date) -> np.datetime64:
    return np.datetime64(date)


@given(DAYS, st.integers(0, 20_000))
def test_years_are_counted_by_birthdays(born: dt.date, days: int) -> None:
    at = born + dt.timedelta(days)
    assert years(np.array([day(born)]), day(at)).tolist() == [pytest.approx(age(born, at), abs=1e-12)]


@given(DAYS, st.integers(-900, 900))
def test_months_are_counted_by_returns_of_the_day_before_and_after_birth(born: dt.date, days: int) -> None:
    at = born + dt.timedelta(days)
    assert months(np.array([day(born)]), day(at)).tolist() == [pytest.approx(age_in_months(born, at), abs=1e-12)]


@given(DAYS, st.integers(0, 90))
def test_an_age_is_a_whole_number_on_a_birthday_and_below_it_the_day_before(born: dt.date, year: int) -> None:
    at = birthday(born, born.year + year)
    on, before = years(np.array([day(born)] * 2), np.array([day(at), day(at - dt.timedelta(1))]))
    assert on == year
    assert before < year


def test_age_is_missing_without_a_date_and_may_be_at_one_date_for_all() -> None:
    table = {
        "born": ["1944-11-01", "1944-02-29", None, "1950-06-15"],
        "seen": ["1980-11-01", "1981-02-28", "1981-01-01", None],
    }
    rule = {"kind": "age_between", "start": "born"}
    assert listed(made({**rule, "end": "seen"}, table)) == pytest.approx([36, 36 + 365 / 366, None, None])
    assert listed(made({**rule, "at": "1960-06-15"}, table))[3] == 10


def test_dates_to_the_month_give_twelfths_and_dates_to_the_year_whole_years() -> None:
    table = {"born": ["1944-11"], "seen": ["1980-12-31"]}
    for precision, expected in (("month", 36 + 1 / 12), ("year", 36)):
        born = {"source": "born", "precision": precision}
        assert listed(made({"kind": "age_between", "start": born, "end": "seen"}, table)) == [expected]


def test_a_date_before_the_first_is_refused_with_a_count() -> None:
    table = {"born": ["1944-11-01"] * 3, "seen": ["1944-10-31", "1944-11-01", "1900-01-01"]}
    with pytest.raises(DataError, match="2 people have a date in 'born' after that in 'seen'") as refused:
        made({"kind": "age_between", "start": "born", "end": "seen"}, table)
    assert "19" not in str(refused.value)
    with pytest.raises(DataError, match="3 people have a date in 'born' after 1944-01-01"):
        made({"kind": "age_between", "start": "born", "at": "1944-01-01"}, table)


# --- first dates

EXITS: dict[str, Texts] = {
    "died": ["1990-03-02", None, "2001-01-01", None, None],
    "left": ["1985-05-05", "1999-12-31", None, None, None],
}


def test_the_first_of_several_dates_is_of_those_that_happened() -> None:
    rule = {"kind": "first_of", "of": ["died", "left"]}
    day = pd.Timestamp
    assert listed(made(rule, EXITS, type="date")) == [
        day("1985-05-05"),
        day("1999-12-31"),
        day("2001-01-01"),
        None,
        None,
    ]
    ended = listed(made({**rule, "end": "2000-12-31"}, EXITS, type="date"))
    assert ended == [day("1985-05-05"), day("1999-12-31"), *[day("2000-12-31")] * 3]


def test_a_first_date_is_known_as_well_as_the_least_precise() -> None:
    rule = {"kind": "first_of", "of": ["died", {"source": "left", "precision": "month"}]}
    with pytest.raises(DataError, match="3 values are known to the year or month only, but declared to the day"):
        made(rule, EXITS, type="date")
    assert listed(made(rule, EXITS, type="date", precision="month"))[0] == pd.Timestamp("1985-05-01")


# --- months of life in a window

RATIONED = {"start": "1940-01-08", "end": "1953-09-26"}
INFANCY = {"kind": "months_exposed", "of": "born", "from_month": 0, "to_month": 24, **RATIONED}


def test_months_of_exposure_are_those_of_life_within_the_window() -> None:
    born = ["1945-06-01", "1953-03-27", "1953-09-27", "1938-01-08", "1937-01-01", None]
    assert listed(made(INFANCY, {"born": born})) == [24, 6, 0, 0, 0, None]
    womb = {**INFANCY, "from_month": -9, "to_month": 0}
    # rationed from the first day of the window: born nine months after it, in all of gestation, and so on
    assert listed(made(womb, {"born": ["1940-10-08", "1940-04-08", "1940-01-08", "1954-03-27", "1954-06-27"]})) == [
        *(9, 3, 0),
        *(3, 0),
    ]


def test_months_may_be_counted_from_conception() -> None:
    gestation = {**INFANCY, "of": "conceived", "to_month": 9}
    assert listed(made(gestation, {"conceived": ["1953-03-27", "1953-06-27"]})) == [6, 3]


def test_a_month_of_birth_counts_as_its_first_day_and_a_year_is_too_coarse() -> None:
    born = {"source": "born", "precision": "month"}
    window = {"start": "1950-01-01", "end": "1950-12-31"}
    assert listed(made({**INFANCY, **window, "of": born}, {"born": ["1950-10", "1948-03"]})) == [3, 2]
    with pytest.raises(ValueError, match="known to the year only cannot tell months"):
        made({**INFANCY, "of": {"source": "born", "precision": "year"}}, {"born": ["1950"]})


@given(DAYS, DAYS, st.integers(0, 4000), st.integers(0, 4000))
def test_exposure_in_two_windows_one_after_the_other_adds_up(
    born: dt.date, start: dt.date, first: int, more: int
) -> None:
    middle = start + dt.timedelta(first)
    end = middle + dt.timedelta(1 + more)

    def exposed(start: dt.date, end: dt.date) -> float:
        rule = MonthsExposed.model_validate({**INFANCY, "from_month": -9, "start": start, "end": end})
        return float(rule.values(Rows("made", "", 1, lambda _: pd.Series([pd.Timestamp(born)])))[0])

    halves = exposed(start, middle) + exposed(middle + dt.timedelta(1), end)
    assert halves == pytest.approx(exposed(start, end), abs=1e-9)
    low, high = (age_in_months(born, date) for date in (start, end + dt.timedelta(1)))
    assert exposed(start, end) == pytest.approx(max(0.0, min(high, 24) - max(low, -9)), abs=1e-9)


# --- what holds for every operation

TABLE: dict[str, Texts] = {
    "x": ["0.1", "0.2", "0.3", None, "1e6", "12.7", "3", "5"],
    "y": ["1", "2", None, "4", "5", "1", "2", "3"],
    "group": ["a", "b", "a", "a", "b", "a", "b", None],
    "s": ["1", "0", "1", None, "0", "0", "1", "0"],
    "t": ["0", "0", None, "1", "0", "1", "0", "0"],
    "born": ["1950-01-31", "1952-02-29", None, "1953-12-31", "1940-06-01", "1949-07-07", "1951-01-01", "1950-05-30"],
    "died": [None, "1999-01-01", "1998-01-01", None, "1980-02-02", "1981-01-01", None, "1990-06-01"],
    "month": ["1", "2", "3", "4", "5", "6", "7", "8"],
    "year": ["1985", "1986", "1987", "1985", "1986", "1987", "1985", "1990"],
}
CATEGORY = {"source": "group", "type": "category"}
EXAMPLES: dict[str, tuple[dict[str, Any], str]] = {
    "sum": ({"of": ["x", "y"], "plus": 0.7}, "number"),
    "difference": ({"of": "x", "minus": "y"}, "number"),
    "log": ({"of": "x"}, "number"),
    "standardise": ({"of": "x", "within": "group"}, "number"),
    "at_least": ({"of": "x", "limit": 3}, "boolean"),
    "cut": ({"of": "x", "limits": [1, 10], "labels": ["l", "m", "h"], "closed": "left"}, "category"),
    "recode": ({"of": "group", "into": {"b": "z"}, "otherwise": "k"}, "category"),
    "combination": ({"of": ["y", CATEGORY]}, "category"),
    "any_of": ({"of": ["s", "t"]}, "boolean"),
    "count": ({"of": ["s", "t"], "least_answered": 1}, "integer"),
    "mean": ({"of": ["x", "y"], "least_answered": 1, "reversed": {"y": [0, 5]}}, "number"),
    "age_between": ({"start": "born", "at": "2000-02-29"}, "number"),
    "first_of": ({"of": ["born", "died"], "end": "1990-01-01"}, "date"),
    "exit_age": (
        {
            "entry_age": "y",
            "start": "1983-01-01",
            "end": "1992-12-31",
            "status": "s",
            "year": "year",
            "month": "month",
        },
        "number",
    ),
    "months_exposed": ({**INFANCY, "from_month": -9}, "number"),
}


def example(kind: str) -> dict[str, Any]:
    return {"kind": kind, **EXAMPLES[kind][0]}


def operations(above: type[Operation]) -> list[type[Operation]]:
    below = above.__subclasses__()
    return [*(one for one in below if "kind" in one.model_fields), *(one for way in below for one in operations(way))]


def kind_of(operation: type[Operation]) -> str:
    kind: str = operation.model_fields["kind"].annotation.__args__[0]
    return kind


def test_every_operation_is_in_the_registry_and_has_an_example_here() -> None:
    assert sorted(operations(Operation), key=str) == sorted(OPERATIONS, key=str)
    assert {kind_of(one) for one in OPERATIONS} == {*EXAMPLES, "row_number"}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_no_value_depends_on_the_order_of_rows(kind: str) -> None:
    """To the last bit."""
    rule, described = example(kind), EXAMPLES[kind][1]
    column = made(rule, TABLE, type=described).astype(object)
    rng = np.random.default_rng(1)
    for _ in range(5):
        order = rng.permutation(len(column))
        moved = {name: [cells[i] for i in order] for name, cells in TABLE.items()}
        found = made(rule, moved, type=described).astype(object)
        assert listed(found) == listed(column.iloc[order])


@pytest.mark.parametrize("kind", EXAMPLES)
def test_people_of_whom_nothing_is_known_have_no_value(kind: str) -> None:
    ended = kind == "first_of"  # their follow-up ends with that of all
    rule = {key: value for key, value in example(kind).items() if not (ended and key == "end")}
    nobody: Texts = [None] * 3
    assert made(rule, dict.fromkeys(TABLE, nobody), type=EXAMPLES[kind][1]).isna().all()


@pytest.mark.parametrize("kind", EXAMPLES)
def test_an_operation_survives_being_written_and_read_and_names_every_column_it_reads(kind: str) -> None:
    one = TableSource.model_validate({"kind": "table", "path": "own.csv", "derived": {"made": example(kind)}})
    assert TableSource.model_validate(one.model_dump(mode="json")) == one
    needed = {str(column.source) for column in one.derived["made"].inputs}
    only = {name: cells for name, cells in TABLE.items() if name in needed}
    made(example(kind), only, type=EXAMPLES[kind][1])  # reads no column but those that it names


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "no such operation": ({"kind": "eval", "of": "x"}, "does not match any of the expected tags"),
    "two places for codes": (
        {"kind": "recode", "of": {"source": "x", "codes": {1: "a"}}, "into": {1: 2}},
        "the codes of a recode stand in `into`",
    ),
    "recode of a missing code": (
        {"kind": "recode", "of": {"source": "x", "missing": [1]}, "into": {1: 2}},
        "1 stands in `into` and in `missing`",
    ),
    "bare yes": ({"kind": "recode", "of": "x", "into": {1: True}}, "write the code in quotes"),
    "limits out of order": (
        {"kind": "cut", "of": "x", "limits": [2, 2], "labels": ["a", "b", "c"], "closed": "left"},
        "limits must rise from each to the next",
    ),
    "too few labels": (
        {"kind": "cut", "of": "x", "limits": [2], "labels": ["a"], "closed": "left"},
        "there are 2 categories, and 1 labels",
    ),
    "a label twice": (
        {"kind": "cut", "of": "x", "limits": [2], "labels": ["a", "a"], "closed": "left"},
        "every category needs a label of its own",
    ),
    "no closed side": ({"kind": "cut", "of": "x", "limits": [2], "labels": ["a", "b"]}, "closed\n.*[Ff]ield required"),
    "an item twice": ({"kind": "count", "of": ["a", "b", "a"]}, "listed twice: a"),
    "more answers than items": ({"kind": "count", "of": ["a"], "least_answered": 2}, "but there are 1 items"),
    "reversed item that is none": (
        {"kind": "mean", "of": ["p"], "reversed": {"q": [1, 5]}},
        "reversed.q is not one of the items p",
    ),
    "reversed range": ({"kind": "mean", "of": ["p"], "reversed": {"p": [5, 1]}}, "lowest answer must be below"),
    "two ranges": (
        {"kind": "mean", "of": [{"source": "p", "maximum": 9}], "reversed": {"p": [1, 5]}},
        "reversed.p states its range; remove minimum and maximum",
    ),
    "nothing added": ({"kind": "log", "of": "x", "plus": 0}, "greater than 0"),
    "no later date": ({"kind": "age_between", "start": "born"}, "state either `end`, a column, or `at`"),
    "two later dates": (
        {"kind": "age_between", "start": "born", "end": "seen", "at": "1990-01-01"},
        "state either `end`, a column, or `at`",
    ),
    "a number as a date": (
        {"kind": "age_between", "start": {"source": "born", "type": "number"}, "at": "1990-01-01"},
        "this column has type date, not number",
    ),
    "stretch without length": ({**INFANCY, "to_month": 0}, "from_month must come before to_month"),
    "window that ends before it starts": ({**INFANCY, "end": "1930-01-01"}, "end must not come before start"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_settings_that_cannot_be_meant_are_refused(mistake: str) -> None:
    rule, message = MISTAKES[mistake]
    with pytest.raises(ValueError, match=message):
        TableSource.model_validate({"kind": "table", "path": "own.csv", "derived": {"made": rule}})


# --- a cohort file


COHORT = """
name: own
title: A small cohort
description: Made up
source:
  kind: table
  path: {path}
  derived:
    ace: {{kind: count, of: [beaten, neglected, {{source: moved, missing: [9]}}], least_answered: 2}}
    any_ace: {{kind: any_of, of: [beaten, neglected, {{source: moved, missing: [9]}}]}}
    rationed_in_infancy:
      {{kind: months_exposed, of: born, from_month: 0, to_month: 24, start: 1940-01-08, end: 1953-09-26}}
    out: {{kind: first_of, of: [died, emigrated], end: 2000-12-31}}
    age_out: {{kind: age_between, start: born, end: out}}
    age_group: {{kind: cut, of: age_out, limits: [45, 50], labels: [young, middle, old], closed: left}}
columns:
  id: {{role: id, type: category, label: Person, source: pid}}
  ace: {{role: exposure, type: integer, label: ACE score}}
  any_ace: {{role: exposure, type: boolean, label: Any ACE}}
  rationed_in_infancy: {{role: policy, label: Months of rationing to age 2, unit: months}}
  age_out: {{role: outcome, label: Age at the end of follow-up, unit: years}}
  age_group: {{role: baseline, type: category, label: Age group}}
outcomes:
  age_out: {{kind: continuous, column: age_out, label: Age at the end of follow-up}}
studies:
  aces:
    kind: exposure
    exposures: [any_ace]
    outcomes: [age_out]
    adjust: {{columns: [age_group]}}
table1: [ace]
unavailable:
  smoking: the questionnaire of the mothers was lost
"""
PEOPLE = """pid,born,beaten,neglected,moved,died,emigrated
001,1952-03-27,1,1,0,1999-03-27,
002,1953-03-27,0,0,9,,
003,1954-01-01,0,,9,,1994-01-01
004,1950-06-15,no,yes,yes,,
"""


def own(folder: Path, *changes: tuple[str, str]) -> CohortConfig:
    (folder / "own.csv").write_text(PEOPLE, encoding="utf-8")
    text = COHORT.format(path=folder / "own.csv")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "own.yaml").write_text(text, encoding="utf-8")
    return load_cohort(folder / "own.yaml")


def test_a_cohort_file_makes_an_ace_score_ages_and_months_of_exposure(tmp_path: Path) -> None:
    config = own(tmp_path)
    persons = ingest(config.source, config.codebook).persons
    assert listed(persons["ace"]) == [2, 0, None, 2]
    assert listed(persons["any_ace"]) == [True, None, None, True]
    assert listed(persons["rationed_in_infancy"]) == [18, 6, 0, 24]
    ages = [age(dt.date.fromisoformat(born), dt.date(2000, 12, 31)) for born in ("1953-03-27", "1950-06-15")]
    assert listed(persons["age_out"]) == pytest.approx([47, ages[0], 40, ages[1]])
    assert listed(persons["age_group"]) == ["middle", "middle", "young", "old"]
    assert persons["age_group"].cat.categories.tolist() == ["young", "middle", "old"]


# --- what a cohort does not have


def test_a_study_that_names_what_is_unavailable_is_told_why(tmp_path: Path) -> None:
    reason = "columns.0: 'smoking' is not a column of this cohort; it is unavailable: the questionnaire of the mothers"
    with pytest.raises(ConfigError, match=reason):
        own(tmp_path, ("columns: [age_group]", "columns: [smoking]"))


def test_the_page_of_a_cohort_says_what_it_does_not_have_and_why(tmp_path: Path) -> None:
    run = run_of("nhefs")
    reason = "asked in 1971 only"
    lacking = changed(run.cohorts["nhefs"], {"unavailable": {"diet_in_1982": reason}})
    for cohort, shown in ((lacking, True), (run.cohorts["nhefs"], False)):
        page = pages_of(run.model_copy(update={"cohorts": {"nhefs": cohort}}), {}, tmp_path)["cohort-nhefs"]
        assert ("What this cohort does not have" in page) == shown
        assert (f"Diet in 1982 {reason}" in text_of(page)) == shown


def test_what_a_cohort_has_is_not_unavailable(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unavailable.ace: the cohort has it"):
        own(tmp_path, ("  smoking: the", "  ace: the"))


def test_a_reason_is_one_line_and_no_number_depends_on_it(tmp_path: Path) -> None:
    config = own(tmp_path, ("the questionnaire of", ">-\n    not\n    of"))
    assert config.unavailable == {"smoking": "not of the mothers was lost"}
    for study in ([], ["aces"]):
        assert config.needed(study) == own(tmp_path).needed(study)
        assert config.needed(study) == changed(config, {"unavailable": None}).needed(study)


def test_codes_are_not_taken_for_words() -> None:
    """A job is given the settings without labels; what a recode makes of a code called label stays."""
    rule = {"kind": "recode", "of": "x", "into": {"label": "0", "title": "1"}}
    config = changed(configured("nhefs"), {"source.derived.again": rule})
    assert config.needed()["source"]["derived"]["again"]["into"] == {"label": "0", "title": "1"}
