"""A policy that units, such as states, adopted at different times, in a panel of units by periods."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.base.exposures import NO, Contrast
from evenwicht.base.names import Name
from evenwicht.display.labels import comparison
from evenwicht.display.language import say
from evenwicht.results.questions import Effect, Question
from evenwicht.studies.study import Level, OutcomeStudy, needs_binary, unknown

LAST_BEFORE = "last_period_before"  # reference of the rows by period since adoption, which `at` numbers
TWO_WAY, TWO_STAGE, INTERACTION_WEIGHTED = "two_way", "two_stage", "interaction_weighted"


class Settings(OutcomeStudy):
    """Units before and after they adopted a policy, against units that had not.

    A row of the cohort is a unit in a period and not a person: its id numbers rows, and `unit` says whose it is.
    """

    weighted: ClassVar[bool] = True

    kind: Literal["adoption"]
    level: Level = "policy"
    exposure: Name = Field(description="Yes/no column: whether the policy held in that unit and period")
    unit: Name = Field(description="Column of the units that adopt it, such as states; errors cluster by it")
    period: Name = Field(description="Column of whole numbers that orders the periods, such as years")
    leads: Annotated[int, Field(ge=2, description="Periods before adoption that are told, the last one as base")] = 4
    lags: Annotated[int, Field(ge=0, description="Periods after adoption that are told")] = 4

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        yield from needs_binary("exposure", self.exposure, book)
        for key, name in (("unit", self.unit), ("period", self.period)):
            yield from unknown(key, name, book.columns, "a column")
        if self.period in book.columns and book.columns[self.period].type != "integer":
            yield Mistake("period", f"'{self.period}' is not of type integer", "Give the periods whole numbers.")
        for index, name in enumerate(self.outcomes):
            if name in book.outcomes and book.column_of(name) is None:
                yield Mistake(
                    f"outcomes.{index}",
                    f"'{name}' is no column of the panel",
                    "Study a number, a count or a yes/no column of each unit and period.",
                )
        covariates = book.adjustments.get(self.adjust) if isinstance(self.adjust, str) else self.adjust
        if covariates is not None and covariates.columns:
            yield Mistake("adjust", "a study of kind adoption takes no covariates", "Leave them out.")

    def _check_missing(self, book: Codebook) -> Iterator[Mistake]:
        yield from super()._check_missing(book)
        if self.missing.handling == "attrition_weights":
            yield Mistake("missing.handling", "weights are those of units, which do not drop out", "Leave it out.")

    def exposed_columns(self) -> list[tuple[str, str]]:
        return [("exposure", self.exposure)]

    @property
    def contrast(self) -> Contrast:
        """Units and periods with the policy against the same without it."""
        return Contrast(self.exposure, self.exposure, NO)

    def not_imputed(self) -> str:
        return "imputations know no panels, so that what changes in a unit over periods would be smoothed away"

    def asks(self, book: Codebook) -> list[Question]:
        return [Effect(self.contrast, tuple(self.outcomes), policy=True)]

    def labels(self, book: Codebook) -> dict[tuple[str, str], str]:
        policy = book.columns[self.exposure].label
        return {
            (self.exposure, NO): comparison(self.contrast, book.columns),
            (self.exposure, LAST_BEFORE): say("{policy}, against the last period before", policy=policy),
        }

    def names(self, book: Codebook) -> dict[str, str]:
        from evenwicht.display.wording import signed

        return {
            f"{e}": say("period {number} since adoption", number=signed(e, 0))
            for e in range(-self.leads, self.lags + 1)
        }

    def exposures_shown(self, book: Codebook) -> list[Contrast]:
        return [self.contrast]
