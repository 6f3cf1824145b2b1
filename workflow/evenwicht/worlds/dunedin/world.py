"""A Dunedin-style cohort as a structural causal model.

One year of births is enrolled at age 3 and followed through the waves. Parents pass on genes, and their genes go with
family SES and with an unmeasured family adversity; both make early stressors cluster. Stressors and genes shape brain
health, IQ and self-control, then mental health in adolescence and schooling; all of them shape the need for many cost
sectors, as a latent group, as a graded need or as both (see `need`). Sex and brain health also act on each sector by
themselves. Stressors also shape the onset age of one disease. A policy from a birth date on lowers poverty and acts
through nothing else. Registers hold next to nothing of the use of people while they live abroad.
"""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, ndtr, ndtri

from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import BinaryOutcome
from evenwicht.base.streams import part_of
from evenwicht.cohort import Cohort
from evenwicht.results.questions import Question
from evenwicht.worlds import mechanisms as by
from evenwicht.worlds.dunedin.need import SectorLoads, graded_need
from evenwicht.worlds.dunedin.norms import STRESSORS, norms_of
from evenwicht.worlds.dunedin.recorded import recorded_rows
from evenwicht.worlds.dunedin.settings import (
    PROSPECTIVE,
    RETROSPECTIVE,
    AdversityScore,
    Cognition,
    DunedinWorld,
    HighNeed,
    NoQualifications,
    Stressor,
    StressorWeights,
)
from evenwicht.worlds.mechanisms import SIGN, YEAR
from evenwicht.worlds.scm import Equation, Model, Noise, Values, causes_of, named, named_causes
from evenwicht.worlds.world import Row, World, effects_by_contrast, exact_effects, row

POLICY, TRAIT = "child_benefit", "unmeasured_trait"
ENROLMENT_AGE, ADULT_AGE = 3.0, 18.0
GROWTH_SIGMA = 0.2  # SD of the log growth of use between two ages of cost


def build(source: DunedinWorld, book: Codebook, questions: Sequence[Question]) -> World:
    """Return the Dunedin-style world of its settings."""
    equations = dunedin_model(source)
    return World(
        equations=equations,
        cohort=partial(_cohort, book, source, equations),
        diseases={"disease": source.disease},
        hazards={"death": lambda _, age: _death_hazard(source) * max(age - ENROLMENT_AGE, 0.0)},
        use={str(age): f"recorded_use_by_{age}" for age in source.cost_ages},
        columns={"sex": "male"},
        sectors=list(source.sectors),
        exact=list(_closed_form(source, book, questions)),
        others=partial(recorded_rows, source, questions),
    )


