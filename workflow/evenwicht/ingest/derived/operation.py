"""What every operation that makes a column is: its settings, the columns it reads, and its values."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evenwicht.base.columns import SourceColumn
from evenwicht.base.errors import DataError
from evenwicht.base.names import Strict

if TYPE_CHECKING:  # settings are loaded by every job, and most need no pandas
    import pandas as pd

Reader = Callable[[SourceColumn], "pd.Series"]


@dataclass(frozen=True)
class Rows:
    """The rows of a source table from which a column is made: its name, place in messages, length, and their reader."""

    name: str
    where: str
    n: int
    read: Reader

    def refuse(self, bad: Any, what: str, fix: str) -> None:
        """Raise DataError with the number of rows, of (n,) flags, for which the column cannot be made."""
        count = int(bad.sum())
        if count:
            raise DataError(
                f"{count} {'person has' if count == 1 else 'people have'} {what}",
                where=f"{self.where}: column '{self.name}'",
                fix=fix,
            )


class Operation(Strict):
    """One way to make a column; each is a subclass with its own `kind`."""

    @property
    def inputs(self) -> list[SourceColumn]:
        """The columns it reads: all that its settings name."""
        return list(_columns(value for _, value in self))

    @property
    def levels(self) -> tuple[str, ...]:
        """The categories that it makes, in their order, if it says so."""
        return ()

    @abstractmethod
    def values(self, rows: Rows) -> "pd.Series":
        """Return the column, (n,).

        Raises
        ------
        DataError
            If it cannot be made from the values of some rows.
        """


def each_once(columns: Sequence[SourceColumn]) -> Sequence[SourceColumn]:
    """Refuse a column that stands twice among those that count alike."""
    names = [str(column.source) for column in columns]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise ValueError(f"listed twice: {', '.join(twice)}")
    return columns


def _columns(values: Iterator[Any]) -> Iterator[SourceColumn]:
    for value in values:
        yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, SourceColumn))
