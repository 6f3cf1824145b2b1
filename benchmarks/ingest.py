"""Memory of checking cohort files with data of four shapes and growing size, beside pandas reading the whole files.

    python benchmarks/ingest.py [thousands of rows ...]

The shapes are one row a person, a long table of waves, spells, and a wide file of which few columns are named, all of
CSV: what reading costs by format is in readers.py. `evenwicht check` and the peer, which only reads the files, each run
in a process of their own, whose peak resident memory is told over that of the libraries alone. The files are made in a
temporary folder and removed. The table goes to benchmarks/ingest.csv.
"""

import contextlib
import io
import multiprocessing
import resource
import sys
import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from evenwicht.cli import main as evenwicht

ROOT = Path(__file__).parents[1]
SIZES = (250, 500, 1000)  # thousands of people, or of rows of the file of spells or waves
WAVES = 4
SPELLS = 10  # of a person
FURTHER = 48  # columns of the wide file that nothing names
CASES = ("people", "long", "spells", "wide")

COLUMNS = {
    "id": {"role": "id", "type": "category", "label": "Person", "source": "pid"},
    "born": {"role": "birth_date", "type": "date", "label": "Date of birth"},
    "sex": {"role": "sex", "type": "category", "label": "Sex", "codes": {1: "male", 2: "female"}},
    "smokes": {"role": "exposure", "type": "boolean", "label": "Smokes", "missing": [-8]},
    "school": {"role": "outcome", "label": "Schooling", "minimum": 0, "maximum": 30, "missing": {-9: "refused"}},
}
OUTCOMES = {"schooling": {"kind": "continuous", "column": "school", "label": "Schooling", "margin": 0.1}}


def people(n: int) -> pd.DataFrame:
    """Identifiers of 12 digits as text, a date, codes and numbers, some of them declared missing."""
    rng = np.random.default_rng(1)
    born = np.datetime64("1970-01-01") + rng.integers(0, 3650, n).astype("timedelta64[D]")
    return pd.DataFrame(
        {
            "pid": pd.Series(np.arange(n)).astype(str).str.zfill(12),
            "born": pd.Series(born).dt.strftime("%Y-%m-%d"),
            "sex": rng.integers(1, 3, n),
            "smokes": np.where(rng.random(n) < 0.02, -8, rng.integers(0, 2, n)),
            "school": np.where(rng.random(n) < 0.03, -9, rng.integers(6, 20, n)),
        }
    )


def with_waves(table: pd.DataFrame) -> pd.DataFrame:
    """Two waves of a measure, an event and a cost in the row of each person."""
    n, rng = len(table), np.random.default_rng(2)
    entry = np.full(n, 20)
    return table.assign(
        weight_7=rng.normal(25, 4, n).round(1),
        age_7=rng.normal(7, 0.1, n).round(2),
        weight_11=rng.normal(38, 6, n).round(1),
        age_11=rng.normal(11, 0.1, n).round(2),
        entry=entry,
        exit=rng.integers(30, 50, n),
        sick=rng.integers(0, 2, n),
        euro=rng.gamma(1, 400, n).round(2),
    )


def config(path: Path, **more: Any) -> dict[str, Any]:
    sectors = {"care": {"label": "Care", "unit": "EUR", "measures": "money"}}
    outcomes = {**OUTCOMES, **more.pop("outcomes", {})}
    adjust = {"columns": ["sex"]}
    study = {"kind": "exposure", "exposures": ["smokes"], "adjust": adjust, "outcomes": list(outcomes)}
    return {
        **dict.fromkeys(("name", "title", "description"), "own"),
        "source": {"kind": "table", "path": str(path), **more},
        "columns": COLUMNS,
        "sectors": sectors if "costs" in more or "spells" in more else {},
        "outcomes": outcomes,
        "studies": {"smoking": study},
        "table1": ["sex"],
    }


