"""A trial of foster care among children in institutions, with a comparison group from families.

Institutions lower IQ; children placed in foster families regain a part of it, the less the later they are placed. Low
birth weight is more frequent among the children who come to an institution and lowers IQ too: it confounds the
comparison with children from families, not the randomised one.
"""

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig, DeprivationWorld
from evenwicht.config.trials import IqAssessment
from evenwicht.streams import part_of
from evenwicht.worlds import mechanisms as by
from evenwicht.worlds.mechanisms import SIGN, Flags, Floats
from evenwicht.worlds.scm import Equation, Model, Noise, named
from evenwicht.worlds.world import Contrast, World, exact_effects

POLICY, STRESSOR = "foster_care", "stayed_in_institution"
CARE_WINDOW, CARE_MONTHS = "54 months", 54.0


def build(config: CohortConfig) -> World:
    """Return the deprivation world of a config."""
    world = config.source
    assert isinstance(world, DeprivationWorld)
    equations = deprivation_model(world)
    stayed = {"institution": True, "foster_care": False}
    return World(
        equations=equations,
        cohort=partial(_cohort, config, world, equations),
        contrasts={
            POLICY: Contrast({**stayed, "foster_care": True}, stayed, lambda people: people["disadvantage"]),
            STRESSOR: Contrast(stayed, {"institution": False, "foster_care": False}, lambda p: ~p["foster_care"]),
        },
        exact=list(exact_effects(config, mean_difference=partial(_difference, world))),
    )


def deprivation_model(world: DeprivationWorld) -> Model:
    """Return the structural equations of a deprivation world."""
    harm, benefit = SIGN[world.stressor_effect], SIGN[world.policy_effect]

    def disadvantage(noise: Noise) -> Flags:
        """Born into the circumstances that bring children to an institution."""
        trial = world.foster + world.institution
        return noise.uniform() < trial / (trial + world.family)

    def institution(_: Noise, disadvantage: Flags) -> Flags:
        return disadvantage

    def foster_care(noise: Noise, institution: Flags) -> Flags:
        return institution & (noise.uniform() < world.foster / (world.foster + world.institution))

    def low_birth_weight(noise: Noise, disadvantage: Flags) -> Flags:
        return noise.uniform() < np.where(disadvantage, world.low_birth_weight_institution, world.low_birth_weight)

    def placement_age(noise: Noise) -> Floats:
        """Age at placement if placed, months."""
        return world.placement_age + world.placement_sigma * noise.normal()

    def ability(noise: Noise) -> Floats:
        return noise.normal()

    def iq(assessment: IqAssessment) -> Equation:
        def equation(
            noise: Noise,
            institution: Flags,
            foster_care: Flags,
            placement_age: Floats,
            low_birth_weight: Flags,
            ability: Floats,
        ) -> Floats:
            """IQ points."""
            usual = assessment.institution + assessment.family_gain - harm * gap_of(world, assessment) * institution
            lost = world.gain_lost_per_month * (placement_age - world.placement_age)
            small = world.low_birth_weight_iq * (low_birth_weight - world.low_birth_weight)
            own = np.sqrt(world.persistence) * ability + np.sqrt(1 - world.persistence) * noise.normal()
            return usual + benefit * foster_care * (assessment.foster_gain - lost) + small + world.sigma * own

        return equation

    start: list[Equation] = [disadvantage, institution, foster_care, low_birth_weight, placement_age, ability]
    return Model({**named(*start), **{name: iq(assessment) for name, assessment in world.assessments.items()}})


def gap_of(world: DeprivationWorld, assessment: IqAssessment) -> float:
    """Effect of the institution: the difference between the groups less the part that low birth weight explains."""
    excess = world.low_birth_weight_institution - world.low_birth_weight
    return assessment.family_gain + world.low_birth_weight_iq * excess


def _cohort(config: CohortConfig, world: DeprivationWorld, equations: Model, key: np.random.SeedSequence) -> Cohort:
    trial = world.foster + world.institution
    n = trial + world.family
    ids = np.arange(1, n + 1)
    noise = Noise(n, np.random.default_rng(part_of(key, 1)), np.arange(n))
    disadvantage, placed = ids <= trial, np.zeros(n, dtype=bool)
    placed[noise.rng.permutation(trial)[: world.foster]] = True
    people = equations.draw(n, part_of(key, 0), {"disadvantage": disadvantage, "foster_care": placed})
    placement = np.clip(people["placement_age"], 0.0, CARE_MONTHS)
    persons = pd.DataFrame(
        {
            "id": pd.Series(ids, dtype="Int64"),
            STRESSOR: pd.arrays.BooleanArray(disadvantage, placed),
            POLICY: pd.arrays.BooleanArray(placed, ~disadvantage),
            "low_birth_weight": pd.array(people["low_birth_weight"], dtype="boolean"),
            "placement_age": np.where(placed, placement, np.nan),
        }
    )
    waves = []
    for name, assessment in world.assessments.items():
        lowered = world.artefacts.differential_attrition * placed
        seen = by.takes_part(
            noise, assessment.assessed, (world.artefacts.selection, people["ability"]), lowered=lowered
        )
        measured = by.with_error(noise, people[name], world.sigma, world.artefacts.iq_reliability)
        persons[name] = np.where(seen, measured, np.nan)
        waves.append(by.attendance(ids, name, assessment.age, np.ones(n, dtype=bool), seen))
    return Cohort(
        name=config.name,
        description=config.description,
        columns=config.columns,
        persons=persons,
        measures=pd.concat(waves, ignore_index=True),
        costs=_care(ids, disadvantage, placed, placement),
    ).check()


def _care(ids: NDArray[np.int64], disadvantage: Flags, placed: Flags, placement: Floats) -> pd.DataFrame:
    """Months in institutional and in foster care up to 54 months of age, which is what either form of care costs."""
    institutional = np.where(placed, placement, np.where(disadvantage, CARE_MONTHS, 0.0))
    foster = np.where(placed, CARE_MONTHS - placement, 0.0)
    months = np.column_stack([institutional, foster])
    return by.costs(ids, months, ["institutional_care", "foster_care"], CARE_WINDOW)


def _difference(world: DeprivationWorld, column: str, outcome: str) -> float | None:
    """Differences in IQ are parameters."""
    assessment = world.assessments.get(outcome)
    if assessment is None:
        return None
    gain = SIGN[world.policy_effect] * assessment.foster_gain
    loss = -SIGN[world.stressor_effect] * gap_of(world, assessment)
    return {POLICY: gain, STRESSOR: loss}.get(column)
