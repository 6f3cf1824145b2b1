"""Read CSV, TSV and other text files, packed by gzip or not."""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from evenwicht.base.errors import DataError, listed
from evenwicht.ingest.metadata import ColumnDescription, FileDescription, Format
from evenwicht.ingest.names import require_names

if TYPE_CHECKING:
    import pyarrow as pa

    from evenwicht.ingest.sources import TableFile

SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
SIGNATURES = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"PAR1": "a Parquet file",
    b"$FL": "an SPSS file",
    b"<stata_dta>": "a Stata file",
    b"HEADER RECORD": "a SAS transport file",
}
GZIP = b"\x1f\x8b"
PLAIN = (".csv", ".tsv", ".txt")
LINES_LOOKED_AT = 100


def read(source: "TableFile", wanted: list[str]) -> "pa.Table":
    """Return columns of a text file as they stand; a quoted empty cell is empty too.

    Raises
    ------
    DataError
        If the file is empty, is not text in its encoding, has rows of another length than the header, an open quote,
        a column name twice, or lacks a wanted column.
    """
    import pyarrow as pa
    import pyarrow.csv

    _require_text(source)
    with _readable_rows(source):
        header = _header(source)
        names = [name.strip() for name in header]
        if not set(wanted) <= set(names):
            _suggest_separator(source, header)
        require_names(names, wanted, source.key)
        _require_equal_rows(source, len(header))
        raw = {name: header[names.index(name)] for name in wanted}
        try:
            with opened(source) as file:
                table = pyarrow.csv.read_csv(
                    file,
                    read_options=pyarrow.csv.ReadOptions(encoding="utf8" if _is_utf8(source) else _encoding(source)),
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
                where=source.key,
                fix=f"Check `separator` and `encoding` of `{source.key}`, and the quotes in the file.",
            ) from None
    return table.rename_columns(list(raw))


def described(source: "TableFile") -> FileDescription:
    """Return the names of the columns; text says nothing else of itself.

    Raises
    ------
    DataError
        If the file is empty, its header is not text in its encoding, has an open quote or a column name twice, or
        seems to have another separator.
    """
    _require_text(source)
    with _readable_rows(source):
        header = _header(source)
        if len(header) == 1:
            _suggest_separator(source, header)
        names = [name.strip() for name in header]
        require_names(names, [], source.key)
    return FileDescription({name: ColumnDescription("text") for name in names}, None)


def _is_packed(source: "TableFile") -> bool:
    return source.path.lower().endswith(".gz")


def opened(source: "TableFile") -> gzip.GzipFile | IO[bytes]:
    """Open the file for its bytes, unpacked."""
    # gzip.open reads no more than is asked for, so that a small file which unpacks to a huge one fills no memory
    return gzip.open(source.path, "rb") if _is_packed(source) else open(source.path, "rb")


def _require_text(source: "TableFile") -> None:
    with _readable_rows(source), opened(source) as file:
        start = file.read(1 << 16)
    if not start.strip():
        raise DataError("the file is empty", where=source.key, fix="Export it again.")
    if start.startswith(GZIP):
        raise DataError(
            "packed by gzip, which its name does not say" if not _is_packed(source) else "packed by gzip twice",
            where=source.key,
            fix="Unpack it, or give it a name that ends in .csv.gz, .tsv.gz or .txt.gz.",
        )
    for signature, what in SIGNATURES.items():
        if start.startswith(signature):
            raise DataError(
                f"not a text file: it is {what}",
                where=source.key,
                fix="Give it the suffix that belongs to it; export a workbook as CSV in UTF-8.",
            )
    if b"\0" in start and not codecs.lookup(_encoding(source)).name.startswith(("utf-16", "utf-32")):
        raise DataError(
            "not a text file: it holds zero bytes",
            where=source.key,
            fix="If another program reads it as text, declare `encoding: utf-16`; else export it as CSV in UTF-8.",
        )


def _encoding(source: "TableFile") -> str:
    return source.encoding or "utf-8"


def _is_utf8(source: "TableFile") -> bool:
    return codecs.lookup(_encoding(source)).name in ("utf-8", "utf-8-sig")


