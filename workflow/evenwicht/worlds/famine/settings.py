"""Settings of the famine world."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, model_validator

from evenwicht.base.columns import Column
from evenwicht.base.names import Correlation, Positive, Share, Strict
from evenwicht.worlds.describe import birth_columns, identifier, number, sex, yes_no
from evenwicht.worlds.mechanism_settings import (
    CohortTrend,
    DifferentialAttrition,
    IncoherentWindows,
    Onset,
    Selection,
    StressorEffect,
    WorldSettings,
)

CONCEPTION, INFANCY = "conception", "infancy"  # keys of when who is compared is selected


class RationStep(Strict):
    """Official daily ration of an adult from a date on."""

    since: dt.date = Field(description="First day of this ration")
    kcal: Positive = Field(description="Kilocalories a day")


class ExposureRule(Strict):
    """Exposed: the mean ration over any window of the pregnancy lay below the threshold."""

    below_kcal: Positive = Field(description="Mean kilocalories a day below which a window counts as famine")
    window_days: Annotated[int, Field(ge=7, le=280)] = Field(description="Length of the window, days")
    gestation_days: Annotated[int, Field(ge=200, le=300)] = Field(description="Length of pregnancy, days")


class BirthCounts(Strict):
    """Births in the famine city by exposure; conceptions fall during famine."""

    born_before: Annotated[int, Field(gt=0)] = Field(description="Born before the famine")
    late: Annotated[int, Field(gt=0)] = Field(description="Exposed in late pregnancy")
    mid: Annotated[int, Field(gt=0)] = Field(description="Exposed in mid pregnancy")
    early: Annotated[int, Field(gt=0)] = Field(description="Exposed in early pregnancy")
    conceived_after: Annotated[int, Field(gt=0)] = Field(description="Conceived after the famine")


class ByTrimester(Strict):
    """One effect for famine in late, mid and early pregnancy."""

    late: float = Field(description="Famine in late pregnancy")
    mid: float = Field(description="Famine in mid pregnancy")
    early: float = Field(description="Famine in early pregnancy")


class CoronaryDisease(Onset):
    male: float = Field(description="Log hazard ratio of men")
    ses: float = Field(description="Log hazard ratio per SD of family SES")
    frailty: float = Field(description="Log hazard ratio per SD of frailty")
    famine: ByTrimester = Field(description="Log hazard ratio")


class Glucose(Strict):
    """Two-hour glucose, mmol/L."""

    mean: Positive = Field(description="Mean where all else is 0, mmol/L")
    sigma: Positive = Field(description="Residual SD, mmol/L")
    ses: float = Field(description="Change per SD of family SES, mmol/L")
    famine: ByTrimester


class Survival(Strict):
    """Death in the first year; the frail die first, and more so in famine."""

    infant_death: Share = Field(description="Share who die in the first year without famine")
    famine: float = Field(description="Shift of the liability to infant death, SD")
    frailty: Correlation = Field(description="Correlation of the liability with frailty")


class FamineArtefacts(Strict):
    """Known artefacts, each off at its default."""

    cohort_trend: CohortTrend = 0.0
    incoherent_windows: IncoherentWindows = False
    differential_attrition: DifferentialAttrition = 0.0
    selection: Selection = 0.0
    dating_error_days: Annotated[float, Field(ge=0, description="SD of the error in the recorded birth date")] = 0.0
    city_trend: float = Field(0.0, description="Extra yearly change of the log hazard in the famine city alone")


class FamineWorld(WorldSettings):
    """Births around a short famine in one city, with cities that the famine spared."""

    kind: Literal["famine"]
    stressor_effect: StressorEffect = Field(description="Direction of the effects of famine")
    first_birth: dt.date = Field(description="First date of birth")
    last_birth: dt.date = Field(description="Last date of birth")
    rations: list[RationStep] = Field(min_length=2, description="Official rations, in the order of their dates")
    exposure: ExposureRule
    births: BirthCounts
    control_births: Annotated[int, Field(ge=100)] = Field(description="Births in the spared cities")
    fertility_selection: float = Field(description="Family SES of those conceived in famine, SD above the others")
    share_male: Share = Field(description="Share of boys at birth")
    coronary_disease: CoronaryDisease = Field(description="Coronary heart disease")
    glucose: Glucose
    survival: Survival
    attendance: Share = Field(description="Share of survivors seen at the clinic")
    attendance_ses: Correlation = Field(description="Correlation of coming to the clinic with family SES")
    clinic_age: Positive = Field(description="Age at the clinic visit, years")
    linkage_age: Positive = Field(description="Age to which coronary disease is sought in registers, years")
    death: Onset
    artefacts: FamineArtefacts = FamineArtefacts()

    @model_validator(mode="after")
    def _is_consistent(self) -> "FamineWorld":
        since = [step.since for step in self.rations]
        if since != sorted(set(since)):
            raise ValueError("rations must be in order of date, each date once")
        if self.rations[0].since > self.first_birth - dt.timedelta(days=self.exposure.gestation_days):
            raise ValueError("rations must start before the first conception")
        if self.exposure.window_days > self.exposure.gestation_days:
            raise ValueError("exposure.window_days must not exceed gestation_days")
        if not self.clinic_age < self.linkage_age:
            raise ValueError("clinic_age must lie below linkage_age")
        exposed = self.exposed_births()
        if not exposed:
            raise ValueError("no birth is exposed: the mean ration never falls below exposure.below_kcal")
        if not self.first_birth < exposed[0] <= exposed[-1] < self.last_birth:
            raise ValueError("there must be births before and after the exposed ones")
        return self

    def exposed_births(self) -> list[dt.date]:
        """Days of birth whose pregnancy holds a window with a mean ration below the threshold."""
        rule, day = self.exposure, dt.timedelta(days=1)
        start = self.first_birth - dt.timedelta(days=rule.gestation_days)
        total = [0.0]
        step = 0
        for k in range((self.last_birth - start).days):
            date = start + k * day
            while step + 1 < len(self.rations) and self.rations[step + 1].since <= date:
                step += 1
            total.append(total[-1] + self.rations[step].kcal)
        low = [
            total[k + rule.window_days] - total[k] < rule.below_kcal * rule.window_days
            for k in range(len(total) - rule.window_days)
        ]
        births = range((self.last_birth - self.first_birth).days + 1)
        windows = rule.gestation_days - rule.window_days + 1
        return [self.first_birth + b * day for b in births if any(low[b : b + windows])]

    @property
    def words(self) -> dict[str, str]:
        return {**super().words, CONCEPTION: "by who was conceived", INFANCY: "by who survived infancy"}

    @property
    def generated(self) -> dict[str, Column]:
        spared = "born before or conceived after"
        exposed = {
            f"exposed_{when}": yes_no("policy", f"Famine in {when} pregnancy", spared, f"exposed {when}")
            for when in ByTrimester.model_fields
        }
        return {
            "id": identifier(),
            **birth_columns(),
            "sex": sex(),
            "ses": number("baseline", "Family SES", "SD"),
            "famine_city": yes_no("baseline", "Birth in the famine city", "spared city", "famine city"),
            **exposed,
            "glucose": number("outcome", f"Two-hour glucose at {self.clinic_age:g}", "mmol/L"),
        }

    @property
    def followed(self) -> tuple[str, ...]:
        return ("death", "coronary_disease")
