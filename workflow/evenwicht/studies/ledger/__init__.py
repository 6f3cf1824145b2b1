"""Both sides in one currency: what would change if an exposure were gone, and what a policy changes, over all."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.base.exposures import NUMBERS, Contrast, ExposureRef
from evenwicht.base.names import Name, Strict
from evenwicht.display.labels import comparison
from evenwicht.display.language import say
from evenwicht.results.questions import Effect, Ledger, Question
from evenwicht.studies.study import ExposureStudy, Level, all_known, covariate_mistakes, unknown


class Policies(Strict):
    """The side of policies."""

    columns: list[ExposureRef] = Field(min_length=1, description="What is introduced, each apart")
    adjust: Name | Adjustment = Field(Adjustment(), description="Covariates, or the name of a set of `adjustments`")
    cluster: Name | None = Field(None, description="Column that shares the policy: state, birth month")

    def check(self, book: Codebook) -> Iterator[Mistake]:
        """Yield what the cohort does not have."""
        yield from all_known("columns", [one.column for one in self.columns], book.columns, "a column", repeated=True)
        for index, policy in enumerate(self.columns):
            for mistake in policy.check(book.columns):
                yield mistake.under("columns", index)
        if isinstance(self.adjust, str):
            yield from unknown("adjust", self.adjust, book.adjustments, "a set of adjustments")
        else:
            for mistake in covariate_mistakes(self.adjust, book):
                yield mistake.under("adjust")
        if self.cluster is not None:
            yield from unknown("cluster", self.cluster, book.columns, "a column")


class Settings(ExposureStudy):
    """Exposures that would be gone against policies that would be there, in the same people and the same unit.

    An exposure that is a number would be one step lower for everybody, a policy that is a number one step higher. A
    column with role `family` makes the errors of exposures cluster by family.
    """

    kind: Literal["ledger"]
    level: Level = "population"
    policies: Policies = Field(description="What stands on the other side")
    by: Name | None = Field(None, description="Column of numbers, such as family SES, along which inequality is told")

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        for mistake in self.policies.check(book):
            yield mistake.under("policies")
        if self.by is not None:
            yield from unknown("by", self.by, book.columns, "a column")
            column = book.columns.get(self.by)
            if column is not None and column.type not in NUMBERS:
                yield Mistake("by", f"'{self.by}' is of type {column.type}", "Name a column of numbers.")
        both = {one.column for one in self.exposures} & {one.column for one in self.policies.columns}
        for name in sorted(both):
            yield Mistake("policies.columns", f"'{name}' stands on both sides", "Remove it from one of them.")

    def introduced(self, book: Codebook) -> list[Contrast]:
        """Return every policy whose column is known and fit."""
        fit = [p for p in self.policies.columns if p.column in book.columns and not list(p.check(book.columns))]
        return [contrast for policy in fit for contrast in policy.contrasts(book.columns)]

    def asks(self, book: Codebook) -> list[Question]:
        gone, new, outcomes = self.contrasts(book), self.introduced(book), tuple(self.outcomes)
        effects = [Effect(c, outcomes, policy) for side, policy in ((gone, False), (new, True)) for c in side]
        return [*effects, Ledger(tuple(gone), tuple(new), outcomes, self.by)]

    def labels(self, book: Codebook) -> dict[tuple[str, str], str]:
        gone = {(c.exposure, c.reference): comparison(c, book.columns) for c in self.contrasts(book)}
        new = {(c.exposure, c.reference): comparison(c, book.columns) for c in self.introduced(book)}
        pairs = {
            (policy, exposure): say("{policy}, against {exposure} gone", policy=told, exposure=other)
            for (policy, _), told in new.items()
            for (exposure, _), other in gone.items()
        }
        return {**gone, **new, **pairs}
