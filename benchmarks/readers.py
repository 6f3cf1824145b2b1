"""Read three mapped columns of a file of 500,000 people and 52 columns, against its library reading everything.

    python benchmarks/readers.py [people]

The peer is pyreadstat for .dta and .sav, and pandas for .csv and .parquet; both sides read the same file, each in a
process of its own, whose peak resident memory is measured over that of the libraries alone. The files are made in a
temporary folder and removed. The table goes to benchmarks/readers.csv.
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
from evenwicht.ingest.files import read_file
from evenwicht.ingest.sources import TableSource

ROOT = Path(__file__).parents[1]
COLUMNS = 52
MAPPED = ["pid", "x1", "x50"]

PEERS: dict[str, tuple[Callable[[pd.DataFrame, Path], object], Callable[[Path], object]]] = {
    "dta": (pyreadstat.write_dta, lambda path: pyreadstat.read_dta(path, user_missing=True)),
    "sav": (pyreadstat.write_sav, lambda path: pyreadstat.read_sav(path, user_missing=True)),
    "csv": (lambda table, path: table.to_csv(path, index=False), pd.read_csv),
    "parquet": (lambda table, path: table.to_parquet(path), pd.read_parquet),
}


def write(path: Path, people: int) -> None:
    """Write the file."""
    PEERS[path.suffix[1:]][0](made(people), path)


def made(people: int) -> pd.DataFrame:
    """Identifiers as text, codes, and measured numbers, some of them missing."""
    rng = np.random.default_rng(1)
    table = pd.DataFrame({f"x{j}": rng.standard_normal(people).round(3) for j in range(1, COLUMNS)})
    table.loc[::7, "x50"] = np.nan
    for j in range(2, 30):
        table[f"x{j}"] = rng.integers(0, 10, people).astype(float)
    table.insert(0, "pid", [f"{i:012d}" for i in range(people)])
    return table


def ours(path: Path) -> object:
    """Read the mapped columns."""
    return read_file(TableSource(kind="table", path=str(path)), MAPPED)


def theirs(path: Path) -> object:
    """Read everything."""
    return PEERS[path.suffix[1:]][1](path)


def measured(job: Callable[[Path], object], path: Path, answer: "multiprocessing.Queue") -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    job(path)
    seconds = time.perf_counter() - start
    answer.put((seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**10))


def in_own_process(job: Callable[[Path], object], path: Path) -> tuple[float, float]:
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=measured, args=(job, path, answer))
    process.start()
    result = answer.get()
    process.join()
    return result


def main(people: int) -> None:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for suffix in PEERS:
            path = Path(folder) / f"people.{suffix}"
            in_own_process(partial(write, people=people), path)  # a large parent would count in the peaks of the others
            seconds, memory = in_own_process(ours, path)
            peer_seconds, peer_memory = in_own_process(theirs, path)
            rows.append(
                {
                    "format": suffix,
                    "people": people,
                    "size_mib": round(path.stat().st_size / 2**20),
                    "seconds": round(seconds, 1),
                    "seconds_of_peer": round(peer_seconds, 1),
                    "ratio": round(seconds / peer_seconds, 2),
                    "memory_mib": round(memory),
                    "memory_mib_of_peer": round(peer_memory),
                }
            )
            path.unlink()
    table = pd.DataFrame(rows)
    table.to_csv(ROOT / "benchmarks/readers.csv", index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500_000)
