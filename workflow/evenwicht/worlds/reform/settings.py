"""Settings of the reform world."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, model_validator

from evenwicht.base.columns import Column
from evenwicht.base.names import Correlation, Positive, Probability, Share, Strict
from evenwicht.display.labels import in_words
from evenwicht.worlds.describe import birth_columns, identifier, number, yes_no
from evenwicht.worlds.mechanism_settings import (
    DifferentialAttrition,
    PolicyEffect,
    Selection,
    StressorEffect,
    WorldSettings,
)


class Season(Strict):
    """What depends on the time of year of birth, by a cosine with its peak on one day of the year."""

    peak_day: Annotated[int, Field(ge=1, le=365)] = Field(description="Day of the year of the peak")
    ses: Annotated[float, Field(ge=-0.25, le=0.25, description="Mean family SES at the peak, SD")]
    dropout: float = Field(description="Risk of dropping out at the peak, above the mean of the year")
    log_earnings: float = Field(description="Log earnings at the peak, above the mean of the year")


class Leave(Strict):
    """Months of leave that mothers take."""

    before: Positive = Field(description="Mean before the reform")
    spread: Positive = Field(description="Largest distance from the mean before the reform; even in between")
    ses: Correlation = Field(description="Correlation of the propensity to take leave with family SES")
    gain: Positive = Field(description="Months that the reform adds for an eligible mother")


class Dropout(Strict):
    """Dropping out of school: a risk linear in bounded causes, so that differences have a closed form."""

    risk: Share = Field(description="Mean risk with high maternal education and mean leave before the reform")
    ses: float = Field(description="Difference in risk between the lowest and the highest family SES")
    low_education: float = Field(description="Difference in risk by low maternal education")
    per_month: float = Field(description="Fall in risk for each month of leave, high maternal education")


class LogEarnings(Strict):
    """Log yearly earnings at 30, in log points: hundredths of the natural logarithm."""

    mean: float = Field(description="Mean where all else is 0, log points")
    sigma: Positive = Field(description="Residual SD, log points")
    ses: float = Field(description="Rise for each SD of family SES")
    low_education: float = Field(description="Loss by low maternal education, log points")
    per_month: float = Field(description="Rise for each month of leave, high maternal education")


class BirthTrend(Strict):
    """Change for each later year of birth."""

    dropout: float = Field(0.0, description="Change in the risk of dropping out")
    log_earnings: float = Field(0.0, description="Change in log earnings, log points")


class ReformArtefacts(Strict):
    """Known artefacts, each off at its default."""

    cohort_trend: BirthTrend = BirthTrend()
    shifted_births: Probability = Field(
        0.0, description="Share of the births in the week before the date that move past it, better-off families first"
    )
    differential_attrition: DifferentialAttrition = 0.0
    selection: Selection = 0.0


class ReformWorld(WorldSettings):
    """Births around a reform of parental leave that holds from a date of birth on."""

    kind: Literal["reform"]
    stressor_effect: StressorEffect = Field(description="Effect of low maternal education")
    policy_effect: PolicyEffect = Field(description="Effect of months of leave; leave rises whatever it does")
    people: Annotated[int, Field(ge=1000, le=10_000_000)] = Field(description="Number of people")
    scale: Annotated[float, Field(gt=0, le=1, description="Share of the people that is drawn")]
    first_birth_year: Annotated[int, Field(ge=1850, le=2100)] = Field(description="First year of birth")
    last_birth_year: Annotated[int, Field(ge=1850, le=2100)] = Field(description="Last year of birth")
    reform_date: dt.date = Field(description="First date of birth to which the reform applies")
    eligible: Share = Field(description="Share of mothers whom the reform reaches")
    low_education: Share = Field(description="Share of mothers with low education")
    low_education_ses: Correlation = Field(
        description="Correlation of the propensity to low maternal education with family SES"
    )
    low_education_factor: Positive = Field(
        description="Effect of a month of leave with low maternal education, over high"
    )
    season: Season
    leave: Leave
    dropout: Dropout
    log_earnings: LogEarnings
    share_followed: Share = Field(description="Share whose outcomes are known at 30")
    artefacts: ReformArtefacts = ReformArtefacts()

    @property
    def n(self) -> int:
        """Number of births drawn."""
        return round(self.people * self.scale)

    @property
    def days(self) -> int:
        """Number of days of birth."""
        return (dt.date(self.last_birth_year + 1, 1, 1) - dt.date(self.first_birth_year, 1, 1)).days

    @model_validator(mode="after")
    def _is_consistent(self) -> "ReformWorld":
        if not self.first_birth_year < self.reform_date.year < self.last_birth_year:
            raise ValueError("reform_date must lie in a year with years of birth before and after it")
        if self.leave.spread > self.leave.before:
            raise ValueError("leave.spread must not exceed leave.before, or some leave is negative")
        if self.n < 1000:
            raise ValueError(f"people times scale must be at least 1000, it is {self.n}")
        reach = self._reach_of_dropout()
        if not reach < min(self.dropout.risk, 1 - self.dropout.risk):
            raise ValueError(f"dropout: the causes can move the risk by {reach:.2f}, beyond 0 or 1")
        return self

    def _reach_of_dropout(self) -> float:
        """Largest distance of anybody's risk from `dropout.risk`, whichever way the switches stand."""
        own, season, years = self.dropout, self.season, self.last_birth_year + 1 - self.first_birth_year
        months = self.leave.spread + self.leave.gain
        by_leave = abs(own.per_month) * max(self.low_education_factor, 1.0) * months
        trend = abs(self.artefacts.cohort_trend.dropout) * years
        return abs(own.ses) / 2 + abs(own.low_education) + abs(season.dropout) + by_leave + trend

    @property
    def generated(self) -> dict[str, Column]:
        policy = f"Parental leave reform of {in_words(self.reform_date)}"
        return {
            "id": identifier(),
            **birth_columns(),
            "ses": number("baseline", "Family SES", "SD"),
            "ses_rank": number("baseline", "Family SES, share of families below"),
            "low_maternal_education": yes_no("exposure", "Low maternal education", "high education", "low education"),
            "eligible": yes_no("baseline", "Mother eligible for leave", "not eligible", "eligible"),
            "born_after": yes_no("policy", policy, "born before", "born after"),
            "leave_months": number("mediator", "Leave taken", "months"),
            "dropout": yes_no("outcome", "Dropped out of school", "finished", "dropped out"),
            "log_earnings": number("outcome", "Earnings at 30", "log points"),
        }
