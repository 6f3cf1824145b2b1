"""What one person's exposure does to that person: crude, regression, weighting and standardisation side by side."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import effect_estimand, horizon_of
from evenwicht.cohort import Cohort
from evenwicht.estimators.event_support import event_support
from evenwicht.estimators.influence import Estimate, Sampling, mixture, sample_mean
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.propensity import Propensity, fit_propensity, weighted_means
from evenwicht.estimators.ratios import standardised_difference
from evenwicht.estimators.results import Interval
from evenwicht.estimators.standardisation import standardised_means
from evenwicht.estimators.survival import ProductLimit, hazard_ratio, survival_estimate
from evenwicht.results.rows import Findings, Rows
from evenwicht.studies.exposure import Settings
from evenwicht.studies.samples import Sample, design_of, draw_sample, exposed_by, response
from evenwicht.studies.study import Job
from evenwicht.studies.values import MeanOutcome, TimedOutcome

CURVE_POINTS = 61
ARMS = ("exposed", "unexposed")


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Estimate the effect of each exposure on each outcome.

    Methods in the rows: `crude`; `regression`; `ipw`, weighting with the estimated propensity in its standard error;
    `ipw_known_weights`, the same estimate as if the weights were known, whose interval is too wide; `standardisation`,
    the g-formula. An exposure that is a number is not weighted.

    Beside the average effect of everybody exposed against nobody stands the population effect: the mean or risk if
    nobody were exposed, less that of people as they are (Hubbard and van der Laan 2008, Biometrika 95:35). It is not
    the average effect times the share exposed, since the exposed may be affected more, or less, than others. The risk
    of people as they are comes from survival within each arm, so that censoring may depend on the exposure.

    Curves: `survival`, with pointwise 95% limits on the complementary log-log scale, and numbers at risk. Before the
    first event of an arm, and once nobody is left, there are none.
    """
    adjust = book.adjustment(study.adjust)
    family = next(iter(book.role("family")), None)
    families = cohort.persons[family] if family else None
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
                    clusters=families,
                    weights=study.weights,
                    follow=study.follow,
                )
                rows.flow(sample.flow)
                sample.tell_weights(rows)
                sample.tell_share(rows)
                sample.tell_spread(rows)
                at = horizon_of(outcome)
                if contrast.continuous:
                    _per_step(rows, sample, at, where)
                    continue
                propensity = fit_propensity(sample.exposure, sample.covariates, where, sample.weights)
                rows.diagnose("largest_weight", "ipw", float(propensity.weights.max()), n=sample.n)
                if isinstance(sample.outcome, MeanOutcome):
                    products = [name for name in adjust.columns if name in study.modifiers and name != contrast.column]
                    modifiers, _ = design_of(cohort.persons[sample.rows], Adjustment(columns=products))
                    _mean_rows(rows, sample, sample.outcome, modifiers, propensity)
                else:
                    _event_rows(rows, sample, sample.outcome, propensity, at, where)


def _per_step(rows: Rows, sample: Sample, at: str, where: str) -> None:
    """An exposure that is a number: differences and hazard ratios by one step more."""
    numbers = response(sample.outcome, sample.weights)
    support = numbers.support(sample.arms)
    size: dict[str, Any] = {"n": sample.n, "events": numbers.events, "at": at}
    if numbers.estimand == "risk_difference":
        _risk(rows, sample, _mean_or_risk(sample), numbers.status, size)
    for method, covariates in (("crude", None), ("regression", sample.covariates)):
        interval = least_squares(numbers.value, sample.exposure, covariates, **sample.design)
        rows.add(numbers.estimand, method, support.of(interval), **size)
    if isinstance(sample.outcome, TimedOutcome):
        _hazard_ratios(rows, sample, sample.outcome, {"crude": {}}, where)
    elif sample.outcome.binary:
        interval = standardised_difference(
            numbers.value, sample.exposure, sample.covariates, change=1.0, **sample.design
        )
        rows.add("risk_difference", "standardisation", support.of(interval), **size)


def _mean_or_risk(sample: Sample) -> Estimate:
    """Mean of the outcome as things are, or its risk at the horizon by Kaplan-Meier."""
    if isinstance(sample.outcome, MeanOutcome):
        return sample_mean(sample.outcome.value, sample.weights)
    curve = ProductLimit(sample.outcome.survival(sample.weights))
    return survival_estimate(curve, sample.outcome.horizon, "the people").complement()


def _risk(rows: Rows, sample: Sample, risk: Estimate, status: Floats | None, size: dict[str, Any]) -> None:
    """The risk as things are, as far as events among everybody carry it."""
    support = event_support(status, {"everybody": np.ones(sample.n, dtype=bool)})
    sampling = Sampling(sample.n, sample.clusters, sample.weights)
    rows.add("risk", "crude", support.of(sampling.risk_interval(risk)), **size)


