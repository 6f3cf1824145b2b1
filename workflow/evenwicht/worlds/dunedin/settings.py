"""Settings of the Dunedin-style world."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, model_validator

from evenwicht.base.columns import Column
from evenwicht.base.names import Correlation, Name, Positive, Share, Strict
from evenwicht.base.outcomes import Sector
from evenwicht.display.labels import in_words
from evenwicht.worlds.describe import birth_columns, identifier, number, sex, yes_no
from evenwicht.worlds.mechanism_settings import (
    Accuracy,
    CohortTrend,
    DifferentialAttrition,
    IncoherentWindows,
    Onset,
    Participation,
    PolicyEffect,
    Selection,
    StressorEffect,
    Wave,
    WorldSettings,
    require_order,
)

CLASSES = 5  # of an adversity score: 0, 1, 2, 3, 4 or more
# keys of true values that are no column of `persons`
PROSPECTIVE, RETROSPECTIVE, ABROAD = "prospective_adversities", "retrospective_adversities", "abroad"
EVERYWHERE = "_everywhere"  # ends the window of costs of all use, also that which no register holds
POOR_BRAIN_HEALTH, POOR_MENTAL_HEALTH = "poor_brain_health", "poor_mental_health"
FOUR_RISKS = "four_childhood_risks"
GIVEN_SEX, GIVEN_SEX_AND_ABROAD = "given_sex", "given_sex_and_abroad"
GROUP_OR_NONE = "group_or_no_sector"  # the people whom the published contrast of extremes keeps


class Stressor(Strict):
    """A binary early stressor: present when a standard normal propensity passes the prevalence threshold."""

    prevalence: Share = Field(description="Share of children exposed")
    ses: Correlation = Field(description="Weight of family SES in the propensity (negative: more if poor)")
    family: Correlation = Field(description="Weight of a shared family adversity factor in the propensity")

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
    prenatal_exposure: Stressor = Field(description="To tobacco, alcohol or drugs before birth")


class StressorWeights(Strict):
    """One coefficient a stressor."""

    poverty: float = Field(description="Coefficient of poverty")
    unsafe_home: float = Field(description="Coefficient of an unsafe home")
    parental_mental_illness: float = Field(description="Coefficient of mental illness of a parent")
    maltreatment: float = Field(description="Coefficient of maltreatment")
    prenatal_exposure: float = Field(description="Coefficient of exposure before birth")


class BirthDatePolicy(Strict):
    """A policy for children born on or after a date; it acts only by lowering the propensity to poverty."""

    born_on_or_after: dt.date = Field(description="First date of birth to which the policy applies")
    poverty_shift: float = Field(ge=0, description="Fall in the propensity to poverty, standard deviations")


class Families(Strict):
    """Who shares a family, and what families share beside SES."""

    twin_pairs: Annotated[int, Field(ge=0)] = Field(description="Number of twin pairs")
    sibling_pairs: Annotated[int, Field(ge=0)] = Field(description="Brothers or sisters born years apart")
    sibling_gap: tuple[Positive, Positive] = Field(description="Least and most years between them")
    genes_ses: Correlation = Field(description="Correlation of the parents' genetic score with family SES")
    genes_adversity: Correlation = Field(description="Correlation of the same score with family adversity")


class BrainHealth(Strict):
    stressors: StressorWeights = Field(description="Change per stressor, residual SDs")
    ses: float = Field(description="Change per SD of family SES")
    genes: float = Field(description="Change per SD of genetic score")


class Cognition(Strict):
    """IQ or self-control: change in residual SDs."""

    brain_health: float = Field(description="Change per SD of brain health at 3")
    ses: float = Field(description="Change per SD of family SES")
    genes: float = Field(description="Change per SD of genetic score")
    stressors: StressorWeights


class AdolescentProblems(Strict):
    """Mental-health problems at 11 to 18: change in residual SDs."""

    male: float = Field(description="Boys less girls")
    self_control: float = Field(description="Change per residual SD of self-control")
    stressors: StressorWeights


class NoQualifications(Strict):
    """Log-odds of leaving school without qualifications; scores count in residual SDs."""

    intercept: float = Field(description="Log-odds where all else is 0")
    ses: float = Field(description="Per SD of family SES")
    iq: float = Field(description="Per residual SD of IQ")
    self_control: float = Field(description="Per residual SD of self-control")
    mental_problems: float = Field(description="Per residual SD of mental-health problems")


class HighNeed(Strict):
    """Log-odds of belonging to the latent group with high need in many sectors; scores count in residual SDs."""

    intercept: float = Field(description="Log-odds where all else is 0")
    male: float = Field(description="Men less women")
    ses: float = Field(description="Per SD of family SES")
    iq: float = Field(description="Per residual SD of IQ")
    self_control: float = Field(description="Per residual SD of self-control")
    mental_problems: float = Field(description="Per residual SD of mental-health problems")
    no_qualifications: float = Field(description="Without less with qualifications")
    stressors: StressorWeights
    share: Share = Field(description="Size of the group; in a world without a group, where its two chances meet")
    mean: float = Field(description="Mean log-odds, at which the graded need is 0")
    sd: Positive = Field(description="SD of the log-odds, by which the graded need counts")
    own: Share = Field(description="Share of the variance of the graded need that childhood does not explain")


class DunedinSector(Sector):
    """One cost sector: who is a high user and how much is used.

    The two chances are those of a person with average graded need and average brain health, midway between the sexes;
    the loads move their log-odds.
    """

    administrative: bool = Field(description="Counted in New Zealand's registers only, so not while abroad")
    high_if_severe: Share = Field(description="P(high use | latent high-need group)")
    high_otherwise: Share = Field(description="P(high use | everybody else)")
    graded: float = Field(description="Log odds ratio of high use per SD of graded need, in and outside the group")
    male: float = Field(description="Log odds ratio of high use, men less women")
    brain_health: float = Field(description="Log odds ratio of high use per SD of brain health, beside need")
    mean_high: Positive = Field(description="Mean use of people with high need, in the unit of the sector")
    mean_low: Positive = Field(description="Mean use of others who use any, in the unit of the sector")
    any_low: Share = Field(description="P(any use | not a high user)")
    sigma: Positive = Field(description="SD of log use among users")


class Abroad(Strict):
    """Living outside the country, where its registers do not count."""

    prevalence: Share = Field(description="Share of people who live abroad for some of their adult years")
    ses: Correlation = Field(description="Correlation of the propensity to emigrate with family SES")
    time_share: Share = Field(description="Share of adult years that an emigrant spends abroad, mean")
    recorded: Share = Field(description="Share of use abroad that still reaches the country's registers")


class AdversityScore(Strict):
    """A count of adversities in the classes 0, 1, 2, 3 and 4 or more, seen through error."""

    error: Positive = Field(description="SD of the error added to the number of stressors")
    cuts: tuple[float, float, float, float] = Field(description="Limits between the five classes")

    @model_validator(mode="after")
    def _cuts_rise(self) -> "AdversityScore":
        require_order(list(self.cuts), "cuts")
        return self


class AdversityScores(Strict):
    prospective: AdversityScore = Field(description="Gathered while the child grew up")
    retrospective: AdversityScore = Field(description="Recalled at 38")


class Disease(Onset):
    male: float = Field(description="Log hazard ratio of men")
    ses: float = Field(description="Log hazard ratio per SD of family SES")
    genes: float = Field(description="Log hazard ratio per SD of genetic score")
    stressors: StressorWeights = Field(description="Log hazard ratio per stressor")


class DunedinArtefacts(Strict):
    """Known artefacts, each off at its default."""

    cohort_trend: CohortTrend = 0.0
    incoherent_windows: IncoherentWindows = False
    differential_attrition: DifferentialAttrition = 0.0
    selection: Selection = 0.0
    mediator_confounding: Annotated[
        float,
        Field(
            ge=0,
            le=3,
            description="An unmeasured trait that no stressor moves: per SD, by how many residual SDs it lowers "
            "self-control, and by how much it raises the log odds of high need",
        ),
    ] = 0.0
    stressor_accuracy: Accuracy = Accuracy()


class DunedinWorld(WorldSettings):
    """A structural causal model of one year of births, followed from age 3."""

    kind: Literal["dunedin"]
    n: Annotated[int, Field(ge=50, le=5_000_000)] = Field(description="Number of people")
    families: Families
    share_male: Share = Field(description="Share of boys at birth")
    first_birth: dt.date = Field(description="First date of birth")
    last_birth: dt.date = Field(description="Last date of birth")
    stressor_effect: StressorEffect = Field(description="Direction of the effects of the stressors")
    policy_effect: PolicyEffect = Field(description="Whether the policy lowers, leaves or raises poverty")
    stressors: Stressors = Field(description="Early stressors")
    policy: BirthDatePolicy
    brain_health: BrainHealth = Field(description="Brain health at 3: change in residual SDs")
    iq: Cognition
    self_control: Cognition
    mental_problems: AdolescentProblems
    no_qualifications: NoQualifications
    need: Literal["latent_class", "latent_trait", "factor_mixture"] = Field(
        description="What sectors share: a group of people, a graded need, or a graded need in and outside a group"
    )
    high_need: HighNeed
    sectors: dict[Name, DunedinSector] = Field(
        min_length=3, description="Id of a cost sector -> who uses it and how much"
    )
    cost_ages: list[Annotated[int, Field(gt=18, le=120)]] = Field(
        min_length=1, description="Ages up to which use of services is counted; each is the age of a wave"
    )
    abroad: Abroad
    adversity_scores: AdversityScores = Field(
        description="Two views of the same childhood: as noted then, and as recalled by the adult"
    )
    enrolled: Share = Field(description="Share of the eligible births that enrolled at 3")
    disease: Disease = Field(description="A disease of adult life")
    death_by_end: Share = Field(description="P(death between enrolment and the last wave)")
    participation: Participation
    waves: list[Wave] = Field(min_length=2, description="Assessments, from childhood on")
    artefacts: DunedinArtefacts = DunedinArtefacts()

    @model_validator(mode="after")
    def _is_consistent(self) -> "DunedinWorld":
        if self.first_birth >= self.last_birth:
            raise ValueError("first_birth must lie before last_birth")
        if not self.first_birth < self.policy.born_on_or_after <= self.last_birth:
            raise ValueError("policy.born_on_or_after must split the births between first_birth and last_birth")
        between = self.families.genes_ses * self.families.genes_adversity
        for name in Stressors.model_fields:
            s: Stressor = getattr(self.stressors, name)
            if s.ses**2 + s.family**2 + 2 * s.ses * s.family * between >= 1:
                raise ValueError(f"stressors.{name}: ses and family leave no variance, as genes tie them together")
        ages = [wave.age for wave in self.waves]
        require_order(ages, "waves")
        require_order(list(map(float, self.cost_ages)), "cost_ages")
        if not set(self.cost_ages) <= set(ages):
            raise ValueError(f"cost_ages must be ages of waves, of {', '.join(f'{age:g}' for age in ages)}")
        if 2 * (self.families.twin_pairs + self.families.sibling_pairs) > self.n:
            raise ValueError("families.twin_pairs and sibling_pairs ask for more children than n")
        return self

    @property
    def generated(self) -> dict[str, Column]:
        policy = f"Birth under the child benefit (hypothetical, from {in_words(self.policy.born_on_or_after)})"
        prenatal = "Prenatal exposure to tobacco, alcohol or drugs"
        return {
            "id": identifier(),
            "family": Column(role="family", type="integer", label="Family"),
            **birth_columns(),
            "sex": sex(),
            "ses": number("baseline", "Family SES", "SD"),
            "genes": number("baseline", "Genetic score", "SD"),
            "child_benefit": yes_no("policy", policy, "born before", "born under the policy"),
            "poverty": yes_no("exposure", "Poverty in early childhood", "no poverty", "poverty"),
            "unsafe_home": yes_no("stressor", "Unsafe home", "safe home", "unsafe home"),
            "parental_mental_illness": yes_no("stressor", "Severe mental illness of a parent"),
            "maltreatment": yes_no("stressor", "Maltreatment"),
            "prenatal_exposure": yes_no("stressor", prenatal),
            "brain_health": number("mediator", "Brain health at age 3", "SD"),
            "iq": number("mediator", "IQ at ages 7–11", "IQ points"),
            "self_control": number("mediator", "Self-control at ages 3–11", "SD"),
            "childhood_risk": number(
                "mediator", "Childhood risk (low SES, maltreatment, low IQ, low self-control)", "sum of SDs"
            ),
            "mental_problems": number("mediator", "Mental-health problems at ages 11–18", "SD"),
            "no_qualifications": yes_no("mediator", "Left school without qualifications", "qualified", "without"),
            "share_abroad": number("mediator", "Share of adult years spent abroad"),
        }

    @property
    def words(self) -> dict[str, str]:
        counts = ("no adversity", "1 adversity", "2 adversities", "3 adversities", "4 or more adversities")
        return {
            **super().words,
            PROSPECTIVE: "Adversities noted in childhood",
            RETROSPECTIVE: "adversities recalled as adults",
            **{f"{PROSPECTIVE}={k}": f"{count} noted in childhood" for k, count in enumerate(counts)},
            ABROAD: "People who lived abroad as adults",
            POOR_BRAIN_HEALTH: "Poor brain health at age 3, per SD",
            POOR_MENTAL_HEALTH: "Mental-health problems at ages 11–18, per SD",
            FOUR_RISKS: "Family SES, maltreatment, IQ and self-control together",
            GROUP_OR_NONE: "among people with high need in several sectors or in none",
            GIVEN_SEX: "average, with sex in the model",
            GIVEN_SEX_AND_ABROAD: "average, with sex and time abroad in the model",
            **{window: f"at {window}" for window in self.cost_windows},
            **{f"{window}{EVERYWHERE}": f"at {window} wherever people live" for window in self.cost_windows},
        }

    @property
    def described_sectors(self) -> dict[str, Sector]:
        return dict(self.sectors)

    @property
    def followed(self) -> tuple[str, ...]:
        return ("death", "disease")

    @property
    def cost_windows(self) -> tuple[str, ...]:
        return tuple(str(age) for age in self.cost_ages)
