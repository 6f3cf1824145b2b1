"""What a policy does to those it reaches (intention to treat), and what it tells as an instrument."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig, PolicyStudy
from evenwicht.estimators.instrument import two_stage_least_squares
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.ratios import standardised_difference
from evenwicht.estimators.results import Interval
from evenwicht.estimators.survival import hazard_ratio
from evenwicht.flow import flow_table, not_known
from evenwicht.outcomes import MeanOutcome, TimedOutcome
from evenwicht.policy.clusters import cluster_support
from evenwicht.rows import Known, Rows, as_table, contrast_label
from evenwicht.samples import Sample, draw_sample, response

WEAK = 10  # first-stage F; Staiger and Stock 1997, Econometrica 65:557


def policy_study(cohort: Cohort, config: CohortConfig, known: Known = None) -> pd.DataFrame:
    """Estimate the effect of each policy exposure on each outcome of the policy study.

    Standard errors cluster by the column that shares the policy (state, birth month), with degrees of freedom that
    follow from the clusters that carry the contrast. Differences in the risk of a 0/1 outcome are standardised from a
    logistic model (`gformula`) beside the linear probability model, which rare outcomes bend. Those in risk at a
    horizon come from pseudo-values, so that censoring and clusters are both respected. If `known` is given, hazard
    ratios are left out unless their true value is known; see `rows.Rows`.

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
    means = {
        "crude": least_squares(of_means.value, a, clusters=clusters),
        "regression": least_squares(of_means.value, a, x, clusters=clusters),
    }
    if isinstance(outcome, MeanOutcome) and outcome.binary:
        means["gformula"] = standardised_difference(outcome.value, a, x, clusters=clusters)
    for method, interval in means.items():
        interval = events.of(support.of(interval))
        rows.add(of_means.estimand, method, interval, n=sample.n, events=of_means.events, note=support.note)


def _instrumental(cohort: Cohort, config: CohortConfig, study: PolicyStudy, instrument: str) -> list[Rows]:
    """Effect of the individual exposure with a policy as instrument, for every individual outcome that has a mean.

    The leading row, `iv`, has the covariates and clusters of the intention-to-treat row. `iv_unadjusted` is the
    textbook's: no covariates, people independent, equal variances.
    """
    first_stage = contrast_label(instrument, cohort.columns[instrument])
    parts = []
    for name, exposure, sample, where in _instrumental_samples(cohort, config, study, instrument):
        assert isinstance(sample.outcome, MeanOutcome)
        y, z, x = sample.outcome.value, sample.exposure, sample.covariates
        a = cohort.persons[exposure].to_numpy(dtype=float, na_value=np.nan)[sample.rows]
        numbers, support = response(sample.outcome), cluster_support(z, sample.clusters)
        rows = Rows(cohort.name, name, "policy", contrast_label(exposure, cohort.columns[exposure]))
        fits = {
            "iv": two_stage_least_squares(y, a, z, x, clusters=sample.clusters, where=where),
            "iv_unadjusted": two_stage_least_squares(y, a, z, covariance="classical", where=where),
        }
        for method, fit in fits.items():
            effect, strength, allowed = fit.effect, Interval(fit.first_stage_f), fit.anderson_rubin
            said = "no covariates, equal variances, people independent"
            if method == "iv":
                effect, said = support.of(effect), support.note
                if effect.reason:
                    strength, allowed = Interval.not_estimable(effect.reason), None
            effect = numbers.support(z).of(effect)
            note = "; ".join(part for part in (f"instrument {instrument}", said, describe_set(allowed)) if part)
            rows.add(numbers.estimand, method, effect, n=sample.n, events=numbers.events, note=note)
            judged = describe_strength(strength.estimate)
            rows.add("first_stage_f", method, strength, n=sample.n, contrast=first_stage, note=judged)
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
        outside = {f"{exposure} not known": not_known(cohort.persons, [exposure])}
        outcome, cluster = config.outcomes[name], study.cluster
        sample = draw_sample(cohort, instrument, study.adjust, outcome, cluster, where, outside)
        if isinstance(sample.outcome, MeanOutcome):
            yield name, exposure, sample, where


def describe_strength(f: float) -> str:
    """Say how strong an instrument with this first-stage F is."""
    if np.isnan(f):
        return "how strongly the instrument moves the exposure cannot be told"
    if np.isinf(f):
        return "full compliance: the exposure is the instrument"
    return f"instrument is {'weak' if f < WEAK else f'not weak by the rule F > {WEAK}'}"


def describe_set(intervals: list[tuple[float, float]] | None) -> str:
    """Write an Anderson-Rubin set, a union of intervals, in words; nothing if there is none."""
    if intervals is None:
        return ""
    if not intervals:
        found = "empty"
    elif intervals == [(-np.inf, np.inf)]:
        found = "every value"
    else:
        found = " or ".join(_describe_interval(low, high) for low, high in intervals)
    return f"Anderson-Rubin 95% set: {found}"


def _describe_interval(low: float, high: float) -> str:
    if low == -np.inf:
        return f"below {high:.3g}"
    return f"above {low:.3g}" if high == np.inf else f"{low:.3g} to {high:.3g}"
