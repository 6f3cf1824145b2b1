"""Which came first: the event of an outcome, one that competes with it, or the end of follow-up for both."""

from dataclasses import dataclass

import numpy as np

from evenwicht.base.arrays import Floats, Labels
from evenwicht.estimators.near_ties import TOLERANCE
from evenwicht.estimators.survival_data import SurvivalData
from evenwicht.studies.competing import Other
from evenwicht.studies.samples import Sample
from evenwicht.studies.values import TimedOutcome


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
