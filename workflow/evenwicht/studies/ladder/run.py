"""Estimate the same effect at each step of a ladder of adjustment, on the same people."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.arrays import Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import ModelError
from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import effect_estimand, horizon_of
from evenwicht.cohort import Cohort
from evenwicht.estimators.influence import Estimate
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.propensity import fit_propensity
from evenwicht.estimators.ratios import standardised_difference
from evenwicht.estimators.results import Interval
from evenwicht.estimators.standardisation import standardised_means
from evenwicht.estimators.survival import ProductLimit, survival_estimate
from evenwicht.estimators.within_families import linear_fixed_effects
from evenwicht.results.rows import Findings, Rows
from evenwicht.studies.ladder import CRUDE_STEP, WITHIN, Settings
from evenwicht.studies.samples import Sample, design_of, draw_sample, exposed_by, response
from evenwicht.studies.study import Job
from evenwicht.studies.values import MeanOutcome, TimedOutcome


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Estimate the effect of each exposure on each outcome with the covariates of each step.

    Methods in the rows are the steps: `step_0` compares people as they are, `step_1` and so on standardise over the
    covariates of a step (the g-formula), or weight by them where the outcome is a time to an event, and
    `step_within_families` compares brothers and sisters with the covariates of the last step.
    """
    sets = [book.adjustment(step.adjust) for step in study.steps]
    everything = Adjustment(columns=list(dict.fromkeys(name for adjust in sets for name in adjust.columns)))
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
                    everything.without(contrast.column),
                    outcome,
                    where,
                    clusters=families,
                    follow=study.follow,
                )
                rows.flow(sample.flow)
                sample.tell_share(rows)
                sample.tell_spread(rows)
                _steps(rows, sample, cohort, sets, contrast, horizon_of(outcome), study.within_families, where)


def _steps(
    rows: Rows,
    sample: Sample,
    cohort: Cohort,
    sets: list[Adjustment],
    contrast: Contrast,
    at: str,
    within: bool,
    where: str,
) -> None:
    numbers, persons = response(sample.outcome), cohort.persons[sample.rows]
    support = numbers.support(sample.arms)
    size: dict[str, Any] = {"n": sample.n, "events": numbers.events, "at": at}
    designs = [design_of(persons, adjust.without(contrast.column))[0] for adjust in sets]
    for method, interval in _adjusted(sample, designs, where):
        rows.add(numbers.estimand, method, support.of(interval), **size)
    if not within:
        return
    assert sample.clusters is not None
    try:
        how: dict[str, Any] = {"families": sample.clusters, "where": where}
        compared = linear_fixed_effects(numbers.value, sample.exposure, designs[-1], **how)
    except ModelError as error:
        rows.add(numbers.estimand, WITHIN, Interval.not_estimable(error.what), **size)
        return
    rows.add(numbers.estimand, WITHIN, support.of(compared.interval), **size)
    rows.diagnose("families", WITHIN, float(compared.families), n=compared.people, at=at)


def _adjusted(sample: Sample, designs: list[Floats], where: str) -> Iterator[tuple[str, Interval]]:
    """Yield the difference at each step, from no covariates to all."""
    nothing = np.empty((sample.n, 0))
    for k, covariates in enumerate([nothing, *designs]):
        yield (f"step_{k}" if k else CRUDE_STEP), _difference(sample, covariates, where)


def _difference(sample: Sample, covariates: Floats, where: str) -> Interval:
    a, outcome = sample.exposure, sample.outcome
    if isinstance(outcome, TimedOutcome):
        if sample.continuous:
            return least_squares(response(outcome).value, a, covariates, **sample.design)
        exposed, unexposed = _free_of_it(sample, outcome, covariates, where)
        return sample.sampling.interval(unexposed - exposed)
    if sample.continuous and outcome.binary:
        return standardised_difference(outcome.value, a, covariates, change=1.0, **sample.design)
    if sample.continuous:
        return least_squares(outcome.value, a, covariates, **sample.design)
    return _standardised(sample, outcome, covariates)


def _standardised(sample: Sample, outcome: MeanOutcome, covariates: Floats) -> Interval:
    none = np.empty((sample.n, 0))
    one, other = standardised_means(outcome.value, sample.exposure, covariates, none, binary=outcome.binary)
    return sample.sampling.interval(one - other)


def _free_of_it(sample: Sample, outcome: TimedOutcome, covariates: Floats, where: str) -> tuple[Estimate, Estimate]:
    """Share of both arms free of the event at the horizon, weighted to be alike in the covariates."""
    propensity = fit_propensity(sample.exposure, covariates, where)

    def free(arm: int, name: str) -> Estimate:
        curve = ProductLimit(outcome.survival(propensity.weights * (sample.exposure == arm)))
        return survival_estimate(curve, outcome.horizon, name, propensity)

    return free(1, "the exposed"), free(0, "the unexposed")
