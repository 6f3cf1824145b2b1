"""Every setting of a run, as one pydantic tree.

`RunConfig` is `config/config.yaml`; each cohort it names is one `CohortConfig` file. `load_run` reads and checks
them all before any job starts; `python -m evenwicht.config config/schema.json` writes the JSON schema that lets
editors complete and check these files.
"""

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Share = Annotated[float, Field(gt=0, lt=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Correlation = Annotated[float, Field(gt=-1, lt=1)]


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


def _text_keys(codes: object) -> object:
    """YAML reads the keys 0 and `no` as a number and a truth value; a code is text, so that it survives JSON."""
    if not isinstance(codes, dict):
        return codes
    return {
        str(int(code)) if isinstance(code, bool | float) and code == int(code) else str(code): label
        for code, label in codes.items()
    }


Codes = Annotated[dict[str, str], BeforeValidator(_text_keys)]


class Strict(BaseModel):
    """A section of the config: unknown keys are errors, values do not change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


# --- what a column of the persons table is ------------------------------------------------------------------------

Role = Literal[
    "id",
    "family",
    "cluster",
    "birth_date",
    "sex",
    "baseline",
    "stressor",
    "exposure",
    "policy",
    "mediator",
    "outcome",
]


class Column(Strict):
    """One column of the persons table: its role, type, unit and codes."""

    role: Role
    label: str
    type: Literal["number", "integer", "boolean", "category", "date"] = "number"
    unit: str = ""
    source: str | None = Field(None, description="Name in the source table; the same name if left out")
    codes: Codes = Field(default={}, description="Code in the source -> label")
    missing: list[int | float | str] = Field(default=[], description="Codes that mean 'not known'")
    minimum: float | None = None
    maximum: float | None = None

    @model_validator(mode="after")
    def _codes_fit_the_type(self) -> "Column":
        if self.type == "boolean" and self.codes and set(self.codes) != {"0", "1"}:
            raise ValueError("a boolean column has the codes 0 and 1; use type category for other codes")
        return self


# --- where a cohort comes from ------------------------------------------------------------------------------------


class MeasureMap(Strict):
    """One repeated measure in a wide source table; an empty value means due but not assessed."""

    measure: Name
    wave: str
    age: str = Field(description="Source column with the age at the wave, years")
    value: str = Field(description="Source column with the measured value")


class EventMap(Strict):
    """One event in a wide source table."""

    event: Name
    entry_age: str = Field(description="Source column: age at which follow-up starts, years")
    exit_age: str = Field(description="Source column: age at the event or at the end of follow-up, years")
    status: str = Field(description="Source column: 1 if the event happened at the exit age, else 0")


class CostMap(Strict):
    """The total of one sector over one window in a wide source table."""

    sector: Name
    window: str
    amount: str = Field(description="Source column with the total")


class TableSource(Strict):
    """A CSV or Parquet file with one row a person."""

    kind: Literal["table"]
    path: str
    measures: list[MeasureMap] = []
    events: list[EventMap] = []
    costs: list[CostMap] = []


class NhefsSource(Strict):
    """The NHANES I Epidemiologic Follow-up Study, read from the installed package `causaldata`."""

    kind: Literal["nhefs"]
    high_price: Positive = Field(description="US$ (2008) a pack in 1982 from which a state counts as high-price")
    measures: list[MeasureMap] = []
    events: list[EventMap] = []


class Stressor(Strict):
    """A binary early stressor: present when a standard normal propensity passes the prevalence threshold."""

    prevalence: Share
    ses: Correlation = Field(description="Correlation of the propensity with family SES (negative: more if poor)")
    family: Correlation = Field(description="Correlation of the propensity with a shared family adversity factor")

    @model_validator(mode="after")
    def _leaves_variance(self) -> "Stressor":
        if self.ses**2 + self.family**2 >= 1:
            raise ValueError("ses squared plus family squared must stay below 1")
        return self


class Stressors(Strict):
    poverty: Stressor
    unsafe_home: Stressor
    parental_mental_illness: Stressor
    maltreatment: Stressor


class StressorWeights(Strict):
    """One coefficient a stressor."""

    poverty: float
    unsafe_home: float
    parental_mental_illness: float
    maltreatment: float


class BirthDatePolicy(Strict):
    """A policy for children born on or after a date; it acts only by lowering the propensity to poverty."""

    born_on_or_after: dt.date
    poverty_shift: float = Field(ge=0, description="Fall in the propensity to poverty, standard deviations")


class BrainHealth(Strict):
    stressors: StressorWeights = Field(description="Change per stressor, residual SDs")
    ses: float


class Cognition(Strict):
    """IQ or self-control: change in residual SDs."""

    brain_health: float
    ses: float
    stressors: StressorWeights


class HighNeed(Strict):
    """Log-odds of belonging to the latent group with high need in many sectors."""

    intercept: float
    male: float
    ses: float
    iq: float
    self_control: float
    stressors: StressorWeights


class Sector(Strict):
    """One cost sector: who is a high user and how much is used."""

    label: str
    unit: str
    high_if_severe: Share = Field(description="P(high use | latent high-need group)")
    high_otherwise: Share = Field(description="P(high use | everybody else)")
    mean_high: Positive
    mean_low: Positive
    any_low: Share = Field(description="P(any use | not a high user)")
    sigma: Positive = Field(description="SD of log use among users")


class Disease(Strict):
    """Onset age by Gompertz proportional hazards: h(a) = rate exp(shape a) exp(linear predictor)."""

    rate: Positive
    shape: Positive
    male: float
    ses: float
    stressors: StressorWeights = Field(description="Log hazard ratio per stressor")


class Wave(Strict):
    age: Annotated[int, Field(ge=0, le=120)]
    participation: Annotated[float, Field(gt=0, le=1, description="Share assessed of those alive")]


class Participation(Strict):
    """How participation hangs together over waves and with family SES."""

    persistence: Probability = Field(description="Share of the variance that is the person's own, over all waves")
    ses: Correlation = Field(description="Correlation of the person's own part with family SES")


class DunedinWorld(Strict):
    """A structural causal model of one year of births, followed from age 3."""

    kind: Literal["dunedin"]
    n: Annotated[int, Field(ge=50, le=5_000_000)]
    twin_pairs: Annotated[int, Field(ge=0)]
    share_male: Share
    first_birth: dt.date
    last_birth: dt.date
    stressor_effect: StressorEffect
    policy_effect: PolicyEffect
    stressors: Stressors
    policy: BirthDatePolicy
    brain_health: BrainHealth
    iq: Cognition
    self_control: Cognition
    high_need: HighNeed
    sectors: dict[Name, Sector] = Field(min_length=3)
    cost_age: Annotated[int, Field(gt=3, le=120)]
    disease: Disease
    death_by_end: Share = Field(description="P(death between enrolment and the last wave)")
    participation: Participation
    waves: list[Wave] = Field(min_length=2)

    @model_validator(mode="after")
    def _is_consistent(self) -> "DunedinWorld":
        if self.first_birth >= self.last_birth:
            raise ValueError("first_birth must lie before last_birth")
        if not self.first_birth < self.policy.born_on_or_after <= self.last_birth:
            raise ValueError("policy.born_on_or_after must split the births between first_birth and last_birth")
        ages = [wave.age for wave in self.waves]
        if ages != sorted(set(ages)):
            raise ValueError("waves must be in order of age, each age once")
        if self.cost_age not in ages:
            raise ValueError(f"cost_age must be the age of a wave, one of {ages}")
        if 2 * self.twin_pairs > self.n:
            raise ValueError("twin_pairs asks for more children than n")
        return self


class RegisterSector(Strict):
    """Use of one sector: nothing for some, log-normal for the others (a zero-inflated log-normal)."""

    label: str
    unit: str
    zero: Probability = Field(description="Share of people without use in the window")
    sigma: Positive = Field(description="SD of log use among users")
    mean: Positive = Field(description="Mean use of everybody in the window")
    need: Annotated[float, Field(ge=0, lt=1)] = Field(
        description="Weight of the shared need against the sector's own part"
    )


class RegisterWorld(Strict):
    """A national register: costs of several sectors with given margins and a shared need with a heavy upper tail."""

    kind: Literal["register"]
    people: Annotated[int, Field(ge=1000, le=50_000_000)] = Field(description="Residents at scale 1")
    scale: Annotated[float, Field(gt=0, le=1)] = Field(description="Share of them to generate")
    window: str
    first_birth_year: Annotated[int, Field(ge=1850, le=2100)]
    last_birth_year: Annotated[int, Field(ge=1850, le=2100)]
    window_start: dt.date
    window_end: dt.date
    share_male: Share
    risk: Correlation = Field(description="Correlation of childhood risk with the score behind adult need")
    death_rate: Positive = Field(description="Yearly hazard of death at age 0 (Gompertz)")
    death_shape: Positive = Field(description="Growth of the log hazard of death a year")
    sectors: dict[Name, RegisterSector] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_consistent(self) -> "RegisterWorld":
        if self.first_birth_year > self.last_birth_year:
            raise ValueError("first_birth_year must not lie after last_birth_year")
        if not dt.date(self.last_birth_year, 12, 31) < self.window_start < self.window_end:
            raise ValueError("window_start must lie after the last birth and before window_end")
        if self.n < 1000:
            raise ValueError(f"people times scale must be at least 1000, it is {self.n}")
        return self

    @property
    def n(self) -> int:
        """People to generate."""
        return round(self.people * self.scale)


Source = Annotated[TableSource | NhefsSource | DunedinWorld | RegisterWorld, Field(discriminator="kind")]

# --- what is studied ----------------------------------------------------------------------------------------------


class ContinuousOutcome(Strict):
    kind: Literal["continuous"]
    label: str
    column: Name


class BinaryOutcome(Strict):
    kind: Literal["binary"]
    label: str
    column: Name


class EventOutcome(Strict):
    """Time to an event; risks are reported at the horizon."""

    kind: Literal["time_to_event"]
    label: str
    event: Name
    time: Literal["age", "follow_up"] = Field(description="Clock of the analysis")
    unit: Literal["years", "months"] = "years"
    horizon: Positive


class MultiSectorOutcome(Strict):
    """High need in several cost sectors at once; missing for a person without costs in the window."""

    kind: Literal["multi_sector_need"]
    label: str
    window: str
    top_share: Share = Field(description="High need in a sector: the top share of users")
    at_least: Annotated[int, Field(ge=1)] = Field(description="Number of sectors with high need")


Outcome = Annotated[ContinuousOutcome | BinaryOutcome | EventOutcome | MultiSectorOutcome, Field(discriminator="kind")]


class Adjustment(Strict):
    """Covariates of a model: categories enter as indicators, numbers linearly, `quadratic` adds their squares."""

    columns: list[Name] = []
    quadratic: list[Name] = []


class IndividualStudy(Strict):
    """Effect of one person's exposure, by crude contrast, regression, weighting and standardisation."""

    exposure: Name
    adjust: Adjustment
    modifiers: list[Name] = Field(
        default=[], description="Covariates whose product with the exposure enters standardisation"
    )
    outcomes: list[Name] = Field(min_length=1)


class PolicyStudy(Strict):
    """Intention-to-treat effect of policies and, if asked, the instrumental-variable estimate."""

    exposures: list[Name] = Field(min_length=1, description="The first leads the report")
    cluster: Name | None = Field(None, description="Column that shares the policy: state, birth month")
    adjust: Adjustment = Adjustment()
    outcomes: list[Name] = Field(min_length=1)
    instrument: Name | None = Field(None, description="Policy exposure used as instrument for the individual one")


class SectorLabel(Strict):
    label: str
    unit: str


class ConcentrationStudy(Strict):
    """How use concentrates in few people: Gini, top share, and high need in several sectors."""

    window: str
    top_share: Share
    at_least: Annotated[int, Field(ge=1)]


class CohortConfig(Strict):
    """One cohort: where it comes from, what its columns are, and what is studied in it."""

    name: Name
    title: str
    description: str
    source: Source
    columns: dict[Name, Column] = Field(min_length=2)
    sectors: dict[Name, SectorLabel] = Field(
        default={}, description="Cost sectors of a real cohort; a world describes its own"
    )
    outcomes: dict[Name, Outcome] = {}
    individual: IndividualStudy | None = None
    policy: PolicyStudy | None = None
    concentration: ConcentrationStudy | None = None
    table1: list[Name] = Field(min_length=1, description="Columns described by exposure")

    @model_validator(mode="after")
    def _studies_something(self) -> "CohortConfig":
        if self.individual is None and self.policy is None and self.concentration is None:
            raise ValueError("at least one of the studies individual, policy and concentration is needed")
        if self.policy is not None and self.policy.instrument is not None and self.individual is None:
            raise ValueError("policy.instrument needs an individual study, whose exposure it instruments")
        return self

    @property
    def synthetic(self) -> bool:
        """Whether the cohort is drawn from a world with known truth."""
        return isinstance(self.source, DunedinWorld | RegisterWorld)

    @property
    def sector_labels(self) -> dict[str, SectorLabel]:
        """Label and unit of every cost sector."""
        if isinstance(self.source, DunedinWorld | RegisterWorld):
            return {k: SectorLabel(label=s.label, unit=s.unit) for k, s in self.source.sectors.items()}
        return self.sectors


class RunConfig(Strict):
    """The default run."""

    seed: Annotated[int, Field(ge=0, lt=2**32)]
    bootstrap: Annotated[int, Field(ge=50, le=100_000)] = Field(description="Bootstrap replicates")
    permutations: Annotated[int, Field(ge=100, le=1_000_000)] = Field(description="Draws of a permutation null")
    truth_draws: Annotated[int, Field(ge=10_000, le=100_000_000)] = Field(
        description="People per potential-outcome arm behind a true value"
    )
    replicates: Annotated[int, Field(ge=20, le=10_000)] = Field(
        description="Fresh draws of each synthetic cohort behind bias and coverage"
    )
    cohorts: list[str] = Field(min_length=1, description="Cohort files, relative to the working directory")


class Run(Strict):
    """A checked run: its settings and its cohorts by name."""

    settings: RunConfig
    cohorts: dict[str, CohortConfig]

    @property
    def synthetic(self) -> list[str]:
        """Names of the cohorts with known truth."""
        return [name for name, cohort in self.cohorts.items() if cohort.synthetic]

    @property
    def ingested(self) -> list[str]:
        """Names of the cohorts read from real data."""
        return [name for name, cohort in self.cohorts.items() if not cohort.synthetic]


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of `RunConfig`, with `CohortConfig` under `$defs`."""
    from pydantic.json_schema import models_json_schema

    _, schema = models_json_schema([(RunConfig, "validation"), (CohortConfig, "validation")])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": "#/$defs/RunConfig", **schema}


if __name__ == "__main__":
    import json
    import sys

    from evenwicht.files import write_text

    write_text(json.dumps(json_schema(), indent=1) + "\n", sys.argv[1])
