"""Read the sheets of a codebook as text: a workbook of Excel, or a text file, which is one sheet."""

import datetime as dt
import re
import warnings
import zipfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenwicht.base.errors import DataError
from evenwicht.base.files import why_unreadable
from evenwicht.ingest.files import describe_file, read_file
from evenwicht.ingest.formats import delimited, format_of
from evenwicht.ingest.sources import TableFile
from evenwicht.starter.writing import as_written

WORKBOOK = ".xlsx"
MOST_BYTES = 100_000_000  # unpacked
MOST_ROWS, MOST_COLUMNS = 200_000, 1_000  # of a sheet; no codebook that people wrote has more
Row = tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """A sheet by the name that messages give it, and its rows of text; an empty cell is an empty text."""

    name: str
    rows: list[Row]


def sheets_of(path: str) -> list[Sheet]:
    """Return the sheets of a codebook.

    Raises
    ------
    DataError
        If there is no such file, it is neither a workbook of Excel nor a text file, it is not whole, or larger than
        any codebook.
    """
    if (reason := why_unreadable(path)) is not None:
        raise DataError(reason, where=path, fix="Correct --codebook.")
    if path.lower().endswith(WORKBOOK):
        return _of_workbook(path)
    if format_of(path) is delimited.FORMAT:
        return [_of_text(path)]
    raise DataError(
        f"a codebook is a workbook of Excel ({WORKBOOK}) or a text file ({', '.join(delimited.FORMAT.suffixes)})",
        where=path,
        fix=f"Save it as {WORKBOOK} or as CSV in UTF-8.",
    )


def _of_text(path: str) -> Sheet:
    if Path(path).stat().st_size > MOST_BYTES:
        raise _too_large(path)
    source = as_written(TableFile(path=path))
    names = list(describe_file(source).columns)
    if not names:
        raise DataError("the file has no column", where=path, fix="Export it again.")
    columns = [[_plain(cell or "") for cell in column.to_pylist()] for column in read_file(source, names).columns]
    return Sheet("the file", [tuple(names), *zip(*columns, strict=True)])


def _of_workbook(path: str) -> list[Sheet]:
    import openpyxl

    try:
        with zipfile.ZipFile(path) as packed:
            if sum(part.file_size for part in packed.infolist()) > MOST_BYTES:
                raise _too_large(path)
        with warnings.catch_warnings(action="ignore"):  # they tell of what is no text: rules of entry, layout
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            with closing(book):
                return [_sheet(sheet, path) for sheet in book.worksheets]
    except DataError:
        raise
    except Exception:  # openpyxl raises errors of many kinds on what is no workbook
        raise DataError(
            "not a workbook of Excel, not complete, or locked by a password",
            where=path,
            fix="Open it in Excel and save it again as .xlsx without a password, or as CSV in UTF-8.",
        ) from None


def _sheet(sheet: Any, path: str) -> Sheet:
    sheet.reset_dimensions()  # what a workbook says of its size is often wrong
    rows: list[Row] = []
    for row in sheet.iter_rows(values_only=True):
        if len(rows) >= MOST_ROWS or len(row) > MOST_COLUMNS:
            raise _too_large(path)
        rows.append(tuple(map(_text, row)))
    return Sheet(f"sheet '{sheet.title}'", rows)


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    return _plain(str(cell))


def _plain(text: str) -> str:
    """Return the text of a cell with one blank where it has several; lines stay apart."""
    return re.sub(r"[^\S\n]+", " ", text).strip()


def _too_large(path: str) -> DataError:
    return DataError(
        f"larger than a codebook can be ({MOST_ROWS:,} rows, {MOST_COLUMNS:,} columns or {MOST_BYTES // 10**6} MB)",
        where=path,
        fix="Give the codebook, not the data; delete empty rows and columns that only have a format.",
    )
