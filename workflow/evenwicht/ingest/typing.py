"""Turn the text of a source column into typed values, refusing what its description does not allow.

This is the one path to values: columns, measures, events and costs all take it. Messages count values, and show one
only if so many people share it that it says nothing about any of them.
"""

import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from evenwicht.base.arrays import Flags
from evenwicht.base.columns import MEANINGS, NUMBER, ZEROS, Column, DateOrder, Precision, SourceColumn
from evenwicht.base.errors import DataError, listed
from evenwicht.base.faults import Faults
from evenwicht.ingest.placeholders import Dates, doubtful
from evenwicht.ingest.text import trimmed

Text = Any  # pyarrow.StringArray: pyarrow has no type stubs
LEAST_SHOWN = 10  # people who must share a value before a message shows it
MOST_SHOWN = 3  # values in one message
LARGEST = 2.0**53  # floats hold whole numbers exactly up to here, and nothing that is measured is larger
WHOLE = r"^[+-]?\d{1,18}(\.0*)?$"
BLANK = r"[\s\x{a0}\x{2009}\x{202f}]"  # plain, no-break, thin, and narrow no-break
LEADING_ZERO = r"^[+-]?0\d"
MIDNIGHT = r"[T ]00:?00(:?00(\.0+)?)?"
TIME = r"[T ]([01]\d|2[0-3]):?[0-5]\d(:?[0-5]\d(\.\d+)?)?"
ZONE = r"(Z|[+-]\d\d(:?\d\d)?)"
DATES = {
    "day": rf"^\d{{4}}-\d\d-\d\d({TIME}{ZONE}?)?$",
    "month": r"^\d{4}-\d\d$",
    "year": r"^\d{4}$",
}
FORMS = {"day": "YYYY-MM-DD", "month": "YYYY-MM or YYYY-MM-DD", "year": "YYYY, YYYY-MM or YYYY-MM-DD"}
# what stands for the digits of year, month and day
ORDERS: dict[DateOrder, tuple[str, str]] = {
    "year_month_day": (r"^(\d{4})(\d\d)(\d\d)$", r"\1-\2-\3"),
    "day_month_year": (r"^(\d\d)[-/. ](\d\d)[-/. ](\d{4})$", r"\3-\2-\1"),
    "month_day_year": (r"^(\d\d)[-/. ](\d\d)[-/. ](\d{4})$", r"\3-\1-\2"),
}
UNITS = {"day": "D", "month": "M", "year": "Y"}
NO_DATE = np.datetime64("NaT", "D")
FIRST_DATE, LAST_DATE = np.datetime64("1678-01-01"), np.datetime64("2261-12-31")  # what pandas can hold


