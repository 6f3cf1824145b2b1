"""Turn the text of a source column into typed values, refusing what its description does not allow.

This is the one path to values: columns, measures, events and costs all take it. Messages count values, and show one
only if so many people share it that it says nothing about any of them.
"""

import re
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from evenwicht.base.arrays import Flags
from evenwicht.base.columns import Column, Precision, SourceColumn
from evenwicht.base.errors import DataError, listed
from evenwicht.ingest.text import trimmed

Dates = NDArray[np.datetime64]
Text = Any  # pyarrow.StringArray: pyarrow has no type stubs
LEAST_SHOWN = 10  # people who must share a value before a message shows it
MOST_SHOWN = 3  # values in one message
LARGEST = 2.0**53  # floats hold whole numbers exactly up to here, and nothing that is measured is larger
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
WHOLE = r"^[+-]?\d{1,18}(\.0*)?$"
BLANK = r"[\s\x{a0}\x{2009}\x{202f}]"  # plain, no-break, thin, and narrow no-break
LEADING_ZERO = r"^[+-]?0\d"
MIDNIGHT = r"[T ]00:?00(:?00(\.0+)?)?"
TIME = r"[T ][0-2]\d:?[0-5]\d(:?[0-5]\d(\.\d+)?)?"
ZONE = r"(Z|[+-]\d\d(:?\d\d)?)"
DATES = {
    "day": rf"^\d{{4}}-\d\d-\d\d({TIME}{ZONE}?)?$",
    "month": r"^\d{4}-\d\d$",
    "year": r"^\d{4}$",
}
FORMS = {"day": "YYYY-MM-DD", "month": "YYYY-MM or YYYY-MM-DD", "year": "YYYY, YYYY-MM or YYYY-MM-DD"}
UNITS = {"day": "D", "month": "M", "year": "Y"}
NO_DATE = np.datetime64("NaT", "D")
FIRST_DATE, LAST_DATE = np.datetime64("1678-01-01"), np.datetime64("2261-12-31")  # what pandas can hold


def typed(
    text: Text, name: str, column: SourceColumn, where: str, decimal: str = ".", thousands: str = ""
) -> pd.Series:
    """Return a source column with the type, codes and range of its description.

    Parameters
    ----------
    text : (n,) pyarrow string array
        The column as it stands in the source; only the empty cell is null.
    name, column
        Name in the Cohort and its description.
    where
        The source, for messages.
    decimal, thousands
        Decimal mark of numbers, and the mark between groups of three digits, if any; a blank stands for every blank.

    Returns
    -------
    pandas.Series
        float64 (number), Int64 (integer), boolean, datetime64 (date: the first day of what is known), categorical of
        codes in the order of `codes` (the first of those that share a label), or text (an identifier of type category).

    Raises
    ------
    DataError
        On a code that is not described, a value that is not a number or date, or one outside the stated range.
    """
    where = f"{where}: column '{column.source or name}'"
    text = trimmed(text)
    if column.type == "category":
        return _category(text, column, where)
    if column.type == "boolean":
        return _boolean(text, column, where)
    if column.type == "date":
        return _date(text, column, where)
    if thousands:
        text = _ungrouped(text, decimal, thousands)
    if column.type == "integer":
        return _integer(text, column, where, decimal)
    return _number(text, column, where, decimal)


def _category(text: Text, column: SourceColumn, where: str) -> pd.Series:
    if not column.codes:
        kept = _without(text, column.missing).to_pandas()
        if isinstance(column, Column) and column.role == "id":
            return kept
        return pd.Series(pd.Categorical(kept, categories=sorted(kept.dropna().unique())))
    level = _decoded(text, column.levels, column, where)
    return pd.Series(pd.Categorical(level, categories=list(dict.fromkeys(column.levels.values()))))


def _boolean(text: Text, column: SourceColumn, where: str) -> pd.Series:
    return pd.Series(_decoded(text, column.truth, column, where)).astype("boolean")


def _decoded(text: Text, meaning: Mapping[str, object], column: SourceColumn, where: str) -> NDArray[np.object_]:
    """Return what each code means, (n,), None if missing; codes are few, so that each is looked up once."""
    encoded = text.dictionary_encode()
    words = encoded.dictionary.to_pylist()
    codes = [_code(word, {*meaning, *column.missing}, column.spelt_out) for word in words]
    unknown = [word for word, code in zip(words, codes, strict=True) if code is None]
    bad = _flags(pc.is_in(text, pa.array(unknown, pa.string())))
    _refuse(
        text,
        bad,
        f"not described ({_counted(len(unknown), 'unknown code', 'unknown codes')})",
        f"Describe it under `codes` or list it under `missing`. Known: {listed(column.codes or meaning)}.",
        where,
    )
    # the last place belongs to the empty cell
    meanings = np.array([*(meaning.get(code) for code in codes if code is not None), None], dtype=object)
    return np.asarray(meanings[encoded.indices.fill_null(len(words)).to_numpy(zero_copy_only=False)])


