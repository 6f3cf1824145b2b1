"""A table as pages show it: columns with heads, rows of text, and what sorts a number that is written for readers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

Cell = str | tuple[str, float]  # text, or text with the number by which it sorts


@dataclass(frozen=True)
class Column:
    """One column: the key of its cells, its head, and whether it holds numbers or names its row."""

    key: str
    head: str
    number: bool = False
    names_row: bool = False


@dataclass(frozen=True)
class Table:
    """Rows for readers; they can be copied and saved under the name.

    Attributes
    ----------
    name
        Name of the file it is saved as.
    caption
        What it shows.
    columns, rows
        Cells of a row by key of the column; what is missing is empty.
    searchable
        Whether readers search and sort it in the page.
    """

    name: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Cell]] = field(default_factory=list)
    searchable: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.rows)

    @cached_property
    def shown(self) -> list[Column]:
        """The columns in which any row has something."""
        return [column for column in self.columns if any(self.text(row, column) for row in self.rows)]

    def text(self, row: Mapping[str, Cell], column: Column) -> str:
        """What a cell says."""
        cell = row.get(column.key, "")
        return cell if isinstance(cell, str) else cell[0]

    def order(self, row: Mapping[str, Cell], column: Column) -> float | None:
        """The number by which a cell sorts, if it has one."""
        cell = row.get(column.key, "")
        return None if isinstance(cell, str) or cell[1] != cell[1] else cell[1]
