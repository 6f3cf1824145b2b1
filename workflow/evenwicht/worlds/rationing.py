"""Children conceived around the end of sugar rationing, recruited half a century later, as a structural causal model.

The calendar of rationing and the date of birth set how much sugar was withheld in each part of the first 1000 days;
SES and genes move what one household used beside it. Sugar, whoever moved it, acts on the hazard of each disease
through one dose-response. Adults volunteer for a baseline visit; disease is known from linked records and self-report.
"""

import datetime as dt
from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig, EventOutcome, EventStudy, RationedDisease, RationingWorld
from evenwicht.config.rationing import GESTATION_DAYS
from evenwicht.errors import DataError
from evenwicht.streams import part_of
from evenwicht.worlds import mechanisms as by
from evenwicht.worlds.mechanisms import SIGN, YEAR, Flags, Floats
from evenwicht.worlds.scm import Equation, Model, Noise, Values, named, named_causes
from evenwicht.worlds.world import Contrast, Row, World, exact_effects, yes_or_no

POLICY, HOUSEHOLD = "rationed", "low_sugar_household"
MONTH = YEAR / 12
# parts of the first 1000 days, in days from birth
WINDOWS = {
    "prenatal": (-GESTATION_DAYS, 0.0),
    "early_infancy": (0.0, 6 * MONTH),
    "later_infancy": (6 * MONTH, 24 * MONTH),
}
PER = 100_000
CANDIDATES = 1.3  # people drawn for each volunteer expected, so that the sample is nearly always full


def build(config: CohortConfig) -> World:
    """Return the rationing world of a config."""
    world = config.source
    assert isinstance(world, RationingWorld)
    equations = rationing_model(world)
    never = {POLICY: True, **{f"withheld_{window}": 0.0 for window in WINDOWS}}
    return World(
        equations=equations,
        cohort=partial(_cohort, config, world, equations),
        # rationing is compared with its absence among the same births, those conceived while it lasted
        contrasts={POLICY: Contrast({POLICY: True}, never), **yes_or_no(HOUSEHOLD)},
        diseases=world.diseases,
        inclusion="volunteer_chance",
        exact=list(_closed_form(config, world)),
        others=partial(_others, config, world),
    )


