"""Estimate effects three ways: from complete cases, from imputed copies, and from complete cases with weights."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import DataError, ModelError
from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import effect_estimand, horizon_of
from evenwicht.cohort import Cohort
from evenwicht.estimators.influence import Estimate, Sampling
from evenwicht.estimators.multiple_imputation import pooled
from evenwicht.estimators.results import Interval
from evenwicht.estimators.standardisation import standardised_means, standardised_shift
from evenwicht.results.flow import WEIGHTED, cluster_labels
from evenwicht.results.rows import Findings, Rows
from evenwicht.studies.attrition import ATTRITION_COLUMN, Cases, complete_cases, staged_weights
from evenwicht.studies.imputing import Imputation, imputation_of
from evenwicht.studies.missing_data import ATTRITION_WEIGHTS, COMPLETE_CASES, IMPUTATION, Settings
from evenwicht.studies.missing_data.who import tell_differences, tell_shares
from evenwicht.studies.samples import Response, Sample, draw_sample, exposed_by, response, subset
from evenwicht.studies.study import Job
from evenwicht.studies.values import MeanOutcome, outcome_values


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Estimate the adjusted effect of each exposure on each outcome three ways.

    Methods in the rows: `complete_cases`; `imputation`, by chained equations and Rubin's rules; `attrition_weights`,
    with the estimated weights in the standard error. Each standardises over the covariates of the people it stands for
    (the g-formula): by a linear outcome model for a number, for which this is the coefficient of the exposure, by a
    logistic one for a yes/no outcome, by a linear one of pseudo-values for a risk at a horizon.

    Diagnostics: shares missing by column, and how people with something missing differ from the others in what is known
    of all; the share of information lost.
    """
    if not job.judged:
        with found.part() as rows:
            tell_shares(rows, study, cohort, book)
    for name in study.outcomes:
        where = f"cohort {book.cohort}, study {found.study}, {name}"
        copies: list[Cohort] = []
        imputation: Imputation | None = None
        reason = ""
        try:
            imputation = imputation_of(study, cohort, book, name, where)
            if imputation.needed:
                copies = list(imputation.copies(job, where, f"{found.study}, {name}, {found.subgroup}"))
        except (DataError, ModelError) as error:
            if found.strict:
                raise
            reason = error.what
        if not job.judged:
            with found.part(name, estimand=effect_estimand(book.outcomes[name])) as rows:
                tell_differences(rows, study, cohort, book, where)
        for exposure in study.exposures:
            own = study.model_copy(update={"exposures": [exposure], "outcomes": [name]})
            for contrast in own.contrasts(book):
                estimand = effect_estimand(book.outcomes[name])
                with found.part(name, contrast.exposure, contrast.reference, estimand=estimand) as rows:
                    _three_ways(rows, _Comparison(own, cohort, book, contrast, where), imputation, copies, reason)


class _Comparison:
    """One comparison and one outcome, as any copy of the cohort has it."""

    def __init__(self, study: Settings, cohort: Cohort, book: Codebook, contrast: Contrast, where: str) -> None:
        self.study, self.cohort, self.book, self.contrast, self.where = study, cohort, book, contrast, where
        [self.name] = study.outcomes
        self.outcome, self.at = book.outcomes[self.name], horizon_of(book.outcomes[self.name])
        self.adjust = book.adjustment(study.adjust).without(contrast.column)
        family = next(iter(book.role("family")), None)
        self.families = cohort.persons[family] if family else None

    def sample(self, cohort: Cohort, weights: str | None) -> Sample:
        """The people analysed."""
        return draw_sample(
            cohort,
            exposed_by(cohort, self.contrast),
            self.adjust,
            self.outcome,
            self.where,
            clusters=self.families,
            weights=weights,
            follow=self.study.follow,
        )

    def samples(self, copies: Sequence[Cohort], imputed: set[str]) -> list[Sample]:
        """The people analysed in each copy; where only the outcome is imputed, they and their covariates are alike."""
        first = self.sample(copies[0], self.study.weights)
        own = self.book.column_of(self.name)
        if own is None or imputed & {self.contrast.column, *self.adjust.columns}:
            return [first, *(self.sample(copy, self.study.weights) for copy in copies[1:])]
        outcomes = (outcome_values(copy, self.outcome, self.where)[0] for copy in copies)
        return [replace(first, outcome=subset(values, first.rows)) for values in outcomes]

    def cases(self) -> Cases:
        """Who is complete."""
        return complete_cases(self.study, self.cohort, self.book, self.name, self.where)


