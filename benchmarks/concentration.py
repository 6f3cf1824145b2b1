"""Time the concentration study on the New Zealand register, five sectors, with the permutations of the default run.

    python benchmarks/concentration.py [people ...]

Each size runs in a process of its own, whose peak resident memory is measured, the cohort included; seconds are CPU
time of the study alone. The table goes to benchmarks/concentration.csv.
"""

import multiprocessing
import resource
import sys
import time
from pathlib import Path

import pandas as pd
from evenwicht.base.streams import stream_key
from evenwicht.config.loading import load_cohort
from evenwicht.studies.running import job_of, run_study
from evenwicht.worlds import simulate

ROOT = Path(__file__).parents[1]
PERMUTATIONS = 1000


def study(people: int) -> dict[str, float]:
    config = load_cohort(ROOT / "config" / "register_nz.yaml")
    world = config.source.model_copy(update={"people": people, "scale": 1.0})
    cohort = simulate(world, config.codebook, stream_key(1, config.name, "simulate"))
    seconds = []
    for permutations in (2, PERMUTATIONS):
        start = time.process_time()
        job = job_of(1, config.name, permutations)
        run_study("concentration", config.studies["concentration"], cohort, config.codebook, job, strict=True)
        seconds.append(round(time.process_time() - start, 2))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {
        "people": people,
        "seconds": seconds[1],
        "seconds_without_permutations": seconds[0],
        "peak_memory_gib": round(peak, 2),
    }


def main(sizes: list[int]) -> None:
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        table = pd.DataFrame(pool.map(study, sizes, chunksize=1))
    table.to_csv(ROOT / "benchmarks/concentration.csv", index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [40_000, 400_000, 1_700_000])
