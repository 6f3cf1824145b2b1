"""What happens in one arm up to the horizon: incidence, risk and years, each with the influence of every person."""

from evenwicht.base.arrays import Floats
from evenwicht.estimators.competing_risks import CumulativeIncidence, incidence_estimate, years_lost_estimate
from evenwicht.estimators.influence import Estimate
from evenwicht.estimators.propensity import Propensity
from evenwicht.studies.competing_risks.follow_up import Courses

EVENT, OTHER = 0, 1  # places of the causes


class Arm:
    """Curves of one arm, (n,) weights that are zero outside it, and its estimates at the horizon.

    Times are in the unit of the clock.
    """

    def __init__(self, courses: Courses, weights: Floats, name: str, weighting: Propensity | None) -> None:
        causes = courses.causes(weights)
        self.courses, self.name, self.weighting = courses, name, weighting
        self.curve, self.net = CumulativeIncidence(causes), CumulativeIncidence(causes[:1])

    def incidence(self, cause: int, when: float | None = None) -> Estimate:
        """Share with a cause by a time, the horizon if left out."""
        return incidence_estimate(self.curve, cause, self._time(when), self.name, self.weighting)

    def either(self, when: float) -> Estimate:
        """Share with either event by a time."""
        return _sum(self.incidence(EVENT, when), self.incidence(OTHER, when))

    def net_risk(self, when: float | None = None) -> Estimate:
        """Share with the event if nobody had the competing one first."""
        return incidence_estimate(self.net, EVENT, self._time(when), self.name, self.weighting)

    def lost(self, cause: int) -> Estimate:
        """Mean time lost to a cause up to the horizon."""
        return years_lost_estimate(self.curve, cause, self.courses.horizon, self.name, self.weighting)

    def free(self) -> Estimate:
        """Mean time free of either event up to the horizon."""
        return _rest(self.courses.horizon, _sum(self.lost(EVENT), self.lost(OTHER)))

    def net_free(self) -> Estimate:
        """Mean time free of the event if nobody had the competing one first."""
        horizon = self.courses.horizon
        return _rest(horizon, years_lost_estimate(self.net, EVENT, horizon, self.name, self.weighting))

    def estimates(self) -> dict[str, Estimate]:
        """Return everything at the horizon, by the estimands whose differences it gives."""
        return {
            "cumulative_incidence": self.incidence(EVENT),
            "competing_incidence": self.incidence(OTHER),
            "risk": self.net_risk(),
            "years_lost": self.lost(EVENT),
            "competing_years_lost": self.lost(OTHER),
            "healthy_years": self.free(),
            "rmst": self.net_free(),
        }

    def _time(self, when: float | None) -> float:
        return self.courses.horizon if when is None else when


def _sum(one: Estimate, other: Estimate) -> Estimate:
    """Both together; it has an interval if either has one."""
    reason = (one.reason and other.reason) if one.value == one.value else one.reason or other.reason
    return Estimate(one.value + other.value, one.influence + other.influence, reason)


def _rest(horizon: float, lost: Estimate) -> Estimate:
    return Estimate(horizon - lost.value, -lost.influence, lost.reason)
