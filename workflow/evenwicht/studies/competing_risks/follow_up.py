"""Which came first: the event of an outcome, one that competes with it, or the end of follow-up for both."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags, Floats, Labels
from evenwicht.base.errors import DataError
from evenwicht.base.outcomes import EventOutcome
from evenwicht.cohort import Cohort
from evenwicht.estimators.near_ties import TOLERANCE
from evenwicht.estimators.survival_data import SurvivalData
from evenwicht.studies.samples import Sample
from evenwicht.studies.values import MONTHS, TimedOutcome


@dataclass(frozen=True)
class Other:
    """The first of the events that compete, on the clock of an outcome: (persons,) arrays, NaN if not followed."""

    entry: Floats
    time: Floats
    event: Floats

    def lost(self, outcome: EventOutcome, values: TimedOutcome) -> dict[str, Flags]:
        """Who is not followed for it, or had it before follow-up for the outcome began, flags by reason."""
        early = self.time <= values.entry if outcome.time == "age" else np.zeros(len(self.time), dtype=bool)
        return {"not followed for the competing event": np.isnan(self.time), "competing event before entry": early}


def competing_follow_up(cohort: Cohort, outcome: EventOutcome, competing: list[str], where: str) -> Other:
    """Return when each person had the first of the competing events, or was last followed for all of them.

    Raises
    ------
    DataError
        If the cohort follows nobody for one of the events.
    """
    ids, factor = cohort.persons[cohort.id], MONTHS if outcome.unit == "months" else 1
    origin: Floats | float = 0.0
    if outcome.time == "follow_up":
        origin = _rows(cohort, outcome.event, where).reindex(ids)["entry_age"].to_numpy(float)
    entries, times, states = [], [], []
    for name in competing:
        rows = _rows(cohort, name, where).reindex(ids)
        entry, leave = ((rows[column].to_numpy(float) - origin) * factor for column in ("entry_age", "exit_age"))
        entries.append(np.round(np.maximum(entry, 0.0), 9))
        times.append(np.round(leave, 9))
        states.append(rows["status"].to_numpy(float))
    time = np.min(times, axis=0)
    happened = [(state == 1) & (leave == time) for state, leave in zip(states, times, strict=True)]
    return Other(np.max(entries, axis=0), time, np.any(happened, axis=0).astype(float))


def _rows(cohort: Cohort, event: str, where: str) -> pd.DataFrame:
    rows = cohort.events[cohort.events["event"] == event]
    if rows.empty:
        raise DataError(f"nobody is followed for '{event}'", where=where, fix="Leave it out of `competing`.")
    return rows.set_index("id")


@dataclass(frozen=True)
class Courses:
    """What came first of n people, and from when on each event could be seen.

    Attributes
    ----------
    time : (n,) array
        Of the first event, or of the end of follow-up for either.
    event, competing : (n,) arrays of 0 and 1
        Which of both it was, if any.
    entry, competing_entry : (n,) arrays or None
        None if everybody is at risk from the start.
    horizon
        On the same clock.
    """

    time: Floats
    event: Floats
    competing: Floats
    entry: Floats | None
    competing_entry: Floats | None
    horizon: float

    @classmethod
    def of(cls, sample: Sample, other: Other) -> "Courses":
        """Put follow-up for both together; of two events at the same time that of the outcome counts."""
        outcome = sample.outcome
        assert isinstance(outcome, TimedOutcome)
        entry, time, state = (values[sample.rows] for values in (other.entry, other.time, other.event))
        reach = TOLERANCE * np.maximum(1.0, np.abs(outcome.time))
        event = (outcome.event == 1) & (outcome.time <= time + reach)
        competing = (state == 1) & (time <= outcome.time + reach) & ~event
        late = np.maximum(entry, outcome.entry)
        return cls(
            np.minimum(outcome.time, time),
            event.astype(float),
            competing.astype(float),
            outcome.delayed_entry,
            late if (late > 0).any() else None,
            outcome.horizon,
        )

    def causes(self, weights: Floats | None, clusters: Labels | None = None) -> tuple[SurvivalData, SurvivalData]:
        """The event and the one that competes, each with a risk set of its own."""
        return (
            SurvivalData(self.time, self.event, self.entry, weights, clusters),
            SurvivalData(self.time, self.competing, self.competing_entry, weights, clusters),
        )

    def status(self, event: Floats, other: Floats) -> Floats:
        """1 with an event up to the horizon, 0 if followed to it or ended by the other, NaN if not, (n,)."""
        by_then = self.time <= self.horizon
        known = (self.time >= self.horizon) | (by_then & (other == 1))
        return np.where(by_then & (event == 1), 1.0, np.where(known, 0.0, np.nan))
