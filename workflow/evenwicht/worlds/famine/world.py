"""Births around a short famine in one city, with spared cities, as a structural causal model.

The ration calendar decides which pregnancies are exposed. Conceptions fall in famine, and those that happen are
selected by SES; the frail die first. Famine in early, mid or late pregnancy acts on the hazard of coronary disease and
on glucose. Registers know the disease of all survivors, the clinic the glucose of those who attend.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import ContinuousOutcome, EventOutcome
from evenwicht.base.streams import part_of
from evenwicht.cohort import Cohort
from evenwicht.results.questions import Births, Question
from evenwicht.worlds import mechanisms as by
from evenwicht.worlds.famine.settings import CONCEPTION, INFANCY, ByTrimester, FamineWorld
from evenwicht.worlds.mechanisms import SIGN, YEAR, onset_risk
from evenwicht.worlds.scm import Equation, Model, Noise, Values, named
from evenwicht.worlds.world import Arms, Row, World, births_of, exact_effect, exact_effects, row

TRIMESTERS = ["late", "mid", "early"]  # in the order of birth dates
BEFORE, AFTER = 0, 4  # periods of birth; 1 to 3 are exposed in late, mid and early pregnancy
UNEXPOSED = {BEFORE, AFTER}
# keys of the groups with which a window of births can be compared -> their periods
REFERENCES = {"born_before": [BEFORE], "conceived_after": [AFTER], "before_or_after": [BEFORE, AFTER]}


def build(source: FamineWorld, book: Codebook, questions: Sequence[Question]) -> World:
    """Return the famine world of its settings."""
    equations = famine_model(source)
    return World(
        equations=equations,
        cohort=partial(_cohort, book, source, equations),
        arms={f"exposed_{name}": _arms(k, f"exposed_{name}") for k, name in enumerate(TRIMESTERS, start=1)},
        births=partial(_born, source),
        diseases={"coronary_disease": source.coronary_disease},
        hazards={"death": lambda _, age: float(by.cumulative_hazard(source.death, age))},
        exact=list(_closed_form(source, book, questions)),
        others=partial(_selection, source, book, questions),
    )


def _closed_form(source: FamineWorld, book: Codebook, questions: Sequence[Question]) -> Iterator[Row]:
    """Structural coefficients, also of births that share one exposure or none."""
    diseases = {"coronary_disease": source.coronary_disease}
    yield from exact_effects(book, questions, partial(_effect, source), diseases)
    for born in births_of(questions):
        periods = periods_within(source, born)
        if len(periods) > 1:
            continue
        for name, reference in product(born.outcomes, born.references):
            effect = partial(_effect_in, source, periods[0])
            yield from exact_effect(book, name, born.exposure, reference, effect, diseases)
            outcome = book.outcomes[name]
            if periods[0] in UNEXPOSED and isinstance(outcome, EventOutcome) and outcome.event in diseases:
                keys = {"outcome": name, "exposure": born.exposure, "reference": reference}
                yield row("risk_difference", 0.0, at=outcome.horizon, **keys)


def _selection(source: FamineWorld, book: Codebook, questions: Sequence[Question], people: Values) -> Iterator[Row]:
    """How far crude differences are off because of who was conceived, and because of who survived infancy.

    Both are differences in the outcome that people would have had without famine and without a trend: between all who
    were born in the window and all who were not exposed, and what the first year's deaths add to it.
    """
    alive, here = ~people["infant_death"], people["famine_city"]
    exposed = [people[f"exposed_{name}"] for name in TRIMESTERS]
    hazard = people["coronary_disease_log_hazard"] - _load(source, source.coronary_disease.famine, *exposed)
    hazard = hazard - _trend(source, here, people["birth_day"])
    glucose = people["glucose"] - _load(source, source.glucose.famine, *exposed)
    for born, name in ((b, n) for b in births_of(questions) for n in b.outcomes):
        outcome = book.outcomes[name]
        if isinstance(outcome, EventOutcome) and outcome.event == "coronary_disease":
            value = onset_risk(source.coronary_disease, hazard, outcome.horizon)
        elif isinstance(outcome, ContinuousOutcome) and outcome.column == "glucose":
            value = glucose
        else:
            continue
        for reference in born.references:
            if reference not in REFERENCES or not _exposes(source, born):
                continue
            others = np.isin(people["period"], REFERENCES[reference])
            arms = here & _within(source, born, people["birth_day"]), here & others
            at_birth, later = (
                value[arms[0] & kept].mean() - value[arms[1] & kept].mean() for kept in (np.True_, alive)
            )
            keys = {"outcome": name, "exposure": born.exposure, "reference": reference}
            yield row("selection_bias", at_birth, at=CONCEPTION, **keys)
            yield row("selection_bias", later - at_birth, at=INFANCY, **keys)


def _arms(k: int, column: str) -> Arms:
    """Exposure in one trimester against none, among those exposed in it and those born before or conceived after."""

    def among(people: Values) -> Flags:
        return np.asarray(people["famine_city"] & np.isin(people["period"], [BEFORE, k, AFTER]))

    return Arms({column: True}, {column: False}, among)


def _born(source: FamineWorld, born: Births) -> Arms | None:
    """What the famine did to those born in a window of its city, or None if it reached none of them."""

    def among(people: Values) -> Flags:
        return np.asarray(people["famine_city"] & _within(source, born, people["birth_day"]))

    return Arms({}, {f"exposed_{name}": False for name in TRIMESTERS}, among) if _exposes(source, born) else None


def _within(source: FamineWorld, born: Births, birth_day: Floats) -> Flags:
    first, last = ((date - source.first_birth).days for date in (born.first, born.last))
    return np.asarray((birth_day >= first) & (birth_day <= last))


def periods_within(source: FamineWorld, born: Births) -> list[int]:
    """Periods of birth that a window reaches."""
    first, last = ((date - source.first_birth).days for date in (born.first, born.last))
    return [int(k) for k in np.unique(np.digitize(np.arange(first, last + 1), period_limits(source)[1:-1]))]


def _exposes(source: FamineWorld, born: Births) -> bool:
    return not set(periods_within(source, born)) <= UNEXPOSED


def period_limits(source: FamineWorld) -> list[int]:
    """First day of birth of each period, and the day after the last, in days since the first birth.

    The exposed births are divided into three periods of equal length.
    """
    exposed = [(date - source.first_birth).days for date in source.exposed_births()]
    start, end = exposed[0], exposed[-1] + 1
    third = (end - start) / 3
    return [
        0,
        start,
        round(start + third),
        round(start + 2 * third),
        end,
        (source.last_birth - source.first_birth).days + 1,
    ]


def _load(source: FamineWorld, effects: ByTrimester, *exposed: Flags) -> Floats:
    """What famine adds to an outcome, given exposure in the trimesters in the order of `TRIMESTERS`."""
    terms = (getattr(effects, name) * flags for name, flags in zip(TRIMESTERS, exposed, strict=True))
    return np.asarray(SIGN[source.stressor_effect] * sum(terms))


def _trend(source: FamineWorld, famine_city: Flags, birth_day: Floats) -> Floats:
    """What later birth adds to the log hazard, by the artefacts."""
    yearly = source.artefacts.cohort_trend + source.artefacts.city_trend * famine_city
    return np.asarray(yearly * birth_day / YEAR)


def famine_model(source: FamineWorld) -> Model:
    """Return the structural equations of a famine world."""
    harm, artefacts = SIGN[source.stressor_effect], source.artefacts
    load = partial(_load, source)
    limits = np.array(period_limits(source))
    births = source.births
    counts = np.array([births.born_before, births.late, births.mid, births.early, births.conceived_after], dtype=float)

    def famine_city(noise: Noise) -> Flags:
        return noise.uniform() < counts.sum() / (counts.sum() + source.control_births)

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
        return noise.uniform() < source.share_male

    def ses(noise: Noise, famine_city: Flags, period: NDArray[np.int64]) -> Floats:
        """Family SES; those conceived in the depth of the famine come from better-off families."""
        return noise.normal() + source.fertility_selection * (famine_city & (period == 3))

    def frailty(noise: Noise) -> Floats:
        return noise.normal()

    def infant_death(
        noise: Noise, frailty: Floats, exposed_late: Flags, exposed_mid: Flags, exposed_early: Flags
    ) -> Flags:
        s = source.survival
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
        w = source.coronary_disease
        trend = _trend(source, famine_city, birth_day)
        background = w.male * male + w.ses * ses + w.frailty * frailty
        return background + load(w.famine, exposed_late, exposed_mid, exposed_early) + trend

    def coronary_disease_onset(noise: Noise, coronary_disease_log_hazard: Floats) -> Floats:
        return by.onset_age(noise, source.coronary_disease, coronary_disease_log_hazard)

    def glucose(noise: Noise, ses: Floats, exposed_late: Flags, exposed_mid: Flags, exposed_early: Flags) -> Floats:
        """Two-hour glucose, mmol/L."""
        w = source.glucose
        return (
            w.mean + w.ses * ses + load(w.famine, exposed_late, exposed_mid, exposed_early) + w.sigma * noise.normal()
        )

    def death_age(noise: Noise) -> Floats:
        return by.onset_age(noise, source.death)

    def attends(
        noise: Noise, ses: Floats, frailty: Floats, exposed_late: Flags, exposed_mid: Flags, exposed_early: Flags
    ) -> Flags:
        """Comes to the clinic if alive."""
        exposed = exposed_late | exposed_mid | exposed_early
        habits = (source.attendance_ses, ses), (-artefacts.selection, frailty)
        lowered = np.where(exposed, artefacts.differential_attrition, 0.0)
        return by.takes_part(noise, source.attendance, *habits, lowered=lowered)

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


def _cohort(book: Codebook, source: FamineWorld, equations: Model, key: np.random.SeedSequence) -> Cohort:
    n = sum(source.births.model_dump().values()) + source.control_births
    people = equations.draw(n, part_of(key, 0))
    noise = Noise(n, np.random.default_rng(part_of(key, 1)), np.arange(n))
    ids = np.arange(1, n + 1)
    recorded_day = people["birth_day"] + np.rint(source.artefacts.dating_error_days * noise.normal())
    birth = pd.Timestamp(source.first_birth) + pd.to_timedelta(recorded_day, unit="D")
    classes = np.digitize(recorded_day, period_limits(source)[1:-1])
    unexposed = people["famine_city"] & np.isin(classes, [BEFORE, AFTER])
    exposures = {
        f"exposed_{trimester}": _against(people["famine_city"] & (classes == k), unexposed)
        for k, trimester in enumerate(TRIMESTERS, start=1)
    }
    seen = people["attends"] & ~people["infant_death"] & (people["death_age"] > source.clinic_age)
    persons = pd.DataFrame(
        {
            "id": pd.Series(ids, dtype="Int64"),
            "birth_date": birth,
            "birth_month": by.calendar_month(birth),
            "sex": by.sex(people["male"]),
            "ses": people["ses"],
            "famine_city": pd.array(people["famine_city"], dtype="boolean"),
            **exposures,
            "glucose": np.where(seen, people["glucose"], np.nan),
        }
    )
    return Cohort(
        name=book.cohort,
        description=book.description,
        columns=dict(book.columns),
        persons=persons,
        measures=pd.concat(_waves(source, people, ids, seen), ignore_index=True),
        events=_events(source, people, ids),
    ).check()


def _against(exposed: Flags, unexposed: Flags) -> "pd.arrays.BooleanArray":
    """Yes for the exposed, no for the unexposed of the same city, empty for everybody else."""
    return pd.arrays.BooleanArray(exposed, ~(exposed | unexposed))


def _waves(source: FamineWorld, people: Values, ids: NDArray[np.int64], seen: Flags) -> list[pd.DataFrame]:
    born = np.ones(len(ids), dtype=bool)
    alive = ~people["infant_death"] & (people["death_age"] > source.clinic_age)
    return [
        by.attendance(ids, "survived infancy", 1.0, born, ~people["infant_death"]),
        by.attendance(ids, "clinic", source.clinic_age, alive, seen),
    ]


def _events(source: FamineWorld, people: Values, ids: NDArray[np.int64]) -> pd.DataFrame:
    """Coronary disease and death of those who survived infancy, in linked registers.

    Coherent windows follow everybody to the end of linkage; incoherent ones look for cases until then but censor the
    others at the age of the clinic.
    """
    onset = people["coronary_disease_onset"]
    until = np.minimum(source.linkage_age, people["death_age"])
    if source.artefacts.incoherent_windows:
        until = np.where(onset <= until, until, np.minimum(source.clinic_age, until))
    death = by.followed(ids, "death", people["death_age"], 0.0, np.full(len(ids), source.linkage_age))
    events = pd.concat([death, by.followed(ids, "coronary_disease", onset, 0.0, until)], ignore_index=True)
    return events[events["id"].isin(ids[~people["infant_death"]])]


def _effect_in(source: FamineWorld, period: int, target: str) -> float | None:
    """The structural coefficient of famine for those born in one period; none did anything before it or after it."""
    effects = {"coronary_disease": source.coronary_disease.famine, "glucose": source.glucose.famine}
    if target not in effects:
        return None
    if period in UNEXPOSED:
        return 0.0
    return SIGN[source.stressor_effect] * float(getattr(effects[target], TRIMESTERS[period - 1]))


def _effect(source: FamineWorld, column: str, target: str) -> float | None:
    """The structural coefficient of one trimester."""
    period = {f"exposed_{trimester}": k for k, trimester in enumerate(TRIMESTERS, start=1)}.get(column)
    return None if period is None else _effect_in(source, period, target)
