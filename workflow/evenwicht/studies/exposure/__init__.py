"""What one person's exposure does to that person."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.base.names import Name
from evenwicht.results.questions import Effect, Question
from evenwicht.studies.study import ExposureStudy, Level, all_known


class Settings(ExposureStudy):
    """Effects of exposures on outcomes: crude, by regression, by weighting and by standardisation, side by side.

    A column with role `family` makes standard errors cluster by family.
    """

    weighted: ClassVar[bool] = True

    kind: Literal["exposure"]
    level: Level = "individual"
    modifiers: list[Name] = Field(
        default=[], description="Covariates whose product with the exposure enters standardisation"
    )

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        if isinstance(self.adjust, str) and self.adjust not in book.adjustments:
            return
        covariates = book.adjustment(self.adjust).columns
        yield from all_known("modifiers", self.modifiers, covariates, "an adjustment column")

    def not_imputed(self) -> str:
        return ""

    def products(self) -> list[tuple[str, str]]:
        return [(e.column, name) for e in self.exposures for name in self.modifiers if name != e.column]

    def asks(self, book: Codebook) -> list[Question]:
        policy = self.level == "policy"
        return [Effect(contrast, tuple(self.outcomes), policy) for contrast in self.contrasts(book)]
