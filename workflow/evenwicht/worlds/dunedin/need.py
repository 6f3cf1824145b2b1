"""What sectors share: the chance of high use of each by the latent group, the graded need and loads of the sector.

Whether many sectors hang together because some people are a group of their own or because need is graded is open. The
same cohort can be drawn with a latent class (Lazarsfeld and Henry 1968, Latent Structure Analysis), with a latent trait
that has the mean and the variance of the class, or with a factor mixture: a graded need within the classes and between
them (Lubke and Muthén 2005, Psychological Methods 10:21).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from evenwicht.base.arrays import Flags, Floats
from evenwicht.worlds.dunedin.settings import DunedinWorld


@dataclass(frozen=True)
class SectorLoads:
    """Log-odds of high use of every sector: arrays of one number a sector.

    Attributes
    ----------
    severe, otherwise
        Of people in the latent group and of all others, at 0 of all else.
    graded, male, brain_health
        Per SD of graded need, of men less women, and per SD of brain health.
    """

    severe: Floats
    otherwise: Floats
    graded: Floats
    male: Floats
    brain_health: Floats

    @classmethod
    def of(cls, source: DunedinWorld) -> "SectorLoads":
        """The loads that a world states."""
        sectors = list(source.sectors.values())
        return cls(
            severe=logit([s.high_if_severe for s in sectors]),
            otherwise=logit([s.high_otherwise for s in sectors]),
            graded=np.array([s.graded for s in sectors]),
            male=np.array([s.male for s in sectors]),
            brain_health=np.array([s.brain_health for s in sectors]),
        )

    def beside_need(self, male: Flags, brain_health: Floats) -> Floats:
        """What sex and brain health add to the log-odds, (n, sectors)."""
        return np.asarray(np.outer(male - 0.5, self.male) + np.outer(brain_health, self.brain_health))

    def of_group(self, member: Flags) -> Floats:
        """Log-odds by membership of the latent group, (n, sectors)."""
        return np.where(member[:, None], self.severe, self.otherwise)

    def of_graded(self, graded: Floats) -> Floats:
        """What the graded need adds in and outside the group, (n, sectors)."""
        return np.outer(graded, self.graded)

    def of_trait(self, graded: Floats, share: float) -> Floats:
        """Log-odds where need is graded alone, (n, sectors): the group's own mean and variance, spread over all.

        `share` is the size of the group that is spread.
        """
        spread = np.sqrt(share * (1 - share)) * (self.severe - self.otherwise) + self.graded
        return share * self.severe + (1 - share) * self.otherwise + np.outer(graded, spread)


def graded_need(source: DunedinWorld, need_log_odds: Floats, own: Floats) -> Floats:
    """Graded need, SDs of all births of the world as its settings describe it, (n,).

    `own` is the standard normal part that childhood does not explain.
    """
    w = source.high_need
    return np.asarray(np.sqrt(1 - w.own) * (need_log_odds - w.mean) / w.sd + np.sqrt(w.own) * own)
