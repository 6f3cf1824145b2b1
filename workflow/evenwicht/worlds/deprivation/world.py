"""A trial of foster care among children in institutions, with a comparison group from families.

Institutions lower IQ; children placed in foster families regain a part of it, the less the later they are placed. Low
birth weight is more frequent among the children who come to an institution and lowers IQ too: it confounds the
comparison with children from families, not the randomised one.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.streams import part_of
from evenwicht.cohort import Cohort
from evenwicht.results.questions import Question
from evenwicht.worlds import mechanisms as by
from evenwicht.worlds.deprivation.settings import CARE_WINDOW, DeprivationWorld, IqAssessment
from evenwicht.worlds.mechanisms import SIGN
from evenwicht.worlds.scm import Equation, Model, Noise, named
from evenwicht.worlds.world import Arms, World, exact_effects

POLICY, STRESSOR = "foster_care", "stayed_in_institution"
CARE_MONTHS = 54.0  # of age, over which care is counted


def build(source: DeprivationWorld, book: Codebook, questions: Sequence[Question]) -> World:
    """Return the deprivation world of its settings."""
    equations = deprivation_model(source)
    stayed = {"institution": True, "foster_care": False}
    return World(
        equations=equations,
        cohort=partial(_cohort, book, source, equations),
        arms={
            POLICY: Arms({**stayed, "foster_care": True}, stayed, lambda people: people["disadvantage"]),
            STRESSOR: Arms(stayed, {"institution": False, "foster_care": False}, lambda p: ~p["foster_care"]),
        },
        exact=list(exact_effects(book, questions, partial(_difference, source))),
    )


def deprivation_model(source: DeprivationWorld) -> Model:
    """Return the structural equations of a deprivation world."""
    harm, benefit = SIGN[source.stressor_effect], SIGN[source.policy_effect]

    def disadvantage(noise: Noise) -> Flags:
        """Born into the circumstances that bring children to an institution."""
        trial = source.foster + source.institution
        return noise.uniform() < trial / (trial + source.family)

    def institution(_: Noise, disadvantage: Flags) -> Flags:
        return disadvantage

    def foster_care(noise: Noise, institution: Flags) -> Flags:
        return institution & (noise.uniform() < source.foster / (source.foster + source.institution))

    def low_birth_weight(noise: Noise, disadvantage: Flags) -> Flags:
        return noise.uniform() < np.where(disadvantage, source.low_birth_weight_institution, source.low_birth_weight)

    def placement_age(noise: Noise) -> Floats:
        """Age at placement if placed, months."""
        return source.placement_age + source.placement_sigma * noise.normal()

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
            usual = assessment.institution + assessment.family_gain - harm * gap_of(source, assessment) * institution
            lost = source.gain_lost_per_month * (placement_age - source.placement_age)
            small = source.low_birth_weight_iq * (low_birth_weight - source.low_birth_weight)
            own = np.sqrt(source.persistence) * ability + np.sqrt(1 - source.persistence) * noise.normal()
            return usual + benefit * foster_care * (assessment.foster_gain - lost) + small + source.sigma * own

        return equation

    start: list[Equation] = [disadvantage, institution, foster_care, low_birth_weight, placement_age, ability]
    return Model({**named(*start), **{name: iq(assessment) for name, assessment in source.assessments.items()}})


def gap_of(source: DeprivationWorld, assessment: IqAssessment) -> float:
    """Effect of the institution: the difference between the groups less the part that low birth weight explains."""
    excess = source.low_birth_weight_institution - source.low_birth_weight
    return assessment.family_gain + source.low_birth_weight_iq * excess


def _cohort(book: Codebook, source: DeprivationWorld, equations: Model, key: np.random.SeedSequence) -> Cohort:
    trial = source.foster + source.institution
    n = trial + source.family
    ids = np.arange(1, n + 1)
    noise = Noise(n, np.random.default_rng(part_of(key, 1)), np.arange(n))
    disadvantage, placed = ids <= trial, np.zeros(n, dtype=bool)
    placed[noise.rng.permutation(trial)[: source.foster]] = True
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
    for name, assessment in source.assessments.items():
        lowered = source.artefacts.differential_attrition * placed
        seen = by.takes_part(
            noise, assessment.assessed, (source.artefacts.selection, people["ability"]), lowered=lowered
        )
        measured = by.with_error(noise, people[name], source.sigma, source.artefacts.iq_reliability)
        persons[name] = np.where(seen, measured, np.nan)
        waves.append(by.attendance(ids, name, assessment.age, np.ones(n, dtype=bool), seen))
    return Cohort(
        name=book.cohort,
        description=book.description,
        columns=dict(book.columns),
        persons=persons,
        measures=pd.concat(waves, ignore_index=True),
        costs=_care(source, ids, disadvantage, placed, placement),
    ).check()


def _care(
    source: DeprivationWorld, ids: NDArray[np.int64], disadvantage: Flags, placed: Flags, placement: Floats
) -> pd.DataFrame:
    """Months in institutional and in foster care up to 54 months of age, which is what either form of care costs."""
    institutional = np.where(placed, placement, np.where(disadvantage, CARE_MONTHS, 0.0))
    foster = np.where(placed, CARE_MONTHS - placement, 0.0)
    months = np.column_stack([institutional, foster])
    return by.costs(ids, months, list(source.described_sectors), CARE_WINDOW)


def _difference(source: DeprivationWorld, column: str, outcome: str) -> float | None:
    """Differences in IQ are parameters."""
    assessment = source.assessments.get(outcome)
    if assessment is None:
        return None
    gain = SIGN[source.policy_effect] * assessment.foster_gain
    loss = -SIGN[source.stressor_effect] * gap_of(source, assessment)
    return {POLICY: gain, STRESSOR: loss}.get(column)
