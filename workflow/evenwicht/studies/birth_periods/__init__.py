"""Births exposed in a window of time, against births outside it."""

import calendar
import datetime as dt
from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.base.names import Name, Positive, Share, Strict
from evenwicht.display.labels import against
from evenwicht.display.language import message, say
from evenwicht.results import questions
from evenwicht.results.questions import Question
from evenwicht.studies.birth_dates import NEEDED_BY_CLUSTER, BirthCluster
from evenwicht.studies.study import NO_DATES, Level, OutcomeStudy, needs_binary, needs_birth_date, unknown

# what a window is compared with; the third is both together, the last are births of the same dates in the spared region
BEFORE, AFTER, BOTH, SPARED = "born_before", "conceived_after", "before_or_after", "spared_region"
REFERENCES = {
    BEFORE: message("born before"),
    AFTER: message("conceived after"),
    BOTH: message("born before or conceived after"),
}
SPARED_DATES = message("the same dates in the spared region")
PRE_TREND, EARLIER = "later_half_before", "earlier_half_before"  # of the births before the exposure
FINENESS = ["year", "month", "day"]


class Window(Strict):
    """Births from the first to the last day."""

    first: dt.date = Field(description="First date of birth")
    last: dt.date = Field(description="Last date of birth")
    label: str = Field(description="What these births have in common, such as: exposed in early pregnancy")

    @model_validator(mode="after")
    def _is_in_order(self) -> "Window":
        if self.first > self.last:
            raise ValueError("first must not lie after last")
        return self

    @property
    def precision(self) -> str:
        """What must be known of a date of birth to place it."""
        if self.first.day != 1 or self.last.day != calendar.monthrange(self.last.year, self.last.month)[1]:
            return "day"
        return "year" if (self.first.month, self.last.month) == (1, 12) else "month"


class PlannedComparison(Strict):
    """A comparison of two groups whose power, type S and type M errors are worked out beforehand."""

    period: Name = Field(description="Window of birth")
    outcome: Name = Field(description="Id of the outcome")
    odds_ratio: Positive = Field(description="The true odds ratio to be found")
    risk_unexposed: Share = Field(description="Risk of those not exposed")
    exposed: Annotated[int, Field(ge=10, description="People")]
    unexposed: Annotated[int, Field(ge=10, description="People")]


class Settings(OutcomeStudy):
    """Births in windows of exposure, against births before the first window and after the last.

    With a region, births outside it are controls for a difference-in-differences and enter nothing else.
    """

    kind: Literal["birth_periods"]
    level: Level = "policy"
    windows: dict[Name, Window] = Field(min_length=1, description="Windows of birth, in order of date")
    region: Name | None = Field(None, description="Yes/no column: born where the exposure was")
    cluster: BirthCluster = None
    design_analysis: list[PlannedComparison] = Field(
        default=[], description="Comparisons of other studies whose design is judged by the effect that they looked for"
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> "Settings":
        for earlier, later in pairwise(self.windows.values()):
            if later.first <= earlier.last:
                raise ValueError("windows must be in order of date and must not overlap")
        for planned in self.design_analysis:
            if planned.period not in self.windows:
                raise ValueError(f"design_analysis names no window: {planned.period}")
        return self

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        yield from needs_birth_date(book, self._precision)
        if self.region is not None:
            yield from needs_binary("region", self.region, book)
        for index, planned in enumerate(self.design_analysis):
            yield from unknown(f"design_analysis.{index}.outcome", planned.outcome, book.outcomes, "an outcome")

    @property
    def _precision(self) -> str:
        """The precision at which it is known who was born in each window, and in which cluster."""
        needs = [NEEDED_BY_CLUSTER[self.cluster], "year" if self.region is None else "month"]
        return max([*needs, *(window.precision for window in self.windows.values())], key=FINENESS.index)

    def not_imputed(self) -> str:
        return NO_DATES

    def asks(self, book: Codebook) -> list[Question]:
        outcomes, first = tuple(self.outcomes), next(iter(self.windows.values())).first
        references = (*REFERENCES, *([SPARED] if self.region else []))
        asked: list[Question] = [
            questions.Births(name, references, window.first, window.last, outcomes)
            for name, window in self.windows.items()
        ]
        if self.region is not None:
            before = first - dt.timedelta(days=1)
            asked.append(questions.Births(PRE_TREND, (EARLIER,), before, before, outcomes))
        return asked

    def causes(self, book: Codebook) -> dict[tuple[str, str], str]:
        named = f"{self.title}, " if self.title else ""
        known = self.labels(book)
        return {key: f"{named}{self.windows[key[0]].label}" if key[0] in self.windows else known[key] for key in known}

    def labels(self, book: Codebook) -> dict[tuple[str, str], str]:
        references = {**REFERENCES, **({SPARED: SPARED_DATES} if self.region else {})}
        words = {
            (name, reference): against(window.label, say(label))
            for name, window in self.windows.items()
            for reference, label in references.items()
        }
        words[PRE_TREND, EARLIER] = say("pre-trend: later vs earlier half of the births before the exposure")
        return words
