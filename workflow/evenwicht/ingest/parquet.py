"""Read Parquet files as text."""

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq

from evenwicht.base.errors import DataError
from evenwicht.ingest.names import require_names
from evenwicht.ingest.sources import TableFile
from evenwicht.ingest.text import as_text


def read_parquet(source: TableFile, wanted: list[str]) -> pa.Table:
    """Return columns of a Parquet file as text.

    Raises
    ------
    DataError
        If the file is not Parquet or not complete, has no row, a column name twice, or lacks a wanted column.
    """
    where = source.path
    with _complete(source):
        file = pq.ParquetFile(where)
        require_names(file.schema_arrow.names, wanted, where)
        table = file.read(columns=wanted)
    if table.num_rows == 0:
        raise DataError("the file has no row", where=where, fix="Export it again.")
    return as_text(table.select(wanted), where)


def names_of_parquet(source: TableFile) -> list[str]:
    """Return the names of the columns of a Parquet file.

    Raises
    ------
    DataError
        If the file is not Parquet or not complete.
    """
    with _complete(source):
        return list(pq.read_schema(source.path).names)


@contextmanager
def _complete(source: TableFile) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError):
        raise DataError(
            "not a complete Parquet file", where=source.path, fix=f"Export it again, or correct `{source.key}.path`."
        ) from None
