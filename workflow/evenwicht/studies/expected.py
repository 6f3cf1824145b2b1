"""What a study will have before it is run: people, events, clusters, and the smallest effect it would find."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import DataError, ModelError
from evenwicht.base.exposures import Contrast
from evenwicht.cohort import Cohort
from evenwicht.estimators.power import (
    design_effect,
    least_difference,
    least_hazard_ratio,
    least_odds_ratio,
    least_risk_ratio,
)
from evenwicht.estimators.sampling_weights import effective_n
from evenwicht.results.flow import departures
from evenwicht.studies.parts import file_of_kind, part_of_kind
from evenwicht.studies.samples import Sample, draw_sample, exposed_by
from evenwicht.studies.study import ExposureStudy, OutcomeStudy, StudySettings
from evenwicht.studies.values import MeanOutcome, outcome_values


@dataclass(frozen=True)
class Expected:
    """What one comparison and outcome of a study will have.

    Attributes
    ----------
    outcome, exposure
        Keys of its rows; empty where the kind of study has none, or says only in its run what it compares.
    left
        People who leave, by reason.
    analysed
        People who stay; complete cases, also of a study that does more about missing values.
    arms
        People analysed by arm; empty if the exposure is a number.
    events
        People with the event by arm, or of everybody; empty if the outcome is no event.
    clusters
        Clusters among those analysed; 0 if they are sampled alone.
    measure, least
        Of which effect the smallest that would be found with 80% power is told, and that effect; NaN if none would.
    why_not
        Why it cannot be estimated; empty if nothing here speaks against it.
    """

    outcome: str = ""
    exposure: str = ""
    left: Mapping[str, int] = field(default_factory=dict)
    analysed: int = 0
    arms: Mapping[str, int] = field(default_factory=dict)
    events: Mapping[str, int] = field(default_factory=dict)
    clusters: int = 0
    measure: str = ""
    least: float = float("nan")
    why_not: str = ""


def expected(study: StudySettings, cohort: Cohort, book: Codebook) -> Iterator[Expected]:
    """Yield what each comparison of a study will have; each outcome of kinds that compare no columns.

    A kind that compares otherwise says so in a module of this name.
    """
    if file_of_kind(study.kind, "expected").is_file():
        yield from part_of_kind(study.kind, "expected").expected(study, cohort, book)
    elif isinstance(study, ExposureStudy):
        for name in study.outcomes:
            for contrast in study.contrasts(book):
                yield _comparison(study, cohort, book, name, contrast)
    elif isinstance(study, OutcomeStudy):
        for name in study.outcomes:
            yield _outcome(cohort, book, name)
    else:
        yield Expected(analysed=len(cohort.persons))


def _outcome(cohort: Cohort, book: Codebook, name: str) -> Expected:
    try:
        _, unknown = outcome_values(cohort, book.outcomes[name], "")
    except DataError as error:
        return Expected(name, why_not=error.what)
    _, flow = departures(unknown)
    return Expected(name, left=flow.left, analysed=flow.analysed)


def _comparison(study: ExposureStudy, cohort: Cohort, book: Codebook, name: str, contrast: Contrast) -> Expected:
    # as the kinds do: who shares an exposure or a place, else a family
    cluster = getattr(study, "cluster", None) or getattr(study, "group", None) or next(iter(book.role("family")), None)
    try:
        sample = draw_sample(
            cohort,
            exposed_by(cohort, contrast),
            book.adjustment(study.adjust).without(contrast.column),
            book.outcomes[name],
            "",
            clusters=cohort.persons[cluster] if cluster else None,
            weights=study.weights,
            follow=study.follow,
        )
    except (DataError, ModelError) as error:
        return Expected(name, contrast.exposure, why_not=error.what)
    status = sample.outcome.status
    measure, least = _least(sample)
    return Expected(
        name,
        contrast.exposure,
        left=sample.flow.left,
        analysed=sample.n,
        arms={} if sample.continuous else {arm: int(people.sum()) for arm, people in sample.arms.items()},
        events={} if status is None else {arm: int(np.nansum(status[who])) for arm, who in sample.arms.items()},
        clusters=0 if sample.clusters is None else len(np.unique(sample.clusters)),
        measure=measure,
        least=least,
    )


def _least(sample: Sample) -> tuple[str, float]:
    """Return the measure and size of the smallest effect; weights and clusters count as fewer people."""
    x, outcome = sample.exposure, sample.outcome
    y = outcome.value if isinstance(outcome, MeanOutcome) else np.nan_to_num(outcome.status)
    design = 1.0 if sample.clusters is None else design_effect(x, y, sample.clusters)
    if sample.weights is not None:
        design *= sample.n / effective_n(sample.weights)  # Kish 1965, Survey Sampling, section 11.7
    n, spread = sample.n / design, float(np.var(x))
    if not isinstance(outcome, MeanOutcome):
        return "hazard ratio", least_hazard_ratio(y.sum() / design, spread)
    if not outcome.binary:
        return "difference", least_difference(float(np.std(y, ddof=1)), spread, n)
    if sample.continuous:
        return "odds ratio", least_odds_ratio(float(y.mean()), spread, n)
    return "risk ratio", least_risk_ratio(float(y[x == 0].mean()), n * x.mean(), n * (1 - x.mean()))
