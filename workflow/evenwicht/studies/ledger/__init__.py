"""Both sides in one currency: what would change if an exposure were gone, and what a policy changes, over all."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.base.exposures import NUMBERS, Contrast, ExposureRef
from evenwicht.base.names import Name, Strict
from evenwicht.display.labels import comparison
from evenwicht.display.language import message, say
from evenwicht.levers.figures import Point, in_thirds
from evenwicht.levers.lever import LeverRef, VariantName, on_one_thing
from evenwicht.results.questions import Effect, HighRisk, Ledger, Question
from evenwicht.studies.study import ExposureStudy, Level, all_known, covariate_mistakes, needs_binary, unknown

if TYPE_CHECKING:
    from evenwicht.levers.package import Package

THIRDS = 3
READINGS: dict[VariantName, str] = {
    "beneficial": message("as in studies that found a gain"),
    "reversed": message("as if it did harm"),
}


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


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


LeverRefs = Annotated[list[LeverRef], BeforeValidator(_listed, json_schema_input_type=LeverRef | list[LeverRef])]


class Among(Strict):
    """The people to whom alone a lever is introduced: those whom no policy reaches already."""

    column: Name = Field(description="Yes/no column")
    answer: Literal["yes", "no"] = Field(description="Which answer they have")


class Introduced(Strict):
    """A lever, or a package of levers, that acts on a column of the cohort by the effect that the column has in it."""

    lever: LeverRefs = Field(
        min_length=1, description="Name of a file in the folder `levers` beside this one, or several: a package"
    )
    id: Name | None = Field(None, description="Key of its rows; the names of its levers if left out")
    label: str | None = Field(None, description="What a package is called; its levers are named if left out")
    column: Name = Field(description="Column on which it acts")
    units: float = Field(1.0, description="Units of the column in one unit of the dose; below zero, the other way")
    adjust: Name | Adjustment | None = Field(None, description="Covariates; those of the exposures if left out")
    among: Among | None = Field(None, description="To whom alone it is introduced; everybody if left out")

    @property
    def key(self) -> str:
        """Exposure of its rows."""
        return self.id or "_and_".join(lever.name for lever in self.lever)

    @property
    def called(self) -> str:
        """What it is called."""
        return self.label or " + ".join(lever.label for lever in self.lever)

    def packages(self) -> "list[Package]":
        """Return it in each reading of the evidence in which it does something."""
        from evenwicht.levers.package import Package

        among = None if self.among is None else (self.among.column, self.among.answer)
        return [
            Package(self.key, variant, tuple(self.lever), variant, self.column, self.units, among)
            for variant in READINGS
        ]

    def check(self, book: Codebook) -> Iterator[Mistake]:
        """Yield what the cohort does not have, or the lever cannot act on."""
        yield from unknown("column", self.column, book.columns, "a column")
        column, measure = book.columns.get(self.column), self.lever[0].acts_on.measure
        fit = ("boolean",) if measure == "yes_no" else NUMBERS
        if column is not None and column.type not in fit:
            needs = "a yes/no column" if measure == "yes_no" else "a number"
            what = f"'{self.column}' is of type {column.type}, and {self.lever[0].name} changes {needs}"
            yield Mistake("column", what, "Name another column, or another lever.")
        if not on_one_thing(self.lever):
            yield Mistake("lever", "they act on different exposures", "Introduce them apart.")
        if not self.units or (measure == "yes_no" and self.units != 1):
            yield Mistake("units", f"{self.units:g} is no number of units here", "Leave it out.")
        if self.units < 0 and self.lever[0].acts_on.least is not None:
            yield Mistake("units", "a dose with a least amount has the direction of its column", "Make it positive.")
        for lever in self.lever:
            if lever.offered_to != "everybody":
                yield Mistake("lever", f"{lever.name} goes by risk, and none is predicted here", "Leave it out.")
        if isinstance(self.adjust, str):
            yield from unknown("adjust", self.adjust, book.adjustments, "a set of adjustments")
        elif self.adjust is not None:
            for mistake in covariate_mistakes(self.adjust, book):
                yield mistake.under("adjust")
        if self.among is not None:
            for mistake in needs_binary("column", self.among.column, book):
                yield mistake.under("among")


class Settings(ExposureStudy):
    """Exposures that would be gone against policies and levers that would be there, in the same people and unit.

    An exposure that is a number would be one step lower for everybody, a policy that is a number one step higher. A
    lever acts on a column by the effect that the column has in these people.
    """

    kind: Literal["ledger"]
    level: Level = "population"
    cluster: Name | None = Field(
        None, description="Column that shares exposures, such as a region; that with role `family` if left out"
    )
    policies: Policies | None = Field(None, description="What stands on the other side: columns of the cohort")
    levers: list[Introduced] = Field([], description="And levers that act on a column of it")
    high_risk: LeverRef | None = Field(
        None, description="A programme for those at the highest risk, as all exposures and their covariates predict it"
    )
    by: Name | None = Field(None, description="Column of numbers, such as family SES, along which inequality is told")

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        columns = [] if self.policies is None else self.policies.columns
        if self.policies is not None:
            for mistake in self.policies.check(book):
                yield mistake.under("policies")
        if self.cluster is not None:
            yield from unknown("cluster", self.cluster, book.columns, "a column")
        if self.by is not None:
            yield from unknown("by", self.by, book.columns, "a column")
            column = book.columns.get(self.by)
            if column is not None and column.type not in NUMBERS:
                yield Mistake("by", f"'{self.by}' is of type {column.type}", "Name a column of numbers.")
        for name in sorted({one.column for one in self.exposures} & {one.column for one in columns}):
            yield Mistake("policies.columns", f"'{name}' stands on both sides", "Remove it from one of them.")
        taken = {one.column for one in (*self.exposures, *columns)}
        for index, one in enumerate(self.levers):
            for mistake in one.check(book):
                yield mistake.under("levers", index)
            if one.key in taken:
                yield Mistake(f"levers.{index}.id", f"'{one.key}' is taken", "Give it an id of its own.")
            taken.add(one.key)
        if self.high_risk is not None:
            if self.high_risk.offered_to != "highest_risk" or self.high_risk.acts_on.measure != "relative":
                what = f"{self.high_risk.name} does not lower the risk of those at the highest risk"
                yield Mistake("high_risk", what, "Put it among `levers`.")
            if self.high_risk.name in taken:
                yield Mistake("high_risk", f"'{self.high_risk.name}' is taken", "Give the other an id of its own.")

    def introduced(self, book: Codebook) -> list[Contrast]:
        """Return every policy whose column is known and fit."""
        columns = [] if self.policies is None else self.policies.columns
        fit = [p for p in columns if p.column in book.columns and not list(p.check(book.columns))]
        return [contrast for policy in fit for contrast in policy.contrasts(book.columns)]

    def packages(self) -> "list[Package]":
        """Return every lever and package, in each reading of the evidence."""
        return [package for one in self.levers for package in one.packages()]

    def not_imputed(self) -> str:
        return "each side of a ledger rests on columns of its own, and imputations are drawn for one"

    def told_parts(self) -> list[tuple[str, int]]:
        return [] if self.by is None else [(self.by, THIRDS)]

    def predictors(self, book: Codebook) -> Adjustment:
        """All that the risk is predicted from: exposures and their covariates."""
        adjust = book.adjustment(self.adjust)
        exposed = Adjustment(columns=list(dict.fromkeys(contrast.column for contrast in self.contrasts(book))))
        return adjust.joined(exposed)

    def programmes(self, point: Point = "mid") -> list[HighRisk]:
        """Return the programme for those at the highest risk in each reading of the evidence, if there is one."""
        lever = self.high_risk
        if lever is None:
            return []
        share, uptake = (1.0 if one is None else in_thirds(one, point)[1] for one in (lever.reach, lever.uptake))
        doses = {name: lever.variants.with_effect[name].dose or lever.acts_on.dose for name in READINGS}
        return [HighRisk(lever.name, name, share, uptake * in_thirds(dose, point)[1]) for name, dose in doses.items()]

    def asks(self, book: Codebook) -> list[Question]:
        gone, new, outcomes = self.contrasts(book), self.introduced(book), tuple(self.outcomes)
        effects = [Effect(c, outcomes, policy) for side, policy in ((gone, False), (new, True)) for c in side]
        levers, programmes = tuple(self.packages()), tuple(self.programmes())
        predictors = self.predictors(book)
        return [*effects, Ledger(tuple(gone), tuple(new), outcomes, self.by, levers, programmes, predictors)]

    def labels(self, book: Codebook) -> dict[tuple[str, str], str]:
        gone = {(c.exposure, c.reference): comparison(c, book.columns) for c in self.contrasts(book)}
        new = {(c.exposure, c.reference): comparison(c, book.columns) for c in self.introduced(book)}
        read: dict[tuple[str, str], str] = {
            (one.key, variant): f"{one.called}: {say(reading)}"
            for one in self.levers
            for variant, reading in READINGS.items()
        }
        if self.high_risk is not None:
            read |= {(self.high_risk.name, v): f"{self.high_risk.label}: {say(r)}" for v, r in READINGS.items()}
        pairs = {
            (policy, exposure): say("{policy}, against {exposure} gone", policy=told, exposure=other)
            for (policy, _), told in new.items()
            for (exposure, _), other in gone.items()
        }
        return {**gone, **new, **read, **pairs}
