"""Generate both registers at full scale, against drawing and writing as many plain normal numbers.

    python benchmarks/register_world.py [scale]

The peer draws, in chunks of the same size, one standard normal for every cell that holds something random (three a
person in `persons`, three in `events`, one a person and sector in `costs`) and writes them as zstd Parquet. Each side
runs in a process of its own, whose peak resident memory is measured. The table goes to benchmarks/register_world.csv.
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from evenwicht.base.files import parquet_stream
from evenwicht.base.streams import stream_key
from evenwicht.config import CohortConfig
from evenwicht.config.loading import load_cohort
from evenwicht.worlds import true_values, write_cohort
from evenwicht.worlds.register.world import CHUNK

ROOT = Path(__file__).parents[1]
CELLS_A_PERSON = 6


def generate(config: CohortConfig, folder: Path) -> None:
    """The world: every table of the register."""
    source, book = config.source, config.codebook
    truth = true_values(source, book, config.questions, 100_000, stream_key(1, config.name, "truth"))
    write_cohort(source, book, stream_key(1, config.name, "simulate"), truth, folder)


def plain_normals(config: CohortConfig, folder: Path) -> None:
    """The peer: as many normal numbers, drawn and written."""
    columns = CELLS_A_PERSON + len(config.source.sectors)
    rng = np.random.default_rng(1)
    with parquet_stream(folder / "normals.parquet") as append:
        for start in range(0, config.source.n, CHUNK):
            rows = min(CHUNK, config.source.n - start)
            append(pd.DataFrame({f"x{j}": rng.standard_normal(rows) for j in range(columns)}))


def measured(job: Callable[[CohortConfig, Path], None], config: CohortConfig, answer: "multiprocessing.Queue") -> None:
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        job(config, Path(folder))
        seconds = time.perf_counter() - start
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    answer.put((seconds, peak, size / 2**20))


def in_own_process(job: Callable[[CohortConfig, Path], None], config: CohortConfig) -> tuple[float, float, float]:
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=measured, args=(job, config, answer))
    process.start()
    result = answer.get()
    process.join()
    return result


def main(scale: float) -> None:
    rows = []
    for name in ("register_nz", "register_dk"):
        config = load_cohort(ROOT / "config" / f"{name}.yaml")
        config = config.model_copy(update={"source": config.source.model_copy(update={"scale": scale})})
        world, peak, size = in_own_process(generate, config)
        peer, _, _ = in_own_process(plain_normals, config)
        rows.append(
            {
                "cohort": name,
                "people": config.source.n,
                "seconds": round(world, 1),
                "seconds_of_peer": round(peer, 1),
                "ratio": round(world / peer, 2),
                "peak_memory_gib": round(peak, 2),
                "written_mib": round(size),
            }
        )
    table = pd.DataFrame(rows)
    table.to_csv(ROOT / "benchmarks/register_world.csv", index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
