"""How many clusters stand behind an interval, and whether they are enough for one."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenwicht.estimators.results import Interval

LEAST_CLUSTERS = 5  # in either arm; with fewer no correction is known to cover (Pustejovsky and Tipton 2018)


@dataclass(frozen=True)
class ClusterSupport:
    """Number of clusters in the smaller arm (infinite without clusters), and a note that says so."""

    fewest: float
    note: str

    def of(self, interval: Interval) -> Interval:
        """Return the interval, or the bare estimate where too few clusters carry it."""
        if self.fewest >= LEAST_CLUSTERS:
            return interval
        return interval.bare(f"fewer than {LEAST_CLUSTERS} clusters in an arm")


def cluster_support(exposure: NDArray[np.float64], clusters: NDArray[Any] | None) -> ClusterSupport:
    """Count the clusters with and without a 0/1 exposure, (n,) arrays."""
    if clusters is None:
        return ClusterSupport(np.inf, "")
    exposed, unexposed = (len(np.unique(clusters[exposure == arm])) for arm in (1, 0))
    return ClusterSupport(min(exposed, unexposed), f"clusters: {exposed} with the policy, {unexposed} without")
