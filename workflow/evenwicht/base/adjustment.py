"""Covariates of a model, stated once for a cohort under a name or in the study itself."""

from typing import Annotated

from pydantic import Field, model_validator

from evenwicht.base.names import Name, Strict


class Adjustment(Strict):
    """Covariates of a model: categories enter as indicators, numbers linearly, unless more is asked of them."""

    columns: list[Name] = Field(default=[], description="Columns that enter")
    squares: list[Name] = Field(default=[], description="Numbers whose squares enter as well")
    splines: dict[Name, Annotated[int, Field(ge=2, le=7)]] = Field(
        default={}, description="Numbers that enter as a natural cubic spline with so many degrees of freedom"
    )
    interactions: list[tuple[Name, Name]] = Field(default=[], description="Pairs of columns whose product enters")

    @model_validator(mode="after")
    def _shapes_are_of_columns(self) -> "Adjustment":
        twice = [name for k, name in enumerate(self.columns) if name in self.columns[:k]]
        if twice:
            raise ValueError(f"listed twice: {', '.join(twice)}")
        shaped = [*self.squares, *self.splines, *(name for pair in self.interactions for name in pair)]
        unknown = [name for name in dict.fromkeys(shaped) if name not in self.columns]
        if unknown:
            raise ValueError(f"squares, splines and interactions are of columns; not among them: {', '.join(unknown)}")
        both = [name for name in self.squares if name in self.splines]
        if both:
            raise ValueError(f"a spline needs no square beside it: {', '.join(both)}")
        return self

    def joined(self, *others: "Adjustment") -> "Adjustment":
        """All covariates of several, each in the richest shape that any gives it."""
        every, splines = (self, *others), dict[str, int]()
        for one in every:
            splines |= {name: max(df, splines.get(name, 0)) for name, df in one.splines.items()}
        squares = dict.fromkeys(name for one in every for name in one.squares if name not in splines)
        return Adjustment(
            columns=list(dict.fromkeys(name for one in every for name in one.columns)),
            squares=list(squares),
            splines=splines,
            interactions=list(dict.fromkeys(pair for one in every for pair in one.interactions)),
        )

    def without(self, *names: str) -> "Adjustment":
        """The same covariates but these."""
        return Adjustment(
            columns=[name for name in self.columns if name not in names],
            squares=[name for name in self.squares if name not in names],
            splines={name: df for name, df in self.splines.items() if name not in names},
            interactions=[pair for pair in self.interactions if not set(pair) & set(names)],
        )
