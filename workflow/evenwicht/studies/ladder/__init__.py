"""What is left of an association, step by step, as more is adjusted for."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.base.names import Name, Strict
from evenwicht.display.language import message, say
from evenwicht.results.questions import Effect, Question
from evenwicht.studies.study import TOO_UNLIKE, ExposureStudy, Level

MOST_STEPS = 6
CRUDE_STEP, WITHIN = "step_0", "step_within_families"
CRUDE_LABEL, WITHIN_LABEL = message("as people are"), message("within families")


class Step(Strict):
    """One step of the ladder."""

    label: str = Field(description="What the step adds, as in: and demographics")
    adjust: Name | Adjustment = Field(description="All covariates at this step, or the name of a set of `adjustments`")


class Settings(ExposureStudy):
    """The same effect with more and more covariates, on the same people, down to brothers and sisters.

    Everybody on the ladder has all covariates of all steps, so that a step changes the adjustment alone.
    """

    kind: Literal["ladder"]
    level: Level = "individual"
    steps: list[Step] = Field(min_length=1, max_length=MOST_STEPS, description="From few covariates to many")
    within_families: bool = Field(False, description="Whether to end with brothers and sisters who differ")

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        if self.adjust != Adjustment():
            yield Mistake("adjust", "a ladder has its covariates in `steps`", "Leave it out.")
        for index, step in enumerate(self.steps):
            for mistake in self.model_copy(update={"adjust": step.adjust})._check_covariates(book):
                yield mistake.under("steps", index)
        if self.within_families and len(book.role("family")) != 1:
            yield Mistake("within_families", "there is no column with role 'family'", "Leave it out, or set the role.")

    def rests_on(self, book: Codebook) -> Adjustment:
        return Adjustment().joined(*(book.adjustment(step.adjust) for step in self.steps))

    def alike_in(self, book: Codebook, method: str) -> Adjustment:
        last = len(self.steps)
        step = next((k for k in range(1, last + 1) if method == f"step_{k}"), last)
        return book.adjustment(self.steps[step - 1].adjust)

    def not_imputed(self) -> str:
        return TOO_UNLIKE.format(whole="families", part="family") if self.within_families else ""

    def asks(self, book: Codebook) -> list[Question]:
        return [Effect(contrast, tuple(self.outcomes), self.level == "policy") for contrast in self.contrasts(book)]

    def told_steps(self) -> dict[str, str]:
        """Return what each step is called, by the method of its rows."""
        steps = {CRUDE_STEP: say(CRUDE_LABEL)}
        steps |= {f"step_{k}": step.label for k, step in enumerate(self.steps, start=1)}
        return {**steps, WITHIN: say(WITHIN_LABEL)} if self.within_families else steps
