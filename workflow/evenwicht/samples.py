"""The complete cases of one contrast and one outcome, as arrays ready for an estimator."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenwicht.cohort import Cohort
from evenwicht.config import Adjustment, Outcome
from evenwicht.estimators.design import covariate_matrix, require_both_arms, require_full_rank
from evenwicht.estimators.event_support import EventSupport, event_support, two_arms
from evenwicht.estimators.survival import survival_pseudo_values
from evenwicht.flow import COVARIATES, EXPOSURE, Flow, cluster_labels, departures, not_known
from evenwicht.outcomes import MeanOutcome, TimedOutcome, outcome_values

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """Arrays over the n complete cases.

    Attributes
    ----------
    rows : (persons,) array of bool
        Who of the persons table they are.
    exposure : (n,) array of 0 and 1
    covariates : (n, k) array
    names
        Names of the k covariates.
    clusters : (n,) array or None
    outcome
        Values for the same n people.
    flow
        Who left, and why.
    """

    rows: NDArray[np.bool_]
    exposure: Floats
    covariates: Floats
    names: list[str]
    clusters: NDArray[Any] | None
    outcome: MeanOutcome | TimedOutcome
    flow: Flow

    @property
    def n(self) -> int:
        return len(self.exposure)


def draw_sample(
    cohort: Cohort,
    exposure: str,
    adjust: Adjustment,
    outcome: Outcome,
    cluster: str | None,
    where: str,
    outside: Mapping[str, NDArray[np.bool_]] | None = None,
) -> Sample:
    """Return the complete cases of a contrast.

    People leave because they are not compared at all (`outside`, (n,) flags by reason), because exposure, outcome or
    covariates are not known, in this order. Whose cluster is not known stays, as a cluster alone.

    Raises
    ------
    ModelError
        If an arm is (nearly) empty, or the covariates are constant or linearly dependent.
    DataError
        As `outcomes.outcome_values`.
    """
    persons = cohort.persons
    values, unknown = outcome_values(cohort, outcome, where)
    complete, flow = departures(
        {
            **(outside or {}),
            EXPOSURE: not_known(persons, [exposure]),
            **unknown,
            COVARIATES: not_known(persons, adjust.columns),
        }
    )
    rows = persons[complete]
    arm = rows[exposure].to_numpy(dtype=float)
    require_both_arms(arm, where)
    covariates, names = covariate_matrix(rows, adjust.columns, adjust.quadratic)
    require_full_rank(np.column_stack([arm, covariates]), [exposure, *names], where)
    clusters, alone = cluster_labels(rows[cluster]) if cluster else (None, 0)
    return Sample(
        rows=complete,
        exposure=arm,
        covariates=covariates,
        names=names,
        clusters=clusters,
        outcome=subset(values, complete),
        flow=replace(flow, own_cluster=alone),
    )


@dataclass(frozen=True)
class Response:
    """An outcome as numbers whose means are compared: (n,) values, the estimand, and who had the event."""

    value: Floats
    estimand: str
    status: Floats | None

    @property
    def events(self) -> int | None:
        """People with the event, up to the horizon if there is one."""
        return None if self.status is None else int(np.nansum(self.status))

    def support(self, exposure: Floats) -> EventSupport:
        """What the events carry in a comparison by a 0/1 exposure, (n,)."""
        return event_support(self.status, two_arms(exposure))


def response(outcome: MeanOutcome | TimedOutcome) -> Response:
    """Return an outcome as numbers: as it is, or the jackknife pseudo-value of the risk at the horizon."""
    if isinstance(outcome, MeanOutcome):
        return Response(outcome.value, "risk_difference" if outcome.binary else "mean_difference", outcome.status)
    value = 1 - survival_pseudo_values(outcome.time, outcome.event, outcome.horizon, outcome.delayed_entry)
    return Response(value, "risk_difference", outcome.status)


def subset(values: MeanOutcome | TimedOutcome, rows: NDArray[np.bool_]) -> MeanOutcome | TimedOutcome:
    """Return the outcome of some people."""
    if isinstance(values, MeanOutcome):
        return MeanOutcome(values.value[rows], values.binary)
    return TimedOutcome(values.entry[rows], values.time[rows], values.event[rows], values.horizon)
