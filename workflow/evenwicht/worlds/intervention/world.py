"""A randomised early programme whose effect on skill fades to a small lasting part.

The effect t years after the end of the programme is fading * retention**t + lasting (fade-out with a small persistent
part; Bailey et al. 2017, Journal of Research on Educational Effectiveness 10:7; Hart et al. 2024). Yearly use and
earnings in adult life follow from lasting skill alone. Childhood poverty lowers skill at every age.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import ndtri

from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.streams import part_of
from evenwicht.cohort import Cohort
from evenwicht.results.questions import Question
from evenwicht.worlds import mechanisms as by
from evenwicht.worlds.intervention.settings import InterventionWorld
from evenwicht.worlds.mechanisms import SIGN
from evenwicht.worlds.scm import Equation, Model, Noise, named
from evenwicht.worlds.world import World, exact_effects

POLICY, STRESSOR = "assigned", "poverty"


def build(source: InterventionWorld, book: Codebook, questions: Sequence[Question]) -> World:
    """Return the intervention world of its settings."""
    equations = intervention_model(source)
    return World(
        equations=equations,
        cohort=partial(_cohort, book, source, equations),
        use={window: f"use_{window}" for window in source.windows},
        sectors=list(source.sectors),
        exact=list(exact_effects(book, questions, partial(_difference, source))),
    )


def effect_at(source: InterventionWorld, age: float) -> float:
    """Effect of attending on skill at an age, SD."""
    fading = source.effect_at_end - source.lasting
    years = age - source.programme_ends
    return SIGN[source.policy_effect] * (fading * source.retention**years + source.lasting)


def explained_variance(source: InterventionWorld) -> float:
    """Share of the variance of skill, without the programme, that comes from SES and poverty."""
    harm, bar = SIGN[source.stressor_effect] * source.poverty_skill, ndtri(1 - source.poverty)
    tie = source.poverty_ses * np.exp(-(bar**2) / 2) / np.sqrt(2 * np.pi)  # covariance of SES and poverty
    poor = harm**2 * source.poverty * (1 - source.poverty)
    return float(source.ses_skill**2 + 2 * source.ses_skill * harm * tie + poor)


def intervention_model(source: InterventionWorld) -> Model:
    """Return the structural equations of an intervention world."""
    harm = SIGN[source.stressor_effect]
    left = 1 - explained_variance(source)

    def ses(noise: Noise) -> Floats:
        return noise.normal()

    def poverty(noise: Noise, ses: Floats) -> Flags:
        return by.above(source.poverty, by.propensity(noise, (source.poverty_ses, ses)))

    def assigned(noise: Noise) -> Flags:
        return noise.uniform() < source.share_assigned

    def attended(noise: Noise, assigned: Flags) -> Flags:
        return assigned & (noise.uniform() < source.take_up)

    def ability(noise: Noise, ses: Floats, poverty: Flags) -> Floats:
        """The part of skill that is the same at all ages, in SDs of skill without the programme."""
        background = source.ses_skill * ses + harm * source.poverty_skill * (poverty - source.poverty)
        return background + np.sqrt(source.persistence * left) * noise.normal()

    def skill(age: float) -> Equation:
        def equation(noise: Noise, ability: Floats, attended: Flags) -> Floats:
            return (
                ability + effect_at(source, age) * attended + np.sqrt((1 - source.persistence) * left) * noise.normal()
            )

        return equation

    def habits(noise: Noise) -> Floats:
        """Use and earnings that do not come from skill, (n, sectors)."""
        return noise.normal(len(source.sectors))

    def use(start: float, end: float) -> Equation:
        lasting = SIGN[source.policy_effect] * source.lasting

        def equation(_: Noise, ability: Floats, attended: Flags, habits: Floats) -> Floats:
            """Amount of every sector in a window, (n, sectors)."""
            level = ability + lasting * attended
            columns = [
                s.mean * (end - start) * np.exp(s.per_sd * level + s.sigma * habits[:, j] - s.sigma**2 / 2)
                for j, s in enumerate(source.sectors.values())
            ]
            return np.column_stack(columns)

        return equation

    start: list[Equation] = [ses, poverty, assigned, attended, ability]
    return Model(
        {
            **named(*start),
            **{f"skill_{age:g}": skill(age) for age in source.skill_ages},
            "habits": habits,
            **{f"use_{window}": use(*ages) for window, ages in source.windows.items()},
        }
    )


def _cohort(book: Codebook, source: InterventionWorld, equations: Model, key: np.random.SeedSequence) -> Cohort:
    noise = Noise(source.n, np.random.default_rng(part_of(key, 1)), np.arange(source.n))
    chosen = np.zeros(source.n, dtype=bool)
    chosen[noise.rng.permutation(source.n)[: round(source.n * source.share_assigned)]] = True
    people = equations.draw(source.n, part_of(key, 0), {POLICY: chosen})
    ids = np.arange(1, source.n + 1)
    flags = {name: pd.array(people[name], dtype="boolean") for name in (STRESSOR, POLICY, "attended")}
    persons = pd.DataFrame({"id": pd.Series(ids, dtype="Int64"), "ses": people["ses"], **flags})
    waves = []
    for age in source.skill_ages:
        name = f"skill_{age:g}"
        lowered = source.artefacts.differential_attrition * chosen
        seen = by.takes_part(noise, source.assessed, (source.artefacts.selection, people["ses"]), lowered=lowered)
        measured = by.with_error(noise, people[name], 1.0, source.artefacts.skill_reliability)
        persons[name] = np.where(seen, measured, np.nan)
        waves.append(by.attendance(ids, f"{age:g}", age, np.ones(source.n, dtype=bool), seen))
    costs = [by.costs(ids, people[f"use_{window}"], list(source.sectors), window) for window in source.windows]
    return Cohort(
        name=book.cohort,
        description=book.description,
        columns=dict(book.columns),
        persons=persons,
        measures=pd.concat(waves, ignore_index=True),
        costs=pd.concat(costs, ignore_index=True),
    ).check()


def _difference(source: InterventionWorld, column: str, outcome: str) -> float | None:
    """Differences in skill: take-up times the effect of attending, and the effect of poverty."""
    age = {f"skill_{age:g}": age for age in source.skill_ages}.get(outcome)
    if age is None:
        return None
    by_policy = source.take_up * effect_at(source, age)
    return {POLICY: by_policy, STRESSOR: SIGN[source.stressor_effect] * source.poverty_skill}.get(column)
