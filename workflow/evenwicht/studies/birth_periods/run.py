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
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import effect_estimand, horizon_of
from evenwicht.cohort import Cohort
from evenwicht.estimators.design import require_both_arms
from evenwicht.estimators.design_analysis import design_analysis
from evenwicht.estimators.event_support import event_support, two_arms
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.panel import panel_regression
from evenwicht.estimators.ratios import odds_ratio, risk_ratio, standardised_risks
from evenwicht.estimators.results import Interval
from evenwicht.estimators.risks import linear_risks
from evenwicht.estimators.survival import hazard_ratio
from evenwicht.results.flow import BIRTH_DATE, COVARIATES, OUTSIDE, Flow, departures, not_known
from evenwicht.results.rows import Findings, Rows
from evenwicht.studies.birth_dates import birth_days, birth_units
from evenwicht.studies.birth_periods import (
    AFTER,
    BEFORE,
    BOTH,
    EARLIER,
    PRE_TREND,
    REFERENCES,
    SPARED,
    PlannedComparison,
    Settings,
)
from evenwicht.studies.clusters import cluster_counts, cluster_support
from evenwicht.studies.samples import Exposed, Sample, design_of, draw_sample, response, subset, tell_spread
from evenwicht.studies.study import Job
from evenwicht.studies.values import MeanOutcome, TimedOutcome, outcome_values

Ratio = Callable[..., Interval]


@dataclass(frozen=True)
class _Births:
    """Where and when people were born: days since the first exposed birth, and flags, (n,) each."""

    origin: dt.date
    days: Floats
    here: Flags
    elsewhere: Flags
    periods: dict[str, Flags]

    @property
    def unplaced(self) -> dict[str, Flags]:
        """Who cannot be placed in time or region, flags by reason."""
        return {BIRTH_DATE: np.isnan(self.days), "region not known": ~(self.here | self.elsewhere)}


