"""A Dunedin-style cohort as a structural causal model.

One year of births is enrolled at age 3 and followed through the waves. Family SES and an unmeasured family adversity
factor make early stressors cluster; stressors shape brain health, IQ and self-control; all of them shape a latent
group with high need in many cost sectors and the onset age of one disease. A policy from a birth date on lowers poverty
and acts through nothing else.

Every random input is drawn before any intervention is applied, so `draw_noise` and `realise` give paired potential
outcomes: the same people with and without an exposure.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, ndtri

from evenwicht.cohort import Cohort
from evenwicht.config import Cognition, CohortConfig, DunedinWorld, StressorWeights

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

POLICY = "child_benefit"
STRESSORS = ["poverty", "unsafe_home", "parental_mental_illness", "maltreatment"]
SIGN = {"harmful": 1.0, "beneficial": 1.0, "null": 0.0, "reversed": -1.0}
ENROLMENT_AGE = 3.0
IQ_MEAN, IQ_SD = 100.0, 15.0


@dataclass(frozen=True)
class Noise:
    """Everything random about n people, drawn before any intervention."""

    birth_day: Floats
    male: Flags
    ses: Floats
    stressors: Floats
    mediators: Floats
    latent: Floats
    high_use: Floats
    any_use: Floats
    use: Floats
    onset: Floats
    death: Floats
    person: Floats
    wave: Floats
    family_adversity: Floats
    family: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.male)


@dataclass(frozen=True)
class People:
    """What happened to n people under one intervention (or none).

    `exposures` holds the policy and every stressor; `amounts` is (n, sectors); `log_hazard` is relative to the
    baseline hazard of the disease; `onset_age` ignores death.
    """

    exposures: dict[str, Flags]
    brain_health: Floats
    iq: Floats
    self_control: Floats
    amounts: Floats
    log_hazard: Floats
    onset_age: Floats
    death_age: Floats


def draw_noise(world: DunedinWorld, n: int, rng: np.random.Generator, twin_pairs: int = 0) -> Noise:
    """Draw all random inputs of n people; the first `twin_pairs` pairs share family, SES, adversity and birth date."""
    sectors, waves = len(world.sectors), len(world.waves)
    days = (world.last_birth - world.first_birth).days + 1
    family = np.arange(n)
    family[1 : 2 * twin_pairs : 2] -= 1

    def normal(*shape: int) -> Floats:
        return rng.standard_normal((n, *shape))

    return Noise(
        family=family,
        birth_day=rng.integers(days, size=n).astype(float)[family],
        male=rng.random(n) < world.share_male,
        ses=normal()[family],
        family_adversity=normal()[family],
        stressors=normal(len(STRESSORS)),
        mediators=normal(3),
        latent=rng.random(n),
        high_use=rng.random((n, sectors)),
        any_use=rng.random((n, sectors)),
        use=normal(sectors),
        onset=rng.standard_exponential(n),
        death=rng.standard_exponential(n),
        person=normal(),
        wave=normal(waves),
    )


def realise(world: DunedinWorld, noise: Noise, do: dict[str, bool] | None = None) -> People:
    """Run the structural equations, setting exposures named in `do` for everybody (the do-operator)."""
    n = len(noise)
    harm, benefit = SIGN[world.stressor_effect], SIGN[world.policy_effect]
    forced = {name: np.full(n, value) for name, value in (do or {}).items()}
    cutoff = (world.policy.born_on_or_after - world.first_birth).days
    exposures = {POLICY: forced.get(POLICY, noise.birth_day >= cutoff)}
    for j, name in enumerate(STRESSORS):
        s = getattr(world.stressors, name)
        own = np.sqrt(1 - s.ses**2 - s.family**2)
        propensity = s.ses * noise.ses + s.family * noise.family_adversity + own * noise.stressors[:, j]
        if name == "poverty":
            propensity = propensity - benefit * world.policy.poverty_shift * exposures[POLICY]
        exposures[name] = forced.get(name, propensity > ndtri(1 - s.prevalence))

    def load(weights: StressorWeights) -> Floats:
        return harm * sum(getattr(weights, name) * exposures[name] for name in STRESSORS)

    def cognition(equation: Cognition, own: Floats) -> Floats:
        return equation.brain_health * brain + equation.ses * noise.ses + load(equation.stressors) + own

    brain = world.brain_health.ses * noise.ses + load(world.brain_health.stressors) + noise.mediators[:, 0]
    iq = cognition(world.iq, noise.mediators[:, 1])
    self_control = cognition(world.self_control, noise.mediators[:, 2])
    need = world.high_need
    severe = noise.latent < expit(
        need.intercept
        + need.male * noise.male
        + need.ses * noise.ses
        + need.iq * iq
        + need.self_control * self_control
        + load(need.stressors)
    )
    disease = world.disease
    log_hazard = disease.male * noise.male + disease.ses * noise.ses + load(disease.stressors)
    onset_age = np.log1p(disease.shape * noise.onset / (disease.rate * np.exp(log_hazard))) / disease.shape
    years = world.waves[-1].age - ENROLMENT_AGE
    death_age = ENROLMENT_AGE + noise.death / (-np.log1p(-world.death_by_end) / years)
    return People(
        exposures=exposures,
        brain_health=brain,
        iq=IQ_MEAN + IQ_SD * iq,
        self_control=self_control,
        amounts=_sector_use(world, noise, severe),
        log_hazard=log_hazard,
        onset_age=onset_age,
        death_age=death_age,
    )


def _sector_use(world: DunedinWorld, noise: Noise, severe: Flags) -> Floats:
    """Whole units used in each sector: a high user's log-normal draw, or a low draw that is often zero."""
    amounts = np.empty(noise.use.shape)
    for j, sector in enumerate(world.sectors.values()):
        high = noise.high_use[:, j] < np.where(severe, sector.high_if_severe, sector.high_otherwise)
        some = noise.any_use[:, j] < sector.any_low
        mean = np.where(high, sector.mean_high, np.where(some, sector.mean_low, 0.0))
        amounts[:, j] = np.rint(mean * np.exp(sector.sigma * noise.use[:, j] - sector.sigma**2 / 2))
    return amounts


