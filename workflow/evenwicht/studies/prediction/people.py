"""The people of a prediction: everybody for whom all scores, all covariates and the outcome are known."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenwicht.base.arrays import Floats, Ints
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import ModelError
from evenwicht.base.outcomes import MultiSectorOutcome
from evenwicht.cohort import Cohort
from evenwicht.estimators.concentration import high_need
from evenwicht.estimators.cross_validation import deal_folds
from evenwicht.estimators.design import LEAST_EVENTS, require_full_rank
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.regression import with_intercept
from evenwicht.results.flow import COVARIATES, Flow, cluster_labels, departures, not_known
from evenwicht.results.questions import NO_SECTOR, Predictors
from evenwicht.studies.prediction import Settings
from evenwicht.studies.samples import design_of
from evenwicht.studies.study import Job
from evenwicht.studies.values import MeanOutcome, outcome_values, sector_amounts

SCORE, MIDDLE = "score not known", "high need in some sectors"


@dataclass(frozen=True)
class People:
    """The n people.

    Attributes
    ----------
    value : (n,) array
        0 or 1, or a number.
    binary
        Whether it is 0 or 1.
    scores
        Each score, (n,), by column.
    covariates : (n, k) array
    names
        Of the covariates.
    sampling
        How they were drawn: alone, or in families.
    folds
        One array, (n,), for each time they are dealt.
    flow
        Who left, and why.
    """

    value: Floats
    binary: bool
    scores: dict[str, Floats]
    covariates: Floats
    names: list[str]
    sampling: Sampling
    folds: list[Ints]
    flow: Flow

    @property
    def n(self) -> int:
        return len(self.value)

    @property
    def events(self) -> int | None:
        """People with the outcome."""
        return int(self.value.sum()) if self.binary else None

    def design(self, model: Predictors, where: str) -> Floats:
        """Design of a model with intercept, (n, 1 + k).

        Raises
        ------
        ModelError
            If a column does not vary, or follows from the others.
        """
        parts = [self.scores[name][:, None] for name in model.scores]
        names = [*model.scores, *(self.names if model.covariates else [])]
        design = np.column_stack([*parts, *([self.covariates] if model.covariates else [])])
        require_full_rank(design, names, where)
        return with_intercept(design)


def draw_people(
    study: Settings, cohort: Cohort, book: Codebook, name: str, reference: str, job: Job, where: str
) -> People:
    """Return the people of one outcome, compared with everybody else or with those without any high need.

    Raises
    ------
    ModelError
        If too few have the outcome, or are without it, or there are fewer people than folds.
    DataError
        As `values.outcome_values`.
    """
    persons, adjust = cohort.persons, book.adjustment(study.adjust)
    outcome, unknown = outcome_values(cohort, book.outcomes[name], where)
    assert isinstance(outcome, MeanOutcome)
    middle = {MIDDLE: _in_the_middle(cohort, book, name, outcome, where)} if reference == NO_SECTOR else {}
    complete, flow = departures(
        {
            SCORE: not_known(persons, study.scores),
            **unknown,
            COVARIATES: not_known(persons, adjust.columns),
            **middle,
        }
    )
    rows, value = persons[complete], outcome.value[complete]
    if outcome.binary and min(value.sum(), len(value) - value.sum()) < LEAST_EVENTS:
        raise ModelError(
            f"{int(value.sum())} of {len(value)} people have the outcome",
            where=where,
            fix="Choose a less rare outcome.",
        )
    covariates, names = design_of(rows, adjust)
    family = next(iter(book.role("family")), None)
    families: NDArray[Any] | None = cluster_labels(rows[family])[0] if family else None
    labels = rows[cohort.id].to_numpy() if families is None else families
    cases = value == 1 if outcome.binary else np.zeros(len(value), dtype=bool)
    stream = job.stream(f"folds of {name}, {reference}")
    return People(
        value=value,
        binary=outcome.binary,
        scores={score: rows[score].to_numpy(dtype=float) for score in study.scores},
        covariates=covariates,
        names=names,
        sampling=Sampling(len(value), families),
        folds=[deal_folds(labels, cases, study.folds, stream, where) for _ in range(study.repeats)],
        flow=flow,
    )


def _in_the_middle(cohort: Cohort, book: Codebook, name: str, outcome: MeanOutcome, where: str) -> NDArray[np.bool_]:
    """Who has high need in some sectors, but in too few for the outcome, (persons,)."""
    about = book.outcomes[name]
    assert isinstance(about, MultiSectorOutcome)
    amounts = sector_amounts(cohort.whole, about.window, where)
    flags = np.column_stack([high_need(amounts[sector].to_numpy(float), about.top_share) for sector in amounts])
    some = amounts.index[np.flatnonzero(flags.any(axis=1))]
    return cohort.persons[cohort.id].isin(some).to_numpy() & (outcome.value == 0)
