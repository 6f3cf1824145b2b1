"""Births around a short famine in one city, with spared cities, as a structural causal model.

The ration calendar decides which pregnancies are exposed. Conceptions fall in famine, and those that happen are
selected by SES; the frail die first. Famine in early, mid or late pregnancy acts on the hazard of coronary disease and
on glucose. Registers know the disease of all survivors, the clinic the glucose of those who attend.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig, EventOutcome, FamineWorld
from evenwicht.config.famine import ByTrimester
from evenwicht.rows import BEFORE_OR_AFTER, BORN_BEFORE, CONCEIVED_AFTER, PRE_TREND, period_label
from evenwicht.streams import part_of
from evenwicht.worlds import mechanisms as by
from evenwicht.worlds.mechanisms import SIGN, YEAR, Flags, Floats, onset_risk
from evenwicht.worlds.scm import Equation, Model, Noise, Values, named
from evenwicht.worlds.world import Contrast, Row, World, exact_effects

TRIMESTERS = ["late", "mid", "early"]  # in the order of birth dates
BEFORE, AFTER = 0, 4  # periods of birth; 1 to 3 are exposed in late, mid and early pregnancy


def build(config: CohortConfig) -> World:
    """Return the famine world of a config."""
    world = config.source
    assert isinstance(world, FamineWorld)
    equations = famine_model(world)
    return World(
        equations=equations,
        cohort=partial(_cohort, config, world, equations),
        contrasts={
            **{f"exposed_{name}": _contrast(k, f"exposed_{name}") for k, name in enumerate(TRIMESTERS, start=1)},
            **{name: _among_the_exposed(f"exposed_{name}") for name in TRIMESTERS},
        },
        diseases={"coronary_disease": world.coronary_disease},
        exact=list(_closed_form(config, world)),
        others=partial(_selection, config, world),
    )


def _closed_form(config: CohortConfig, world: FamineWorld) -> Iterator[Row]:
    """Structural coefficients, and no effect on births before the exposure."""
    yield from exact_effects(
        config,
        {"coronary_disease": world.coronary_disease},
        log_hazard_ratio=partial(_effect, world, world.coronary_disease.famine, "coronary_disease"),
        mean_difference=partial(_effect, world, world.glucose.famine, "glucose"),
    )
    if config.birth_periods is not None:
        for name in config.birth_periods.outcomes:
            risk = isinstance(config.outcomes[name], EventOutcome)
            estimand = "risk_difference" if risk else "mean_difference"
            yield {"study": name, "level": "policy", "contrast": PRE_TREND, "estimand": estimand, "value": 0.0}


def _selection(config: CohortConfig, world: FamineWorld, people: Values) -> Iterator[Row]:
    """How far crude differences are off because of who was conceived, and because of who survived infancy.

    Both are differences in the outcome that people would have had without famine and without a trend: between all who
    were born exposed and all who were not, and what the first year's deaths add to it.
    """
    study, alive = config.birth_periods, ~people["infant_death"]
    if study is None:
        return
    exposed = [people[f"exposed_{name}"] for name in TRIMESTERS]
    hazard = people["coronary_disease_log_hazard"] - _load(world, world.coronary_disease.famine, *exposed)
    hazard = hazard - _trend(world, people["famine_city"], people["birth_day"])
    glucose = people["glucose"] - _load(world, world.glucose.famine, *exposed)
    groups = {BORN_BEFORE: [BEFORE], CONCEIVED_AFTER: [AFTER], BEFORE_OR_AFTER: [BEFORE, AFTER]}
    for name in study.outcomes:
        outcome = config.outcomes[name]
        value = glucose
        if isinstance(outcome, EventOutcome):
            value = onset_risk(world.coronary_disease, hazard, outcome.horizon)
        for k, trimester in enumerate(TRIMESTERS, start=1):
            if trimester not in study.exposed:
                continue
            for reference, periods in groups.items():
                arms = [people["famine_city"] & np.isin(people["period"], group) for group in ([k], periods)]
                at_birth, later = (
                    value[arms[0] & kept].mean() - value[arms[1] & kept].mean() for kept in (np.True_, alive)
                )
                label = period_label(trimester, study.exposed[trimester], reference)
                row: Row = {"study": name, "level": "policy", "estimand": "selection_bias"}
                yield {**row, "contrast": f"{label}, by who was conceived", "value": float(at_birth)}
                yield {**row, "contrast": f"{label}, by who survived infancy", "value": float(later - at_birth)}


def _among_the_exposed(column: str) -> Contrast:
    """Exposure against none, among those exposed."""
    return Contrast({column: True}, {column: False}, lambda people: np.asarray(people[column]))


def _contrast(k: int, column: str) -> Contrast:
    """Exposure in one trimester against none, among those exposed in it and those born before or conceived after."""

    def among(people: Values) -> Flags:
        return np.asarray(people["famine_city"] & np.isin(people["period"], [BEFORE, k, AFTER]))

    return Contrast({column: True}, {column: False}, among)


def period_limits(world: FamineWorld) -> list[int]:
    """First day of birth of each period, and the day after the last, in days since the first birth.

    The exposed births are divided into three periods of equal length.
    """
    exposed = [(date - world.first_birth).days for date in world.exposed_births()]
    start, end = exposed[0], exposed[-1] + 1
    third = (end - start) / 3
    return [
        0,
        start,
        round(start + third),
        round(start + 2 * third),
        end,
        (world.last_birth - world.first_birth).days + 1,
    ]


def _load(world: FamineWorld, effects: ByTrimester, *exposed: Flags) -> Floats:
    """What famine adds to an outcome, given exposure in the trimesters in the order of `TRIMESTERS`."""
    terms = (getattr(effects, name) * flags for name, flags in zip(TRIMESTERS, exposed, strict=True))
    return np.asarray(SIGN[world.stressor_effect] * sum(terms))


def _trend(world: FamineWorld, famine_city: Flags, birth_day: Floats) -> Floats:
    """What later birth adds to the log hazard, by the artefacts."""
    yearly = world.artefacts.cohort_trend + world.artefacts.city_trend * famine_city
    return np.asarray(yearly * birth_day / YEAR)


def famine_model(world: FamineWorld) -> Model:
    """Return the structural equations of a famine world."""
    harm, artefacts = SIGN[world.stressor_effect], world.artefacts
    load = partial(_load, world)
    limits = np.array(period_limits(world))
    births = world.births
    counts = np.array([births.born_before, births.late, births.mid, births.early, births.conceived_after], dtype=float)

    def famine_city(noise: Noise) -> Flags:
        return noise.uniform() < counts.sum() / (counts.sum() + world.control_births)

    def period(noise: Noise, famine_city: Flags) -> NDArray[np.int64]:
        """Period of birth: by the counts in the famine city, evenly over the days elsewhere."""
        draw = noise.uniform()
        here = np.searchsorted(np.cumsum(counts / counts.sum())[:-1], draw)
        there = np.searchsorted(limits[1:-1] / limits[-1], draw)
        return np.where(famine_city, here, there)

    def birth_day(noise: Noise, period: NDArray[np.int64]) -> Floats:
        """Days since the first birth, even within a period."""
        return np.floor(limits[period] + noise.uniform() * np.diff(limits)[period])

    def exposed_in(trimester: str) -> Equation:
        k = 1 + TRIMESTERS.index(trimester)

        def equation(_: Noise, famine_city: Flags, period: NDArray[np.int64]) -> Flags:
            return famine_city & (period == k)

        return equation

    def male(noise: Noise) -> Flags:
        return noise.uniform() < world.share_male

    def ses(noise: Noise, famine_city: Flags, period: NDArray[np.int64]) -> Floats:
        """Family SES; those conceived in the depth of the famine come from better-off families."""
        return noise.normal() + world.fertility_selection * (famine_city & (period == 3))

    def frailty(noise: Noise) -> Floats:
        return noise.normal()

    def infant_death(
        noise: Noise, frailty: Floats, exposed_late: Flags, exposed_mid: Flags, exposed_early: Flags
    ) -> Flags:
        s = world.survival
        shift = harm * s.famine * (exposed_late | exposed_mid | exposed_early)
        return by.above(s.infant_death, by.propensity(noise, (s.frailty, frailty)) + shift)

    def coronary_disease_log_hazard(
        _: Noise,
        famine_city: Flags,
        birth_day: Floats,
        male: Flags,
        ses: Floats,
        frailty: Floats,
        exposed_late: Flags,
        exposed_mid: Flags,
        exposed_early: Flags,
    ) -> Floats:
        w = world.coronary_disease
        trend = _trend(world, famine_city, birth_day)
        background = w.male * male + w.ses * ses + w.frailty * frailty
        return background + load(w.famine, exposed_late, exposed_mid, exposed_early) + trend

    def coronary_disease_onset(noise: Noise, coronary_disease_log_hazard: Floats) -> Floats:
        return by.onset_age(noise, world.coronary_disease, coronary_disease_log_hazard)

    def glucose(noise: Noise, ses: Floats, exposed_late: Flags, exposed_mid: Flags, exposed_early: Flags) -> Floats:
        """Two-hour glucose, mmol/L."""
        w = world.glucose
        return (
            w.mean + w.ses * ses + load(w.famine, exposed_late, exposed_mid, exposed_early) + w.sigma * noise.normal()
        )

    def death_age(noise: Noise) -> Floats:
        return by.onset_age(noise, world.death)

    def attends(
        noise: Noise, ses: Floats, frailty: Floats, exposed_late: Flags, exposed_mid: Flags, exposed_early: Flags
    ) -> Flags:
        """Comes to the clinic if alive."""
        exposed = exposed_late | exposed_mid | exposed_early
        habits = (world.attendance_ses, ses), (-artefacts.selection, frailty)
        lowered = np.where(exposed, artefacts.differential_attrition, 0.0)
        return by.takes_part(noise, world.attendance, *habits, lowered=lowered)

    exposures = {f"exposed_{trimester}": exposed_in(trimester) for trimester in TRIMESTERS}
    end: list[Equation] = [
        male,
        ses,
        frailty,
        infant_death,
        coronary_disease_log_hazard,
        coronary_disease_onset,
        glucose,
    ]
    return Model(
        {**named(famine_city, period, birth_day), **exposures, **named(*end, death_age, attends)},
    )


def _cohort(config: CohortConfig, world: FamineWorld, equations: Model, key: np.random.SeedSequence) -> Cohort:
    n = sum(world.births.model_dump().values()) + world.control_births
    people = equations.draw(n, part_of(key, 0))
    noise = Noise(n, np.random.default_rng(part_of(key, 1)), np.arange(n))
    ids = np.arange(1, n + 1)
    recorded_day = people["birth_day"] + np.rint(world.artefacts.dating_error_days * noise.normal())
    birth = pd.Timestamp(world.first_birth) + pd.to_timedelta(recorded_day, unit="D")
    classes = np.digitize(recorded_day, period_limits(world)[1:-1])
    unexposed = people["famine_city"] & np.isin(classes, [BEFORE, AFTER])
    exposures = {
        f"exposed_{trimester}": _against(people["famine_city"] & (classes == k), unexposed)
        for k, trimester in enumerate(TRIMESTERS, start=1)
    }
    seen = people["attends"] & ~people["infant_death"] & (people["death_age"] > world.clinic_age)
    persons = pd.DataFrame(
        {
            "id": pd.Series(ids, dtype="Int64"),
            "birth_date": birth,
            "birth_month": pd.Categorical(birth.strftime("%Y-%m")),
            "sex": by.sex(people["male"]),
            "ses": people["ses"],
            "famine_city": pd.array(people["famine_city"], dtype="boolean"),
            **exposures,
            "glucose": np.where(seen, people["glucose"], np.nan),
        }
    )
    return Cohort(
        name=config.name,
        description=config.description,
        columns=config.columns,
        persons=persons,
        measures=pd.concat(_waves(world, people, ids, seen), ignore_index=True),
        events=_events(world, people, ids),
    ).check()


def _against(exposed: Flags, unexposed: Flags) -> "pd.arrays.BooleanArray":
    """Yes for the exposed, no for the unexposed of the same city, empty for everybody else."""
    return pd.arrays.BooleanArray(exposed, ~(exposed | unexposed))


def _waves(world: FamineWorld, people: Values, ids: NDArray[np.int64], seen: Flags) -> list[pd.DataFrame]:
    born = np.ones(len(ids), dtype=bool)
    alive = ~people["infant_death"] & (people["death_age"] > world.clinic_age)
    return [
        by.attendance(ids, "survived infancy", 1.0, born, ~people["infant_death"]),
        by.attendance(ids, "clinic", world.clinic_age, alive, seen),
    ]


def _events(world: FamineWorld, people: Values, ids: NDArray[np.int64]) -> pd.DataFrame:
    """Coronary disease and death of those who survived infancy, in linked registers.

    Coherent windows follow everybody to the end of linkage; incoherent ones look for cases until then but censor the
    others at the age of the clinic.
    """
    onset = people["coronary_disease_onset"]
    until = np.minimum(world.linkage_age, people["death_age"])
    if world.artefacts.incoherent_windows:
        until = np.where(onset <= until, until, np.minimum(world.clinic_age, until))
    death = by.followed(ids, "death", people["death_age"], 0.0, np.full(len(ids), world.linkage_age))
    events = pd.concat([death, by.followed(ids, "coronary_disease", onset, 0.0, until)], ignore_index=True)
    return events[events["id"].isin(ids[~people["infant_death"]])]


def _effect(world: FamineWorld, effects: ByTrimester, name: str, column: str, outcome: str) -> float | None:
    """The structural coefficient of one trimester, if the outcome is the one that the effects are on."""
    trimester = column.removeprefix("exposed_")
    if outcome != name or trimester not in TRIMESTERS:
        return None
    return SIGN[world.stressor_effect] * float(getattr(effects, trimester))
