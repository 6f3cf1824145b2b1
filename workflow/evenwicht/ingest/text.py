"""The one shape that every reader hands on: a table of text, in which only the empty cell is missing."""

import pyarrow as pa
import pyarrow.compute as pc

from evenwicht.base.errors import DataError


def as_text(table: pa.Table, where: str) -> pa.Table:
    """Write every value of a typed table as text, exactly.

    Whole numbers keep all their digits, other floats the shortest text that gives the same float back, times their
    local clock with the zone behind it; yes/no values become 1 and 0.

    Raises
    ------
    DataError
        On a column of a type that holds no single value, such as a list.
    """
    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        kind = column.type
        if pa.types.is_dictionary(kind):
            column = column.cast(kind.value_type)
        if pa.types.is_boolean(column.type):
            column = column.cast(pa.int8())
        try:
            columns[name] = column.cast(pa.string())
        except pa.ArrowException:
            raise DataError(
                f"column '{name}' holds values of type {kind}, which are no text, number or date",
                where=where,
                fix="Write it as text, a number or a date.",
            ) from None
    return pa.table(columns)


def trimmed(text: pa.Array) -> pa.Array:
    """Remove blanks around text; a cell of nothing but blanks is empty."""
    stripped = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(stripped, ""), pa.scalar(None, pa.string()), stripped)
