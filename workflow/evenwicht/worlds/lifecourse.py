"""A stressor in several periods of life, and symptoms in adult life.

The effect of timing is a sum of hypotheses: sensitive periods, accumulation and recency (Mishra et al. 2009,
International Journal of Epidemiology 38:528; Dunn et al. 2018). Resilient people are spared a part of it. Exposure
hangs together over periods and with family SES, and is measured with an error of its own in each period.
"""

from functools import partial

import numpy as np
import pandas as pd

from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig, LifecourseWorld
from evenwicht.config.lifecourse import Period
from evenwicht.streams import part_of
from evenwicht.worlds import mechanisms as by
from evenwicht.worlds.mechanisms import SIGN, Flags, Floats
from evenwicht.worlds.scm import Equation, Model, Noise, named, named_causes
from evenwicht.worlds.world import World, exact_effects, yes_or_no

ADULT_AGE = 30.0  # years; age at which symptoms are assessed


def build(config: CohortConfig) -> World:
    """Return the life-course world of a config."""
    world = config.source
    assert isinstance(world, LifecourseWorld)
    equations = lifecourse_model(world)
    return World(
        equations=equations,
        cohort=partial(_cohort, config, world, equations),
        contrasts=yes_or_no(*(f"stressor_{period}" for period in world.periods)),
        exact=list(exact_effects(config, mean_difference=partial(_difference, world))),
    )


def lifecourse_model(world: LifecourseWorld) -> Model:
    """Return the structural equations of a life-course world."""
    harm, periods = SIGN[world.stressor_effect], list(world.periods)

    def ses(noise: Noise) -> Floats:
        return noise.normal()

    def male(noise: Noise) -> Flags:
        return noise.uniform() < world.share_male

    def birth_year(noise: Noise) -> Floats:
        years = world.last_birth_year + 1 - world.first_birth_year
        return world.first_birth_year + np.floor(noise.uniform() * years)

    def own_propensity(noise: Noise) -> Floats:
        """The person's own liability to the stressor, a first-order autoregression over periods, (n, periods)."""
        fresh = noise.normal(len(periods))
        rho = world.autocorrelation
        for t in range(1, len(periods)):
            fresh[:, t] = rho * fresh[:, t - 1] + np.sqrt(1 - rho**2) * fresh[:, t]
        return fresh

    def stressor(t: int, period: Period) -> Equation:
        def equation(_: Noise, ses: Floats, own_propensity: Floats) -> Flags:
            score = world.ses * ses + np.sqrt(1 - world.ses**2) * own_propensity[:, t]
            return by.above(period.prevalence, score)

        return equation

    def resilient(noise: Noise) -> Flags:
        return noise.uniform() < world.resilience.share

    def symptoms(
        noise: Noise, ses: Floats, male: Flags, birth_year: Floats, resilient: Flags, *present: Flags
    ) -> Floats:
        """In standard deviations of what the causes leave unexplained."""
        total = sum(world.effect_of(period) * flags for period, flags in zip(periods, present, strict=True))
        kept = 1 - world.resilience.protection * resilient
        trend = world.artefacts.cohort_trend * (birth_year - world.first_birth_year)
        background = world.ses_symptoms * ses + world.male_symptoms * male + trend
        return np.asarray(background + harm * kept * total + noise.normal())

    def disorder(_: Noise, symptoms: Floats) -> Flags:
        return symptoms > world.case_above

    stressors = [f"stressor_{period}" for period in periods]
    return Model(
        {
            **named(ses, male, birth_year, own_propensity),
            **{
                name: stressor(t, world.periods[period])
                for t, (name, period) in enumerate(zip(stressors, periods, strict=True))
            },
            "resilient": resilient,
            "symptoms": named_causes(symptoms, "ses", "male", "birth_year", "resilient", *stressors),
            "disorder": disorder,
        }
    )


def _cohort(config: CohortConfig, world: LifecourseWorld, equations: Model, key: np.random.SeedSequence) -> Cohort:
    noise = Noise(world.n, np.random.default_rng(part_of(key, 1)), np.arange(world.n))
    people = equations.draw(world.n, part_of(key, 0))
    ids = np.arange(1, world.n + 1)
    first = people[f"stressor_{next(iter(world.periods))}"]
    lowered = world.artefacts.differential_attrition * first
    seen = by.takes_part(noise, world.assessed, (world.artefacts.selection, people["ses"]), lowered=lowered)
    measured = {
        f"stressor_{name}": pd.array(by.recorded(noise, people[f"stressor_{name}"], period.accuracy), dtype="boolean")
        for name, period in world.periods.items()
    }
    persons = pd.DataFrame(
        {
            "id": pd.Series(ids, dtype="Int64"),
            "sex": by.sex(people["male"]),
            "birth_year": people["birth_year"],
            "ses": people["ses"],
            **measured,
            "symptoms": np.where(seen, people["symptoms"], np.nan),
            "disorder": pd.arrays.BooleanArray(people["disorder"], ~seen),
        }
    )
    everybody = np.ones(world.n, dtype=bool)
    waves = [by.attendance(ids, name, period.age, everybody, everybody) for name, period in world.periods.items()]
    waves.append(by.attendance(ids, "adult", ADULT_AGE, everybody, seen))
    return Cohort(
        name=config.name,
        description=config.description,
        columns=config.columns,
        persons=persons,
        measures=pd.concat(waves, ignore_index=True),
    ).check()


def _difference(world: LifecourseWorld, column: str, outcome: str) -> float | None:
    """Mean difference in symptoms by exposure in one period: its effect, less what resilience takes from it."""
    period = column.removeprefix("stressor_")
    if outcome != "symptoms" or period not in world.periods:
        return None
    kept = 1 - world.resilience.share * world.resilience.protection
    return SIGN[world.stressor_effect] * world.effect_of(period) * kept
