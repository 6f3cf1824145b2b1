"""People of an event study: when each was born relative to the end of a policy, and what a hazard model needs."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import DataError
from evenwicht.base.outcomes import EventOutcome
from evenwicht.cohort import Cohort
from evenwicht.estimators.cox import CoxResult, Followed, fit_followed, follow
from evenwicht.estimators.design import LEAST_EVENTS
from evenwicht.estimators.survival_data import SurvivalData
from evenwicht.results.flow import BIRTH_DATE, COVARIATES, OUTSIDE, Flow, cluster_labels, departures, not_known
from evenwicht.studies.event_study import DOSE, Group, Settings
from evenwicht.studies.samples import design_of
from evenwicht.studies.values import TimedOutcome, outcome_values

GESTATION = 9  # months


@dataclass(frozen=True)
class Births:
    """Complete cases of one outcome, n people.

    Attributes
    ----------
    ids : (n,) array
        Identifiers.
    month : (n,) array of int
        Month of birth, counted from the month in which the policy ended.
    quarter : (n,) array of int
        Quarter of birth, counted from the quarter in which the policy ended.
    years : (n,) array
        Date of birth in years, counted from the day on which the policy ended.
    x : (n, k) array
        Covariates, each in one piece of memory, with indicators of calendar month if asked for.
    names : list of k strings
    clusters : (n,) array
    outcome
        Entry, exit and status, in years of age.
    flow
        Who left the whole cohort, and why, to make the complete cases.
    where
        Name of the study in messages.
    """

    ids: NDArray[Any]
    month: NDArray[np.int64]
    quarter: NDArray[np.int64]
    years: Floats
    x: Floats
    names: list[str]
    clusters: NDArray[Any]
    outcome: TimedOutcome
    flow: Flow
    where: str

    @property
    def n(self) -> int:
        return len(self.month)

    @property
    def events(self) -> int:
        return int(self.outcome.event.sum())

    @property
    def data(self) -> SurvivalData:
        """What a hazard model takes."""
        return self.outcome.survival(clusters=self.clusters)

    @cached_property
    def followed(self) -> Followed:
        """Their risk sets, which all Cox models of these people share."""
        return follow(self.data, where=self.where)

    @cached_property
    def varies(self) -> Flags:
        """Which covariates do, (k,)."""
        return np.asarray(self.x.min(axis=0) < self.x.max(axis=0))

    def within(self, group: Group) -> Flags:
        """Who is born in a group."""
        return (self.quarter >= group.quarters[0]) & (self.quarter <= group.quarters[1])

    def too_few_events(self, study: Settings) -> str:
        """Why the groups of the study cannot be compared by these people; empty if all have at least five events."""
        events = {name: int(self.outcome.event[self.within(group)].sum()) for name, group in study.compared.items()}
        few = [f"{count} in '{name}'" for name, count in events.items() if count < LEAST_EVENTS]
        return f"too few events: {', '.join(few)}" if few else ""

    def dose(self, study: Settings, shift: int = 0) -> Floats:
        """Months under the policy from conception to `exposed_until`, had it ended `shift` months later."""
        return np.clip(shift - self.month + GESTATION, 0.0, GESTATION + study.exposed_until)

    def part(self, rows: Flags) -> "Births":
        """These people alone."""
        o = self.outcome
        kept = TimedOutcome(o.entry[rows], o.time[rows], o.event[rows], o.horizon)
        arrays = {name: getattr(self, name)[rows] for name in ("ids", "month", "quarter", "years", "clusters")}
        return replace(self, **arrays, x=self.x.T[:, rows].T, outcome=kept)

    def censored_at(self, age: Floats) -> "Births":
        """Everybody followed to an age at most; those who have not entered by then are left out."""
        o = self.outcome
        event = np.where(o.time <= age, o.event, 0.0)
        cut = replace(self, outcome=TimedOutcome(o.entry, np.minimum(o.time, age), event, o.horizon))
        return cut.part(cut.outcome.time > o.entry)

    def cox(self, columns: dict[str, Floats]) -> CoxResult:
        """Fit a Cox model with these columns beside the covariates; errors by `estimators.clusters`."""
        x, names = self.design(columns)
        return fit_followed(self.followed, x, names, few_clusters=True, where=self.where)

    def log_likelihood(self, columns: dict[str, Floats]) -> float:
        """That of the same model, without the errors of its coefficients, which take a third of the time."""
        x, names = self.design(columns)
        alone = replace(self.followed, clusters=None)
        return fit_followed(alone, x, names, where=self.where).log_likelihood

    def design(self, columns: dict[str, Floats]) -> tuple[Floats, list[str]]:
        """These columns beside the covariates, (n, k), and their names.

        Covariates that do not vary (a calendar month without births in a part of the sample) are left out.
        """
        kept = np.flatnonzero(self.varies)
        return np.array([*columns.values(), *(self.x[:, j] for j in kept)]).T, [
            *columns,
            *(self.names[j] for j in kept),
        ]


def draw_births(cohort: Cohort, book: Codebook, study: Settings, outcome: EventOutcome, where: str) -> Births:
    """Return the complete cases of an outcome among the births that the study compares.

    Whose cluster is not known is a cluster alone.

    Raises
    ------
    DataError
        If nobody is born in the quarters of a group or cell; also as `values.outcome_values`.
    """
    persons = cohort.persons
    values, unknown = outcome_values(cohort, outcome, where)
    assert isinstance(values, TimedOutcome)
    born = persons[book.role("birth_date")[0]]
    quarter = 4 * born.dt.year + born.dt.quarter - (4 * study.ends.year + (study.ends.month + 2) // 3)
    adjust = book.adjustment(study.adjust)
    spans = [group.quarters for group in study.compared.values()]
    compared = pd.concat([quarter.between(*span) for span in spans], axis=1).any(axis=1)
    rows, flow = departures(
        {
            BIRTH_DATE: born.isna().to_numpy(),
            OUTSIDE: ~compared.to_numpy(),
            **unknown,
            COVARIATES: not_known(persons, adjust.columns),
        }
    )
    sample, born = persons[rows], born[rows]
    x, names = design_of(sample, adjust)
    if study.season:
        months = born.dt.month.to_numpy()
        present = np.unique(months)[1:]
        x = np.array([*x.T, *(months == m for m in present)], dtype=float).T
        names = [*names, *(f"month {m}" for m in present)]
    clusters, alone = cluster_labels(sample[study.cluster])
    births = Births(
        ids=sample[cohort.id].to_numpy(),
        month=(12 * born.dt.year + born.dt.month - 12 * study.ends.year - study.ends.month).to_numpy(np.int64),
        quarter=quarter[rows].to_numpy(np.int64),
        years=np.asarray((born - pd.Timestamp(study.ends)).dt.days, dtype=np.float64) / 365.25,
        x=np.asfortranarray(x, dtype=float),
        names=names,
        clusters=clusters,
        outcome=TimedOutcome(values.entry[rows], values.time[rows], values.event[rows], values.horizon),
        flow=replace(flow, own_cluster=alone),
        where=where,
    )
    for name, group in [*study.compared.items(), (study.reference.id, study.reference), *study.cells.items()]:
        if not births.within(group).any():
            raise DataError(
                f"nobody is born in the quarters {group.quarters[0]} to {group.quarters[1]} of '{name}'",
                where=where,
                fix="Correct the quarters of the event study, or leave the group out.",
            )
    return births


def group_columns(births: Births, study: Settings) -> dict[str, Floats]:
    """Indicators of the exposed groups; the unexposed are the reference."""
    return {name: births.within(group).astype(float) for name, group in study.groups.items()}


def cell_columns(births: Births, study: Settings) -> dict[str, Floats]:
    """Indicators of the cells."""
    return {name: births.within(cell).astype(float) for name, cell in study.cells.items()}


def in_cells(births: Births, study: Settings) -> Births:
    """The people born in a cell or in the reference."""
    return births.part(np.any([births.within(cell) for cell in (study.reference, *study.cells.values())], axis=0))


@dataclass(frozen=True)
class Models:
    """The Cox models of one outcome that several questions share, each fitted when first asked for."""

    births: Births
    study: Settings

    @cached_property
    def groups(self) -> CoxResult:
        """The exposed groups against the unexposed, the headline among them."""
        return self.births.cox(group_columns(self.births, self.study))

    @cached_property
    def cells(self) -> CoxResult:
        """Each cell against the reference."""
        compared = in_cells(self.births, self.study)
        return compared.cox(cell_columns(compared, self.study))

    @cached_property
    def dose(self) -> CoxResult:
        """Months of exposure."""
        return self.births.cox({DOSE: self.births.dose(self.study)})
