"""Rows of an exposure that is a number: differences, ratios and what is told, by one step more."""

from typing import Any

from evenwicht.estimators.influence import Estimate, sample_mean
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.ratios import standardised_difference
from evenwicht.estimators.survival import ProductLimit, survival_estimate
from evenwicht.results.rows import Rows
from evenwicht.studies.exposure.events import hazard_ratio_rows
from evenwicht.studies.measures import tell_correlation, tell_mean_ratios, tell_risk
from evenwicht.studies.samples import Sample, response
from evenwicht.studies.values import MeanOutcome, TimedOutcome


def step_rows(rows: Rows, sample: Sample, at: str, where: str) -> None:
    """An exposure that is a number: differences and hazard ratios by one step more."""
    numbers = response(sample.outcome, sample.weights)
    support = numbers.support(sample.arms)
    size: dict[str, Any] = {"n": sample.n, "events": numbers.events, "at": at}
    if numbers.estimand == "risk_difference":
        tell_risk(rows, sample, _mean_or_risk(sample), numbers.status, size)
    regressions = {
        method: least_squares(numbers.value, sample.exposure, covariates, **sample.design)
        for method, covariates in (("crude", None), ("regression", sample.covariates))
    }
    for method, interval in regressions.items():
        rows.add(numbers.estimand, method, support.of(interval), **size)
    rows.add("crude_difference", "crude", support.of(regressions["crude"]), **size)
    if isinstance(sample.outcome, TimedOutcome):
        hazard_ratio_rows(rows, sample, sample.outcome, {"crude": {}}, where)
    elif sample.outcome.binary:
        interval = standardised_difference(
            numbers.value, sample.exposure, sample.covariates, change=1.0, **sample.design
        )
        rows.add("risk_difference", "standardisation", support.of(interval), **size)
    if isinstance(sample.outcome, MeanOutcome):
        tell_correlation(rows, sample, sample.outcome.value, support, size)
        tell_mean_ratios(rows, sample, sample.outcome, size, where)


def _mean_or_risk(sample: Sample) -> Estimate:
    """Mean of the outcome as things are, or its risk at the horizon by Kaplan-Meier."""
    if isinstance(sample.outcome, MeanOutcome):
        return sample_mean(sample.outcome.value, sample.weights)
    curve = ProductLimit(sample.outcome.survival(sample.weights))
    return survival_estimate(curve, sample.outcome.horizon, "the people").complement()