def dunedin_model(source: DunedinWorld) -> Model:
    """Return the structural equations of a Dunedin-style world."""
    harm, benefit, artefacts = SIGN[source.stressor_effect], SIGN[source.policy_effect], source.artefacts
    norms, loads = norms_of(source), SectorLoads.of(source)

    def load(weights: StressorWeights, stressors: Flags) -> Floats:
        """Sum of the weights of the stressors present."""
        return harm * (stressors @ np.array([getattr(weights, name) for name in STRESSORS]))

    def sibling_gap(noise: Noise) -> Floats:
        """Years by which a person is younger than the first child of the family."""
        return np.zeros(noise.n)

    def birth_day(noise: Noise, sibling_gap: Floats) -> Floats:
        """Days since the first birth of the study."""
        days = (source.last_birth - source.first_birth).days + 1
        return noise.of_family(np.floor(noise.uniform() * days)) + np.rint(YEAR * sibling_gap)

    def male(noise: Noise) -> Flags:
        return noise.uniform() < source.share_male

    def parental_genes(noise: Noise) -> Floats:
        return noise.of_family(noise.normal())

    def genes(noise: Noise, parental_genes: Floats) -> Floats:
        """Half of the variance is shared by brothers and sisters, half is drawn anew at conception."""
        return np.sqrt(0.5) * (parental_genes + noise.normal())

    def ses(noise: Noise, parental_genes: Floats) -> Floats:
        return noise.of_family(by.propensity(noise, (source.families.genes_ses, parental_genes)))

    def family_adversity(noise: Noise, parental_genes: Floats) -> Floats:
        return noise.of_family(by.propensity(noise, (source.families.genes_adversity, parental_genes)))

    def child_benefit(_: Noise, birth_day: Floats) -> Flags:
        return birth_day >= (source.policy.born_on_or_after - source.first_birth).days

    def adverse(noise: Noise, s: Stressor, ses: Floats, family_adversity: Floats) -> Floats:
        """Standard normal propensity to a stressor."""
        between = source.families.genes_ses * source.families.genes_adversity
        return by.propensity(noise, (s.ses, ses), (s.family, family_adversity), between=between)

    def poverty(noise: Noise, ses: Floats, family_adversity: Floats, child_benefit: Flags) -> Flags:
        s = source.stressors.poverty
        lowered = benefit * source.policy.poverty_shift * child_benefit
        return by.above(s.prevalence, adverse(noise, s, ses, family_adversity) - lowered)

    def other_stressor(name: str) -> Equation:
        s = getattr(source.stressors, name)

        def equation(noise: Noise, ses: Floats, family_adversity: Floats) -> Flags:
            return by.above(s.prevalence, adverse(noise, s, ses, family_adversity))

        return equation

    def side_by_side(_: Noise, *present: Flags) -> Flags:
        """The stressors in the order of their names, (n, stressors)."""
        return np.column_stack(present)

    def brain_health(noise: Noise, ses: Floats, genes: Floats, stressors: Flags) -> Floats:
        """Effects on it, and of it, are in SDs of what its causes leave unexplained; so are those of the next three."""
        w = source.brain_health
        return norms.brain_health.score(w.ses * ses + w.genes * genes + load(w.stressors, stressors) + noise.normal())

    def cognition(
        w: Cognition, noise: Noise, brain_health: Floats, ses: Floats, genes: Floats, stressors: Flags
    ) -> Floats:
        inherited = w.ses * ses + w.genes * genes
        grown = w.brain_health * norms.brain_health.latent(brain_health)
        return grown + inherited + load(w.stressors, stressors) + noise.normal()

    def iq(noise: Noise, brain_health: Floats, ses: Floats, genes: Floats, stressors: Flags) -> Floats:
        """IQ points."""
        return norms.iq.score(cognition(source.iq, noise, brain_health, ses, genes, stressors))

    def self_control(noise: Noise, brain_health: Floats, ses: Floats, genes: Floats, stressors: Flags) -> Floats:
        return norms.self_control.score(cognition(source.self_control, noise, brain_health, ses, genes, stressors))

    def unmeasured_trait(noise: Noise) -> Floats:
        """It lowers self-control and raises high need, whatever happened in early life."""
        return noise.normal()

    def with_trait(equation: Equation, weight: float) -> Equation:
        """The same equation, moved by the trait."""

        def moved(noise: Noise, *values: Floats) -> Floats:
            return np.asarray(equation(noise, *values[:-1]) + weight * values[-1])

        return named_causes(moved, *causes_of(equation), TRAIT)

    def childhood_risk(_: Noise, ses: Floats, maltreatment: Flags, iq: Floats, self_control: Floats) -> Floats:
        """Sum in SDs of the four risks of Caspi et al. (2016): low SES, maltreatment, low IQ and low self-control."""
        low_iq = -(iq - norms.iq.centre) / norms.iq.unit
        return norms.maltreatment.score(maltreatment.astype(float)) - ses + low_iq - self_control

    def mental_problems(noise: Noise, male: Flags, self_control: Floats, stressors: Flags) -> Floats:
        w = source.mental_problems
        control = norms.self_control.latent(self_control)
        return norms.mental_problems.score(
            w.male * male + w.self_control * control + load(w.stressors, stressors) + noise.normal()
        )

    def youth(w: NoQualifications | HighNeed, iq: Floats, self_control: Floats, mental_problems: Floats) -> Floats:
        """What the scores of childhood and adolescence add to log-odds."""
        problems = w.mental_problems * norms.mental_problems.latent(mental_problems)
        return w.iq * norms.iq.latent(iq) + w.self_control * norms.self_control.latent(self_control) + problems

    def no_qualifications(
        noise: Noise, ses: Floats, iq: Floats, self_control: Floats, mental_problems: Floats
    ) -> Flags:
        w = source.no_qualifications
        return noise.uniform() < expit(w.intercept + w.ses * ses + youth(w, iq, self_control, mental_problems))

    def need_log_odds(
        _: Noise,
        birth_day: Floats,
        male: Flags,
        ses: Floats,
        iq: Floats,
        self_control: Floats,
        mental_problems: Floats,
        no_qualifications: Flags,
        stressors: Flags,
    ) -> Floats:
        """Log-odds of belonging to the group with high need."""
        w = source.high_need
        log_odds = w.intercept + w.male * male + w.ses * ses + youth(w, iq, self_control, mental_problems)
        log_odds += w.no_qualifications * no_qualifications
        return log_odds + load(w.stressors, stressors) + artefacts.cohort_trend * birth_day / YEAR

    def high_need_group(noise: Noise, need_log_odds: Floats) -> Flags:
        """The latent group whose members are likely to be high users of many sectors."""
        return noise.uniform() < expit(need_log_odds)

    def graded(noise: Noise, need_log_odds: Floats) -> Floats:
        """Need for many sectors in grades, SDs."""
        return graded_need(source, need_log_odds, noise.normal())

    def by_class(_: Noise, high_need_group: Flags, male: Flags, brain_health: Floats) -> Floats:
        """Log-odds of high use of every sector, (n, sectors)."""
        return np.asarray(loads.of_group(high_need_group) + loads.beside_need(male, brain_health))

    def by_trait(_: Noise, graded_need: Floats, male: Flags, brain_health: Floats) -> Floats:
        need = loads.of_trait(graded_need, source.high_need.share)
        return np.asarray(need + loads.beside_need(male, brain_health))

    def by_both(_: Noise, high_need_group: Flags, graded_need: Floats, male: Flags, brain_health: Floats) -> Floats:
        need = loads.of_group(high_need_group) + loads.of_graded(graded_need)
        return np.asarray(need + loads.beside_need(male, brain_health))

    def first_use(noise: Noise, high_use_log_odds: Floats) -> Floats:
        """Whole units of every sector by the first age of cost, (n, sectors): a high draw, or a low one, often zero."""
        shape = len(source.sectors)
        high_draw, any_draw, amount = noise.uniform(shape), noise.uniform(shape), noise.normal(shape)
        high = high_draw < expit(high_use_log_odds)
        for j, sector in enumerate(source.sectors.values()):
            low_mean = np.where(any_draw[:, j] < sector.any_low, sector.mean_low, 0.0)
            mean = np.where(high[:, j], sector.mean_high, low_mean)
            amount[:, j] = np.rint(mean * np.exp(sector.sigma * amount[:, j] - sector.sigma**2 / 2))
        return amount

    def later_use(age: int, before: int) -> Equation:
        growth = (age - ADULT_AGE) / (before - ADULT_AGE)

        def equation(noise: Noise, use: Floats) -> Floats:
            spread = np.exp(GROWTH_SIGMA * noise.normal(len(source.sectors)) - GROWTH_SIGMA**2 / 2)
            return np.rint(use * (1 + (growth - 1) * spread))

        return named_causes(equation, f"use_by_{before}")

    def share_abroad(noise: Noise, ses: Floats) -> Floats:
        """Share of adult years spent outside the country; zero for those who never left."""
        leaves = by.above(source.abroad.prevalence, by.propensity(noise, (source.abroad.ses, ses)))
        mean = source.abroad.time_share
        return np.where(leaves, noise.rng.beta(4 * mean, 4 * (1 - mean), noise.n), 0.0)

    def recorded_use(age: int) -> Equation:
        administrative = np.array([sector.administrative for sector in source.sectors.values()])

        def equation(_: Noise, share_abroad: Floats, use: Floats) -> Floats:
            return np.rint(use * (1 - np.outer((1 - source.abroad.recorded) * share_abroad, administrative)))

        return named_causes(equation, "share_abroad", f"use_by_{age}")

    def disease_log_hazard(
        _: Noise, birth_day: Floats, male: Flags, ses: Floats, genes: Floats, stressors: Flags
    ) -> Floats:
        """Log hazard of the disease, relative to the baseline."""
        w = source.disease
        trend = artefacts.cohort_trend * birth_day / YEAR
        return w.male * male + w.ses * ses + w.genes * genes + load(w.stressors, stressors) + trend

    def disease_onset(noise: Noise, disease_log_hazard: Floats) -> Floats:
        """Age at onset in the absence of death."""
        return by.onset_age(noise, source.disease, disease_log_hazard)

    def death_age(noise: Noise) -> Floats:
        return ENROLMENT_AGE + noise.exponential() / _death_hazard(source)

    def adversity_score(score: AdversityScore) -> Equation:
        def equation(noise: Noise, stressors: Flags) -> NDArray[np.int64]:
            return np.searchsorted(score.cuts, stressors.sum(axis=1) + score.error * noise.normal())

        return equation

    def enrolment_chance(_: Noise, family_adversity: Floats) -> Floats:
        """Chance that an eligible birth is enrolled."""
        return by.chance_above(source.enrolled, -family_adversity, artefacts.selection)

    def participation(noise: Noise, ses: Floats, stressors: Flags) -> Flags:
        """Willing to take part in every wave, (n, waves).

        A person's propensity is partly their own over all waves and partly of the wave; its threshold at each wave is
        set by the share assessed, so the dip at 13 and the rebound at 15 come back.
        """
        habit = source.participation
        own = by.propensity(noise, (habit.ses, ses)) - artefacts.differential_attrition * stressors[:, 0]
        of_wave = noise.normal(len(source.waves))
        willing = np.sqrt(habit.persistence) * own[:, None] + np.sqrt(1 - habit.persistence) * of_wave
        return willing > ndtri(1 - np.array([wave.participation for wave in source.waves]))

    equations: list[Equation] = [
        sibling_gap,
        birth_day,
        male,
        parental_genes,
        genes,
        ses,
        family_adversity,
        child_benefit,
        poverty,
    ]
    first, *later = source.cost_ages
    high_use_log_odds: dict[str, Equation] = {
        "latent_class": by_class,
        "latent_trait": by_trait,
        "factor_mixture": by_both,
    }
    trait: dict[str, Equation] = {}
    if artefacts.mediator_confounding:
        trait[TRAIT] = unmeasured_trait
        trait["self_control"] = with_trait(self_control, -artefacts.mediator_confounding / norms.self_control.sd)
        trait["need_log_odds"] = with_trait(need_log_odds, artefacts.mediator_confounding)
    return Model(
        {
            **named(*equations),
            **{name: other_stressor(name) for name in STRESSORS[1:]},
            "stressors": named_causes(side_by_side, *STRESSORS),
            **{name: equation for name, equation in trait.items() if name == TRAIT},
            "brain_health": brain_health,
            "iq": iq,
            "self_control": trait.get("self_control", self_control),
            "childhood_risk": childhood_risk,
            "mental_problems": mental_problems,
            "no_qualifications": no_qualifications,
            "need_log_odds": trait.get("need_log_odds", need_log_odds),
            **({"high_need_group": high_need_group} if source.need != "latent_trait" else {}),
            **({"graded_need": graded} if source.need != "latent_class" else {}),
            "high_use_log_odds": high_use_log_odds[source.need],
            f"use_by_{first}": first_use,
            **{f"use_by_{age}": later_use(age, before) for before, age in zip(source.cost_ages, later, strict=False)},
            "share_abroad": share_abroad,
            **{f"recorded_use_by_{age}": recorded_use(age) for age in source.cost_ages},
            "disease_log_hazard": disease_log_hazard,
            "disease_onset": disease_onset,
            "death_age": death_age,
            PROSPECTIVE: adversity_score(source.adversity_scores.prospective),
            RETROSPECTIVE: adversity_score(source.adversity_scores.retrospective),
            "enrolment_chance": enrolment_chance,
            "participation": participation,
        }
    )


