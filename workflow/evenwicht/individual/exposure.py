"""What one person's exposure does to that person: crude, regression, weighting and standardisation side by side."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig, IndividualStudy, Outcome
from evenwicht.estimators.event_support import event_support, two_arms
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.propensity import require_positivity, stabilised_weights
from evenwicht.estimators.resampling import bootstrap, standard_error
from evenwicht.estimators.results import Interval
from evenwicht.estimators.standardisation import standardised_means
from evenwicht.estimators.survival import hazard_ratio, kaplan_meier, product_limit
from evenwicht.flow import flow_table
from evenwicht.outcomes import MeanOutcome, TimedOutcome
from evenwicht.rows import Known, Rows, arm_labels, as_table, contrast_label
from evenwicht.samples import Sample, draw_sample

Floats = NDArray[np.float64]
CURVE_POINTS = 61
CURVE_COLUMNS = ["study", "method", "arm", "time", "survival", "lower", "upper", "at_risk"]


@dataclass(frozen=True)
class IndividualResult:
    """Estimate rows, and survival curves with pointwise 95% bootstrap limits and numbers at risk."""

    estimates: pd.DataFrame
    curves: pd.DataFrame


def individual_study(
    cohort: Cohort,
    study: IndividualStudy,
    outcomes: dict[str, Outcome],
    replicates: int,
    rng: np.random.Generator,
    known: Known = None,
) -> IndividualResult:
    """Estimate the effect of the study's exposure on each of its outcomes.

    Parameters
    ----------
    cohort
        Any cohort; a column with role `family` makes standard errors cluster by family.
    study
        Exposure, covariates and names of outcomes.
    outcomes
        Definitions of the cohort's outcomes by name.
    replicates
        Bootstrap replicates; with none, estimates that need the bootstrap come without an interval.
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
        require_positivity(sample.exposure, sample.covariates, where)
        rows = Rows(cohort.name, name, "individual", contrast_label(study.exposure, column), known)
        if isinstance(sample.outcome, MeanOutcome):
            modifiers = sample.covariates[:, [sample.names.index(m) for m in study.modifiers]]
            _mean_rows(rows, sample, sample.outcome, modifiers, replicates, rng)
        else:
            arms = arm_labels(column)
            curves.append(_event_rows(rows, sample, sample.outcome, arms, replicates, rng, where).assign(study=name))
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


def _mean_rows(
    rows: Rows,
    sample: Sample,
    outcome: MeanOutcome,
    modifiers: Floats,
    replicates: int,
    rng: np.random.Generator,
) -> None:
    y, a, x = outcome.value, sample.exposure, sample.covariates
    estimand = "risk_difference" if outcome.binary else "mean_difference"
    size: dict[str, Any] = {"n": sample.n, "events": int(y.sum()) if outcome.binary else None}
    support = event_support(outcome.status, two_arms(a))
    weights = stabilised_weights(a, x)
    contrasts = {
        "crude": least_squares(y, a, clusters=sample.clusters),
        "regression": least_squares(y, a, x, clusters=sample.clusters),
        "ipw": least_squares(y, a, weights=weights, clusters=sample.clusters),
    }
    for method, interval in contrasts.items():
        note = f"largest weight {weights.max():.1f}" if method == "ipw" else ""
        rows.add(estimand, method, support.of(interval), note=note, **size)

    def means(frequency: Floats | None = None) -> tuple[float, float]:
        return standardised_means(y, a, x, modifiers, binary=outcome.binary, weights=frequency)

    exposed, unexposed = means()
    draws = bootstrap(means, sample.units, replicates, rng)
    difference = Interval.normal(exposed - unexposed, standard_error(draws[:, 0] - draws[:, 1]))
    note = f"bootstrap, {replicates} replicates"
    rows.add(estimand, "gformula", support.of(difference), note=note, **size)

    def ratio() -> Interval:
        log_ratio = np.log(draws[:, 0] / draws[:, 1])
        return Interval.normal(np.log(exposed / unexposed), standard_error(log_ratio)).exp()

    if outcome.binary:
        rows.add("risk_ratio", "gformula", support.of_ratio(ratio), note=note, **size)


def _event_rows(
    rows: Rows,
    sample: Sample,
    outcome: TimedOutcome,
    arms: tuple[str, str],
    replicates: int,
    rng: np.random.Generator,
    where: str,
) -> pd.DataFrame:
    a, x, horizon = sample.exposure, sample.covariates, outcome.horizon
    entry = outcome.entry if (outcome.entry > 0).any() else None
    size: dict[str, Any] = {"n": sample.n, "events": int(outcome.event.sum())}
    at_horizon: dict[str, Any] = {"n": sample.n, "events": int(np.nansum(outcome.status))}
    support = event_support(outcome.status, two_arms(a))
    grid = np.linspace(0, horizon, CURVE_POINTS)
    people = (a == 1, a == 0)

    def arm_curve(arm: NDArray[np.bool_], weights: Floats) -> Floats:
        inside = None if entry is None else entry[arm]
        return product_limit(outcome.time[arm], outcome.event[arm], grid, entry=inside, weights=weights[arm])

    def curves(frequency: Floats) -> Floats:
        """Survival by method (crude, ipw), arm (exposed, unexposed) and time."""
        weighted = frequency * stabilised_weights(a, x, frequency)
        return np.array([[arm_curve(arm, w) for arm in people] for w in (frequency, weighted)])

    point = curves(np.ones(sample.n))
    draws = bootstrap(curves, sample.units, replicates, rng)
    spread = standard_error(draws)
    note = f"bootstrap, {replicates} replicates"
    for m, method in enumerate(("crude", "ipw")):
        for k, label in enumerate(arms):
            interval = Interval.normal(point[m, k, -1], spread[m, k, -1])
            if method == "crude":
                arm = people[k]
                inside = None if entry is None else entry[arm]
                interval = kaplan_meier(outcome.time[arm], outcome.event[arm], horizon, inside)
            arm_size: dict[str, Any] = {
                "n": int(people[k].sum()),
                "events": int(np.nansum(outcome.status[people[k]])),
            }
            rows.add(
                "survival",
                method,
                event_support(outcome.status, {label: people[k]}).of(interval),
                contrast=label,
                note="" if method == "crude" else note,
                **arm_size,
            )
        difference = point[m, 1, -1] - point[m, 0, -1]
        se = standard_error(draws[:, m, 1, -1] - draws[:, m, 0, -1])
        rows.add("risk_difference", method, support.of(Interval.normal(difference, se)), note=note, **at_horizon)

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
        rows.add("hazard_ratio", "ipw", ratio(weights=stabilised_weights(a, x)), **size)
    if rows.wants("conditional_hazard_ratio"):
        rows.add("conditional_hazard_ratio", "regression", ratio(x), **size)

    limits = np.quantile(draws, [0.025, 0.975], axis=0)
    at_risk = [(outcome.time[arm, None] >= grid) & (outcome.entry[arm, None] <= grid) for arm in people]
    for k, arm in enumerate(people):
        unknown = (grid > outcome.time[arm].max()) & (point[0, k] > 0)  # somebody was free of the event to the last
        point[:, k, unknown] = limits[:, :, k, unknown] = np.nan
    return pd.concat(
        pd.DataFrame(
            {
                "method": method,
                "arm": label,
                "time": grid,
                "survival": point[m, k],
                "lower": limits[0, m, k],
                "upper": limits[1, m, k],
                "at_risk": at_risk[k].sum(axis=0),
            }
        )
        for m, method in enumerate(("crude", "ipw"))
        for k, label in enumerate(arms)
    )
