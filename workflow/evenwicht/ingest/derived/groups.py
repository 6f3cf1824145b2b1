"""Groups of people: by number, by combination of values, by code, and by limits of a number."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from evenwicht.base.names import Code
from evenwicht.ingest.derived.operation import Operation, Rows
from evenwicht.ingest.described import AnyColumn, CategoryColumn, NumberColumn

if TYPE_CHECKING:
    import pandas as pd


class RowNumber(Operation):
    """1, 2, 3 and so on down the table: an identifier for a finished table that has none."""

    kind: Literal["row_number"]

    def values(self, rows: Rows) -> "pd.Series":
        """Return the number of each row, (n,)."""
        import pandas as pd

        return pd.Series(range(1, rows.n + 1))


class Combination(Operation):
    """A group for each combination of values, in their order, such as the state that people of one price and tax share.

    Groups are numbered from 0 among the combinations that occur, so that a group has a number of its own in this table
    only. It is missing if any value is.
    """

    kind: Literal["combination"]
    of: list[AnyColumn] = Field(min_length=1, description="Source columns")

    def values(self, rows: Rows) -> "pd.Series":
        """Return the name of the column and the number of the group, (n,), with the zeros that make it sort as text."""
        import pandas as pd

        parts = pd.DataFrame({position: rows.read(column) for position, column in enumerate(self.of)})
        group = parts.groupby(list(parts.columns), observed=True).ngroup()
        width = max(2, len(f"{group.max():.0f}"))
        return group.where(group >= 0).map(f"{rows.name} {{:0{width}.0f}}".format, na_action="ignore")


class Recode(Operation):
    """Another code for each code of a category.

    It is missing where the source is empty or holds one of its `missing` codes. Any other code that is not listed is
    an error, unless `otherwise` says what it becomes.
    """

    kind: Literal["recode"]
    of: CategoryColumn = Field(description="Source column, without `codes` of its own")
    into: dict[Code, Code] = Field(min_length=1, description="Code in the source -> code that it becomes")
    otherwise: Code | None = Field(None, description="What every code becomes that is not listed; an error if left out")

    @model_validator(mode="after")
    def _codes_stand_in_one_place(self) -> "Recode":
        if self.of.codes:
            raise ValueError("the codes of a recode stand in `into`, not in `codes` of its source column")
        both = [code for code in self.into if code in self.of.missing]
        if both:
            raise ValueError(f"{', '.join(both)} stands in `into` and in `missing`")
        return self

    @property
    def levels(self) -> tuple[str, ...]:
        """The new codes, in the order in which they are listed."""
        last = () if self.otherwise is None else (self.otherwise,)
        return tuple(dict.fromkeys([*self.into.values(), *last]))

    def values(self, rows: Rows) -> "pd.Series":
        """Return the new codes, (n,).

        Raises
        ------
        DataError
            If a code is not listed, and there is no `otherwise`.
        """
        codes = self.into if self.otherwise is None else {**self.into, **self._others(rows, self.otherwise)}
        # as labels, so that codes that become one are one level: the first of them
        level = rows.read(self.of.model_copy(update={"codes": codes}))
        return level.cat.rename_categories({code: codes[code] for code in level.cat.categories})

    def _others(self, rows: Rows, becomes: str) -> dict[str, str]:
        from evenwicht.ingest.typing import code_of

        words, known = rows.read(self.of).cat.categories, {*self.into, *self.of.missing}
        return {word: becomes for word in words if code_of(word, known, truth_words=False) is None}


class Cut(Operation):
    """A category for each stretch of a number between limits; the first and the last stretch have no end.

    It is missing where the number is.
    """

    kind: Literal["cut"]
    of: NumberColumn = Field(description="Source column")
    limits: list[float] = Field(
        min_length=1, description="Where one category ends and the next begins, from low to high"
    )
    labels: list[Code] = Field(description="Categories from low to high, one more than limits")
    closed: Literal["left", "right"] = Field(
        description="Where a value at a limit belongs: to the category above it (left, as 18.5 to below 25) or below "
        "it (right, as above 18.5 to 25)"
    )

    @model_validator(mode="after")
    def _limits_and_labels_fit(self) -> "Cut":
        if any(low >= high for low, high in zip(self.limits, self.limits[1:], strict=False)):
            raise ValueError("limits must rise from each to the next")
        if len(self.labels) != len(self.limits) + 1:
            raise ValueError(f"there are {len(self.limits) + 1} categories, and {len(self.labels)} labels")
        if len(set(self.labels)) < len(self.labels):
            raise ValueError("every category needs a label of its own")
        return self

    @property
    def levels(self) -> tuple[str, ...]:
        """The labels, from low to high."""
        return tuple(self.labels)

    def values(self, rows: Rows) -> "pd.Series":
        """Return the label of the category, (n,)."""
        import numpy as np
        import pandas as pd

        number = rows.read(self.of).to_numpy()
        stretch = np.searchsorted(self.limits, number, side="right" if self.closed == "left" else "left")
        labels = np.array([*self.labels, None], dtype=object)  # the last place belongs to the missing number
        return pd.Series(labels[np.where(np.isnan(number), -1, stretch)])