def adjusted(sample: Sample, numbers: Response) -> Estimate:
    """Difference in the mean outcome had everybody, and had nobody, been exposed, or by one step more."""
    binary = isinstance(sample.outcome, MeanOutcome) and sample.outcome.binary
    given = (numbers.value, sample.exposure, sample.covariates, np.empty((sample.n, 0)))
    how: dict[str, Any] = {"binary": binary, "weights": sample.weights}
    one, other = standardised_shift(*given, 1.0, **how) if sample.continuous else standardised_means(*given, **how)
    return one - other


def _three_ways(
    rows: Rows, about: _Comparison, imputation: Imputation | None, copies: Sequence[Cohort], reason: str
) -> None:
    cases = about.cases()
    sample = about.sample(about.cohort, about.study.weights)
    numbers = response(sample.outcome, sample.weights)
    support = numbers.support(sample.arms)
    size: dict[str, Any] = {"n": sample.n, "events": numbers.events, "at": about.at}
    sample.tell_share(rows)
    sample.tell_spread(rows)
    complete = support.of(Sampling(sample.n, sample.clusters, sample.weights).interval(adjusted(sample, numbers)))
    rows.add(numbers.estimand, COMPLETE_CASES, complete, **size)
    flow = sample.flow

    if imputation is not None and not imputation.needed:
        rows.add(numbers.estimand, IMPUTATION, complete, **size)
    elif imputation is not None and copies:
        drawn = about.samples(copies, set(imputation.gaps))
        interval = _imputed(rows, drawn, about)
        events = [response(one.outcome, one.weights).events for one in drawn[:1]]
        rows.add(numbers.estimand, IMPUTATION, support.of(interval), n=drawn[0].n, events=events[0], at=about.at)
        counts = imputation.counts([about.contrast.column], about.adjust.columns)
        flow = replace(drawn[0].flow, beside=counts)
    else:
        rows.add(numbers.estimand, IMPUTATION, Interval.not_estimable(reason), at=about.at)

    try:
        weighted = _weighted(rows, about, cases, sample)
    except ModelError as error:
        weighted = Interval.not_estimable(error.what)
    rows.add(numbers.estimand, ATTRITION_WEIGHTS, support.of(weighted), **size)
    if cases.anybody_left:
        flow = replace(flow, beside={**flow.beside, WEIGHTED: sample.n})
    rows.flow(flow)


def _imputed(rows: Rows, drawn: Sequence[Sample], about: _Comparison) -> Interval:
    """The estimate over imputed copies."""
    estimates, errors = np.empty(len(drawn)), np.empty(len(drawn))
    df = np.inf
    for k, sample in enumerate(drawn):
        sampling = Sampling(sample.n, sample.clusters, sample.weights)
        interval = sampling.interval(adjusted(sample, response(sample.outcome, sample.weights)))
        if interval.status != "estimated":
            return interval
        estimates[k], errors[k] = interval.estimate, interval.se
        df = min(df, sampling.df if np.isfinite(sampling.df) else sample.n - 1 - sample.covariates.shape[1])
    result = pooled(estimates, errors**2, df)
    lost = result.missing_information
    rows.diagnose("missing_information", IMPUTATION, lost, n=drawn[0].n, at=about.at)
    return result.interval()


def _weighted(rows: Rows, about: _Comparison, cases: Cases, complete: Sample) -> Interval:
    """The estimate from complete cases, weighted for the others; the estimated weights are in its error."""
    weights = staged_weights(cases, about.where)
    column = np.full(len(cases.due), np.nan)
    column[cases.due] = np.where(weights.observed, weights.sampling * weights.weights, np.nan)
    persons = about.cohort.persons.assign(**{ATTRITION_COLUMN: column})
    sample = about.sample(replace(about.cohort, persons=persons), ATTRITION_COLUMN)
    estimate = adjusted(sample, response(sample.outcome, sample.weights))
    influence = np.zeros(len(cases.due))
    influence[sample.rows] = estimate.influence
    everybody = weights.with_estimation(replace(estimate, influence=influence[cases.due][weights.observed]))
    n = int(cases.due.sum())
    rows.diagnose("share_observed", ATTRITION_WEIGHTS, float(weights.observed.mean()), n=n, at=about.at)
    largest = float(weights.weights.max())
    rows.diagnose("largest_weight", ATTRITION_WEIGHTS, largest, n=complete.n, at=about.at)
    labels = None if about.families is None else cluster_labels(about.families[cases.due])[0]
    return Sampling(n, labels, weights.sampling).interval(everybody)
