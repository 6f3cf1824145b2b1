"""Differences within groups of people and between them: who lives in a place, and what the place adds."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.base.exposures import Contrast, ExposureRef
from evenwicht.base.names import Name
from evenwicht.base.outcomes import EventOutcome
from evenwicht.display.labels import comparison
from evenwicht.display.language import say
from evenwicht.results.questions import Context, Question
from evenwicht.studies.study import TOO_UNLIKE, ExposureStudy, Level, all_known, unknown

WITHIN = "within"  # the method that compares people of one group, who share all conditions of it


class Settings(ExposureStudy):
    """Effects within groups of people, such as regions or schools, and between them.

    People of one group who differ in an exposure tell what it does to themselves, which whatever the group shares
    cannot confound. Groups that differ in the mean of it tell that and what living among others adds; there, all that
    groups differ in can confound. All exposures and conditions are in one model, of yes/no outcomes a linear one.
    """

    kind: Literal["context"]
    level: Level = "individual"
    group: Name = Field(description="Category whose levels are the groups, such as region or school")
    exposures: list[ExposureRef] = Field(
        min_length=1, description="Yes/no columns and numbers of people, whose means by group are the context"
    )
    conditions: list[ExposureRef] = Field(
        default=[], description="Yes/no columns and numbers that are the same for all people of a group"
    )
    whole_groups: bool = Field(
        False,
        description="Whether everybody of each group is in the cohort, so that its means are not of samples",
    )

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        yield from unknown("group", self.group, book.columns, "a column")
        if self.group in book.columns and book.columns[self.group].type != "category":
            yield Mistake("group", f"'{self.group}' is no category", "Name a column whose levels are groups of people.")
        columns = [condition.column for condition in self.conditions]
        yield from all_known("conditions", columns, book.columns, "a column")
        for key, listed in (("exposures", self.exposures), ("conditions", self.conditions)):
            for index, exposure in enumerate(listed):
                column = book.columns.get(exposure.column)
                if key == "conditions":
                    for mistake in exposure.check(book.columns):
                        yield mistake.under(key, index)
                    if exposure.column in [one.column for one in self.exposures]:
                        yield Mistake(f"{key}.{index}", f"'{exposure.column}' is an exposure as well", "Remove one.")
                if column is not None and column.type == "category" and column.role != "cluster":
                    yield Mistake(
                        f"{key}.{index}",
                        f"'{exposure.column}' is a category, which has no mean",
                        "Derive a yes/no column.",
                    )
        for index, name in enumerate(self.outcomes):
            if isinstance(book.outcomes.get(name), EventOutcome):
                yield Mistake(f"outcomes.{index}", f"'{name}' is a time to an event", "Choose a number or yes/no.")
        if not isinstance(self.adjust, str) and self.group in self.adjust.columns:
            yield Mistake("adjust.columns", f"'{self.group}' is the group itself", "Remove it from the covariates.")

    def not_imputed(self) -> str:
        return TOO_UNLIKE.format(whole="groups", part="group")

    def exposed_columns(self) -> list[tuple[str, str]]:
        return [*super().exposed_columns(), *(("conditions", condition.column) for condition in self.conditions)]

    def own_covariates(self) -> list[str]:
        return []  # all exposures are in one model already

    def alike_in(self, book: Codebook, method: str) -> Adjustment:
        conditions = [] if method == WITHIN else [condition.column for condition in self.conditions]
        question = self.question(book)
        return Adjustment(columns=list(dict.fromkeys([*question.people, *conditions])))

    def conditions_of(self, book: Codebook) -> list[Contrast]:
        """Return every comparison by a condition whose column is known and fit."""
        fit = [c for c in self.conditions if c.column in book.columns and not list(c.check(book.columns))]
        return [contrast for condition in fit for contrast in condition.contrasts(book.columns)]

    def question(self, book: Codebook) -> Context:
        """Return what the study asks."""
        covariates = tuple(book.adjustment(self.adjust).columns)
        exposures, conditions = tuple(self.contrasts(book)), tuple(self.conditions_of(book))
        return Context(self.group, exposures, conditions, covariates, tuple(self.outcomes))

    def asks(self, book: Codebook) -> list[Question]:
        return [self.question(book)]

    def labels(self, book: Codebook) -> dict[tuple[str, str], str]:
        question = self.question(book)
        compared = {
            (contrast.exposure, contrast.reference): comparison(contrast, book.columns)
            for contrast in (*question.exposures, *question.conditions)
        }
        who = ", ".join(book.columns[name].label for name in question.people if name in book.columns)
        group = book.columns[self.group].label if self.group in book.columns else self.group
        between = say("Between: {group}", group=group)
        composed = say("Between: {group}, by {who}", group=group, who=who)
        return {**compared, (self.group, ""): between, (self.group, question.made_of): composed}