def write(case: str, thousands: int, folder: Path) -> None:
    """Write the data and the cohort file."""
    n, main = 1000 * thousands, folder / "people.csv"
    sickness = {"kind": "time_to_event", "event": "sickness", "time": "age", "horizon": 40, "label": "Sick"}
    care = {"kind": "use", "sector": "care", "window": "40", "label": "Care"}
    if case == "people":
        with_waves(people(n)).to_csv(main, index=False)
        told = config(
            main,
            measures=[{"measure": "weight", "wave": w, "age": f"age_{w}", "value": f"weight_{w}"} for w in ("7", "11")],
            events=[{"event": "sickness", "entry_age": "entry", "exit_age": "exit", "status": "sick"}],
            costs=[{"sector": "care", "window": "40", "amount": "euro"}],
            outcomes={"sickness": sickness, "care": care},
        )
    elif case == "long":
        one = people(n // WAVES)
        one.to_csv(main, index=False)
        waves(one, folder / "waves.csv")
        told = config(
            main,
            files={"waves": {"path": str(folder / "waves.csv"), "id": "pid"}},
            measures=[{"measure": "bmi", "file": "waves", "wave_column": "wave", "value": "bmi", "age": "age"}],
        )
    elif case == "spells":
        one = people(n // SPELLS)
        one.to_csv(main, index=False)
        spells(one, folder / "stays.csv")
        told = config(
            main,
            files={"stays": {"path": str(folder / "stays.csv"), "id": "pid"}},
            spells=[
                {
                    **{"file": "stays", "start": "from", "end": "to", "what": "why", "amount": "euro"},
                    **{
                        "begin": "1970-01-01",
                        "until": "2020-12-31",
                        "costs": {"care": []},
                        "events": {"sickness": ["A1"]},
                    },
                    "windows": {"40": {"dates": ["1990-01-01", "2009-12-31"]}},
                }
            ],
            outcomes={"sickness": sickness, "care": care},
        )
    else:
        rng = np.random.default_rng(3)
        table = people(n)
        further = pd.DataFrame({f"x{j}": rng.standard_normal(n).round(3) for j in range(FURTHER)})
        pd.concat([table, further], axis=1).to_csv(main, index=False)
        told = config(main)
    (folder / "own.yaml").write_text(yaml.safe_dump(told))


def waves(one: pd.DataFrame, path: Path) -> None:
    rng = np.random.default_rng(4)
    m = WAVES * len(one)
    table = pd.DataFrame({"pid": np.tile(one["pid"], WAVES), "wave": np.repeat(np.arange(WAVES), len(one))})
    table["age"] = (table["wave"] * 4 + 7 + rng.normal(0, 0.1, m)).round(2)
    table["bmi"] = rng.normal(20, 3, m).round(2)
    table.sample(frac=1, random_state=1).to_csv(path, index=False)


def spells(one: pd.DataFrame, path: Path) -> None:
    rng = np.random.default_rng(5)
    m = SPELLS * len(one)
    start = np.datetime64("1985-01-01") + rng.integers(0, 12000, m).astype("timedelta64[D]")
    kinds = np.array([f"{letter}{digit}" for letter in "ABCDE" for digit in range(10)])
    pd.DataFrame(
        {
            "pid": one["pid"].to_numpy()[rng.integers(0, len(one), m)],
            "from": pd.Series(start).dt.strftime("%Y-%m-%d"),
            "to": pd.Series(start + rng.integers(0, 30, m).astype("timedelta64[D]")).dt.strftime("%Y-%m-%d"),
            "why": kinds[rng.integers(0, len(kinds), m)],
            "euro": rng.gamma(1, 400, m).round(2),
        }
    ).to_csv(path, index=False)


def data_in(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if path.suffix != ".yaml"]


def ours(folder: Path) -> object:
    """Check the cohort file."""
    with contextlib.redirect_stdout(io.StringIO()) as told, contextlib.redirect_stderr(io.StringIO()):
        code = evenwicht(["check", str(folder / "own.yaml")])
    if code:
        raise RuntimeError(told.getvalue())
    return told


def theirs(folder: Path) -> object:
    """Read the files."""
    return [pd.read_csv(path) for path in data_in(folder)]


def warmed(_: Path) -> None:
    """Import what a check needs, by one of few people."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        write("people", 1, Path(folder))
        ours(Path(folder))


def measured(job: Callable[[Path], object], folder: Path, answer: "multiprocessing.Queue[Any]") -> None:
    warmed(folder)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    job(folder)
    answer.put((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**10)


def in_own_process(job: Callable[[Path], object], folder: Path) -> float:
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=measured, args=(job, folder, answer))
    process.start()
    result: float = answer.get()
    process.join()
    return result


def made(case: str, thousands: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        in_own_process(partial(_write_there, case, thousands), folder)
        memory, peer_memory = (in_own_process(job, folder) for job in (ours, theirs))
        size = sum(path.stat().st_size for path in data_in(folder)) / 2**20
    return {
        "case": case,
        "rows": 1000 * thousands,
        "size_mib": round(size),
        "memory_mib": round(memory),
        "memory_mib_of_peer": round(peer_memory),
    }


def _write_there(case: str, thousands: int, folder: Path) -> None:
    write(case, thousands, folder)


def main(sizes: list[int]) -> None:
    table = pd.DataFrame([made(case, thousands) for case in CASES for thousands in sizes])
    table.to_csv(ROOT / "benchmarks/ingest.csv", index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or list(SIZES))
