"""A Dunedin-style cohort as a structural causal model.

One year of births is enrolled at age 3 and followed through the waves. Family SES and an unmeasured family adversity
factor make early stressors cluster; stressors shape brain health, IQ and self-control; all of them shape a latent
group with high need in many cost sectors and the onset age of one disease. A policy from a birth date on lowers poverty
and acts through nothing else.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, ndtri

from evenwicht.cohort import Cohort
from evenwicht.config import Cognition, CohortConfig, DunedinWorld, StressorWeights
from evenwicht.worlds.scm import Model, Noise, Values, model

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

POLICY = "child_benefit"
STRESSORS = ["poverty", "unsafe_home", "parental_mental_illness", "maltreatment"]
SIGN = {"harmful": 1.0, "beneficial": 1.0, "null": 0.0, "reversed": -1.0}
ENROLMENT_AGE = 3.0
IQ_MEAN, IQ_SD = 100.0, 15.0


def dunedin_model(world: DunedinWorld) -> Model:
    """Return the structural equations of a Dunedin-style world."""
    harm, benefit = SIGN[world.stressor_effect], SIGN[world.policy_effect]

    def load(weights: StressorWeights, *present: Flags) -> Floats:
        """Sum of the weights of the stressors present, in the order of STRESSORS."""
        terms = (getattr(weights, name) * flags for name, flags in zip(STRESSORS, present, strict=True))
        return np.asarray(harm * sum(terms))

    def propensity(name: str, noise: Noise, ses: Floats, family_adversity: Floats) -> Floats:
        """Standard normal propensity to a stressor, less the threshold of its prevalence."""
        s = getattr(world.stressors, name)
        own = np.sqrt(1 - s.ses**2 - s.family**2)
        return s.ses * ses + s.family * family_adversity + own * noise.normal() - ndtri(1 - s.prevalence)

    def birth_day(noise: Noise) -> Floats:
        days = (world.last_birth - world.first_birth).days + 1
        return noise.of_family(np.floor(noise.uniform() * days))

    def male(noise: Noise) -> Flags:
        return noise.uniform() < world.share_male

    def ses(noise: Noise) -> Floats:
        return noise.of_family(noise.normal())

    def family_adversity(noise: Noise) -> Floats:
        return noise.of_family(noise.normal())

    def child_benefit(_: Noise, birth_day: Floats) -> Flags:
        return birth_day >= (world.policy.born_on_or_after - world.first_birth).days

    def poverty(noise: Noise, ses: Floats, family_adversity: Floats, child_benefit: Flags) -> Flags:
        shift = benefit * world.policy.poverty_shift * child_benefit
        return propensity("poverty", noise, ses, family_adversity) > shift

    def unsafe_home(noise: Noise, ses: Floats, family_adversity: Floats) -> Flags:
        return propensity("unsafe_home", noise, ses, family_adversity) > 0

    def parental_mental_illness(noise: Noise, ses: Floats, family_adversity: Floats) -> Flags:
        return propensity("parental_mental_illness", noise, ses, family_adversity) > 0

    def maltreatment(noise: Noise, ses: Floats, family_adversity: Floats) -> Flags:
        return propensity("maltreatment", noise, ses, family_adversity) > 0

    def brain_health(
        noise: Noise,
        ses: Floats,
        poverty: Flags,
        unsafe_home: Flags,
        parental_mental_illness: Flags,
        maltreatment: Flags,
    ) -> Floats:
        """In standard deviations of what its causes leave unexplained."""
        weights = world.brain_health
        stressors = load(weights.stressors, poverty, unsafe_home, parental_mental_illness, maltreatment)
        return weights.ses * ses + stressors + noise.normal()

    def cognition(equation: Cognition, brain_health: Floats, ses: Floats, stressors: Floats, noise: Noise) -> Floats:
        return equation.brain_health * brain_health + equation.ses * ses + stressors + noise.normal()

    def iq(
        noise: Noise,
        brain_health: Floats,
        ses: Floats,
        poverty: Flags,
        unsafe_home: Flags,
        parental_mental_illness: Flags,
        maltreatment: Flags,
    ) -> Floats:
        """In standard deviations of what its causes leave unexplained."""
        stressors = load(world.iq.stressors, poverty, unsafe_home, parental_mental_illness, maltreatment)
        return cognition(world.iq, brain_health, ses, stressors, noise)

    def self_control(
        noise: Noise,
        brain_health: Floats,
        ses: Floats,
        poverty: Flags,
        unsafe_home: Flags,
        parental_mental_illness: Flags,
        maltreatment: Flags,
    ) -> Floats:
        """In standard deviations of what its causes leave unexplained."""
        stressors = load(world.self_control.stressors, poverty, unsafe_home, parental_mental_illness, maltreatment)
        return cognition(world.self_control, brain_health, ses, stressors, noise)

    def high_need_group(
        noise: Noise,
        male: Flags,
        ses: Floats,
        iq: Floats,
        self_control: Floats,
        poverty: Flags,
        unsafe_home: Flags,
        parental_mental_illness: Flags,
        maltreatment: Flags,
    ) -> Flags:
        """The latent group whose members are likely to be high users of many sectors."""
        need = world.high_need
        log_odds = need.intercept + need.male * male + need.ses * ses + need.iq * iq + need.self_control * self_control
        log_odds += load(need.stressors, poverty, unsafe_home, parental_mental_illness, maltreatment)
        return noise.uniform() < expit(log_odds)

    def use(noise: Noise, high_need_group: Flags) -> Floats:
        """Whole units of every sector, (n, sectors): a high draw, or a low one that is often zero."""
        sectors = list(world.sectors.values())
        high_draw, any_draw, amount = (
            noise.uniform(len(sectors)),
            noise.uniform(len(sectors)),
            noise.normal(len(sectors)),
        )
        for j, sector in enumerate(sectors):
            high = high_draw[:, j] < np.where(high_need_group, sector.high_if_severe, sector.high_otherwise)
            low_mean = np.where(any_draw[:, j] < sector.any_low, sector.mean_low, 0.0)
            mean = np.where(high, sector.mean_high, low_mean)
            amount[:, j] = np.rint(mean * np.exp(sector.sigma * amount[:, j] - sector.sigma**2 / 2))
        return amount

    def log_hazard(
        _: Noise,
        male: Flags,
        ses: Floats,
        poverty: Flags,
        unsafe_home: Flags,
        parental_mental_illness: Flags,
        maltreatment: Flags,
    ) -> Floats:
        """Log hazard of the disease, relative to the baseline."""
        disease = world.disease
        stressors = load(disease.stressors, poverty, unsafe_home, parental_mental_illness, maltreatment)
        return disease.male * male + disease.ses * ses + stressors

    def onset_age(noise: Noise, log_hazard: Floats) -> Floats:
        """Age at onset in the absence of death: Gompertz, by inversion of the cumulative hazard."""
        rate, shape = world.disease.rate * np.exp(log_hazard), world.disease.shape
        return np.log1p(shape * noise.exponential() / rate) / shape

    def death_age(noise: Noise) -> Floats:
        hazard = -np.log1p(-world.death_by_end) / (world.waves[-1].age - ENROLMENT_AGE)
        return ENROLMENT_AGE + noise.exponential() / hazard

    def participation(noise: Noise, ses: Floats) -> Flags:
        """Willing to take part in every wave, (n, waves).

        A person's propensity is partly their own over all waves and partly of the wave; its threshold at each wave is
        set by the share assessed, so the dip at 13 and the rebound at 15 come back.
        """
        habit = world.participation
        own = habit.ses * ses + np.sqrt(1 - habit.ses**2) * noise.normal()
        of_wave = noise.normal(len(world.waves))
        propensity = np.sqrt(habit.persistence) * own[:, None] + np.sqrt(1 - habit.persistence) * of_wave
        return propensity < ndtri([wave.participation for wave in world.waves])

    return model(
        birth_day,
        male,
        ses,
        family_adversity,
        child_benefit,
        poverty,
        unsafe_home,
        parental_mental_illness,
        maltreatment,
        brain_health,
        iq,
        self_control,
        high_need_group,
        use,
        log_hazard,
        onset_age,
        death_age,
        participation,
    )


def families(n: int, twin_pairs: int) -> NDArray[np.int64]:
    """Index of the first person of each person's family: the first people come in pairs, the others alone."""
    first = np.arange(n)
    first[1 : 2 * twin_pairs : 2] -= 1
    return first


