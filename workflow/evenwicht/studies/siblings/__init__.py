"""An exposure compared within families: brothers and sisters who differ in it."""

from collections.abc import Iterator
from typing import Literal

from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.results.questions import Effect, Question
from evenwicht.studies.study import TOO_UNLIKE, ExposureStudy, Level


class Settings(ExposureStudy):
    """Effects within families, which whatever brothers and sisters share cannot confound.

    What only one of them has still can, and errors of measurement weigh more than between families.
    """

    kind: Literal["siblings"]
    level: Level = "individual"

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        if len(book.role("family")) != 1:
            yield Mistake("", "there must be exactly one column with role 'family'", "Set the role of one column.")

    def not_imputed(self) -> str:
        return TOO_UNLIKE.format(whole="families", part="family")

    def asks(self, book: Codebook) -> list[Question]:
        return [Effect(contrast, tuple(self.outcomes), self.level == "policy") for contrast in self.contrasts(book)]
