"""Settings of the intervention world."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evenwicht.base.columns import Column
from evenwicht.base.names import Correlation, Name, Positive, Probability, Share, Strict
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


class ProgrammeSector(Sector):
    """Yearly amount in one sector, and how it depends on lasting skill."""

    mean: Positive = Field(description="Mean a year of those with a skill of 0")
    per_sd: float = Field(description="Change of the log amount for each SD of skill")
    sigma: Positive = Field(description="SD of the log amount between people")


class InterventionArtefacts(Strict):
    """Known artefacts, each off at its default."""

    differential_attrition: DifferentialAttrition = 0.0
    selection: Selection = 0.0
    skill_reliability: Annotated[float, Field(gt=0, le=1, description="Share of variance that is not error")] = 1.0


class InterventionWorld(WorldSettings):
    """A randomised early programme whose effect on skill fades to a small lasting part."""

    kind: Literal["intervention"]
    policy_effect: PolicyEffect = Field(description="Direction of the effect of the programme on skill")
    stressor_effect: StressorEffect = Field(description="Effect of poverty on skill")
    n: Annotated[int, Field(ge=50, le=1_000_000)] = Field(description="Number of people")
    share_assigned: Share = Field(description="Share assigned to the programme")
    take_up: Share = Field(description="Share of the assigned who attend; nobody else can")
    poverty: Share = Field(description="Share in poverty")
    poverty_ses: Correlation = Field(description="Correlation of the propensity to poverty with family SES")
    poverty_skill: float = Field(description="Effect of poverty on skill at every age, SD")
    ses_skill: float = Field(description="Effect of an SD of family SES on skill at every age, SD")
    programme_ends: Positive = Field(description="Age at which the programme ends, years")
    effect_at_end: float = Field(description="Effect of attending on skill when the programme ends, SD")
    retention: Probability = Field(description="Share of the fading part that is left a year later")
    lasting: float = Field(description="Part of the effect that does not fade, SD")
    persistence: Share = Field(
        description="Share of the variance of skill, beside SES, poverty and programme, that is the same at all ages"
    )
    skill_ages: list[Positive] = Field(min_length=2, description="Ages at which skill is tested, years")
    assessed: Annotated[float, Field(gt=0, le=1)] = Field(description="Share tested at each age")
    windows: dict[Name, tuple[Positive, Positive]] = Field(description="First and last age of each window of costs")
    sectors: dict[Name, ProgrammeSector] = Field(min_length=1, description="Id of a cost sector -> its use")
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

    @property
    def generated(self) -> dict[str, Column]:
        return {
            "id": identifier("Child"),
            "ses": number("baseline", "Family SES", "SD"),
            "poverty": yes_no("exposure", "Poverty in early childhood", "no poverty", "poverty"),
            "assigned": yes_no("policy", "Assignment to the early programme", "control", "programme"),
            "attended": yes_no("mediator", "Attendance", "did not attend", "attended"),
            **{f"skill_{age:g}": number("outcome", f"Skill at {age:g}", "SD") for age in self.skill_ages},
        }

    @property
    def described_sectors(self) -> dict[str, Sector]:
        return dict(self.sectors)

    @property
    def cost_windows(self) -> tuple[str, ...]:
        return tuple(self.windows)
