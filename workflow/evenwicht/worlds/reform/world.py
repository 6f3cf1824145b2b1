"""Births around a reform of parental leave that holds from a date of birth on, as a structural causal model.

The reform adds months of leave for eligible mothers, and acts through these months alone: on dropping out of school
and on earnings at 30. A month does more where maternal education is low. Family SES decides on education, on leave and
a little on the season of birth, which has effects of its own; so births of different dates differ without any reform.
Every effect on a mean or risk has a closed form, because outcomes are linear in what an intervention changes. It is the
average over the births of a whole year; births near the date differ from it by the season of maternal education, which
moves the effect by less than a hundredth of itself at the default settings.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import ndtr

from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import BinaryOutcome, ContinuousOutcome
from evenwicht.base.streams import part_of
from evenwicht.cohort import Cohort
from evenwicht.results.questions import Question
from evenwicht.worlds import mechanisms as by
from evenwicht.worlds.mechanisms import SIGN
from evenwicht.worlds.reform.settings import Dropout, LogEarnings, ReformWorld
from evenwicht.worlds.scm import Model, Noise, model
from evenwicht.worlds.world import Row, World, effects_by_contrast, exact_effects, row

POLICY, STRESSOR, LEAVE = "born_after", "low_maternal_education", "leave_months"
SHIFT_DAYS = 7  # births this close before the date can be moved past it
SHIFT_SES = 0.7  # correlation of the propensity to be moved with family SES
AGE = 30.0  # years; age at which outcomes are known
DIRECTION = {"dropout": -1.0, "log_earnings": 1.0}  # in which the benefit of leave moves an outcome


def build(source: ReformWorld, book: Codebook, questions: Sequence[Question]) -> World:
    """Return the reform world of its settings."""
    equations = reform_model(source)
    return World(
        equations=equations,
        cohort=partial(_cohort, book, source, equations),
        exact=list(_closed_form(source, book, questions)),
    )


def reform_day(source: ReformWorld) -> int:
    """Days from the first day of birth to the reform."""
    return (source.reform_date - dt.date(source.first_birth_year, 1, 1)).days


def reform_model(source: ReformWorld) -> Model:
    """Return the structural equations of a reform world."""
    harm, good = SIGN[source.stressor_effect], SIGN[source.policy_effect]
    years = source.last_birth_year + 1 - source.first_birth_year
    peak, date = source.season.peak_day / 365, reform_day(source)
    artefacts, trend = source.artefacts, source.artefacts.cohort_trend

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
        pull = np.clip(source.season.ses * ses, -1, 1)
        keeps = noise.uniform() < (1 + pull * wave(even)) / 2
        return np.where(keeps, even, (even + 0.5) % 1)

    def birth_day(noise: Noise, ses: Floats, part_of_year: Floats) -> Floats:
        """Days since the first day of birth; some births just before the reform are moved past it."""
        year = np.floor(noise.uniform() * years)
        day = np.floor((year + part_of_year) / years * source.days)
        near = (day >= date - SHIFT_DAYS) & (day < date)
        propensity = by.propensity(noise, (SHIFT_SES, ses))
        moved = near & by.above(artefacts.shifted_births, propensity)
        return np.where(moved, 2 * date - 1 - day, day)

    def born_after(_: Noise, birth_day: Floats) -> Flags:
        return birth_day >= date

    def low_maternal_education(noise: Noise, ses: Floats) -> Flags:
        return by.above(source.low_education, by.propensity(noise, (source.low_education_ses, ses)))

    def eligible(noise: Noise) -> Flags:
        return noise.uniform() < source.eligible

    def leave_months(noise: Noise, ses: Floats, eligible: Flags, born_after: Flags) -> Floats:
        w = source.leave
        own = by.propensity(noise, (w.ses, ses))
        return w.before + w.spread * (2 * ndtr(own) - 1) + w.gain * (eligible & born_after)

    def by_leave(per_month: float, leave_months: Floats, low_maternal_education: Flags) -> Floats:
        """What leave beyond its mean before the reform adds to an outcome."""
        factor = np.where(low_maternal_education, source.low_education_factor, 1.0)
        return good * per_month * factor * (leave_months - source.leave.before)

    def dropout_risk(
        _: Noise,
        ses_rank: Floats,
        part_of_year: Floats,
        birth_day: Floats,
        low_maternal_education: Flags,
        leave_months: Floats,
    ) -> Floats:
        w = source.dropout
        background = w.risk + w.ses * (0.5 - ses_rank) + harm * w.low_education * low_maternal_education
        timing = source.season.dropout * wave(part_of_year) + trend.dropout * birth_day * years / source.days
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
        w = source.log_earnings
        background = w.mean + w.ses * ses - harm * w.low_education * low_maternal_education
        timing = source.season.log_earnings * wave(part_of_year) + trend.log_earnings * birth_day * years / source.days
        return (
            background + timing + by_leave(w.per_month, leave_months, low_maternal_education) + w.sigma * noise.normal()
        )

    def followed(noise: Noise, ses: Floats, born_after: Flags) -> Flags:
        """Outcomes at 30 are known."""
        lowered = np.where(born_after, artefacts.differential_attrition, 0.0)
        return by.takes_part(noise, source.share_followed, (artefacts.selection, ses), lowered=lowered)

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


def _cohort(book: Codebook, source: ReformWorld, equations: Model, key: np.random.SeedSequence) -> Cohort:
    people = equations.draw(source.n, part_of(key, 0))
    ids = np.arange(1, source.n + 1)
    birth = pd.Timestamp(source.first_birth_year, 1, 1) + pd.to_timedelta(people["birth_day"], unit="D")
    flags = {name: pd.array(people[name], dtype="boolean") for name in (POLICY, STRESSOR, "eligible")}
    seen = people["followed"]
    persons = pd.DataFrame(
        {
            "id": pd.Series(ids, dtype="Int64"),
            "birth_date": birth,
            "birth_month": by.calendar_month(birth),
            "ses": people["ses"],
            "ses_rank": people["ses_rank"],
            **flags,
            LEAVE: people[LEAVE],
            "dropout": pd.arrays.BooleanArray(people["dropout"], ~seen),
            "log_earnings": np.where(seen, people["log_earnings"], np.nan),
        }
    )
    return Cohort(
        name=book.cohort,
        description=book.description,
        columns=dict(book.columns),
        persons=persons,
        measures=by.attendance(ids, "registers at 30", AGE, np.ones(source.n, dtype=bool), seen),
    ).check()


def mean_effect(source: ReformWorld, outcome: Dropout | LogEarnings, low_education: float | None = None) -> float:
    """Effect of the reform on the mean of an outcome, in the direction of its benefit.

    `low_education` is the share of mothers with low education among those concerned; that of the world if left out.
    """
    share = source.low_education if low_education is None else low_education
    factor = 1 + (source.low_education_factor - 1) * share
    return SIGN[source.policy_effect] * source.eligible * source.leave.gain * factor * outcome.per_month


def _effect(source: ReformWorld, column: str, target: str) -> float | None:
    """Effect of the reform or of low maternal education on the mean of an outcome, and of the reform on leave.

    Education acts directly, and by what it adds to the effect of the leave that births after the reform have more of.
    """
    if column == POLICY and target == LEAVE:
        return source.eligible * source.leave.gain
    if target not in DIRECTION or column not in (POLICY, STRESSOR):
        return None
    outcome = getattr(source, target)
    if column == POLICY:
        return DIRECTION[target] * mean_effect(source, outcome)
    after = 1 - reform_day(source) / source.days
    added = after * (mean_effect(source, outcome, 1.0) - mean_effect(source, outcome, 0.0))
    return DIRECTION[target] * (added - SIGN[source.stressor_effect] * outcome.low_education)


def _closed_form(source: ReformWorld, book: Codebook, questions: Sequence[Question]) -> Iterator[Row]:
    """Effects, those of the reform by maternal education, its first stage, and none in years without a reform."""
    yield from exact_effects(book, questions, partial(_effect, source))
    for contrast, levels in effects_by_contrast(questions).items():
        for name in (name for outcomes in levels.values() for name in outcomes if contrast.column == POLICY):
            outcome = book.outcomes[name]
            if not isinstance(outcome, BinaryOutcome | ContinuousOutcome):
                continue
            keys = {"outcome": name, "reference": contrast.reference}
            if outcome.column == LEAVE:
                gain = source.eligible * source.leave.gain
                yield row("first_stage", gain, exposure=contrast.exposure, **keys)
            if outcome.column not in DIRECTION:
                continue
            estimand = "risk_difference" if isinstance(outcome, BinaryOutcome) else "mean_difference"
            for answer, share in (("yes", 1.0), ("no", 0.0)):
                own = DIRECTION[outcome.column] * mean_effect(source, getattr(source, outcome.column), share)
                subgroup = f"{STRESSOR}={answer}"
                yield row(estimand, own, exposure=contrast.exposure, subgroup=subgroup, **keys)
            for year in range(source.first_birth_year, source.last_birth_year + 1):
                if year != source.reform_date.year:
                    yield row(estimand, 0.0, exposure=f"{contrast.exposure}_{year}", **keys)
