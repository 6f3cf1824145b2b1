"""How many clusters stand behind an interval, and whether they are enough for one."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenwicht.estimators.results import Interval

LEAST_CLUSTERS = 5  # in either arm; below it a cluster-robust interval is far too narrow (Cameron and Miller 2015)
FEW_CLUSTERS = 20


@dataclass(frozen=True)
class ClusterSupport:
    """Number of clusters in the smaller arm (infinite without clusters), and a note that says so."""

    fewest: float
    note: str

    def of(self, interval: Interval) -> Interval:
        """Return the interval, or the bare estimate where too few clusters carry it."""
        return interval if self.fewest >= LEAST_CLUSTERS else Interval(interval.estimate)


def cluster_support(exposure: NDArray[np.float64], clusters: NDArray[Any] | None) -> ClusterSupport:
    """Count the clusters with and without a 0/1 exposure, (n,) arrays."""
    if clusters is None:
        return ClusterSupport(np.inf, "")
    exposed, unexposed = (len(np.unique(clusters[exposure == arm])) for arm in (1, 0))
    fewest = min(exposed, unexposed)
    if fewest < LEAST_CLUSTERS:
        caution = "; too few in an arm for an interval"
    else:
        caution = "; few, so the interval is approximate" if fewest < FEW_CLUSTERS else ""
    return ClusterSupport(fewest, f"clusters: {exposed} with the policy, {unexposed} without{caution}")