def simulate(config: CohortConfig, key: np.random.SeedSequence) -> Cohort:
    """Draw one cohort from the world of a config; the truth table is left empty (see `worlds.truth`).

    Raises
    ------
    DataError
        If the config describes columns that this world does not generate.
    """
    world = config.source
    assert isinstance(world, DunedinWorld)
    family = families(world.n, world.twin_pairs)
    people = dunedin_model(world).draw(world.n, key, family=family)
    ids = pd.Series(np.arange(1, world.n + 1), name="id")
    birth = pd.Timestamp(world.first_birth) + pd.to_timedelta(people["birth_day"], unit="D")
    persons = pd.DataFrame(
        {
            "id": ids.astype("Int64"),
            "family": pd.Series(family + 1, dtype="Int64"),
            "birth_date": birth,
            "birth_month": pd.Categorical(birth.strftime("%Y-%m")),
            "sex": pd.Categorical(np.where(people["male"], "male", "female"), categories=["female", "male"]),
            "ses": people["ses"],
            **{name: pd.array(people[name], dtype="boolean") for name in (POLICY, *STRESSORS)},
            "brain_health": people["brain_health"],
            "iq": IQ_MEAN + IQ_SD * people["iq"],
            "self_control": people["self_control"],
        }
    )
    measures = _waves(world, people, ids)
    return Cohort(
        name=config.name,
        description=config.description,
        columns=config.columns,
        persons=persons,
        measures=measures,
        events=_events(people, ids, float(world.waves[-1].age)),
        costs=_costs(world, people, ids, measures),
    ).check()


