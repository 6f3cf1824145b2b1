"""Settings of the regions world."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evenwicht.base.columns import Column
from evenwicht.base.names import Correlation, Positive, Share, Strict
from evenwicht.worlds.describe import identifier, number, yes_no
from evenwicht.worlds.mechanism_settings import (
    DifferentialAttrition,
    PolicyEffect,
    Selection,
    StressorEffect,
    WorldSettings,
)

PER_PLACES = 10.0  # childcare places per 100 children by which effects are stated
FARTHEST = 4.0  # standard deviations of all causes together at which the risk of a yes/no outcome must still be a risk
MOST_POOR = 0.6  # share of poor families at which it must


class RegionalOutcome(Strict):
    """True effects on one outcome, in its unit: points of a score, or risk."""

    level: float = Field(description="Mean of families that are not poor, in a region like the others")
    poverty: float = Field(description="Harm to a child of growing up in a poor family, in whatever region")
    region_poverty: float = Field(description="Harm to every child if all families of the region were poor, not none")
    ses: float = Field(description="Gain for each SD of family SES")
    places: float = Field(description="Gain for every child of 10 more childcare places per 100 children in the region")
    region: Annotated[float, Field(ge=0)] = Field(
        description="SD between regions of what neither families nor conditions explain"
    )


class RegionsArtefacts(Strict):
    """Known artefacts, each off at its default."""

    regional_confounding: Annotated[float, Field(gt=-0.7, lt=0.7)] = Field(
        0.0,
        description="Correlation of what is favourable in a region, unmeasured, with less disadvantage and more places",
    )
    differential_attrition: DifferentialAttrition = 0.0
    selection: Selection = 0.0


class RegionsWorld(WorldSettings):
    """Children of many regions: poor families, childcare places, readiness for school, and delayed speech."""

    kind: Literal["regions"]
    n: Annotated[int, Field(ge=100, le=5_000_000)] = Field(description="Number of children")
    regions: Annotated[int, Field(ge=2, le=5000)] = Field(description="Number of regions")
    size_spread: Annotated[float, Field(ge=0, le=2)] = Field(description="SD of the log size of regions")
    stressor_effect: StressorEffect = Field(description="Effects of poverty, of the family and in the region")
    policy_effect: PolicyEffect = Field(description="Effect of childcare places")
    poor: Share = Field(description="Share of families that are poor")
    poverty_region: Correlation = Field(description="Weight of the region's disadvantage in the propensity to be poor")
    poverty_ses: Correlation = Field(description="Weight of family SES in the propensity to be poor")
    ses_region: Correlation = Field(description="Correlation of family SES with the region's disadvantage")
    places: Positive = Field(description="Childcare places per 100 children, mean over regions")
    places_sigma: Positive = Field(description="SD of childcare places between regions")
    places_disadvantage: Correlation = Field(description="Weight of the region's disadvantage in childcare places")
    readiness: RegionalOutcome = Field(description="Score of readiness for school; all else in points")
    readiness_sigma: Positive = Field(description="SD of the score among children alike in all causes, points")
    speech_delay: RegionalOutcome = Field(description="Delayed speech; harm raises the risk, gain lowers it")
    assessed: Annotated[float, Field(gt=0, le=1)] = Field(description="Share of children assessed at school entry")
    artefacts: RegionsArtefacts = RegionsArtefacts()

    @model_validator(mode="after")
    def _is_consistent(self) -> "RegionsWorld":
        tied = 2 * self.poverty_region * self.poverty_ses * self.ses_region
        if self.poverty_region**2 + self.poverty_ses**2 + tied >= 1:
            raise ValueError("poverty_region and poverty_ses leave nothing to the family itself")
        hidden = self.artefacts.regional_confounding
        if self.places_disadvantage**2 + hidden**2 - 2 * self.places_disadvantage * hidden**2 >= 1:
            raise ValueError("places_disadvantage and regional_confounding leave nothing to the region itself")
        low, high = self._risks()
        if low < 0 or high > 1:
            raise ValueError("speech_delay: its effects lead to risks below 0 or above 1")
        return self

    def _risks(self) -> tuple[float, float]:
        """Least and largest risk of delayed speech that people in all but the most unlikely regions have."""
        about, harm = self.speech_delay, {"harmful": 1, "null": 0, "reversed": -1}[self.stressor_effect]
        places = about.places * self.places_sigma / PER_PLACES
        spread = FARTHEST * (about.ses**2 + about.region**2 + places**2) ** 0.5
        shares = (0.0, max(MOST_POOR, self.poor))
        about_region = [about.region_poverty * (share - self.poor) for share in shares]
        harms = [harm * (about.poverty * own + region) for own in (0, 1) for region in about_region]
        return about.level + min(harms) - spread, about.level + max(harms) + spread

    @property
    def generated(self) -> dict[str, Column]:
        places = number("policy", "Childcare places in the region", "per 100 children")
        return {
            "id": identifier("Child"),
            "region": Column(role="cluster", type="category", label="Region"),
            "ses": number("baseline", "Family SES", "SD"),
            "poverty": yes_no("stressor", "Poverty of the family"),
            "region_poverty": number("baseline", "Share of poor families in the region", "share"),
            "childcare_places": places,
            "readiness": number("outcome", "Readiness for school", "points"),
            "speech_delay": yes_no("outcome", "Delayed speech"),
        }