def simulate(config: CohortConfig, rng: np.random.Generator) -> Cohort:
    """Draw one cohort from the world of a config; the truth table is left empty (see `worlds.truth`).

    Raises
    ------
    DataError
        If the config describes columns that this world does not generate.
    """
    world = config.source
    assert isinstance(world, DunedinWorld)
    noise = draw_noise(world, world.n, rng, world.twin_pairs)
    people = realise(world, noise)
    ids = pd.Series(np.arange(1, world.n + 1), name="id")
    birth = pd.Timestamp(world.first_birth) + pd.to_timedelta(noise.birth_day, unit="D")
    persons = pd.DataFrame(
        {
            "id": ids.astype("Int64"),
            "family": pd.Series(noise.family + 1, dtype="Int64"),
            "birth_date": birth,
            "birth_month": pd.Categorical(birth.strftime("%Y-%m")),
            "sex": pd.Categorical(np.where(noise.male, "male", "female"), categories=["female", "male"]),
            "ses": noise.ses,
            **{name: pd.array(flags, dtype="boolean") for name, flags in people.exposures.items()},
            "brain_health": people.brain_health,
            "iq": people.iq,
            "self_control": people.self_control,
        }
    )
    measures = _waves(world, noise, people, ids)
    end = float(world.waves[-1].age)
    return Cohort(
        name=config.name,
        description=config.description,
        columns=config.columns,
        persons=persons,
        measures=measures,
        events=_events(people, ids, end),
        costs=_costs(world, people, ids, measures),
    ).check()


def _waves(world: DunedinWorld, noise: Noise, people: People, ids: pd.Series) -> pd.DataFrame:
    """Attendance at each wave for those alive: 1 if assessed, empty if due but not assessed.

    A person's propensity to take part is partly their own over all waves and partly of the wave; its threshold at each
    wave is set by the share assessed, so the dip at 13 and the rebound at 15 come back.
    """
    habit = world.participation
    own = habit.ses * noise.ses + np.sqrt(1 - habit.ses**2) * noise.person
    parts = []
    for j, wave in enumerate(world.waves):
        propensity = np.sqrt(habit.persistence) * own + np.sqrt(1 - habit.persistence) * noise.wave[:, j]
        assessed = propensity < ndtri(wave.participation)
        alive = people.death_age > wave.age
        frame = pd.DataFrame({"id": ids, "wave": str(wave.age), "age": float(wave.age), "measure": "attendance"})
        parts.append(frame.assign(value=np.where(assessed, 1.0, np.nan))[alive])
    return pd.concat(parts, ignore_index=True)


def _events(people: People, ids: pd.Series, end: float) -> pd.DataFrame:
    def followed(event: str, age: Floats, entry: float, until: Floats) -> pd.DataFrame:
        status = (age <= until).astype(float)
        leave = np.minimum(age, until)
        return pd.DataFrame({"id": ids, "event": event, "entry_age": entry, "exit_age": leave, "status": status})

    last = np.full(len(ids), end)
    disease = followed("disease", people.onset_age, 0.0, np.minimum(people.death_age, last))
    return pd.concat([followed("death", people.death_age, ENROLMENT_AGE, last), disease], ignore_index=True)


def _costs(world: DunedinWorld, people: People, ids: pd.Series, measures: pd.DataFrame) -> pd.DataFrame:
    """Sector totals up to the cost wave, for the people assessed at it."""
    window = str(world.cost_age)
    assessed = measures[(measures["wave"] == window) & measures["value"].notna()]["id"]
    wide = pd.DataFrame(people.amounts, columns=list(world.sectors), index=ids).loc[assessed]
    long = wide.melt(ignore_index=False, var_name="sector", value_name="amount").reset_index()
    return long.assign(window=window)[["id", "sector", "window", "amount"]]
