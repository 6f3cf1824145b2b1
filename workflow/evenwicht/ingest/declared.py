"""Codes that a file declares to be missing must be described in the cohort file: they are never taken as values."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evenwicht.base.columns import SourceColumn
from evenwicht.base.errors import DataError, listed
from evenwicht.base.faults import Faults
from evenwicht.ingest.metadata import ColumnDescription, FileDescription
from evenwicht.ingest.text import trimmed
from evenwicht.ingest.typing import why_missing


def require_declared(
    flat: pa.Table,
    description: FileDescription,
    columns: Iterable[tuple[str, str, SourceColumn]],
    where: str,
    decimal: str,
    faults: Faults,
) -> None:
    """Add a fault where values are missing by the file's own word, but neither a code nor missing in the cohort file.

    A refusal of -9 would else be an income of -9.

    Parameters
    ----------
    flat
        Columns as text.
    description
        What the file says of its columns.
    columns
        Name in `flat`, name in the file, and description in the cohort file of each column that is read.
    where
        The file, for messages.
    decimal
        Decimal mark of its numbers.
    faults
        Where faults go.
    """
    for name, in_file, column in columns:
        found = description.columns.get(in_file)
        if found is None or name not in flat.column_names or pa.types.is_null(flat[name].type):
            continue  # a derived column, or an absent one
        n = _undeclared(trimmed(flat[name].combine_chunks()), found, column, decimal)
        if n:
            known = {*column.missing, *column.codes}
            told = [
                f"{code} ({label})" if label else code for code, label in found.missing.items() if code not in known
            ]
            told += [f"{low:.15g} to {high:.15g}" for low, high in found.missing_ranges]
            error = DataError(
                f"{n} values are missing by the file's own word, but not declared here: {listed(told)}",
                where=f"{where}: column '{in_file}'",
                fix="List each such code under `missing` or `missing_ranges` of the column, or under `codes` if it is "
                "an answer.",
            )
            faults.add("declared missing", error)


def _undeclared(text: Any, found: ColumnDescription, column: SourceColumn, decimal: str) -> int:
    unknown = pc.invert(pc.is_in(text, pa.array(sorted(column.codes), pa.string())))
    unknown = pc.and_(unknown, pa.array(np.asarray(why_missing(text, column, decimal) < 0)))
    missing = pc.is_in(text, pa.array(list(found.missing), pa.string()))
    if found.missing_ranges:  # numbers only: dates have a dash after the year
        numeric = pc.match_substring_regex(text, r"^-?\d+(\.\d+)?(e[+-]?\d+)?$")
        numbers = pc.if_else(numeric, text, pa.scalar(None, pa.string())).cast(pa.float64())
        for low, high in found.missing_ranges:
            inside = pc.and_(pc.greater_equal(numbers, low), pc.less_equal(numbers, high))
            missing = pc.or_(missing, inside.fill_null(False))
    return int(pc.sum(pc.and_(missing, unknown).fill_null(False)).as_py() or 0)
