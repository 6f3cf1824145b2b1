"""Peak memory and time of every study of the rationing cohort at three sizes, beside reading that cohort alone.

    python benchmarks/studies.py [people ...]

Every study runs in a process of its own. Memory is its peak resident memory less that of a process that has only
imported the library; the peer reads the same cohort from disk and does nothing. The table goes to
benchmarks/studies.csv.
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from evenwicht.base.streams import stream_key
from evenwicht.cohort import read_cohort
from evenwicht.config.loading import load_cohort
from evenwicht.results.schema import TRUTH
from evenwicht.studies.running import job_of, run_study
from evenwicht.worlds import write_cohort

ROOT = Path(__file__).parents[1]
READING = "reading the cohort"
CONFIG = load_cohort(ROOT / "config/rationing.yaml")


def write(people: int, folder: str) -> None:
    """The cohort."""
    source = CONFIG.source.model_copy(update={"people": people, "scale": 1.0})
    write_cohort(source, CONFIG.codebook, stream_key(1, CONFIG.name, "simulate"), TRUTH.table([]), folder)


def measured(name: str, folder: str) -> tuple[float, float]:
    """Peak memory in MB and CPU seconds of one study, or of the peer."""
    cohort = read_cohort(folder)
    start = time.process_time()
    if name != READING:
        run_study(name, CONFIG.studies[name], cohort, CONFIG.codebook, job_of(1, CONFIG.name), strict=True)
    return peak(), time.process_time() - start


def peak() -> float:
    """Peak resident memory of this process, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(sizes: list[int]) -> None:
    rows = []
    with (
        multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool,
        tempfile.TemporaryDirectory() as folder,
    ):
        imported = pool.apply(peak)
        for people in sizes:
            pool.apply(write, (people, folder))
            found = {name: pool.apply(measured, (name, folder)) for name in (READING, *CONFIG.studies)}
            reading = found[READING][0] - imported
            rows += [
                {
                    "people": people,
                    "study": name,
                    "seconds": round(seconds, 1),
                    "peak_memory_mb": round(memory),
                    "memory_to_reading": round((memory - imported) / reading, 1),
                }
                for name, (memory, seconds) in found.items()
            ]
    table = pd.DataFrame(rows)
    table.to_csv(ROOT / "benchmarks/studies.csv", index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [60_183, 180_549, 1_000_000])
