"""Read CSV and TSV files as text."""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv

from evenwicht.base.errors import DataError, listed
from evenwicht.ingest.names import require_names
from evenwicht.ingest.sources import TableFile

SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
SIGNATURES = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "compressed",
}
LINES_LOOKED_AT = 100


def read_delimited(source: TableFile, wanted: list[str]) -> pa.Table:
    """Return columns of a CSV or TSV file as text; a quoted empty cell is empty too.

    Raises
    ------
    DataError
        If the file is empty, is not text in its encoding, has rows of another length than the header, an open quote,
        a column name twice, or lacks a wanted column.
    """
    path, where = Path(source.path), source.path
    _require_text(path, source)
    with _readable_rows(source):
        header = _header(path, source)
        names = [name.strip() for name in header]
        if not set(wanted) <= set(names):
            _suggest_separator(path, source, header)
        require_names(names, wanted, where)
        _require_equal_rows(path, source, len(header))
        raw = {name: header[names.index(name)] for name in wanted}
        try:
            table = pyarrow.csv.read_csv(
                path,
                read_options=pyarrow.csv.ReadOptions(encoding="utf8" if _is_utf8(source) else source.encoding),
                parse_options=pyarrow.csv.ParseOptions(delimiter=source.delimiter, newlines_in_values=True),
                convert_options=pyarrow.csv.ConvertOptions(
                    include_columns=list(raw.values()),
                    column_types=dict.fromkeys(raw.values(), pa.string()),
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                    null_values=[""],
                ),
            )
        except pa.ArrowException:
            raise DataError(
                "not a table of text in this separator and encoding",
                where=where,
                fix=f"Check `separator` and `encoding` of `{source.key}`, and the quotes in the file.",
            ) from None
    return table.rename_columns(list(raw))


def names_of_delimited(source: TableFile) -> list[str]:
    """Return the names in the header of a CSV or TSV file.

    Raises
    ------
    DataError
        If the file is empty or is not text in its encoding.
    """
    path = Path(source.path)
    _require_text(path, source)
    with _readable_rows(source):
        return [name.strip() for name in _header(path, source)]


def _require_text(path: Path, source: TableFile) -> None:
    with path.open("rb") as file:
        start = file.read(1 << 16)
    if not start.strip():
        raise DataError("the file is empty", where=source.path, fix="Export it again.")
    for signature, what in SIGNATURES.items():
        if start.startswith(signature):
            raise DataError(
                f"not a text file: it is {what}",
                where=source.path,
                fix="Export it as CSV in UTF-8 or as Parquet, with the suffix that belongs to it.",
            )
    if b"\0" in start and not codecs.lookup(source.encoding).name.startswith(("utf-16", "utf-32")):
        raise DataError(
            "not a text file: it holds zero bytes",
            where=source.path,
            fix="If another program reads it as text, declare `encoding: utf-16`; else export it as CSV in UTF-8.",
        )


def _is_utf8(source: TableFile) -> bool:
    return codecs.lookup(source.encoding).name in ("utf-8", "utf-8-sig")


@contextmanager
def _readable_rows(source: TableFile) -> Iterator[None]:
    """Turn bytes that are not in the encoding, and quotes without an end, into one message each."""
    try:
        yield
    except UnicodeError:
        raise DataError(
            f"not text in the encoding {source.encoding}",
            where=source.path,
            fix=f"Declare `encoding` under `{source.key}` (files from Windows are often cp1252), or export it "
            "as UTF-8.",
        ) from None
    except csv.Error:
        raise DataError(
            "a quote is not closed, or stands inside a cell without quotes around it",
            where=source.path,
            fix='Close it, or write it twice in a quoted cell: "".',
        ) from None


@contextmanager
def _rows(path: Path, source: TableFile) -> Iterator[Any]:
    """Yield a reader of the rows, header and blank lines included."""
    with path.open(encoding="utf-8-sig" if _is_utf8(source) else source.encoding, newline="") as file:
        yield csv.reader(file, delimiter=source.delimiter, strict=True)


def _header(path: Path, source: TableFile) -> list[str]:
    with _rows(path, source) as rows:
        return next((row for row in rows if row), [])


def _require_equal_rows(path: Path, source: TableFile, width: int) -> None:
    with _rows(path, source) as rows:
        widths = Counter(map(len, rows))
    del widths[0]  # blank lines
    total = widths.total() - 1
    if total == 0:
        raise DataError("the file has no row below its header", where=source.path, fix="Export it again.")
    del widths[width]
    if widths:
        with _rows(path, source) as rows:
            first = next(rows.line_num for row in rows if len(row) not in (0, width))
        found = listed(f"{n} with {cells}" for cells, n in sorted(widths.items()))
        raise DataError(
            f"{widths.total()} of {total} rows have another number of cells than the header's {width}: {found}; "
            f"the first is at line {first}",
            where=source.path,
            fix="A cell that holds the separator needs quotes; a cut-off row means that the file is not complete.",
        )


def _suggest_separator(path: Path, source: TableFile, header: list[str]) -> None:
    """Raise DataError if columns are missing because another separator stands between the cells."""
    others = {sign: sum(cell.count(sign) for cell in header) for sign in SEPARATORS if sign != source.delimiter}
    likely = max(others, key=lambda sign: others[sign])
    if others[likely] < len(header):
        return
    found = source.model_copy(update={"separator": likely})
    with _rows(path, found) as rows:
        cells = [cell for row in islice(rows, LINES_LOOKED_AT) for cell in row]
    commas = likely != "," and any(re.fullmatch(r"\s*-?\d+,\d+\s*", cell) for cell in cells)
    settings = f'`separator: "{likely}"`'.replace("\t", "\\t") + (' and `decimal: ","`' if commas else "")
    raise DataError(
        f"the cells seem to be separated by {SEPARATORS[likely]}{' and to have decimal commas' if commas else ''}",
        where=source.path,
        fix=f"Add {settings} to `{source.key}`.",
    )
