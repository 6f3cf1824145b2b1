"""The complete cases of one comparison and one outcome, as arrays ready for an estimator."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.errors import ModelError
from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import Outcome
from evenwicht.cohort import Cohort
from evenwicht.estimators.design import covariate_matrix, require_both_arms, require_full_rank
from evenwicht.estimators.event_support import EventSupport, event_support, two_arms
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.sampling_weights import effective_n, require_weights, standard_deviation
from evenwicht.estimators.survival import survival_pseudo_values
from evenwicht.results.flow import COVARIATES, EXPOSURE, Flow, cluster_labels, departures, not_known
from evenwicht.results.rows import SAMPLE, Rows
from evenwicht.studies.study import Follow
from evenwicht.studies.values import MeanOutcome, TimedOutcome, outcome_values

OTHER_LEVEL, WEIGHT = "another level of the exposure", "weight not known"


@dataclass(frozen=True)
class Exposed:
    """An exposure of everybody in a cohort.

    Attributes
    ----------
    name
        What it is called in messages.
    value : (persons,) array
        1 and 0, or a number in steps of the comparison; NaN where not known.
    continuous
        Whether it is a number.
    outside
        Who is not compared at all, (persons,) flags by reason.
    """

    name: str
    value: Floats
    continuous: bool = False
    outside: Mapping[str, Flags] = field(default_factory=dict)


def exposed_by(cohort: Cohort, contrast: Contrast) -> Exposed:
    """Return the exposure that a contrast compares; a standard deviation is that of everybody with a known value."""
    values = cohort.persons[contrast.column]
    if contrast.levels is not None:
        one, none = (np.asarray(values == level, dtype=bool) for level in contrast.levels)
        known = values.notna().to_numpy()
        value = np.where(known, one.astype(float), np.nan)
        return Exposed(contrast.column, value, outside={OTHER_LEVEL: known & ~one & ~none})
    value = values.to_numpy(dtype=float, na_value=np.nan)
    if contrast.per is None:
        return Exposed(contrast.column, value)
    step = float(np.nanstd(value)) if contrast.per == "sd" else contrast.per
    return Exposed(contrast.column, value / step if step else value, continuous=True)


@dataclass(frozen=True)
class Sample:
    """Arrays over the n complete cases.

    Attributes
    ----------
    rows : (persons,) array of bool
        Who of the persons table they are.
    exposure : (n,) array of 0 and 1, or of numbers
    continuous
        Whether the exposure is a number.
    covariates : (n, k) array
    names
        Names of the k covariates.
    clusters : (n,) array or None
    weights : (n,) array or None
        Design weights.
    outcome
        Values for the same n people.
    flow
        Who left, and why.
    """

    rows: Flags
    exposure: Floats
    continuous: bool
    covariates: Floats
    names: list[str]
    clusters: NDArray[Any] | None
    weights: Floats | None
    outcome: MeanOutcome | TimedOutcome
    flow: Flow

    @property
    def n(self) -> int:
        return len(self.exposure)

    @property
    def design(self) -> dict[str, Any]:
        """Clusters and weights, as estimators take them."""
        return {"clusters": self.clusters, "weights": self.weights}

    @property
    def sampling(self) -> Sampling:
        """How they were drawn: alone or in clusters, with weights."""
        return Sampling(self.n, self.clusters, self.weights)

    def tell_weights(self, rows: Rows) -> None:
        """Add how many equally weighted people say as much."""
        if self.weights is not None:
            rows.diagnose("effective_n", "weights", effective_n(self.weights), n=self.n)

    def tell_share(self, rows: Rows) -> None:
        """Add the share of people who are exposed, unless the exposure is a number."""
        if not self.continuous:
            share = float(np.average(self.exposure, weights=self.weights))
            rows.diagnose("share_exposed", SAMPLE, share, n=self.n)

    def tell_spread(self, rows: Rows) -> None:
        """Add the standard deviation of the outcome, if it is a number."""
        if isinstance(self.outcome, MeanOutcome) and not self.outcome.binary:
            tell_spread(rows, self.outcome.value, self.weights)

    @property
    def arms(self) -> dict[str, Flags]:
        """Who must have had events for an interval: either arm, or everybody where the exposure is a number."""
        return {"everybody": np.ones(self.n, dtype=bool)} if self.continuous else two_arms(self.exposure)


def draw_sample(
    cohort: Cohort,
    exposed: Exposed,
    adjust: Adjustment,
    outcome: Outcome,
    where: str,
    *,
    clusters: pd.Series | None = None,
    weights: str | None = None,
    follow: Follow | None = None,
    lost: Mapping[str, Flags] | None = None,
) -> Sample:
    """Return the complete cases of a comparison.

    People leave because they are not compared at all, because exposure, outcome, covariates or weight are not known, in
    this order. Whose cluster is not known stays, as a cluster alone. `lost` has further reasons why an outcome is not
    known, flags of everybody.

    Raises
    ------
    ModelError
        If an arm is (nearly) empty, the exposure does not vary, or the covariates are constant or linearly dependent.
    DataError
        As `values.outcome_values`.
    """
    persons = cohort.persons
    values, unknown = outcome_values(cohort, outcome, where, follow)
    complete, flow = departures(
        {
            **exposed.outside,
            EXPOSURE: np.isnan(exposed.value),
            **unknown,
            **(lost or {}),
            COVARIATES: not_known(persons, adjust.columns),
            **({WEIGHT: not_known(persons, [weights])} if weights else {}),
        }
    )
    rows, exposure = persons[complete], exposed.value[complete]
    if not exposed.continuous:
        require_both_arms(exposure, where)
    elif len(exposure) < 2 or not np.ptp(exposure):
        raise ModelError(f"'{exposed.name}' does not vary", where=where, fix="Choose another exposure.")
    covariates, names = design_of(rows, adjust)
    require_full_rank(np.column_stack([exposure, covariates]), [exposed.name, *names], where)
    labels, alone = (None, 0) if clusters is None else cluster_labels(clusters[complete])
    weight = rows[weights].to_numpy(dtype=float) if weights else None
    if weight is not None:
        require_weights(weight, where)
    return Sample(
        rows=complete,
        exposure=exposure,
        continuous=exposed.continuous,
        covariates=covariates,
        names=names,
        clusters=labels,
        weights=weight,
        outcome=subset(values, complete),
        flow=replace(flow, own_cluster=alone),
    )


def design_of(rows: pd.DataFrame, adjust: Adjustment) -> tuple[Floats, list[str]]:
    """Return the covariates of some people, (n, k), and their names."""
    return covariate_matrix(rows, adjust.columns, adjust.squares, adjust.splines, adjust.interactions)


def tell_spread(rows: Rows, value: Floats, weights: Floats | None = None, **about: Any) -> None:
    """Add the standard deviation of an outcome that is a number, (n,), so that its effects can be told by it."""
    rows.diagnose("outcome_sd", SAMPLE, standard_deviation(value, weights), n=len(value), **about)


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

    def support(self, arms: Mapping[str, Flags]) -> EventSupport:
        """What the events carry in a comparison of these arms, (n,) flags each."""
        return event_support(self.status, dict(arms))


def response(outcome: MeanOutcome | TimedOutcome, weights: Floats | None = None) -> Response:
    """Return an outcome as numbers: as it is, or the jackknife pseudo-value of the risk at the horizon."""
    if isinstance(outcome, MeanOutcome):
        return Response(outcome.value, "risk_difference" if outcome.binary else "mean_difference", outcome.status)
    value = 1 - survival_pseudo_values(outcome.survival(weights), outcome.horizon)
    return Response(value, "risk_difference", outcome.status)


def subset(values: MeanOutcome | TimedOutcome, rows: Flags) -> MeanOutcome | TimedOutcome:
    """Return the outcome of some people."""
    if isinstance(values, MeanOutcome):
        return replace(values, value=values.value[rows])
    return TimedOutcome(values.entry[rows], values.time[rows], values.event[rows], values.horizon)
