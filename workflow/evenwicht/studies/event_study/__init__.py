"""Onset of disease by date of birth around the end of a policy."""

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.base.names import Name, Positive, Share, Strict
from evenwicht.base.outcomes import EventOutcome
from evenwicht.display.labels import against
from evenwicht.display.language import say
from evenwicht.results import questions
from evenwicht.results.questions import Part, Question
from evenwicht.studies.study import NO_DATES, OF_STUDY, Level, OutcomeStudy, needs_birth_date, unknown

Quarters = tuple[int, int]
DOSE, PER_MONTH = "months_of_exposure", "per_1"  # keys of the effect of a month


class Group(Strict):
    """Births of whole quarters, counted from the quarter in which the policy ended."""

    label: str = Field(description="What these births are called")
    quarters: Quarters = Field(description="First and last quarter; 0 is the one in which the policy ended")

    @model_validator(mode="after")
    def _is_in_order(self) -> "Group":
        if self.quarters[0] > self.quarters[1]:
            raise ValueError("the first quarter must not lie after the last")
        return self


class NamedGroup(Group):
    """The group with which others are compared."""

    id: Name = Field(description="Key of its rows")


class Settings(OutcomeStudy):
    """Onset of disease in births before and after a policy ended, as studies of sugar rationing estimate it.

    The shape of the design is that of Gracner et al. 2024, Science 386:1043: groups by exposure, narrower cells with a
    reference among the unexposed, and months of exposure as a dose.
    """

    heavy: ClassVar[bool] = True

    kind: Literal["event_study"]
    level: Level = "policy"
    label: str = Field(description="What the policy is called")
    ends: dt.date = Field(description="Date on which the policy ended")
    exposed_until: Positive = Field(24, description="Age up to which the policy can matter, months")
    unexposed: NamedGroup = Field(description="Births conceived after the end; groups are compared with them")
    groups: dict[Name, Group] = Field(min_length=1, description="Exposed births, from shortest to longest exposure")
    reference: NamedGroup = Field(description="Unexposed births with which the cells are compared")
    cells: dict[Name, Group] = Field(min_length=2, description="Cells in the order of the figure, latest births first")
    season: bool = Field(True, description="Adjust for calendar month of birth")
    cluster: Name = Field(description="Column of birth months, for standard errors")
    from_visit: dict[Name, Name] = Field(
        default={}, description="Outcome -> event of the same disease followed from a visit on, for delayed entry"
    )
    ages: list[Positive] = Field(min_length=1, description="Ages at which absolute risks are compared, years")
    donut_months: Annotated[int, Field(ge=1, le=12)] = Field(
        3, description="Births left out on both sides of the last exposed conception"
    )
    negative_controls: list[Name] = Field(
        [], description="Events that the policy cannot have changed; at least five give an empirical null"
    )
    plausible_hazard_ratio: Share = Field(
        0.9, description="True effect assumed by the design analysis: power, type S and type M errors"
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> "Settings":
        if self.unexposed.quarters[0] < 1:
            raise ValueError("unexposed births must be later than the quarter in which the policy ended")
        for what, base, parts in (
            ("groups", self.unexposed, self.groups),
            ("cells", self.reference, self.cells),
        ):
            taken: dict[int, str] = {}
            for name, group in {base.id: base, **parts}.items():
                for quarter in range(group.quarters[0], group.quarters[1] + 1):
                    if quarter in taken:
                        raise ValueError(f"{what}: quarter {quarter} is in '{taken[quarter]}' and in '{name}'")
                    taken[quarter] = name
            if base.id in parts:
                raise ValueError(f"{what}: '{base.id}' is the id of the reference")
        if 0 < len(self.negative_controls) < 5:
            raise ValueError("negative_controls: an empirical null needs at least five")
        return self

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        yield from needs_birth_date(book, "month")  # its quarters, seasons and doses are made of months
        yield from unknown("cluster", self.cluster, book.columns, "a column")
        for index, name in enumerate(self.outcomes):
            outcome = book.outcomes.get(name)
            if outcome is not None and not (isinstance(outcome, EventOutcome) and outcome.time == "age"):
                yield Mistake(
                    f"outcomes.{index}",
                    f"'{name}' is not a time to an event on the clock of age",
                    "Study onset by age, or leave it out.",
                )
        for name, event in self.from_visit.items():
            yield from unknown("from_visit", name, self.outcomes, "an outcome", OF_STUDY)
            yield from unknown(f"from_visit.{name}", event, book.events, "an event")
        for index, name in enumerate(self.negative_controls):
            yield from unknown(f"negative_controls.{index}", name, book.events, "an event")
            if name in self.negative_controls[:index]:
                yield Mistake(f"negative_controls.{index}", f"'{name}' is listed twice", "Remove one of them.")

    @property
    def longest(self) -> str:
        """The group with the longest exposure, whose effect leads the report."""
        return list(self.groups)[-1]

    @property
    def shortest(self) -> str:
        """The group with the shortest exposure."""
        return next(iter(self.groups))

    @property
    def before(self) -> list[str]:
        """Cells of unexposed births: the pre-period."""
        return [name for name, cell in self.cells.items() if cell.quarters[0] >= self.unexposed.quarters[0]]

    @property
    def compared(self) -> dict[str, Group]:
        """The unexposed and every group, by id."""
        return {self.unexposed.id: self.unexposed, **self.groups}

    def not_imputed(self) -> str:
        return NO_DATES

    def asks(self, book: Codebook) -> list[Question]:
        outcomes, ages = tuple(self.outcomes), tuple(self.ages)
        groups = {
            name: questions.Births(name, (self.unexposed.id,), *self.dates(group), outcomes, ages)
            for name, group in self.groups.items()
        }
        cells = [
            questions.Births(name, (self.reference.id,), *self.dates(cell), outcomes)
            for name, cell in self.cells.items()
        ]
        return [*groups.values(), *cells, Part(groups[self.shortest], groups[self.longest])]

    def dates(self, group: Group) -> tuple[dt.date, dt.date]:
        """First and last date of birth of a group."""
        quarter = 4 * self.ends.year + (self.ends.month - 1) // 3

        def start(k: int) -> dt.date:
            year, q = divmod(quarter + k, 4)
            return dt.date(year, 3 * q + 1, 1)

        return start(group.quarters[0]), start(group.quarters[1] + 1) - dt.timedelta(days=1)

    def causes(self, book: Codebook) -> dict[tuple[str, str], str]:
        groups = {(name, self.unexposed.id): f"{self.label}, {group.label}" for name, group in self.groups.items()}
        return {**self.labels(book), **groups}

    def labels(self, book: Codebook) -> dict[tuple[str, str], str]:
        words = {
            (name, self.unexposed.id): against(group.label, self.unexposed.label) for name, group in self.groups.items()
        }
        words |= {
            (name, self.reference.id): against(cell.label, self.reference.label) for name, cell in self.cells.items()
        }
        shortest, longest = self.groups[self.shortest].label, self.groups[self.longest].label
        words[self.shortest, self.longest] = say("{part} as part of {whole}", part=shortest, whole=longest)
        words[DOSE, PER_MONTH] = say("each month of exposure")
        return words
