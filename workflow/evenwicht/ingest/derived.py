"""Columns that are made from others before a source table is mapped, such as an age at a later wave.

Each kind is one class: its settings, the columns it reads, and its values. A derived column is named and described like
any other column of the source; it is empty for a person who lacks a value that it needs.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from evenwicht.base.columns import SourceColumn
from evenwicht.base.errors import DataError
from evenwicht.base.names import Strict
from evenwicht.ingest.described import AnyColumn, NumberColumn, YesNoColumn

if TYPE_CHECKING:  # settings are loaded by every job, and most need no pandas
    import pandas as pd

Reader = Callable[[SourceColumn], "pd.Series"]
MONTHS = 12


@dataclass(frozen=True)
class Rows:
    """The rows of a source table from which a column is made: its name, place in messages, length, and their reader."""

    name: str
    where: str
    n: int
    read: Reader


class RowNumber(Strict):
    """1, 2, 3 and so on down the table: an identifier for a finished table that has none."""

    kind: Literal["row_number"]

    @property
    def inputs(self) -> list[SourceColumn]:
        """The columns it reads."""
        return []

    def values(self, rows: Rows) -> "pd.Series":
        """Return the number of each row, (n,)."""
        import pandas as pd

        return pd.Series(range(1, rows.n + 1))


class Sum(Strict):
    """The sum of columns and a constant, such as age at baseline plus the years to a later wave."""

    kind: Literal["sum"]
    of: list[NumberColumn] = Field(min_length=1, description="Source columns that are added up")
    plus: float = Field(0.0, description="Number that is added")

    @property
    def inputs(self) -> list[SourceColumn]:
        """The columns it reads."""
        return self.of

    def values(self, rows: Rows) -> "pd.Series":
        """Return the sum, (n,)."""
        return sum((rows.read(column) for column in self.of[1:]), start=rows.read(self.of[0])) + self.plus


class AtLeast(Strict):
    """Yes (1) if a number is at or above a limit, else no (0)."""

    kind: Literal["at_least"]
    of: NumberColumn = Field(description="Source column")
    limit: float = Field(description="Yes from this value on")

    @property
    def inputs(self) -> list[SourceColumn]:
        """The columns it reads."""
        return [self.of]

    def values(self, rows: Rows) -> "pd.Series":
        """Return 1 or 0, (n,)."""
        number = rows.read(self.of)
        return (number >= self.limit).astype("float64").where(number.notna())


class Combination(Strict):
    """A group for each combination of values, in their order, such as the state that people of one price and tax share.

    Groups are numbered from 0 among the combinations that occur, so that a group has a number of its own in this table
    only.
    """

    kind: Literal["combination"]
    of: list[AnyColumn] = Field(min_length=1, description="Source columns")

    @property
    def inputs(self) -> list[SourceColumn]:
        """The columns it reads."""
        return self.of

    def values(self, rows: Rows) -> "pd.Series":
        """Return the name of the column and the number of the group, (n,), with the zeros that make it sort as text."""
        import pandas as pd

        parts = pd.DataFrame({position: rows.read(column) for position, column in enumerate(self.of)})
        group = parts.groupby(list(parts.columns), observed=True).ngroup()
        width = max(2, len(f"{group.max():.0f}"))
        return group.where(group >= 0).map(f"{rows.name} {{:0{width}.0f}}".format, na_action="ignore")


class ExitAge(Strict):
    """Age at an event that is dated by year and month, else at the end of follow-up: a column for `events`.

    Time is counted in whole months from the first day of the month of `start`; the month of the event, and that of
    `end`, count in full.
    """

    kind: Literal["exit_age"]
    entry_age: NumberColumn = Field(description="Age at the start of follow-up, years")
    start: dt.date = Field(description="Month in which everybody's follow-up starts")
    end: dt.date = Field(description="Month in which the follow-up of all without the event ends")
    status: YesNoColumn = Field(description="Yes (1) if the event happened, else no (0)")
    year: NumberColumn = Field(description="Calendar year of the event, four digits")
    month: NumberColumn = Field(description="Month of the event, 1 to 12")

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> "ExitAge":
        if self.end < self.start:
            raise ValueError("end must not come before start")
        return self

    @property
    def inputs(self) -> list[SourceColumn]:
        """The columns it reads."""
        return [self.entry_age, self.status, self.year, self.month]

    def values(self, rows: Rows) -> "pd.Series":
        """Return the age, (n,) years.

        Raises
        ------
        DataError
            If an event has no such month, or lies outside follow-up.
        """
        happened = rows.read(self.status).fillna(False).astype(bool)
        month = rows.read(self.month)
        event = (rows.read(self.year) - self.start.year) * MONTHS + month - self.start.month + 1
        end = (self.end.year - self.start.year) * MONTHS + self.end.month - self.start.month + 1
        dated = happened & event.notna()
        bad = dated & ~(month.isin(range(1, MONTHS + 1)) & event.between(1, end))
        if bad.any():
            raise DataError(
                f"{int(bad.sum())} people have an event outside {self.start:%Y-%m} to {self.end:%Y-%m}, "
                "or in no month from 1 to 12",
                where=f"{rows.where}: column '{rows.name}'",
                fix="Correct the dates, or `start` and `end`.",
            )
        return rows.read(self.entry_age) + event.where(happened, end) / MONTHS


Derived = Annotated[RowNumber | Sum | AtLeast | Combination | ExitAge, Field(discriminator="kind")]