def _waves(world: DunedinWorld, people: Values, ids: pd.Series) -> pd.DataFrame:
    """Attendance at each wave for those alive: 1 if assessed, empty if due but not assessed."""
    parts = []
    for j, wave in enumerate(world.waves):
        frame = pd.DataFrame({"id": ids, "wave": str(wave.age), "age": float(wave.age), "measure": "attendance"})
        assessed = np.where(people["participation"][:, j], 1.0, np.nan)
        parts.append(frame.assign(value=assessed)[people["death_age"] > wave.age])
    return pd.concat(parts, ignore_index=True)


def _events(people: Values, ids: pd.Series, end: float) -> pd.DataFrame:
    def followed(event: str, age: Floats, entry: float, until: Floats) -> pd.DataFrame:
        status = (age <= until).astype(float)
        leave = np.minimum(age, until)
        return pd.DataFrame({"id": ids, "event": event, "entry_age": entry, "exit_age": leave, "status": status})

    last = np.full(len(ids), end)
    disease = followed("disease", people["onset_age"], 0.0, np.minimum(people["death_age"], last))
    return pd.concat([followed("death", people["death_age"], ENROLMENT_AGE, last), disease], ignore_index=True)


def _costs(world: DunedinWorld, people: Values, ids: pd.Series, measures: pd.DataFrame) -> pd.DataFrame:
    """Sector totals up to the cost wave, for the people assessed at it."""
    window = str(world.cost_age)
    assessed = measures[(measures["wave"] == window) & measures["value"].notna()]["id"]
    wide = pd.DataFrame(people["use"], columns=list(world.sectors), index=ids).loc[assessed]
    long = wide.melt(ignore_index=False, var_name="sector", value_name="amount").reset_index()
    return long.assign(window=window)[["id", "sector", "window", "amount"]]