def _code(word: str, codes: set[str], truth_words: bool) -> str | None:
    """Return the code that a word in the source stands for: 1 may be written 1.0, and yes as Yes."""
    spellings = [word, re.sub(r"^(-?\d+)[.,]0+$", r"\1", word), *([word.casefold()] if truth_words else [])]
    return next((spelling for spelling in spellings if spelling in codes), None)


def _number(text: Text, column: SourceColumn, where: str, decimal: str) -> pd.Series:
    values, known = _known_numbers(text, column, decimal)
    bad = known & np.isnan(values)
    _refuse(text, bad, "not a number", f"{_hint(text, bad, decimal)}Correct it or list it under `missing`.", where)
    _refuse(
        text,
        known & (np.abs(values) > LARGEST),
        "too large for a measured quantity",
        "Correct it, list it under `missing`, or use type integer or category for an identifier.",
        where,
    )
    _refuse_outside(text, known, values, column, -np.inf, np.inf, where)
    return pd.Series(np.where(known, values, np.nan))


def _integer(text: Text, column: SourceColumn, where: str, decimal: str) -> pd.Series:
    identifier = isinstance(column, Column) and column.role == "id"
    if identifier:
        _refuse(
            text,
            _matches(text, LEADING_ZERO),
            "a whole number with a leading zero, which type integer would lose",
            "Use type category for this identifier.",
            where,
        )
    values, known = _known_numbers(text, column, decimal)
    bad = known & np.isnan(values)
    _refuse(text, bad, "not a number", f"{_hint(text, bad, decimal)}Correct it or list it under `missing`.", where)
    digits = _matches(text, WHOLE if decimal == "." else WHOLE.replace(r"\.", ","))
    exact = digits | ((np.abs(values) <= LARGEST) & (np.trunc(values) == values) & (not identifier))
    _refuse(
        text,
        known & ~exact,
        "not a whole number of at most 18 digits",
        "Use type category for an identifier." if identifier else "Correct it or use type number.",
        where,
    )
    whole = np.where(known & ~digits, values, 0.0).astype(np.int64)
    plain = pc.replace_substring_regex(text, r"^\+|[.,]0*$", "")
    written = pc.if_else(pa.array(known & digits), plain, "0")
    whole += written.cast(pa.int64()).to_numpy(zero_copy_only=False)
    _refuse_outside(text, known, whole, column, -np.inf, np.inf, where)
    return pd.Series(pd.arrays.IntegerArray(whole, ~known))


def _ungrouped(text: Text, decimal: str, thousands: str) -> Text:
    """Take the thousands marks out of numbers that hold them in their places; all else stays, to be refused."""
    mark = BLANK if thousands == " " else re.escape(thousands)
    grouped = pc.match_substring_regex(text, rf"^[+-]?\d{{1,3}}({mark}\d{{3}})+({re.escape(decimal)}\d*)?$")
    return pc.if_else(grouped, pc.replace_substring_regex(text, mark, ""), text)


def _known_numbers(text: Text, column: SourceColumn, decimal: str) -> tuple[NDArray[np.float64], Flags]:
    """Return the text as numbers, NaN where it is none, and who has a value that is not missing; (n,) each."""
    values = _as_numbers(text, decimal)
    codes = _as_numbers(pa.array(column.missing, pa.string()), ".")
    missing = np.isin(values, codes[~np.isnan(codes)])
    return values, _flags(_without(text, column.missing).is_valid()) & ~missing


