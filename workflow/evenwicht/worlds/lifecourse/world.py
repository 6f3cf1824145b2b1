"""A stressor in several periods of life, and symptoms in adult life.

The effect of timing is a sum of hypotheses: sensitive periods, accumulation and recency (Mishra et al. 2009,
International Journal of Epidemiology 38:528; Dunn et al. 2018). Resilient people are spared a part of it. Exposure
hangs together over periods and with family SES, and is measured with an error of its own in each period.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.streams import part_of
from evenwicht.cohort import Cohort
from evenwicht.results.questions import Question
from evenwicht.worlds import mechanisms as by
from evenwicht.worlds.lifecourse.settings import LifecourseWorld, Period
from evenwicht.worlds.mechanisms import SIGN
from evenwicht.worlds.scm import Equation, Model, Noise, named, named_causes
from evenwicht.worlds.world import World, exact_effects

ADULT_AGE = 30.0  # years; age at which symptoms are assessed


def build(source: LifecourseWorld, book: Codebook, questions: Sequence[Question]) -> World:
    """Return the life-course world of its settings."""
    equations = lifecourse_model(source)
    return World(
        equations=equations,
        cohort=partial(_cohort, book, source, equations),
        exact=list(exact_effects(book, questions, partial(_difference, source))),
    )


def lifecourse_model(source: LifecourseWorld) -> Model:
    """Return the structural equations of a life-course world."""
    harm, periods = SIGN[source.stressor_effect], list(source.periods)

    def ses(noise: Noise) -> Floats:
        return noise.normal()

    def male(noise: Noise) -> Flags:
        return noise.uniform() < source.share_male

    def birth_year(noise: Noise) -> Floats:
        years = source.last_birth_year + 1 - source.first_birth_year
        return source.first_birth_year + np.floor(noise.uniform() * years)

    def own_propensity(noise: Noise) -> Floats:
        """The person's own liability to the stressor, a first-order autoregression over periods, (n, periods)."""
        fresh = noise.normal(len(periods))
        rho = source.autocorrelation
        for t in range(1, len(periods)):
            fresh[:, t] = rho * fresh[:, t - 1] + np.sqrt(1 - rho**2) * fresh[:, t]
        return fresh

    def stressor(t: int, period: Period) -> Equation:
        def equation(_: Noise, ses: Floats, own_propensity: Floats) -> Flags:
            score = source.ses * ses + np.sqrt(1 - source.ses**2) * own_propensity[:, t]
            return by.above(period.prevalence, score)

        return equation

    def resilient(noise: Noise) -> Flags:
        return noise.uniform() < source.resilience.share

    def symptoms(
        noise: Noise, ses: Floats, male: Flags, birth_year: Floats, resilient: Flags, *present: Flags
    ) -> Floats:
        """In standard deviations of what the causes leave unexplained."""
        total = sum(source.effect_of(period) * flags for period, flags in zip(periods, present, strict=True))
        kept = 1 - source.resilience.protection * resilient
        trend = source.artefacts.cohort_trend * (birth_year - source.first_birth_year)
        background = source.ses_symptoms * ses + source.male_symptoms * male + trend
        return np.asarray(background + harm * kept * total + noise.normal())

    def disorder(_: Noise, symptoms: Floats) -> Flags:
        return symptoms > source.case_above

    stressors = [f"stressor_{period}" for period in periods]
    return Model(
        {
            **named(ses, male, birth_year, own_propensity),
            **{
                name: stressor(t, source.periods[period])
                for t, (name, period) in enumerate(zip(stressors, periods, strict=True))
            },
            "resilient": resilient,
            "symptoms": named_causes(symptoms, "ses", "male", "birth_year", "resilient", *stressors),
            "disorder": disorder,
        }
    )


def _cohort(book: Codebook, source: LifecourseWorld, equations: Model, key: np.random.SeedSequence) -> Cohort:
    noise = Noise(source.n, np.random.default_rng(part_of(key, 1)), np.arange(source.n))
    people = equations.draw(source.n, part_of(key, 0))
    ids = np.arange(1, source.n + 1)
    first = people[f"stressor_{next(iter(source.periods))}"]
    lowered = source.artefacts.differential_attrition * first
    seen = by.takes_part(noise, source.assessed, (source.artefacts.selection, people["ses"]), lowered=lowered)
    measured = {
        f"stressor_{name}": pd.array(by.recorded(noise, people[f"stressor_{name}"], period.accuracy), dtype="boolean")
        for name, period in source.periods.items()
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
    everybody = np.ones(source.n, dtype=bool)
    waves = [by.attendance(ids, name, period.age, everybody, everybody) for name, period in source.periods.items()]
    waves.append(by.attendance(ids, "adult", ADULT_AGE, everybody, seen))
    return Cohort(
        name=book.cohort,
        description=book.description,
        columns=dict(book.columns),
        persons=persons,
        measures=pd.concat(waves, ignore_index=True),
    ).check()


def _difference(source: LifecourseWorld, column: str, outcome: str) -> float | None:
    """Mean difference in symptoms by exposure in one period: its effect, less what resilience takes from it."""
    period = {f"stressor_{period}": period for period in source.periods}.get(column)
    if outcome != "symptoms" or period is None:
        return None
    kept = 1 - source.resilience.share * source.resilience.protection
    return SIGN[source.stressor_effect] * source.effect_of(period) * kept
