"""The complete cases of one contrast and one outcome, as arrays ready for an estimator."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.cohort import Cohort
from evenwicht.config import Adjustment, Outcome
from evenwicht.estimators.design import covariate_matrix, require_both_arms, require_events, require_full_rank
from evenwicht.estimators.survival import require_follow_up, survival_pseudo_values
from evenwicht.outcomes import MeanOutcome, TimedOutcome, outcome_values

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """Arrays over the n complete cases.

    Attributes
    ----------
    exposure : (n,) array of 0 and 1
    covariates : (n, k) array
    names
        Names of the k covariates.
    clusters : (n,) array or None
    outcome
        Values for the same n people.
    """

    exposure: Floats
    covariates: Floats
    names: list[str]
    clusters: NDArray[Any] | None
    outcome: MeanOutcome | TimedOutcome

    @property
    def n(self) -> int:
        return len(self.exposure)


def draw_sample(
    cohort: Cohort, exposure: str, adjust: Adjustment, outcome: Outcome, cluster: str | None, where: str
) -> Sample:
    """Return the complete cases of a contrast.

    Raises
    ------
    ModelError
        If an arm is (nearly) empty, events are too few, nobody is followed to the horizon, or the covariates are
        constant or linearly dependent.
    """
    persons = cohort.persons
    values = outcome_values(cohort, outcome, where)
    used = [exposure, *adjust.columns, *([cluster] if cluster else [])]
    complete = persons[used].notna().all(axis=1).to_numpy() & values.observed
    rows = persons[complete]
    arm = rows[exposure].to_numpy(dtype=float)
    require_both_arms(arm, where)
    outcome_of_rows = subset(values, complete)
    if isinstance(outcome_of_rows, TimedOutcome):
        require_follow_up(outcome_of_rows.time, arm, outcome_of_rows.horizon, where)
    elif outcome_of_rows.binary:
        require_events(outcome_of_rows.value, where)
    covariates, names = covariate_matrix(rows, adjust.columns, adjust.quadratic)
    require_full_rank(np.column_stack([arm, covariates]), [exposure, *names], where)
    return Sample(
        exposure=arm,
        covariates=covariates,
        names=names,
        clusters=pd.factorize(rows[cluster])[0] if cluster else None,
        outcome=outcome_of_rows,
    )


@dataclass(frozen=True)
class Response:
    """An outcome as numbers whose means are compared: (n,) values, the estimand, and how many events."""

    value: Floats
    estimand: str
    events: int | None


def response(outcome: MeanOutcome | TimedOutcome) -> Response:
    """Return an outcome as numbers: as it is, or the jackknife pseudo-value of the risk at the horizon.

    Raises
    ------
    ModelError
        If fewer than two people are at risk before the horizon.
    """
    if isinstance(outcome, MeanOutcome):
        if outcome.binary:
            return Response(outcome.value, "risk_difference", int(outcome.value.sum()))
        return Response(outcome.value, "mean_difference", None)
    value = 1 - survival_pseudo_values(outcome.time, outcome.event, outcome.horizon, outcome.delayed_entry)
    return Response(value, "risk_difference", int(outcome.event.sum()))


def subset(values: MeanOutcome | TimedOutcome, rows: NDArray[np.bool_]) -> MeanOutcome | TimedOutcome:
    """Return the outcome of some people."""
    if isinstance(values, MeanOutcome):
        return MeanOutcome(values.value[rows], values.binary)
    return TimedOutcome(values.entry[rows], values.time[rows], values.event[rows], values.horizon)
