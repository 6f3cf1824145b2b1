"""Read files of Stata."""

import datetime as dt
from typing import TYPE_CHECKING

from evenwicht.base.errors import DataError
from evenwicht.ingest.metadata import FileDescription, Format
from evenwicht.ingest.readstat import DAY, Clock, Dialect, Months, described_by_file, read_columns

if TYPE_CHECKING:
    import pyarrow as pa

    from evenwicht.ingest.sources import TableFile

START = dt.date(1960, 1, 1)
DIALECT = Dialect(
    "a Stata file",
    "read_dta",
    # quarters, half-years and weeks of 7 days from each 1 January are no dates of ISO 8601: they stay numbers
    {r"%-?(td|d).*": Clock(START, DAY), r"%-?tc.*": Clock(START, 1000), r"%-?tm.*": Months(START.year)},
)
BEGINNING, END = b"<stata_dta>", b"</stata_dta>"  # since Stata 13
LEAP_SECONDS = ("%tC", "%-tC")


def read(source: "TableFile", wanted: list[str]) -> "pa.Table":
    """Return columns of a Stata file as text; missing values .a to .z as such.

    Raises
    ------
    DataError
        If the file is not complete or not as described, or a wanted column counts leap seconds.
    """
    described_columns = described(source).columns
    for name in wanted:
        if name in described_columns and described_columns[name].format.startswith(LEAP_SECONDS):
            raise DataError(
                f"column '{name}' has the format %tC, which counts leap seconds",
                where=source.key,
                fix="Make it a day in Stata, by dofC(), with the format %td.",
            )
    return read_columns(source, wanted, DIALECT)


def described(source: "TableFile") -> FileDescription:
    """Return what a Stata file says of itself; which letters of missing values occur, only reading would tell.

    Raises
    ------
    DataError
        If the file is not a Stata file, or not complete.
    """
    with open(source.path, "rb") as file:
        if file.read(len(BEGINNING)) == BEGINNING:
            file.seek(-len(END), 2)
            if file.read() != END:
                raise DataError("a Stata file that is cut off", where=source.key, fix="Copy it again.")
    return described_by_file(source, DIALECT)


FORMAT = Format(DIALECT.name, (".dta",), frozenset({"encoding"}), read, described)