def _death_hazard(source: DunedinWorld) -> float:
    """Hazard of death of everybody from enrolment on, a year."""
    return float(-np.log1p(-source.death_by_end) / (source.waves[-1].age - ENROLMENT_AGE))


def families(source: DunedinWorld, n: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Index of the first child of each person's family, and who is a younger sibling.

    The first people are twins in pairs, the next ones siblings in pairs, and the others are the only ones of their
    family.
    """
    twins, siblings = 2 * source.families.twin_pairs, 2 * source.families.sibling_pairs
    second = np.arange(1, twins + siblings, 2)
    first = np.arange(n)
    first[second] -= 1
    younger = np.zeros(n, dtype=bool)
    younger[second[second >= twins]] = True
    return first, younger


def _enrolled(source: DunedinWorld, equations: Model, key: np.random.SeedSequence) -> tuple[Values, NDArray[np.int64]]:
    """Draw n children and the family of each; if selection is on, the first n of the eligible that enrol."""
    selective = bool(source.artefacts.selection)
    eligible = int(1.2 * source.n / source.enrolled) + 100 if selective else source.n
    first, younger = families(source, eligible)
    gap = np.random.default_rng(part_of(key, 1)).uniform(*source.families.sibling_gap, eligible)
    people = equations.draw(eligible, part_of(key, 0), {"sibling_gap": np.where(younger, gap, 0.0)}, first)
    if not selective:
        return people, first
    enrols = np.random.default_rng(part_of(key, 2)).random(eligible) < people["enrolment_chance"]
    kept = np.flatnonzero(enrols)[: source.n]
    return {name: values[kept] for name, values in people.items()}, first[kept]


def _cohort(book: Codebook, source: DunedinWorld, equations: Model, key: np.random.SeedSequence) -> Cohort:
    people, family = _enrolled(source, equations, key)
    n = len(family)
    ids = np.arange(1, n + 1)
    birth = pd.Timestamp(source.first_birth) + pd.to_timedelta(people["birth_day"], unit="D")
    noise = [Noise(n, np.random.default_rng(part_of(key, 3 + k)), np.arange(n)) for k in range(len(STRESSORS))]
    accuracy = source.artefacts.stressor_accuracy
    seen = {name: by.recorded(noise[k], people[name], accuracy) for k, name in enumerate(STRESSORS)}
    persons = pd.DataFrame(
        {
            "id": pd.Series(ids, dtype="Int64"),
            "family": pd.Series(family + 1, dtype="Int64"),
            "birth_date": birth,
            "birth_month": by.calendar_month(birth),
            "sex": by.sex(people["male"]),
            "ses": people["ses"],
            "genes": people["genes"],
            **{name: pd.array(flags, dtype="boolean") for name, flags in {POLICY: people[POLICY], **seen}.items()},
            "brain_health": people["brain_health"],
            "iq": people["iq"],
            "self_control": people["self_control"],
            "childhood_risk": people["childhood_risk"],
            "mental_problems": people["mental_problems"],
            "no_qualifications": pd.array(people["no_qualifications"], dtype="boolean"),
            "share_abroad": people["share_abroad"],
        }
    )
    due = [people["death_age"] > wave.age for wave in source.waves]
    waves = [
        by.attendance(ids, f"{wave.age:g}", float(wave.age), alive, people["participation"][:, j])
        for j, (wave, alive) in enumerate(zip(source.waves, due, strict=True))
    ]
    measures = pd.concat([*waves, *_adversities(source, people, ids, due)], ignore_index=True)
    return Cohort(
        name=book.cohort,
        description=book.description,
        columns=dict(book.columns),
        persons=persons,
        measures=measures,
        events=_events(source, people, ids),
        costs=pd.concat([_costs(source, people, ids, age, due) for age in source.cost_ages], ignore_index=True),
    ).check()


def _assessed(source: DunedinWorld, people: Values, due: list[Flags], age: float) -> Flags:
    wave = [w.age for w in source.waves].index(age)
    return np.asarray(due[wave] & people["participation"][:, wave])


def _adversities(source: DunedinWorld, people: Values, ids: NDArray[np.int64], due: list[Flags]) -> list[pd.DataFrame]:
    """Adversity scores: gathered for all while they grew up, and recalled by those assessed at the first cost age."""
    recall = source.cost_ages[0]
    recalls = _assessed(source, people, due, recall)
    retrospective = np.where(recalls, people[RETROSPECTIVE], np.nan)
    row = {"id": ids, "wave": f"{recall}", "age": float(recall), "measure": RETROSPECTIVE}
    return [
        pd.DataFrame(
            {
                "id": ids,
                "wave": "3 to 15",
                "age": 15.0,
                "measure": PROSPECTIVE,
                "value": people[PROSPECTIVE].astype(float),
            }
        ),
        pd.DataFrame({**row, "value": retrospective})[recalls],
    ]


def _events(source: DunedinWorld, people: Values, ids: NDArray[np.int64]) -> pd.DataFrame:
    """Death, and the disease until death or the last wave; with incoherent windows until the last wave attended."""
    last = np.full(len(ids), float(source.waves[-1].age))
    until = np.minimum(people["death_age"], last)
    if source.artefacts.incoherent_windows:
        ages = np.array([wave.age for wave in source.waves], dtype=float)
        came = people["participation"] & (people["death_age"][:, None] > ages)
        last_seen = np.where(came, ages, ENROLMENT_AGE).max(axis=1)
        until = np.where(people["disease_onset"] <= until, until, np.minimum(until, last_seen))
    disease = by.followed(ids, "disease", people["disease_onset"], 0.0, until)
    return pd.concat([by.followed(ids, "death", people["death_age"], ENROLMENT_AGE, last), disease], ignore_index=True)


def _costs(source: DunedinWorld, people: Values, ids: NDArray[np.int64], age: int, due: list[Flags]) -> pd.DataFrame:
    """Sector totals as recorded up to a cost age, for the people assessed at it."""
    rows = _assessed(source, people, due, age)
    return by.costs(ids[rows], people[f"recorded_use_by_{age}"][rows], list(source.sectors), str(age))


def poor_under_the_policy(source: DunedinWorld) -> float:
    """Share in poverty if all are born under the policy, a normal probability."""
    poor, lowered = source.stressors.poverty.prevalence, source.policy.poverty_shift
    return float(ndtr(ndtri(poor) - SIGN[source.policy_effect] * lowered))


def _effect(source: DunedinWorld, column: str, target: str) -> float | None:
    """The structural coefficient of a stressor, and the policy's effect on the risk of poverty."""
    if column == POLICY and target == "poverty":
        return poor_under_the_policy(source) - source.stressors.poverty.prevalence
    if column in STRESSORS and target == "disease":
        return SIGN[source.stressor_effect] * float(getattr(source.disease.stressors, column))
    return None


def _closed_form(source: DunedinWorld, book: Codebook, questions: Sequence[Question]) -> Iterator[Row]:
    """Structural coefficients, and the policy's effect on poverty."""
    yield from exact_effects(book, questions, partial(_effect, source), {"disease": source.disease})
    ratio = poor_under_the_policy(source) / source.stressors.poverty.prevalence
    for contrast, levels in effects_by_contrast(questions).items():
        for name in (name for outcomes in levels.values() for name in outcomes):
            outcome = book.outcomes[name]
            if contrast.column == POLICY and isinstance(outcome, BinaryOutcome) and outcome.column == "poverty":
                keys = {"outcome": name, "exposure": contrast.exposure, "reference": contrast.reference}
                yield row("risk_ratio", ratio, **keys)
