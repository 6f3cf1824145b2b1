"""What stands in a file: how it is written, and of each column what it says of itself and what its cells hold."""

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from evenwicht.base.columns import ZEROS, DateOrder
from evenwicht.base.errors import DataError
from evenwicht.ingest.files import describe_file, read_file
from evenwicht.ingest.metadata import ColumnDescription
from evenwicht.ingest.names import look_like_data
from evenwicht.ingest.sources import TableFile
from evenwicht.ingest.text import trimmed
from evenwicht.ingest.typing import DATES, LEAST_SHOWN, ORDERS, are_dates
from evenwicht.starter.codebook import Codebook
from evenwicht.starter.writing import as_written

Kind = Literal["empty", "integer", "number", "date", "month", "text"]
COLUMNS_AT_ONCE = 16  # a few passes over a wide file, and never all of it in memory
MOST_LEVELS = 30  # different values of what may be a category
LETTER = r"^\.?[a-zA-Z_]$"  # a missing value of Stata or SAS
DECIMAL = r"^[+-]?(\d+[{mark}]?\d*|[{mark}]\d+)([eE][+-]?\d+)?$"


@dataclass(frozen=True)
class Contents:
    """What one column holds.

    Attributes
    ----------
    name
        In the file.
    told
        What the file says of it.
    rows, filled
        All rows, and those in which it is not empty.
    kind
        What its values are, but for those that the file declares to be missing.
    different
        How many different values there are.
    common
        Value -> rows, of the values that so many people share that they say nothing of any of them. Numbers have a
        decimal point here.
    levels
        Every different value, if there are few. Not to be shown: only those in `common` are.
    orders
        In which orders of year, month and day they may all be dates, if there are none with the year first.
    """

    name: str
    told: ColumnDescription
    rows: int
    filled: int
    kind: Kind
    different: int
    common: dict[str, int]
    levels: frozenset[str]
    orders: tuple[DateOrder, ...]

    @property
    def labels(self) -> dict[str, str]:
        """Code -> label; of words, if many share each of them, the word itself."""
        spoken = self.kind == "text" and not self.told.labels and self.levels and self.levels <= set(self.common)
        return {word: word for word in sorted(self.levels)} if spoken else self.told.labels

    @property
    def identifies(self) -> bool:
        """Whether it is filled and different in every row."""
        return self.different == self.filled == self.rows

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers."""
        return self.kind in ("integer", "number")


@dataclass(frozen=True)
class FileContents:
    """A file, how it is written, and its columns by name."""

    source: TableFile
    columns: dict[str, Contents]

    @property
    def rows(self) -> int:
        return next(iter(self.columns.values())).rows

    @property
    def stem(self) -> str:
        return PurePath(self.source.path).name.split(".")[0]

    @property
    def writing(self) -> dict[str, str]:
        """Settings of `source` that say how it is written, where they are not those of a plain file."""
        return self.source.model_dump(include={"separator", "decimal", "thousands", "encoding"}, exclude_defaults=True)


def look_into(path: str, codebook: Codebook | None = None) -> FileContents:
    """Return what a file holds; its separator, decimal mark and encoding are found out if it is text.

    A codebook adds to what the file says of its columns.

    Raises
    ------
    DataError
        If there is no such file, it is of no kind that can be read, or it is not whole.
    """
    source = as_written(TableFile(path=path))
    told = describe_file(source).columns
    if codebook is not None:
        told = codebook.added(told)
    if not told:
        raise DataError("the file has no column", where=source.key, fix="Export it again.")
    names = list(told)
    if look_like_data(names):  # they would be shown
        raise DataError(
            "the first line holds numbers, dates or markup, and may be a person's row",
            where=source.key,
            fix="Put a line with a name for every column above it, with a letter in each name.",
        )
    columns: dict[str, Contents] = {}
    for start in range(0, len(names), COLUMNS_AT_ONCE):
        table = read_file(source, names[start : start + COLUMNS_AT_ONCE])
        for name in table.column_names:
            columns[name] = _contents(name, told[name], table[name], source.decimal)
    return FileContents(source, columns)


def _contents(name: str, told: ColumnDescription, column: Any, decimal: str) -> Contents:
    # a whole number is one value, however it is written
    text = pc.replace_substring_regex(trimmed(column.combine_chunks()), ZEROS, r"\1")
    counted = pc.value_counts(text.drop_null())
    kind = _kind(counted.field(0), told, decimal)
    orders = tuple(order for order in ORDERS if are_dates(counted.field(0), order)) if kind == "text" else ()
    counts: dict[str, int] = {}
    if len(counted) <= MOST_LEVELS * 2:
        counts = dict(zip(counted.field(0).to_pylist(), counted.field(1).to_pylist(), strict=True))
    else:
        often = counted.filter(pc.greater_equal(counted.field(1), LEAST_SHOWN))
        ranked = often.take(pc.array_sort_indices(often.field(1), order="descending")[: MOST_LEVELS * 2])
        counts = dict(zip(ranked.field(0).to_pylist(), ranked.field(1).to_pylist(), strict=True))
    if kind == "number":
        counts = {value.replace(decimal, "."): n for value, n in counts.items()}
    return Contents(
        name=name,
        told=told,
        rows=len(text),
        filled=len(text) - text.null_count,
        kind="date" if orders else kind,
        different=len(counted),
        common={value: n for value, n in counts.items() if n >= LEAST_SHOWN},
        levels=frozenset(counts) if len(counted) <= MOST_LEVELS * 2 else frozenset(),
        orders=orders,
    )


def _kind(values: Any, told: ColumnDescription, decimal: str) -> Kind:
    """What different values are, without those that the file declares to be missing."""
    values = values.filter(pc.invert(pc.is_in(values, pa.array(list(told.missing), pa.string()))))
    if told.storage == "number":
        values = values.filter(pc.invert(pc.match_substring_regex(values, LETTER)))
    if len(values) == 0:
        return "empty"
    forms: list[tuple[Kind, str]] = [
        ("integer", r"^[+-]?\d{1,18}$"),
        ("number", DECIMAL.replace("{mark}", re.escape(decimal))),
        ("date", DATES["day"]),
        ("month", DATES["month"]),
    ]
    return next((kind for kind, form in forms if pc.all(pc.match_substring_regex(values, form)).as_py()), "text")
