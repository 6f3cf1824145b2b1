"""Births exposed in a window, against births before and after it and against births of the same dates elsewhere.

What each comparison assumes:

- Against births before or after: that nothing else differs between births of different dates. Before and after stand
  apart because they fail in different ways: those born before are older; those conceived after are younger, and their
  parents were not selected by who could conceive in a famine. Cluster-robust errors, since births of a date share it.
- Difference-in-differences (Angrist and Pischke 2009, Mostly Harmless Econometrics, section 5.2): that without the
  exposure the outcome would have moved over dates of birth as it did in the spared region. Fixed effects of calendar
  month of birth and of region; errors cluster by date and region, with degrees of freedom that follow from the few
  exposed clusters (Donald and Lang 2007, Review of Economics and Statistics 89:221, say why). The pre-trend, births
  before the exposure in two halves, should show nothing.

Neither sees who was never conceived or did not live to be observed; covariates remove what they measure of it.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.cohort import Cohort
from evenwicht.config import BirthPeriodsStudy, CohortConfig
from evenwicht.config.studies import PlannedComparison
from evenwicht.estimators.design import covariate_matrix, require_both_arms
from evenwicht.estimators.design_analysis import design_analysis
from evenwicht.estimators.event_support import event_support, two_arms
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.panel import panel_regression
from evenwicht.estimators.ratios import odds_ratio, risk_ratio, standardised_difference
from evenwicht.estimators.results import Interval
from evenwicht.estimators.survival import hazard_ratio
from evenwicht.flow import BIRTH_DATE, COVARIATES, OUTSIDE, Flow, departures, flow_table, not_known
from evenwicht.outcomes import MeanOutcome, TimedOutcome, outcome_values
from evenwicht.policy.birth_dates import birth_days, birth_units
from evenwicht.policy.clusters import cluster_support
from evenwicht.rows import (
    BEFORE_OR_AFTER,
    BORN_BEFORE,
    CONCEIVED_AFTER,
    PRE_TREND,
    REFERENCES,
    Known,
    Rows,
    as_table,
    period_label,
)
from evenwicht.samples import Sample, draw_sample, response, subset

Flags = NDArray[np.bool_]
Ratio = Callable[..., Interval]
IN_BOTH_REGIONS = "births in the region and elsewhere"
EXPOSED, CLUSTER = "_exposed", "_cluster"  # no column of a cohort file starts with an underscore


@dataclass(frozen=True)
class _Births:
    """Where and when people were born: days since the first exposed birth, and flags, (n,) each."""

    origin: dt.date
    days: NDArray[np.float64]
    here: Flags
    elsewhere: Flags
    periods: dict[str, Flags]

    @property
    def unplaced(self) -> dict[str, Flags]:
        """Who cannot be placed in time or region, flags by reason."""
        return {BIRTH_DATE: np.isnan(self.days), "region not known": ~(self.here | self.elsewhere)}


@dataclass(frozen=True)
class _Regional:
    """A difference-in-differences: windows of birth by label and who is in it, (n,) each over the whole cohort."""

    contrast: str
    windows: dict[str, Flags]
    values: MeanOutcome | TimedOutcome
    complete: Flags
    flow: Flow
    where: str


def birth_periods_study(cohort: Cohort, config: CohortConfig, known: Known = None) -> pd.DataFrame:
    """Compare births of each window with births before, after and both, and with those of the same dates elsewhere.

    A ratio that an arm has too few cases for is a row without estimate, because windows of births are small by nature.
    If `known` is given, ratios are left out unless their true value is known; see `rows.Rows`.

    Raises
    ------
    ModelError, DataError
        If the data cannot support a model, naming cohort, study and reason.
    """
    study = config.birth_periods
    assert study is not None
    births = _births(cohort, study)
    parts = []
    for outcome in study.outcomes:
        for contrast, sample, where in _samples(cohort, config, births, outcome):
            rows = Rows(cohort.name, outcome, "policy", contrast, known)
            _compare(rows, sample, where)
            parts.append(rows)
        if study.region is not None:
            rows = Rows(cohort.name, outcome, "policy", PRE_TREND, known)
            for people in _regional(cohort, config, births, outcome):
                _differences(rows, cohort, config, births, people)
            parts.append(rows)
    parts += [_planned(cohort, study, planned) for planned in study.design_analysis]
    return as_table(parts)


def birth_periods_flow(cohort: Cohort, config: CohortConfig) -> pd.DataFrame:
    """Count who leaves each comparison of `birth_periods_study`, and why; the columns are `flow.FLOW_COLUMNS`."""
    study = config.birth_periods
    assert study is not None
    births, rows = _births(cohort, study), []
    for outcome in study.outcomes:
        flows = {contrast: sample.flow for contrast, sample, _ in _samples(cohort, config, births, outcome)}
        if study.region is not None:
            flows |= {people.contrast: people.flow for people in _regional(cohort, config, births, outcome)}
        for contrast, flow in flows.items():
            rows += flow.rows(cohort.name, "birth_periods", outcome, contrast)
    return flow_table(rows)


def _samples(cohort: Cohort, config: CohortConfig, births: _Births, outcome: str) -> Iterator[tuple[str, Sample, str]]:
    """Yield contrast, sample and name in messages of every window against every reference."""
    study = config.birth_periods
    assert study is not None
    for name, window in study.exposed.items():
        for reference in REFERENCES:
            contrast = period_label(name, window, reference)
            where = f"cohort {cohort.name}, birth periods, {outcome}, {contrast}"
            exposed, unexposed = births.periods[name], births.periods[reference]
            yield contrast, _sample(cohort, config, births, outcome, exposed, unexposed, where), where


def _births(cohort: Cohort, study: BirthPeriodsStudy) -> _Births:
    windows = list(study.exposed.values())
    origin = windows[0].first
    days = birth_days(cohort, origin)

    def since(date: dt.date) -> float:
        return float((date - origin).days)

    periods = {
        name: (days >= since(window.first)) & (days <= since(window.last)) for name, window in study.exposed.items()
    }
    before, after = days < 0, days > since(windows[-1].last)
    periods |= {BORN_BEFORE: before, CONCEIVED_AFTER: after, BEFORE_OR_AFTER: before | after}
    here = np.ones(len(days), dtype=bool)
    elsewhere = ~here
    if study.region is not None:
        region = cohort.persons[study.region].to_numpy(dtype=float, na_value=np.nan)
        here, elsewhere = region == 1, region == 0
    return _Births(origin, days, here, elsewhere, periods)


def _sample(
    cohort: Cohort, config: CohortConfig, births: _Births, outcome: str, exposed: Flags, unexposed: Flags, where: str
) -> Sample:
    study = config.birth_periods
    assert study is not None
    persons = cohort.persons.assign(**{EXPOSED: pd.arrays.BooleanArray(exposed, ~(exposed | unexposed))})
    outside = {**births.unplaced, "born elsewhere": ~births.here, OUTSIDE: ~(exposed | unexposed)}
    cluster = None
    if study.cluster is not None:
        cluster = CLUSTER
        persons[CLUSTER] = birth_units(births.days, births.origin, study.cluster)
    dated = replace(cohort, persons=persons)
    return draw_sample(dated, EXPOSED, study.adjust, config.outcomes[outcome], cluster, where, outside)


def _compare(rows: Rows, sample: Sample, where: str) -> None:
    """Difference, and for risks the risk, odds and hazard ratio, crude and with covariates."""
    a, x, clusters, outcome = sample.exposure, sample.covariates, sample.clusters, sample.outcome
    support, numbers = cluster_support(a, clusters), response(outcome)
    events = numbers.support(a)
    models = {"crude": None, "regression": x}
    differences = {
        method: least_squares(numbers.value, a, covariates, clusters=clusters) for method, covariates in models.items()
    }
    if isinstance(outcome, MeanOutcome) and outcome.binary:
        differences["gformula"] = standardised_difference(outcome.value, a, x, clusters=clusters)
    for method, difference in differences.items():
        interval = events.of(support.of(difference))
        rows.add(numbers.estimand, method, interval, n=sample.n, events=numbers.events, note=support.note)
    if isinstance(outcome, TimedOutcome):
        for estimand, method in (("hazard_ratio", "crude"), ("conditional_hazard_ratio", "regression")):
            if not rows.wants(estimand):
                continue
            interval = hazard_ratio(
                outcome.time,
                outcome.event,
                a,
                models[method],
                entry=outcome.delayed_entry,
                clusters=clusters,
                where=where,
            )
            happened = int(outcome.event.sum())
            rows.add(estimand, method, support.of(interval), n=sample.n, events=happened, note=support.note)
        if outcome.delayed_entry is None:  # a late entrant was chosen by status
            _ratios(rows, sample, outcome.status)
    elif outcome.binary:
        _ratios(rows, sample, outcome.value)


def _ratios(rows: Rows, sample: Sample, status: NDArray[np.float64]) -> None:
    """Risk and odds ratios among those whose status, 0 or 1, is known; (n,), NaN where it is not."""
    seen = ~np.isnan(status)
    y, a, x = status[seen], sample.exposure[seen], sample.covariates[seen]
    clusters = None if sample.clusters is None else sample.clusters[seen]
    support, cases = cluster_support(a, clusters), event_support(y, two_arms(a))
    # an odds ratio with covariates is another number than one without, even if nothing is confounded
    for estimand, method, ratio, covariates in (
        ("risk_ratio", "crude", risk_ratio, None),
        ("risk_ratio", "regression", risk_ratio, x),
        ("odds_ratio", "crude", odds_ratio, None),
        ("conditional_odds_ratio", "regression", odds_ratio, x),
    ):
        if not rows.wants(estimand):
            continue

        def estimate(ratio: Ratio = ratio, covariates: NDArray[np.float64] | None = covariates) -> Interval:
            return support.of(ratio(y, a, covariates, clusters=clusters))

        rows.add(estimand, method, cases.of_ratio(estimate), n=len(y), events=int(y.sum()), note=support.note)


def _regional(cohort: Cohort, config: CohortConfig, births: _Births, outcome: str) -> Iterator[_Regional]:
    """Yield the people of every window against all others, and of the later half before the exposure against the rest.

    The births before the exposure are halved at the middle between the first of them and the exposure.
    """
    study = config.birth_periods
    assert study is not None
    where = f"cohort {cohort.name}, birth periods, {outcome}"
    values, unknown = outcome_values(cohort, config.outcomes[outcome], where)
    known = {**unknown, COVARIATES: not_known(cohort.persons, study.adjust.columns)}
    windows = {
        period_label(name, window, BEFORE_OR_AFTER): births.periods[name] for name, window in study.exposed.items()
    }
    stays, flow = departures({**births.unplaced, **known})
    yield _Regional(IN_BOTH_REGIONS, windows, values, stays, flow, where)
    before = (births.here | births.elsewhere) & births.periods[BORN_BEFORE]
    middle = (np.min(births.days[before], initial=0.0)) / 2
    stays, flow = departures({**births.unplaced, OUTSIDE: ~before, **known})
    yield _Regional(PRE_TREND, {PRE_TREND: births.days >= middle}, values, stays, flow, f"{where}, {PRE_TREND}")


def _differences(rows: Rows, cohort: Cohort, config: CohortConfig, births: _Births, people: _Regional) -> None:
    """Difference-in-differences."""
    study = config.birth_periods
    assert study is not None
    complete, where = people.complete, people.where
    here, days = births.here[complete], births.days[complete]
    require_both_arms(here.astype(float), f"{where}, {IN_BOTH_REGIONS}")
    numbers = response(subset(people.values, complete))
    covariates, names = covariate_matrix(cohort.persons[complete], study.adjust.columns, study.adjust.quadratic)
    exposed = {label: (flags[complete] & here).astype(float) for label, flags in people.windows.items()}
    unit = study.cluster
    clusters = None if unit is None else 2 * pd.factorize(birth_units(days, births.origin, unit))[0] + here
    fit = panel_regression(
        numbers.value,
        {**exposed, **dict(zip(names, covariates.T, strict=True))},
        absorb={"month of birth": birth_units(days, births.origin, "month"), "region": here},
        clusters=clusters,
        where=where,
    )
    fixed = "fixed effects of month of birth and region"
    for label, flags in exposed.items():
        support, found = cluster_support(flags, clusters), fit[label]
        note = f"{fixed}; {support.note}" if support.note else fixed
        found = numbers.support(flags).of(support.of(found))
        rows.add(numbers.estimand, "did", found, n=len(here), events=numbers.events, contrast=label, note=note)


def _planned(cohort: Cohort, study: BirthPeriodsStudy, planned: PlannedComparison) -> Rows:
    """What a comparison of this size can say, by the standard error of a log odds ratio at its expected counts."""
    window = study.exposed[planned.period]
    rows = Rows(cohort.name, planned.outcome, "policy", period_label(planned.period, window, BEFORE_OR_AFTER))
    odds = planned.odds_ratio * planned.risk_unexposed / (1 - planned.risk_unexposed)
    groups = (planned.exposed, odds / (1 + odds)), (planned.unexposed, planned.risk_unexposed)
    se = np.sqrt(sum(1 / (n * risk) + 1 / (n * (1 - risk)) for n, risk in groups))
    found = design_analysis(np.log(planned.odds_ratio), se)
    note = (
        f"odds ratio {planned.odds_ratio:g}, risk {100 * planned.risk_unexposed:g}% of the unexposed, "
        f"{planned.exposed} exposed and {planned.unexposed} unexposed; normal approximation"
    )
    n = planned.exposed + planned.unexposed
    for estimand, value in found._asdict().items():
        rows.add(estimand, "design_analysis", Interval(value), n=n, note=note)
    return rows
