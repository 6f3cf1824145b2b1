"""The people of one exposure that changes over time and one event, their time cut into pieces."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Floats, Labels
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import ModelError
from evenwicht.base.outcomes import EventOutcome
from evenwicht.cohort import Cohort
from evenwicht.estimators.design import require_full_rank
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.pieces import Pieces, cut
from evenwicht.estimators.sampling_weights import require_weights
from evenwicht.estimators.survival_data import SurvivalData
from evenwicht.results.flow import COVARIATES, EXPOSURE, Flow, cluster_labels, departures, not_known
from evenwicht.studies.samples import WEIGHT, design_of, subset
from evenwicht.studies.time_varying import Settings
from evenwicht.studies.values import MONTHS, TimedOutcome, outcome_values, start_of_clock

AT_ENTRY = "left at or before entry"


@dataclass(frozen=True)
class People:
    """Arrays over the n people analysed, and the m pieces of their time.

    Attributes
    ----------
    pieces
        On the clock of the outcome.
    per_year
        Units of that clock in a year.
    covariates : (n, k) array
    clusters : (n,) array or None
        As declared, or by family; None if people are alone.
    weights : (n,) array or None
    flow
        Who left, and why; of people.
    """

    pieces: Pieces
    per_year: float
    covariates: Floats
    clusters: Labels | None
    weights: Floats | None
    flow: Flow

    @property
    def n(self) -> int:
        return len(self.covariates)

    @property
    def sampling(self) -> Sampling:
        """How they were drawn."""
        return Sampling(self.n, self.clusters, self.weights)

    @property
    def survival(self) -> SurvivalData:
        """What a hazard model takes: pieces, with everybody a cluster at least."""
        return self.pieces.survival(np.arange(self.n) if self.clusters is None else self.clusters, self.weights)

    @property
    def at_piece(self) -> Floats:
        """Covariates of the person of each piece, (m, k)."""
        return self.covariates[self.pieces.person]

    @property
    def years(self) -> Floats:
        """Length of each piece in years, (m,)."""
        return (self.pieces.time - self.pieces.entry) / self.per_year

    def summed(self, values: Floats, state: str) -> Floats:
        """Sum values of the pieces in a state, (m,), by person, (n,)."""
        own = self.pieces.states[state]
        return np.bincount(self.pieces.person[own], values[own], self.n).astype(float)

    def ever(self, state: str) -> int:
        """People who are ever in a state."""
        return len(np.unique(self.pieces.person[self.pieces.states[state]]))

    def events(self, state: str) -> int:
        """People who have the event in a state."""
        return int(self.pieces.event[self.pieces.states[state]].sum())


def draw_people(study: Settings, cohort: Cohort, book: Codebook, exposure: str, name: str, where: str) -> People:
    """Return the complete cases of an exposure and an outcome.

    Raises
    ------
    ModelError
        If nobody is left, or the covariates are constant or linearly dependent.
    DataError
        As `values.outcome_values`.
    """
    outcome, adjust, persons = book.outcomes[name], book.adjustment(study.adjust), cohort.persons
    assert isinstance(outcome, EventOutcome)
    values, unknown = outcome_values(cohort, outcome, where)
    assert isinstance(values, TimedOutcome)
    spells = cohort.pieces[cohort.pieces["exposure"] == exposure]
    owner = pd.Index(persons[cohort.id]).get_indexer(spells["id"])
    undated = np.zeros(len(persons), dtype=bool)
    undated[owner[(owner >= 0) & spells["from_age"].isna().to_numpy()]] = True
    stays, flow = departures(
        {
            EXPOSURE: undated,
            **unknown,
            AT_ENTRY: values.time <= values.entry,
            COVARIATES: not_known(persons, adjust.columns),
            **({WEIGHT: not_known(persons, [study.weights])} if study.weights else {}),
        }
    )
    if not stays.any():
        raise ModelError("nobody has all that is needed", where=where, fix="See who left, and why.")
    rows = persons[stays]
    covariates, names = design_of(rows, adjust)
    column = study.cluster or next(iter(book.role("family")), None)
    labels, alone = (None, 0) if column is None else cluster_labels(rows[column])
    weights = rows[study.weights].to_numpy(dtype=float) if study.weights else None
    if weights is not None:
        require_weights(weights, where)

    per_year = float(MONTHS) if outcome.unit == "months" else 1.0
    own = (owner >= 0) & stays[owner]
    owner = owner[own]
    start, end = (
        np.round(spells[age].to_numpy(dtype=float)[own] * per_year - start_of_clock(cohort, outcome)[owner], 9)
        for age in ("from_age", "to_age")  # rounded as the times of outcomes are
    )
    followed = subset(values, stays)
    assert isinstance(followed, TimedOutcome)
    survival = SurvivalData(followed.time, followed.event, followed.entry)
    pieces = cut(survival, np.cumsum(stays)[owner] - 1, start, np.where(np.isnan(end), np.inf, end))
    people = People(pieces, per_year, covariates, labels, weights, replace(flow, own_cluster=alone))
    require_full_rank(np.column_stack([pieces.exposed, people.at_piece]), [exposure, *names], where)
    return people
