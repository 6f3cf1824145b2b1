"""One effect with three ways to handle missing values, side by side."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.display.labels import comparison
from evenwicht.results.questions import Effect, Question
from evenwicht.studies.study import ExposureStudy, Level, auxiliary_mistakes

COMPLETE_CASES, IMPUTATION, ATTRITION_WEIGHTS = "complete_cases", "imputation", "attrition_weights"


class Settings(ExposureStudy):
    """Adjusted effects by complete cases, multiple imputation and attrition weights, side by side.

    `missing` gives the number of imputations and auxiliary columns; its handling is left out, since all are shown.
    """

    weighted: ClassVar[bool] = True

    kind: Literal["missing_data"]
    level: Level = "individual"

    def _check_missing(self, book: Codebook) -> Iterator[Mistake]:
        if self.missing.handling != COMPLETE_CASES:
            yield Mistake("missing.handling", "this kind shows every handling side by side", "Leave it out.")
        yield from auxiliary_mistakes(self, book)

    def asks(self, book: Codebook) -> list[Question]:
        policy = self.level == "policy"
        return [Effect(contrast, tuple(self.outcomes), policy) for contrast in self.contrasts(book)]

    def used(self, book: Codebook) -> list[str]:
        """Return every column that predicts, or is compared: exposures, covariates and auxiliary columns."""
        exposed = [exposure.column for exposure in self.exposures]
        return list(dict.fromkeys([*exposed, *book.adjustment(self.adjust).columns, *self.missing.auxiliary]))

    def labels(self, book: Codebook) -> dict[tuple[str, str], str]:
        columns = [name for name in self.used(book) if name in book.columns]
        levels = {
            (f"{name}={level}", ""): f"{book.columns[name].label}: {book.columns[name].level_label(level)}"
            for name in columns
            for level in dict.fromkeys(book.columns[name].levels.values())
        }
        named = {(name, ""): book.columns[name].label for name in columns}
        compared = {(c.exposure, c.reference): comparison(c, book.columns) for c in self.contrasts(book)}
        return {**levels, **named, **compared}