def _as_numbers(text: Text, decimal: str) -> NDArray[np.float64]:
    if decimal != ".":
        text = pc.replace_substring(pc.replace_substring(text, ".", " "), decimal, ".")
    numbers = pc.if_else(pc.match_substring_regex(text, NUMBER), text, pa.scalar(None, pa.string()))
    return np.asarray(pc.utf8_ltrim(numbers, "+").cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def _date(text: Text, column: SourceColumn, where: str) -> pd.Series:
    dates = _as_dates(text, column.precision)
    codes = _as_dates(pa.array(column.missing, pa.string()), column.precision)
    known = _flags(_without(text, column.missing).is_valid()) & ~np.isin(dates, codes[~np.isnat(codes)])
    bad = known & np.isnat(dates)
    coarse = bad & _matches(text, f"{DATES['month']}|{DATES['year']}")
    _refuse(
        text,
        coarse,
        f"known to the year or month only, but declared to the {column.precision}",
        "Declare `precision` as month or year; what needs more than that will say so.",
        where,
    )
    _refuse(text, bad, "not a date", f"Write dates as {FORMS[column.precision]} or list it under `missing`.", where)
    _refuse_outside(text, known, dates, column, FIRST_DATE, LAST_DATE, where)
    _tell_times(text, known, where)
    return pd.Series(np.where(known, dates, NO_DATE).astype("datetime64[ns]"))


def _as_dates(text: Text, precision: Precision) -> Dates:
    """Return the first day of what each text says, (n,), NaT where it is no date or says less than the precision."""
    forms = list(DATES)[: list(DATES).index(precision) + 1]
    whole = pc.match_substring_regex(text, "|".join(DATES[form] for form in forms)).fill_null(False)
    text = pc.if_else(whole, text, "1970")

    def part(start: int, stop: int) -> NDArray[np.int64]:
        digits = pc.utf8_slice_codeunits(text, start, stop)
        return np.asarray(pc.if_else(pc.equal(digits, ""), "1", digits).cast(pa.int64()), dtype=np.int64)

    year, month, day = part(0, 4), part(5, 7), part(8, 10)
    months = (12 * (year - 1970) + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    exists = (month >= 1) & (month <= 12) & (day >= 1) & (days.astype("datetime64[M]") == months)
    first = days.astype(f"datetime64[{UNITS[precision]}]").astype("datetime64[D]")
    return np.where(_flags(whole) & exists, first, NO_DATE)


def _tell_times(text: Text, known: Flags, where: str) -> None:
    """Say that a zone and a time of day are dropped; midnight elsewhere, written in UTC, is the day before."""
    zoned = int((known & _matches(text, f"{TIME}{ZONE}$")).sum())
    timed = int((known & _matches(text, f"{TIME}{ZONE}?$") & ~_matches(text, f"{MIDNIGHT}{ZONE}?$")).sum())
    if zoned or timed:
        warnings.warn(
            f"{where}: dates are taken as written: dropped the time zone of {zoned} and the time of day of {timed} "
            "values. If days were converted to UTC, dates with a time may be a day early: write them as YYYY-MM-DD.",
            stacklevel=2,
        )


def _without(text: Text, missing: list[str]) -> Text:
    codes = pa.array(missing, pa.string())
    return pc.if_else(pc.is_in(text, codes), pa.scalar(None, pa.string()), text)


def _matches(text: Text, pattern: str) -> Flags:
    return _flags(pc.match_substring_regex(text, pattern))


def _flags(mask: Any) -> Flags:
    return np.asarray(mask.fill_null(False).to_numpy(zero_copy_only=False), dtype=bool)


def _hint(text: Text, bad: Flags, decimal: str) -> str:
    """Say what values that are no numbers look like."""
    comma, point = (",", r"\.") if decimal == "." else (r"\.", ",")
    grouped = bad & _matches(text, rf"^[+-]?\d{{1,3}}(([{comma}']|{BLANK})\d{{3}})+({point}\d+)?$")
    other_mark = bad & _matches(text, rf"^[+-]?\d+{comma}\d+$")
    limits = bad & _matches(text, r"^[<>≤≥]")
    if (other_mark & ~grouped).any():
        return f"{int(other_mark.sum())} have another decimal mark than `decimal` of `source`: declare it. "
    if grouped.any():
        return f"{int(grouped.sum())} look like numbers with thousands separators: declare `thousands` of `source`. "
    if limits.any():
        return f"{int(limits.sum())} look like limits, such as below a smallest value. "
    return ""


def _refuse_outside(
    text: Text, known: Flags, values: NDArray[Any], column: SourceColumn, lowest: Any, highest: Any, where: str
) -> None:
    low: Any = lowest if column.minimum is None else column.minimum
    high: Any = highest if column.maximum is None else column.maximum
    if column.type == "date":  # at the precision of the dates
        unit = f"datetime64[{UNITS[column.precision]}]"
        low, high = (np.datetime64(limit).astype(unit) for limit in (low, high))
    _refuse(
        text,
        known & ~((values >= low) & (values <= high)),
        f"outside {_shown(low)} to {_shown(high)}",
        "Correct it, widen the range or list it under `missing`.",
        where,
    )


def _shown(limit: Any) -> str:
    return str(limit) if isinstance(limit, np.datetime64) else f"{limit:.15g}"


def _refuse(text: Text, bad: Flags, what: str, fix: str, where: str) -> None:
    """Raise DataError with the number of bad values, and those of them that many people share."""
    if not bad.any():
        return
    found = pd.Series(text.filter(pa.array(bad)).to_pandas()).value_counts()
    found = found[found >= LEAST_SHOWN].head(MOST_SHOWN)
    shared = [f"'{str(value)[:40]}' in {n} rows" for value, n in found.items()]
    raise DataError(
        f"{_counted(int(bad.sum()), 'value is', 'values are')} {what}{': ' if shared else ''}{', '.join(shared)}",
        where=where,
        fix=fix,
    )


def _counted(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"
