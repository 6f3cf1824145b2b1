"""Numbers from numbers: sums, differences, logarithms, standard scores, and whether one reaches a limit."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from evenwicht.base.names import Positive
from evenwicht.ingest.derived.operation import Operation, Rows
from evenwicht.ingest.described import CategoryColumn, NumberColumn

if TYPE_CHECKING:
    import pandas as pd


class Sum(Operation):
    """The sum of columns and a constant, such as age at baseline plus the years to a later wave.

    It is missing if any of them is.
    """

    kind: Literal["sum"]
    of: list[NumberColumn] = Field(min_length=1, description="Source columns that are added up")
    plus: float = Field(0.0, description="Number that is added")

    def values(self, rows: Rows) -> "pd.Series":
        """Return the sum, (n,)."""
        return sum((rows.read(column) for column in self.of[1:]), start=rows.read(self.of[0])) + self.plus


class Difference(Operation):
    """One number less another, such as the change of weight between two waves; missing if either is."""

    kind: Literal["difference"]
    of: NumberColumn = Field(description="Source column")
    minus: NumberColumn = Field(description="Source column that is taken from it")

    def values(self, rows: Rows) -> "pd.Series":
        """Return the difference, (n,)."""
        return rows.read(self.of) - rows.read(self.minus)


class Log(Operation):
    """The natural logarithm of a number, or of the number plus a constant; missing where the number is."""

    kind: Literal["log"]
    of: NumberColumn = Field(description="Source column")
    plus: Positive | None = Field(None, description="Number that is added first, for a source that holds zeros")

    def values(self, rows: Rows) -> "pd.Series":
        """Return the logarithm, (n,).

        Raises
        ------
        DataError
            If a number, with `plus` added, is zero or below.
        """
        import numpy as np

        number = rows.read(self.of) + (self.plus or 0.0)
        rows.refuse(
            number <= 0,
            f"zero or less in '{self.of.source}'{'' if self.plus is None else ' after `plus` is added'}, "
            "which has no logarithm",
            "Correct it, list it under `missing`, or state a `plus` that makes every number positive.",
        )
        return np.log(number)


class Standardise(Operation):
    """A number in standard deviations from the mean of those in whom it is known, or from that of their group.

    The standard deviation has n - 1 below its sum of squares. It is missing where the number or the group is.
    """

    kind: Literal["standardise"]
    of: NumberColumn = Field(description="Source column")
    within: CategoryColumn | None = Field(
        None, description="Source column of groups, such as sex, each with its own mean; all are one group if left out"
    )

    def values(self, rows: Rows) -> "pd.Series":
        """Return the standard score, (n,): mean 0 and standard deviation 1 in each group.

        Raises
        ------
        DataError
            If all the numbers of a group are equal, or only one is known.
        """
        import pandas as pd

        number = rows.read(self.of)
        group = pd.Series(0, number.index) if self.within is None else rows.read(self.within)
        # sorted, so that rounding is the same in whatever order the rows are
        known = pd.DataFrame({"number": number, "group": group}).dropna().sort_values(["group", "number"])
        groups = known.groupby("group", observed=True)["number"]
        rows.refuse(
            groups.transform("min") == groups.transform("max"),
            f"the same value of '{self.of.source}' as all others"
            f"{'' if self.within is None else ' of their group'}, or the only one: there is no standard deviation",
            "Standardise within larger groups, or use another column.",
        )
        scores = (known["number"] - groups.transform("mean")) / groups.transform("std")
        return scores.reindex(number.index)


class AtLeast(Operation):
    """Yes (1) if a number is at or above a limit, else no (0); missing where the number is."""

    kind: Literal["at_least"]
    of: NumberColumn = Field(description="Source column")
    limit: float = Field(description="Yes from this value on")

    def values(self, rows: Rows) -> "pd.Series":
        """Return 1 or 0, (n,)."""
        number = rows.read(self.of)
        return (number >= self.limit).astype("float64").where(number.notna())