def typed(
    text: Text,
    name: str,
    column: SourceColumn,
    where: str,
    decimal: str = ".",
    thousands: str = "",
    faults: Faults | None = None,
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
    faults
        Gathers what is wrong, if reading is to go on.

    Returns
    -------
    pandas.Series
        float64 (number), Int64 (integer), boolean, datetime64 (date: the first day of what is known), categorical of
        codes in the order of `codes` (the first of those that share a label), or text (an identifier of type category).

    Raises
    ------
    DataError
        On codes that are not described, values that are not numbers or dates, or outside the stated range: all of them
        at once. With `faults` they are added to those, and the cells are empty in what is returned.
    """
    gathered = Faults() if faults is None else faults
    if thousands and column.type in ("number", "integer"):
        text = _ungrouped(trimmed(text), decimal, thousands)
    if column.type == "date":
        text = in_iso(trimmed(text), column.date_order)
    cells = _Cells(trimmed(text), column, f"{where}: column '{column.origin(name)}'", decimal, gathered)
    values = _READ[column.type](cells)
    if faults is None:
        gathered.raise_all()
    return values


def why_missing(text: Text, column: SourceColumn, decimal: str = ".") -> NDArray[np.int8]:
    """Return the place in `MEANINGS` of the missing code in each cell, (n,), -1 where there is none.

    A code counts however its number or date is written.

    Parameters
    ----------
    text : (n,) pyarrow string array
    column
        Has the codes and ranges.
    decimal
        Decimal mark of numbers.
    """
    found = np.full(len(text), -1, dtype=np.int8)
    if not (column.missing or column.missing_ranges):
        return found
    text = trimmed(text)
    if column.type == "date":
        text = in_iso(text, column.date_order)
    if column.missing_ranges:
        numbers = _as_numbers(text, decimal)
        for missing in reversed(column.missing_ranges):
            found[missing.holds(numbers)] = MEANINGS.index(missing.meaning)
    for place, meaning in enumerate(MEANINGS):
        codes = pa.array([code for code, meant in column.missing.items() if meant == meaning], pa.string())
        if len(codes):
            found[_is_code(text, codes, column, decimal)] = place
    return found


def in_iso(text: Text, order: DateOrder) -> Text:
    """Return dates of text in the order year, month, day, with dashes; what is no date in this order stays."""
    parts = text
    if order != "year_month_day":
        parts = pc.replace_substring_regex(parts, r"^(\d)([-/. ])", r"0\1\2")
        parts = pc.replace_substring_regex(parts, r"([-/. ])(\d)([-/. ])", r"\10\2\3")
    written = pc.replace_substring_regex(parts, *ORDERS[order])
    return pc.if_else(pa.array(~np.isnat(_as_dates(written, "day"))), written, text)


def _is_code(text: Text, codes: Text, column: SourceColumn, decimal: str) -> Flags:
    """Whether each cell holds one of these codes, (n,)."""
    same = _flags(pc.is_in(text, codes))
    if column.type == "date":
        dates, days = _as_dates(text, column.precision), _as_dates(codes, column.precision)
        return same | np.isin(dates, days[~np.isnat(days)])
    if column.type in ("number", "integer"):
        numbers, meant = _as_numbers(text, decimal), _as_numbers(codes, ".")
        return same | np.isin(numbers, meant[~np.isnan(meant)])
    if column.codes or column.type == "boolean":
        same |= _flags(pc.is_in(pc.replace_substring_regex(text, ZEROS, r"\1"), codes))
    if column.type == "boolean" and column.spelt_out:
        same |= _flags(pc.is_in(pc.utf8_lower(text), codes))
    return same


@dataclass(frozen=True)
class _Cells:
    """The cells of a column, (n,) trimmed text, its description and place, and where its faults go."""

    text: Text
    column: SourceColumn
    where: str
    decimal: str
    faults: Faults

    @property
    def identifier(self) -> bool:
        return isinstance(self.column, Column) and self.column.role == "id"

    def known(self) -> Flags:
        """Who has a value: neither an empty cell nor a missing code, (n,)."""
        return _flags(self.text.is_valid()) & (why_missing(self.text, self.column, self.decimal) < 0)

    def accepted(self, known: Flags, bad: Flags, kind: str, what: str, fix: str) -> Flags:
        """Return who has a value that is not bad, (n,); add a fault with the number of those that are.

        It names values that many people share.
        """
        bad = known & bad
        if not bad.any():
            return known
        found = pd.Series(self.text.filter(pa.array(bad)).to_pandas()).value_counts()
        found = found[found >= LEAST_SHOWN].head(MOST_SHOWN)
        shared = [f"'{str(value)[:40]}' in {n} rows" for value, n in found.items()]
        n = _counted(int(bad.sum()), "value is", "values are")
        self.faults.add(
            kind,
            DataError(f"{n} {what}{': ' if shared else ''}{', '.join(shared)}", where=self.where, fix=fix),
            bad,
        )
        return known & ~bad

    def accepted_inside(
        self, known: Flags, values: NDArray[Any], lowest: Any = -np.inf, highest: Any = np.inf
    ) -> Flags:
        """Return who has a value in the range of the column, else in this one, (n,)."""
        column = self.column
        low: Any = lowest if column.minimum is None else column.minimum
        high: Any = highest if column.maximum is None else column.maximum
        if column.type == "date":  # at the precision of the dates
            unit = f"datetime64[{UNITS[column.precision]}]"
            low, high = (np.datetime64(limit).astype(unit) for limit in (low, high))
        return self.accepted(
            known,
            ~((values >= low) & (values <= high)),
            "out of range",
            f"outside {_shown(low)} to {_shown(high)}",
            "Correct it, widen the range or list it under `missing`.",
        )

    def accepted_numbers(self, known: Flags, numbers: NDArray[np.float64]) -> Flags:
        """Return who has a number, (n,)."""
        bad = known & np.isnan(numbers)
        fix = "Correct it or list it under `missing`."
        if bad.any():
            fix = f"{_hint(self.text, bad, self.decimal)}{fix}"
        return self.accepted(known, bad, "not a number", "not a number", fix)


def _category(cells: _Cells) -> pd.Series:
    column, known = cells.column, cells.known()
    if not column.codes:
        kept = pc.if_else(pa.array(known), cells.text, pa.scalar(None, pa.string())).to_pandas()
        if cells.identifier:
            return kept
        return pd.Series(pd.Categorical(kept, categories=sorted(kept.dropna().unique())))
    level = _decoded(cells, known, column.levels)
    return pd.Series(pd.Categorical(level, categories=list(dict.fromkeys(column.levels.values()))))


def _boolean(cells: _Cells) -> pd.Series:
    return pd.Series(_decoded(cells, cells.known(), cells.column.truth)).astype("boolean")


def _decoded(cells: _Cells, known: Flags, meaning: Mapping[str, object]) -> NDArray[np.object_]:
    """Return what each code means, (n,), None if missing; codes are few, so that each is looked up once."""
    column, encoded = cells.column, cells.text.dictionary_encode()
    words = encoded.dictionary.to_pylist()
    codes = [code_of(word, set(meaning), column.spelt_out) for word in words]
    # the last place belongs to the empty cell
    meanings = np.array([*(None if code is None else meaning[code] for code in codes), None], dtype=object)
    place = np.asarray(encoded.indices.fill_null(len(words)).to_numpy(zero_copy_only=False))
    bad = known & np.array([*(code is None for code in codes), False])[place]
    unknown = len(np.unique(place[bad]))
    how = "Describe it under `codes`"
    if column.type == "boolean" and not column.codes:
        how = (
            "Describe both codes under `codes` and name the one for yes, as in codes: {ja: ja, nee: nee}, yes_code: ja,"
        )
    known = cells.accepted(
        known,
        bad,
        "unknown code",
        f"not described ({_counted(unknown, 'unknown code', 'unknown codes')})",
        f"{how} or list it under `missing`. Known: {listed(column.codes or meaning)}.",
    )
    meant: NDArray[np.object_] = meanings[place]
    meant[~known] = None
    return meant


def code_of(word: str, codes: set[str], truth_words: bool) -> str | None:
    """Return the code that a word in the source stands for: 1 may be written 1.0, and yes as Yes."""
    spellings = [word, re.sub(ZEROS, r"\1", word), *([word.casefold()] if truth_words else [])]
    return next((spelling for spelling in spellings if spelling in codes), None)


def _number(cells: _Cells) -> pd.Series:
    values = _as_numbers(cells.text, cells.decimal)
    known = cells.accepted_numbers(cells.known(), values)
    known = cells.accepted(
        known,
        np.abs(values) > LARGEST,
        "out of range",
        "too large for a measured quantity",
        "Correct it, list it under `missing`, or use type integer or category for an identifier.",
    )
    known = cells.accepted_inside(known, values)
    return pd.Series(np.where(known, values, np.nan))


def _integer(cells: _Cells) -> pd.Series:
    text, known = cells.text, cells.known()
    if cells.identifier:
        known = cells.accepted(
            known,
            _matches(text, LEADING_ZERO),
            "not exact",
            "a whole number with a leading zero, which type integer would lose",
            "Use type category for this identifier.",
        )
    values = _as_numbers(text, cells.decimal)
    known = cells.accepted_numbers(known, values)
    digits = _matches(text, WHOLE if cells.decimal == "." else WHOLE.replace(r"\.", ","))
    exact = digits | ((np.abs(values) <= LARGEST) & (np.trunc(values) == values) & (not cells.identifier))
    known = cells.accepted(
        known,
        ~exact,
        "not a whole number",
        "not a whole number of at most 18 digits",
        "Use type category for an identifier." if cells.identifier else "Correct it or use type number.",
    )
    whole = np.where(known & ~digits, values, 0.0).astype(np.int64)
    plain = pc.replace_substring_regex(text, r"^\+|[.,]0*$", "")
    written = pc.if_else(pa.array(known & digits), plain, "0")
    whole += written.cast(pa.int64()).to_numpy(zero_copy_only=False)
    known = cells.accepted_inside(known, whole)
    return pd.Series(pd.arrays.IntegerArray(whole, ~known))


def _ungrouped(text: Text, decimal: str, thousands: str) -> Text:
    """Take the thousands marks out of numbers that hold them in their places; all else stays, to be refused."""
    mark = BLANK if thousands == " " else re.escape(thousands)
    grouped = pc.match_substring_regex(text, rf"^[+-]?\d{{1,3}}({mark}\d{{3}})+({re.escape(decimal)}\d*)?$")
    return pc.if_else(grouped, pc.replace_substring_regex(text, mark, ""), text)


def _as_numbers(text: Text, decimal: str) -> NDArray[np.float64]:
    if decimal != ".":
        text = pc.replace_substring(pc.replace_substring(text, ".", " "), decimal, ".")
    numbers = pc.if_else(pc.match_substring_regex(text, f"^{NUMBER.pattern}$"), text, pa.scalar(None, pa.string()))
    return np.asarray(pc.utf8_ltrim(numbers, "+").cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def _date(cells: _Cells) -> pd.Series:
    text, known, precision = cells.text, cells.known(), cells.column.precision
    dates = _as_dates(text, precision)
    known = cells.accepted(
        known,
        np.isnat(dates) & _matches(text, f"{DATES['month']}|{DATES['year']}"),
        "not a date",
        f"known to the year or month only, but declared to the {precision}",
        "Declare `precision` as month or year; what needs more than that will say so.",
    )
    known = cells.accepted(
        known,
        np.isnat(dates),
        "not a date",
        "not a date",
        f"{_order_hint(cells)}Write dates as {FORMS[precision]} or list it under `missing`.",
    )
    known = cells.accepted_inside(known, dates, FIRST_DATE, LAST_DATE)
    known = _true_dates(cells, known, dates)
    _tell_times(text, known, cells.where)
    return pd.Series(np.where(known, dates, NO_DATE).astype("datetime64[ns]"))


def _order_hint(cells: _Cells) -> str:
    """Say in which other order the values would all be dates."""
    known = cells.text.filter(pa.array(cells.known()))
    others = [order for order in ORDERS if order != cells.column.date_order and are_dates(known, order)]
    return f"All are dates with {{source: ..., date_order: {others[0]}}}. " if others else ""


def are_dates(text: Text, order: DateOrder) -> bool:
    """Whether all of one or more texts are days in this order."""
    return len(text) > 0 and not np.isnat(_as_dates(in_iso(text, order), "day")).any()


def _true_dates(cells: _Cells, known: Flags, dates: Dates) -> Flags:
    """Return who has a date that does not stand for none, (n,); say how many others may stand for none."""
    column = cells.column
    doubt = doubtful(
        np.where(known, dates, NO_DATE),
        UNITS[column.precision],
        low=column.minimum is None,
        high=column.maximum is None,
    )
    fix = "List what stands for no date under `missing`; if it is true, state `minimum` and `maximum`."
    far = int((doubt.far & ~doubt.on_such_a_day).sum())
    if far:
        warnings.warn(
            f"{cells.where}: {_counted(far, 'date lies', 'dates lie')} far from all others. {fix}", stacklevel=2
        )
    for day, n in doubt.spikes.items():
        warnings.warn(
            f"{cells.where}: {day} stands in {n} rows, many more than the days around it, and often stands for no "
            f"date. {fix}",
            stacklevel=2,
        )
    return cells.accepted(
        known,
        doubt.on_such_a_day,
        "no date",
        "far from all others, on a day that often stands for no date, such as 1900-01-01 or 1970-01-01",
        fix,
    )


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


def _shown(limit: Any) -> str:
    return str(limit) if isinstance(limit, np.datetime64) else f"{limit:.15g}"


def _counted(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


_READ: dict[str, Callable[[_Cells], pd.Series]] = {
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "category": _category,
    "date": _date,
}
