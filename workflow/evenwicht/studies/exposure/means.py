"""Rows of a yes/no exposure on a 0/1 outcome, or on a number."""

from collections.abc import Iterator
from typing import Any

from evenwicht.base.arrays import Floats
from evenwicht.estimators.doubly_robust import doubly_robust_means
from evenwicht.estimators.event_support import EventSupport, event_support
from evenwicht.estimators.influence import Estimate, sample_mean
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.propensity import Propensity, weighted_means
from evenwicht.estimators.ratios import risk_ratio
from evenwicht.estimators.results import Interval
from evenwicht.estimators.sampling_weights import standard_deviation
from evenwicht.estimators.sensitivity import e_values, risk_ratio_of_difference
from evenwicht.estimators.standardisation import standardised_means
from evenwicht.estimators.two_part import two_part_means
from evenwicht.results.rows import Rows
from evenwicht.studies.measures import (
    arm_means,
    ratio_of,
    tell_association,
    tell_correlation,
    tell_in_spreads,
    tell_mean_ratios,
    tell_risk,
    tell_risks,
)
from evenwicht.studies.samples import Sample
from evenwicht.studies.values import MeanOutcome

Means = tuple[Estimate, Estimate]  # had everybody, and had nobody, been exposed


def risk_rows(rows: Rows, sample: Sample, outcome: MeanOutcome, modifiers: Floats, propensity: Propensity) -> None:
    """Effects on a 0/1 outcome."""
    y, a, sampling = outcome.value, sample.exposure, sample.sampling
    size: dict[str, Any] = {"n": sample.n, "events": int(y.sum())}
    now, support = sample_mean(y, sample.weights), event_support(outcome.status, sample.arms)
    tell_risk(rows, sample, now, outcome.status, size)
    for method, interval in _regressions(sample, y, propensity).items():
        rows.add("risk_difference", method, support.of(interval), **size)
    for method, covariates in (("crude", None), ("modified_poisson", sample.covariates)):
        rows.add("risk_ratio", method, support.of(risk_ratio(y, a, covariates, **sample.design)), **size)
    for method, (exposed, unexposed) in _means(sample, outcome, modifiers, propensity):
        ratio = tell_risks(rows, method, exposed, unexposed, now, sampling, support, size)
        rows.diagnose("e_value", method, e_values(ratio), n=sample.n)
    tell_association(rows, sample_mean(a, sample.weights), *arm_means(y, sample), sampling, support.of, size)


def number_rows(
    rows: Rows, sample: Sample, outcome: MeanOutcome, modifiers: Floats, propensity: Propensity, where: str
) -> None:
    """Effects on a number, a count or an amount."""
    y, a, sampling, many_zeros = outcome.value, sample.exposure, sample.sampling, outcome.counted or outcome.amount
    size: dict[str, Any] = {"n": sample.n}
    now, regressions = sample_mean(y, sample.weights), _regressions(sample, y, propensity)
    for method, interval in regressions.items():
        rows.add("mean_difference", method, interval, **size)
    means = dict(_means(sample, outcome, modifiers, propensity))
    if outcome.amount:
        means["two_part"] = two_part_means(y, a, sample.covariates, where, sample.weights)
    effects = {method: exposed - unexposed for method, (exposed, unexposed) in means.items()}
    for method, (exposed, unexposed) in means.items():
        difference = sampling.interval(effects[method])
        rows.add("mean_difference", method, difference, **size)
        rows.add("population_mean_difference", method, sampling.interval(unexposed - now), **size)
        if many_zeros:
            ratio = ratio_of(sampling, exposed, unexposed)
            rows.add("mean_ratio", method, ratio, **size)
        else:
            ratio = risk_ratio_of_difference(difference, standard_deviation(y, sample.weights))
        rows.diagnose("e_value", method, e_values(ratio), n=sample.n)
    tell_in_spreads(rows, y, effects, sample)
    rows.add("crude_difference", "crude", regressions["crude"], **size)
    tell_correlation(rows, sample, y, EventSupport(), size)
    tell_mean_ratios(rows, sample, outcome, size, where)


def _regressions(sample: Sample, y: Floats, propensity: Propensity) -> dict[str, Interval]:
    a, weights = sample.exposure, propensity.sampling * propensity.weights
    return {
        "crude": least_squares(y, a, **sample.design),
        "regression": least_squares(y, a, sample.covariates, **sample.design),
        "ipw_known_weights": least_squares(y, a, clusters=sample.clusters, weights=weights),
    }


def _means(
    sample: Sample, outcome: MeanOutcome, modifiers: Floats, propensity: Propensity
) -> Iterator[tuple[str, Means]]:
    """Yield the means of both arms by each method."""
    y, a, x = outcome.value, sample.exposure, sample.covariates
    yield "ipw", weighted_means(y, propensity)
    yield "standardisation", standardised_means(y, a, x, modifiers, binary=outcome.binary, weights=sample.weights)
    yield "aipw", doubly_robust_means(y, x, modifiers, propensity, binary=outcome.binary)
