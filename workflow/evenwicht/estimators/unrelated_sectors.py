"""What chance alone gives to groups with high need in several sectors, if sectors had nothing to do with each other.

Chance hands each sector's use out anew among people, within strata if there are any, and independently of other
sectors: a permutation null. Its mean and its spread need no permutations. The number of other sectors in which somebody
has high need is a sum of independent yes/no draws, a Poisson-binomial number; how two people of a stratum go together
follows from drawing without replacement.
"""

from dataclasses import dataclass

import numpy as np

from evenwicht.base.arrays import Floats, Ints
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
        self.need, kinds = need, len(need.patterns)
        self.strata = np.zeros(len(need.reached), dtype=np.intp) if strata is None else strata
        self._count = int(self.strata.max()) + 1
        self._cells = self.strata * kinds + need.codes
        self._size = np.array([self._count, kinds])
        people = self._table(need.weight)
        self._share_of_people = people.sum(axis=1)
        self._shares = people @ need.patterns / self._share_of_people[:, None]

    def _table(self, values: Floats | None) -> Floats:
        """Sum of values, or number of people, by stratum and combination of sectors with high need."""
        sums = np.bincount(self._cells, values, int(self._size.prod()))
        return np.asarray(sums, dtype=float).reshape(self._size)

    def size(self, counts: Floats) -> Estimate:
        """Expected share of people whose number of sectors counts; `counts`, (sectors + 1,), says which numbers do."""
        return self._mean(counts, None)

    def use_share(self, counts: Floats, sector: int) -> Estimate:
        """Expected share of a sector's use by those whose number of sectors counts."""
        return self._mean(counts, sector)

    def _mean(self, counts: Floats, sector: int | None) -> Estimate:
        """Mean of each person's chance, over people or over use, and each person's influence with thresholds drawn."""
        need, chances = self.need, self._chances(counts, sector)
        held = self._table(need.weight if sector is None else need.weight * need.amounts[sector])
        used = held.sum()
        held /= used
        own = np.zeros(len(need.patterns), dtype=bool) if sector is None else need.patterns[:, sector]
        chance = np.where(own, chances.high[:, None], chances.low[:, None])
        mean = float(np.sum(held * chance))
        slope = (
            held[:, own].sum(axis=1)[:, None] * chances.by_high + held[:, ~own].sum(axis=1)[:, None] * chances.by_low
        )
        slope /= self._share_of_people[:, None]
        pressure = np.zeros(len(need.flags))
        for other, margin in enumerate(need.margins):
            strata = self.strata[margin]
            pressure[other] = need.let_in(other, slope[strata, other], None)
            if other == sector:
                pressure[other] += need.let_in(other, (chances.high - chances.low)[strata], sector) / used
        shift = slope @ need.patterns.T - np.sum(slope * self._shares, axis=1)[:, None]
        shift -= (need.patterns - need.shares) @ pressure
        return need.estimate(mean, self._cells, (chance - mean).ravel(), shift.ravel(), sector)

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
        """Standard deviation over shuffles of the share of people whose number counts; NaN if people weigh unlike."""
        if self._weighted:
            return float("nan")
        variance = 0.0
        for size, highs in self._people():
            pair, numbers = _pair(size, highs), numbers_of(highs / size)
            mean = float(numbers @ counts)
            variance += size * (float(numbers @ counts**2) - mean**2)
            variance += size * (size - 1) * (float(counts @ pair @ counts) - mean**2)
        return float(np.sqrt(max(variance, 0.0)) / len(self.strata))

    def use_spread(self, counts: Floats, sector: int) -> float:
        """Standard deviation over shuffles of their share of a sector's use; NaN if people weigh unlike."""
        if self._weighted:
            return float("nan")
        amounts, high, variance = self.need.amounts[sector], self.need.patterns[:, sector], 0.0
        tables = {1: self._table(amounts), 2: self._table(amounts**2)}
        sums = {
            (power, own): table[:, high == own].sum(axis=1) for power, table in tables.items() for own in (True, False)
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

    @property
    def _weighted(self) -> bool:
        """Whether people weigh unlike, so that handing use out anew among them is no draw of the population."""
        return bool(np.ptp(self.need.weight) > 1e-12 * self.need.weight.max())

    def _people(self) -> list[tuple[int, Floats]]:
        """Number of people of each stratum, and of those with high need in each sector."""
        people = self._table(None)
        return [(round(row.sum()), row @ self.need.patterns) for row in people]


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
