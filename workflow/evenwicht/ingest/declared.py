"""Codes that a file declares to be missing must be described in the cohort file: they are never taken as values."""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from evenwicht.base.columns import SourceColumn
from evenwicht.base.errors import DataError, listed
from evenwicht.ingest.metadata import ColumnDescription, FileDescription
from evenwicht.ingest.text import trimmed


def require_declared(
    flat: pa.Table, description: FileDescription, columns: Iterable[tuple[str, SourceColumn]], where: str
) -> None:
    """Raise DataError if values are missing by the file's own word, but neither a code nor missing in the cohort file.

    A refusal of -9 would else be an income of -9.

    Parameters
    ----------
    flat
        The columns of the file as text.
    description
        What the file says of them.
    columns
        Name in the file and description in the cohort file of each column that is read.
    """
    for name, column in columns:
        if name not in flat.column_names:
            continue  # a derived column
        found = description.columns[name]
        known = {*column.missing, *column.codes}
        n = _undeclared(trimmed(flat[name].combine_chunks()), found, known)
        if n:
            told = [
                f"{code} ({label})" if label else code for code, label in found.missing.items() if code not in known
            ]
            told += [f"{low:.15g} to {high:.15g}" for low, high in found.missing_ranges]
            raise DataError(
                f"{n} values are missing by the file's own word, but not declared here: {listed(told)}",
                where=f"{where}: column '{name}'",
                fix="List each such code under `missing` of the column, or under `codes` if it is an answer.",
            )


def _undeclared(text: Any, found: ColumnDescription, known: set[str]) -> int:
    unknown = pc.invert(pc.is_in(text, pa.array(sorted(known), pa.string())))
    missing = pc.is_in(text, pa.array(list(found.missing), pa.string()))
    if found.missing_ranges:  # numbers only: dates have a dash after the year
        numeric = pc.match_substring_regex(text, r"^-?\d+(\.\d+)?(e[+-]?\d+)?$")
        numbers = pc.if_else(numeric, text, pa.scalar(None, pa.string())).cast(pa.float64())
        for low, high in found.missing_ranges:
            inside = pc.and_(pc.greater_equal(numbers, low), pc.less_equal(numbers, high))
            missing = pc.or_(missing, inside.fill_null(False))
    return int(pc.sum(pc.and_(missing, unknown).fill_null(False)).as_py() or 0)
