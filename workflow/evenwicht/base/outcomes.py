"""What is studied about people: outcomes, and the sectors of cost."""

from typing import Annotated, Literal

from pydantic import Field

from evenwicht.base.names import Name, Positive, Share, Strict


class _Outcome(Strict):
    label: str = Field(description="What it is called")
    margin: Positive | None = Field(
        None, description="Smallest difference that matters, stated beforehand: in the outcome's unit, or in risk"
    )


class ContinuousOutcome(_Outcome):
    """A number; effects are differences in its mean."""

    kind: Literal["continuous"]
    column: Name = Field(description="Column of numbers")


class BinaryOutcome(_Outcome):
    """What happened to a person or not; effects are differences in its risk."""

    kind: Literal["binary"]
    column: Name = Field(description="Yes/no column")


class CountOutcome(_Outcome):
    """How often something happened to a person; effects are differences in its mean, and ratios of means."""

    kind: Literal["count"]
    column: Name = Field(description="Column of whole numbers")


class UseOutcome(_Outcome):
    """Use of one cost sector in a window, which many people do not use; effects are as on a count."""

    kind: Literal["use"]
    sector: Name = Field(description="Cost sector")
    window: str = Field(description="Window of costs")


class EventOutcome(_Outcome):
    """Time to an event; risks are reported at the horizon."""

    kind: Literal["time_to_event"]
    event: Name = Field(description="Event that people are followed for")
    time: Literal["age", "follow_up"] = Field(description="Clock of the analysis")
    unit: Literal["years", "months"] = Field("years", description="Unit of time since the start of follow-up")
    horizon: Positive = Field(description="Age, or time since the start of follow-up, by which risks are told")

    @property
    def horizon_years(self) -> float:
        """The horizon in years."""
        return self.horizon / 12 if self.unit == "months" else self.horizon


class MultiSectorOutcome(_Outcome):
    """High need in several cost sectors at once; missing for a person without costs in the window."""

    kind: Literal["multi_sector_need"]
    window: str = Field(description="Window of costs")
    top_share: Share = Field(description="High need in a sector: the top share of users")
    at_least: Annotated[int, Field(ge=1)] = Field(description="Number of sectors with high need")


AnyOutcome = ContinuousOutcome | BinaryOutcome | CountOutcome | UseOutcome | EventOutcome | MultiSectorOutcome
Outcome = Annotated[AnyOutcome, Field(discriminator="kind")]
NumberOutcome = ContinuousOutcome | CountOutcome | UseOutcome  # those with a mean, not a risk


def effect_estimand(outcome: AnyOutcome) -> str:
    """Return the estimand of an absolute effect on an outcome."""
    return "mean_difference" if isinstance(outcome, NumberOutcome) else "risk_difference"


def horizon_of(outcome: AnyOutcome) -> str:
    """Return what risks of an outcome are told by, the `at` of their rows; empty where there is none."""
    return f"{outcome.horizon:g}" if isinstance(outcome, EventOutcome) else ""


class Sector(Strict):
    """A cost sector: what it is called, and what its amounts are."""

    label: str = Field(description="What it is called")
    unit: str = Field(description="Unit of its amounts")
    measures: Literal["count", "money", "duration", "quantity"] = Field(
        description="What the amounts are: events counted one by one (stays, claims), money, time spent (nights, "
        "months), or another quantity (kilograms). Only counts are compared with a Poisson null"
    )
