"""Are events and censoring looked for in the same window?

If diagnoses are sought to the end of linkage but people without one are censored at their last visit, the years after
the visit hold events and next to no time at risk. Older births are older at their visits, so the false excess comes
later in their lives: a gradient by date of birth out of nothing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evenwicht.cohort import Cohort
from evenwicht.estimators.gompertz import fit_gompertz
from evenwicht.estimators.results import Interval
from evenwicht.policy.births import Births

Floats = NDArray[np.float64]
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
    The interval is exact Poisson, with the expectation taken as known.
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
    earlier = births.censored_at(np.maximum(half, o.entry))
    fit = fit_gompertz(
        earlier.outcome.time,
        earlier.outcome.event,
        np.empty((earlier.n, 0)),
        [],
        entry=earlier.entry,
        where=births.where,
    )
    rate, shape = np.exp(fit.params[0]), fit.params[1]
    start = np.maximum(half, o.entry)[late]
    expected = float((rate / shape * (np.exp(shape * o.time[late]) - np.exp(shape * start))).sum())
    if observed == 0:
        return WindowCheck(Interval(np.nan), 0, "nobody has an event after half of the others have left")
    lower, upper = stats.chi2.ppf(0.025, 2 * observed) / 2, stats.chi2.ppf(0.975, 2 * observed + 2) / 2
    ratio = Interval(observed / expected, np.nan, lower / expected, upper / expected)
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
