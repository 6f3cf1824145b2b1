"""Whom an exposure or policy helps or harms most: effects along a rank such as family SES, and inequality by it."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.base.exposures import NUMBERS, Contrast
from evenwicht.base.names import Name
from evenwicht.display.labels import comparison
from evenwicht.display.language import say
from evenwicht.results.questions import Effect, Inequality, Question
from evenwicht.studies.study import TOO_UNLIKE, ExposureStudy, Level, unknown


class Settings(ExposureStudy):
    """Effects in parts of equal size of a rank, slope and relative index of inequality, and what changes them.

    The rank is always among the covariates. Standard errors cluster by `cluster`, or else by a column with role
    `family`.
    """

    weighted: ClassVar[bool] = True

    kind: Literal["inequality"]
    level: Level = "individual"
    by: Name = Field(description="Column of numbers by which people are ranked, low to high")
    parts: Annotated[int, Field(ge=2, le=10)] = Field(3, description="Into how many parts of equal size it is cut")
    cluster: Name | None = Field(None, description="Column with role cluster: who shares an exposure or policy")

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        yield from unknown("by", self.by, book.columns, "a column")
        column = book.columns.get(self.by)
        if column is not None and column.type not in NUMBERS:
            yield Mistake("by", f"'{self.by}' is of type {column.type}", "Name a column of numbers.")
        for index, exposure in enumerate(self.exposures):
            if exposure.column == self.by:
                yield Mistake(f"exposures.{index}", f"'{self.by}' is the rank itself", "Name another exposure.")
        for index, name in enumerate(self.outcomes):
            if book.column_of(name) == self.by:
                yield Mistake(f"outcomes.{index}", f"'{name}' is the rank itself", "Name another outcome.")
        if self.cluster is not None:
            yield from unknown("cluster", self.cluster, book.role("cluster"), "a column with role cluster")

    def rests_on(self, book: Codebook) -> Adjustment:
        return super().rests_on(book).joined(Adjustment(columns=[self.by]))

    def products(self) -> list[tuple[str, str]]:
        return [(exposure.column, self.by) for exposure in self.exposures]

    def not_imputed(self) -> str:
        return TOO_UNLIKE.format(whole="clusters", part="cluster") if self.cluster else ""

    def columns_of(self, book: Codebook, exposure: str, reference: str) -> tuple[list[str], list[str]]:
        as_things_are = (exposure, reference) == (self.by, "")
        return ([self.by], []) if as_things_are else super().columns_of(book, exposure, reference)

    def own_parts(self) -> list[tuple[str, int]]:
        return [(self.by, self.parts)]

    def asked_of(self, contrast: Contrast) -> Inequality:
        """Return the question about one comparison."""
        return Inequality(contrast, tuple(self.outcomes), self.by, self.parts)

    def asks(self, book: Codebook) -> list[Question]:
        asked = list[Question]()
        for contrast in self.contrasts(book):
            asked += [Effect(contrast, tuple(self.outcomes), self.level == "policy"), self.asked_of(contrast)]
        return asked

    def labels(self, book: Codebook) -> dict[tuple[str, str], str]:
        by = book.columns[self.by].label if self.by in book.columns else self.by
        ranked = {
            (c.exposure, self.asked_of(c).reference): say("{contrast}, by {rank}", contrast=told, rank=by)
            for c in self.contrasts(book)
            if (told := comparison(c, book.columns)) and self.asked_of(c).reference != c.reference
        }
        return {**super().labels(book), **ranked, (self.by, ""): by}
