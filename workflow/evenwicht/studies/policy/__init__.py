"""What a policy does to those it reaches, by intention to treat."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.base.names import Name
from evenwicht.results.questions import Effect, Question
from evenwicht.studies.study import TOO_UNLIKE, ExposureStudy, Level, unknown


class Settings(ExposureStudy):
    """Intention-to-treat effects of policies, with errors by the column that shares them."""

    weighted: ClassVar[bool] = True

    kind: Literal["policy"]
    level: Level = "policy"
    cluster: Name | None = Field(None, description="Column that shares the policy: state, birth month")
    randomised: bool = Field(False, description="Whether chance decided whom the policy reached, as in a trial")

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        if self.cluster is not None:
            yield from unknown("cluster", self.cluster, book.columns, "a column")

    def not_imputed(self) -> str:
        return TOO_UNLIKE.format(whole="clusters", part="cluster") if self.cluster else ""

    def asks(self, book: Codebook) -> list[Question]:
        policy = self.level == "policy"
        return [Effect(contrast, tuple(self.outcomes), policy) for contrast in self.contrasts(book)]
