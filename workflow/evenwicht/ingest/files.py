"""Read a file, or what it says of itself, by the reader of its suffix."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from evenwicht.base.errors import DataError
from evenwicht.base.files import why_unreadable
from evenwicht.ingest.formats import READERS, format_of
from evenwicht.ingest.metadata import FileDescription, Format
from evenwicht.ingest.sources import TableFile

Found = TypeVar("Found")
WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods")
PACKED = (".gz", ".zip", ".bz2", ".xz", ".zst", ".7z")


def read_file(source: TableFile, wanted: list[str]) -> pa.Table:
    """Return the wanted columns as text, in which only the empty cell is null; no other column is read.

    Numbers are written exactly, whole ones with all their digits; dates as ISO text; missing codes of a statistical
    program as their code, such as -9 or .a.

    Raises
    ------
    DataError
        If there is no such file, it is of no kind that can be read, or not whole, or lacks a wanted column.
    """
    return _with_format(source, lambda form: form.read(source, wanted))


def describe_file(source: TableFile) -> FileDescription:
    """Return what a file says of its rows and columns.

    Raises
    ------
    DataError
        If there is no such file, or it is of no kind that can be read, or not whole.
    """
    return _with_format(source, lambda form: form.described(source))


def size_of(source: TableFile) -> int:
    """Return the bytes of a file, 0 if there is none."""
    try:
        return Path(source.path).stat().st_size
    except (OSError, ValueError):  # reading it says why
        return 0


def _with_format(source: TableFile, job: Callable[[Format], Found]) -> Found:
    path = source.path
    reason = why_unreadable(path)
    if reason is not None:
        raise DataError(
            reason,
            where=source.key,
            fix=f"Correct `{source.key}.path` (relative to the working directory) or its rights.",
        )
    form = format_of(path)
    if form is None:
        raise _unknown(source)
    try:
        if Path(path).stat().st_size == 0:
            raise DataError("the file is empty", where=source.key, fix="Export it again.")
        return job(form)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=source.key, fix="Try again, or copy it.") from None


def _unknown(source: TableFile) -> DataError:
    path = source.path
    if path.lower().endswith(WORKBOOKS):
        return DataError(
            "a workbook, and workbooks are no tables of data: their cells change silently (dates, codes, long numbers)",
            where=source.key,
            fix="Export the sheet as CSV in UTF-8, and check its identifiers and dates.",
        )
    if path.lower().endswith(PACKED):
        return DataError("packed, and not as a text file in gzip (.csv.gz)", where=source.key, fix="Unpack it first.")
    return DataError(
        f"not a {', '.join(READERS)} file",
        where=source.key,
        fix=f"Export it as CSV in UTF-8 or as Parquet, or correct `{source.key}.path`.",
    )