def rationing_model(world: RationingWorld) -> Model:
    """Return the structural equations of a rationing world."""
    harm, benefit, artefacts = SIGN[world.stressor_effect], SIGN[world.policy_effect], world.artefacts

    def rationed(noise: Noise) -> Flags:
        """Conceived while sugar was rationed."""
        return noise.uniform() < world.share_rationed

    def birth_day(noise: Noise, rationed: Flags) -> Floats:
        """Days since the first birth, even within the births with and without rationing."""
        change, end = (day_of(world, date) for date in (world.last_rationed_birth, world.last_birth))
        draw = noise.uniform()
        return np.floor(np.where(rationed, draw * (change + 1), change + 1 + draw * (end - change)))

    def withheld(window: str) -> Equation:
        def equation(_: Noise, birth_day: Floats) -> Floats:
            """Sugar withheld by rationing, mean of the window, g a person and day."""
            return withheld_in(world, birth_day, window)

        return equation

    def male(noise: Noise) -> Flags:
        return noise.uniform() < world.share_male

    def region(noise: Noise) -> NDArray[np.int64]:
        return np.searchsorted(np.cumsum(list(world.regions.values()))[:-1], noise.uniform())

    def ses(noise: Noise) -> Floats:
        return noise.normal()

    def genes(noise: Noise) -> Floats:
        return noise.normal()

    def parental_diabetes(noise: Noise, genes: Floats) -> Flags:
        return by.above(world.parental_diabetes, by.propensity(noise, (world.parental_genes, genes)))

    def low_sugar_household(noise: Noise, ses: Floats, genes: Floats) -> Flags:
        home = world.household
        return by.above(home.prevalence, by.propensity(noise, (home.ses, ses), (home.genes, genes)))

    def household_sugar(noise: Noise, low_sugar_household: Flags) -> Floats:
        """What a household uses beside the mean of its time, g a person and day."""
        home = world.household
        return home.grams_less * (home.prevalence - low_sugar_household) + home.sigma * noise.normal()

    def sugar(window: str) -> Equation:
        def equation(_: Noise, household_sugar: Floats, withheld: Floats) -> Floats:
            """Intake in the window, mean g a person and day."""
            return np.maximum(world.free_intake - benefit * withheld + household_sugar, 0.0)

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
            doses = [getattr(disease.sugar, w) * dose_of(world, x) for w, x in zip(WINDOWS, intake, strict=True)]
            bundled = artefacts.bundled_foods * _other_foods(world, birth_day)
            trend = artefacts.cohort_trend * birth_day / YEAR
            background = disease.male * male + disease.ses * ses + disease.genes * genes
            return background + harm * sum(doses) + bundled + trend

        return equation

    def onset(name: str) -> Equation:
        def equation(noise: Noise, log_hazard: Floats) -> Floats:
            return by.onset_age(noise, world.diseases[name], log_hazard)

        return named_causes(equation, f"{name}_log_hazard")

    def control_onsets(noise: Noise, birth_day: Floats, ses: Floats) -> Floats:
        """Onset ages of the diseases that sugar does not touch, (n, diseases)."""
        controls = world.negative_controls
        hazard = controls.ses * ses + artefacts.cohort_trend * birth_day / YEAR
        return np.column_stack([by.onset_age(noise, onset, hazard) for onset in controls.onsets.values()])

    def death_age(noise: Noise) -> Floats:
        return by.onset_age(noise, world.death)

    def visit_age(noise: Noise, birth_day: Floats) -> Floats:
        """Age at the baseline visit, years."""
        first, last = (day_of(world, date) for date in (world.recruitment.first_visit, world.recruitment.last_visit))
        return (first + (last - first) * noise.uniform() - birth_day) / YEAR

    def volunteer_chance(_: Noise, ses: Floats, genes: Floats) -> Floats:
        """Chance that somebody alive and invited takes part; lower with a genetic risk if selection is switched on."""
        habit, chosen = world.recruitment, artefacts.selection
        total = np.hypot(habit.ses, chosen)
        score = (habit.ses * ses - chosen * genes) / (total or 1.0)
        return by.chance_above(habit.response, score, min(total, 0.999))

    def volunteers(noise: Noise, volunteer_chance: Floats, visit_age: Floats, death_age: Floats) -> Flags:
        return (noise.uniform() < volunteer_chance) & (death_age > visit_age)

    diseases = world.diseases.items()
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
            **(named(control_onsets) if world.negative_controls.count else {}),
            **named(*end),
        }
    )


def day_of(world: RationingWorld, date: dt.date) -> int:
    """Days since the first birth."""
    return (date - world.first_birth).days


def share_before(end: float, start: Floats, length: float) -> Floats:
    """Share of a window of `length` days from `start` that lies before `end`."""
    return np.clip((end - start) / length, 0.0, 1.0)


def withheld_in(world: RationingWorld, birth_day: Floats, window: str) -> Floats:
    """Sugar withheld by the ration in one part of the first 1000 days, mean g a person and day."""
    start, end = WINDOWS[window]
    foods = world.calendar.values()
    shares = (food.grams * share_before(day_of(world, food.ends), birth_day + start, end - start) for food in foods)
    return np.asarray(sum(shares))


def dose_of(world: RationingWorld, intake: Floats) -> Floats:
    """Sugar avoided, in units of what full rationing withholds."""
    return (world.free_intake - intake) / world.withheld


def _other_foods(world: RationingWorld, birth_day: Floats) -> Floats:
    """Share of the first 1000 days under rationing of the last food to be freed."""
    last = max(food.ends for food in world.calendar.values())
    return share_before(day_of(world, last), birth_day - GESTATION_DAYS, GESTATION_DAYS + 24 * MONTH)


