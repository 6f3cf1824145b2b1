"""What a state that people enter and leave over time does to the hazard of an event."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.base.exposures import NO
from evenwicht.base.names import Name
from evenwicht.base.outcomes import EventOutcome
from evenwicht.display.language import say
from evenwicht.studies.study import Level, OutcomeStudy, all_known, unknown

STATES = EXPOSED, UNEXPOSED = "exposed", "unexposed"


class Settings(OutcomeStudy):
    """Hazards of events while, or ever after, people are exposed, against the time in which they are not.

    Everybody's follow-up is cut into (entry, exit] pieces, so that time before exposure counts as unexposed. Standard
    errors cluster by person, by family if a column has role `family`, or by `cluster`. Risks are not told: nobody
    could be made to stay exposed or unexposed for all of the time.
    """

    weighted: ClassVar[bool] = True
    has_truth: ClassVar[bool] = False  # no world has such exposures

    kind: Literal["time_varying"]
    level: Level = "individual"
    exposures: list[Name] = Field(min_length=1, description="Names of `exposures` of spells, each compared apart")
    cluster: Name | None = Field(None, description="Column that people share, such as a region; errors cluster by it")

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        yield from all_known("exposures", self.exposures, book.changing, "an exposure of spells")
        for index, name in enumerate(self.exposures):
            if name in book.columns:
                yield Mistake(
                    f"exposures.{index}", f"'{name}' is a column as well", "Give the exposure of spells another name."
                )
        for index, name in enumerate(self.outcomes):
            if name in book.outcomes and not isinstance(book.outcomes[name], EventOutcome):
                yield Mistake(
                    f"outcomes.{index}",
                    f"'{name}' is no time to an event, in which exposure could change",
                    "Study it by a fixed exposure, in a study of kind exposure.",
                )
        if self.cluster is not None:
            yield from unknown("cluster", self.cluster, book.columns, "a column")

    def _check_missing(self, book: Codebook) -> Iterator[Mistake]:
        yield from super()._check_missing(book)
        if self.missing.handling == "attrition_weights":
            yield Mistake("missing.handling", "weights for drop-out are those of fixed exposures", "Leave it out.")

    def not_imputed(self) -> str:
        return "imputations know no times of exposure, so that its effect would be smoothed away"

    def labels(self, book: Codebook) -> dict[tuple[str, str], str]:
        return {
            (name, NO): say("{exposure}, against time without it", exposure=book.changing[name])
            for name in self.exposures
        }
