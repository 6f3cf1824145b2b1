"""Settings of the life-course world."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evenwicht.base.columns import Column
from evenwicht.base.names import Correlation, Name, Positive, Probability, Share, Strict
from evenwicht.worlds.describe import identifier, number, sex, yes_no
from evenwicht.worlds.mechanism_settings import (
    Accuracy,
    DifferentialAttrition,
    Selection,
    StressorEffect,
    WorldSettings,
    require_order,
)


class Period(Strict):
    """One period of life in which the stressor can be present."""

    label: str = Field(description="When it is, as in: stressor before birth")
    age: Positive = Field(description="Mean age of the period, years; recency weighs by it")
    prevalence: Share = Field(description="Share exposed in this period")
    accuracy: Accuracy = Field(Accuracy(), description="Measurement error; earlier periods are often reported worse")


class TimingEffect(Strict):
    """True effect on symptoms, as a sum of hypotheses about timing."""

    sensitive: dict[Name, float] = Field({}, description="Extra effect of exposure in one period, SD")
    accumulation: float = Field(0.0, description="Effect of each period exposed, SD")
    recency: float = Field(
        0.0, description="Effect of exposure in the last period; earlier ones in proportion to age, SD"
    )


class Resilience(Strict):
    """Effect heterogeneity: some people keep only a part of the effect."""

    share: Probability = Field(description="Share of people who keep only a part of the effect")
    protection: Probability = Field(description="Part of the effect that a resilient person is spared")


class LifecourseArtefacts(Strict):
    """Known artefacts, each off at its default; measurement error is set for each period."""

    cohort_trend: Annotated[float, Field(description="Change of symptoms for each year of later birth, SD")] = 0.0
    differential_attrition: DifferentialAttrition = 0.0
    selection: Selection = 0.0


class LifecourseWorld(WorldSettings):
    """A stressor in several periods and symptoms in adult life."""

    kind: Literal["lifecourse"]
    n: Annotated[int, Field(ge=100, le=5_000_000)] = Field(description="Number of people")
    stressor_effect: StressorEffect = Field(description="Direction of the effects of the stressor")
    share_male: Share = Field(description="Share of boys at birth")
    first_birth_year: Annotated[int, Field(ge=1850, le=2100)] = Field(description="First year of birth")
    last_birth_year: Annotated[int, Field(ge=1850, le=2100)] = Field(description="Last year of birth")
    periods: dict[Name, Period] = Field(
        min_length=2, description="Id of a period of life -> when it is and how common the stressor is, in order of age"
    )
    autocorrelation: Annotated[float, Field(ge=0, lt=1)] = Field(
        description="Correlation of the propensity between neighbouring periods"
    )
    ses: Correlation = Field(description="Correlation of the propensity with family SES")
    effect: TimingEffect
    resilience: Resilience
    ses_symptoms: float = Field(description="Change in symptoms per SD of family SES, residual SDs")
    male_symptoms: float = Field(description="Men less women, residual SDs")
    case_above: float = Field(description="Symptoms above this count as disorder, SD")
    assessed: Annotated[float, Field(gt=0, le=1)] = Field(description="Share assessed as adults")
    artefacts: LifecourseArtefacts = LifecourseArtefacts()

    @model_validator(mode="after")
    def _is_consistent(self) -> "LifecourseWorld":
        require_order([period.age for period in self.periods.values()], "periods")
        unknown = set(self.effect.sensitive) - set(self.periods)
        if unknown:
            raise ValueError(f"effect.sensitive names no period of this world: {', '.join(sorted(unknown))}")
        if self.first_birth_year > self.last_birth_year:
            raise ValueError("first_birth_year must not lie after last_birth_year")
        return self

    def effect_of(self, period: str) -> float:
        """Effect of exposure in a period on a person without resilience, SD."""
        last = max(p.age for p in self.periods.values())
        recency = self.effect.recency * self.periods[period].age / last
        return self.effect.sensitive.get(period, 0.0) + self.effect.accumulation + recency

    @property
    def generated(self) -> dict[str, Column]:
        stressors = {
            f"stressor_{name}": yes_no("stressor", f"Stressor {period.label}") for name, period in self.periods.items()
        }
        return {
            "id": identifier(),
            "sex": sex(),
            "birth_year": number("baseline", "Year of birth", "year"),
            "ses": number("baseline", "Family SES", "SD"),
            **stressors,
            "symptoms": number("outcome", "Symptoms at 30", "residual SD"),
            "disorder": yes_no("outcome", "Disorder at 30"),
        }
