"""Read files of Stata, SPSS and SAS by pyreadstat, as text.

Only the wanted columns are read. Dates are worked out here: pyreadstat's own conversion stops at dates that pandas or
Python cannot hold, such as placeholders.
"""

import codecs
import datetime as dt
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evenwicht.base.errors import DataError
from evenwicht.base.names import code_text
from evenwicht.ingest.metadata import ColumnDescription, FileDescription, Storage
from evenwicht.ingest.names import require_names
from evenwicht.ingest.text import as_text

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from evenwicht.ingest.sources import TableSource

EPOCH = dt.date(1970, 1, 1)
DAY = 86_400_000_000  # microseconds
MONTHS_A_YEAR = 12
FIRST_YEAR, LAST_YEAR = 1, 9999  # what ISO 8601 writes with four digits


@dataclass(frozen=True)
class Clock:
    """How a program counts days or moments: from the start of a day, in steps of so many microseconds."""

    start: dt.date
    step: int


@dataclass(frozen=True)
class Months:
    """How a program counts months: from January of a year."""

    start: int


@dataclass(frozen=True)
class Dialect:
    """What sets the files of one program apart.

    Attributes
    ----------
    name
        What such a file is, with its article.
    function
        Name of pyreadstat's reader.
    clocks
        Pattern of a whole format -> how values of that format count time.
    keeps_missing
        Whether pyreadstat hands on codes that the file declares to be missing, rather than empty cells.
    """

    name: str
    function: str
    clocks: Mapping[str, Clock | Months]
    keeps_missing: bool = True

    def clock(self, form: str) -> Clock | Months | None:
        """Return how values of a format count time, None if they are no dates."""
        return next((clock for pattern, clock in self.clocks.items() if re.fullmatch(pattern, form)), None)


def read_columns(source: "TableSource", wanted: list[str], dialect: Dialect) -> "pa.Table":
    """Return the wanted columns as text, in which only the empty cell is null.

    Raises
    ------
    DataError
        If the file is not of the program or not complete, is not text in its encoding, has no row, lacks a wanted
        column, or holds a date outside the years 1 to 9999.
    """
    import pyarrow as pa

    _, meta = _called(source, dialect, metadataonly=True)
    require_names(meta.column_names, wanted, source.path)
    values, meta = _called(source, dialect, usecols=wanted)
    if len(values) == 0:
        raise DataError("the file has no row", where=source.path, fix="Export it again.")
    if not dialect.keeps_missing:
        _tell_empty(values, meta, source.path, dialect)
    return pa.table({name: _text(values.pop(name), meta, dialect, source.path) for name in wanted})


def described_by_file(source: "TableSource", dialect: Dialect) -> FileDescription:
    """Return labels, codes, missing codes and formats, without reading a value.

    Raises
    ------
    DataError
        If the file is not of the program, or is not text in its encoding.
    """
    _, meta = _called(source, dialect, metadataonly=True)
    return FileDescription({name: _column(name, meta, dialect) for name in meta.column_names}, meta.number_rows)


def _called(source: "TableSource", dialect: Dialect, **settings: object) -> tuple["pd.DataFrame", Any]:
    import pyreadstat

    if dialect.keeps_missing:
        settings["user_missing"] = True
    if source.encoding is not None:
        settings["encoding"] = codecs.lookup(source.encoding).name
    try:
        values, meta = getattr(pyreadstat, dialect.function)(source.path, disable_datetime_conversion=True, **settings)
    except MemoryError:
        raise _broken(source, dialect) from None
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, TypeError, OverflowError) as error:
        if isinstance(error, UnicodeError) or re.search("character set|requested encoding", str(error)):
            raise _wrong_encoding(source) from None
        raise _broken(source, dialect) from None
    return values, meta


def _broken(source: "TableSource", dialect: Dialect) -> DataError:
    return DataError(
        f"not {dialect.name}, or not complete",
        where=source.path,
        fix="Export or copy it again, or give it the suffix that belongs to it.",
    )


def _wrong_encoding(source: "TableSource") -> DataError:
    if source.encoding is None:
        return DataError(
            "its text is not in the encoding that the file states",
            where=source.path,
            fix="Declare `encoding` under `source` (old files from Windows are often cp1252).",
        )
    return DataError(
        f"its text is not in the encoding {source.encoding}, or this format cannot be read in it",
        where=source.path,
        fix="Correct `encoding` of `source`, or leave it out: the file states its own.",
    )


def _tell_empty(values: "pd.DataFrame", meta: Any, where: str, dialect: Dialect) -> None:
    numeric = [name for name in values.columns if not _is_text(name, meta)]
    empty = int(values[numeric].isna().sum().sum())
    if empty:
        warnings.warn(
            f"{where}: {empty} numbers are empty; missing codes that {dialect.name} declares, if any, cannot be told "
            "from the empty cell. Where the reason matters, save it as .sav, .dta or .sas7bdat",
            stacklevel=2,
        )


