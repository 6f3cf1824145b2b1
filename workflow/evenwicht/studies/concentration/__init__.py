"""Who uses most of costly services, how far a score tells who it is, and what a change would take away."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.base.exposures import NO, Contrast, ExposureRef
from evenwicht.base.names import Name, Share
from evenwicht.display.labels import comparison, first_lower
from evenwicht.display.language import say
from evenwicht.results.questions import (
    ALL_CHANGES,
    Concentration,
    Question,
    exactly_key,
    group_key,
    top_key,
)
from evenwicht.studies.study import Level, StudySettings, Thirds, all_known, covariate_mistakes, unknown

Least = Annotated[int, Field(ge=2)]


class Settings(StudySettings):
    """Three questions about use: who uses most, how far a score known early ranks it, and what changes would take away.

    They have different answers. That few people use much does not say that a score could tell who they will be, nor
    that a change in childhood would alter it.
    """

    weighted: ClassVar[bool] = True

    kind: Literal["concentration"]
    level: Level = "population"
    windows: list[str] = Field(
        min_length=1, description="Windows of costs; the first is the main one, others show what their length changes"
    )
    top_shares: list[Share] = Field(
        min_length=1, description="Shares of people that are called the top of a sector; the first is the main one"
    )
    at_least: list[Least] = Field(
        default=[], description="Numbers of sectors with high need that make a group; the first is the main one"
    )
    strata: list[Name | Thirds] = Field(
        default=[],
        description="Categories, yes/no columns or cut numbers within whose levels chance hands out high need",
    )
    risk: Name | None = Field(None, description="Score known beforehand by which people are ranked (high: much risk)")
    changes: list[ExposureRef] = Field(
        default=[],
        description="Yes/no columns that nobody would have, and numbers that would be one step lower: each alone, and "
        "one after the other in this order",
    )
    adjust: Name | Adjustment = Field(
        Adjustment(), description="Covariates of what changes would take away, or the name of a set of `adjustments`"
    )

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        yield from all_known("windows", self.windows, book.windows, "a window of costs")
        for key in ("top_shares", "at_least"):
            for index, value in enumerate(getattr(self, key)):
                if value in getattr(self, key)[:index]:
                    yield Mistake(f"{key}.{index}", f"{value:g} is listed twice", "Remove one of them.")
        if not book.sectors:
            yield Mistake(
                "", "the cohort has no cost sectors", "Describe them under `sectors`, or leave the study out."
            )
        for index, least in enumerate(self.at_least):
            if book.sectors and least > len(book.sectors):
                yield Mistake(
                    f"at_least.{index}", f"the cohort has {len(book.sectors)} sectors", "Choose a smaller number."
                )
        yield from self._check_strata(book)
        if self.risk is not None:
            yield from unknown("risk", self.risk, book.columns, "a column")
            if self.risk in book.columns and book.columns[self.risk].type not in ("number", "integer"):
                yield Mistake("risk", f"'{self.risk}' is of type {book.columns[self.risk].type}", "Name a number.")
        yield from self._check_changes(book)

    def _check_strata(self, book: Codebook) -> Iterator[Mistake]:
        yield from all_known("strata", [name for name, _ in self.cut_strata()], book.columns, "a column")
        for index, (name, cut) in enumerate(self.cut_strata()):
            column = book.columns.get(name)
            if column is not None and (column.type in ("boolean", "category")) != (cut is None):
                yield Mistake(
                    f"strata.{index}",
                    f"'{name}' is of type {column.type}",
                    "Name a category or yes/no column, or cut a number: {column: ..., parts: 2}.",
                )

    def _check_changes(self, book: Codebook) -> Iterator[Mistake]:
        columns = [change.column for change in self.changes]
        yield from all_known("changes", columns, book.columns, "a column")
        for index, change in enumerate(self.changes):
            for mistake in change.check(book.columns):
                yield mistake.under("changes", index)
            if change.column in book.columns and book.columns[change.column].type == "category":
                yield Mistake(
                    f"changes.{index}", f"'{change.column}' is a category", "Name a yes/no column or a number."
                )
        if isinstance(self.adjust, str):
            yield from unknown("adjust", self.adjust, book.adjustments, "a set of adjustments")
            if self.adjust not in book.adjustments:
                return
        else:
            for mistake in covariate_mistakes(self.adjust, book):
                yield mistake.under("adjust")
        for name in book.adjustment(self.adjust).columns:
            if name in columns:
                yield Mistake("adjust", f"'{name}' is one of the changes itself", "Remove it from the covariates.")

    def cut_strata(self) -> list[tuple[str, int | None]]:
        """Return each column of the strata, with the number of parts if it is a number."""
        return [(s, None) if isinstance(s, str) else (s.column, s.parts) for s in self.strata]

    def contrasts(self, book: Codebook) -> list[Contrast]:
        """Return every change whose column is known and fit, in order."""
        fit = [c for c in self.changes if c.column in book.columns and not list(c.check(book.columns))]
        return [contrast for change in fit for contrast in change.contrasts(book.columns)]

    def all_changes(self, book: Codebook) -> tuple[str, str]:
        """Return exposure and reference of the rows of all changes together, which may be the only one."""
        contrasts = self.contrasts(book)
        return (contrasts[0].exposure, contrasts[0].reference) if len(contrasts) == 1 else (ALL_CHANGES, NO)

    def question(self, book: Codebook) -> Concentration:
        """Return what it asks a true value for, and the keys of its rows."""
        return Concentration(
            tuple(self.windows),
            tuple(self.top_shares),
            tuple(self.at_least),
            tuple(self.cut_strata()),
            self.risk,
            tuple(self.contrasts(book)),
        )

    @property
    def main_groups(self) -> list[tuple[float, int]]:
        """Share of people and number of sectors of the main group; empty if there is none."""
        return [(self.top_shares[0], self.at_least[0])] if self.at_least else []

    def asks(self, book: Codebook) -> list[Question]:
        return [self.question(book)]

    def labels(self, book: Codebook) -> dict[tuple[str, str], str]:
        top = top_key(self.top_shares[0])
        return {
            **{(key, ""): first_lower(text) for key, text in self.names(book).items()},
            **{(sector, top): settings.label for sector, settings in book.sectors.items()},
            **{(c.exposure, c.reference): comparison(c, book.columns) for c in self.contrasts(book)},
        }

    def names(self, book: Codebook) -> dict[str, str]:
        every = len(book.sectors)
        tops = {
            top_key(share): say("The {percent}% of people with most use", percent=f"{100 * share:g}")
            for share in self.top_shares
        }
        groups = {
            group_key(share, least): say(
                "People among the {percent}% with most use in {least} or more of {all} sectors",
                percent=f"{100 * share:g}",
                least=least,
                all=every,
            )
            for share, least in self.question(book).groups
        }
        counts = {
            exactly_key(self.top_shares[0], count): say(
                "People among the {percent}% with most use in {count} of {all} sectors",
                percent=f"{100 * self.top_shares[0]:g}",
                count=count,
                all=every,
            )
            for count in range(every + 1)
            if self.at_least
        }
        return {**tops, **groups, **counts, ALL_CHANGES: say("All changes together")}
