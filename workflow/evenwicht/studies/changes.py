"""What is changed in everybody at once: exposures that would be gone, policies and levers that would be there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.base.exposures import NUMBERS, Contrast, ExposureRef
from evenwicht.base.names import Name, Strict
from evenwicht.display.labels import comparison
from evenwicht.display.language import message, say
from evenwicht.levers.lever import Age, Lever, LeverRef, VariantName, on_one_thing
from evenwicht.results.questions import Effect, Question
from evenwicht.studies.study import ExposureStudy, all_known, covariate_mistakes, needs_binary, unknown

if TYPE_CHECKING:
    from evenwicht.levers.package import Package

THIRDS = 3
METHOD = "standardisation"
READINGS: dict[VariantName, str] = {
    "beneficial": message("as in studies that found a gain"),
    "reversed": message("as if it did harm"),
}
WEIGHED: VariantName = "beneficial"


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


class Among(Strict):
    """The people to whom alone a lever is introduced: those whom no policy reaches already."""

    column: Name = Field(description="Yes/no column")
    answer: Literal["yes", "no"] = Field(description="Which answer they have")


class Introduced(Strict):
    """A lever that acts on a column of the cohort by the effect that the column has in it."""

    lever: LeverRef = Field(description="Name of a file in the folder `levers` beside this one")
    id: Name | None = Field(None, description="Key of its rows; the name of the lever if left out")
    column: Name = Field(description="Column on which it acts")
    units: float = Field(1.0, description="Units of the column in one unit of the dose; below zero, the other way")
    start: Age | None = Field(
        None, description="Age at which it starts, years, to last as long as it does; that of its file if left out"
    )
    age: Age | None = Field(
        None,
        description="Age at which the column is looked at, years: a dose fades after the lever ends, and is not there "
        "before it starts; the end of the lever if left out",
    )
    adjust: Name | Adjustment | None = Field(None, description="Covariates; those of the exposures if left out")
    among: Among | None = Field(None, description="To whom alone it is introduced; everybody if left out")

    @property
    def key(self) -> str:
        """Exposure of its rows."""
        return self.id or self.lever.name

    @property
    def called(self) -> str:
        """What it is called, and from which age on if that is not its own."""
        if self.start is None:
            return self.lever.label
        return say("{lever}, from age {age} on", lever=self.lever.label, age=f"{self.start:g}")

    @property
    def timed(self) -> Lever:
        """The lever at the ages at which it is introduced."""
        if self.start is None:
            return self.lever
        lasts = self.lever.age_end - self.lever.age_start
        return self.lever.model_copy(update={"age_start": self.start, "age_end": self.start + lasts})

    def check(self, book: Codebook) -> Iterator[Mistake]:
        """Yield what the cohort does not have, or the lever cannot act on."""
        yield from unknown("column", self.column, book.columns, "a column")
        column, measure = book.columns.get(self.column), self.lever.acts_on.measure
        fit = ("boolean",) if measure == "yes_no" else NUMBERS
        if column is not None and column.type not in fit:
            needs = "a yes/no column" if measure == "yes_no" else "a number"
            what = f"'{self.column}' is of type {column.type}, and {self.lever.name} changes {needs}"
            yield Mistake("column", what, "Name another column, or another lever.")
        if not self.units or (measure == "yes_no" and self.units != 1):
            yield Mistake("units", f"{self.units:g} is no number of units here", "Leave it out.")
        if self.units < 0 and self.lever.acts_on.least is not None:
            yield Mistake("units", "a dose with a least amount has the direction of its column", "Make it positive.")
        if self.lever.offered_to != "everybody":
            yield Mistake("lever", f"{self.lever.name} goes by risk, and none is predicted here", "Leave it out.")
        if self.age is not None and self.age < self.timed.age_start:
            what = f"at age {self.age:g} it has not started: {self.lever.name} does at {self.timed.age_start:g}"
            yield Mistake("age", what, "Name a later age, or leave it out.")
        if isinstance(self.adjust, str):
            yield from unknown("adjust", self.adjust, book.adjustments, "a set of adjustments")
        elif self.adjust is not None:
            for mistake in covariate_mistakes(self.adjust, book):
                yield mistake.under("adjust")
        if self.among is not None:
            for mistake in needs_binary("column", self.among.column, book):
                yield mistake.under("among")


class Together(Strict):
    """Several levers of the ledger at once: nobody whom two of them reach is counted twice."""

    levers: list[Name] = Field(min_length=2, description="Keys of `levers`")
    id: Name = Field(description="Key of its rows")
    label: str | None = Field(None, description="What it is called; its levers are named if left out")

    def check(self, levers: dict[str, Introduced]) -> Iterator[Mistake]:
        """Yield what does not go together."""
        yield from all_known("levers", self.levers, levers, "a lever in the ledger")
        parts = [levers[key] for key in self.levers if key in levers]
        for column in dict.fromkeys(one.column for one in parts):
            on_it = [one for one in parts if one.column == column]
            if not on_one_thing([one.lever for one in on_it]) or len({(one.units, one.age) for one in on_it}) > 1:
                what = f"they change '{column}' in different units, or as different exposures"
                yield Mistake("levers", what, "Introduce them apart.")
        if len({one.among and (one.among.column, one.among.answer) for one in parts}) > 1:
            yield Mistake("levers", "they are introduced among different people", "Introduce them apart.")


@dataclass(frozen=True)
class Line:
    """A lever, or several together, as one line of the ledger.

    Attributes
    ----------
    key
        Exposure of its rows.
    called
        What it is called.
    levers
        One or several.
    """

    key: str
    called: str
    levers: tuple[Introduced, ...]

    @property
    def among(self) -> Among | None:
        """To whom alone it is introduced."""
        return self.levers[0].among

    def packages(self) -> "list[Package]":
        """Return it in each reading of the evidence in which it does something."""
        from evenwicht.levers.package import Acting, Package

        acting = tuple(Acting(one.timed, one.column, one.units, one.age) for one in self.levers)
        among = None if self.among is None else (self.among.column, self.among.answer)
        return [Package(self.key, variant, acting, variant, among) for variant in READINGS]


def is_weighed(package: "Package") -> bool:
    """Whether a lever is weighed against exposures: as in studies that found a gain, and among everybody."""
    return package.reference == WEIGHED and package.among is None


class ChangeStudy(ExposureStudy):
    """A study of what would change over all if exposures were gone, or if policies and levers were there.

    An exposure that is a number would be one step lower for everybody, a policy that is a number one step higher. A
    lever acts on a column by the effect that the column has in these people.
    """

    weighted: ClassVar[bool] = True

    cluster: Name | None = Field(
        None, description="Column that shares exposures, such as a region; that with role `family` if left out"
    )
    policies: Policies | None = Field(None, description="What stands on the other side: columns of the cohort")
    levers: list[Introduced] = Field([], description="And levers that act on a column of it")
    packages: list[Together] = Field([], description="Several of these levers at once")
    by: Name | None = Field(
        None, description="Column of numbers, such as family SES, along which inequality is told; a covariate of all"
    )

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
        for index, package in enumerate(self.packages):
            for mistake in package.check({one.key: one for one in self.levers}):
                yield mistake.under("packages", index)
            if package.id in taken:
                yield Mistake(f"packages.{index}.id", f"'{package.id}' is taken", "Give it an id of its own.")
            taken.add(package.id)

    def taken(self) -> set[str]:
        """Return the keys of all that is changed."""
        columns = [] if self.policies is None else self.policies.columns
        changed = {one.column for one in (*self.exposures, *columns)}
        return changed | {one.key for one in self.levers} | {one.id for one in self.packages}

    def introduced(self, book: Codebook) -> list[Contrast]:
        """Return every policy whose column is known and fit."""
        columns = [] if self.policies is None else self.policies.columns
        fit = [p for p in columns if p.column in book.columns and not list(p.check(book.columns))]
        return [contrast for policy in fit for contrast in policy.contrasts(book.columns)]

    def lines(self) -> list[Line]:
        """Return every lever, then every package."""
        levers = {one.key: one for one in self.levers}
        together = [(one, [levers[key] for key in one.levers]) for one in self.packages]
        return [
            *(Line(key, one.called, (one,)) for key, one in levers.items()),
            *(
                Line(one.id, one.label or " + ".join(part.called for part in parts), tuple(parts))
                for one, parts in together
            ),
        ]

    def not_imputed(self) -> str:
        return "each change rests on columns of its own, and imputations are drawn for one"

    def told_parts(self) -> list[tuple[str, int]]:
        return [] if self.by is None else [(self.by, THIRDS)]

    def weighed(self) -> "list[Package]":
        """Return every lever and package that is weighed against exposures."""
        return [package for line in self.lines() for package in line.packages() if is_weighed(package)]

    def effects(self, book: Codebook) -> list[Question]:
        """Return what is asked of each column by itself."""
        sides = ((self.contrasts(book), False), (self.introduced(book), True))
        return [Effect(c, tuple(self.outcomes), policy) for side, policy in sides for c in side]

    def changed(self, book: Codebook) -> dict[str, Any]:
        """Return what a question about all changes is told of them."""
        return {
            "exposures": tuple(self.contrasts(book)),
            "policies": tuple(self.introduced(book)),
            "outcomes": tuple(self.outcomes),
            "by": self.by,
            "levers": tuple(package for line in self.lines() for package in line.packages()),
        }

    def labels(self, book: Codebook) -> dict[tuple[str, str], str]:
        columns = [*self.contrasts(book), *self.introduced(book)]
        return {
            **{(c.exposure, c.reference): comparison(c, book.columns) for c in columns},
            **{
                (line.key, variant): f"{line.called}: {say(reading)}"
                for line in self.lines()
                for variant, reading in READINGS.items()
            },
        }
