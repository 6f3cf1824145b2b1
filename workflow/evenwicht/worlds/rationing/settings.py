"""Settings of the rationing world."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, model_validator

from evenwicht.base.columns import Column
from evenwicht.base.names import Correlation, Name, Positive, Probability, Share, Strict
from evenwicht.worlds.describe import birth_columns, identifier, number, sex, yes_no
from evenwicht.worlds.mechanism_settings import (
    CohortTrend,
    DifferentialAttrition,
    IncoherentWindows,
    Onset,
    PolicyEffect,
    Selection,
    StressorEffect,
    WorldSettings,
)

GESTATION_DAYS = 274  # conception to birth; nine months
DIAGNOSED = "diagnosed"  # key of those with a diagnosis by the last visit or link


class RationedFood(Strict):
    """One food group that came off the ration."""

    ends: dt.date = Field(description="First day off the ration")
    grams: Annotated[float, Field(ge=0)] = Field(description="Sugar a person and day withheld while rationed, g")


class DoseResponse(Strict):
    """Log hazard ratio of full rationing against none, over each part of the first 1000 days.

    The same numbers turn the sugar of one household into its risk: policy and individual exposure share their biology.
    """

    prenatal: float = Field(description="Conception to birth")
    early_infancy: float = Field(description="Birth to 6 months")
    later_infancy: float = Field(description="6 to 24 months")


class RationedDisease(Onset):
    label: str = Field(description="What the disease is called")
    male: float = Field(description="Log hazard ratio of men")
    ses: float = Field(description="Log hazard ratio per SD of family SES")
    genes: float = Field(description="Log hazard ratio per SD of genetic score")
    sugar: DoseResponse


class NegativeControls(Strict):
    """Diseases that sugar does not touch, found and followed like the others; rarer and commoner ones."""

    count: Annotated[int, Field(ge=0, le=200)] = Field(description="Number of diseases")
    rarest: Positive = Field(description="Gompertz rate of the rarest, a year")
    commonest: Positive = Field(description="Gompertz rate of the commonest; the others lie between on the log scale")
    shape: Positive = Field(description="Shape of their onset with age")
    ses: float = Field(description="Log hazard ratio an SD of family SES")

    @property
    def onsets(self) -> dict[str, Onset]:
        """Baseline of each, by event."""
        ratio = (self.commonest / self.rarest) ** (1 / max(self.count - 1, 1))
        return {f"control_{k + 1}": Onset(rate=self.rarest * ratio**k, shape=self.shape) for k in range(self.count)}


class HouseholdSugar(Strict):
    """How much sugar one household uses, beside what the ration allows to everybody."""

    prevalence: Share = Field(description="Share of households that use little")
    grams_less: Positive = Field(description="Sugar they use less, a person and day, g")
    sigma: Positive = Field(description="SD between households within each group, g")
    ses: Correlation = Field(description="Correlation of the propensity to use little with family SES")
    genes: Correlation = Field(description="Correlation of the same propensity with the genetic score")

    @model_validator(mode="after")
    def _leaves_variance(self) -> "HouseholdSugar":
        if self.ses**2 + self.genes**2 >= 1:
            raise ValueError("ses squared plus genes squared must stay below 1")
        return self


class Recruitment(Strict):
    """Volunteers at a baseline visit, some of whom return."""

    response: Share = Field(description="Share of those invited who take part")
    ses: Correlation = Field(description="Correlation of the propensity to volunteer with SES")
    first_visit: dt.date = Field(description="First date of a baseline visit")
    last_visit: dt.date = Field(description="Last date of a baseline visit")
    repeat_share: Probability = Field(description="Share of participants with a second visit")
    repeat_after: Positive = Field(description="Years from the first visit to the second")


class Diagnosis(Strict):
    """How onset becomes a diagnosis in the data: the earlier of a linked record and a self-report."""

    self_reported: Share = Field(description="P(report at a visit | disease before it); the age is told in whole years")
    linkage_end: dt.date = Field(description="Last date of linked records")
    oldest_age: Positive = Field(description="Follow-up ends at this age, years")


class RationingArtefacts(Strict):
    """Known artefacts, each off at its default."""

    cohort_trend: CohortTrend = 0.0
    incoherent_windows: IncoherentWindows = False
    differential_attrition: DifferentialAttrition = 0.0
    selection: Selection = 0.0
    missed_diagnoses: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="P(no record in linked registers | disease); only a visit can tell of it then"
    )
    household_reliability: Annotated[
        float,
        Field(gt=0, le=1, description="Share of the variance between households' measured sugar that is not error"),
    ] = 1.0
    bundled_foods: float = Field(
        0.0,
        description="Log hazard ratio of lifelong-first-1000-days rationing of the other foods, by any way but sugar",
    )


class RationingWorld(WorldSettings):
    """Children conceived around the end of sugar rationing, recruited as adult volunteers."""

    kind: Literal["rationing"]
    people: Annotated[int, Field(ge=500, le=5_000_000)] = Field(description="Participants at scale 1")
    scale: Annotated[float, Field(gt=0, le=1)] = Field(description="Share of them to generate")
    stressor_effect: StressorEffect = Field(description="Direction of the dose-response of sugar")
    policy_effect: PolicyEffect = Field(description="Whether rationing lowered, left or raised the intake of sugar")
    first_birth: dt.date = Field(description="First date of birth")
    last_birth: dt.date = Field(description="Last date of birth")
    share_rationed: Share = Field(description="Share of participants conceived while sugar was rationed")
    free_intake: Positive = Field(description="Mean sugar a person and day without rationing, g")
    calendar: dict[Name, RationedFood] = Field(
        min_length=1, description="Id of a food group -> when it came off the ration"
    )
    household: HouseholdSugar
    share_male: Share = Field(description="Share of boys at birth")
    regions: dict[str, Share] = Field(description="Region -> share of births")
    parental_diabetes: Share = Field(description="Share with a parent with diabetes")
    parental_genes: Correlation = Field(description="Correlation of parental diabetes with the child's genetic score")
    diseases: dict[Name, RationedDisease] = Field(
        min_length=1, description="Id of a disease -> its onset and what moves it"
    )
    negative_controls: NegativeControls
    death: Onset
    recruitment: Recruitment
    diagnosis: Diagnosis
    artefacts: RationingArtefacts = RationingArtefacts()

    @model_validator(mode="after")
    def _is_consistent(self) -> "RationingWorld":
        if self.first_birth >= self.last_birth:
            raise ValueError("first_birth must lie before last_birth")
        if "sugar" not in self.calendar:
            raise ValueError("calendar needs the food 'sugar', whose end divides the cohorts")
        if not self.first_birth < self.last_rationed_birth < self.last_birth:
            raise ValueError("calendar.sugar.ends must leave births with and without rationing")
        if self.withheld > self.free_intake:
            raise ValueError("the grams of the calendar must not exceed free_intake")
        if abs(sum(self.regions.values()) - 1) > 1e-9:
            raise ValueError(f"regions must sum to 1, they sum to {sum(self.regions.values()):g}")
        if not self.last_birth < self.recruitment.first_visit < self.recruitment.last_visit:
            raise ValueError("recruitment.first_visit must lie after the last birth and before last_visit")
        if self.recruitment.last_visit >= self.diagnosis.linkage_end:
            raise ValueError("diagnosis.linkage_end must lie after recruitment.last_visit")
        if self.n < 500:
            raise ValueError(f"people times scale must be at least 500, it is {self.n}")
        return self

    @property
    def n(self) -> int:
        """Participants to generate."""
        return round(self.people * self.scale)

    @property
    def withheld(self) -> float:
        """Sugar that full rationing withholds, g a person and day."""
        return sum(food.grams for food in self.calendar.values())

    @property
    def last_rationed_birth(self) -> dt.date:
        """Last day of birth of the children conceived while sugar was rationed."""
        return self.calendar["sugar"].ends + dt.timedelta(days=GESTATION_DAYS)

    @property
    def words(self) -> dict[str, str]:
        return {**super().words, DIAGNOSED: "diagnosed by the end of follow-up"}

    @property
    def generated(self) -> dict[str, Column]:
        last = f"{self.last_rationed_birth:%B %Y}"
        regions = {region: region for region in self.regions}
        return {
            "id": identifier(),
            **birth_columns(),
            "sex": sex(),
            "region": Column(role="baseline", type="category", label="Region of birth", codes=regions),
            "ses": number("baseline", "Family SES", "SD"),
            "genes": number("baseline", "Genetic score", "SD"),
            "parental_diabetes": yes_no("baseline", "Diabetes of a parent"),
            "rationed": yes_no(
                "policy", f"Conception while sugar was rationed (born up to {last})", "never rationed", "rationed"
            ),
            "months_rationed": number("policy", "Months of rationing from conception to age 2", "months"),
            "low_sugar_household": yes_no(
                "exposure", "Household that used little sugar", "usual sugar", "little sugar"
            ),
            "early_sugar": number("mediator", "Sugar in the first 1000 days", "g a day"),
        }

    @property
    def followed(self) -> tuple[str, ...]:
        diseases = [event for name in self.diseases for event in (name, f"{name}_from_baseline")]
        return ("death", *diseases, *self.negative_controls.onsets)
