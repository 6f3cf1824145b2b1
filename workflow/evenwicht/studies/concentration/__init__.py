"""How use of costly services concentrates in few people."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.base.names import Name, Share
from evenwicht.display.labels import first_lower
from evenwicht.display.language import say
from evenwicht.results.questions import NO_SECTOR, Concentration, Question
from evenwicht.studies.study import Level, StudySettings, unknown


class Settings(StudySettings):
    """How use concentrates in few people: Gini, top share, and high need in several sectors."""

    has_truth: ClassVar[bool] = False  # its true values are those of a world without sampling error to judge

    kind: Literal["concentration"]
    level: Level = "population"
    window: str = Field(description="Window of costs")
    top_share: Share = Field(description="Share of people that is called the top, over all sectors and in each")
    at_least: Annotated[int, Field(ge=1, description="Sectors with high need that make the group")]
    risk: Name | None = Field(None, description="Childhood score by which people are ranked (high: much risk)")

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        yield from unknown("window", self.window, book.windows, "a window of costs")
        if self.risk is not None:
            yield from unknown("risk", self.risk, book.columns, "a column")
        if not book.sectors:
            yield Mistake(
                "", "the cohort has no cost sectors", "Describe them under `sectors`, or leave the study out."
            )

    @property
    def group(self) -> str:
        """Key of the people with high need in several sectors."""
        return f"top_{100 * self.top_share:g}_in_{self.at_least}"

    def labels(self, book: Codebook) -> dict[tuple[str, str], str]:
        return {(self.group, ""): first_lower(self._group_words(book))}

    def names(self, book: Codebook) -> dict[str, str]:
        return {self.group: self._group_words(book), NO_SECTOR: say("People with high need in no sector")}

    def _group_words(self, book: Codebook) -> str:
        return say(
            "People with high need in {least} or more of {all} sectors", least=self.at_least, all=len(book.sectors)
        )

    def asks(self, book: Codebook) -> list[Question]:
        return [Concentration(self.window, self.top_share, self.at_least, self.group, self.risk)]
