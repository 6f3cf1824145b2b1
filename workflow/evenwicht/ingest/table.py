"""From a flat table with one row a person to a Cohort."""

import warnings
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa

from evenwicht.cohort import Cohort, empty
from evenwicht.config import CohortConfig, EventOutcome, NhefsSource, SourceColumn, TableSource
from evenwicht.config.source import EventMap
from evenwicht.errors import DataError
from evenwicht.files import why_unreadable
from evenwicht.ingest.delimited import read_delimited
from evenwicht.ingest.names import require_names
from evenwicht.ingest.nhefs import load_nhefs
from evenwicht.ingest.parquet import read_parquet
from evenwicht.ingest.text import as_text, trimmed
from evenwicht.ingest.typing import typed

Reader = Callable[[SourceColumn], pd.Series]
READERS: dict[str, Callable[[TableSource, list[str]], pa.Table]] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".parquet": read_parquet,
}
MONTHS = 12


def ingest(config: CohortConfig) -> Cohort:
    """Read the source of a real cohort and return it as a checked Cohort.

    Raises
    ------
    DataError
        If the source, a column, a code, an age or a date is not as described.
    """
    source = config.source
    if isinstance(source, TableSource):
        return to_cohort(_read_file(source, _wanted(config)), config)
    if isinstance(source, NhefsSource):
        where, wanted = f"cohort {config.name}, source nhefs", _wanted(config)
        flat = pa.Table.from_pandas(load_nhefs(source.high_price), preserve_index=False)
        require_names(flat.column_names, wanted, where)
        return to_cohort(as_text(flat.select(wanted), where), config)
    raise TypeError(f"a {source.kind} cohort is simulated, not ingested")


def to_cohort(flat: pa.Table, config: CohortConfig) -> Cohort:
    """Map a flat table onto the tables of the Cohort, as the config describes.

    A person without entry or exit age of an event, or without an amount, has no row in `events` or `costs`.

    Parameters
    ----------
    flat
        One row a person, columns of text as named in the source; only the empty cell is null.
    config
        The cohort's description; its `source` must list measures, events and costs.

    Raises
    ------
    DataError
        If a value is not as described, a status is empty without being declared `missing`, or everybody enters
        after the horizon of an outcome.
    """
    source = config.source
    assert isinstance(source, TableSource | NhefsSource)
    where = f"cohort {config.name}, source {source.kind}"
    decimal = source.decimal if isinstance(source, TableSource) else "."

    def text(name: str) -> pa.Array:
        return flat[name].combine_chunks()

    def read(column: SourceColumn) -> pd.Series:
        assert column.source is not None
        return typed(text(column.source), column.source, column, where, decimal)

    persons = pd.DataFrame(
        {
            name: typed(text(column.source or name), name, column, where, decimal)
            for name, column in config.columns.items()
        }
    )
    ids = persons[next(name for name, column in config.columns.items() if column.role == "id")]
    measures = [
        pd.DataFrame({"id": ids, "wave": m.wave, "age": read(m.age), "measure": m.measure, "value": read(m.value)})
        for m in source.measures
    ]
    events = [_followed(ids, e, read, _is_empty(text(str(e.status.source))), where) for e in source.events]
    costs = [
        pd.DataFrame({"id": ids, "sector": c.sector, "window": c.window, "amount": read(c.amount)}).dropna(
            subset=["amount"]
        )
        for c in source.costs
    ]
    cohort = Cohort(
        name=config.name,
        description=config.description,
        columns=config.columns,
        persons=persons,
        measures=_stacked(measures, "measures"),
        events=_stacked(events, "events"),
        costs=_stacked(costs, "costs"),
    ).check()
    _require_time_before_horizons(cohort, config)
    return cohort


def _wanted(config: CohortConfig) -> list[str]:
    """Names of the source columns that the config maps, each once."""
    source = config.source
    assert isinstance(source, TableSource | NhefsSource)
    mapped = [
        *(column for m in source.measures for column in (m.age, m.value)),
        *(column for e in source.events for column in (e.entry_age, e.exit_age, e.status)),
        *(c.amount for c in source.costs),
    ]
    names = [
        *(column.source or name for name, column in config.columns.items()),
        *(str(column.source) for column in mapped),
    ]
    return list(dict.fromkeys(names))


def _followed(
    ids: pd.Series, event: EventMap, read: Reader, empty_status: "pd.Series[bool]", where: str
) -> pd.DataFrame:
    """Return entry, exit and status of those whose ages and status are known."""
    rows = pd.DataFrame(
        {
            "id": ids,
            "event": event.event,
            "entry_age": read(event.entry_age),
            "exit_age": read(event.exit_age),
            "status": read(event.status).astype("float64"),
        }
    )
    aged = rows[["entry_age", "exit_age"]].notna().all(axis=1)
    undeclared = aged & empty_status & ("" not in event.status.missing)
    if undeclared.any():
        raise DataError(
            f"column '{event.status.source}': {int(undeclared.sum())} people have ages at entry and exit, but an empty "
            f"status of event {event.event}",
            where=where,
            mend='Fill it in; or list "" under `missing` of the status, and they count as not followed.',
        )
    undated = int((~aged & (rows["status"] == 1)).sum())
    if undated:
        warnings.warn(
            f"{where}: {undated} people have the event {event.event} without an age at entry or exit; "
            "they count as not followed",
            stacklevel=2,
        )
    return rows[aged & rows["status"].notna()]


def _is_empty(text: pa.Array) -> "pd.Series[bool]":
    return pd.Series(trimmed(text).is_null().to_numpy(zero_copy_only=False))


def _stacked(parts: list[pd.DataFrame], table: str) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True) if parts else empty(table)


def _require_time_before_horizons(cohort: Cohort, config: CohortConfig) -> None:
    for name, outcome in config.outcomes.items():
        if not isinstance(outcome, EventOutcome) or outcome.time != "age":
            continue
        entry = cohort.events.loc[cohort.events["event"] == outcome.event, "entry_age"]
        if len(entry) and not (entry * (MONTHS if outcome.unit == "months" else 1) < outcome.horizon).any():
            raise DataError(
                f"nobody is followed before the horizon of {outcome.horizon:g} {outcome.unit}",
                where=f"cohort {config.name}, outcome {name}",
                mend="Give an age after entry as `horizon`, or study it with `time: follow_up`.",
            )


def _read_file(source: TableSource, wanted: list[str]) -> pa.Table:
    reason = why_unreadable(source.path)
    if reason is not None:
        raise DataError(
            reason, where=source.path, mend="Correct `source.path` (relative to the working directory) or its rights."
        )
    reader = READERS.get(Path(source.path).suffix.lower())
    if reader is None:
        raise DataError(
            f"not a {', '.join(READERS)} file",
            where=source.path,
            mend="Export it as CSV in UTF-8 or as Parquet, or correct `source.path`.",
        )
    try:
        return reader(source, wanted)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=source.path, mend="Try again, or copy it.") from None
