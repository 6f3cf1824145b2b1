"""Rows that follow from the means or risks of both arms: ratios, numbers needed, what is attributable, what is told."""

from collections.abc import Callable
from typing import Any

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.base.errors import ModelError
from evenwicht.estimators.association import area, correlation_of, explained, on_liability, told_by
from evenwicht.estimators.counts import negative_binomial_ratio
from evenwicht.estimators.event_support import EventSupport, event_support
from evenwicht.estimators.influence import Estimate, Sampling, combined, sample_mean
from evenwicht.estimators.ratios import mean_ratio
from evenwicht.estimators.results import Interval
from evenwicht.results.rows import Rows
from evenwicht.studies.samples import Sample
from evenwicht.studies.values import MeanOutcome

CRUDE = "crude"
PER = 100_000  # people among whom averted cases are counted


def arm_means(values: Floats, sample: Sample) -> tuple[Estimate, Estimate]:
    """Mean of (n,) values, 0/1 or pseudo-values of a risk, among the exposed and the others as they are."""

    def mean_of(arm: int) -> Estimate:
        inside = sample.exposure == arm
        weights = inside * (1.0 if sample.weights is None else sample.weights)
        mean = float(np.average(values, weights=weights))
        return Estimate(mean, inside * (values - mean) / weights.sum())

    return mean_of(1), mean_of(0)


def tell_risks(
    rows: Rows,
    method: str,
    exposed: Estimate,
    unexposed: Estimate,
    now: Estimate,
    sampling: Sampling,
    support: EventSupport,
    size: dict[str, Any],
) -> Interval:
    """Add what follows from the risks of everybody exposed, of nobody, and of people as they are; return the ratio."""
    difference = support.of(sampling.interval(exposed - unexposed))
    rows.add("risk_difference", method, difference, **size)
    rows.add("population_risk_difference", method, support.of(sampling.interval(unexposed - now)), **size)
    rows.add("risk_exposed", method, support.of(sampling.risk_interval(exposed)), **size)
    rows.add("risk_unexposed", method, support.of(sampling.risk_interval(unexposed)), **size)
    ratio = support.of_ratio(lambda: ratio_of(sampling, exposed, unexposed))
    rows.add("risk_ratio", method, ratio, **size)
    ratio_of_odds = support.of_ratio(lambda: ratio_of(sampling, odds(exposed), odds(unexposed)))
    rows.add("odds_ratio", method, ratio_of_odds, **size)
    fraction = support.of_ratio(lambda: attributable(ratio_of(sampling, unexposed, now)))
    rows.add("attributable_fraction", method, fraction, **size)
    rows.add("number_needed", method, number_needed(difference), **size)
    return ratio


def tell_risk(rows: Rows, sample: Sample, risk: Estimate, status: Floats | None, size: dict[str, Any]) -> None:
    """Add the risk as things are, as far as events among everybody carry it."""
    support = event_support(status, {"everybody": np.ones(sample.n, dtype=bool)})
    rows.add("risk", CRUDE, support.of(sample.sampling.risk_interval(risk)), **size)


def tell_association(
    rows: Rows,
    share: Estimate,
    exposed: Estimate,
    unexposed: Estimate,
    sampling: Sampling,
    carried: Callable[[Interval], Interval],
    size: dict[str, Any],
    *,
    screened: bool = True,
) -> None:
    """Add what a yes/no exposure tells about a risk, as people are.

    `carried` leaves of an interval what the data bear. Of a policy nobody asks how many cases it reached, so people are
    not `screened` by it: those shares depend on how many were born when.
    """
    told = told_by(share, exposed, unexposed)
    shares = {"positive_predictive_value": told.positive, "negative_predictive_value": told.negative}
    if screened:
        shares |= {"sensitivity": told.sensitivity, "specificity": told.specificity}
    rows.add("crude_difference", CRUDE, carried(sampling.interval(told.difference)), **size)
    rows.add("r_squared", CRUDE, carried(explained(sampling, told.correlation)), **size)
    rows.add("liability_r_squared", CRUDE, carried(explained(sampling, told.liability)), **size)
    rows.add("auc", CRUDE, carried(area(sampling, told.lead)), **size)
    for estimand, estimate in shares.items():
        rows.add(estimand, CRUDE, carried(sampling.risk_interval(estimate)), **size)


