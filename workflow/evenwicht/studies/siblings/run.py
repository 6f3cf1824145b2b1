"""Compare brothers and sisters who differ in an exposure."""

from collections.abc import Callable, Iterator
from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import EventOutcome, effect_estimand, horizon_of
from evenwicht.cohort import Cohort
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.within_families import (
    SiblingComparison,
    conditional_odds_ratio,
    linear_fixed_effects,
    stratified_hazard_ratio,
)
from evenwicht.results.rows import Findings
from evenwicht.studies.samples import Sample, draw_sample, exposed_by, response
from evenwicht.studies.siblings import Settings
from evenwicht.studies.study import Job
from evenwicht.studies.values import MeanOutcome, TimedOutcome

Comparison = Callable[[], SiblingComparison]


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Compare brothers and sisters who differ in the exposure, beside people of all families.

    Methods in the rows: `within`, a linear model with a fixed effect for each family; `conditional_logit` of a 0/1
    outcome; `stratified_cox`, with a baseline hazard for each family. `between` is least squares over everybody with
    the same covariates. The numbers of informative families and of the people in them stand among the diagnostics.
    """
    families = cohort.persons[book.role("family")[0]]
    adjust = book.adjustment(study.adjust)
    for contrast in study.contrasts(book):
        for name in study.outcomes:
            outcome = book.outcomes[name]
            where = f"cohort {book.cohort}, study {found.study}, {contrast.exposure} on {name}"
            estimand = "conditional_hazard_ratio" if isinstance(outcome, EventOutcome) else effect_estimand(outcome)
            with found.part(name, contrast.exposure, contrast.reference, estimand=estimand) as rows:
                exposed = exposed_by(cohort, contrast)
                covariates = adjust.without(contrast.column)
                sample = draw_sample(
                    cohort, exposed, covariates, outcome, where, clusters=families, follow=study.follow
                )
                rows.flow(sample.flow)
                sample.tell_share(rows)
                sample.tell_spread(rows)
                numbers = response(sample.outcome)
                between = least_squares(numbers.value, sample.exposure, sample.covariates, clusters=sample.clusters)
                between = numbers.support(sample.arms).of(between)
                at = horizon_of(outcome)
                rows.add(numbers.estimand, "between", between, n=sample.n, events=numbers.events, at=at)
                for estimand, method, compare in _within_families(sample, where):
                    with found.part(name, contrast.exposure, contrast.reference, estimand=estimand):
                        compared = compare()
                        rows.add(estimand, method, compared.interval, n=sample.n, events=_events(sample.outcome))
                        rows.diagnose("families", method, float(compared.families), n=compared.people)


def _events(outcome: MeanOutcome | TimedOutcome) -> int | None:
    """Everybody with the event, at whatever time; None for a number."""
    happened = getattr(outcome, "event", outcome.status)
    return None if happened is None else int(happened.sum())


def _within_families(sample: Sample, where: str) -> Iterator[tuple[str, str, Comparison]]:
    """Yield estimand, method and estimator of each comparison that suits the outcome."""
    outcome, given = sample.outcome, (sample.exposure, sample.covariates)
    assert sample.clusters is not None
    how: dict[str, Any] = {"families": sample.clusters, "where": where}
    if isinstance(outcome, TimedOutcome):
        data = outcome.survival()
        yield "conditional_hazard_ratio", "stratified_cox", lambda: stratified_hazard_ratio(data, *given, **how)
        return
    y = outcome.value
    estimand = "risk_difference" if outcome.binary else "mean_difference"
    yield estimand, "within", lambda: linear_fixed_effects(y, *given, **how)
    if outcome.binary:
        yield "conditional_odds_ratio", "conditional_logit", lambda: conditional_odds_ratio(y, *given, **how)
