"""Measure how often intervals of concentration statistics cover, for the table that the library looks up.

    python benchmarks/concentration_intervals.py [share of the draws]

Amounts are log-normal or Lomax (Pareto II). The tail index of the top tenth is drawn anew for every sample
(log-uniform), and samples are grouped by the index *estimated* in them: what the user of an interval sees. Each line
holds the lower and the higher of the two families' coverages (from an index of 2.5 on, where Lomax tails end, the
log-normal speaks alone), and for the group's share of use the lowest and highest also over two shares of people without
use. The multi-sector group is two of three sectors with a shared exponential need. The table goes to
workflow/evenwicht/estimators/concentration_coverage.csv; one core needs about 5 minutes.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from evenwicht.estimators.concentration import several_sectors
from evenwicht.estimators.concentration_coverage import TABLE, tail_index
from evenwicht.estimators.concentration_intervals import HighNeed, Ranked, share_interval
from evenwicht.estimators.influence import Estimate, Sampling
from evenwicht.estimators.results import Interval
from numpy.typing import NDArray
from scipy.special import erf, log_ndtr, ndtr, ndtri

Floats = NDArray[np.float64]
BINS = np.array([0, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4])  # lower ends of the classes of estimated tail indices
# people with any use -> samples
DRAWS = {20: 12000, 50: 12000, 100: 12000, 200: 12000, 500: 9000, 1000: 6000, 2000: 6000, 5000: 4000}
DRAWS |= {20000: 2500, 100000: 1200}
LEAST_IN_CLASS, LEAST_AT_TOP = 60, 5
WEIGHT = 0.6  # of the shared need against a sector's own normal part
SMALLEST, POPULATION = 1e-12, 4_000_000
SURVIVAL = np.r_[0, np.geomspace(1e-6, 0.01, 200)[:-1], np.linspace(0.01, 1, 1000)]  # ends of classes of rank


@dataclass(frozen=True)
class Lognormal:
    sigma: float

    def quantile(self, survival: Floats) -> Floats:
        return np.exp(-self.sigma * ndtri(survival))

    def lorenz(self, people: Floats) -> Floats:
        return ndtr(ndtri(people) - self.sigma)

    def gini(self) -> float:
        return float(erf(self.sigma / 2))

    @classmethod
    def with_index(cls, index: float) -> "Lognormal":
        z = ndtri(0.9)
        return cls(1 / (index * (np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) / 0.1 - z)))

    indices = (0.8, 10.0)
    speaks_below = np.inf


@dataclass(frozen=True)
class Lomax:
    shape: float

    def quantile(self, survival: Floats) -> Floats:
        return np.expm1(-np.log(survival) / self.shape)

    def lorenz(self, people: Floats) -> Floats:
        v = 1 - people
        return 1 - self.shape * v ** (1 - 1 / self.shape) + (self.shape - 1) * v

    def gini(self) -> float:
        return self.shape / (2 * self.shape - 1)

    @classmethod
    def with_index(cls, index: float) -> "Lomax":
        return cls(float(np.interp(index, LOMAX_INDICES, LOMAX_SHAPES)))

    indices = (1.05, 2.95)
    speaks_below = 2.5  # no Lomax tail is lighter than an exponential one, of index 3.07


def _index_of_lomax(shape: float) -> float:
    """Mean log excess over the 90th percentile, inverted."""
    v = (np.arange(20_000) + 0.5) / 200_000
    return float(1 / np.log(Lomax(shape).quantile(v) / Lomax(shape).quantile(np.array(0.1))).mean())


LOMAX_SHAPES = np.geomspace(1.05, 200, 200)
LOMAX_INDICES = np.array([_index_of_lomax(shape) for shape in LOMAX_SHAPES])
Distribution = Lognormal | Lomax
Family = type[Lognormal] | type[Lomax]
FAMILIES: list[Family] = [Lognormal, Lomax]


def interval_of(estimate: Estimate) -> Interval:
    return share_interval(Sampling(len(estimate.influence)), estimate)


def covered(
    family: Family,
    draws: int,
    rng: np.random.Generator,
    sample: Callable[[Distribution], tuple[Floats, Interval]],
    truth: Callable[[Distribution], float],
) -> pd.DataFrame:
    """Estimated tail index of each sample, and whether its interval covers."""
    low, high = np.log(family.indices)
    grid = np.linspace(low, high, 100)
    truths = [truth(family.with_index(index)) for index in np.exp(grid)]
    rows = []
    for log_index in rng.uniform(low, high, draws):
        ordered, interval = sample(family.with_index(np.exp(log_index)))
        estimated = tail_index(ordered) if (ordered > 0).sum() > 10 else np.inf
        if estimated < family.speaks_below:
            rows.append((estimated, interval.lower <= np.interp(log_index, grid, truths) <= interval.upper))
    return pd.DataFrame(rows, columns=["index", "covers"])


def by_class(samples: list[pd.DataFrame]) -> Iterator[dict[str, float]]:
    """The lowest and highest coverage over designs, class by class of the estimated index."""
    for k, edge in enumerate(BINS):
        designs = []
        for sample in samples:
            covers = sample.loc[np.searchsorted(BINS, sample["index"], side="right") - 1 == k, "covers"]
            if len(covers) >= LEAST_IN_CLASS:
                designs.append((covers.mean(), np.sqrt(covers.mean() * (1 - covers.mean()) / len(covers))))
        if designs:
            lowest, error = min(designs)
            yield {
                "tail_index": edge,
                "coverage": round(lowest, 3),
                "mc_error": round(error, 4),
                "highest": round(max(designs)[0], 3),
            }


def gini(users: int, part: float, draws: int, rng: np.random.Generator) -> list[pd.DataFrame]:
    n = round(users / (1 - part))

    def sample(distribution: Distribution) -> tuple[Floats, Interval]:
        amounts = np.zeros(n)
        using = rng.binomial(n, 1 - part)
        amounts[n - using :] = np.sort(distribution.quantile(rng.random(using)))
        return amounts, interval_of(Ranked(amounts).index())

    def truth(distribution: Distribution) -> float:
        return part + (1 - part) * distribution.gini()

    return [covered(family, draws, rng, sample, truth) for family in FAMILIES]


def top_share(users: int, part: float, draws: int, rng: np.random.Generator) -> list[pd.DataFrame]:
    def sample(distribution: Distribution) -> tuple[Floats, Interval]:
        amounts = np.sort(distribution.quantile(rng.random(users)))
        return amounts, interval_of(Ranked(amounts).top(part))

    def truth(distribution: Distribution) -> float:
        return float(1 - distribution.lorenz(np.array(1 - part)))

    return [covered(family, draws, rng, sample, truth) for family in FAMILIES]


def group_use_share(users: int, _: float, draws: int, rng: np.random.Generator) -> list[pd.DataFrame]:
    designs = [GroupDesign(users, unused, top) for unused, top in ((0.0, 0.2), (0.6, 0.1))]
    return [
        covered(family, draws, rng, design.sample(rng), design.truth(rng)) for design in designs for family in FAMILIES
    ]


@dataclass(frozen=True)
class GroupDesign:
    """Three sectors with a shared exponential need, and the people at the top of two of them."""

    users: int
    unused: float
    top: float

    def survivals(self, people: int, rng: np.random.Generator) -> Floats:
        """One minus the rank of 0.6 times an exponential plus a normal, (people, 3)."""
        total = WEIGHT * rng.exponential(size=(people, 1)) + rng.standard_normal((people, 3))
        tail = np.exp(0.5 / WEIGHT**2 - total / WEIGHT + log_ndtr(total - 1 / WEIGHT))
        return np.clip(ndtr(-total) + tail, SMALLEST, 1)

    def sample(self, rng: np.random.Generator) -> Callable[[Distribution], tuple[Floats, Interval]]:
        def draw(distribution: Distribution) -> tuple[Floats, Interval]:
            rank = self.survivals(round(self.users / (1 - self.unused)), rng) / (1 - self.unused)
            amounts = np.where(rank < 1, distribution.quantile(np.minimum(rank, 1 - SMALLEST)), 0)
            return np.sort(amounts[:, 0]), interval_of(HighNeed(list(amounts.T), self.top).use_share(2, 0))

        return draw

    def truth(self, rng: np.random.Generator) -> Callable[[Distribution], float]:
        """Members by exact thresholds: their share of the people in narrow classes of rank, times the use of each."""
        population = self.survivals(POPULATION, rng)
        members = several_sectors(population < self.top, 2)
        place = np.searchsorted(SURVIVAL, population[:, 0]) - 1
        people = np.bincount(place, minlength=len(SURVIVAL) - 1)
        share = np.bincount(place, members, len(SURVIVAL) - 1) / np.maximum(people, 1)
        ranks = np.clip((1 - SURVIVAL - self.unused) / (1 - self.unused), 0, 1)
        return lambda distribution: float(-np.diff(distribution.lorenz(ranks)) @ share)


@dataclass(frozen=True)
class Section:
    """The lines of one statistic: its designs by `part`, the share of `DRAWS` to take, and the most users."""

    statistic: str
    simulate: Callable[[int, float, int, np.random.Generator], list[pd.DataFrame]]
    parts: list[float]
    effort: float
    most_users: int

    def lines(self, scale: float, rng: np.random.Generator) -> Iterator[dict[str, object]]:
        for users, draws in DRAWS.items():
            if users > self.most_users:
                continue
            print(self.statistic, users, flush=True)
            for part in self.parts:
                if self.simulate is top_share and part * users < LEAST_AT_TOP:
                    continue
                for line in by_class(self.simulate(users, part, round(scale * self.effort * draws), rng)):
                    yield {"statistic": self.statistic, "users": users, "part": part, **line}


SECTIONS = [
    Section("gini", gini, [0, 0.25, 0.5, 0.75], 1.0, 100_000),
    Section("top_share", top_share, [0.05, 0.1, 0.2, 0.4], 0.7, 100_000),
    Section("group_use_share", group_use_share, [0], 0.5, 20_000),
]


def main(scale: float) -> None:
    streams = np.random.default_rng(8).spawn(len(SECTIONS))
    lines = [line for section, rng in zip(SECTIONS, streams, strict=True) for line in section.lines(scale, rng)]
    pd.DataFrame(lines).to_csv(TABLE, index=False)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
