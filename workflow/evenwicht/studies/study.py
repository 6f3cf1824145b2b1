"""What every kind of study has in common: its place in the cohort file, its checks, and what it asks and shows."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake, listed
from evenwicht.base.exposures import Contrast, ExposureRef
from evenwicht.base.missing import Missing
from evenwicht.base.names import Name, Strict
from evenwicht.base.outcomes import EventOutcome
from evenwicht.display.labels import cause, comparison
from evenwicht.results.questions import Question
from evenwicht.results.schema import Known

if TYPE_CHECKING:
    import numpy as np

# why missing values of some kinds cannot be imputed: who belongs together, and when people were born
TOO_UNLIKE = "imputations know no {whole}, so people of one {part} would come out less alike than they are"
NO_DATES = "imputations know no dates of birth, so what differs from one date to the next would be smoothed away"

Level = Annotated[
    Literal["individual", "policy", "population"],
    Field(description="Whose doing is studied: one person's exposure, a policy, or how a population is made up"),
]


class Thirds(Strict):
    """A number by which people are cut into parts of equal size."""

    column: Name = Field(description="Column of numbers")
    parts: Annotated[int, Field(ge=2, le=10)] = Field(3, description="Number of parts")


class Follow(Strict):
    """Ages between which people are followed; for outcomes on the clock of age."""

    entry: Annotated[float, Field(ge=0)] = Field(0.0, description="Nobody is at risk before this age, years")
    exit: Annotated[float, Field(gt=0)] | None = Field(None, description="Nobody is followed beyond this age, years")

    @model_validator(mode="after")
    def _is_in_order(self) -> "Follow":
        if self.exit is not None and self.exit <= self.entry:
            raise ValueError("exit must lie after entry")
        return self


class StudySettings(Strict):
    """Settings that every kind of study has; each kind is a subclass with its own `kind`."""

    heavy: ClassVar[bool] = False  # worth a job of its own
    weighted: ClassVar[bool] = False  # honours weights
    has_truth: ClassVar[bool] = True  # estimates effects, which worlds can judge

    kind: str
    title: str = Field("", description="What the study is called; made of its exposures if left out")
    level: Level
    subgroups: list[Name | Thirds] = Field(
        default=[], description="Categories, yes/no columns or cut numbers within whose levels the study is repeated"
    )
    weights: Name | None = Field(None, description="Column with role weight: survey or design weights")

    def check(self, book: Codebook) -> Iterator[Mistake]:
        """Yield what the cohort does not have; paths are relative to the study."""
        yield from all_known("subgroups", [name for name, _ in self._subgroups()], book.columns, "a column")
        for index, (name, cut) in enumerate(self._subgroups()):
            column = book.columns.get(name)
            if column is not None and (column.type in ("boolean", "category")) != (cut is None):
                yield Mistake(
                    f"subgroups.{index}",
                    f"'{name}' is of type {column.type}",
                    "Name a category or yes/no column, or cut a number: {column: ..., parts: 3}.",
                )
        if self.weights is not None:
            yield from unknown("weights", self.weights, book.role("weight"), "a column with role weight")
            if not self.weighted:
                yield Mistake("weights", f"a study of kind {self.kind} does not honour weights", "Leave them out.")

    def parted_by(self) -> list[tuple[str, int | None]]:
        """Return each column whose parts the study is repeated in, with the number of parts if it is a number."""
        return list(dict.fromkeys([*self._subgroups(), *self.own_parts()]))

    def own_parts(self) -> list[tuple[str, int]]:
        """Return each number whose parts the kind itself is about, beside `subgroups`, with the number of parts."""
        return []

    def told_parts(self) -> list[tuple[str, int]]:
        """Return each number in whose parts the kind itself has rows: those it is repeated in, unless it says more."""
        return self.own_parts()

    def _subgroups(self) -> list[tuple[str, int | None]]:
        return [(s, None) if isinstance(s, str) else (s.column, s.parts) for s in self.subgroups]

    def asks(self, book: Codebook) -> list[Question]:
        """Return what true values would answer."""
        return []

    def labels(self, book: Codebook) -> dict[tuple[str, str], str]:
        """Return the words for each exposure and reference of its rows, for display."""
        return {}

    def causes(self, book: Codebook) -> dict[tuple[str, str], str]:
        """Return what each exposure and reference is called as the cause in a sentence."""
        shown = {(c.exposure, c.reference): cause(c, book.columns) for c in self.exposures_shown(book)}
        return {**self.labels(book), **shown}

    def names(self, book: Codebook) -> dict[str, str]:
        """Return the words for keys of its rows that the cohort file does not describe, for display."""
        return {}

    def exposures_shown(self, book: Codebook) -> list[Contrast]:
        """Columns whose effect the study is about, for tables that describe people."""
        return []


class OutcomeStudy(StudySettings):
    """A study of outcomes, with covariates."""

    outcomes: list[Name] = Field(min_length=1, description="Ids of `outcomes`")
    adjust: Name | Adjustment = Field(Adjustment(), description="Covariates, or the name of a set of `adjustments`")
    missing: Missing = Field(Missing(), description="What is done about values that are not known")

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        yield from all_known("outcomes", self.outcomes, book.outcomes, "an outcome")
        yield from self._check_covariates(book)
        yield from self._check_missing(book)

    def exposed_columns(self) -> list[tuple[str, str]]:
        """Key path and name of every column that is compared, or instruments a comparison."""
        return []

    def own_covariates(self) -> list[str]:
        """Exposures that may stand among the covariates: each is one to the others, and left out of its own model."""
        return []

    def rests_on(self, book: Codebook) -> Adjustment:
        """Return all columns beside exposures and outcomes that must be known for everybody analysed, as they enter."""
        return book.adjustment(self.adjust)

    def alike_in(self, book: Codebook, method: str) -> Adjustment:
        """Return the covariates in which a method that adjusts makes people alike."""
        return book.adjustment(self.adjust)

    def products(self) -> list[tuple[str, str]]:
        """Pairs of an exposure and another column that `rests_on` gives, whose product tells of the outcome."""
        return []

    def competing_events(self) -> list[str]:
        """Events beside those of the outcomes for which everybody analysed must be followed."""
        return []

    def not_imputed(self) -> str:
        """Say why missing values cannot be imputed with these settings; empty if they can."""
        return f"imputations do not know all that a study of kind {self.kind} rests on"

    def columns_of(self, book: Codebook, exposure: str, reference: str) -> tuple[list[str], list[str]]:
        """Return what must be known for the rows with these keys: exposures, and other columns beside outcomes."""
        own = [c.column for c in self.exposures_shown(book) if (c.exposure, c.reference) == (exposure, reference)]
        exposed = own[:1] or [name for _, name in self.exposed_columns()]
        return exposed, self.rests_on(book).without(*exposed).columns

    def _check_missing(self, book: Codebook) -> Iterator[Mistake]:
        if self.missing.handling == "attrition_weights" and not self.weighted:
            yield Mistake(
                "missing.handling", f"a study of kind {self.kind} does not honour weights", "Choose another handling."
            )
        if self.missing.handling == "imputation" and (reason := self.not_imputed()):
            yield Mistake("missing.handling", reason, "Choose another handling.")
        if self.missing.handling == "complete_cases" and self.missing.auxiliary:
            yield Mistake("missing.auxiliary", "complete cases use no auxiliary columns", "Choose another handling.")
        yield from auxiliary_mistakes(self, book)

    def _check_covariates(self, book: Codebook) -> Iterator[Mistake]:
        if isinstance(self.adjust, str):
            yield from unknown("adjust", self.adjust, book.adjustments, "a set of adjustments")
            if self.adjust not in book.adjustments:
                return
            path, adjust = "adjust", book.adjustments[self.adjust]
        else:
            path, adjust = "adjust.columns", self.adjust
            for mistake in covariate_mistakes(adjust, book):
                yield mistake.under("adjust")
        measured = {column: name for name in self.outcomes if (column := book.column_of(name)) is not None}
        exposed = {name: key for key, name in self.exposed_columns()}
        for index, name in enumerate(adjust.columns):
            at = path if isinstance(self.adjust, str) else f"{path}.{index}"
            if name in measured:
                yield Mistake(at, f"'{name}' is the outcome {measured[name]} itself", "Study that outcome apart.")
            if name in exposed and name not in self.own_covariates():
                yield Mistake(at, f"'{name}' is the exposure itself", "Remove it from the covariates.")
        for name, key in exposed.items():
            if name in measured:
                yield Mistake("outcomes", f"'{measured[name]}' is the exposure {name} of {key} itself", "Remove it.")


class ExposureStudy(OutcomeStudy):
    """A study that compares people by columns."""

    exposures: list[ExposureRef] = Field(min_length=1, description="What is compared, each apart")
    follow: Follow | None = None

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        columns = [exposure.column for exposure in self.exposures]
        yield from all_known("exposures", columns, book.columns, "a column", repeated=True)
        for index, exposure in enumerate(self.exposures):
            for mistake in exposure.check(book.columns):
                yield mistake.under("exposures", index)
        keys = [c.exposure + c.reference for c in self.contrasts(book)]
        if len(set(keys)) < len(keys):
            yield Mistake("exposures", "a comparison is listed twice", "Remove one of them.")
        if self.follow is not None:
            yield from self._check_follow(self.follow, book)

    def _check_follow(self, follow: Follow, book: Codebook) -> Iterator[Mistake]:
        outcomes = {name: book.outcomes.get(name) for name in self.outcomes}
        aged = {name: o for name, o in outcomes.items() if isinstance(o, EventOutcome) and o.time == "age"}
        if not aged:
            yield Mistake("follow", "no outcome is a time to an event on the clock of age", "Leave it out.")
        for name, outcome in aged.items():
            horizon = outcome.horizon_years
            if not follow.entry < horizon <= (follow.exit or horizon):
                yield Mistake(
                    "follow",
                    f"the horizon of '{name}', {horizon:g} years, lies outside it",
                    "Follow people up to the horizon, or give the outcome another.",
                )

    def exposed_columns(self) -> list[tuple[str, str]]:
        return [("exposures", exposure.column) for exposure in self.exposures]

    def own_covariates(self) -> list[str]:
        columns = [exposure.column for exposure in self.exposures]
        return columns if len(set(columns)) > 1 else []

    def contrasts(self, book: Codebook) -> list[Contrast]:
        """Return every comparison of the study whose column is known and fit."""
        fit = [e for e in self.exposures if e.column in book.columns and not list(e.check(book.columns))]
        return [contrast for exposure in fit for contrast in exposure.contrasts(book.columns)]

    def labels(self, book: Codebook) -> dict[tuple[str, str], str]:
        return {(c.exposure, c.reference): comparison(c, book.columns) for c in self.contrasts(book)}

    def exposures_shown(self, book: Codebook) -> list[Contrast]:
        return self.contrasts(book)


@dataclass(frozen=True)
class Job:
    """What a run of a study is told beside its settings.

    Attributes
    ----------
    stream
        Gives the random numbers of a named part of the study.
    known
        Questions with a true value, if only what they judge is wanted; see `results.rows.Findings`.
    """

    stream: Callable[[str], "np.random.Generator"]
    known: Known = None

    @property
    def judged(self) -> bool:
        """Whether only what recovery judges is wanted: checks that it cannot judge are left out."""
        return self.known is not None


def part_keys(column: str, parts: int) -> list[str]:
    """Return the keys of the parts into which a number is cut, from the lowest."""
    return [f"{column}={k}of{parts}" for k in range(1, parts + 1)]


OF_STUDY = " of the study"  # whose names are meant, in what says that one is unknown


def unknown(path: str, name: str, known: Iterable[str], what: str, of: str = " of this cohort") -> Iterator[Mistake]:
    """Yield the mistake of a name that leads nowhere; `of` says whose names are known."""
    from difflib import get_close_matches

    known = list(known)
    if name not in known:
        close = get_close_matches(name, known, n=1)
        did = f"Did you mean '{close[0]}'? " if close else ""
        yield Mistake(path, f"'{name}' is not {what}{of}", f"{did}Known: {listed(known) or 'none'}.", name)


def all_known(
    path: str, names: Sequence[str], known: Iterable[str], what: str, *, repeated: bool = False
) -> Iterator[Mistake]:
    """Yield every name of a list that leads nowhere, or stands in it twice unless that is allowed."""
    known = list(known)
    for index, name in enumerate(names):
        yield from unknown(f"{path}.{index}", name, known, what)
        if name in names[:index] and not repeated:
            yield Mistake(f"{path}.{index}", f"'{name}' is listed twice", "Remove one of them.")


def covariate_mistakes(adjust: Adjustment, book: Codebook) -> Iterator[Mistake]:
    """Yield covariates that a model cannot take."""
    for mistake in _no_predictors(adjust.columns, book):
        yield mistake.under("columns")
    for key in ("squares", "splines"):
        for name in getattr(adjust, key):
            if name in book.columns and book.columns[name].type not in ("number", "integer"):
                yield Mistake(key, f"'{name}' is of type {book.columns[name].type}", "Only numbers have them.")


def _no_predictors(names: Sequence[str], book: Codebook) -> Iterator[Mistake]:
    """Yield columns that are not known, or cannot enter a model; paths are relative to the list."""
    for index, name in enumerate(names):
        path, column = str(index), book.columns.get(name)
        yield from unknown(path, name, book.columns, "a column")
        if column is None:
            continue
        if column.type == "date":
            yield Mistake(path, f"'{name}' is a date", "Adjust for a number, such as the year, or a category of it.")
        elif column.role == "id":
            yield Mistake(path, f"'{name}' identifies persons", "Remove it from the covariates.")


def auxiliary_mistakes(study: OutcomeStudy, book: Codebook) -> Iterator[Mistake]:
    """Yield auxiliary columns that cannot tell of missing values."""
    for mistake in _no_predictors(study.missing.auxiliary, book):
        yield mistake.under("missing", "auxiliary")
    own = {name: "exposure" for _, name in study.exposed_columns()}
    own |= {column: f"outcome {name}" for name in study.outcomes if (column := book.column_of(name)) is not None}
    for index, name in enumerate(study.missing.auxiliary):
        if name in study.missing.auxiliary[:index]:
            yield Mistake(f"missing.auxiliary.{index}", f"'{name}' is listed twice", "Remove one of them.")
        elif name in own:
            yield Mistake(f"missing.auxiliary.{index}", f"'{name}' is the {own[name]} itself", "Remove it.")


def needs_binary(path: str, name: str, book: Codebook) -> Iterator[Mistake]:
    """Yield why a column is no yes/no column."""
    yield from unknown(path, name, book.columns, "a column")
    if name in book.columns and book.columns[name].type != "boolean":
        yield Mistake(path, f"'{name}' is not of type boolean", "Name a yes/no column; add one to `columns`.")


def needs_birth_date(book: Codebook, precision: str) -> Iterator[Mistake]:
    """Yield why dates of birth are missing, or known too coarsely."""
    order = ["year", "month", "day"]
    dates = book.role("birth_date")
    if len(dates) != 1:
        yield Mistake("", "there must be exactly one column with role 'birth_date'", "Set the role of one column.")
    for name in dates:
        known = book.columns[name].precision
        if order.index(known) < order.index(precision):
            yield Mistake(
                "",
                f"'{name}' is known to the {known}, but this study needs the {precision} of birth",
                "Get finer dates, or leave the study out.",
            )
