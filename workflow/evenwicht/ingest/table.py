"""From a flat table with one row a person to a Cohort."""

from pathlib import Path
from typing import Any

import pandas as pd

from evenwicht.cohort import Cohort, empty
from evenwicht.config import CohortConfig, NhefsSource, TableSource
from evenwicht.errors import DataError
from evenwicht.ingest.nhefs import load_nhefs
from evenwicht.ingest.typing import typed


def ingest(config: CohortConfig) -> Cohort:
    """Read the source of a real cohort and return it as a checked Cohort.

    Raises
    ------
    DataError
        If the source, a column, a code, an age or a date is not as described.
    """
    source = config.source
    if isinstance(source, NhefsSource):
        return to_cohort(load_nhefs(source.high_price), config)
    if isinstance(source, TableSource):
        return to_cohort(_load_file(source.path), config)
    raise TypeError(f"a {source.kind} cohort is simulated, not ingested")


def to_cohort(flat: pd.DataFrame, config: CohortConfig) -> Cohort:
    """Map a flat table onto the tables of the Cohort, as the config describes.

    Parameters
    ----------
    flat
        One row a person, columns as named in the source.
    config
        The cohort's description; its `source` must list measures and events (and may list costs).
    """
    source = config.source
    assert isinstance(source, TableSource | NhefsSource)
    where = f"cohort {config.name}, source {source.kind}"
    wanted = {name: column.source or name for name, column in config.columns.items()}
    measures, events, costs = source.measures, source.events, getattr(source, "costs", [])
    mapped = [
        *wanted.values(),
        *(name for m in measures for name in (m.age, m.value)),
        *(name for e in events for name in (e.entry_age, e.exit_age, e.status)),
        *(c.amount for c in costs),
    ]
    absent = [name for name in dict.fromkeys(mapped) if name not in flat.columns]
    if absent:
        raise DataError(
            f"columns are missing: {', '.join(absent)}",
            where=where,
            mend=f"Correct the names in the cohort file. Present: {', '.join(map(str, flat.columns))}.",
        )

    persons = pd.DataFrame(
        {name: typed(flat[wanted[name]], name, column, where) for name, column in config.columns.items()}
    )
    ids = persons[next(name for name, column in config.columns.items() if column.role == "id")]

    def stack(parts: list[dict[str, object]], table: str) -> pd.DataFrame:
        frames = [pd.DataFrame({"id": ids, **part}) for part in parts]
        return pd.concat(frames, ignore_index=True) if frames else empty(table)

    def number(column: str) -> pd.Series:
        return pd.to_numeric(flat[column], errors="coerce").astype("float64")

    return Cohort(
        name=config.name,
        description=config.description,
        columns=config.columns,
        persons=persons,
        measures=stack(
            [{"wave": m.wave, "age": number(m.age), "measure": m.measure, "value": number(m.value)} for m in measures],
            "measures",
        ),
        events=stack(
            [
                {
                    "event": e.event,
                    "entry_age": number(e.entry_age),
                    "exit_age": number(e.exit_age),
                    "status": number(e.status),
                }
                for e in events
            ],
            "events",
        ),
        costs=stack(
            [{"sector": c.sector, "window": c.window, "amount": number(c.amount)} for c in costs], "costs"
        ).dropna(subset=["amount"]),
    ).check()


def _load_file(path: str) -> pd.DataFrame:
    readers: dict[str, Any] = {".csv": pd.read_csv, ".parquet": pd.read_parquet}
    file = Path(path)
    if file.suffix not in readers:
        raise DataError("not a .csv or .parquet file", where=path, mend="Convert it, or correct `source.path`.")
    if not file.exists():
        raise DataError("no such file", where=path, mend="Correct `source.path` (relative to the working directory).")
    return readers[file.suffix](file)
