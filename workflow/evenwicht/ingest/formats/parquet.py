"""Read Parquet files as text."""

from typing import TYPE_CHECKING, Any

from evenwicht.base.errors import DataError
from evenwicht.ingest.metadata import ColumnDescription, FileDescription, Format, Storage
from evenwicht.ingest.names import require_names
from evenwicht.ingest.text import as_text

if TYPE_CHECKING:
    import pyarrow as pa

    from evenwicht.ingest.sources import TableFile


def read(source: "TableFile", wanted: list[str]) -> "pa.Table":
    """Return columns of a Parquet file as text.

    Raises
    ------
    DataError
        If the file is not Parquet or not complete, has no row, a column name twice, or lacks a wanted column.
    """
    import pyarrow as pa

    where = source.key
    file = _opened(source)
    require_names(file.schema_arrow.names, wanted, where)
    try:
        table = file.read(columns=wanted)
    except (pa.ArrowException, OSError):
        raise _broken(source) from None
    if table.num_rows == 0:
        raise DataError("the file has no row", where=where, fix="Export it again.")
    return as_text(table.select(wanted), where)


def described(source: "TableFile") -> FileDescription:
    """Return names, types and rows, from the end of the file alone.

    Raises
    ------
    DataError
        If the file is not Parquet, or not complete.
    """
    file = _opened(source)
    return FileDescription(
        {field.name: ColumnDescription(_storage(field.type), format=str(field.type)) for field in file.schema_arrow},
        file.metadata.num_rows,
    )


def _opened(source: "TableFile") -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(source.path)
    except (pa.ArrowException, OSError):
        raise _broken(source) from None


def _broken(source: "TableFile") -> DataError:
    return DataError(
        "not a complete Parquet file", where=source.key, fix=f"Export it again, or correct `{source.key}.path`."
    )


def _storage(kind: Any) -> Storage:
    from pyarrow import types

    if types.is_date(kind) or types.is_timestamp(kind):
        return "date"
    numeric = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind) or types.is_boolean(kind)
    return "number" if numeric else "text"


FORMAT = Format("a Parquet file", (".parquet",), frozenset(), read, described)
