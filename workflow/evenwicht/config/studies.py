"""What is studied in a cohort: outcomes, and the studies of individual, policy and concentration."""

import datetime as dt
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from evenwicht.config.base import Name, Positive, Share, Strict


class ContinuousOutcome(Strict):
    kind: Literal["continuous"]
    label: str
    column: Name


class BinaryOutcome(Strict):
    kind: Literal["binary"]
    label: str
    column: Name


class EventOutcome(Strict):
    """Time to an event; risks are reported at the horizon."""

    kind: Literal["time_to_event"]
    label: str
    event: Name
    time: Literal["age", "follow_up"] = Field(description="Clock of the analysis")
    unit: Literal["years", "months"] = "years"
    horizon: Positive


class MultiSectorOutcome(Strict):
    """High need in several cost sectors at once; missing for a person without costs in the window."""

    kind: Literal["multi_sector_need"]
    label: str
    window: str
    top_share: Share = Field(description="High need in a sector: the top share of users")
    at_least: Annotated[int, Field(ge=1)] = Field(description="Number of sectors with high need")


Outcome = Annotated[ContinuousOutcome | BinaryOutcome | EventOutcome | MultiSectorOutcome, Field(discriminator="kind")]


class Adjustment(Strict):
    """Covariates of a model: categories enter as indicators, numbers linearly, `quadratic` adds their squares."""

    columns: list[Name] = []
    quadratic: list[Name] = []


class IndividualStudy(Strict):
    """Effect of one person's exposure, by crude contrast, regression, weighting and standardisation."""

    exposure: Name
    adjust: Adjustment
    modifiers: list[Name] = Field(
        default=[], description="Covariates whose product with the exposure enters standardisation"
    )
    outcomes: list[Name] = Field(min_length=1)


class PolicyStudy(Strict):
    """Intention-to-treat effect of policies and, if asked, the instrumental-variable estimate."""

    exposures: list[Name] = Field(min_length=1, description="The first leads the report")
    cluster: Name | None = Field(None, description="Column that shares the policy: state, birth month")
    adjust: Adjustment = Adjustment()
    outcomes: list[Name] = Field(min_length=1)
    instrument: Name | None = Field(None, description="Policy exposure used as instrument for the individual one")


BirthCluster = Annotated[
    Literal["day", "week", "month"] | None,
    Field(
        description="Births of the same day, week or month share what happens to them; people independent if left out"
    ),
]


class BirthWindow(Strict):
    """Births from the first to the last day."""

    first: dt.date
    last: dt.date
    label: str = Field(description="What these births have in common, such as: exposed in early pregnancy")

    @model_validator(mode="after")
    def _is_in_order(self) -> "BirthWindow":
        if self.first > self.last:
            raise ValueError("first must not lie after last")
        return self


class PlannedComparison(Strict):
    """A comparison of two groups whose power, type S error and exaggeration are worked out beforehand."""

    period: Name
    outcome: Name
    odds_ratio: Positive = Field(description="The true odds ratio to be found")
    risk_unexposed: Share
    exposed: Annotated[int, Field(ge=10, description="People")]
    unexposed: Annotated[int, Field(ge=10, description="People")]


class BirthPeriodsStudy(Strict):
    """Births in windows of exposure, against births before the first window and after the last.

    With a region, births outside it are controls for a difference-in-differences and enter nothing else.
    """

    exposed: dict[Name, BirthWindow] = Field(min_length=1, description="Windows of birth, in order of date")
    region: Name | None = Field(None, description="Yes/no column: born where the exposure was")
    adjust: Adjustment = Adjustment()
    cluster: BirthCluster = None
    outcomes: list[Name] = Field(min_length=1)
    design_analysis: list[PlannedComparison] = []

    @model_validator(mode="after")
    def _is_consistent(self) -> "BirthPeriodsStudy":
        windows = list(self.exposed.values())
        for earlier, later in pairwise(windows):
            if later.first <= earlier.last:
                raise ValueError("windows of exposed must be in order of date and must not overlap")
        for planned in self.design_analysis:
            if planned.period not in self.exposed:
                raise ValueError(f"design_analysis names no window of exposed: {planned.period}")
        return self


class ReformStudy(Strict):
    """A policy for all births from a date on: discontinuity at the date, and the same dates of other years."""

    exposure: Name = Field(description="Yes/no column: born on or after the date")
    date: dt.date
    bandwidth_days: Annotated[int, Field(ge=14, le=182, description="Births this close to the date are compared")]
    donut_days: Annotated[int, Field(ge=1, description="Births closer than this are left out by donut methods")]
    other_years: list[int] = Field(min_length=1, description="Calendar years without a reform at this date")
    first_stage: Name | None = Field(None, description="Outcome that the policy sets, such as months of leave")
    adjust: Adjustment = Adjustment()
    cluster: BirthCluster = None
    outcomes: list[Name] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_consistent(self) -> "ReformStudy":
        if 2 * self.donut_days > self.bandwidth_days:
            raise ValueError("donut_days must not exceed half of bandwidth_days")
        if self.date.year in self.other_years or len(set(self.other_years)) < len(self.other_years):
            raise ValueError("other_years must name each year once, and not the year of the date")
        if (self.date.month, self.date.day) == (2, 29):
            raise ValueError("date must exist in other years")
        return self


class SectorLabel(Strict):
    """A cost sector: what it is called, and what its amounts are."""

    label: str
    unit: str
    measures: Literal["count", "money", "duration", "quantity"] = Field(
        description="What the amounts are: events counted one by one (stays, claims), money, time spent (nights, "
        "months), or another quantity (kilograms). Only counts are compared with a Poisson null"
    )


class ConcentrationStudy(Strict):
    """How use concentrates in few people: Gini, top share, and high need in several sectors."""

    window: str
    top_share: Share
    at_least: Annotated[int, Field(ge=1)]
    risk: Name | None = Field(None, description="Childhood score by which people are ranked (high: much risk)")
