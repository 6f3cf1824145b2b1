"""Children conceived around the end of sugar rationing, recruited half a century later, as a structural causal model.

The calendar of rationing and the date of birth set how much sugar was withheld in each part of the first 1000 days;
SES and genes move what one household used beside it. Sugar, whoever moved it, acts on the hazard of each disease
through one dose-response. Adults volunteer for a baseline visit; disease is known from linked records and self-report.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import DataError
from evenwicht.base.outcomes import EventOutcome
from evenwicht.base.streams import part_of
from evenwicht.cohort import Cohort
from evenwicht.results.questions import Births, Part, Question
from evenwicht.worlds import mechanisms as by
from evenwicht.worlds.mechanisms import SIGN, YEAR
from evenwicht.worlds.rationing.settings import DIAGNOSED, GESTATION_DAYS, RationedDisease, RationingWorld
from evenwicht.worlds.scm import Equation, Model, Noise, Values, named, named_causes
from evenwicht.worlds.world import (
    Arms,
    Intervention,
    Moved,
    Row,
    World,
    births_of,
    effects_by_age,
    exact_effect,
    exact_effects,
    row,
)

POLICY, HOUSEHOLD = "rationed", "low_sugar_household"
MONTH = YEAR / 12
# parts of the first 1000 days, in days from birth
WINDOWS = {
    "prenatal": (-GESTATION_DAYS, 0.0),
    "early_infancy": (0.0, 6 * MONTH),
    "later_infancy": (6 * MONTH, 24 * MONTH),
}
CANDIDATES = 1.3  # people drawn for each volunteer expected, so that the sample is nearly always full


def build(source: RationingWorld, book: Codebook, questions: Sequence[Question]) -> World:
    """Return the rationing world of its settings."""
    equations = rationing_model(source)
    never = {POLICY: True, **{f"withheld_{window}": 0.0 for window in WINDOWS}}
    return World(
        equations=equations,
        cohort=partial(_cohort, book, source, equations),
        # rationing is compared with its absence among the same births, those conceived while it lasted
        arms={POLICY: Arms({POLICY: True}, never)},
        diseases=source.diseases,
        inclusion="volunteer_chance",
        moved={"early_sugar": Moved(_early_sugar, _with_early_sugar)},
        exact=list(_closed_form(source, book, questions)),
        others=partial(_others, source, book, questions),
    )


def rationing_model(source: RationingWorld) -> Model:
    """Return the structural equations of a rationing world."""
    harm, benefit, artefacts = SIGN[source.stressor_effect], SIGN[source.policy_effect], source.artefacts

    def rationed(noise: Noise) -> Flags:
        """Conceived while sugar was rationed."""
        return noise.uniform() < source.share_rationed

    def birth_day(noise: Noise, rationed: Flags) -> Floats:
        """Days since the first birth, even within the births with and without rationing."""
        change, end = (day_of(source, date) for date in (source.last_rationed_birth, source.last_birth))
        draw = noise.uniform()
        return np.floor(np.where(rationed, draw * (change + 1), change + 1 + draw * (end - change)))

    def withheld(window: str) -> Equation:
        def equation(_: Noise, birth_day: Floats) -> Floats:
            """Sugar withheld by rationing, mean of the window, g a person and day."""
            return withheld_in(source, birth_day, window)

        return equation

    def male(noise: Noise) -> Flags:
        return noise.uniform() < source.share_male

    def region(noise: Noise) -> NDArray[np.int64]:
        return np.searchsorted(np.cumsum(list(source.regions.values()))[:-1], noise.uniform())

    def ses(noise: Noise) -> Floats:
        return noise.normal()

    def genes(noise: Noise) -> Floats:
        return noise.normal()

    def parental_diabetes(noise: Noise, genes: Floats) -> Flags:
        return by.above(source.parental_diabetes, by.propensity(noise, (source.parental_genes, genes)))

    def low_sugar_household(noise: Noise, ses: Floats, genes: Floats) -> Flags:
        home = source.household
        return by.above(home.prevalence, by.propensity(noise, (home.ses, ses), (home.genes, genes)))

    def household_sugar(noise: Noise, low_sugar_household: Flags) -> Floats:
        """What a household uses beside the mean of its time, g a person and day."""
        home = source.household
        return home.grams_less * (home.prevalence - low_sugar_household) + home.sigma * noise.normal()

    def sugar(window: str) -> Equation:
        def equation(_: Noise, household_sugar: Floats, withheld: Floats) -> Floats:
            """Intake in the window, mean g a person and day."""
            return np.maximum(source.free_intake - benefit * withheld + household_sugar, 0.0)

        return named_causes(equation, "household_sugar", f"withheld_{window}")

    def log_hazard(disease: RationedDisease) -> Equation:
        def equation(
            _: Noise,
            birth_day: Floats,
            male: Flags,
            ses: Floats,
            genes: Floats,
            sugar_prenatal: Floats,
            sugar_early_infancy: Floats,
            sugar_later_infancy: Floats,
        ) -> Floats:
            intake = (sugar_prenatal, sugar_early_infancy, sugar_later_infancy)
            doses = [getattr(disease.sugar, w) * dose_of(source, x) for w, x in zip(WINDOWS, intake, strict=True)]
            bundled = artefacts.bundled_foods * _other_foods(source, birth_day)
            trend = artefacts.cohort_trend * birth_day / YEAR
            background = disease.male * male + disease.ses * ses + disease.genes * genes
            return background + harm * sum(doses) + bundled + trend

        return equation

    def onset(name: str) -> Equation:
        def equation(noise: Noise, log_hazard: Floats) -> Floats:
            return by.onset_age(noise, source.diseases[name], log_hazard)

        return named_causes(equation, f"{name}_log_hazard")

    def control_onsets(noise: Noise, birth_day: Floats, ses: Floats) -> Floats:
        """Onset ages of the diseases that sugar does not touch, (n, diseases)."""
        controls = source.negative_controls
        hazard = controls.ses * ses + artefacts.cohort_trend * birth_day / YEAR
        return np.column_stack([by.onset_age(noise, onset, hazard) for onset in controls.onsets.values()])

    def death_age(noise: Noise) -> Floats:
        return by.onset_age(noise, source.death)

    def visit_age(noise: Noise, birth_day: Floats) -> Floats:
        """Age at the baseline visit, years."""
        first, last = (day_of(source, date) for date in (source.recruitment.first_visit, source.recruitment.last_visit))
        return (first + (last - first) * noise.uniform() - birth_day) / YEAR

    def volunteer_chance(_: Noise, ses: Floats, genes: Floats) -> Floats:
        """Chance that somebody alive and invited takes part; lower with a genetic risk if selection is switched on."""
        habit, chosen = source.recruitment, artefacts.selection
        total = np.hypot(habit.ses, chosen)
        score = (habit.ses * ses - chosen * genes) / (total or 1.0)
        return by.chance_above(habit.response, score, min(total, 0.999))

    def volunteers(noise: Noise, volunteer_chance: Floats, visit_age: Floats, death_age: Floats) -> Flags:
        return (noise.uniform() < volunteer_chance) & (death_age > visit_age)

    diseases = source.diseases.items()
    plain: list[Equation] = [male, region, ses, genes, parental_diabetes, low_sugar_household, household_sugar]
    end: list[Equation] = [death_age, visit_age, volunteer_chance, volunteers]
    return Model(
        {
            "rationed": rationed,
            "birth_day": birth_day,
            **{f"withheld_{window}": withheld(window) for window in WINDOWS},
            **named(*plain),
            **{f"sugar_{window}": sugar(window) for window in WINDOWS},
            **{f"{name}_log_hazard": log_hazard(disease) for name, disease in diseases},
            **{f"{name}_onset": onset(name) for name, _ in diseases},
            **(named(control_onsets) if source.negative_controls.count else {}),
            **named(*end),
        }
    )


def day_of(source: RationingWorld, date: dt.date) -> int:
    """Days since the first birth."""
    return (date - source.first_birth).days


def share_before(end: float, start: Floats, length: float) -> Floats:
    """Share of a window of `length` days from `start` that lies before `end`."""
    return np.clip((end - start) / length, 0.0, 1.0)


def withheld_in(source: RationingWorld, birth_day: Floats, window: str) -> Floats:
    """Sugar withheld by the ration in one part of the first 1000 days, mean g a person and day."""
    start, end = WINDOWS[window]
    foods = source.calendar.values()
    shares = (food.grams * share_before(day_of(source, food.ends), birth_day + start, end - start) for food in foods)
    return np.asarray(sum(shares))


def dose_of(source: RationingWorld, intake: Floats) -> Floats:
    """Sugar avoided, in units of what full rationing withholds."""
    return (source.free_intake - intake) / source.withheld


def _other_foods(source: RationingWorld, birth_day: Floats) -> Floats:
    """Share of the first 1000 days under rationing of the last food to be freed."""
    last = max(food.ends for food in source.calendar.values())
    return share_before(day_of(source, last), birth_day - GESTATION_DAYS, GESTATION_DAYS + 24 * MONTH)


def _cohort(book: Codebook, source: RationingWorld, equations: Model, key: np.random.SeedSequence) -> Cohort:
    candidates = int(CANDIDATES * source.n / source.recruitment.response)
    invited = equations.upto("volunteers").draw(candidates, part_of(key, 0))
    chosen = np.flatnonzero(invited["volunteers"])[: source.n]
    if len(chosen) < source.n:
        raise DataError(
            f"only {len(chosen)} of {source.n} participants are alive and willing among {candidates} invited",
            where=f"cohort {book.cohort}, source",
            fix="Lower the hazard of death or the selection, or ask for fewer people.",
        )
    # whoever stays away needs no more than what makes them stay away
    taking_part = {name: values[chosen] for name, values in invited.items()}
    del invited  # some twenty candidates for each participant
    people = equations.draw(source.n, part_of(key, 2), taking_part)
    noise = Noise(source.n, np.random.default_rng(part_of(key, 1)), np.arange(source.n))
    ids = np.arange(1, source.n + 1)
    birth = pd.Timestamp(source.first_birth) + pd.to_timedelta(people["birth_day"], unit="D")
    flags = {name: pd.array(people[name], dtype="boolean") for name in (POLICY, HOUSEHOLD, "parental_diabetes")}
    reliability = source.artefacts.household_reliability
    persons = pd.DataFrame(
        {
            "id": pd.Series(ids, dtype="Int64"),
            "birth_date": birth,
            "birth_month": by.calendar_month(birth),
            "sex": by.sex(people["male"]),
            "region": pd.Categorical(np.array(list(source.regions))[people["region"]], categories=list(source.regions)),
            "ses": people["ses"],
            "genes": people["genes"],
            **flags,
            "months_rationed": months_rationed(source, people["birth_day"]),
            "early_sugar": by.with_error(noise, _early_sugar(people), household_spread(source), reliability),
        }
    )
    willing = noise.normal() - source.artefacts.differential_attrition * people[POLICY]
    second = people["visit_age"] + source.recruitment.repeat_after
    alive = people["death_age"] > second
    came = by.above(source.recruitment.repeat_share, willing) & alive
    measures = [
        by.attendance(ids, "baseline", people["visit_age"], np.ones(source.n, bool), np.ones(source.n, bool)),
        by.attendance(ids, "repeat visit", second, alive, came),
    ]
    last_visit = np.where(came, second, people["visit_age"])
    return Cohort(
        name=book.cohort,
        description=book.description,
        columns=dict(book.columns),
        persons=persons,
        measures=pd.concat(measures, ignore_index=True),
        events=_events(source, people, ids, last_visit, noise),
    ).check()


def months_rationed(source: RationingWorld, birth_day: Floats) -> Floats:
    """Months from conception to the age of 2 during which sugar was rationed, 0 to 33."""
    length = GESTATION_DAYS + 24 * MONTH
    return (
        length / MONTH * share_before(day_of(source, source.calendar["sugar"].ends), birth_day - GESTATION_DAYS, length)
    )


def household_spread(source: RationingWorld) -> float:
    """SD between households of what they use beside the mean of their time, g a person and day."""
    home = source.household
    return float(np.sqrt(home.sigma**2 + home.grams_less**2 * home.prevalence * (1 - home.prevalence)))


def _early_sugar(people: Values) -> Floats:
    """Mean intake over the first 1000 days, g a person and day."""
    lengths = np.array([end - start for start, end in WINDOWS.values()])
    return np.column_stack([people[f"sugar_{window}"] for window in WINDOWS]) @ (lengths / lengths.sum())


def _with_early_sugar(people: Values, sugar: Floats) -> Intervention:
    """As much more or less in every part of the first 1000 days as makes their mean this, (n,)."""
    more = sugar - _early_sugar(people)
    return {f"sugar_{window}": people[f"sugar_{window}"] + more for window in WINDOWS}


def _events(
    source: RationingWorld, people: Values, ids: NDArray[np.int64], last_visit: Floats, noise: Noise
) -> pd.DataFrame:
    """Each disease from birth and from the baseline visit, and death.

    Coherent windows follow everybody, ill or not, to the end of linkage. Incoherent ones look for diagnoses until then
    but censor the others at their last visit, so that the years after it hold events and no time at risk.
    """
    settings = source.diagnosis
    linkage_end = (day_of(source, settings.linkage_end) - people["birth_day"]) / YEAR
    until = np.minimum(np.minimum(linkage_end, people["death_age"]), settings.oldest_age)
    tables = [by.followed(ids, "death", people["death_age"], people["visit_age"], linkage_end)]
    onsets = {name: people[f"{name}_onset"] for name in source.diseases}
    onsets |= {name: people["control_onsets"][:, k] for k, name in enumerate(source.negative_controls.onsets)}
    for name, onset in onsets.items():
        diagnosed = diagnosis_age(source, onset, last_visit, until, noise)
        end = until
        if source.artefacts.incoherent_windows:
            end = np.where(diagnosed <= until, until, np.minimum(last_visit, until))
        tables.append(by.followed(ids, name, diagnosed, 0.0, end))
        if name in source.diseases:
            tables.append(by.followed(ids, f"{name}_from_baseline", diagnosed, people["visit_age"], end))
    return pd.concat(tables, ignore_index=True)


def diagnosis_age(source: RationingWorld, onset: Floats, last_visit: Floats, until: Floats, noise: Noise) -> Floats:
    """Age at diagnosis: the earlier of a linked record and a report at a visit; infinite if there is neither."""
    linked = noise.uniform() >= source.artefacts.missed_diagnoses
    reported = (noise.uniform() < source.diagnosis.self_reported) & (onset <= last_visit)
    age = np.where(linked & (onset <= until), onset, np.inf)
    return np.where(reported, np.minimum(age, np.floor(onset) + 0.5), age)


def diagnosed_share(source: RationingWorld, name: str, people: Values, rate: float) -> float:
    """Share of participants with a diagnosis by the end of follow-up, at a Gompertz rate; deaths left out."""
    disease, settings = source.diseases[name].model_copy(update={"rate": rate}), source.diagnosis
    end = (day_of(source, settings.linkage_end) - people["birth_day"]) / YEAR
    hazard = people[f"{name}_log_hazard"]
    by_end = by.onset_risk(disease, hazard, np.minimum(end, settings.oldest_age))
    by_visit = by.onset_risk(disease, hazard, people["visit_age"])
    missed = source.artefacts.missed_diagnoses
    known = (1 - missed) * by_end + missed * settings.self_reported * by_visit
    return float(np.average(known, weights=people["volunteer_chance"]))


def _others(source: RationingWorld, book: Codebook, questions: Sequence[Question], people: Values) -> Iterator[Row]:
    """Share with a diagnosis, and absolute effects of times of birth: of the same people born in them and in none."""
    diseases = _diseases_of(source, book)
    for name, event in diseases.items():
        share = diagnosed_share(source, event, people, source.diseases[event].rate)
        yield row("group_share", share, outcome=name, exposure=DIAGNOSED)
    weights = people["volunteer_chance"]
    for born, name in ((b, n) for b in births_of(questions) for n in b.outcomes if n in diseases):
        disease, event = source.diseases[diseases[name]], diseases[name]
        free = people[f"{event}_log_hazard"] - _rationing_part(source, disease, people["birth_day"])
        exposed = free + _rationing_part(source, disease, np.resize(days_of(source, born), len(weights)))
        for found in effects_by_age({"outcome": name}, disease, exposed, free, weights, born.ages):
            yield from ({**found, "exposure": born.exposure, "reference": reference} for reference in born.references)


def _diseases_of(source: RationingWorld, book: Codebook) -> dict[str, str]:
    """Outcomes that are diseases of the world, with their events."""
    return {
        name: outcome.event
        for name, outcome in book.outcomes.items()
        if isinstance(outcome, EventOutcome) and outcome.event in source.diseases
    }


def _rationing_part(source: RationingWorld, disease: RationedDisease, births: Floats) -> Floats:
    """The part of the log hazard that rationing gives to births on these days.

    The dose-response is linear as long as nobody's intake is cut to nothing, which no household comes near.
    """
    sign = SIGN[source.stressor_effect] * SIGN[source.policy_effect]
    doses = (
        getattr(disease.sugar, window) * withheld_in(source, births, window) / source.withheld for window in WINDOWS
    )
    return np.asarray(sign * sum(doses))


def _household_log_ratio(source: RationingWorld, column: str, event: str) -> float | None:
    """What the sugar that a household spares does by the dose-response."""
    if column != HOUSEHOLD or event not in source.diseases:
        return None
    sugar = source.diseases[event].sugar
    total = sum(getattr(sugar, window) for window in WINDOWS)
    return SIGN[source.stressor_effect] * total * source.household.grams_less / source.withheld


def _closed_form(source: RationingWorld, book: Codebook, questions: Sequence[Question]) -> Iterator[Row]:
    """Structural coefficients of the household, and log hazard ratios of times of birth by their rationing.

    Within a disease all log hazard ratios follow from doses, and the delay of onset is minus the log hazard ratio over
    the Gompertz shape.
    """
    yield from exact_effects(book, questions, partial(_household_log_ratio, source), source.diseases)
    diseases = _diseases_of(source, book)
    for born in births_of(questions):
        for name, reference in product(born.outcomes, born.references):

            def effect(event: str, born: Births = born) -> float:
                return log_hazard_ratio(source, source.diseases[event], born)

            yield from exact_effect(book, name, born.exposure, reference, effect, source.diseases)
    for part in (question for question in questions if isinstance(question, Part)):
        for name in (name for name in part.part.outcomes if name in diseases):
            disease = source.diseases[diseases[name]]
            some, all_of_it = (log_hazard_ratio(source, disease, born) for born in (part.part, part.whole))
            keys = {"outcome": name, "exposure": part.part.exposure, "reference": part.whole.exposure}
            if all_of_it:
                yield row("share_of_effect", np.expm1(some) / np.expm1(all_of_it), **keys)
                yield row("share_of_log_hazard", some / all_of_it, **keys)


def days_of(source: RationingWorld, born: Births) -> Floats:
    """Days of birth from the first to the last date of a question, evenly."""
    return np.arange(day_of(source, born.first), day_of(source, born.last) + 1, dtype=float)


def log_hazard_ratio(source: RationingWorld, disease: RationedDisease, born: Births) -> float:
    """Mean log hazard ratio of births, against births after rationing."""
    return float(_rationing_part(source, disease, days_of(source, born)).mean())
