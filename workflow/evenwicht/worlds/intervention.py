"""A randomised early programme whose effect on skill fades to a small lasting part.

The effect t years after the end of the programme is fading * retention**t + lasting (fade-out with a small persistent
part; Bailey et al. 2017, Journal of Research on Educational Effectiveness 10:7; Hart et al. 2024). Yearly use and
earnings in adult life follow from lasting skill alone. Childhood poverty lowers skill at every age.
"""

from functools import partial

import numpy as np
import pandas as pd
from scipy.special import ndtri

from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig, InterventionWorld
from evenwicht.streams import part_of
from evenwicht.worlds import mechanisms as by
from evenwicht.worlds.mechanisms import SIGN, Flags, Floats
from evenwicht.worlds.scm import Equation, Model, Noise, named
from evenwicht.worlds.world import World, exact_effects, yes_or_no

POLICY, STRESSOR = "assigned", "poverty"


def build(config: CohortConfig) -> World:
    """Return the intervention world of a config."""
    world = config.source
    assert isinstance(world, InterventionWorld)
    equations = intervention_model(world)
    return World(
        equations=equations,
        cohort=partial(_cohort, config, world, equations),
        contrasts=yes_or_no(POLICY, STRESSOR),
        use={window: f"use_{window}" for window in world.windows},
        sectors=list(world.sectors),
        exact=list(exact_effects(config, mean_difference=partial(_difference, world))),
    )


def effect_at(world: InterventionWorld, age: float) -> float:
    """Effect of attending on skill at an age, SD."""
    fading = world.effect_at_end - world.lasting
    years = age - world.programme_ends
    return SIGN[world.policy_effect] * (fading * world.retention**years + world.lasting)


def explained_variance(world: InterventionWorld) -> float:
    """Share of the variance of skill, without the programme, that comes from SES and poverty."""
    harm, bar = SIGN[world.stressor_effect] * world.poverty_skill, ndtri(1 - world.poverty)
    tie = world.poverty_ses * np.exp(-(bar**2) / 2) / np.sqrt(2 * np.pi)  # covariance of SES and poverty
    poor = harm**2 * world.poverty * (1 - world.poverty)
    return float(world.ses_skill**2 + 2 * world.ses_skill * harm * tie + poor)


def intervention_model(world: InterventionWorld) -> Model:
    """Return the structural equations of an intervention world."""
    harm = SIGN[world.stressor_effect]
    left = 1 - explained_variance(world)

    def ses(noise: Noise) -> Floats:
        return noise.normal()

    def poverty(noise: Noise, ses: Floats) -> Flags:
        return by.above(world.poverty, by.propensity(noise, (world.poverty_ses, ses)))

    def assigned(noise: Noise) -> Flags:
        return noise.uniform() < world.share_assigned

    def attended(noise: Noise, assigned: Flags) -> Flags:
        return assigned & (noise.uniform() < world.take_up)

    def ability(noise: Noise, ses: Floats, poverty: Flags) -> Floats:
        """The part of skill that is the same at all ages, in SDs of skill without the programme."""
        background = world.ses_skill * ses + harm * world.poverty_skill * (poverty - world.poverty)
        return background + np.sqrt(world.persistence * left) * noise.normal()

    def skill(age: float) -> Equation:
        def equation(noise: Noise, ability: Floats, attended: Flags) -> Floats:
            return ability + effect_at(world, age) * attended + np.sqrt((1 - world.persistence) * left) * noise.normal()

        return equation

    def habits(noise: Noise) -> Floats:
        """Use and earnings that do not come from skill, (n, sectors)."""
        return noise.normal(len(world.sectors))

    def use(start: float, end: float) -> Equation:
        lasting = SIGN[world.policy_effect] * world.lasting

        def equation(_: Noise, ability: Floats, attended: Flags, habits: Floats) -> Floats:
            """Amount of every sector in a window, (n, sectors)."""
            level = ability + lasting * attended
            columns = [
                s.mean * (end - start) * np.exp(s.per_sd * level + s.sigma * habits[:, j] - s.sigma**2 / 2)
                for j, s in enumerate(world.sectors.values())
            ]
            return np.column_stack(columns)

        return equation

    start: list[Equation] = [ses, poverty, assigned, attended, ability]
    return Model(
        {
            **named(*start),
            **{f"skill_{age:g}": skill(age) for age in world.skill_ages},
            "habits": habits,
            **{f"use_{window}": use(*ages) for window, ages in world.windows.items()},
        }
    )


def _cohort(config: CohortConfig, world: InterventionWorld, equations: Model, key: np.random.SeedSequence) -> Cohort:
    noise = Noise(world.n, np.random.default_rng(part_of(key, 1)), np.arange(world.n))
    chosen = np.zeros(world.n, dtype=bool)
    chosen[noise.rng.permutation(world.n)[: round(world.n * world.share_assigned)]] = True
    people = equations.draw(world.n, part_of(key, 0), {POLICY: chosen})
    ids = np.arange(1, world.n + 1)
    flags = {name: pd.array(people[name], dtype="boolean") for name in (STRESSOR, POLICY, "attended")}
    persons = pd.DataFrame({"id": pd.Series(ids, dtype="Int64"), "ses": people["ses"], **flags})
    waves = []
    for age in world.skill_ages:
        name = f"skill_{age:g}"
        lowered = world.artefacts.differential_attrition * chosen
        seen = by.takes_part(noise, world.assessed, (world.artefacts.selection, people["ses"]), lowered=lowered)
        measured = by.with_error(noise, people[name], 1.0, world.artefacts.skill_reliability)
        persons[name] = np.where(seen, measured, np.nan)
        waves.append(by.attendance(ids, f"{age:g}", age, np.ones(world.n, dtype=bool), seen))
    costs = [by.costs(ids, people[f"use_{window}"], list(world.sectors), window) for window in world.windows]
    return Cohort(
        name=config.name,
        description=config.description,
        columns=config.columns,
        persons=persons,
        measures=pd.concat(waves, ignore_index=True),
        costs=pd.concat(costs, ignore_index=True),
    ).check()


def _difference(world: InterventionWorld, column: str, outcome: str) -> float | None:
    """Differences in skill: take-up times the effect of attending, and the effect of poverty."""
    if not outcome.startswith("skill_"):
        return None
    by_policy = world.take_up * effect_at(world, float(outcome.removeprefix("skill_")))
    return {POLICY: by_policy, STRESSOR: SIGN[world.stressor_effect] * world.poverty_skill}.get(column)
