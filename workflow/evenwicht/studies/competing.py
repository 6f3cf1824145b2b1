"""Follow-up for events that compete with that of an outcome, and all that a study must know of an outcome."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import DataError
from evenwicht.base.outcomes import EventOutcome
from evenwicht.cohort import Cohort
from evenwicht.studies.study import OutcomeStudy
from evenwicht.studies.values import MONTHS, MeanOutcome, TimedOutcome, outcome_values


def outcome_of_study(
    study: OutcomeStudy, cohort: Cohort, book: Codebook, name: str, where: str
) -> tuple[list[MeanOutcome | TimedOutcome], Flags]:
    """Return an outcome of a study, with what competes with it if anything does, and for whom it is not known.

    Raises
    ------
    DataError
        As `values.outcome_values` and `competing_follow_up`.
    """
    outcome = book.outcomes[name]
    values, unknown = outcome_values(cohort, outcome, where, getattr(study, "follow", None))
    found = [values]
    if competing := study.competing_events():
        assert isinstance(outcome, EventOutcome)
        assert isinstance(values, TimedOutcome)
        other = competing_follow_up(cohort, outcome, competing, where)
        unknown |= other.lost(outcome, values)
        found = list(other.each(values))
    return found, np.any(list(unknown.values()), axis=0)


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

    def each(self, values: TimedOutcome) -> tuple[TimedOutcome, TimedOutcome]:
        """Follow-up for the event of an outcome and for what competes with it, both up to what came first."""
        time = np.minimum(values.time, self.time)
        own = np.where(np.isnan(time), np.nan, (values.event == 1) & (values.time == time))
        other = np.where(np.isnan(time), np.nan, (self.event == 1) & (self.time == time) & (own == 0))
        return replace(values, time=time, event=own), replace(values, time=time, event=other)


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