@contextmanager
def _readable_rows(source: "TableFile") -> Iterator[None]:
    """Turn bytes that are not in the encoding or not packed, and quotes without an end, into one message each."""
    try:
        yield
    except UnicodeError:
        raise DataError(
            f"not text in the encoding {_encoding(source)}",
            where=source.key,
            fix=f"Declare `encoding` under `{source.key}` (from Windows often cp1252), or export it as UTF-8.",
        ) from None
    except (gzip.BadGzipFile, zlib.error, EOFError):
        raise DataError("not a complete file packed by gzip", where=source.key, fix="Copy or pack it again.") from None
    except csv.Error:
        raise DataError(
            "a quote is not closed, or stands inside a cell without quotes around it",
            where=source.key,
            fix='Close it, or write it twice in a quoted cell: "".',
        ) from None


@contextmanager
def _rows(source: "TableFile") -> Iterator[Any]:
    """Yield a reader of the rows, header and blank lines included."""
    encoding = "utf-8-sig" if _is_utf8(source) else _encoding(source)
    with opened(source) as file, io.TextIOWrapper(file, encoding, newline="") as text:
        yield csv.reader(text, delimiter=source.delimiter, strict=True)


def _header(source: "TableFile") -> list[str]:
    with _rows(source) as rows:
        return next((row for row in rows if row), [])


def _require_equal_rows(source: "TableFile", width: int) -> None:
    with _rows(source) as rows:
        widths = Counter(map(len, rows))
    del widths[0]  # blank lines
    total = widths.total() - 1
    if total == 0:
        raise DataError("the file has no row below its header", where=source.key, fix="Export it again.")
    del widths[width]
    if widths:
        with _rows(source) as rows:
            first = next(rows.line_num for row in rows if len(row) not in (0, width))
        found = listed(f"{n} with {cells}" for cells, n in sorted(widths.items()))
        raise DataError(
            f"{widths.total()} of {total} rows have another number of cells than the header's {width}: {found}; "
            f"the first is at line {first}",
            where=source.key,
            fix="A cell that holds the separator needs quotes; a cut-off row means that the file is not complete.",
        )


def other_marks(source: "TableFile") -> dict[str, str]:
    """Return the separator, and the decimal mark, that the file seems to have instead; empty if it has those stated.

    Raises
    ------
    DataError
        If the file is empty, is not text in its encoding, or has an open quote.
    """
    _require_text(source)
    with _readable_rows(source):
        header = _header(source)
        likely = _likely_separator(source, header)
        if likely is None:
            return {}
        return {"separator": likely} | ({"decimal": ","} if _has_decimal_commas(source, likely) else {})


def _likely_separator(source: "TableFile", header: list[str]) -> str | None:
    others = {sign: sum(cell.count(sign) for cell in header) for sign in SEPARATORS if sign != source.delimiter}
    likely = max(others, key=lambda sign: others[sign])
    return likely if others[likely] >= len(header) else None


def _has_decimal_commas(source: "TableFile", separator: str) -> bool:
    with _rows(source.model_copy(update={"separator": separator})) as rows:
        cells = [cell for row in islice(rows, LINES_LOOKED_AT) for cell in row]
    return separator != "," and any(re.fullmatch(r"\s*-?\d+,\d+\s*", cell) for cell in cells)


def _suggest_separator(source: "TableFile", header: list[str]) -> None:
    """Raise DataError if columns are missing because another separator stands between the cells."""
    likely = _likely_separator(source, header)
    if likely is None:
        return
    commas = _has_decimal_commas(source, likely)
    settings = f'`separator: "{likely}"`'.replace("\t", "\\t") + (' and `decimal: ","`' if commas else "")
    raise DataError(
        f"the cells seem to be separated by {SEPARATORS[likely]}{' and to have decimal commas' if commas else ''}",
        where=source.key,
        fix=f"Add {settings} to `{source.key}`.",
    )


FORMAT = Format(
    "a text file",
    (*PLAIN, *(f"{suffix}.gz" for suffix in PLAIN)),
    frozenset({"separator", "decimal", "thousands", "encoding"}),
    read,
    described,
)