def _cohort(config: CohortConfig, world: RationingWorld, equations: Model, key: np.random.SeedSequence) -> Cohort:
    candidates = int(CANDIDATES * world.n / world.recruitment.response)
    invited = equations.upto("volunteers").draw(candidates, part_of(key, 0))
    chosen = np.flatnonzero(invited["volunteers"])[: world.n]
    if len(chosen) < world.n:
        raise DataError(
            f"only {len(chosen)} of {world.n} participants are alive and willing among {candidates} invited",
            where=f"cohort {config.name}, source",
            mend="Lower the hazard of death or the selection, or ask for fewer people.",
        )
    # whoever stays away needs no more than what makes them stay away
    people = equations.draw(world.n, part_of(key, 2), {name: values[chosen] for name, values in invited.items()})
    noise = Noise(world.n, np.random.default_rng(part_of(key, 1)), np.arange(world.n))
    ids = np.arange(1, world.n + 1)
    birth = pd.Timestamp(world.first_birth) + pd.to_timedelta(people["birth_day"], unit="D")
    flags = {name: pd.array(people[name], dtype="boolean") for name in (POLICY, HOUSEHOLD, "parental_diabetes")}
    reliability = world.artefacts.household_reliability
    persons = pd.DataFrame(
        {
            "id": pd.Series(ids, dtype="Int64"),
            "birth_date": birth,
            "birth_month": pd.Categorical(birth.strftime("%Y-%m")),
            "sex": by.sex(people["male"]),
            "region": pd.Categorical(np.array(list(world.regions))[people["region"]], categories=list(world.regions)),
            "ses": people["ses"],
            "genes": people["genes"],
            **flags,
            "months_rationed": months_rationed(world, people["birth_day"]),
            "early_sugar": by.with_error(noise, _early_sugar(people), household_spread(world), reliability),
        }
    )
    willing = noise.normal() - world.artefacts.differential_attrition * people[POLICY]
    second = people["visit_age"] + world.recruitment.repeat_after
    alive = people["death_age"] > second
    came = by.above(world.recruitment.repeat_share, willing) & alive
    measures = [
        by.attendance(ids, "baseline", people["visit_age"], np.ones(world.n, bool), np.ones(world.n, bool)),
        by.attendance(ids, "repeat visit", second, alive, came),
    ]
    last_visit = np.where(came, second, people["visit_age"])
    return Cohort(
        name=config.name,
        description=config.description,
        columns=config.columns,
        persons=persons,
        measures=pd.concat(measures, ignore_index=True),
        events=_events(world, people, ids, last_visit, noise),
    ).check()


def months_rationed(world: RationingWorld, birth_day: Floats) -> Floats:
    """Months from conception to the age of 2 during which sugar was rationed, 0 to 33."""
    length = GESTATION_DAYS + 24 * MONTH
    return (
        length / MONTH * share_before(day_of(world, world.calendar["sugar"].ends), birth_day - GESTATION_DAYS, length)
    )


def household_spread(world: RationingWorld) -> float:
    """SD between households of what they use beside the mean of their time, g a person and day."""
    home = world.household
    return float(np.sqrt(home.sigma**2 + home.grams_less**2 * home.prevalence * (1 - home.prevalence)))


def _early_sugar(people: Values) -> Floats:
    """Mean intake over the first 1000 days, g a person and day."""
    lengths = np.array([end - start for start, end in WINDOWS.values()])
    return np.column_stack([people[f"sugar_{window}"] for window in WINDOWS]) @ (lengths / lengths.sum())


