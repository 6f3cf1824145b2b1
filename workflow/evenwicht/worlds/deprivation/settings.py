"""Settings of the deprivation world."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evenwicht.base.columns import Column
from evenwicht.base.names import Name, Positive, Share, Strict
from evenwicht.base.outcomes import Sector
from evenwicht.worlds.describe import identifier, number, yes_no
from evenwicht.worlds.mechanism_settings import (
    DifferentialAttrition,
    PolicyEffect,
    Selection,
    StressorEffect,
    WorldSettings,
    require_order,
)

CARE_WINDOW = "to_54_months"  # of age, over which care is counted


class IqAssessment(Strict):
    """IQ at one age, by group."""

    label: str = Field(description="What the outcome is called")
    age: Positive = Field(description="Years")
    institution: float = Field(description="Mean of those who stayed in the institution, IQ points")
    foster_gain: float = Field(description="Mean gain by foster care, IQ points")
    family_gain: float = Field(description="Mean difference of children who never left a family, IQ points")
    assessed: Annotated[float, Field(gt=0, le=1)] = Field(description="Share of the children tested at this age")


class DeprivationArtefacts(Strict):
    """Known artefacts, each off at its default."""

    differential_attrition: DifferentialAttrition = 0.0
    selection: Selection = 0.0
    iq_reliability: Annotated[float, Field(gt=0, le=1, description="Share of variance that is not error")] = 1.0


class DeprivationWorld(WorldSettings):
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
    low_birth_weight_institution: Share = Field(
        description="Share with low birth weight among children in institutions"
    )
    low_birth_weight_iq: float = Field(description="Difference in IQ points")
    assessments: dict[Name, IqAssessment] = Field(
        min_length=1, description="Age at which IQ is tested -> mean by group"
    )
    artefacts: DeprivationArtefacts = DeprivationArtefacts()

    @model_validator(mode="after")
    def _is_consistent(self) -> "DeprivationWorld":
        require_order([a.age for a in self.assessments.values()], "assessments")
        if self.placement_age / 12 >= min(a.age for a in self.assessments.values()):
            raise ValueError("placement_age must lie before the first assessment")
        return self

    @property
    def generated(self) -> dict[str, Column]:
        return {
            "id": identifier("Child"),
            "stayed_in_institution": yes_no("exposure", "Childhood in an institution", "family", "institution"),
            "foster_care": yes_no("policy", "Assignment to foster care", "care as usual", "foster care"),
            "low_birth_weight": yes_no("baseline", "Low birth weight", "normal", "low"),
            "placement_age": number("mediator", "Age at placement", "months"),
            **{name: number("outcome", iq.label, "IQ points") for name, iq in self.assessments.items()},
        }

    @property
    def described_sectors(self) -> dict[str, Sector]:
        return {
            "institutional_care": Sector(label="Institutional care", unit="months", measures="duration"),
            "foster_care": Sector(label="Foster care", unit="months", measures="duration"),
        }

    @property
    def cost_windows(self) -> tuple[str, ...]:
        return (CARE_WINDOW,)
