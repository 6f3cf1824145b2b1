"""The one shape that every reader hands on: a table of text, in which only the empty cell is missing."""

from typing import TYPE_CHECKING, Any

from evenwicht.base.errors import DataError

if TYPE_CHECKING:  # settings of sources are loaded by every job, and most need no tables
    import pyarrow as pa

LARGEST_EXACT = 2.0**53  # every whole number up to here has a float of its own


def as_text(table: "pa.Table", where: str) -> "pa.Table":
    """Write every value of a typed table as text, exactly.

    Whole numbers keep all their digits, other floats the shortest text that gives the same float back, times their
    local clock with the zone behind it; yes/no values become 1 and 0.

    Raises
    ------
    DataError
        On a column of a type that holds no single value, such as a list, and on whole numbers in a column of floats
        that are too large for it: the last digits of an identifier may be lost already.
    """
    import pyarrow as pa

    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        kind = column.type
        if pa.types.is_dictionary(kind):
            column = column.cast(kind.value_type)
        if pa.types.is_boolean(column.type):
            column = column.cast(pa.int8())
        if pa.types.is_duration(column.type):
            raise _no_value(name, kind, where)
        try:
            columns[name] = _floats(column, name, where) if _is_float(column.type) else column.cast(pa.string())
        except pa.ArrowException:
            raise _no_value(name, kind, where) from None
    return pa.table(columns)


def _no_value(name: str, kind: object, where: str) -> DataError:
    return DataError(
        f"column '{name}' holds values of type {kind}, which are no text, number or date",
        where=where,
        fix="Write it as text, a number or a date.",
    )


def _is_float(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_float32(kind) or pa.types.is_float64(kind))


def _floats(column: Any, name: str, where: str) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    size = pc.abs(column)
    lost = pc.sum(pc.and_(pc.greater(size, LARGEST_EXACT), pc.is_finite(column))).as_py()
    if lost:
        raise DataError(
            f"column '{name}' holds {lost} numbers beyond 2^53 as floats, whose last digits may be lost already",
            where=where,
            fix="Store a long identifier as text in the program that it comes from, and a code as a shorter one.",
        )
    whole = pc.and_(pc.equal(pc.round(column, round_mode="towards_zero"), column), pc.is_finite(column))
    digits = pc.if_else(whole, column, pa.scalar(None, column.type)).cast(pa.int64()).cast(pa.string())
    return pc.coalesce(digits, column.cast(pa.string()))


def trimmed(text: "pa.Array") -> "pa.Array":
    """Remove blanks around text; a cell of nothing but blanks is empty."""
    import pyarrow as pa
    import pyarrow.compute as pc

    stripped = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(stripped, ""), pa.scalar(None, pa.string()), stripped)
