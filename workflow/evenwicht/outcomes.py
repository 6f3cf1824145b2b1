"""The value of an outcome for every person, in the order of the persons table."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.cohort import Cohort
from evenwicht.config import BinaryOutcome, ContinuousOutcome, EventOutcome, MultiSectorOutcome, Outcome
from evenwicht.errors import DataError
from evenwicht.estimators.concentration import high_need, several_sectors

Floats = NDArray[np.float64]
MONTHS = 12


@dataclass(frozen=True)
class MeanOutcome:
    """A number or a 0/1 value per person, NaN where not observed."""

    value: Floats
    binary: bool

    @property
    def observed(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.value)


@dataclass(frozen=True)
class TimedOutcome:
    """Entry, exit and status per person, NaN where not followed, with the horizon of risks on the same clock.

    A person whose event or censoring is at entry was never at risk and does not count as observed.
    """

    entry: Floats
    time: Floats
    event: Floats
    horizon: float

    @property
    def observed(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.time) & (self.time > self.entry)

    @property
    def delayed_entry(self) -> Floats | None:
        """Entry, if anybody enters later than the clock starts."""
        return self.entry if (self.entry > 0).any() else None

    @property
    def by_horizon(self) -> Floats:
        """1 with an event up to the horizon, 0 if followed to it without, NaN if follow-up ends earlier."""
        happened = (self.event == 1) & (self.time <= self.horizon)
        return np.where(happened, 1.0, np.where(self.time >= self.horizon, 0.0, np.nan))


def outcome_values(cohort: Cohort, outcome: Outcome, where: str) -> MeanOutcome | TimedOutcome:
    """Return the values of an outcome.

    Raises
    ------
    DataError
        If the cohort has no such event, or no costs in the window.
    """
    if isinstance(outcome, ContinuousOutcome | BinaryOutcome):
        value = cohort.persons[outcome.column].to_numpy(dtype=float, na_value=np.nan)
        return MeanOutcome(value, isinstance(outcome, BinaryOutcome))
    if isinstance(outcome, EventOutcome):
        return _timed(cohort, outcome, where)
    return MeanOutcome(_multi_sector(cohort, outcome, where), binary=True)


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
            mend=f"Choose one of: {', '.join(sorted(cohort.costs['window'].unique())) or 'none in this cohort'}.",
        )
    return costs.pivot(index="id", columns="sector", values="amount").dropna()


def _timed(cohort: Cohort, outcome: EventOutcome, where: str) -> TimedOutcome:
    events = cohort.events[cohort.events["event"] == outcome.event]
    if events.empty:
        known = ", ".join(sorted(cohort.events["event"].unique())) or "none in this cohort"
        raise DataError(f"no event '{outcome.event}'", where=where, mend=f"Choose one of: {known}.")
    rows = events.set_index("id").reindex(cohort.persons[cohort.id])
    factor = MONTHS if outcome.unit == "months" else 1
    entry, leave = (rows[name].to_numpy(dtype=float) * factor for name in ("entry_age", "exit_age"))
    if outcome.time == "follow_up":
        entry, leave = np.zeros_like(entry), leave - entry
    # ages are stored in years; a duration in whole months comes back whole
    leave = np.round(leave, 9)
    status = rows["status"].to_numpy(dtype=float)
    return TimedOutcome(np.round(entry, 9), leave, status, float(outcome.horizon))


def _multi_sector(cohort: Cohort, outcome: MultiSectorOutcome, where: str) -> Floats:
    amounts = sector_amounts(cohort, outcome.window, where)
    flags = np.column_stack([high_need(amounts[sector].to_numpy(float), outcome.top_share) for sector in amounts])
    group = pd.Series(several_sectors(flags, outcome.at_least).astype(float), index=amounts.index)
    return group.reindex(cohort.persons[cohort.id]).to_numpy(dtype=float)
