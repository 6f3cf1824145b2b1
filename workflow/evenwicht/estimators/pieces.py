"""Follow-up cut into (entry, exit] pieces by an exposure that changes over time.

Who is exposed later has been at risk before: as a fixed yes/no that time would count as exposed, and nobody can have
the event in it and be exposed (immortal time; Suissa 2008, Am J Epidemiol 167:492).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from evenwicht.base.arrays import Floats, Ints
from evenwicht.estimators.survival_data import SurvivalData


@dataclass(frozen=True)
class Pieces:
    """Pieces of people's time, (m,) each.

    Attributes
    ----------
    person
        Place of the person among those cut.
    entry, time
        A piece is the time t with entry < t <= time, on the clock of follow-up.
    event
        1 if the event ends the piece, else 0.
    exposed
        1 or 0.
    """

    person: Ints
    entry: Floats
    time: Floats
    event: Floats
    exposed: Floats

    def survival(self, clusters: Any, weights: Floats | None) -> SurvivalData:
        """What a hazard model takes; clusters and weights are those of the people."""
        own = None if weights is None else weights[self.person]
        return SurvivalData(self.time, self.event, self.entry, own, clusters[self.person])

    @property
    def states(self) -> dict[str, Any]:
        """Flags of the pieces by state."""
        return {"exposed": self.exposed == 1, "unexposed": self.exposed == 0}


def cut(survival: SurvivalData, person: Ints, start: Floats, end: Floats) -> Pieces:
    """Cut the follow-up of n people by the times in which they are exposed; time and memory are linear in both.

    Parameters
    ----------
    survival
        Entry (0 if None), exit and event of n people with entry < exit.
    person : (k,) array
        Place of the person who is exposed.
    start, end : (k,) arrays
        Exposed at t if start < t <= end, in any order; those of one person lie apart.
    """
    time = survival.time
    entry = np.zeros(len(time)) if survival.entry is None else survival.entry
    start, end = np.maximum(start, entry[person]), np.minimum(end, time[person])
    within = np.flatnonzero(start < end)
    within = within[np.lexsort((start[within], person[within]))]
    person, start, end = person[within], start[within], end[within]
    # a gap starts at everybody's entry and at each end, and lasts to the next start of that person, or to the exit
    everybody = np.arange(len(time))
    exposures = np.bincount(person, minlength=len(time))
    first = np.cumsum(exposures) - exposures
    gap_person = np.concatenate([everybody, person])
    gap_start = np.concatenate([entry, end])
    following = np.concatenate([first, np.arange(1, len(person) + 1)])
    left = np.concatenate([exposures > 0, np.append(person[1:] == person[:-1], False)[: len(person)]])
    gap_end = time[gap_person]
    gap_end[left] = start[following[left]]
    gap = gap_start < gap_end

    owner = np.concatenate([person, gap_person[gap]])
    begins, ends = np.concatenate([start, gap_start[gap]]), np.concatenate([end, gap_end[gap]])
    exposed = np.repeat([1.0, 0.0], [len(person), int(gap.sum())])
    event = np.where(ends == time[owner], survival.event[owner], 0.0)
    order = np.lexsort((begins, owner))
    return Pieces(owner[order], begins[order], ends[order], event[order], exposed[order])
