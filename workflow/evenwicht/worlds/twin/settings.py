"""Settings of the twin world: rounded aggregates of a cohort, and the effects that are put in."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, model_validator

from evenwicht.base.exposures import Exposed
from evenwicht.base.names import Name, Positive, Probability, Share, Strict
from evenwicht.base.variables import Amount
from evenwicht.worlds.mechanism_settings import WorldSettings

Coefficient = Annotated[float, Field(ge=-20, le=20)]
Triangle = Annotated[
    dict[str, list[Annotated[float, Field(ge=-1, le=1)]]],
    Field(description="Name -> its correlations with those listed before it"),
]


class Bands(Strict):
    """A number: equal shares of people lie below, between and above the edges."""

    kind: Literal["number"] = "number"
    edges: list[float] = Field(min_length=3, description="Rounded values between bands of people, in order")
    zeros: Annotated[float, Field(ge=0, lt=1)] = Field(0.0, description="Share with 0, beside those in bands")
    logarithmic: bool = Field(False, description="Whether values are even within bands on the scale of the logarithm")
    whole: bool = Field(False, description="Whether values are whole numbers")
    top: Share | None = Field(
        None, description="Top share of people, of whom and the others correlations are; of all values if left out"
    )

    @model_validator(mode="after")
    def _is_in_order(self) -> "Bands":
        if self.edges != sorted(self.edges):
            raise ValueError("edges must be in order")
        if self.logarithmic and self.edges[0] <= 0:
            raise ValueError("edges on the scale of the logarithm must be above 0")
        return self


class YesNo(Strict):
    """A yes/no column."""

    kind: Literal["yes_no"] = "yes_no"
    share: Share = Field(description="Share of yes")


class Levels(Strict):
    """A category."""

    kind: Literal["levels"] = "levels"
    shares: dict[str, Share] = Field(min_length=2, description="Level -> share, in the order of what goes with it")
    rare: Annotated[int, Field(ge=0)] = Field(0, description="Levels of too few people, which nobody has here")


Margin = Annotated[Bands | YesNo | Levels, Field(discriminator="kind")]


class KnownShare(Strict):
    """Who has a value: a logistic model."""

    share: Annotated[float, Field(gt=0, le=1)] = Field(description="Share with a value")
    by: dict[str, Coefficient] = Field(default={}, description="Column -> change of the log odds for each SD of it")


class Group(Strict):
    """People who belong together."""

    sizes: list[tuple[Annotated[int, Field(ge=1)], Share | Literal[1]]] = Field(
        min_length=1, description="People in a group, and the share of groups that are so large"
    )
    alike: dict[str, Probability] = Field(
        default={}, description="Share of the variance that is the group's own; of outcomes, beside what is known"
    )
    together: Triangle = {}


class Happening(Strict):
    """An event that people are followed for, with hazards constant in pieces of time."""

    clock: Literal["age", "follow_up"] = Field(description="Time is age, or since the start of follow-up; years")
    edges: list[Positive] = Field(default=[], description="Times between pieces, years")
    hazards: list[Annotated[float, Field(ge=0)]] = Field(min_length=1, description="Events a person-year, each piece")
    entry: Bands | float = Field(description="Age when follow-up starts")
    until: Bands | float = Field(description="Time when follow-up ends without the event")
    same_as: Name | None = Field(None, description="Event of the same disease, whose effects it shares")
    by: dict[str, Coefficient] = Field(default={}, description="Column -> change of the log hazard for each SD of it")

    @model_validator(mode="after")
    def _is_consistent(self) -> "Happening":
        if self.edges != sorted(set(self.edges)):
            raise ValueError("edges must rise")
        if len(self.hazards) != len(self.edges) + 1:
            raise ValueError("there is one hazard more than edges")
        return self


class Decided(Strict):
    """A column that the date of birth decides."""

    values: list[float] = Field(description="In each period: the mean, or the share of yes")
    flag: bool = Field(False, description="Whether it is a yes/no column")
    among: Name | None = Field(None, description="Yes/no column; those without it have 0, or no")

    @model_validator(mode="after")
    def _is_possible(self) -> "Decided":
        if self.flag and not all(0 <= value <= 1 for value in self.values):
            raise ValueError("shares of yes lie between 0 and 1")
        return self


class Births(Strict):
    """When people are born."""

    column: Name = Field(description="Column with the date")
    periods: dict[dt.date, Share | Literal[1]] = Field(
        min_length=1, description="First day -> share born until the next"
    )
    end: dt.date = Field(description="First day after the last period")
    months: list[Name] = Field(default=[], description="Columns with the calendar month of birth")
    decides: dict[Name, Decided] = Field(default={}, description="Columns that follow from the date alone")

    @model_validator(mode="after")
    def _is_in_order(self) -> "Births":
        days = [*self.periods, self.end]
        if days != sorted(set(days)):
            raise ValueError("periods must be in order")
        if any(len(one.values) != len(self.periods) for one in self.decides.values()):
            raise ValueError("what the date decides has one value for each period")
        return self


AnyMargin = Bands | YesNo | Levels | Births


class TwinWorld(WorldSettings):
    """People like those of a cohort, drawn from rounded aggregates alone, with effects that are known."""

    kind: Literal["twin"]
    n: Annotated[int, Field(ge=20, le=20_000_000)] = Field(description="Number of people")
    effects: dict[Name, dict[str, float]] = Field(
        default={},
        description="Outcome -> exposure, such as smoker or region=north -> its effect: a difference of means "
        "or risks, of events a hazard ratio, of counts and use a ratio of means; of numbers, by one unit",
    )
    exposures: list[str] = Field(
        description="Columns without other effects than those; others have those that were measured"
    )
    chained: dict[Name, list[Name]] = Field(
        default={}, description="Exposure -> exposures, such as instruments, that change it by `effects` alone"
    )
    after: list[str] = Field(description="Outcomes: columns, and sector@window, from which nothing follows")
    columns: dict[Name, Margin] = Field(description="How values of each column are spread")
    costs: dict[str, dict[Name, Bands]] = Field(default={}, description="Window -> sector -> how amounts are spread")
    correlations: Triangle = Field(description="Of scores: Name -> its correlations with those listed before it")
    known: dict[str, KnownShare] = Field(
        default={}, description="Column, event, sector@window or attendance@wave -> who has it; all if left out"
    )
    known_together: Triangle = {}
    waves: dict[str, Positive] = Field(default={}, description="Wave with attendance -> age, years")
    groups: dict[Name, Group] = Field(default={}, description="Column -> groups; each lies within those before it")
    births: Births | None = None
    events: dict[Name, Happening] = Field(default={}, description="Events that people are followed for")

    @model_validator(mode="after")
    def _is_consistent(self) -> "TwinWorld":
        amounts = {str(amount) for amount in self.amounts}
        dates = {self.births.column} if self.births else set[str]()
        if set(self.correlations) != {*self.columns, *amounts, *dates}:
            raise ValueError("correlations must be of all columns, costs and dates of birth, and of nothing else")
        triangles = {"correlations": self.correlations, "known_together": self.known_together}
        triangles |= {f"groups.{name}.together": group.together for name, group in self.groups.items()}
        for key, triangle in triangles.items():
            if any(len(row) != position for position, row in enumerate(triangle.values())):
                raise ValueError(f"a row of {key} has not one number for each name before it; their order matters")
        unknown = [name for name in (*self.after, *self.exposures) if name not in self.correlations]
        if unknown:
            raise ValueError(f"no column or cost: {', '.join(unknown)}")
        links = {*self.chained, *(name for causes in self.chained.values() for name in causes)}
        if (links | set(self.exposures)) & set(self.after) or links - set(self.columns):
            raise ValueError("exposures and chained are of columns that come before outcomes")
        stated = {Exposed.read(key).column for sizes in self.effects.values() for key in sizes}
        if lost := stated - links - set(self.exposures):
            raise ValueError(f"effects are of exposures, which {', '.join(sorted(lost))} is not")
        if amounts - set(self.after):
            raise ValueError("costs come after everything else")
        before = {*self.columns} - {*self.after}
        decides = self.births.decides if self.births else dict[Name, Decided]()
        needed = {one.among for one in decides.values() if one.among is not None}
        free = before - set(self.chained)
        if set(decides) - free or needed - (free - set(decides)):
            raise ValueError("what the date of birth decides, and among whom, comes before outcomes and is not chained")
        if any((self.columns[name].kind == "yes_no") != one.flag for name, one in decides.items()):
            raise ValueError("what the date of birth decides is a number, or yes/no as its column")
        if any(self.columns[name].kind != "yes_no" for name in needed):
            raise ValueError("among is a yes/no column")
        same = {one.same_as for one in self.events.values() if one.same_as is not None}
        if same - set(self.events):
            raise ValueError(f"same_as is of events, which {', '.join(sorted(same - set(self.events)))} is not")
        models = [one.by for one in self.known.values()] + [one.by for one in self.events.values()]
        used = {name for by in models for name in by}
        if used - before:
            raise ValueError(
                f"who has a value, or an event, follows from columns that come before: {min(used - before)}"
            )
        if {name for group in self.groups.values() for name in group.alike} - set(self.correlations):
            raise ValueError("alike is of columns and costs")
        if any(set(group.together) - (before & set(group.alike)) for group in self.groups.values()):
            raise ValueError("together is of columns before outcomes in which groups are alike")
        if any(set(group.alike) & set(decides) for group in self.groups.values()):
            raise ValueError("groups are not alike in what the date of birth decides")
        if set(self.known_together) - set(self.known):
            raise ValueError("known_together is of names in known")
        return self

    @property
    def outcomes_named(self) -> dict[str, str]:
        return {f"source.effects.{name}": name for name in self.effects}

    @property
    def followed(self) -> tuple[str, ...]:
        return tuple(self.events)

    @property
    def cost_windows(self) -> tuple[str, ...]:
        return tuple(self.costs)

    @property
    def amounts(self) -> tuple[Amount, ...]:
        return tuple(Amount(sector, window) for window, sectors in self.costs.items() for sector in sectors)
