"""What a policy does to those it reaches (intention to treat), and what it tells as an instrument."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from evenwicht.cohort import Cohort
from evenwicht.config import Adjustment, CohortConfig, PolicyStudy
from evenwicht.estimators.instrument import two_stage_least_squares
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.results import Interval
from evenwicht.estimators.survival import hazard_ratio
from evenwicht.flow import flow_table
from evenwicht.outcomes import MeanOutcome, TimedOutcome
from evenwicht.policy.clusters import cluster_support
from evenwicht.rows import Known, Rows, as_table, contrast_label
from evenwicht.samples import Sample, draw_sample, response


def policy_study(cohort: Cohort, config: CohortConfig, known: Known = None) -> pd.DataFrame:
    """Estimate the effect of each policy exposure on each outcome of the policy study.

    Standard errors cluster by the column that shares the policy (state, birth month), with a t distribution on
    (clusters - 1) degrees of freedom. Differences in risk at a horizon come from pseudo-values, so that censoring and
    clusters are both respected. If `known` is given, hazard ratios are left out unless their true value is known; see
    `rows.Rows`.

    Raises
    ------
    ModelError, DataError
        If the data cannot support a model, naming cohort, study and reason.
    """
    study = config.policy
    assert study is not None
    parts = []
    for name, exposure, sample, where in _samples(cohort, config, study):
        rows = Rows(cohort.name, name, "policy", contrast_label(exposure, cohort.columns[exposure]), known)
        _intention_to_treat(rows, sample, where)
        parts.append(rows)
    if study.instrument is not None:
        parts += _instrumental(cohort, config, study, study.instrument)
    return as_table(parts)


def policy_flow(cohort: Cohort, config: CohortConfig) -> pd.DataFrame:
    """Count who leaves each analysis of `policy_study`, and why; the columns are `flow.FLOW_COLUMNS`."""
    study = config.policy
    assert study is not None
    drawn = [
        (name, exposure, sample)
        for name, exposure, sample, _ in (
            *_samples(cohort, config, study),
            *(_instrumental_samples(cohort, config, study, study.instrument) if study.instrument is not None else ()),
        )
    ]
    return flow_table(
        row
        for name, exposure, sample in drawn
        for row in sample.flow.rows(cohort.name, "policy", name, contrast_label(exposure, cohort.columns[exposure]))
    )


def _samples(cohort: Cohort, config: CohortConfig, study: PolicyStudy) -> Iterator[tuple[str, str, Sample, str]]:
    """Yield outcome, exposure, sample and name in messages of each comparison by a policy."""
    for exposure in study.exposures:
        for name in study.outcomes:
            where = f"cohort {cohort.name}, policy study of {name}"
            sample = draw_sample(cohort, exposure, study.adjust, config.outcomes[name], study.cluster, where)
            yield name, exposure, sample, where


def _intention_to_treat(rows: Rows, sample: Sample, where: str) -> None:
    a, x, clusters, outcome = sample.exposure, sample.covariates, sample.clusters, sample.outcome
    support, of_means = cluster_support(a, clusters), response(outcome)
    events = of_means.support(a)
    if isinstance(outcome, TimedOutcome):
        for ratio, method, covariates in (
            ("hazard_ratio", "crude", None),
            ("conditional_hazard_ratio", "regression", x),
        ):
            if not rows.wants(ratio):
                continue
            interval = hazard_ratio(
                outcome.time,
                outcome.event,
                a,
                covariates,
                entry=outcome.delayed_entry,
                clusters=clusters,
                where=where,
            )
            happened = int(outcome.event.sum())
            rows.add(ratio, method, support.of(interval), n=sample.n, events=happened, note=support.note)
    for method, covariates in (("crude", None), ("regression", x)):
        interval = events.of(support.of(least_squares(of_means.value, a, covariates, clusters=clusters)))
        rows.add(of_means.estimand, method, interval, n=sample.n, events=of_means.events, note=support.note)


def _instrumental(cohort: Cohort, config: CohortConfig, study: PolicyStudy, instrument: str) -> list[Rows]:
    """Effect of the individual exposure with a policy as instrument, for every individual outcome that has a mean."""
    parts = []
    for name, exposure, sample, where in _instrumental_samples(cohort, config, study, instrument):
        assert isinstance(sample.outcome, MeanOutcome)
        y, a, z = sample.outcome.value, sample.covariates[:, 0], sample.exposure
        numbers = response(sample.outcome)
        fit = two_stage_least_squares(y, a, z, where=where)
        rows = Rows(cohort.name, name, "policy", contrast_label(exposure, cohort.columns[exposure]))
        rows.add(
            numbers.estimand,
            "iv",
            numbers.support(z).of(fit.effect),
            n=sample.n,
            events=numbers.events,
            note=f"instrument {instrument}, F {fit.first_stage_f:.1f}; equal variances, people independent; "
            f"Anderson-Rubin 95% set: {describe_set(fit.anderson_rubin)}",
        )
        weak = "weak" if fit.first_stage_f < 10 else "not weak by the rule F > 10"
        first_stage = contrast_label(instrument, cohort.columns[instrument])
        statistic = Interval(fit.first_stage_f)
        rows.add("first_stage_f", "iv", statistic, n=sample.n, contrast=first_stage, note=f"instrument is {weak}")
        parts.append(rows)
    return parts


def _instrumental_samples(
    cohort: Cohort, config: CohortConfig, study: PolicyStudy, instrument: str
) -> Iterator[tuple[str, str, Sample, str]]:
    """Yield outcome, exposure, sample and name in messages of each comparison with an instrument."""
    assert config.individual is not None
    exposure = config.individual.exposure
    for name in config.individual.outcomes:
        where = f"cohort {cohort.name}, instrumental variable study of {name}"
        taken = Adjustment(columns=[exposure])
        sample = draw_sample(cohort, instrument, taken, config.outcomes[name], study.cluster, where)
        if isinstance(sample.outcome, MeanOutcome):
            yield name, exposure, sample, where


def describe_set(intervals: list[tuple[float, float]]) -> str:
    """Write a union of intervals in words."""
    if not intervals:
        return "empty"
    if intervals == [(-np.inf, np.inf)]:
        return "every value"
    return " or ".join(
        f"below {high:.3g}" if low == -np.inf else f"above {low:.3g}" if high == np.inf else f"{low:.3g} to {high:.3g}"
        for low, high in intervals
    )