def tell_in_spreads(rows: Rows, outcome: Floats, effects: dict[str, Estimate], sample: Sample) -> None:
    """Add effects on a number, (n,), in its standard deviations, by method."""
    sampling = sample.sampling
    spread = _spread(outcome, sampling.weights)
    for method, effect in effects.items():
        value = effect.value / spread.value
        scaled = combined(value, (1 / spread.value, effect), (-value / spread.value, spread))
        rows.add("standardised_mean_difference", method, sampling.interval(scaled), n=sample.n)


def tell_correlation(rows: Rows, sample: Sample, outcome: Floats, support: EventSupport, size: dict[str, Any]) -> None:
    """Add the share of the variance of an outcome, (n,), that the exposure tells."""
    sampling = sample.sampling
    told = correlation_of(sample.exposure, outcome, sampling.weights)
    rows.add("r_squared", CRUDE, support.of(explained(sampling, told)), **size)
    if isinstance(sample.outcome, MeanOutcome) and sample.outcome.binary:
        scale = on_liability(sample_mean(outcome, sampling.weights))
        latent = combined(told.value * scale.value, (scale.value, told), (told.value, scale))
        rows.add("liability_r_squared", CRUDE, support.of(explained(sampling, latent)), **size)


def tell_mean_ratios(rows: Rows, sample: Sample, outcome: MeanOutcome, size: dict[str, Any], where: str) -> None:
    """Add ratios of means, conditional on the covariates, of a count or an amount; of other numbers there is none."""
    y, a, x = outcome.value, sample.exposure, sample.covariates
    if not (outcome.counted or outcome.amount):
        return
    for method, covariates in ((CRUDE, None), ("modified_poisson", x)):
        rows.add("mean_ratio", method, mean_ratio(y, a, covariates, **sample.design), **size)
    if not outcome.counted:
        return
    if sample.weights is not None:
        none = Interval.not_estimable("this model takes no weights; modified Poisson regression does")
        rows.add("mean_ratio", "negative_binomial", none, **size)
        return
    try:
        found = negative_binomial_ratio(y, a, x, clusters=sample.clusters, where=where)
    except ModelError as error:
        rows.add("mean_ratio", "negative_binomial", Interval.not_estimable(error.what), **size)
        return
    rows.add("mean_ratio", "negative_binomial", found.ratio, **size)
    rows.diagnose("dispersion", "negative_binomial", found.dispersion, n=sample.n)


def number_needed(difference: Interval) -> Interval:
    """People for one case: the reciprocal of a risk difference, without sign.

    Where the difference may be zero, its limits would be two ranges through infinity (Altman 1998, BMJ 317:1309).
    """
    if not difference.estimate:
        return Interval.not_estimable(difference.reason or "the risks do not differ")
    value = 1 / abs(difference.estimate)
    if difference.reason:
        return Interval(value, reason=difference.reason)
    if difference.lower <= 0 <= difference.upper:
        return Interval(value, reason="the risks may not differ at all, so any number may be needed")
    lower, upper = sorted((1 / abs(difference.lower), 1 / abs(difference.upper)))
    return Interval(value, difference.se * value**2, lower, upper)


def averted(difference: Interval) -> Interval:
    """Cases that a policy prevents among so many people: the risk difference, turned round."""
    lower, upper = -PER * difference.upper, -PER * difference.lower
    return Interval(-PER * difference.estimate, PER * difference.se, lower, upper, difference.reason)


def attributable(ratio: Interval) -> Interval:
    """One less a ratio: the share of cases that would not be there, or that is prevented."""
    return Interval(1 - ratio.estimate, ratio.se * ratio.estimate, 1 - ratio.upper, 1 - ratio.lower, ratio.reason)


def odds(risk: Estimate) -> Estimate:
    """Odds of a risk; where everybody has the event there are none, which is said."""
    if risk.value >= 1:
        reason = risk.reason or "where everybody has the event there are no odds"
        return Estimate(np.nan, np.full_like(risk.influence, np.nan), reason)
    return combined(risk.value / (1 - risk.value), (1 / (1 - risk.value) ** 2, risk))


def ratio_of(sampling: Sampling, one: Estimate, other: Estimate) -> Interval:
    """Ratio of two means or risks, symmetric on the log scale."""
    return sampling.interval(one.log() - other.log()).exp()


def _spread(outcome: Floats, weights: Floats) -> Estimate:
    """Standard deviation of a number, (n,)."""
    centred = outcome - np.average(outcome, weights=weights)
    variance = sample_mean(centred**2, weights)
    sd = float(np.sqrt(variance.value))
    return combined(sd, (1 / (2 * sd), variance))
