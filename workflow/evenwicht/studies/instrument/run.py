"""Effect of an individual exposure with a policy as instrument."""

from collections.abc import Mapping

import numpy as np

from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import effect_estimand
from evenwicht.cohort import Cohort
from evenwicht.estimators.instrument import two_stage_least_squares
from evenwicht.estimators.results import Interval
from evenwicht.results.rows import Findings, Rows
from evenwicht.studies.clusters import cluster_support
from evenwicht.studies.instrument import Settings
from evenwicht.studies.samples import Exposed, Sample, draw_sample, exposed_by, response
from evenwicht.studies.study import Job

WEAK = 10  # first-stage F; Staiger and Stock 1997, Econometrica 65:557


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Estimate the effect of the exposure on each outcome by two-stage least squares.

    The leading rows, `iv`, have the covariates and clusters of the study. `iv_unadjusted` is the textbook's: no
    covariates, people independent, equal variances. Each has its first-stage F and Anderson-Rubin set among the
    diagnostics; the latter is valid however weak the instrument, and can be a union of intervals, numbered in `at`.
    """
    exposure, instrument = study.pair(book)
    adjust = book.adjustment(study.adjust).without(exposure.column, instrument.column)
    treated, assigned = exposed_by(cohort, exposure), exposed_by(cohort, instrument)
    unknown = {"exposure not known": np.isnan(treated.value), **treated.outside}
    offered = Exposed(assigned.name, assigned.value, assigned.continuous, {**unknown, **assigned.outside})
    for name in study.outcomes:
        outcome = book.outcomes[name]
        where = f"cohort {book.cohort}, study {found.study}, {exposure.exposure} on {name}"
        with found.part(name, exposure.exposure, exposure.reference, estimand=effect_estimand(outcome)) as rows:
            clusters = cohort.persons[study.cluster] if study.cluster else None
            sample = draw_sample(cohort, offered, adjust, outcome, where, clusters=clusters)
            rows.flow(sample.flow)
            sample.tell_spread(rows)
            keys = {"exposure": instrument.exposure, "reference": instrument.reference}
            _two_stages(rows, sample, treated.value[sample.rows], keys, where)


def _two_stages(rows: Rows, sample: Sample, a: np.ndarray, instrument: Mapping[str, str], where: str) -> None:
    numbers, support = response(sample.outcome), cluster_support(sample)
    y, z, x = numbers.value, sample.exposure, sample.covariates
    support.tell(rows, sample.n, "iv", **instrument)
    fits = {
        "iv": two_stage_least_squares(y, a, z, x, clusters=sample.clusters, where=where),
        "iv_unadjusted": two_stage_least_squares(y, a, z, covariance="classical", where=where),
    }
    for method, fit in fits.items():
        effect, strength, allowed = fit.effect, Interval(fit.first_stage_f), fit.anderson_rubin
        if method == "iv":
            effect = support.of(effect)
            if effect.reason:
                strength, allowed = Interval.not_estimable(effect.reason), None
        effect = numbers.support(sample.arms).of(effect)
        rows.add(numbers.estimand, method, effect, n=sample.n, events=numbers.events)
        note = describe_strength(strength.estimate)
        rows.diagnose("first_stage_f", method, strength, n=sample.n, note=note, **instrument)
        for part, (low, high) in enumerate(allowed or [], start=1):
            limits = Interval(np.nan, lower=low, upper=high)
            rows.diagnose("anderson_rubin", method, limits, n=sample.n, at=part)


def describe_strength(f: float) -> str:
    """Say how strong an instrument with this first-stage F is."""
    if np.isnan(f):
        return "how strongly the instrument moves the exposure cannot be told"
    if np.isinf(f):
        return "full compliance: the exposure is the instrument"
    return f"instrument is {'weak' if f < WEAK else f'not weak by the rule F > {WEAK}'}"
