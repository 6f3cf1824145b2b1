"""What an exposure does to the risk of an event when another, such as death, can come first."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.base.names import Name
from evenwicht.base.outcomes import EventOutcome
from evenwicht.results.questions import CompetingRisk, Effect, Question
from evenwicht.studies.study import ExposureStudy, Level, all_known


class Settings(ExposureStudy):
    """Incidence of an event with and without an exposure, where people can die, or leave for good, before it.

    Beside it stands the risk if nobody died first, which treats death as the end of follow-up. A column with role
    `family` makes standard errors cluster by family.
    """

    weighted: ClassVar[bool] = True

    kind: Literal["competing_risks"]
    level: Level = "individual"
    competing: list[Name] = Field(
        min_length=1,
        description="Events after which those of the outcomes cannot come any more, such as death; taken as one",
    )

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        yield from all_known("competing", self.competing, book.events, "an event")
        for index, name in enumerate(self.outcomes):
            outcome = book.outcomes.get(name)
            if outcome is not None and not isinstance(outcome, EventOutcome):
                yield Mistake(f"outcomes.{index}", f"'{name}' is no time to an event", "Name outcomes of that kind.")
            elif outcome is not None and outcome.event in self.competing:
                yield Mistake("competing", f"'{outcome.event}' is the event of '{name}' itself", "Name another event.")
        for index, exposure in enumerate(self.exposures):
            column = book.columns.get(exposure.column)
            if column is not None and column.type in ("number", "integer"):
                yield Mistake(
                    f"exposures.{index}",
                    f"'{exposure.column}' is a number, and incidence is told with and without an exposure",
                    "Name a yes/no column or a category with a reference.",
                )

    def competing_events(self) -> list[str]:
        return self.competing

    def not_imputed(self) -> str:
        return ""

    def asks(self, book: Codebook) -> list[Question]:
        outcomes, asked = tuple(self.outcomes), list[Question]()
        for contrast in self.contrasts(book):
            asked.append(Effect(contrast, outcomes, self.level == "policy"))
            asked.append(CompetingRisk(contrast, outcomes, tuple(self.competing)))
        return asked
