"""Births around a reform of parental leave that holds from a date of birth on, as a structural causal model.

The reform adds months of leave for eligible mothers, and acts through these months alone: on dropping out of school
and on earnings at 30. A month does more where maternal education is low. Family SES decides on education, on leave and
a little on the season of birth, which has effects of its own; so births of different dates differ without any reform.
Every effect on a mean or risk has a closed form, because outcomes are linear in what an intervention changes. It is the
average over the births of a whole year; births near the date differ from it by the season of maternal education, which
moves the effect by less than a hundredth of itself at the default settings.
"""

import datetime as dt
from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import ndtr

from evenwicht.cohort import Cohort
from evenwicht.config import BinaryOutcome, CohortConfig, ContinuousOutcome, ReformWorld
from evenwicht.config.reform import Dropout, LogEarnings
from evenwicht.rows import contrast_label, placebo_label
from evenwicht.streams import part_of
from evenwicht.worlds import mechanisms as by
from evenwicht.worlds.mechanisms import SIGN, Flags, Floats
from evenwicht.worlds.scm import Model, Noise, model
from evenwicht.worlds.world import Row, World, exact_effects, yes_or_no

POLICY, STRESSOR, LEAVE = "born_after", "low_maternal_education", "leave_months"
SHIFT_DAYS = 7  # births this close before the date can be moved past it
SHIFT_SES = 0.7  # correlation of the propensity to be moved with family SES
AGE = 30.0  # years; age at which outcomes are known


def build(config: CohortConfig) -> World:
    """Return the reform world of a config."""
    world = config.source
    assert isinstance(world, ReformWorld)
    equations = reform_model(world)
    return World(
        equations=equations,
        cohort=partial(_cohort, config, world, equations),
        contrasts=yes_or_no(POLICY, STRESSOR),
        exact=list(_closed_form(config, world)),
    )


def reform_day(world: ReformWorld) -> int:
    """Days from the first day of birth to the reform."""
    return (world.reform_date - dt.date(world.first_birth_year, 1, 1)).days


def reform_model(world: ReformWorld) -> Model:
    """Return the structural equations of a reform world."""
    harm, good = SIGN[world.stressor_effect], SIGN[world.policy_effect]
    years = world.last_birth_year + 1 - world.first_birth_year
    peak, date = world.season.peak_day / 365, reform_day(world)
    artefacts, trend = world.artefacts, world.artefacts.cohort_trend

    def wave(part_of_year: Floats) -> Floats:
        return np.asarray(np.cos(2 * np.pi * (part_of_year - peak)))

    def ses(noise: Noise) -> Floats:
        return noise.normal()

    def ses_rank(_: Noise, ses: Floats) -> Floats:
        """Family SES as the share of families below it."""
        return ndtr(ses)

    def part_of_year(noise: Noise, ses: Floats) -> Floats:
        """Time of year of birth, 0 to 1: even over all families, nearer to the peak for better-off ones.

        A birth in the half of the year away from its wave moves half a year, so the density is 1 + a cos.
        """
        even = noise.uniform()
        pull = np.clip(world.season.ses * ses, -1, 1)
        keeps = noise.uniform() < (1 + pull * wave(even)) / 2
        return np.where(keeps, even, (even + 0.5) % 1)

    def birth_day(noise: Noise, ses: Floats, part_of_year: Floats) -> Floats:
        """Days since the first day of birth; some births just before the reform are moved past it."""
        year = np.floor(noise.uniform() * years)
        day = np.floor((year + part_of_year) / years * world.days)
        near = (day >= date - SHIFT_DAYS) & (day < date)
        propensity = by.propensity(noise, (SHIFT_SES, ses))
        moved = near & by.above(artefacts.shifted_births, propensity)
        return np.where(moved, 2 * date - 1 - day, day)

    def born_after(_: Noise, birth_day: Floats) -> Flags:
        return birth_day >= date

    def low_maternal_education(noise: Noise, ses: Floats) -> Flags:
        return by.above(world.low_education, by.propensity(noise, (world.low_education_ses, ses)))

    def eligible(noise: Noise) -> Flags:
        return noise.uniform() < world.eligible

    def leave_months(noise: Noise, ses: Floats, eligible: Flags, born_after: Flags) -> Floats:
        w = world.leave
        own = by.propensity(noise, (w.ses, ses))
        return w.before + w.spread * (2 * ndtr(own) - 1) + w.gain * (eligible & born_after)

    def by_leave(per_month: float, leave_months: Floats, low_maternal_education: Flags) -> Floats:
        """What leave beyond its mean before the reform adds to an outcome."""
        factor = np.where(low_maternal_education, world.low_education_factor, 1.0)
        return good * per_month * factor * (leave_months - world.leave.before)

    def dropout_risk(
        _: Noise,
        ses_rank: Floats,
        part_of_year: Floats,
        birth_day: Floats,
        low_maternal_education: Flags,
        leave_months: Floats,
    ) -> Floats:
        w = world.dropout
        background = w.risk + w.ses * (0.5 - ses_rank) + harm * w.low_education * low_maternal_education
        timing = world.season.dropout * wave(part_of_year) + trend.dropout * birth_day * years / world.days
        return background + timing - by_leave(w.per_month, leave_months, low_maternal_education)

    def dropout(noise: Noise, dropout_risk: Floats) -> Flags:
        return noise.uniform() < dropout_risk

    def log_earnings(
        noise: Noise,
        ses: Floats,
        part_of_year: Floats,
        birth_day: Floats,
        low_maternal_education: Flags,
        leave_months: Floats,
    ) -> Floats:
        w = world.log_earnings
        background = w.mean + w.ses * ses - harm * w.low_education * low_maternal_education
        timing = world.season.log_earnings * wave(part_of_year) + trend.log_earnings * birth_day * years / world.days
        return (
            background + timing + by_leave(w.per_month, leave_months, low_maternal_education) + w.sigma * noise.normal()
        )

    def followed(noise: Noise, ses: Floats, born_after: Flags) -> Flags:
        """Outcomes at 30 are known."""
        lowered = np.where(born_after, artefacts.differential_attrition, 0.0)
        return by.takes_part(noise, world.followed, (artefacts.selection, ses), lowered=lowered)

    return model(
        ses,
        ses_rank,
        part_of_year,
        birth_day,
        born_after,
        low_maternal_education,
        eligible,
        leave_months,
        dropout_risk,
        dropout,
        log_earnings,
        followed,
    )


