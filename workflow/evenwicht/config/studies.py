"""What is studied in a cohort: outcomes, and the studies of individual, policy and concentration."""

from typing import Annotated, Literal

from pydantic import Field

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


class SectorLabel(Strict):
    label: str
    unit: str


class ConcentrationStudy(Strict):
    """How use concentrates in few people: Gini, top share, and high need in several sectors."""

    window: str
    top_share: Share
    at_least: Annotated[int, Field(ge=1)]
    risk: Name | None = Field(None, description="Childhood score by which people are ranked (high: much risk)")