def _events(
    world: RationingWorld, people: Values, ids: NDArray[np.int64], last_visit: Floats, noise: Noise
) -> pd.DataFrame:
    """Each disease from birth and from the baseline visit, and death.

    Coherent windows follow everybody, ill or not, to the end of linkage. Incoherent ones look for diagnoses until then
    but censor the others at their last visit, so that the years after it hold events and no time at risk.
    """
    settings = world.diagnosis
    linkage_end = (day_of(world, settings.linkage_end) - people["birth_day"]) / YEAR
    until = np.minimum(np.minimum(linkage_end, people["death_age"]), settings.oldest_age)
    tables = [by.followed(ids, "death", people["death_age"], people["visit_age"], linkage_end)]
    onsets = {name: people[f"{name}_onset"] for name in world.diseases}
    onsets |= {name: people["control_onsets"][:, k] for k, name in enumerate(world.negative_controls.onsets)}
    for name, onset in onsets.items():
        diagnosed = diagnosis_age(world, onset, last_visit, until, noise)
        end = until
        if world.artefacts.incoherent_windows:
            end = np.where(diagnosed <= until, until, np.minimum(last_visit, until))
        tables.append(by.followed(ids, name, diagnosed, 0.0, end))
        if name in world.diseases:
            tables.append(by.followed(ids, f"{name}_from_baseline", diagnosed, people["visit_age"], end))
    return pd.concat(tables, ignore_index=True)


def diagnosis_age(world: RationingWorld, onset: Floats, last_visit: Floats, until: Floats, noise: Noise) -> Floats:
    """Age at diagnosis: the earlier of a linked record and a report at a visit; infinite if there is neither."""
    linked = noise.uniform() >= world.artefacts.missed_diagnoses
    reported = (noise.uniform() < world.diagnosis.self_reported) & (onset <= last_visit)
    age = np.where(linked & (onset <= until), onset, np.inf)
    return np.where(reported, np.minimum(age, np.floor(onset) + 0.5), age)


def diagnosed_share(world: RationingWorld, name: str, people: Values, rate: float) -> float:
    """Share of participants with a diagnosis by the end of follow-up, at a Gompertz rate; deaths left out."""
    disease, settings = world.diseases[name].model_copy(update={"rate": rate}), world.diagnosis
    end = (day_of(world, settings.linkage_end) - people["birth_day"]) / YEAR
    hazard = people[f"{name}_log_hazard"]
    by_end = by.onset_risk(disease, hazard, np.minimum(end, settings.oldest_age))
    by_visit = by.onset_risk(disease, hazard, people["visit_age"])
    missed = world.artefacts.missed_diagnoses
    known = (1 - missed) * by_end + missed * settings.self_reported * by_visit
    return float(np.average(known, weights=people["volunteer_chance"]))


def _others(config: CohortConfig, world: RationingWorld, people: Values) -> Iterator[Row]:
    """Share with a diagnosis, and absolute effects of the groups of the event study at its ages."""
    for name, outcome in config.outcomes.items():
        if isinstance(outcome, EventOutcome) and outcome.event in world.diseases:
            value = diagnosed_share(world, outcome.event, people, world.diseases[outcome.event].rate)
            row: Row = {"study": name, "level": "population", "contrast": "participants with a diagnosis"}
            yield {**row, "estimand": "group_share", "value": value}
    study = config.event_study
    for name in study.outcomes if study else []:
        outcome = config.outcomes[name]
        if study is not None and isinstance(outcome, EventOutcome) and outcome.event in world.diseases:
            yield from _absolute(study, world, name, outcome.event, people)


def _absolute(study: EventStudy, world: RationingWorld, name: str, event: str, people: Values) -> Iterator[Row]:
    """Risks by each age and time free of disease, of the same people born into each group and into none."""
    disease, weights = world.diseases[event], people["volunteer_chance"]
    n = len(weights)
    free = people[f"{event}_log_hazard"] - _rationing_part(world, disease, people["birth_day"])
    for group, quarters in study.groups.items():
        births = np.resize(births_between(study.ends, world.first_birth, *quarters), n)
        exposed = free + _rationing_part(world, disease, births)
        for age in study.ages:
            row: Row = {"study": name, "level": "policy", "contrast": f"{study.contrast(group)}, by age {age:g}"}
            one, none = (
                float(np.average(by.onset_risk(disease, hazard, age), weights=weights)) for hazard in (exposed, free)
            )
            yield {**row, "estimand": "risk_difference", "value": one - none}
            yield {**row, "estimand": "risk_ratio", "value": one / none}
            yield {**row, "estimand": "cases_averted", "value": PER * (none - one)}
            years = (by.mean_free_years(disease, hazard, age) for hazard in (exposed, free))
            gained, without = (float(np.average(y, weights=weights)) for y in years)
            yield {**row, "estimand": "rmst_difference", "value": gained - without}


