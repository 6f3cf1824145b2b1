"""Read files of Stata, SPSS and SAS by pyreadstat, as text.

Only the wanted columns are read, as many rows at once as memory bears. Dates are worked out here: pyreadstat's own
conversion stops at dates that pandas or Python cannot hold, such as placeholders. Values come as lists: in its tables,
an empty cell below the letter of a missing value becomes a zero (1.3.7, integer columns).
"""

import codecs
import datetime as dt
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from evenwicht.base.errors import DataError
from evenwicht.base.names import code_text
from evenwicht.ingest.metadata import ColumnDescription, FileDescription, Storage
from evenwicht.ingest.names import require_names
from evenwicht.ingest.text import as_text

if TYPE_CHECKING:
    import pyarrow as pa

    from evenwicht.base.arrays import Flags, Floats
    from evenwicht.ingest.sources import TableFile

EPOCH = dt.date(1970, 1, 1)
DAY = 86_400_000_000  # microseconds
MONTHS_A_YEAR = 12
CELLS_AT_ONCE = 2_000_000  # each is an object of Python until it stands in a column
# what pyreadstat was seen to raise on broken files beside its own errors
FAULTS_OF_BROKEN_FILES = (ValueError, TypeError, OverflowError, IndexError, MemoryError)
PROBE = "import sys, pyreadstat; getattr(pyreadstat, sys.argv[1])(sys.argv[2], metadataonly=True)"
LONGEST_PROBE = 20  # seconds; what a whole file says of itself is read in one, and a damaged one may never end
ENDS = (0, 1)  # of a program that read the file, and of one that says why it cannot
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


class Numbers(NamedTuple):
    """Numbers of some rows, NaN where there is none, and the letters of their missing values; (n,) each."""

    values: "Floats"
    letters: "pa.Array"


def read_columns(source: "TableFile", wanted: list[str], dialect: Dialect) -> "pa.Table":
    """Return the wanted columns as text, in which only the empty cell is null.

    Raises
    ------
    DataError
        If the file is not of the program or not complete, is not text in its encoding, has no row, lacks a wanted
        column, or holds a date outside the years 1 to 9999.
    """
    import numpy as np
    import pyarrow as pa

    described = _metadata(source, dialect)
    require_names(described.column_names, wanted, source.key)
    parts: dict[str, list[Any]] = {name: [] for name in wanted}
    rows = max(1, CELLS_AT_ONCE // len(wanted))
    n = 0
    while True:
        values, meta = _called(source, dialect, usecols=wanted, row_offset=n, row_limit=rows)
        read = len(values[wanted[0]])
        for name in wanted:
            parts[name].append(_part(values.pop(name), _is_text(name, meta)))
        n += read
        if read < rows:
            break
    if n == 0:
        raise DataError("the file has no row", where=source.key, fix="Export it again.")
    if described.number_rows not in (None, n):
        raise _broken(source, dialect)
    if not dialect.keeps_missing:
        numbers = [part.values for name in wanted if not _is_text(name, meta) for part in parts[name]]
        _tell_empty(sum(int(np.isnan(values).sum()) for values in numbers), source.key, dialect)
    return pa.table({name: _text(name, parts.pop(name), meta, dialect, source.key) for name in wanted})


def described_by_file(source: "TableFile", dialect: Dialect) -> FileDescription:
    """Return labels, codes, missing codes and formats, without reading a value.

    Raises
    ------
    DataError
        If the file is not of the program, or is not text in its encoding.
    """
    meta = _metadata(source, dialect)
    return FileDescription({name: _column(name, meta, dialect) for name in meta.column_names}, meta.number_rows)


def _metadata(source: "TableFile", dialect: Dialect) -> Any:
    file = os.stat(source.path)
    if not _survives(dialect.function, source.path, file.st_size, file.st_mtime_ns):
        raise _broken(source, dialect)
    _, meta = _called(source, dialect, metadataonly=True)
    if None in meta.column_names:  # a name that is no text
        raise _broken(source, dialect)
    return meta


@lru_cache
def _survives(function: str, path: str, size: int, changed: int) -> bool:  # noqa: ARG001 a changed file is another
    """Whether a process that reads what the file says of itself ends by itself: a broken one can kill or hold it."""
    command = [sys.executable, "-c", PROBE, function, path]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=LONGEST_PROBE)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode in ENDS


def _called(source: "TableFile", dialect: Dialect, **settings: object) -> tuple[dict[str, list[Any]], Any]:
    import pyreadstat

    if dialect.keeps_missing:
        settings["user_missing"] = True
    if source.encoding is not None:
        settings["encoding"] = codecs.lookup(source.encoding).name
    try:
        values, meta = getattr(pyreadstat, dialect.function)(
            source.path, disable_datetime_conversion=True, output_format="dict", **settings
        )
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, *FAULTS_OF_BROKEN_FILES) as error:
        if isinstance(error, UnicodeError) or re.search("character set|requested encoding", str(error)):
            raise _wrong_encoding(source) from None
        raise _broken(source, dialect) from None
    return values, meta


