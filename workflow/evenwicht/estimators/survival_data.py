"""Who is followed from when to when, and with which event: what every hazard model takes."""

from dataclasses import dataclass

from evenwicht.base.arrays import Flags, Floats, Ints, Labels


@dataclass(frozen=True)
class SurvivalData:
    """Follow-up of n people, or of n pieces of people's time.

    Attributes
    ----------
    time : (n,) array
        Time of exit, in any unit.
    event : (n,) array of 0 and 1
        1 if the event ends the time, 0 if it is censored.
    entry : (n,) array, optional
        Delayed entry: a row is at risk at t if entry < t <= time. None if everybody is at risk from the start.
    weights : (n,) array, optional
        Probability (sampling) or case weights.
    clusters : (n,) array, optional
        Cluster of each row: within it errors may depend on each other.
    """

    time: Floats
    event: Floats
    entry: Floats | None = None
    weights: Floats | None = None
    clusters: Labels | None = None

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.time)

    def among(self, rows: Flags | Ints) -> "SurvivalData":
        """Return some of the rows, by flag or position."""

        def some(values: Floats | None) -> Floats | None:
            return None if values is None else values[rows]

        return SurvivalData(
            self.time[rows], self.event[rows], some(self.entry), some(self.weights), some(self.clusters)
        )
