"""Are events and censoring looked for in the same window?

If diagnoses are sought to the end of linkage but people without one are censored at their last visit, the years after
the visit hold events and next to no time at risk. Older births are older at their visits, so the false excess comes
later in their lives: a gradient by date of birth out of nothing.
"""

from dataclasses import dataclass

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.cohort import Cohort
from evenwicht.estimators.design import LEAST_EVENTS
from evenwicht.estimators.gompertz import fit_gompertz
from evenwicht.estimators.results import Interval
from evenwicht.studies.event_study.births import Births

INCOHERENT_FROM = 1.2  # events per expected event, lower limit, from which windows are called incoherent


@dataclass(frozen=True)
class WindowCheck:
    """Events per expected event after half of those without one have left, and the number of such events."""

    ratio: Interval
    observed: int
    note: str

    @property
    def incoherent(self) -> bool:
        return bool(self.ratio.lower > INCOHERENT_FROM)


def window_check(births: Births) -> WindowCheck:
    """Compare events after half of the event-free of each birth month have left with what the time at risk explains.

    The expected number comes from the person-time after that age and a Gompertz hazard fitted to all time before it.
    The interval, on the log scale, holds the Poisson error of the events and the error of the fitted hazard. With fewer
    than five such events there is nothing to judge, and nothing that could mislead.
    """
    o = births.outcome
    half = np.full(births.n, np.inf)
    free = o.event == 0
    for month in np.unique(births.month):
        people = births.month == month
        if (free & people).any():
            half[people] = np.median(o.time[free & people])
    late = o.time > half
    observed = int(o.event[late].sum())
    if observed < LEAST_EVENTS:
        return WindowCheck(Interval(np.nan), observed, f"events after half of the others have left: {observed}")
    earlier = births.censored_at(np.maximum(half, o.entry))
    fit = fit_gompertz(earlier.outcome.survival(), np.empty((earlier.n, 0)), [], where=births.where)
    rate, shape = np.exp(fit.params[0]), fit.params[1]
    start, end = np.maximum(half, o.entry)[late], o.time[late]
    expected = float((rate / shape * (np.exp(shape * end) - np.exp(shape * start))).sum())
    by_shape = float((rate / shape * (end * np.exp(shape * end) - start * np.exp(shape * start))).sum())
    slope = np.array([1.0, by_shape / expected - 1 / shape])  # of the log expected number by log rate and shape
    se = float(np.sqrt(1 / observed + slope @ fit.covariance @ slope))
    ratio = Interval.normal(np.log(observed / expected), se).exp()
    found = f"{observed} events after half of the others have left, {expected:.1f} expected from the time at risk"
    incoherent = "; incoherent windows: events are sought for longer than people without one are followed"
    check = WindowCheck(ratio, observed, found)
    return WindowCheck(ratio, observed, found + incoherent) if check.incoherent else check


def last_visits(cohort: Cohort, births: Births) -> Floats | None:
    """Age at the last visit that each person attended, or None if the cohort has no record of attendance."""
    attended = cohort.measures[(cohort.measures["measure"] == "attendance") & cohort.measures["value"].notna()]
    if attended.empty:
        return None
    ages = attended.groupby("id")["age"].max().reindex(births.ids)
    return ages.fillna(-np.inf).to_numpy(float)
