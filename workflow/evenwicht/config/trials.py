"""Settings of the two randomised worlds: foster care after institutional deprivation, and an early programme."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evenwicht.config.base import Correlation, Name, Positive, Probability, Share, Strict
from evenwicht.config.mechanisms import (
    DifferentialAttrition,
    PolicyEffect,
    Selection,
    StressorEffect,
    require_order,
)
from evenwicht.config.studies import SectorLabel


class IqAssessment(Strict):
    """IQ at one age, by group."""

    age: Positive = Field(description="Years")
    institution: float = Field(description="Mean of those who stayed in the institution, IQ points")
    foster_gain: float = Field(description="Mean gain by foster care, IQ points")
    family_gain: float = Field(description="Mean difference of children who never left a family, IQ points")
    assessed: Annotated[float, Field(gt=0, le=1)]


class DeprivationArtefacts(Strict):
    """Known artefacts, each off at its default."""

    differential_attrition: DifferentialAttrition = 0.0
    selection: Selection = 0.0
    iq_reliability: Annotated[float, Field(gt=0, le=1, description="Share of variance that is not error")] = 1.0


class DeprivationWorld(Strict):
    """A trial of foster care among children in institutions, with a comparison group from families."""

    kind: Literal["deprivation"]
    stressor_effect: StressorEffect = Field(description="Effect of the institution on IQ")
    policy_effect: PolicyEffect = Field(description="Effect of foster care on IQ")
    foster: Annotated[int, Field(ge=10)] = Field(description="Children assigned to foster care")
    institution: Annotated[int, Field(ge=10)] = Field(description="Children assigned to care as usual")
    family: Annotated[int, Field(ge=10)] = Field(description="Children who never were in an institution")
    placement_age: Positive = Field(description="Mean age at placement, months")
    placement_sigma: Positive = Field(description="SD of the age at placement, months")
    gain_lost_per_month: float = Field(description="Gain lost for each month of later placement, IQ points")
    sigma: Positive = Field(
        description="SD of IQ among those alike in group, birth weight and age at placement, points"
    )
    persistence: Share = Field(description="Correlation of IQ between ages within a group")
    low_birth_weight: Share = Field(description="Share among children from families")
    low_birth_weight_institution: Share
    low_birth_weight_iq: float = Field(description="Difference in IQ points")
    assessments: dict[Name, IqAssessment] = Field(min_length=1)
    artefacts: DeprivationArtefacts = DeprivationArtefacts()

    @model_validator(mode="after")
    def _is_consistent(self) -> "DeprivationWorld":
        require_order([a.age for a in self.assessments.values()], "assessments")
        if self.placement_age / 12 >= min(a.age for a in self.assessments.values()):
            raise ValueError("placement_age must lie before the first assessment")
        return self


class ProgrammeOutcome(SectorLabel):
    """Yearly amount in one sector, and how it depends on lasting skill."""

    mean: Positive = Field(description="Mean a year of those with a skill of 0")
    per_sd: float = Field(description="Change of the log amount for each SD of skill")
    sigma: Positive = Field(description="SD of the log amount between people")


class InterventionArtefacts(Strict):
    """Known artefacts, each off at its default."""

    differential_attrition: DifferentialAttrition = 0.0
    selection: Selection = 0.0
    skill_reliability: Annotated[float, Field(gt=0, le=1, description="Share of variance that is not error")] = 1.0


class InterventionWorld(Strict):
    """A randomised early programme whose effect on skill fades to a small lasting part."""

    kind: Literal["intervention"]
    policy_effect: PolicyEffect
    stressor_effect: StressorEffect = Field(description="Effect of poverty on skill")
    n: Annotated[int, Field(ge=50, le=1_000_000)]
    share_assigned: Share
    take_up: Share = Field(description="Share of the assigned who attend; nobody else can")
    poverty: Share
    poverty_ses: Correlation
    poverty_skill: float = Field(description="Effect of poverty on skill at every age, SD")
    ses_skill: float = Field(description="Effect of an SD of family SES on skill at every age, SD")
    programme_ends: Positive = Field(description="Age at which the programme ends, years")
    effect_at_end: float = Field(description="Effect of attending on skill when the programme ends, SD")
    retention: Probability = Field(description="Share of the fading part that is left a year later")
    lasting: float = Field(description="Part of the effect that does not fade, SD")
    persistence: Share = Field(
        description="Share of the variance of skill, beside SES, poverty and programme, that is the same at all ages"
    )
    skill_ages: list[Positive] = Field(min_length=2)
    assessed: Annotated[float, Field(gt=0, le=1)]
    windows: dict[Name, tuple[Positive, Positive]] = Field(description="First and last age of each window of costs")
    sectors: dict[Name, ProgrammeOutcome] = Field(min_length=1)
    artefacts: InterventionArtefacts = InterventionArtefacts()

    @model_validator(mode="after")
    def _is_consistent(self) -> "InterventionWorld":
        require_order(list(self.skill_ages), "skill_ages")
        if self.skill_ages[0] < self.programme_ends:
            raise ValueError("skill_ages must not start before programme_ends")
        if abs(self.ses_skill) + abs(self.poverty_skill) * (self.poverty * (1 - self.poverty)) ** 0.5 >= 1:
            raise ValueError("ses_skill and poverty_skill leave no variance of skill, whose SD is 1")
        if abs(self.lasting) > abs(self.effect_at_end):
            raise ValueError("lasting must not exceed effect_at_end")
        for name, (start, end) in self.windows.items():
            if start >= end:
                raise ValueError(f"windows.{name} must start before it ends")
        return self
