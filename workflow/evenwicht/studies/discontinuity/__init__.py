"""A policy that holds for births from a date on."""

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.base.exposures import NO, Contrast
from evenwicht.base.names import Name
from evenwicht.display.labels import comparison
from evenwicht.display.language import say
from evenwicht.results.questions import Effect, Question
from evenwicht.studies.birth_dates import BirthCluster
from evenwicht.studies.study import NO_DATES, Level, OutcomeStudy, needs_binary, needs_birth_date, unknown

BIRTHS, AFTER, BEFORE = "births", "two_weeks_after", "two_weeks_before"  # keys of the count of births around the date


class Settings(OutcomeStudy):
    """A policy for all births from a date on: discontinuity at the date, and the same dates of other years."""

    kind: Literal["discontinuity"]
    level: Level = "policy"
    exposure: Name = Field(description="Yes/no column: born on or after the date")
    date: dt.date = Field(description="First date of birth for which the policy holds")
    bandwidth_days: Annotated[int, Field(ge=14, le=182, description="Births this close to the date are compared")]
    donut_days: Annotated[int, Field(ge=1, description="Births closer than this are left out by donut methods")]
    other_years: list[int] = Field(min_length=1, description="Calendar years without a reform at this date")
    first_stage: Name | None = Field(None, description="Outcome that the policy sets, such as months of leave")
    cluster: BirthCluster = None

    @model_validator(mode="after")
    def _is_consistent(self) -> "Settings":
        if 2 * self.donut_days > self.bandwidth_days:
            raise ValueError("donut_days must not exceed half of bandwidth_days")
        if self.date.year in self.other_years or len(set(self.other_years)) < len(self.other_years):
            raise ValueError("other_years must name each year once, and not the year of the date")
        if (self.date.month, self.date.day) == (2, 29):
            raise ValueError("date must exist in other years")
        return self

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        yield from needs_birth_date(book, "day")
        yield from needs_binary("exposure", self.exposure, book)
        if self.first_stage is not None:
            yield from unknown("first_stage", self.first_stage, book.outcomes, "an outcome")

    def exposed_columns(self) -> list[tuple[str, str]]:
        return [("exposure", self.exposure)]

    @property
    def contrast(self) -> Contrast:
        """Births after against births before the date."""
        return Contrast(self.exposure, self.exposure, NO)

    @property
    def every_outcome(self) -> list[str]:
        """What the policy sets, if it is asked for, and the outcomes."""
        return list(dict.fromkeys([*([self.first_stage] if self.first_stage else []), *self.outcomes]))

    def placebo(self, year: int) -> str:
        """Key of the same date in a year without a reform."""
        return f"{self.exposure}_{year}"

    def not_imputed(self) -> str:
        return NO_DATES

    def asks(self, book: Codebook) -> list[Question]:
        return [Effect(self.contrast, tuple(self.every_outcome), policy=True)]

    def labels(self, book: Codebook) -> dict[tuple[str, str], str]:
        words = {(self.exposure, NO): comparison(self.contrast, book.columns)}
        for year in self.other_years:
            words[self.placebo(year), NO] = say("placebo: born from the same date of {year} on vs before", year=year)
        words[AFTER, BEFORE] = say("births in the two weeks after vs before the date")
        return words

    def names(self, book: Codebook) -> dict[str, str]:
        return {BIRTHS: say("Births around the date")}

    def exposures_shown(self, book: Codebook) -> list[Contrast]:
        return [self.contrast]
