"""One value from several answers: whether any is yes, how many are, and their mean."""

from functools import reduce
from operator import add, or_
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from evenwicht.base.columns import SourceColumn
from evenwicht.ingest.derived.operation import Operation, Rows, each_once
from evenwicht.ingest.described import NumberColumn, YesNoColumn

if TYPE_CHECKING:
    import pandas as pd


class AnyOf(Operation):
    """Yes (1) if any answer is yes; else missing if any is missing; else no (0)."""

    kind: Literal["any_of"]
    of: Annotated[list[YesNoColumn], AfterValidator(each_once)] = Field(
        min_length=1, description="Yes/no columns of the source"
    )

    def values(self, rows: Rows) -> "pd.Series":
        """Return 1 or 0, (n,)."""
        return reduce(or_, (rows.read(column) for column in self.of))  # of pandas, for which yes or unknown is yes


class _Score(Operation):
    """A score over items, of people who answered enough of them."""

    of: list[SourceColumn]
    least_answered: int | None = Field(
        None, ge=1, description="Items that a person must have answered to have a score; all if left out"
    )

    @model_validator(mode="after")
    def _can_be_answered(self) -> "_Score":
        if self.least_answered is not None and self.least_answered > len(self.of):
            raise ValueError(f"least_answered is {self.least_answered}, but there are {len(self.of)} items")
        return self

    def _scored(self, score: "pd.Series", answered: "pd.Series") -> "pd.Series":
        return score.where(answered >= (self.least_answered or len(self.of)))


class Count(_Score):
    """How many answers are yes, such as the number of adverse childhood experiences (an ACE score).

    It is missing for people with fewer answers than `least_answered`; for others, what they did not answer counts as
    no.
    """

    kind: Literal["count"]
    of: Annotated[list[YesNoColumn], AfterValidator(each_once)] = Field(
        min_length=1, description="Yes/no columns of the source"
    )

    def values(self, rows: Rows) -> "pd.Series":
        """Return the number of yeses, (n,)."""
        answers = [rows.read(column) for column in self.of]
        yes = reduce(add, (answer.fillna(False).astype("int64") for answer in answers))
        return self._scored(yes, answered(answers))


class Mean(_Score):
    """The mean of the items of a scale that a person answered.

    It is missing for people with fewer answers than `least_answered`. A reversed item counts as lowest plus highest
    answer less the answer.
    """

    kind: Literal["mean"]
    of: Annotated[list[NumberColumn], AfterValidator(each_once)] = Field(
        min_length=1, description="Source columns, the items"
    )
    reversed: dict[str, tuple[float, float]] = Field(
        default={}, description="Item whose answers run the other way -> its lowest and highest possible answer"
    )

    @model_validator(mode="after")
    def _reversed_are_items_with_one_range(self) -> "Mean":
        items = {str(column.source): column for column in self.of}
        for name, (low, high) in self.reversed.items():
            if name not in items:
                raise ValueError(f"reversed.{name} is not one of the items {', '.join(items)}")
            if low >= high:
                raise ValueError(f"reversed.{name}: the lowest answer must be below the highest")
            if items[name].minimum is not None or items[name].maximum is not None:
                raise ValueError(f"reversed.{name} states its range; remove minimum and maximum of the item")
        return self

    def values(self, rows: Rows) -> "pd.Series":
        """Return the mean, (n,).

        Raises
        ------
        DataError
            If a reversed item holds an answer outside its range.
        """
        answers = [self._answers(column, rows) for column in self.of]
        n = answered(answers)
        return self._scored(reduce(add, (answer.fillna(0.0) for answer in answers)), n) / n

    def _answers(self, column: SourceColumn, rows: Rows) -> "pd.Series":
        if column.source not in self.reversed:
            return rows.read(column)
        low, high = self.reversed[column.source]
        return low + high - rows.read(column.model_copy(update={"minimum": low, "maximum": high}))


def answered(answers: "list[pd.Series]") -> "pd.Series":
    """Return how many answers each person gave, (n,)."""
    return reduce(add, (answer.notna().astype("int64") for answer in answers))
