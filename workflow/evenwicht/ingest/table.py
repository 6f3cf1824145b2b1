"""From a flat table with one row per person to a Cohort."""

import warnings

import pandas as pd
import pyarrow as pa

from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import SourceColumn
from evenwicht.base.errors import DataError
from evenwicht.base.sources import SourceSettings
from evenwicht.cohort import Cohort, empty
from evenwicht.ingest.declared import require_declared
from evenwicht.ingest.derived import Reader, Rows
from evenwicht.ingest.files import describe_file, read_file
from evenwicht.ingest.names import require_names
from evenwicht.ingest.packages import load_package
from evenwicht.ingest.sources import EventMap, PackageSource, TableSource, WideSource
from evenwicht.ingest.text import as_text, trimmed
from evenwicht.ingest.typing import typed


def ingest(source: SourceSettings, book: Codebook) -> Cohort:
    """Read the source of a real cohort and return it as a checked Cohort.

    Raises
    ------
    DataError
        If the source, a column, a code, an age or a date is not as described.
    """
    if isinstance(source, TableSource):
        flat = read_file(source, _wanted(source, book))
        require_declared(flat, describe_file(source), _described(source, book), f"cohort {book.cohort}, source")
        return to_cohort(flat, source, book)
    if isinstance(source, PackageSource):
        return to_cohort(_read_package(source, _wanted(source, book)), source, book)
    raise TypeError(f"{type(source).__name__} is simulated, not ingested")


def to_cohort(flat: pa.Table, source: WideSource, book: Codebook) -> Cohort:
    """Map a flat table onto the tables of the Cohort, as the cohort file describes.

    A person without entry or exit age of an event, or without an amount, has no row in `events` or `costs`.

    Parameters
    ----------
    flat
        One row a person, columns of text as named in the source; only the empty cell is null.
    source
        Lists measures, events and costs.
    book
        What the columns are.

    Raises
    ------
    DataError
        If a value is not as described, or a status is empty without being declared `missing`.
    """
    where = f"cohort {book.cohort}, source"
    marks = (source.decimal, source.thousands) if isinstance(source, TableSource) else ()
    made: dict[str, pa.Array] = {}

    def text(name: str) -> pa.Array:
        return made[name] if name in made else flat[name].combine_chunks()

    def read(column: SourceColumn, name: str = "") -> pd.Series:
        origin = column.source or name
        # the marks are those of the file; a derived column was not in it
        return typed(text(origin), name or origin, column, where, *(() if origin in made else marks))

    for name, rule in source.derived.items():
        values = pa.array(rule.values(Rows(name, where, flat.num_rows, read)), from_pandas=True)
        made[name] = as_text(pa.table({name: values}), where)[name].combine_chunks()

    persons = pd.DataFrame({name: read(column, name) for name, column in book.columns.items()})
    ids = persons[next(name for name, column in book.columns.items() if column.role == "id")]
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
    return Cohort(
        name=book.cohort,
        description=book.description,
        columns=dict(book.columns),
        persons=persons,
        measures=_stacked(measures, "measures"),
        events=_stacked(events, "events"),
        costs=_stacked(costs, "costs"),
    ).check()


def _wanted(source: WideSource, book: Codebook) -> list[str]:
    """Names of the columns that must stand in the source itself, each once."""
    return [name for name in dict.fromkeys(name for name, _ in _described(source, book)) if name not in source.derived]


def _described(source: WideSource, book: Codebook) -> list[tuple[str, SourceColumn]]:
    """The name in the source and the description of each column, wherever the cohort file names one."""
    return [
        *((column.source or name, column) for name, column in book.columns.items()),
        *((str(column.source), column) for column in source.mapped),
        *((str(column.source), column) for rule in source.derived.values() for column in rule.inputs),
    ]


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
            fix='Fill it in; or list "" under `missing` of the status, and they count as not followed.',
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


def _read_package(source: PackageSource, wanted: list[str]) -> pa.Table:
    where = f"package {source.package}, data set {source.dataset}"
    flat = load_package(source.package, source.dataset)
    require_names(list(flat.columns), wanted, where)
    return as_text(pa.Table.from_pandas(flat[wanted], preserve_index=False), where)