@dataclass(frozen=True)
class _Regional:
    """A difference-in-differences: who is in each window, (n,) flags over the whole cohort, and who is analysed."""

    windows: dict[str, Flags]
    reference: str
    values: MeanOutcome | TimedOutcome
    complete: Flags
    flow: Flow


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Compare births of each window with births before, after and both, and with those of the same dates elsewhere.

    A ratio that an arm has too few cases for is a row without estimate, because windows of births are small by nature.
    """
    births = _births(study, cohort, book)
    clusters = None if study.cluster is None else pd.Series(birth_units(births.days, births.origin, study.cluster))
    for name in study.outcomes:
        outcome = book.outcomes[name]
        estimand, at = effect_estimand(outcome), horizon_of(outcome)
        for window in study.windows:
            for reference in REFERENCES:
                where = f"cohort {book.cohort}, study {found.study}, {window} against {reference} on {name}"
                with found.part(name, window, reference, estimand=estimand) as rows:
                    exposed = _exposed(births, births.periods[window], births.periods[reference], window)
                    adjust = book.adjustment(study.adjust)
                    sample = draw_sample(cohort, exposed, adjust, outcome, where, clusters=clusters)
                    rows.flow(sample.flow)
                    _compare(rows, sample, at, where)
        if study.region is not None:
            for exposure, reference in ((next(iter(study.windows)), SPARED), (PRE_TREND, EARLIER)):
                where = f"cohort {book.cohort}, study {found.study}, {reference}, {name}"
                with found.part(name, exposure, reference, estimand=estimand) as rows:
                    values, lost = outcome_values(cohort, outcome, where)
                    lost[COVARIATES] = not_known(cohort.persons, book.adjustment(study.adjust).columns)
                    people = _regional(births, study, values, lost, reference)
                    _differences(rows, cohort, book, study, births, people, at, where)
    for planned in study.design_analysis:
        with found.part(planned.outcome, planned.period, BOTH) as rows:
            _planned(rows, planned)


def _births(study: Settings, cohort: Cohort, book: Codebook) -> _Births:
    windows = list(study.windows.values())
    origin = windows[0].first
    days = birth_days(cohort.persons[book.role("birth_date")[0]], origin)

    def since(date: dt.date) -> float:
        return float((date - origin).days)

    periods = {
        name: (days >= since(window.first)) & (days <= since(window.last)) for name, window in study.windows.items()
    }
    before, after = days < 0, days > since(windows[-1].last)
    periods |= {BEFORE: before, AFTER: after, BOTH: before | after}
    here = np.ones(len(days), dtype=bool)
    elsewhere = ~here
    if study.region is not None:
        region = cohort.persons[study.region].to_numpy(dtype=float, na_value=np.nan)
        here, elsewhere = region == 1, region == 0
    return _Births(origin, days, here, elsewhere, periods)


def _exposed(births: _Births, exposed: Flags, unexposed: Flags, name: str) -> Exposed:
    outside = {**births.unplaced, "born elsewhere": ~births.here, OUTSIDE: ~(exposed | unexposed)}
    return Exposed(name, exposed.astype(float), outside=outside)


def _compare(rows: Rows, sample: Sample, at: str, where: str) -> None:
    """Difference, and for risks that of the unexposed, the risk, odds and hazard ratio, crude and with covariates."""
    a, x, clusters, outcome = sample.exposure, sample.covariates, sample.clusters, sample.outcome
    support, numbers = cluster_support(sample), response(outcome)
    support.tell(rows, sample.n)
    sample.tell_spread(rows)
    events = numbers.support(sample.arms)
    size: dict[str, Any] = {"n": sample.n, "events": numbers.events, "at": at}
    models = {"crude": None, "regression": x}
    if numbers.estimand == "mean_difference":
        for method, covariates in models.items():
            difference = least_squares(numbers.value, a, covariates, clusters=clusters)
            rows.add(numbers.estimand, method, support.of(difference), **size)
        return
    risks = {
        method: linear_risks(numbers.value, a, covariates, clusters=clusters) for method, covariates in models.items()
    }
    if isinstance(outcome, MeanOutcome):
        risks["standardisation"] = standardised_risks(outcome.value, a, x, clusters=clusters)
    for method, risk in risks.items():
        rows.add(numbers.estimand, method, events.of(support.of(risk.difference)), **size)
        rows.add("risk_unexposed", method, events.of(support.of(risk.unexposed)), **size)
    if isinstance(outcome, TimedOutcome):
        for estimand, method in (("hazard_ratio", "crude"), ("conditional_hazard_ratio", "regression")):
            if not rows.wants(estimand):
                continue
            interval = hazard_ratio(outcome.survival(clusters=clusters), a, models[method], where=where)
            rows.add(estimand, method, support.of(interval), n=sample.n, events=int(outcome.event.sum()))
        if outcome.delayed_entry is None:  # a late entrant was chosen by status
            _ratios(rows, sample, outcome.status, at)
    else:
        _ratios(rows, sample, outcome.value, at)


def _ratios(rows: Rows, sample: Sample, status: Floats, at: str) -> None:
    """Risk and odds ratios among those whose status, 0 or 1, is known; (n,), NaN where it is not."""
    seen = ~np.isnan(status)
    y, a, x = status[seen], sample.exposure[seen], sample.covariates[seen]
    clusters = None if sample.clusters is None else sample.clusters[seen]
    support, cases = cluster_counts(a, clusters), event_support(y, two_arms(a))
    # an odds ratio with covariates is another number than one without, even if nothing is confounded
    for estimand, method, ratio, covariates in (
        ("risk_ratio", "crude", risk_ratio, None),
        ("risk_ratio", "regression", risk_ratio, x),
        ("odds_ratio", "crude", odds_ratio, None),
        ("conditional_odds_ratio", "regression", odds_ratio, x),
    ):
        if not rows.wants(estimand, at):
            continue

        def estimate(ratio: Ratio = ratio, covariates: Floats | None = covariates) -> Interval:
            return support.of(ratio(y, a, covariates, clusters=clusters))

        rows.add(estimand, method, cases.of_ratio(estimate), n=len(y), events=int(y.sum()), at=at)


def _regional(
    births: _Births, study: Settings, values: MeanOutcome | TimedOutcome, lost: dict[str, Flags], reference: str
) -> _Regional:
    """The people of every window against all others, or of the later half before the exposure against the rest.

    The births before the exposure are halved at the middle between the first of them and the exposure.
    """
    if reference == SPARED:
        stays, flow = departures({**births.unplaced, **lost})
        windows = {name: births.periods[name] for name in study.windows}
        return _Regional(windows, reference, values, stays, flow)
    before = (births.here | births.elsewhere) & births.periods[BEFORE]
    middle = (np.min(births.days[before], initial=0.0)) / 2
    stays, flow = departures({**births.unplaced, OUTSIDE: ~before, **lost})
    return _Regional({PRE_TREND: births.days >= middle}, reference, values, stays, flow)


def _differences(
    rows: Rows,
    cohort: Cohort,
    book: Codebook,
    study: Settings,
    births: _Births,
    people: _Regional,
    at: str,
    where: str,
) -> None:
    """Difference-in-differences, with fixed effects of month of birth and region."""
    complete = people.complete
    here, days = births.here[complete], births.days[complete]
    require_both_arms(here.astype(float), where)
    numbers = response(subset(people.values, complete))
    covariates, names = design_of(cohort.persons[complete], book.adjustment(study.adjust))
    exposed = {name: (flags[complete] & here).astype(float) for name, flags in people.windows.items()}
    unit = study.cluster
    clusters = None if unit is None else 2 * pd.factorize(birth_units(days, births.origin, unit))[0] + here
    fit = panel_regression(
        numbers.value,
        {**exposed, **dict(zip(names, covariates.T, strict=True))},
        absorb={"month of birth": birth_units(days, births.origin, "month"), "region": here},
        clusters=clusters,
        where=where,
    )
    for name, flags in exposed.items():
        keys: dict[str, Any] = {"exposure": name, "reference": people.reference}
        rows.flow(people.flow, **keys)
        support = cluster_counts(flags, clusters)
        support.tell(rows, len(here), "did", **keys)
        if numbers.status is None:
            tell_spread(rows, numbers.value, **keys)
        interval = numbers.support(two_arms(flags)).of(support.of(fit[name]))
        rows.add(numbers.estimand, "did", interval, n=len(here), events=numbers.events, at=at, **keys)


def _planned(rows: Rows, planned: PlannedComparison) -> None:
    """What a comparison of this size can say, by the standard error of a log odds ratio at its expected counts."""
    odds = planned.odds_ratio * planned.risk_unexposed / (1 - planned.risk_unexposed)
    groups = (planned.exposed, odds / (1 + odds)), (planned.unexposed, planned.risk_unexposed)
    se = np.sqrt(sum(1 / (n * risk) + 1 / (n * (1 - risk)) for n, risk in groups))
    note = (
        f"odds ratio {planned.odds_ratio:g}, risk {100 * planned.risk_unexposed:g}% of the unexposed, "
        f"{planned.exposed} exposed and {planned.unexposed} unexposed; normal approximation"
    )
    n = planned.exposed + planned.unexposed
    for statistic, value in design_analysis(np.log(planned.odds_ratio), se)._asdict().items():
        rows.diagnose(statistic, "design_analysis", value, n=n, note=note)
