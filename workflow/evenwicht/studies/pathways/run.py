"""Take the effect of each exposure on each outcome apart by mediators in order."""

from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import effect_estimand
from evenwicht.cohort import Cohort
from evenwicht.estimators.design import require_full_rank
from evenwicht.estimators.influence import Estimate
from evenwicht.estimators.pathways import Mediator, pathways
from evenwicht.estimators.product_limits import part_interval, share_interval
from evenwicht.estimators.standardisation import standardised_means, standardised_shift
from evenwicht.results.flow import not_known
from evenwicht.results.questions import DIRECT, path_key
from evenwicht.results.rows import Findings, Rows
from evenwicht.studies.pathways import Settings, part_estimand
from evenwicht.studies.samples import Sample, draw_sample, exposed_by, response
from evenwicht.studies.study import Job
from evenwicht.studies.values import MeanOutcome

MEDIATORS = "mediators not known"


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Estimate the parts of each effect that go through each block of mediators, and through none.

    Methods in the rows: `paths`, g-computation along the chain of mediators; `standardisation`, the whole effect
    without any mediator in the models. The parts by `paths` add up to the whole effect by `paths`.
    """
    adjust, mediators = book.adjustment(study.adjust), study.mediator_columns
    family = next(iter(book.role("family")), None)
    for contrast in study.contrasts(book):
        for name in study.outcomes:
            outcome = book.outcomes[name]
            where = f"cohort {book.cohort}, study {found.study}, {contrast.exposure} on {name}"
            keys = (name, contrast.exposure, contrast.reference)
            with found.part(*keys, estimand=effect_estimand(outcome)) as rows:
                sample = draw_sample(
                    cohort,
                    exposed_by(cohort, contrast),
                    adjust.without(contrast.column),
                    outcome,
                    where,
                    clusters=cohort.persons[family] if family else None,
                    weights=study.weights,
                    lost={MEDIATORS: not_known(cohort.persons, mediators)},
                )
                rows.flow(sample.flow)
                sample.tell_weights(rows)
                sample.tell_share(rows)
                sample.tell_spread(rows)
                _parts(rows, sample, study, book, cohort.persons[sample.rows], part_estimand(outcome), where)


def _parts(
    rows: Rows, sample: Sample, study: Settings, book: Codebook, people: pd.DataFrame, estimand: str, where: str
) -> None:
    columns = {name: people[name].to_numpy(dtype=float) for name in study.mediator_columns}
    matrix = np.column_stack([sample.exposure, sample.covariates, *columns.values()])
    require_full_rank(matrix, [rows.exposure, *sample.names, *columns], where)
    outcome = sample.outcome
    assert isinstance(outcome, MeanOutcome)
    how: dict[str, Any] = {"binary": outcome.binary, "weights": sample.weights}
    parts = pathways(
        outcome.value,
        sample.exposure,
        _levels(sample),
        sample.covariates,
        [
            [Mediator(columns[name], book.columns[name].type == "boolean") for name in block.columns]
            for block in study.mediators
        ],
        interactions=study.interactions,
        **how,
    )
    numbers = response(outcome)
    support, interval = numbers.support(sample.arms), sample.sampling.interval
    size: dict[str, Any] = {"n": sample.n, "events": numbers.events}
    rows.add(numbers.estimand, "paths", support.of(interval(parts.total)), **size)
    rows.add(numbers.estimand, "standardisation", support.of(interval(_whole(sample, how))), **size)
    keys = [*(block.key for block in study.mediators), DIRECT]
    for key, part in zip(keys, [*parts.blocks, parts.direct], strict=True):
        size["exposure"] = path_key(rows.exposure, key)
        rows.add(estimand, "paths", support.of(part_interval(part, sample.sampling)), **size)
        if rows.wants("path_share", exposure=size["exposure"]):
            rows.add("path_share", "paths", support.of(share_interval(part, parts.total, sample.sampling)), **size)


def _levels(sample: Sample) -> tuple[Floats, Floats]:
    """The exposure of everybody without and with what is compared."""
    if sample.continuous:
        return sample.exposure, sample.exposure + 1
    return np.zeros(sample.n), np.ones(sample.n)


def _whole(sample: Sample, how: dict[str, Any]) -> Estimate:
    """The whole effect, without the mediators."""
    assert isinstance(sample.outcome, MeanOutcome)
    value, none = sample.outcome.value, np.empty((sample.n, 0))
    if sample.continuous:
        raised, as_it_is = standardised_shift(value, sample.exposure, sample.covariates, none, 1.0, **how)
        return raised - as_it_is
    exposed, unexposed = standardised_means(value, sample.exposure, sample.covariates, none, **how)
    return exposed - unexposed
