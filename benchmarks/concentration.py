"""Time the statistics of concentration at the size of a register: eight sectors with weights and standard errors.

    python benchmarks/concentration.py [people ...]

Measured are Gini coefficient, users, top share and Lorenz curve of every sector, the group in several sectors with its
share of each sector's use, what chance gives within strata, and what is beyond it; all with standard errors. Each size
runs in a process of its own, whose peak resident memory is measured, the data included (they take 72 bytes a person);
seconds are CPU time. Beside them stands the time of sorting the same sectors, eight times `numpy.argsort`, in the same
process. The table goes to benchmarks/concentration.csv.
"""

import multiprocessing
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from evenwicht.estimators.concentration_intervals import HighNeed, Ranked, difference_interval, share_interval
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.unrelated_sectors import UnrelatedSectors, at_least

ROOT = Path(__file__).parents[1]
SECTORS, TOP, LEAST = 8, 0.1, 3
GRID = np.linspace(0, 1, 101)


def statistics(people: int) -> dict[str, float]:
    rng = np.random.default_rng(1)
    need = rng.standard_exponential(people)
    sectors = [
        np.where(rng.random(people) < 0.5, 0, np.exp(0.5 * need + rng.standard_normal(people))) for _ in range(SECTORS)
    ]
    weights, strata = 0.5 + rng.random(people), rng.integers(0, 2, people)
    del need
    start = time.process_time()
    for use in sectors:
        np.argsort(use)
    sorting = time.process_time() - start
    start = time.process_time()
    sampling = Sampling(people, weights=weights)
    for use in sectors:
        ranked = Ranked(use, weights=weights)
        for estimate in (ranked.index(), ranked.users(), ranked.top(TOP)):
            share_interval(sampling, estimate)
        ranked.curve(GRID)
        del ranked
    flags = HighNeed(sectors, TOP, weights)
    chance, counts = UnrelatedSectors(flags, strata), at_least(LEAST, SECTORS)
    share_interval(sampling, flags.size(LEAST))
    difference_interval(sampling, flags.size(LEAST) - chance.size(counts))
    for j in range(SECTORS):
        share = flags.use_share(LEAST, j)
        share_interval(sampling, share)
        difference_interval(sampling, share - chance.use_share(counts, j))
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {
        "people": people,
        "seconds": round(seconds, 2),
        "seconds_of_sorting": round(sorting, 2),
        "times_sorting": round(seconds / sorting, 1),
        "peak_memory_gib": round(peak, 2),
    }


def main(sizes: list[int]) -> None:
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        table = pd.DataFrame(pool.map(statistics, sizes, chunksize=1))
    table["times_the_first"] = (table["seconds"] / table["seconds"].iloc[0]).round(2)
    table.to_csv(ROOT / "benchmarks/concentration.csv", index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [1_000_000, 4_000_000])