def _rationing_part(world: RationingWorld, disease: RationedDisease, births: Floats) -> Floats:
    """The part of the log hazard that rationing gives to births on these days.

    The dose-response is linear as long as nobody's intake is cut to nothing, which no household comes near.
    """
    sign = SIGN[world.stressor_effect] * SIGN[world.policy_effect]
    doses = (getattr(disease.sugar, window) * withheld_in(world, births, window) / world.withheld for window in WINDOWS)
    return np.asarray(sign * sum(doses))


def _household_log_ratio(world: RationingWorld, column: str, event: str) -> float | None:
    """What the sugar that a household spares does by the dose-response."""
    if column != HOUSEHOLD:
        return None
    sugar = world.diseases[event].sugar
    total = sum(getattr(sugar, window) for window in WINDOWS)
    return SIGN[world.stressor_effect] * total * world.household.grams_less / world.withheld


def _closed_form(config: CohortConfig, world: RationingWorld) -> Iterator[Row]:
    """Structural coefficients of the household, and log hazard ratios of the cohorts by their months of rationing.

    Within a disease all log hazard ratios follow from doses, and the delay of onset is minus the log hazard ratio over
    the Gompertz shape.
    """
    outcomes = {
        name: outcome
        for name, outcome in config.outcomes.items()
        if isinstance(outcome, EventOutcome) and outcome.event in world.diseases
    }
    yield from exact_effects(config, world.diseases, log_hazard_ratio=partial(_household_log_ratio, world))
    study = config.event_study
    if study is None:
        return
    for name in study.outcomes:
        disease = world.diseases[outcomes[name].event]
        groups = {group: log_hazard_ratio(study, world, disease, quarters) for group, quarters in study.groups.items()}
        cells = {cell: log_hazard_ratio(study, world, disease, quarters) for cell, quarters in study.cells.items()}
        labelled = [(study.contrast(group), ratio) for group, ratio in groups.items()]
        labelled += [(study.cell_contrast(cell), ratio) for cell, ratio in cells.items()]
        for contrast, log_ratio in labelled:
            row: Row = {"study": name, "level": "policy", "contrast": contrast}
            yield {**row, "estimand": "conditional_hazard_ratio", "value": float(np.exp(log_ratio))}
            yield {**row, "estimand": "onset_delay", "value": -log_ratio / disease.shape}
        shortest, longest = next(iter(groups.values())), groups[study.longest]
        if longest:
            row = {"study": name, "level": "policy", "contrast": study.part_in_shortest}
            yield {**row, "estimand": "share_of_effect", "value": float(np.expm1(shortest) / np.expm1(longest))}
            yield {**row, "estimand": "share_of_log_hazard", "value": shortest / longest}


def births_between(ends: dt.date, origin: dt.date, first: int, last: int) -> Floats:
    """Days of birth since `origin`, spread evenly over quarters counted from the one of the date `ends`."""
    quarter = 4 * ends.year + (ends.month - 1) // 3

    def start(k: int) -> int:
        year, q = divmod(quarter + k, 4)
        return (dt.date(year, 3 * q + 1, 1) - origin).days

    return np.arange(start(first), start(last + 1), dtype=float)


def log_hazard_ratio(
    study: EventStudy, world: RationingWorld, disease: RationedDisease, quarters: tuple[int, int]
) -> float:
    """Mean log hazard ratio, against never rationed, of births in these quarters."""
    births = births_between(study.ends, world.first_birth, *quarters)
    return float(_rationing_part(world, disease, births).mean())
