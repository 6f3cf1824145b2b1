"""Read transport files of SAS, versions 5 and 8; pyreadstat makes their missing codes empty."""

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
DIALECT = Dialect("a SAS transport file", "read_xport", CLOCKS, keeps_missing=False)


def read(source: "TableFile", wanted: list[str]) -> "pa.Table":
    """Return columns of a transport file as text; it does not say how many rows it has.

    Raises
    ------
    DataError
        If the file is cut off within a record, or not as described.
    """
    _require_records(source)
    return read_columns(source, wanted, DIALECT)


def described(source: "TableFile") -> FileDescription:
    """Return what a transport file says of its columns.

    Raises
    ------
    DataError
        If the file is not a transport file, or is cut off within a record.
    """
    _require_records(source)
    return described_by_file(source, DIALECT)


def _require_records(source: "TableFile") -> None:
    if Path(source.path).stat().st_size % RECORD:
        raise DataError("a SAS transport file that is cut off", where=source.key, fix="Copy it again.")


FORMAT = Format(DIALECT.name, (".xpt",), frozenset({"encoding"}), read, described)