def _is_text(name: str, meta: Any) -> bool:
    return bool(meta.readstat_variable_types[name] == "string")


def _text(column: "pd.Series", meta: Any, dialect: Dialect, where: str) -> "pa.Array":
    """Return a column as text: letters of missing values with their point, other missing codes as they are."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    name = str(column.name)
    if _is_text(name, meta):
        text = pa.array(column, pa.string(), from_pandas=True)
        return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    numbers = pd.to_numeric(column, errors="coerce")
    if meta.readstat_variable_types[name] == "float":  # so that 0.1 is not 0.10000000149011612
        numbers = numbers.astype("float32")
    clock = dialect.clock(meta.original_variable_types[name] or "")
    missing = _declared_missing(numbers, meta.missing_ranges.get(name, []))
    counted = missing if clock is not None else pd.Series(True, index=numbers.index)
    text = as_text(pa.table({name: pa.array(numbers.where(counted), from_pandas=True)}), where)[name]
    if clock is not None:
        text = pc.coalesce(_dates(numbers.where(~missing), clock, f"{where}: column '{name}'"), text.combine_chunks())
    if column.dtype == object:  # letters stand among the numbers
        letters = column.where(numbers.isna() & column.notna())
        text = pc.coalesce(text, pa.array("." + letters.astype("string"), pa.string(), from_pandas=True))
    return text


def _declared_missing(numbers: "pd.Series", ranges: Iterable[Mapping[str, Any]]) -> "pd.Series":
    import pandas as pd

    declared = pd.Series(False, index=numbers.index)
    for limits in ranges:
        declared |= numbers.between(limits["lo"], limits["hi"])
    return declared


def _dates(numbers: "pd.Series", clock: Clock | Months, where: str) -> "pa.Array":
    """Return days as YYYY-MM-DD, with the time of day where it is not midnight, and months as YYYY-MM."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    empty = numbers.isna()
    if isinstance(clock, Months):
        since = numbers + (clock.start - EPOCH.year) * MONTHS_A_YEAR
        year = EPOCH.year + since // MONTHS_A_YEAR
    else:
        since = numbers * clock.step + (clock.start - EPOCH).days * DAY
        year = EPOCH.year + since / DAY / 365.2425
    outside = ~empty & ~year.between(FIRST_YEAR, LAST_YEAR + 1, inclusive="left")
    if outside.any():
        raise DataError(
            f"{int(outside.sum())} dates lie outside the years {FIRST_YEAR} to {LAST_YEAR}",
            where=where,
            fix="Correct them, or declare them to be missing, in the program that the file comes from.",
        )
    whole = since.fillna(0).to_numpy(dtype=float).round().astype(np.int64)
    if isinstance(clock, Months):
        return pc.utf8_slice_codeunits(_iso(whole.astype("datetime64[M]").astype("datetime64[D]"), empty), 0, 7)
    days = _iso((whole // DAY).astype("datetime64[D]"), empty)
    return pc.if_else(pa.array(whole % DAY == 0), days, _iso(whole.astype("datetime64[us]"), empty))


def _iso(moments: Any, empty: "pd.Series") -> "pa.Array":
    import pyarrow as pa

    return pa.array(moments, mask=empty.to_numpy()).cast(pa.string())


def _column(name: str, meta: Any, dialect: Dialect) -> ColumnDescription:
    text = _is_text(name, meta)
    form = meta.original_variable_types[name] or ""
    labels = {_code(key, text): label for key, label in meta.variable_value_labels.get(name, {}).items()}
    ranges = [(limits["lo"], limits["hi"]) for limits in meta.missing_ranges.get(name, [])]
    spans = tuple((low, high) for low, high in ranges if low != high)
    within = [key for key in meta.variable_value_labels.get(name, {}) if _is_missing(key, text, spans)]
    codes = [_code(key, text) for key in [*(low for low, high in ranges if low == high), *within]]
    return ColumnDescription(
        storage="text" if text else _storage(dialect.clock(form)),
        label=meta.column_names_to_labels.get(name) or "",
        format=form,
        labels=labels,
        missing={code: labels.get(code, "") for code in codes},
        missing_ranges=spans,
    )


def _storage(clock: Clock | Months | None) -> Storage:
    if clock is None:
        return "number"
    return "month" if isinstance(clock, Months) else "date"


def _is_missing(key: object, text: bool, spans: Iterable[tuple[float, float]]) -> bool:
    """Whether a labelled value is missing: the letter of a number column, or a number in a range."""
    if isinstance(key, str):
        return not text
    return any(low <= key <= high for low, high in spans)  # type: ignore[operator]


def _code(key: object, text: bool) -> str:
    """Return a code as the reader writes it."""
    return f".{key}" if isinstance(key, str) and not text else str(code_text(key))
