"""A day that programs write for no date is not taken as one; a date that people really have is."""

import warnings

import numpy as np
import pyarrow as pa
import pytest
from evenwicht.base.columns import SourceColumn
from evenwicht.base.errors import DataError
from evenwicht.ingest.placeholders import DAYS
from evenwicht.ingest.typing import typed

Day = str | np.datetime64


def born(first: Day, last: Day, people: int = 600) -> list[str]:
    """Dates drawn evenly from the first to the last day."""
    start, stop = np.datetime64(first, "D"), np.datetime64(last, "D")
    days = np.random.default_rng(1).integers(0, int((stop - start).astype(int)) + 1, people)
    return [str(day) for day in start + days]


def told(dates: list[str], **settings: object) -> tuple[list[str], str]:
    """The notes on a column of dates, and the error, if any."""
    column = SourceColumn.model_validate({"source": "born", "type": "date", **settings})
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        try:
            values = typed(pa.array(dates, pa.string()), "born", column, "file")
        except DataError as error:
            return [str(note.message) for note in notes], str(error)
    assert values.notna().sum() == len(dates) - sum(code in dates for code in column.missing)
    return [str(note.message) for note in notes], ""


@pytest.mark.parametrize("day", [str(day) for day in DAYS])
@pytest.mark.parametrize("people", [1, 5, 900])
def test_a_day_that_programs_write_for_no_date_is_refused_far_from_all_others(day: str, people: int) -> None:
    others = born("1988-03-01", "1994-12-31")
    notes, error = told(others + [day] * people)
    assert f"{people} value{'s are' if people > 1 else ' is'} far from all others" in error
    assert "List what stands for no date under `missing`; if it is true, state `minimum` and `maximum`" in error
    assert not notes
    assert (f"'{day}' in {people} rows" in error) == (people >= 10)  # a value is shown only if many share it


def test_the_cohort_file_settles_it() -> None:
    """By a missing code, by a limit that keeps it, or by one that refuses it."""
    dates = [*born("1953-01-01", "1959-12-31"), "1900-01-01", "2099-12-31"]
    assert "2 values are far from all others" in told(dates)[1]
    assert told(dates, missing=["1900-01-01", "2099-12-31"]) == ([], "")
    assert told(dates, minimum="1900-01-01", maximum="2099-12-31") == ([], "")
    assert "1 value is far from all others" in told(dates, minimum="1900-01-01")[1]
    assert "2 values are outside 1950-01-01 to 1960-12-31" in told(dates, minimum="1950-01-01", maximum="1960-12-31")[1]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("1890-01-01", "1912-12-31"),
        ("1898-06-01", "1900-01-01"),
        ("1970-01-01", "1970-01-07"),
        ("1960-01-01", "2100-01-01"),
    ],
)
def test_dates_that_a_cohort_really_has_are_taken(first: str, last: str) -> None:
    assert told(born(first, last)) == ([], "")


@pytest.mark.parametrize("people", [0, 9])
def test_a_day_that_everybody_has_or_that_has_nothing_to_compare_with_is_taken(people: int) -> None:
    assert told(["1970-01-01"] * 600 + born("2001-01-01", "2010-12-31", people)) == ([], "")


def test_a_spike_among_others_is_told_and_kept() -> None:
    """Such a day may be the start of a register, so it is no error."""
    others = born("1962-01-01", "1985-12-31")
    [note], error = told(others + ["1970-01-01"] * 40)
    n = 40 + others.count("1970-01-01")
    assert f"1970-01-01 stands in {n} rows, many more than the days around it" in note
    assert not error
    assert told(others + ["1970-01-02"] * 40) == ([], "")  # no program writes this day for no date
    assert told(others + ["1970-01-01"] * 3) == ([], "")
    assert told(others + ["1970-01-01"] * 40, minimum="1962-01-01") == ([], "")


def test_other_dates_far_from_all_others_are_counted_and_kept() -> None:
    """The count alone is told: what is extreme may be one person's."""
    notes, error = told([*born("1953-01-01", "1959-12-31"), "1854-05-03", "2055-01-09"])
    assert not error
    assert notes == [
        "file: column 'born': 2 dates lie far from all others. List what stands for no date under `missing`; if it is "
        "true, state `minimum` and `maximum`."
    ]


@pytest.mark.parametrize(("precision", "form", "day"), [("month", 7, "1900-01"), ("year", 4, "1899")])
def test_dates_known_to_the_month_or_year_are_compared_as_such(precision: str, form: int, day: str) -> None:
    dates = [date[:form] for date in born("1953-01-01", "1959-12-31")]
    assert told(dates, precision=precision) == ([], "")
    assert "1 value is far from all others" in told([*dates, day], precision=precision)[1]
