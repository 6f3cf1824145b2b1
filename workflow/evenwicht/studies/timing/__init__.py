"""When in life an exposure matters: hypotheses about timing, and which of them the data choose."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Column
from evenwicht.base.errors import Mistake
from evenwicht.base.exposures import NUMBERS, Contrast, Exposure
from evenwicht.base.names import Name, Strict
from evenwicht.base.outcomes import ContinuousOutcome
from evenwicht.display.labels import in_sentence
from evenwicht.display.language import say
from evenwicht.results.questions import Question, Timing
from evenwicht.studies.study import Level, OutcomeStudy, unknown

Family = Literal["sensitive_period", "accumulation", "recency", "change", "ever", "always"]
ANY: tuple[Family, ...] = ("sensitive_period", "accumulation", "recency", "change")
YES_NO: tuple[Family, ...] = ("ever", "always")
MOST_PERIODS = 8
CHOICE, SELECTIVE = "lasso_path", "selective"  # methods of the rows, beside that of `results.rows`


class Period(Strict):
    """One period of life."""

    column: Name = Field(description="Column of the exposure in this period")
    age: Annotated[float, Field(ge=0)] = Field(description="Mean age of the period, years; recency weighs by it")


class Settings(OutcomeStudy):
    """The structured life-course modelling approach: which hypothesis about timing fits an outcome best.

    The exposure is the same in all periods, a yes/no column or a number. Inference is by linear theory, so outcomes are
    numbers; people count as independent.
    """

    kind: Literal["timing"]
    level: Level = "individual"
    periods: dict[Name, Period] = Field(
        min_length=2, max_length=MOST_PERIODS, description="Id of a period -> column and age, in order of age"
    )
    hypotheses: list[Family] = Field(
        default=[], description="Families of hypotheses; all that fit the exposure if left out"
    )

    @model_validator(mode="after")
    def _periods_are_in_order(self) -> "Settings":
        ages = [period.age for period in self.periods.values()]
        if any(later <= earlier for earlier, later in pairwise(ages)):
            raise ValueError("periods must be in order of age, each later than the one before")
        return self

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        yield from self._check_periods(book)
        for index, name in enumerate(self.outcomes):
            if name in book.outcomes and not isinstance(book.outcomes[name], ContinuousOutcome):
                yield Mistake(
                    f"outcomes.{index}",
                    f"'{name}' is no number, and inference after the choice is valid for numbers only",
                    "Name a continuous outcome, such as the score behind it.",
                )
        if self.hypotheses and not self.binary(book):
            for index, family in enumerate(self.hypotheses):
                if family in YES_NO:
                    yield Mistake(
                        f"hypotheses.{index}", f"'{family}' is of a yes/no exposure", "Remove it: these are numbers."
                    )

    def _check_periods(self, book: Codebook) -> Iterator[Mistake]:
        columns = [period.column for period in self.periods.values()]
        fit: list[Column] = []
        for name, period in self.periods.items():
            path, column = f"periods.{name}.column", book.columns.get(period.column)
            yield from unknown(path, period.column, book.columns, "a column")
            if columns.count(period.column) > 1:
                yield Mistake(path, f"'{period.column}' is of two periods", "Name the column of each period.")
            if column is None:
                continue
            if column.type not in ("boolean", *NUMBERS):
                yield Mistake(path, f"'{period.column}' is of type {column.type}", "Name a yes/no column or a number.")
                continue
            fit.append(column)
        if len({(column.type == "boolean", column.unit) for column in fit}) > 1:
            yield Mistake("periods", "the exposure is not in one unit in all periods", "Name columns that are alike.")

    def binary(self, book: Codebook) -> bool:
        """Whether the exposure is a yes/no one."""
        columns = [book.columns[p.column] for p in self.periods.values() if p.column in book.columns]
        return all(column.type == "boolean" for column in columns)

    def families(self, book: Codebook) -> tuple[Family, ...]:
        """Return the families of hypotheses in their order."""
        fitting = ANY + YES_NO if self.binary(book) else ANY
        return tuple(family for family in fitting if not self.hypotheses or family in self.hypotheses)

    def exposed_columns(self) -> list[tuple[str, str]]:
        return [(f"periods.{name}.column", period.column) for name, period in self.periods.items()]

    def exposures_shown(self, book: Codebook) -> list[Contrast]:
        columns = [period.column for period in self.periods.values() if period.column in book.columns]
        shown = [Exposure(column=column) for column in columns]
        return [
            c for exposure in shown if not list(exposure.check(book.columns)) for c in exposure.contrasts(book.columns)
        ]

    def not_imputed(self) -> str:
        return (
            "imputations can each choose another hypothesis, and no interval is known that allows for the choice over "
            "several of them"
        )

    def asks(self, book: Codebook) -> list[Question]:
        return [
            Timing(
                periods=tuple(self.periods),
                columns=tuple(period.column for period in self.periods.values()),
                ages=tuple(period.age for period in self.periods.values()),
                binary=self.binary(book),
                families=self.families(book),
                adjust=book.adjustment(self.adjust),
                outcomes=tuple(self.outcomes),
            )
        ]

    def names(self, book: Codebook) -> dict[str, str]:
        """What each hypothesis is called; ids as in `estimators.life_course`."""
        columns = {name: book.columns.get(period.column) for name, period in self.periods.items()}
        label = {name: column.label if column else name for name, column in columns.items()}
        told = {f"sensitive_{name}": say("Sensitive period: {period}", period=label[name]) for name in self.periods}
        told |= {
            "accumulation": say("Accumulation: all periods count alike"),
            "recency": say("Recency: the later, the more it counts"),
            "ever": say("Ever: in any period"),
            "always": say("Always: in every period"),
        }
        for first, second in pairwise(self.periods):
            slots = {"before": in_sentence(label[first]), "after": in_sentence(label[second])}
            told[f"worsening_{first}_{second}"] = say("Begins: not {before}, but {after}", **slots)
            told[f"improvement_{first}_{second}"] = say("Ends: {before}, but not {after}", **slots)
            told[f"change_{first}_{second}"] = say("Change: from {before} to {after}", **slots)
        return told
