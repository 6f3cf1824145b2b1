"""How many clusters stand behind an interval, and whether they are enough for one."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from evenwicht.base.arrays import Floats, Labels
from evenwicht.estimators.results import Interval
from evenwicht.results.rows import CLUSTERS, Rows
from evenwicht.studies.samples import Sample

LEAST_CLUSTERS = 5  # in either arm; with fewer no correction is known to cover (Pustejovsky and Tipton 2018)


@dataclass(frozen=True)
class ClusterSupport:
    """Numbers of clusters by name of the diagnostic that tells them; none where people are taken as independent."""

    counts: dict[str, int]

    def of(self, interval: Interval) -> Interval:
        """Return the interval, or the bare estimate where too few clusters carry it."""
        if min(self.counts.values(), default=LEAST_CLUSTERS) >= LEAST_CLUSTERS:
            return interval
        where = "" if len(self.counts) == 1 else " in an arm"
        return interval.bare(f"fewer than {LEAST_CLUSTERS} clusters{where}")

    def tell(self, rows: Rows, n: int, method: str = CLUSTERS, **about: Any) -> None:
        """Add the numbers of clusters as diagnostics."""
        for name, count in self.counts.items():
            rows.diagnose(name, method, float(count), n=n, **about)


def cluster_support(sample: Sample) -> ClusterSupport:
    """Count the clusters behind a sample: in each arm, or in all where the exposure is a number."""
    return all_clusters(sample) if sample.continuous else cluster_counts(sample.exposure, sample.clusters)


def all_clusters(sample: Sample) -> ClusterSupport:
    """Count the clusters behind a sample, whatever their exposure."""
    return ClusterSupport({} if sample.clusters is None else {"clusters": len(np.unique(sample.clusters))})


def cluster_counts(exposure: Floats, clusters: Labels | None) -> ClusterSupport:
    """Count the clusters with and without a 0/1 exposure, (n,) arrays."""
    if clusters is None:
        return ClusterSupport({})
    exposed, unexposed = (len(np.unique(clusters[exposure == arm])) for arm in (1, 0))
    return ClusterSupport({"clusters_exposed": exposed, "clusters_unexposed": unexposed})
