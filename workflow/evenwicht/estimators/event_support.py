"""What the numbers of people with and without an event can carry: a ratio, an interval, or the reason why not."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evenwicht.base.arrays import Flags, Floats
from evenwicht.estimators.design import LEAST_EVENTS
from evenwicht.estimators.results import Interval


@dataclass(frozen=True)
class EventSupport:
    """Reasons why something cannot be said of a risk; empty where it can.

    Attributes
    ----------
    no_risk, no_ratio, no_interval
        Why no risk, no ratio of risks, and no interval of either can be given.
    """

    no_risk: str = ""
    no_ratio: str = ""
    no_interval: str = ""

    def of(self, interval: Interval) -> Interval:
        """Return a risk or a difference as far as the events carry it."""
        if self.no_risk:
            return Interval.not_estimable(self.no_risk)
        return interval.bare(self.no_interval) if self.no_interval else interval

    def of_ratio(self, estimate: Callable[[], Interval]) -> Interval:
        """Return a ratio as far as the events carry it; it is computed only if there is one."""
        if self.no_risk or self.no_ratio:
            return Interval.not_estimable(self.no_risk or self.no_ratio)
        return self.of(estimate())


def two_arms(exposure: Floats) -> dict[str, Flags]:
    """Return the arms of a 0/1 exposure, (n,), by name."""
    return {"exposed": exposure == 1, "unexposed": exposure == 0}


def arms(exposure: Floats) -> dict[str, Flags]:
    """Return the arms of an exposure, (n,), by name: the two of a 0/1 exposure, all people of one in numbers."""
    if np.isin(exposure, (0, 1)).all():
        return two_arms(exposure)
    return {"people": np.ones(len(exposure), dtype=bool)}


def event_support(status: Floats | None, arms: dict[str, Flags]) -> EventSupport:
    """Judge a risk by the people with and without the event in each arm.

    Parameters
    ----------
    status : (n,) array or None
        1 with the event up to the horizon, 0 if followed to it without, NaN if follow-up ends earlier; None for an
        outcome that is no event, about which there is nothing to judge.
    arms
        Who is in each arm, (n,) flags by name.
    """
    if status is None:
        return EventSupport()
    events, free = ({name: int((status[arm] == code).sum()) for name, arm in arms.items()} for code in (1, 0))
    if any(free[name] == 0 and np.isnan(status[arm]).any() for name, arm in arms.items()):
        return EventSupport(no_risk=f"an arm is not followed to the horizon; free of the event there: {_listed(free)}")
    for counts, what in ((events, "with the event"), (free, "without the event")):
        if min(counts.values()) < LEAST_EVENTS:
            few = f"too few people {what} for an interval: {_listed(counts)}"
            none = f"nobody {what}{_in_an_arm(counts)}: {_listed(counts)}" if min(counts.values()) == 0 else ""
            return EventSupport(no_ratio=none, no_interval=few)
    return EventSupport()


def hazard_support(event: Floats, arms: dict[str, Flags], coefficients: int) -> EventSupport:
    """Judge a hazard ratio by all events in the fit, (n,) of 0 and 1; no arm needs people without."""
    counts = {name: int(event[arm].sum()) for name, arm in arms.items()}
    if min(counts.values()) == 0:
        return EventSupport(no_ratio=f"no events{_in_an_arm(counts)}: {_listed(counts)}")
    if event.sum() < coefficients:
        return EventSupport(no_ratio=f"{int(event.sum())} events are fewer than the {coefficients} coefficients")
    few = min(counts.values()) < LEAST_EVENTS
    return EventSupport(no_interval=f"too few events for an interval: {_listed(counts)}" if few else "")


def _in_an_arm(counts: dict[str, int]) -> str:
    return " in an arm" if len(counts) > 1 else ""


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
