"""The value of an outcome for every person, in the order of the persons table."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.errors import DataError
from evenwicht.base.outcomes import (
    BinaryOutcome,
    ContinuousOutcome,
    CountOutcome,
    EventOutcome,
    MultiSectorOutcome,
    Outcome,
    UseOutcome,
)
from evenwicht.cohort import Cohort
from evenwicht.estimators.concentration import high_need, several_sectors
from evenwicht.estimators.survival_data import SurvivalData
from evenwicht.results.flow import ABSENT, OUTCOME
from evenwicht.studies.study import Follow

MONTHS = 12


@dataclass(frozen=True)
class MeanOutcome:
    """A number or a 0/1 value per person, NaN where not observed.

    Attributes
    ----------
    value : (n,) array
    binary
        Whether it is 0 or 1.
    counted
        Whether it is a whole number of times, and not a number on any scale.
    amount
        Whether it is a use that many people do not have at all.
    """

    value: Floats
    binary: bool
    counted: bool = False
    amount: bool = False

    @property
    def status(self) -> Floats | None:
        """The 0/1 value, (n,); None for a number."""
        return self.value if self.binary else None


@dataclass(frozen=True)
class TimedOutcome:
    """Entry, exit and status per person, NaN where not followed, with the horizon of risks on the same clock.

    On the clock of follow-up everybody is at risk from 0 on, and an event at 0 counts, as in R's `survfit`. On the
    clock of age people enter late and are at risk after entry: whose event or censoring is at entry never was.
    """

    entry: Floats
    time: Floats
    event: Floats
    horizon: float

    @property
    def delayed_entry(self) -> Floats | None:
        """Entry, if anybody enters later than the clock starts."""
        return self.entry if (self.entry > 0).any() else None

    def survival(self, weights: Floats | None = None, clusters: NDArray[Any] | None = None) -> SurvivalData:
        """What a hazard model takes."""
        return SurvivalData(self.time, self.event, self.delayed_entry, weights, clusters)

    @property
    def status(self) -> Floats:
        """1 with an event up to the horizon, 0 if followed to it without, NaN if not followed until then, (n,)."""
        happened = (self.event == 1) & (self.time <= self.horizon)
        reached = (self.time >= self.horizon) & (self.entry < self.horizon)
        return np.where(happened, 1.0, np.where(reached, 0.0, np.nan))


def outcome_values(
    cohort: Cohort, outcome: Outcome, where: str, follow: Follow | None = None
) -> tuple[MeanOutcome | TimedOutcome, dict[str, NDArray[np.bool_]]]:
    """Return the values of an outcome, and for whom it is not known, flags by reason.

    `follow` shortens follow-up on the clock of age.

    Raises
    ------
    DataError
        If the cohort has no such event, nobody followed for it enters before its horizon, or there are no costs in the
        window.
    """
    if isinstance(outcome, ContinuousOutcome | BinaryOutcome | CountOutcome):
        value = cohort.persons[outcome.column].to_numpy(dtype=float, na_value=np.nan)
        counted, known = isinstance(outcome, CountOutcome), value[~np.isnan(value)]
        if counted and ((known < 0) | (known % 1 != 0)).any():
            raise DataError(f"'{outcome.column}' holds what is no count", where=where, fix="Study it as continuous.")
        lost = without_value(cohort, outcome.column, np.isnan(value))
        return MeanOutcome(value, isinstance(outcome, BinaryOutcome), counted), lost
    if isinstance(outcome, EventOutcome):
        values = _timed(cohort, outcome, where)
        unseen = np.isnan(values.time)
        lost = {**_said(cohort, unseen, table="events", item=outcome.event), "not followed": unseen}
        if outcome.time == "age":
            values = values if follow is None else _within(values, follow, outcome)
            lost["left at or before entry"] = values.time <= values.entry
        return values, lost
    amounts = sector_amounts(cohort.whole, outcome.window, where)  # high need is relative to all
    if isinstance(outcome, UseOutcome):
        use = amounts[outcome.sector].reindex(cohort.persons[cohort.id]).to_numpy(dtype=float)
        return MeanOutcome(use, binary=False, amount=True), without_amounts(cohort, outcome.window, amounts)
    need = MeanOutcome(_multi_sector(cohort, outcome, amounts), binary=True)
    return need, without_amounts(cohort, outcome.window, amounts)


def without_value(cohort: Cohort, column: str, absent: Flags) -> dict[str, Flags]:
    """Say why a column has no value, (n,) flags by reason, of those without one.

    Those whose cell holds a missing code leave by what it means, and all others because the value is not known.
    """
    return {**_said(cohort, absent, table="persons", item=column), OUTCOME: absent}


def _said(cohort: Cohort, absent: Flags, **place: str) -> dict[str, Flags]:
    """Whose value is absent for a reason that `absences` has, (n,) flags by reason; `place` is some of its columns."""
    here = np.all([cohort.absences[name] == key for name, key in place.items()], axis=0)
    coded = cohort.absences[here]
    ids = cohort.persons[cohort.id]
    return {
        reason: absent & ids.isin(coded.loc[coded["meaning"] == meaning, "id"]).to_numpy(dtype=bool)
        for meaning, reason in ABSENT.items()
        if (coded["meaning"] == meaning).any()
    }


def sector_amounts(cohort: Cohort, window: str, where: str) -> pd.DataFrame:
    """Return use per person (rows, by id) and sector (columns) in a window; people without costs are absent.

    Raises
    ------
    DataError
        If nobody has costs in the window.
    """
    costs = cohort.costs[cohort.costs["window"] == window]
    if costs.empty:
        raise DataError(
            f"no costs in window '{window}'",
            where=where,
            fix=f"Choose one of: {', '.join(sorted(cohort.costs['window'].unique())) or 'none in this cohort'}.",
        )
    return costs.pivot(index="id", columns="sector", values="amount").dropna()


def without_amounts(cohort: Cohort, window: str, amounts: pd.DataFrame) -> dict[str, Flags]:
    """Say why people are not among those of `sector_amounts`: (n,) flags by reason, first those of `absences`."""
    ids, costs = cohort.persons[cohort.id], cohort.costs
    seen = {
        "not linked": costs["id"],
        "not observed in the window": costs.loc[costs["window"] == window, "id"],
        "use of a sector not known": amounts.index,
    }
    lost: dict[str, Flags] = {reason: ~ids.isin(people).to_numpy() for reason, people in seen.items()}
    said = _said(cohort, np.any(list(lost.values()), axis=0), table="costs", at=window)
    return {**said, **{reason: absent | said.get(reason, False) for reason, absent in lost.items()}}


def _timed(cohort: Cohort, outcome: EventOutcome, where: str) -> TimedOutcome:
    events = cohort.events[cohort.events["event"] == outcome.event]
    if events.empty:
        known = ", ".join(sorted(cohort.events["event"].unique())) or "none in this cohort"
        raise DataError(f"no event '{outcome.event}'", where=where, fix=f"Choose one of: {known}.")
    rows = events.set_index("id").reindex(cohort.persons[cohort.id])
    factor = MONTHS if outcome.unit == "months" else 1
    entry, leave = (rows[name].to_numpy(dtype=float) * factor for name in ("entry_age", "exit_age"))
    if outcome.time == "follow_up":
        entry, leave = np.zeros_like(entry), leave - entry
    # ages are stored in years; a duration in whole months comes back whole
    entry, leave = np.round(entry, 9), np.round(leave, 9)
    if not (entry < outcome.horizon).any():
        raise DataError(
            f"nobody followed for '{outcome.event}' enters before the horizon {outcome.horizon:g}",
            where=where,
            fix=f"Set the outcome's `horizon` to a later age, in {outcome.unit}.",
        )
    return TimedOutcome(entry, leave, rows["status"].to_numpy(dtype=float), float(outcome.horizon))


def start_of_clock(cohort: Cohort, outcome: EventOutcome) -> Floats:
    """Return the age at which the clock of an outcome starts for each person, in its unit, (n,); NaN if not followed.

    On the clock of age it is birth.
    """
    if outcome.time == "age":
        return np.zeros(len(cohort.persons))
    events = cohort.events[cohort.events["event"] == outcome.event]
    entry = events.set_index("id")["entry_age"].reindex(cohort.persons[cohort.id]).to_numpy(dtype=float)
    return entry * (MONTHS if outcome.unit == "months" else 1)


def _within(values: TimedOutcome, follow: Follow, outcome: EventOutcome) -> TimedOutcome:
    """Follow-up between two ages: later entry, earlier exit, and no event after it."""
    factor = MONTHS if outcome.unit == "months" else 1
    last = np.inf if follow.exit is None else follow.exit * factor
    event = np.where(values.time <= last, values.event, 0.0)
    event = np.where(np.isnan(values.event), np.nan, event)
    entry, time = np.maximum(values.entry, follow.entry * factor), np.minimum(values.time, last)
    return TimedOutcome(entry, time, event, values.horizon)


def _multi_sector(cohort: Cohort, outcome: MultiSectorOutcome, amounts: pd.DataFrame) -> Floats:
    flags = np.column_stack([high_need(amounts[sector].to_numpy(float), outcome.top_share) for sector in amounts])
    group = pd.Series(several_sectors(flags, outcome.at_least).astype(float), index=amounts.index)
    return group.reindex(cohort.persons[cohort.id]).to_numpy(dtype=float)
