"""What chance alone gives to groups with high need in several sectors, if sectors had nothing to do with each other.

Chance hands each sector's use out anew among people, within strata if there are any, and independently of other
sectors: a permutation null. Its mean and its spread need no permutations. The number of other sectors in which somebody
has high need is a sum of independent yes/no draws, a Poisson-binomial number; how two people of a stratum go together
follows from drawing without replacement.
"""

from dataclasses import dataclass

import numpy as np

from evenwicht.base.arrays import Flags, Floats, Ints
from evenwicht.estimators.concentration_intervals import HighNeed
from evenwicht.estimators.distributions import numbers_of
from evenwicht.estimators.influence import Estimate


def at_least(count: int, sectors: int) -> Floats:
    """Which numbers of sectors, 0 and up, are at least so many: (sectors + 1,) of 0 and 1."""
    return (np.arange(sectors + 1) >= count).astype(float)


def exactly(count: int, sectors: int) -> Floats:
    """Which numbers of sectors, 0 and up, are just so many: (sectors + 1,) of 0 and 1."""
    return (np.arange(sectors + 1) == count).astype(float)


@dataclass(frozen=True)
class _Chances:
    """Chance of people without and with high need in one sector to be counted, and how shares of high need move it.

    Attributes
    ----------
    low, high : (strata,) arrays
        Alike if no sector is looked at.
    by_low, by_high : (strata, sectors) arrays
        Their derivatives by the share of people of the stratum with high need in a sector.
    """

    low: Floats
    high: Floats
    by_low: Floats
    by_high: Floats


class UnrelatedSectors:
    """Groups of people by chance.

    Parameters
    ----------
    need
        Who has high need in which sector.
    strata : (n,) array of int, optional
        Stratum of each person, 0 and up.
    """

    def __init__(self, need: HighNeed, strata: Ints | None = None) -> None:
        self.need = need
        self.strata = np.zeros(len(need.reached), dtype=np.int64) if strata is None else strata
        self._share_of_people = np.bincount(self.strata, need.weight)
        self._shares = np.column_stack([self._by_stratum(flags) / self._share_of_people for flags in need.flags])

    def _by_stratum(self, values: Floats | Flags) -> Floats:
        return np.asarray(np.bincount(self.strata, self.need.weight * values, len(self._share_of_people)), dtype=float)

    def size(self, counts: Floats) -> Estimate:
        """Expected share of people whose number of sectors counts; `counts`, (sectors + 1,), says which numbers do."""
        return self._mean(counts, None)

    def use_share(self, counts: Floats, sector: int) -> Estimate:
        """Expected share of a sector's use by those whose number of sectors counts."""
        return self._mean(counts, sector)

    def _mean(self, counts: Floats, sector: int | None) -> Estimate:
        """Mean of each person's chance, over people or over use, and each person's influence with thresholds drawn."""
        need, chances = self.need, self._chances(counts, sector)
        n = len(need.reached)
        own, counted = np.zeros(n, dtype=bool), np.ones(n)
        if sector is not None:
            own, amounts = need.flags[sector], need.amounts[sector]
            counted = amounts / float(need.weight @ amounts)
        chance = np.where(own, chances.high[self.strata], chances.low[self.strata])
        mean = float(need.weight @ (chance * counted))
        moved = (chance - mean) * counted
        held, not_held = (self._by_stratum(counted * flags) for flags in (own, ~own))
        for other, (flags, margin) in enumerate(zip(need.flags, need.margins, strict=True)):
            slope = held * chances.by_high[:, other] + not_held * chances.by_low[:, other]
            slope = slope / self._share_of_people
            moved += slope[self.strata] * (flags - self._shares[self.strata, other])
            stepped = slope[self.strata[margin]]
            if other == sector:
                stepped = stepped + (chances.high - chances.low)[self.strata[margin]] * counted[margin]
            by_threshold = float(need.weight[margin] @ stepped) / need.width
            moved -= by_threshold * (flags - float(need.weight @ flags))
        return Estimate(mean, moved / need.total)

    def _chances(self, counts: Floats, sector: int | None) -> _Chances:
        strata, sectors = self._shares.shape
        others = [j for j in range(sectors) if j != sector]
        raised = 0 if sector is None else 1
        low, high = np.zeros(strata), np.zeros(strata)
        by_low, by_high = np.zeros((strata, sectors)), np.zeros((strata, sectors))
        for s in range(strata):
            numbers = numbers_of(self._shares[s, others])
            low[s], high[s] = numbers @ counts[: len(numbers)], numbers @ counts[raised : raised + len(numbers)]
            for j in others:
                rest = numbers_of(self._shares[s, [k for k in others if k != j]])
                rise = np.diff(counts)
                by_low[s, j] = rest @ rise[: len(rest)]
                by_high[s, j] = rest @ rise[raised : raised + len(rest)]
        return _Chances(low, high, by_low, by_high)

    def size_spread(self, counts: Floats) -> float:
        """Standard deviation over shuffles of the share of people whose number counts; people weigh alike."""
        variance = 0.0
        for size, highs in self._people():
            pair, numbers = _pair(size, highs), numbers_of(highs / size)
            mean = float(numbers @ counts)
            variance += size * (float(numbers @ counts**2) - mean**2)
            variance += size * (size - 1) * (float(counts @ pair @ counts) - mean**2)
        return float(np.sqrt(max(variance, 0.0)) / len(self.strata))

    def use_spread(self, counts: Floats, sector: int) -> float:
        """Standard deviation over shuffles of their share of a sector's use; people weigh alike."""
        amounts, flags, variance = self.need.amounts[sector], self.need.flags[sector], 0.0
        sums = {
            (power, own): np.bincount(self.strata, amounts**power * (flags if own else ~flags))
            for power in (1, 2)
            for own in (True, False)
        }
        for s, (size, highs) in enumerate(self._people()):
            others = np.delete(highs, sector)
            pair, numbers = _pair(size, others), numbers_of(others / size)
            chances = {own: counts[own : own + len(numbers)] for own in (True, False)}
            means = {own: float(numbers @ chances[own]) for own in (True, False)}
            covariance = {
                (one, two): float(chances[one] @ pair @ chances[two]) - means[one] * means[two]
                for one, two in ((True, True), (False, False), (True, False))
            }
            for own in (True, False):
                variance += sums[2, own][s] * (float(numbers @ chances[own] ** 2) - means[own] ** 2)
                variance += (sums[1, own][s] ** 2 - sums[2, own][s]) * covariance[own, own]
            variance += 2 * sums[1, True][s] * sums[1, False][s] * covariance[True, False]
        return float(np.sqrt(max(variance, 0.0)) / amounts.sum())

    def _people(self) -> list[tuple[int, Floats]]:
        """Number of people of each stratum, and of those with high need in each sector."""
        sizes = np.bincount(self.strata)
        highs = np.column_stack([np.bincount(self.strata, flags, len(sizes)) for flags in self.need.flags])
        return list(zip(sizes.tolist(), highs, strict=True))


def _pair(size: int, highs: Floats) -> Floats:
    """Joint probability of the numbers of sectors of two people, when so many of `size` people are drawn for each."""
    table = np.ones((1, 1))
    if size < 2:
        return np.zeros((len(highs) + 1,) * 2)
    for high in highs:
        both, one, none = high * (high - 1), high * (size - high), (size - high) * (size - high - 1)
        grown = np.zeros((len(table) + 1,) * 2)
        grown[1:, 1:] += both * table
        grown[1:, :-1] += one * table
        grown[:-1, 1:] += one * table
        grown[:-1, :-1] += none * table
        table = grown / (size * (size - 1))
    return table
