"""What a policy tells of an individual exposure, as an instrument."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.base.exposures import Contrast, ExposureRef
from evenwicht.base.names import Name
from evenwicht.base.outcomes import EventOutcome
from evenwicht.display.labels import cause, comparison
from evenwicht.display.language import say
from evenwicht.results.questions import Effect, Question
from evenwicht.studies.study import Level, OutcomeStudy, unknown


class Settings(OutcomeStudy):
    """Two-stage least squares of outcomes on an exposure, with a policy as instrument."""

    kind: Literal["instrument"]
    level: Level = "policy"
    exposure: ExposureRef = Field(description="Yes/no column, or a number")
    instrument: ExposureRef = Field(description="Yes/no column, or a number, that moves the exposure and nothing else")
    cluster: Name | None = Field(None, description="Column that shares the instrument: state, birth month")

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        for key in ("exposure", "instrument"):
            exposure = getattr(self, key)
            yield from unknown(key, exposure.column, book.columns, "a column")
            for mistake in exposure.check(book.columns):
                yield mistake.under(key)
            column = book.columns.get(exposure.column)
            if column is not None and column.type == "category" and exposure.exposed is None:
                yield Mistake(f"{key}.exposed", "one comparison at a time", "Name the code that is `exposed`.")
        if self.exposure.column == self.instrument.column:
            yield Mistake("instrument", "the instrument is the exposure itself", "Name the policy that moves it.")
        if self.cluster is not None:
            yield from unknown("cluster", self.cluster, book.columns, "a column")
        for index, name in enumerate(self.outcomes):
            if isinstance(book.outcomes.get(name), EventOutcome):
                yield Mistake(
                    f"outcomes.{index}",
                    f"'{name}' is a time to an event",
                    "Two-stage least squares has no answer for it; leave it out.",
                )

    def exposed_columns(self) -> list[tuple[str, str]]:
        return [("exposure", self.exposure.column), ("instrument", self.instrument.column)]

    def pair(self, book: Codebook) -> tuple[Contrast, Contrast]:
        """Return the comparisons of the exposure and of the instrument."""
        exposure, instrument = (e.contrasts(book.columns)[0] for e in (self.exposure, self.instrument))
        return exposure, instrument

    def not_imputed(self) -> str:
        return (
            "there is no rule to put together the Anderson-Rubin sets of several imputations, which alone hold however "
            "weak the instrument is"
        )

    def asks(self, book: Codebook) -> list[Question]:
        return [Effect(self.pair(book)[0], tuple(self.outcomes), policy=False)]

    def causes(self, book: Codebook) -> dict[tuple[str, str], str]:
        return {(c.exposure, c.reference): cause(c, book.columns) for c in self.pair(book)}

    def labels(self, book: Codebook) -> dict[tuple[str, str], str]:
        return {(c.exposure, c.reference): comparison(c, book.columns) for c in self.pair(book)}

    def names(self, book: Codebook) -> dict[str, str]:
        # an Anderson-Rubin set can have two parts, which `at` numbers
        return {"1": say("first part of the set"), "2": say("second part of the set")}
