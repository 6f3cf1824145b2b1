"""From a flat table with one row per person to a Cohort."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

import pandas as pd
import pyarrow as pa

from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import SourceColumn
from evenwicht.base.errors import DataError
from evenwicht.base.files import why_unreadable
from evenwicht.base.sources import SourceSettings
from evenwicht.cohort import Cohort, empty
from evenwicht.ingest.delimited import names_of_delimited, read_delimited
from evenwicht.ingest.derived import Reader, Rows
from evenwicht.ingest.names import require_names
from evenwicht.ingest.packages import load_package
from evenwicht.ingest.parquet import names_of_parquet, read_parquet
from evenwicht.ingest.shapes import Files, joined
from evenwicht.ingest.sources import EventMap, PackageSource, TableFile, WideSource
from evenwicht.ingest.text import as_text, trimmed
from evenwicht.ingest.typing import typed

T = TypeVar("T")


class Form(NamedTuple):
    """How files of one suffix are read."""

    names: Callable[[TableFile], list[str]]
    read: Callable[[TableFile, list[str]], pa.Table]


DELIMITED = Form(names_of_delimited, read_delimited)
READERS = {".csv": DELIMITED, ".tsv": DELIMITED, ".parquet": Form(names_of_parquet, read_parquet)}


def ingest(source: SourceSettings, book: Codebook) -> Cohort:
    """Read the source of a real cohort and return it as a checked Cohort.

    Raises
    ------
    DataError
        If the source, a column, a code, an age or a date is not as described.
    """
    if not isinstance(source, WideSource):
        raise TypeError(f"{type(source).__name__} is simulated, not ingested")
    together = joined(source, book, Files(_names, _read))
    return together.with_spells(to_cohort(together.flat, together.source, book))


def to_cohort(flat: pa.Table, source: WideSource, book: Codebook) -> Cohort:
    """Map a flat table onto the tables of the Cohort, as the cohort file describes.

    A person without entry or exit age of an event, or without an amount, has no row in `events` or `costs`.

    Parameters
    ----------
    flat
        One row a person, columns of text named by `SourceColumn.origin`; only the empty cell is null.
    source
        Lists measures, each of one wave, events and costs.
    book
        What the columns are.

    Raises
    ------
    DataError
        If a value is not as described, or a status is empty without being declared `missing`.
    """
    where = f"cohort {book.cohort}, source"
    made: dict[str, pa.Array] = {}

    def text(name: str) -> pa.Array:
        return made[name] if name in made else flat[name].combine_chunks()

    def read(column: SourceColumn, name: str = "") -> pd.Series:
        origin = column.origin(name)
        # the decimal mark is that of the file; a derived column was not in it
        return typed(
            text(origin), name or origin, column, where, "." if origin in made else source.decimal_of(column.file)
        )

    for name, rule in source.derived.items():
        values = pa.array(rule.values(Rows(name, where, flat.num_rows, read)), from_pandas=True)
        made[name] = as_text(pa.table({name: values}), where)[name].combine_chunks()

    persons = pd.DataFrame({name: read(column, name) for name, column in book.columns.items()})
    ids = persons[next(name for name, column in book.columns.items() if column.role == "id")]
    measures = [
        pd.DataFrame({"id": ids, "wave": m.wave, "age": read(m.age), "measure": m.measure, "value": read(m.value)})
        for m in source.single
    ]
    events = [_followed(ids, e, read, _is_empty(text(e.status.origin())), where) for e in source.events]
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


def _names(source: WideSource | TableFile) -> list[str]:
    """Names of the columns of a file or a data set of a package."""
    if isinstance(source, PackageSource):
        return list(load_package(source.package, source.dataset).columns)
    assert isinstance(source, TableFile)
    return _from_file(source, lambda form: form.names(source))


def _read(source: WideSource | TableFile, wanted: list[str]) -> pa.Table:
    if isinstance(source, PackageSource):
        return _read_package(source, wanted)
    assert isinstance(source, TableFile)
    return _from_file(source, lambda form: form.read(source, wanted))


def _from_file(source: TableFile, take: Callable[[Form], T]) -> T:
    reason = why_unreadable(source.path)
    if reason is not None:
        raise DataError(
            reason,
            where=source.path,
            fix=f"Correct `{source.key}.path` (relative to the working directory) or its rights.",
        )
    form = READERS.get(Path(source.path).suffix.lower())
    if form is None:
        raise DataError(
            f"not a {', '.join(READERS)} file",
            where=source.path,
            fix=f"Export it as CSV in UTF-8 or as Parquet, or correct `{source.key}.path`.",
        )
    try:
        return take(form)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=source.path, fix="Try again, or copy it.") from None


def _read_package(source: PackageSource, wanted: list[str]) -> pa.Table:
    where = f"package {source.package}, data set {source.dataset}"
    flat = load_package(source.package, source.dataset)
    require_names(list(flat.columns), wanted, where)
    return as_text(pa.Table.from_pandas(flat[wanted], preserve_index=False), where)
