"""What a policy did that units adopted at different times, and what adopters did before; see `estimators.adoption`.

A row of the cohort is a unit in a period. A unit counts in all its periods by the mean of its weight.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags, Floats, Ints
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import DataError, ModelError
from evenwicht.base.outcomes import effect_estimand
from evenwicht.cohort import Cohort
from evenwicht.estimators.adoption import (
    Panel,
    Periods,
    interaction_weighted,
    interaction_weighted_periods,
    two_stage,
    two_way,
    two_way_periods,
)
from evenwicht.estimators.results import Interval
from evenwicht.estimators.sampling_weights import require_weights
from evenwicht.results.flow import EXPOSURE, Flow, departures, not_known
from evenwicht.results.rows import Findings
from evenwicht.studies.adoption import INTERACTION_WEIGHTED, LAST_BEFORE, TWO_STAGE, TWO_WAY, Settings
from evenwicht.studies.clusters import cluster_counts
from evenwicht.studies.samples import WEIGHT, response, subset, tell_spread
from evenwicht.studies.study import Job
from evenwicht.studies.values import outcome_values

EFFECTS: dict[str, Callable[[Panel, str], Interval]] = {
    INTERACTION_WEIGHTED: interaction_weighted,
    TWO_STAGE: two_stage,
    TWO_WAY: two_way,
}
BY_PERIOD: dict[str, Callable[[Panel, int, int, str], Periods]] = {
    INTERACTION_WEIGHTED: interaction_weighted_periods,
    TWO_WAY: two_way_periods,
}
PLACE, ALWAYS = "unit or period not known", "unit never seen without the policy"


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Estimate the effect of the policy by every estimator, and by period since adoption with the test of those before.

    Raises
    ------
    DataError
        If a unit has two rows of a period, or a policy that was adopted ends again.
    """
    for name in study.outcomes:
        outcome = book.outcomes[name]
        estimand = effect_estimand(outcome)
        where = f"cohort {book.cohort}, study {found.study}, {name}"
        with found.part(name, study.exposure, study.contrast.reference, estimand=estimand) as rows:
            panel, events, flow = _panel(cohort, book, study, name, where)
            rows.flow(flow)
            n = flow.analysed
            if events is None:
                tell_spread(rows, panel.outcome[panel.seen], np.repeat(panel.weight, panel.seen.sum(axis=1)))
            support = cluster_counts(panel.adopts.astype(float), np.arange(len(panel.first)))
            support.tell(rows, n)
            for method, effect in EFFECTS.items():
                rows.add(estimand, method, support.of(effect(panel, where)), n=n, events=events)
            for method, by_period in BY_PERIOD.items():
                with found.part(name, study.exposure, LAST_BEFORE, estimand=estimand) as steps:
                    told = by_period(panel, study.leads, study.lags, where)
                    for since, interval in told.effects.items():
                        steps.add(estimand, method, support.of(interval), n=n, events=events, at=since)
                    steps.diagnose("p_value", method, told.before, n=n)


def _panel(cohort: Cohort, book: Codebook, study: Settings, name: str, where: str) -> tuple[Panel, int | None, Flow]:
    """Return the units by periods whose outcome is known, the number of events if it is one, and what left."""
    persons = cohort.persons
    values, unknown = outcome_values(cohort, book.outcomes[name], where)
    holds = persons[study.exposure].to_numpy(dtype=float, na_value=np.nan)
    unit, period = (pd.factorize(persons[column], sort=True)[0] for column in (study.unit, study.period))
    placed = (unit >= 0) & (period >= 0)
    _require_one_row_each(unit[placed], period[placed], where)
    shape = unit.max(initial=0) + 1, period.max(initial=0) + 1
    first, always = _adoption(_grid(shape, unit[placed], period[placed], holds[placed]), where)
    stays, flow = departures(
        {
            EXPOSURE: np.isnan(holds),
            PLACE: ~placed,
            ALWAYS: placed & always[unit],
            **unknown,
            **({WEIGHT: not_known(persons, [study.weights])} if study.weights else {}),
        }
    )
    if not stays.any():
        raise ModelError("no row of the panel has all that is needed", where=where, fix="See who left, and why.")
    numbers, unit, period = response(subset(values, stays)), unit[stays], period[stays]
    used = np.unique(unit)
    weight = np.ones(len(used))
    if study.weights:
        given = persons.loc[stays, study.weights].to_numpy(dtype=float)
        require_weights(given, where)
        weight = (np.bincount(unit, given) / np.maximum(np.bincount(unit), 1))[used]
    return Panel(_grid(shape, unit, period, numbers.value)[used], first[used], weight), numbers.events, flow


def _grid(shape: tuple[int, int], unit: Ints, period: Ints, values: Floats) -> Floats:
    """Values by unit and period, NaN where there is none."""
    grid = np.full(shape, np.nan)
    grid[unit, period] = values
    return grid


def _require_one_row_each(unit: Ints, period: Ints, where: str) -> None:
    repeated = int(pd.DataFrame({"unit": unit, "period": period}).duplicated().sum())
    if repeated:
        raise DataError(
            f"{repeated} rows repeat a unit and period",
            where=where,
            fix="Give each unit one row in each period; for persons, take means by unit and period first.",
        )


def _adoption(holds: Floats, where: str) -> tuple[Ints, Flags]:
    """Return the position of the first period with the policy, that after the last if none, and who always had it.

    Parameters
    ----------
    holds : (units, periods) array
        1 with the policy, 0 without, NaN where not known.
    """
    held, free = holds == 1, holds == 0
    periods = holds.shape[1]
    first = np.where(held.any(axis=1), held.argmax(axis=1), periods)
    last_free = np.where(free.any(axis=1), periods - 1 - free[:, ::-1].argmax(axis=1), -1)
    ended = int((last_free > first).sum())
    if ended:
        raise DataError(
            f"the policy ends again in {ended} units",
            where=where,
            fix="Study its adoption alone: leave the periods after its end out.",
        )
    return first, held.any(axis=1) & ~free.any(axis=1)