def _cohort(config: CohortConfig, world: ReformWorld, equations: Model, key: np.random.SeedSequence) -> Cohort:
    people = equations.draw(world.n, part_of(key, 0))
    ids = np.arange(1, world.n + 1)
    birth = pd.Timestamp(world.first_birth_year, 1, 1) + pd.to_timedelta(people["birth_day"], unit="D")
    flags = {name: pd.array(people[name], dtype="boolean") for name in (POLICY, STRESSOR, "eligible")}
    seen = people["followed"]
    persons = pd.DataFrame(
        {
            "id": pd.Series(ids, dtype="Int64"),
            "birth_date": birth,
            "birth_month": pd.Categorical(birth.strftime("%Y-%m")),
            "ses": people["ses"],
            "ses_rank": people["ses_rank"],
            **flags,
            LEAVE: people[LEAVE],
            "dropout": pd.arrays.BooleanArray(people["dropout"], ~seen),
            "log_earnings": np.where(seen, people["log_earnings"], np.nan),
        }
    )
    return Cohort(
        name=config.name,
        description=config.description,
        columns=config.columns,
        persons=persons,
        measures=by.attendance(ids, "registers at 30", AGE, np.ones(world.n, dtype=bool), seen),
    ).check()


def mean_effect(world: ReformWorld, outcome: Dropout | LogEarnings, low_education: float | None = None) -> float:
    """Effect of the reform on the mean of an outcome, in the direction of its benefit.

    `low_education` is the share of mothers with low education among those concerned; that of the world if left out.
    """
    share = world.low_education if low_education is None else low_education
    factor = 1 + (world.low_education_factor - 1) * share
    return SIGN[world.policy_effect] * world.eligible * world.leave.gain * factor * outcome.per_month


def _effect(world: ReformWorld, key: str, column: str) -> float | None:
    """Effect of the reform or of low maternal education on the mean of an outcome.

    Education acts directly, and by what it adds to the effect of the leave that births after the reform have more of.
    """
    signs = {"dropout": -1.0, "log_earnings": 1.0}
    if column not in signs or key not in (POLICY, STRESSOR):
        return None
    outcome = getattr(world, column)
    if key == POLICY:
        return signs[column] * mean_effect(world, outcome)
    after = 1 - reform_day(world) / world.days
    added = after * (mean_effect(world, outcome, 1.0) - mean_effect(world, outcome, 0.0))
    return signs[column] * (added - SIGN[world.stressor_effect] * outcome.low_education)


def _closed_form(config: CohortConfig, world: ReformWorld) -> Iterator[Row]:
    """Effects, those of the reform by maternal education, its first stage, and none in years without a reform."""
    effect = partial(_effect, world)
    yield from exact_effects(config, mean_difference=effect, risk_difference=effect)
    study = config.reform
    if study is None or study.exposure != POLICY:
        return
    label = contrast_label(POLICY, config.columns[POLICY])
    for name in study.outcomes:
        outcome = config.outcomes[name]
        if not isinstance(outcome, BinaryOutcome | ContinuousOutcome) or effect(POLICY, outcome.column) is None:
            continue
        estimand = "risk_difference" if isinstance(outcome, BinaryOutcome) else "mean_difference"
        row: Row = {"study": name, "level": "policy", "estimand": estimand}
        for share, education in ((1.0, "low"), (0.0, "high")):
            own = mean_effect(world, getattr(world, outcome.column), share)
            part = f"{label}, {education} maternal education"
            yield {**row, "contrast": part, "value": own if estimand == "mean_difference" else -own}
        for year in study.other_years:
            yield {**row, "contrast": placebo_label(year), "value": 0.0}
    if study.first_stage is not None and getattr(config.outcomes[study.first_stage], "column", None) == LEAVE:
        gain = world.eligible * world.leave.gain
        row = {"study": study.first_stage, "level": "policy", "contrast": label}
        yield {**row, "estimand": "first_stage", "value": gain}
