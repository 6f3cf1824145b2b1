"""The multi-sector group of a Dunedin-style world and what foretells its sectors, as expectations over given people.

Given a person's childhood, the sectors of a member of the latent group are independent of each other, and so are those
of everybody else. The number of sectors in which a person stands out is then Poisson-binomial, and use is log-normal
among users, cut by the part of life abroad. Amounts are taken as they are, not in whole units: what that leaves, the
comparison of the world with the published figures shows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit, ndtr

from evenwicht.base.arrays import Floats
from evenwicht.estimators.distributions import normal_density
from evenwicht.results.questions import Concentration
from evenwicht.worlds.dunedin.recorded import covariates, log_link_risk
from evenwicht.worlds.dunedin.settings import DunedinSector, DunedinWorld
from evenwicht.worlds.scm import Values

NOBODY = 1e-5


@dataclass(frozen=True)
class Regime:
    """Recorded use of one sector by n people who all belong to the latent group, or all do not; (n,) each.

    Attributes
    ----------
    stands_out
        Chance to be among the people with most recorded use.
    use, use_of_top
        Expected recorded use, and its part that comes with standing out.
    """

    stands_out: Floats
    use: Floats
    use_of_top: Floats


@dataclass(frozen=True)
class Use:
    """Recorded use of one sector.

    Attributes
    ----------
    otherwise
        Chance of high use outside the group, of an average person.
    group, others
        The same people as members of the group and as none.
    ratio
        Risk ratio of standing out per SD of poor brain health.
    """

    otherwise: float
    group: Regime
    others: Regime
    ratio: float


@dataclass(frozen=True)
class Segment:
    """Figures of the multi-sector group by its size, and by two parameters of each sector.

    Attributes
    ----------
    source, question
        The world, a factor mixture, and what is asked of it.
    people
        Drawn from it.
    """

    source: DunedinWorld
    question: Concentration
    people: Values

    @property
    def sectors(self) -> list[DunedinSector]:
        return list(self.source.sectors.values())

    def shift(self, share: float) -> float:
        """By how much the log-odds of need move for the group to have this share of all people."""
        log_odds = self.people["need_log_odds"]
        return float(brentq(lambda s: float(expit(log_odds + s).mean()) - share, -9, 9, xtol=1e-13))

    def figures(self) -> Callable[[Floats], list[float]]:
        """Return the figures as a function of the parameters.

        The parameters are the size of the group, then of every sector the chance of high use in the group, then of
        every sector the load of brain health. The figures are the share of people in the multi-sector group, its share
        of the use of every sector, and of every sector the risk ratio per SD of poor brain health.
        """
        member = lru_cache(maxsize=4)(self.member)

        @lru_cache(maxsize=4 * len(self.sectors))  # one parameter at a time moves in a derivative
        def use(j: int, share: float, severe: float, brain_health: float) -> Use:
            return self.use(j, member(share), severe, brain_health)

        def found(x: Floats) -> list[float]:
            share, severe, brain_health = float(x[0]), *np.split(x[1:], 2)
            uses = [use(j, share, float(severe[j]), float(brain_health[j])) for j in range(len(severe))]
            size, shares = self.group_of(uses, member(share))
            return [size, *shares, *(one.ratio for one in uses)]

        return found

    def member(self, share: float) -> Floats:
        """Chance of each person to belong to the latent group of this size, (n,)."""
        return np.asarray(expit(self.people["need_log_odds"] + self.shift(share)))

    def use(self, j: int, member: Floats, severe: float, brain_health: float) -> Use:
        """Recorded use of the sector at place j; a stated share of all are high users on record."""
        sector, (top, _) = self.sectors[j], self.question.groups[0]
        people = self.people
        loads = sector.graded * people["graded_need"] + sector.male * (people["male"] - 0.5)
        loads = loads + brain_health * people["brain_health"]
        here = np.ones(len(member))
        if sector.administrative:
            here = 1 - (1 - self.source.abroad.recorded) * people["share_abroad"]
        in_group = expit(logit(severe) + loads)
        # a step of an optimiser can go where members alone are more than those
        wanted = max(top - float((member * here * in_group).mean()), NOBODY)
        left = (1 - member) * here
        otherwise = brentq(lambda b: float((left * expit(b + loads)).mean()) - wanted, -15, 9, xtol=1e-13)
        outside = expit(otherwise + loads)
        bar = _bar(sector, member * in_group + (1 - member) * outside, here, top)
        group, others = (_regime(sector, chance, here, bar) for chance in (in_group, outside))
        stands_out = member * group.stands_out + (1 - member) * others.stands_out
        given = covariates(people, sector.administrative)
        ratio, _ = log_link_risk(stands_out, -people["brain_health"], given)
        return Use(float(expit(otherwise)), group, others, ratio)

    def group_of(self, uses: Sequence[Use], member: Floats) -> tuple[float, Floats]:
        """Share of people in the multi-sector group, and its share of the use of each sector, (sectors,)."""
        _, k = self.question.groups[0]
        size, theirs, everybodys = 0.0, np.zeros(len(uses)), np.zeros(len(uses))
        for weight, regimes in (
            (member, [one.group for one in uses]),
            (1 - member, [one.others for one in uses]),
        ):
            chances = [regime.stands_out for regime in regimes]
            size += float((weight * _reaches(k, chances)).mean())
            for j, regime in enumerate(regimes):
                without = [*chances[:j], *chances[j + 1 :]]
                beside, alone = _reaches(k - 1, without), _reaches(k, without)
                among = regime.use_of_top * beside + (regime.use - regime.use_of_top) * alone
                theirs[j] += float((weight * among).mean())
                everybodys[j] += float((weight * regime.use).mean())
        return size, theirs / everybodys


def _regime(sector: DunedinSector, high: Floats, here: Floats, bar: float) -> Regime:
    """What is expected of people with these chances of high use, of whose use the part `here` is recorded, (n,)."""
    means = (sector.mean_high, sector.mean_low)
    over_high, over_low = ((np.log(mean * here) - bar) / sector.sigma - sector.sigma / 2 for mean in means)
    low = (1 - high) * sector.any_low
    of_top = high * sector.mean_high * ndtr(over_high + sector.sigma)
    of_top += low * sector.mean_low * ndtr(over_low + sector.sigma)
    return Regime(
        stands_out=high * ndtr(over_high) + low * ndtr(over_low),
        use=here * (high * sector.mean_high + low * sector.mean_low),
        use_of_top=here * of_top,
    )


def _bar(sector: DunedinSector, high: Floats, here: Floats, top: float) -> float:
    """Log of the recorded use that a share `top` of all exceed, by Newton's method."""
    centres = [np.log(mean * here) - sector.sigma**2 / 2 for mean in (sector.mean_high, sector.mean_low)]
    weights = [high, (1 - high) * sector.any_low]
    bar = float(np.log(sector.mean_high * sector.mean_low) / 2)
    for _ in range(50):
        over = [(centre - bar) / sector.sigma for centre in centres]
        excess = sum(float((w * ndtr(z)).mean()) for w, z in zip(weights, over, strict=True)) - top
        slope = sum(float((w * normal_density(z)).mean()) for w, z in zip(weights, over, strict=True)) / sector.sigma
        step = float(np.clip(excess / slope, -0.5, 0.5))
        bar += step
        if abs(step) < 1e-12:
            break
    return bar


def _reaches(k: int, chances: Sequence[Floats]) -> Floats:
    """Chance of each person, (n,), that at least k of independent events happen, with (n,) chances each."""
    fewer = [np.ones(len(chances[0])), *(np.zeros(len(chances[0])) for _ in range(k - 1))]
    for chance in chances:
        for count in range(k - 1, 0, -1):
            fewer[count] = fewer[count] * (1 - chance) + fewer[count - 1] * chance
        fewer[0] = fewer[0] * (1 - chance)
    return np.asarray(1 - sum(fewer))