def _broken(source: "TableFile", dialect: Dialect) -> DataError:
    return DataError(
        f"not {dialect.name}, or not complete",
        where=source.key,
        fix="Export or copy it again, or give it the suffix that belongs to it.",
    )


def _wrong_encoding(source: "TableFile") -> DataError:
    if source.encoding is None:
        return DataError(
            "its text is not in the encoding that the file states",
            where=source.key,
            fix=f"Declare `encoding` under `{source.key}` (old files from Windows are often cp1252).",
        )
    return DataError(
        f"its text is not in the encoding {source.encoding}, or this format cannot be read in it",
        where=source.key,
        fix=f"Correct `encoding` of `{source.key}`, or leave it out: the file states its own.",
    )


def _tell_empty(n: int, where: str, dialect: Dialect) -> None:
    if n:
        warnings.warn(
            f"{where}: {n} numbers are empty; missing codes that {dialect.name} declares, if any, cannot be told from "
            "the empty cell. Where the reason matters, save it as .sav, .dta or .sas7bdat",
            stacklevel=2,
        )


def _is_text(name: str, meta: Any) -> bool:
    return bool(meta.readstat_variable_types[name] == "string")


def _part(values: list[Any], text: bool) -> "pa.Array | Numbers":
    """Return some rows of a column as text, or as numbers with the letters of missing values beside them."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    if text:
        words = pa.array(values, pa.string())
        return pc.if_else(pc.equal(words, ""), pa.scalar(None, pa.string()), words)
    try:
        return Numbers(np.array(values, dtype=np.float64), pa.nulls(len(values), pa.string()))
    except ValueError:  # letters stand among the numbers
        mixed = pd.Series(values, dtype=object)
        # what is no number stays as text beside the numbers, to be a declared code or else refused with its count
        numbers = pd.to_numeric(mixed, errors="coerce").astype("float64")
        letters = "." + mixed.where(numbers.isna() & mixed.notna()).astype("string")
        return Numbers(np.asarray(numbers, dtype=np.float64), pa.array(letters, pa.string(), from_pandas=True))


def _text(name: str, parts: list[Any], meta: Any, dialect: Dialect, where: str) -> "pa.ChunkedArray":
    """Return a column as text: letters of missing values with their point, other missing codes as they are."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if _is_text(name, meta):
        return pa.chunked_array(parts)
    numbers = np.concatenate([part.values for part in parts])
    letters = pa.chunked_array([part.letters for part in parts])
    clock = dialect.clock(meta.original_variable_types[name] or "")
    if clock is None:
        short = meta.readstat_variable_types[name] == "float"  # so that 0.1 is not 0.10000000149011612
        return pc.coalesce(_written(name, numbers.astype(np.float32) if short else numbers, where), letters)
    missing = np.zeros(len(numbers), dtype=bool)
    for limits in meta.missing_ranges.get(name, []):
        missing |= (numbers >= limits["lo"]) & (numbers <= limits["hi"])
    codes = _written(name, np.where(missing, numbers, np.nan), where)
    dates = _dates(np.where(missing, np.nan, numbers), clock, f"{where}: column '{name}'")
    return pc.coalesce(pa.chunked_array([dates]), codes, letters)


def _written(name: str, numbers: "Floats", where: str) -> "pa.ChunkedArray":
    import pyarrow as pa

    return as_text(pa.table({name: pa.array(numbers, from_pandas=True)}), where)[name]


def _dates(numbers: "Floats", clock: Clock | Months, where: str) -> "pa.Array":
    """Return days as YYYY-MM-DD, with the time of day where it is not midnight, and months as YYYY-MM."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    empty = np.isnan(numbers)
    if isinstance(clock, Months):
        since = numbers + (clock.start - EPOCH.year) * MONTHS_A_YEAR
        first, last = ((year - EPOCH.year) * MONTHS_A_YEAR for year in (FIRST_YEAR, LAST_YEAR + 1))
    else:
        with np.errstate(over="ignore"):  # infinite is outside
            since = numbers * clock.step + (clock.start - EPOCH).days * DAY
        first = (dt.date(FIRST_YEAR, 1, 1) - EPOCH).days * DAY
        last = ((dt.date(LAST_YEAR, 12, 31) - EPOCH).days + 1) * DAY
    outside = ~empty & ~((since >= first) & (since < last))
    if outside.any():
        raise DataError(
            f"{int(outside.sum())} dates lie outside the years {FIRST_YEAR} to {LAST_YEAR}",
            where=where,
            fix="Correct them, or declare them to be missing, in the program that the file comes from.",
        )
    whole = np.where(empty, 0, since).round().astype(np.int64)
    if isinstance(clock, Months):
        return pc.utf8_slice_codeunits(_iso(whole.astype("datetime64[M]").astype("datetime64[D]"), empty), 0, 7)
    days = _iso((whole // DAY).astype("datetime64[D]"), empty)
    return pc.if_else(pa.array(whole % DAY == 0), days, _iso(whole.astype("datetime64[us]"), empty))


def _iso(moments: Any, empty: "Flags") -> "pa.Array":
    import pyarrow as pa

    return pa.array(moments, mask=empty).cast(pa.string())


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
