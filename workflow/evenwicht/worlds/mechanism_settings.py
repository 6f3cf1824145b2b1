"""Settings of the mechanisms that worlds share: effects that can be switched, onset of disease, waves, artefacts."""

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from evenwicht.base.names import Correlation, Positive, Probability, Strict
from evenwicht.base.sources import SourceSettings

ALL_CAUSES = "all_causes"  # key of every cause of the hazard of a disease together


def _null_is_a_word(value: object) -> object:
    """YAML reads a bare `null` as nothing; here it is the name of the world without an effect."""
    return "null" if value is None else value


StressorEffect = Annotated[
    Literal["harmful", "null", "reversed"],
    BeforeValidator(_null_is_a_word),
    WithJsonSchema({"enum": ["harmful", "null", "reversed", None]}),
]
PolicyEffect = Annotated[
    Literal["beneficial", "null", "reversed"],
    BeforeValidator(_null_is_a_word),
    WithJsonSchema({"enum": ["beneficial", "null", "reversed", None]}),
]
# Artefacts. A world names those that have a meaning in it; each is off at its default.
CohortTrend = Annotated[float, Field(description="Change of the log hazard for each year of later birth")]
IncoherentWindows = Annotated[
    bool,
    Field(description="Diagnoses are sought to the end of linkage, but people without one are censored at a visit"),
]
DifferentialAttrition = Annotated[
    float, Field(ge=-3, le=3, description="Fall in the propensity to take part among the exposed, SD")
]
Selection = Annotated[
    float,
    Field(gt=-1, lt=1, description="Correlation of the propensity to enter the sample with a favourable background"),
]


class WorldSettings(SourceSettings):
    """Settings of a world; each is a subclass with its own `kind`, beside the equations that it sets."""

    synthetic: ClassVar[bool] = True

    kind: str

    @property
    def words(self) -> dict[str, str]:
        thirds = ("lowest", "middle", "highest")
        return {
            ALL_CAUSES: "all causes in the model",
            **{f"ses={k}of3": f"{third} third of family SES" for k, third in enumerate(thirds, start=1)},
        }


class Onset(Strict):
    """Onset age by Gompertz proportional hazards: h(a) = rate exp(shape a) exp(linear predictor)."""

    rate: Positive = Field(description="Hazard at age 0 with a linear predictor of 0, a year")
    shape: Positive = Field(description="Growth of the log hazard a year of age")


class Accuracy(Strict):
    """Measurement of a yes/no state."""

    sensitivity: Annotated[float, Field(gt=0, le=1, description="P(recorded | present)")] = 1.0
    specificity: Annotated[float, Field(gt=0, le=1, description="P(not recorded | absent)")] = 1.0

    @model_validator(mode="after")
    def _beats_chance(self) -> "Accuracy":
        if self.sensitivity + self.specificity <= 1:
            raise ValueError("sensitivity plus specificity must exceed 1, or the measurement says the opposite")
        return self


class Wave(Strict):
    age: Annotated[float, Field(ge=0, le=120)] = Field(description="Age, years")
    participation: Annotated[float, Field(gt=0, le=1, description="Share assessed of those alive")]


class Participation(Strict):
    """How participation hangs together over waves and with family SES."""

    persistence: Probability = Field(description="Share of the variance that is the person's own, over all waves")
    ses: Correlation = Field(description="Correlation of the person's own part with family SES")


def require_order(ages: list[float], what: str) -> None:
    """Raise ValueError unless ages rise strictly."""
    if ages != sorted(set(ages)):
        raise ValueError(f"{what} must be in order of age, each age once")
