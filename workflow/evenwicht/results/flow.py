"""Who is due in an analysis, who leaves it and why, and who is left; each person counted once."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.base.arrays import Flags
from evenwicht.base.columns import NOT_LINKED

DUE, ANALYSED, OWN_CLUSTER = "due", "analysed", "own cluster: label not known"  # the last leave nobody out
# further steps that leave nobody out: what became of values that are not known; a person can count at several
IMPUTED = {"exposure": "exposure imputed", "outcome": "outcome imputed", "covariates": "covariates imputed"}
WEIGHTED = "weighted for people not observed"
STAYING = (OWN_CLUSTER, *IMPUTED.values(), WEIGHTED)
# reasons to leave that several studies share
BIRTH_DATE, OUTSIDE = "birth date not known", "born outside the compared windows"
EXPOSURE, OUTCOME, COVARIATES = "exposure not known", "outcome not known", "covariates not known"
SUBGROUP = "subgroup not known"
# why an outcome is not known, by what stands in `absences` of the Cohort; of those without a row there nothing says why
ABSENT: dict[str, str] = {
    NOT_LINKED: "not linked",
    "dead": f"{OUTCOME}: dead",
    "not_in_wave": f"{OUTCOME}: not in the wave",
    "not_asked": f"{OUTCOME}: not asked",
    "refused": f"{OUTCOME}: refused",
}


@dataclass(frozen=True)
class Flow:
    """Numbers of people.

    Attributes
    ----------
    due
        Everybody in the cohort.
    left
        Those who leave, by reason; a person with several reasons counts at the first.
    analysed
        Those who stay.
    own_cluster
        Those who stay, but whose cluster is not known, so that each is a cluster alone.
    beside
        Further numbers that leave nobody out, by step: see `STAYING`.
    """

    due: int
    left: dict[str, int]
    analysed: int
    own_cluster: int = 0
    beside: Mapping[str, int] = field(default_factory=dict)

    def steps(self) -> dict[str, int]:
        """Return the number of people by step, in order; steps of nobody are left out."""
        steps = {DUE: self.due, **{reason: count for reason, count in self.left.items() if count}}
        steps[ANALYSED] = self.analysed
        if self.own_cluster:
            steps[OWN_CLUSTER] = self.own_cluster
        return {**steps, **{step: count for step, count in self.beside.items() if count}}


def departures(reasons: Mapping[str, Flags]) -> tuple[Flags, Flow]:
    """Return who stays, (n,), and the flow of the n people.

    Parameters
    ----------
    reasons
        Who leaves, (n,) flags by reason, in the order in which the reasons count; at least one.
    """
    flags = list(reasons.values())
    stays = np.ones(len(flags[0]), dtype=bool)
    left = {}
    for reason, leaves in reasons.items():
        left[reason] = int((stays & leaves).sum())
        stays &= ~leaves
    return stays, Flow(len(stays), left, int(stays.sum()))


def not_known(persons: pd.DataFrame, columns: list[str]) -> Flags:
    """Whether any of these columns is empty for a person, (n,)."""
    return np.asarray(persons[columns].isna().any(axis=1), dtype=bool)


def cluster_labels(labels: pd.Series) -> tuple[NDArray[np.int64], int]:
    """Return the number of each row's cluster, (n,), and how many rows without a label are a cluster of their own.

    Clusters are numbered in the order of their labels, so that the order of rows changes nothing.
    """
    numbers, known = pd.factorize(labels, sort=True)
    alone = np.flatnonzero(numbers < 0)
    numbers[alone] = len(known) + np.arange(len(alone))
    return numbers.astype(np.int64), len(alone)
