"""Read transport files of SAS, versions 5 and 8; pyreadstat makes their missing codes empty.

pyreadstat reads what is there: of a cut-off file the rows before the cut, and the headers of a second data set of
version 5 as rows. Both are found here by the layout of the file, in records of 80 bytes (TS-140 of SAS).
"""

import mmap
import re
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from evenwicht.base.errors import DataError
from evenwicht.ingest.formats.sas import CLOCKS
from evenwicht.ingest.metadata import FileDescription, Format
from evenwicht.ingest.readstat import Dialect, described_by_file, read_columns

if TYPE_CHECKING:
    import pyarrow as pa

    from evenwicht.ingest.sources import TableFile

RECORD = 80  # bytes; a transport file is whole records
HEAD = rb"HEADER RECORD\*{7}(?:%b)HEADER RECORD!{7}"
MEMBER = re.compile(HEAD % rb"MEMBER  |MEMBV8  " + rb"\d{25}(\d{5})")  # with the bytes that describe a column
COLUMNS = re.compile(HEAD % rb"NAMESTR |NAMSTV8 " + rb"\d{5}(\d{5})")  # with their number
ROWS = re.compile(HEAD % rb"OBS     |OBSV8   " + rb" *(\d*)")  # version 8 says how many; zeros do not
WIDTH_AT = 4  # bytes from the start of what describes a column
DIALECT = Dialect("a SAS transport file", "read_xport", CLOCKS, keeps_missing=False)


def read(source: "TableFile", wanted: list[str]) -> "pa.Table":
    """Return columns of a transport file as text.

    A file of version 5 does not say how many rows it has: that it is cut off shows unless the cut is between two rows.

    Raises
    ------
    DataError
        If the file is cut off, holds several data sets, or is not as described.
    """
    _require_whole(source)
    return read_columns(source, wanted, DIALECT)


def described(source: "TableFile") -> FileDescription:
    """Return what a transport file says of its columns.

    Raises
    ------
    DataError
        If the file is not a transport file, is cut off, or holds several data sets.
    """
    _require_whole(source)
    return described_by_file(source, DIALECT)


def _require_whole(source: "TableFile") -> None:
    cut = DataError("a SAS transport file that is cut off", where=source.key, fix="Copy it again.")
    if Path(source.path).stat().st_size % RECORD:
        raise cut
    with open(source.path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        member, columns, rows = (form.search(data) for form in (MEMBER, COLUMNS, ROWS))
        if not (member and columns and rows):
            return  # pyreadstat says what it is
        start = rows.start() + RECORD
        if any(other.start() % RECORD == 0 for other in MEMBER.finditer(data, start)):
            raise DataError(
                "it holds several data sets", where=source.key, fix="Export each to a transport file of its own."
            )
        width = _row_width(data, columns.start() + RECORD, int(columns[1]), int(member[1]))
        there = len(data) - start
        stated = int(rows[1] or 0)
        if stated * width > there or (not stated and width and data[len(data) - there % width :].strip(b" ")):
            raise cut


def _row_width(data: mmap.mmap, start: int, columns: int, described_in: int) -> int:
    """Return the bytes of a row; 0 if the file ends before all columns are described."""
    if start + columns * described_in > len(data) or described_in < WIDTH_AT + 2:
        return 0
    return sum(struct.unpack_from(">H", data, start + k * described_in + WIDTH_AT)[0] for k in range(columns))


FORMAT = Format(DIALECT.name, (".xpt",), frozenset({"encoding"}), read, described)
