"""What a policy does to those it reaches (intention to treat)."""

from typing import Any

import numpy as np

from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import effect_estimand, horizon_of
from evenwicht.cohort import Cohort
from evenwicht.estimators.influence import Estimate
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.ratios import standardised_difference, standardised_risks
from evenwicht.estimators.results import Interval
from evenwicht.estimators.risks import Risks, crude_risk, linear_risks
from evenwicht.estimators.survival import hazard_ratio
from evenwicht.results.rows import Findings, Rows
from evenwicht.studies.clusters import all_clusters, cluster_support
from evenwicht.studies.measures import arm_means, averted, number_needed, tell_association, tell_mean_ratios
from evenwicht.studies.policy import Settings
from evenwicht.studies.samples import Response, Sample, draw_sample, exposed_by, response
from evenwicht.studies.study import Job
from evenwicht.studies.values import MeanOutcome, TimedOutcome


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Estimate the effect of each policy on each outcome.

    Standard errors cluster by the column that shares the policy (state, birth month), with degrees of freedom that
    follow from the clusters that carry the contrast. Differences in the risk of a 0/1 outcome are standardised from a
    logistic model (`standardisation`) beside the linear probability model, which rare outcomes bend. Those in risk at a
    horizon come from pseudo-values, so that censoring and clusters are both respected. Beside each difference in risk
    stand the risks of both arms, and `crude` has the risk as things are.
    """
    adjust = book.adjustment(study.adjust)
    for contrast in study.contrasts(book):
        for name in study.outcomes:
            outcome = book.outcomes[name]
            where = f"cohort {book.cohort}, study {found.study}, {contrast.exposure} on {name}"
            with found.part(name, contrast.exposure, contrast.reference, estimand=effect_estimand(outcome)) as rows:
                sample = draw_sample(
                    cohort,
                    exposed_by(cohort, contrast),
                    adjust.without(contrast.column),
                    outcome,
                    where,
                    clusters=cohort.persons[study.cluster] if study.cluster else None,
                    weights=study.weights,
                    follow=study.follow,
                )
                rows.flow(sample.flow)
                _intention_to_treat(rows, sample, horizon_of(outcome), where)


def _intention_to_treat(rows: Rows, sample: Sample, at: str, where: str) -> None:
    a, x, outcome = sample.exposure, sample.covariates, sample.outcome
    support, numbers = cluster_support(sample), response(outcome, sample.weights)
    support.tell(rows, sample.n)
    sample.tell_weights(rows)
    sample.tell_share(rows)
    sample.tell_spread(rows)
    events = numbers.support(sample.arms)
    if isinstance(outcome, TimedOutcome):
        data, happened = outcome.survival(sample.weights, sample.clusters), int(outcome.event.sum())
        for ratio, method, covariates in (
            ("hazard_ratio", "crude", None),
            ("conditional_hazard_ratio", "regression", x),
        ):
            if rows.wants(ratio):
                interval = hazard_ratio(data, a, covariates, where=where)
                rows.add(ratio, method, support.of(interval), n=sample.n, events=happened)
    size: dict[str, Any] = {"n": sample.n, "events": numbers.events, "at": at}
    if numbers.estimand == "risk_difference":
        everybody = {"everybody": np.ones(sample.n, dtype=bool)}
        risk = numbers.support(everybody).of(all_clusters(sample).of(crude_risk(numbers.value, a, **sample.design)))
        rows.add("risk", "crude", risk, **size)
    if numbers.estimand == "mean_difference" or sample.continuous:
        for method, interval in _differences(sample, numbers).items():
            rows.add(numbers.estimand, method, events.of(support.of(interval)), **size)
        if isinstance(outcome, MeanOutcome):
            tell_mean_ratios(rows, sample, outcome, size, where)
        return
    for method, risks in _risks(sample, numbers).items():
        difference = events.of(support.of(risks.difference))
        rows.add("risk_difference", method, difference, **size)
        for estimand, interval in (("risk_exposed", risks.exposed), ("risk_unexposed", risks.unexposed)):
            rows.add(estimand, method, events.of(support.of(interval)), **size)
        rows.add("cases_averted", method, averted(difference), **size)
        rows.add("number_needed", method, number_needed(difference), **size)
    arms = arm_means(numbers.value, sample)
    # whom a policy reaches is set by a date or a place, and not drawn with the people
    reached = Estimate(float(np.average(a, weights=sample.weights)), np.zeros(sample.n))

    def carried(interval: Interval) -> Interval:
        return events.of(support.of(interval))

    tell_association(rows, reached, *arms, sample.sampling, carried, size, screened=False)


def _differences(sample: Sample, numbers: Response) -> dict[str, Interval]:
    """Difference in the mean, or by one step more of a policy that is a number, by each method."""
    a, x, outcome = sample.exposure, sample.covariates, sample.outcome
    found = {
        "crude": least_squares(numbers.value, a, **sample.design),
        "regression": least_squares(numbers.value, a, x, **sample.design),
    }
    if isinstance(outcome, MeanOutcome) and outcome.binary:
        found["standardisation"] = standardised_difference(outcome.value, a, x, change=1.0, **sample.design)
    return found


def _risks(sample: Sample, numbers: Response) -> dict[str, Risks]:
    """Risks with and without a policy that is there or not, by each method."""
    a, x, outcome = sample.exposure, sample.covariates, sample.outcome
    found = {
        "crude": linear_risks(numbers.value, a, **sample.design),
        "regression": linear_risks(numbers.value, a, x, **sample.design),
    }
    if isinstance(outcome, MeanOutcome):
        found["standardisation"] = standardised_risks(outcome.value, a, x, **sample.design)
    return found