def _mean_rows(rows: Rows, sample: Sample, outcome: MeanOutcome, modifiers: Floats, propensity: Propensity) -> None:
    y, a, x = outcome.value, sample.exposure, sample.covariates
    estimand = "risk_difference" if outcome.binary else "mean_difference"
    size: dict[str, Any] = {"n": sample.n, "events": int(y.sum()) if outcome.binary else None}
    now = sample_mean(y, sample.weights)
    if outcome.binary:
        _risk(rows, sample, now, outcome.status, size)
    support = event_support(outcome.status, sample.arms)
    regressions = {
        "crude": least_squares(y, a, **sample.design),
        "regression": least_squares(y, a, x, **sample.design),
        "ipw_known_weights": least_squares(
            y, a, clusters=sample.clusters, weights=propensity.sampling * propensity.weights
        ),
    }
    for method, interval in regressions.items():
        rows.add(estimand, method, support.of(interval), **size)

    sampling = Sampling(sample.n, sample.clusters, sample.weights)
    means = {
        "ipw": weighted_means(y, propensity),
        "standardisation": standardised_means(y, a, x, modifiers, binary=outcome.binary, weights=sample.weights),
    }
    for method, (exposed, unexposed) in means.items():
        rows.add(estimand, method, support.of(sampling.interval(exposed - unexposed)), **size)
        rows.add(f"population_{estimand}", method, support.of(sampling.interval(unexposed - now)), **size)
        if outcome.binary:
            ratio = partial(_ratio, sampling, exposed, unexposed)
            rows.add("risk_ratio", method, support.of_ratio(ratio), **size)
            rows.add("risk_exposed", method, support.of(sampling.risk_interval(exposed)), **size)
            rows.add("risk_unexposed", method, support.of(sampling.risk_interval(unexposed)), **size)


def _ratio(sampling: Sampling, exposed: Estimate, unexposed: Estimate) -> Interval:
    return sampling.interval(exposed.log() - unexposed.log()).exp()


def _event_rows(rows: Rows, sample: Sample, outcome: TimedOutcome, propensity: Propensity, at: str, where: str) -> None:
    a = sample.exposure
    by_horizon: dict[str, Any] = {"n": sample.n, "events": int(np.nansum(outcome.status)), "at": at}
    support = event_support(outcome.status, sample.arms)
    sampling = Sampling(sample.n, sample.clusters, sample.weights)
    people = dict(zip(ARMS, (a == 1, a == 0), strict=True))
    arms: dict[str, tuple[Estimate, Estimate]] = {}
    for method, weighting in (("crude", None), ("ipw", propensity)):
        weights = propensity.sampling * (1.0 if weighting is None else weighting.weights)
        at_horizon: list[Estimate] = []
        for name, arm in people.items():
            curve = ProductLimit(outcome.survival(weights * arm))
            estimate = survival_estimate(curve, outcome.horizon, name, weighting)
            at_horizon.append(estimate)
            shown = event_support(outcome.status, {name: arm}).of(sampling.survival_interval(estimate))
            events = int(np.nansum(outcome.status[arm]))
            rows.add(f"survival_{name}", method, shown, n=int(arm.sum()), events=events, at=at)
            if rows.wants_curves:
                grid = np.linspace(0, outcome.horizon, CURVE_POINTS)
                # one at a time: each estimate holds a number per person
                limits = [sampling.survival_interval(survival_estimate(curve, t, name, weighting)) for t in grid]
                rows.curve("survival", _curve(outcome, arm, grid, limits).assign(method=method, arm=name))
        exposed, unexposed = at_horizon
        difference = support.of(sampling.interval(unexposed - exposed))
        rows.add("risk_difference", method, difference, **by_horizon)
        arms[method] = exposed, unexposed
    now = mixture(sample_mean(a, sample.weights), *arms["crude"])
    _risk(rows, sample, now.complement(), outcome.status, by_horizon)
    population = support.of(sampling.interval(now - arms["ipw"][1]))
    rows.add("population_risk_difference", "ipw", population, **by_horizon)
    _hazard_ratios(
        rows, sample, outcome, {"crude": {}, "ipw": {"weights": propensity.sampling * propensity.weights}}, where
    )


def _curve(outcome: TimedOutcome, arm: Flags, grid: Floats, limits: Sequence[Interval]) -> pd.DataFrame:
    """Points of a survival curve, with the numbers at risk in its arm."""
    entered = np.searchsorted(np.sort(outcome.entry[arm]), grid, side="right")
    left = np.searchsorted(np.sort(outcome.time[arm]), grid, side="left")
    points = {name: [getattr(limit, name) for limit in limits] for name in ("estimate", "lower", "upper")}
    return pd.DataFrame({"x": grid, **points, "at_risk": entered - left})


def _hazard_ratios(
    rows: Rows, sample: Sample, outcome: TimedOutcome, marginal: dict[str, dict[str, Any]], where: str
) -> None:
    """Hazard ratios without covariates by each way of weighting, and the one with covariates."""
    size: dict[str, Any] = {"n": sample.n, "events": int(outcome.event.sum())}

    def ratio(covariates: Floats | None = None, weights: Floats | None = sample.weights) -> Interval:
        return hazard_ratio(outcome.survival(weights, sample.clusters), sample.exposure, covariates, where=where)

    if rows.wants("hazard_ratio"):
        for method, options in marginal.items():
            rows.add("hazard_ratio", method, ratio(**options), **size)
    if rows.wants("conditional_hazard_ratio"):
        rows.add("conditional_hazard_ratio", "regression", ratio(sample.covariates), **size)
