"""What one person's exposure does to that person: crude, regression, weighting and standardisation side by side."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig, IndividualStudy, Outcome
from evenwicht.estimators.event_support import event_support, two_arms
from evenwicht.estimators.influence import Estimate, Sampling
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.propensity import Propensity, fit_propensity, weighted_means
from evenwicht.estimators.results import Interval
from evenwicht.estimators.standardisation import standardised_means
from evenwicht.estimators.survival import ProductLimit, hazard_ratio, survival_estimate
from evenwicht.flow import flow_table
from evenwicht.outcomes import MeanOutcome, TimedOutcome
from evenwicht.rows import Known, Rows, arm_labels, as_table, contrast_label
from evenwicht.samples import Sample, draw_sample

Floats = NDArray[np.float64]
CURVE_POINTS = 61
CURVE_COLUMNS = ["study", "method", "arm", "time", "survival", "lower", "upper", "at_risk"]


@dataclass(frozen=True)
class IndividualResult:
    """Estimate rows, and survival curves with pointwise 95% limits and numbers at risk.

    Limits are on the complementary log-log scale, as those at the horizon. Before the first event of an arm, and once
    nobody is left, there are none.
    """

    estimates: pd.DataFrame
    curves: pd.DataFrame


def individual_study(
    cohort: Cohort,
    study: IndividualStudy,
    outcomes: dict[str, Outcome],
    known: Known = None,
) -> IndividualResult:
    """Estimate the effect of the study's exposure on each of its outcomes.

    Methods in the rows: `crude`; `regression`; `ipw`, weighting with the estimated propensity in its standard error;
    `ipw_known_weights`, the same estimate as if the weights were known, whose interval is too wide; `gformula`.

    Parameters
    ----------
    cohort
        Any cohort; a column with role `family` makes standard errors cluster by family.
    study
        Exposure, covariates and names of outcomes.
    outcomes
        Definitions of the cohort's outcomes by name.
    known
        If given, hazard ratios are left out unless their true value is known; see `rows.Rows`.

    Raises
    ------
    ModelError, DataError
        If the data cannot support a model, naming cohort, study and reason.
    """
    column = cohort.columns[study.exposure]
    parts, curves = [], [pd.DataFrame(columns=CURVE_COLUMNS)]
    for name in study.outcomes:
        where, sample = _where(cohort, name), _sample(cohort, study, name, outcomes[name])
        propensity = fit_propensity(sample.exposure, sample.covariates, where)
        rows = Rows(cohort.name, name, "individual", contrast_label(study.exposure, column), known)
        if isinstance(sample.outcome, MeanOutcome):
            modifiers = sample.covariates[:, [sample.names.index(m) for m in study.modifiers]]
            _mean_rows(rows, sample, sample.outcome, modifiers, propensity)
        else:
            arms = arm_labels(column)
            curves.append(_event_rows(rows, sample, sample.outcome, arms, propensity, where).assign(study=name))
        parts.append(rows)
    return IndividualResult(as_table(parts), pd.concat([c for c in curves if len(c)] or curves)[CURVE_COLUMNS])


def individual_flow(cohort: Cohort, config: CohortConfig) -> pd.DataFrame:
    """Count who leaves the analysis of each outcome, and why; the columns are `flow.FLOW_COLUMNS`."""
    study = config.individual
    assert study is not None
    contrast = contrast_label(study.exposure, cohort.columns[study.exposure])
    return flow_table(
        row
        for name in study.outcomes
        for row in _sample(cohort, study, name, config.outcomes[name]).flow.rows(
            cohort.name, "individual", name, contrast
        )
    )


def _sample(cohort: Cohort, study: IndividualStudy, name: str, outcome: Outcome) -> Sample:
    family = next(iter(cohort.role("family")), None)
    return draw_sample(cohort, study.exposure, study.adjust, outcome, family, _where(cohort, name))


def _where(cohort: Cohort, name: str) -> str:
    return f"cohort {cohort.name}, individual study of {name}"


def _mean_rows(rows: Rows, sample: Sample, outcome: MeanOutcome, modifiers: Floats, propensity: Propensity) -> None:
    y, a, x = outcome.value, sample.exposure, sample.covariates
    estimand = "risk_difference" if outcome.binary else "mean_difference"
    size: dict[str, Any] = {"n": sample.n, "events": int(y.sum()) if outcome.binary else None}
    weights = propensity.weights
    largest = f"largest weight {weights.max():.1f}"
    support = event_support(outcome.status, two_arms(a))
    regressions = {
        "crude": least_squares(y, a, clusters=sample.clusters),
        "regression": least_squares(y, a, x, clusters=sample.clusters),
        "ipw_known_weights": least_squares(y, a, weights=weights, clusters=sample.clusters),
    }
    for method, interval in regressions.items():
        note = largest if method == "ipw_known_weights" else ""
        rows.add(estimand, method, support.of(interval), note=note, **size)

    sampling = Sampling(sample.n, sample.clusters)
    means = {
        "ipw": weighted_means(y, propensity),
        "gformula": standardised_means(y, a, x, modifiers, binary=outcome.binary),
    }
    for method, (exposed, unexposed) in means.items():
        told: dict[str, Any] = {**size, "note": largest if method == "ipw" else ""}
        rows.add(estimand, method, support.of(sampling.interval(exposed - unexposed)), **told)
        if outcome.binary:
            ratio = partial(_ratio, sampling, exposed, unexposed)
            rows.add("risk_ratio", method, support.of_ratio(ratio), **told)
            rows.add("risk_exposed", method, support.of(sampling.risk_interval(exposed)), **told)
            rows.add("risk_unexposed", method, support.of(sampling.risk_interval(unexposed)), **told)


def _ratio(sampling: Sampling, exposed: Estimate, unexposed: Estimate) -> Interval:
    return sampling.interval(exposed.log() - unexposed.log()).exp()


def _event_rows(
    rows: Rows, sample: Sample, outcome: TimedOutcome, arms: tuple[str, str], propensity: Propensity, where: str
) -> pd.DataFrame:
    a, x, horizon = sample.exposure, sample.covariates, outcome.horizon
    entry = outcome.delayed_entry
    size: dict[str, Any] = {"n": sample.n, "events": int(outcome.event.sum())}
    by_horizon: dict[str, Any] = {"n": sample.n, "events": int(np.nansum(outcome.status))}
    support = event_support(outcome.status, two_arms(a))
    grid = np.linspace(0, horizon, CURVE_POINTS)
    people = (a == 1, a == 0)
    sampling = Sampling(sample.n, sample.clusters)
    largest = f"largest weight {propensity.weights.max():.1f}"
    curves = []
    for method, weighting in (("crude", None), ("ipw", propensity)):
        weights = np.ones(sample.n) if weighting is None else weighting.weights
        note = "" if weighting is None else largest
        at_horizon: list[Estimate] = []
        for arm, label in zip(people, arms, strict=True):
            curve = ProductLimit(outcome.time, outcome.event, entry=entry, weights=weights * arm)
            estimates = [survival_estimate(curve, when, label, weighting) for when in grid]
            limits = [sampling.survival_interval(estimate) for estimate in estimates]
            at_horizon.append(estimates[-1])
            shown = event_support(outcome.status, {label: arm}).of(limits[-1])
            events = int(np.nansum(outcome.status[arm]))
            rows.add("survival", method, shown, contrast=label, n=int(arm.sum()), events=events, note=note)
            at_risk = (outcome.time[arm, None] >= grid) & (outcome.entry[arm, None] <= grid)
            columns = {
                "method": method,
                "arm": label,
                "time": grid,
                "survival": [point.estimate for point in limits],
                "lower": [point.lower for point in limits],
                "upper": [point.upper for point in limits],
                "at_risk": at_risk.sum(axis=0),
            }
            curves.append(pd.DataFrame(columns))
        exposed, unexposed = at_horizon
        difference = support.of(sampling.interval(unexposed - exposed))
        rows.add("risk_difference", method, difference, note=note, **by_horizon)

    def ratio(covariates: Floats | None = None, weights: Floats | None = None) -> Interval:
        return hazard_ratio(
            outcome.time,
            outcome.event,
            a,
            covariates,
            entry=entry,
            weights=weights,
            clusters=sample.clusters,
            where=where,
        )

    if rows.wants("hazard_ratio"):
        rows.add("hazard_ratio", "crude", ratio(), **size)
        rows.add("hazard_ratio", "ipw", ratio(weights=propensity.weights), **size)
    if rows.wants("conditional_hazard_ratio"):
        rows.add("conditional_hazard_ratio", "regression", ratio(x), **size)
    return pd.concat(curves)
