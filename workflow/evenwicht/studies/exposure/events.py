"""Rows of a yes/no exposure on a time to an event: survival, risks at the horizon, hazard ratios, and curves."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags, Floats
from evenwicht.estimators.event_support import event_support
from evenwicht.estimators.influence import Estimate, mixture, sample_mean
from evenwicht.estimators.propensity import Propensity
from evenwicht.estimators.results import Interval
from evenwicht.estimators.sensitivity import e_values
from evenwicht.estimators.survival import ProductLimit, hazard_ratio, survival_estimate
from evenwicht.results.rows import Rows
from evenwicht.studies.measures import tell_association, tell_risk, tell_risks
from evenwicht.studies.samples import Sample
from evenwicht.studies.values import TimedOutcome

CURVE_POINTS = 61
ARMS = ("exposed", "unexposed")


def event_rows(rows: Rows, sample: Sample, outcome: TimedOutcome, propensity: Propensity, at: str, where: str) -> None:
    """Effects on a time to an event."""
    a = sample.exposure
    by_horizon: dict[str, Any] = {"n": sample.n, "events": int(np.nansum(outcome.status)), "at": at}
    support = event_support(outcome.status, sample.arms)
    sampling = sample.sampling
    people = dict(zip(ARMS, (a == 1, a == 0), strict=True))
    arms: dict[str, tuple[Estimate, Estimate]] = {}
    for method, weighting in (("crude", None), ("ipw", propensity)):
        weights = propensity.sampling * (1.0 if weighting is None else weighting.weights)
        at_horizon: list[Estimate] = []
        for name, arm in people.items():
            curve = ProductLimit(outcome.survival(weights * arm))
            estimate = survival_estimate(curve, outcome.horizon, name, weighting)
            at_horizon.append(estimate)
            shown = event_support(outcome.status, {name: arm}).of(sampling.survival_interval(estimate))
            events = int(np.nansum(outcome.status[arm]))
            rows.add(f"survival_{name}", method, shown, n=int(arm.sum()), events=events, at=at)
            if rows.wants_curves:
                grid = np.linspace(0, outcome.horizon, CURVE_POINTS)
                # one at a time: each estimate holds a number per person
                limits = [sampling.survival_interval(survival_estimate(curve, t, name, weighting)) for t in grid]
                rows.curve("survival", _curve(outcome, arm, grid, limits).assign(method=method, arm=name))
        arms[method] = at_horizon[0].complement(), at_horizon[1].complement()
    share, crude = sample_mean(a, sample.weights), arms["crude"]
    rows.add("risk_difference", "crude", support.of(sampling.interval(crude[0] - crude[1])), **by_horizon)
    now = mixture(share, *crude)
    tell_risk(rows, sample, now, outcome.status, by_horizon)
    ratio = tell_risks(rows, "ipw", *arms["ipw"], now, sampling, support, by_horizon)
    rows.diagnose("e_value", "ipw", e_values(ratio), n=sample.n, at=at)
    tell_association(rows, share, *crude, sampling, support.of, by_horizon)
    hazard_ratio_rows(
        rows, sample, outcome, {"crude": {}, "ipw": {"weights": propensity.sampling * propensity.weights}}, where
    )


def _curve(outcome: TimedOutcome, arm: Flags, grid: Floats, limits: Sequence[Interval]) -> pd.DataFrame:
    """Points of a survival curve, with the numbers at risk in its arm."""
    entered = np.searchsorted(np.sort(outcome.entry[arm]), grid, side="right")
    left = np.searchsorted(np.sort(outcome.time[arm]), grid, side="left")
    points = {name: [getattr(limit, name) for limit in limits] for name in ("estimate", "lower", "upper")}
    return pd.DataFrame({"x": grid, **points, "at_risk": entered - left})


def hazard_ratio_rows(
    rows: Rows, sample: Sample, outcome: TimedOutcome, marginal: dict[str, dict[str, Any]], where: str
) -> None:
    """Hazard ratios without covariates by each way of weighting, and the one with covariates."""
    size: dict[str, Any] = {"n": sample.n, "events": int(outcome.event.sum())}

    def ratio(covariates: Floats | None = None, weights: Floats | None = sample.weights) -> Interval:
        return hazard_ratio(outcome.survival(weights, sample.clusters), sample.exposure, covariates, where=where)

    if rows.wants("hazard_ratio"):
        for method, options in marginal.items():
            rows.add("hazard_ratio", method, ratio(**options), **size)
    if rows.wants("conditional_hazard_ratio"):
        rows.add("conditional_hazard_ratio", "regression", ratio(sample.covariates), **size)
