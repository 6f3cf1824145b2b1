"""From a flat table with one row per person to a Cohort."""

import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

import pandas as pd
import pyarrow as pa

from evenwicht.base.arrays import Flags
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import SourceColumn
from evenwicht.base.errors import DataError
from evenwicht.base.faults import Faults
from evenwicht.base.sources import SourceSettings
from evenwicht.cohort import TABLES, Cohort, empty
from evenwicht.ingest.absences import absences, places
from evenwicht.ingest.declared import require_declared
from evenwicht.ingest.derived import Reader, Rows
from evenwicht.ingest.due import due, require_order
from evenwicht.ingest.files import describe_file, read_file, size_of
from evenwicht.ingest.names import require_names
from evenwicht.ingest.packages import load_package
from evenwicht.ingest.shapes import Files, Joined, joined
from evenwicht.ingest.sources import EventMap, PackageSource, TableFile, WideSource
from evenwicht.ingest.text import as_text, trimmed
from evenwicht.ingest.typing import typed

LARGE = 50  # megabytes of a file that takes more than a moment to read


def ingest(source: SourceSettings, book: Codebook) -> Cohort:
    """Read the source of a real cohort and return it as a checked Cohort.

    Raises
    ------
    DataError
        If the source, columns, codes, ages or dates are not as described: all of them at once.
    """
    faults = Faults()
    cohort = gathered(source, book, faults)
    faults.raise_all()
    return cohort


def gathered(
    source: SourceSettings, book: Codebook, faults: Faults, progress: Callable[[str], None] | None = None
) -> Cohort:
    """Return the cohort with empty cells in place of what is not as described, which is added to `faults`.

    `progress` is told of each large file before it is read.

    Raises
    ------
    DataError
        If there is no table to read.
    """
    if not isinstance(source, WideSource):
        raise TypeError(f"{type(source).__name__} is simulated, not ingested")
    [identifier] = [column.origin(name) for name, column in book.columns.items() if column.role == "id"]

    def read(file: WideSource | TableFile, wanted: list[str]) -> pa.Table:
        """Read what is there of the main table, so that the rest of it is checked too."""
        if progress is not None and isinstance(file, TableFile) and (megabytes := size_of(file) / 1e6) > LARGE:
            progress(f"reading {len(wanted)} columns of {file.key}, {megabytes:,.0f} MB")
        try:
            return _read(file, wanted)
        except DataError as error:
            present = [name for name in wanted if name not in error.absent]
            if not error.absent or not present or not isinstance(file, WideSource):
                raise
            faults.add("absent", error)
            flat = _read(file, present)
            for name in error.absent:  # people without an identifier are still told apart
                numbered = pa.array(map(str, range(flat.num_rows)))
                flat = flat.append_column(name, numbered if name == identifier else pa.nulls(flat.num_rows))
            return flat

    together = joined(source, book, Files(_names, read))
    _require_declared(together, source, book, faults)
    n, texts, linked, files = together.flat.num_rows, _columns(together.flat), together.linked, together.counted
    together = together.for_spells()  # so that only `texts` holds the rest
    cohort = replace(_mapped(texts, n, together.source, book, linked, faults), files=files)
    return cohort if faults.found else together.with_spells(cohort)


def _require_declared(together: Joined, original: WideSource, book: Codebook, faults: Faults) -> None:
    """Add a fault for each column with values that its file declares to be missing, and the cohort file does not."""
    source = together.source
    described = [
        *((column, name) for name, column in book.columns.items()),
        *((column, "") for column in source.mapped),
        *((column, "") for rule in source.derived.values() for column in rule.inputs),
    ]
    held: list[tuple[str | None, TableFile]] = [(None, source)] if isinstance(source, TableFile) else []
    for file, settings in [*held, *source.files.items()]:
        columns = [(c.origin(name), c.source or name, c) for c, name in described if c.file == file]
        where = f"cohort {book.cohort}, {f'file {file}' if file else 'source'}"
        description = describe_file(settings)
        require_declared(together.flat, description, columns, where, settings.decimal, faults)
        if file is not None:
            by_row = [(str(c.source), str(c.source), c) for c in original.described_by_row(file)]
            require_declared(together.further[file].table, description, by_row, where, settings.decimal, faults)


def to_cohort(
    flat: pa.Table,
    source: WideSource,
    book: Codebook,
    faults: Faults | None = None,
    linked: Mapping[str, Flags] | None = None,
) -> Cohort:
    """Map a flat table onto the tables of the Cohort, as the cohort file describes.

    A person without entry or exit age of an event, or without an amount, has no row in `events` or `costs`.

    Parameters
    ----------
    flat
        One row a person, columns of text named by `SourceColumn.origin`; only the empty cell is null, and a column of
        type null is absent from the source.
    source
        Lists measures, each of one wave, events and costs.
    book
        What the columns are.
    faults
        Gathers what is wrong, if mapping is to go on.
    linked
        Who has a row in each further file, (n,) flags by file.

    Raises
    ------
    DataError
        If values are not as described, or a status is empty without being declared `missing`: all of it at once.
    """
    gathered = Faults() if faults is None else faults
    cohort = _mapped(_columns(flat), flat.num_rows, source, book, linked or {}, gathered)
    if faults is None:
        gathered.raise_all()
    return cohort


def _columns(flat: pa.Table) -> dict[str, pa.ChunkedArray]:
    return dict(zip(flat.column_names, flat.columns, strict=True))


def _mapped(
    texts: dict[str, pa.ChunkedArray],
    n: int,
    source: WideSource,
    book: Codebook,
    linked: Mapping[str, Flags],
    gathered: Faults,
) -> Cohort:
    """Map the columns of n people as `to_cohort`, and take each out of `texts` once nothing reads it any more."""
    where = f"cohort {book.cohort}, source"
    absent = {name for name, column in texts.items() if pa.types.is_null(column.type)}
    made: set[str] = set()
    reads: Counter[str] = Counter()  # still to come; none is counted while columns are derived

    def text(name: str) -> pa.Array:
        reads[name] -= 1
        column = texts[name] if reads[name] else texts.pop(name)
        return column.combine_chunks().cast(pa.string())

    def cells(column: SourceColumn, name: str = "") -> tuple[pa.Array, tuple[str, str]]:
        origin = column.origin(name)
        # the marks are those of the file; a derived column was not in it
        return text(origin), (".", "") if origin in made else source.marks_of(column.file)

    def read(column: SourceColumn, name: str = "") -> pd.Series:
        origin = column.origin(name)
        if origin in source.derived and column.type == "category" and not column.codes:
            levels = [level for level in source.derived[origin].levels if level not in column.missing]
            column = column.model_copy(update={"codes": {level: level for level in levels}})  # keeps their order
        values, marks = cells(column, name)
        return typed(values, name or origin, column, where, *marks, gathered)

    for name, rule in source.derived.items():
        try:
            values = pa.array(rule.values(Rows(name, where, n, read)), from_pandas=True)
        except DataError as error:
            gathered.add("derived", error)
            values = pa.nulls(n, pa.string())
        texts[name] = as_text(pa.table({name: values}), where)[name]
        made.add(name)
    reads = Counter(
        [
            *(column.origin(name) for name, column in book.columns.items()),
            *(column.origin() for column in source.mapped),
            *(event.status.origin() for event in source.events),  # also whether it is empty
            *(column.origin(name) for _, name, column in places(source, book)),
        ]
    )
    for name in texts.keys() - reads:
        del texts[name]

    persons = pd.DataFrame({name: read(column, name) for name, column in book.columns.items()})
    ids = persons[next(name for name, column in book.columns.items() if column.role == "id")]
    waves = [
        (m, pd.DataFrame({"id": ids, "age": read(m.age), "value": read(m.value)}, copy=False)) for m in source.single
    ]
    events = [_followed(ids, e, read, _empty_status(e, absent, text), where, gathered) for e in source.events]
    costs = [
        pd.DataFrame({"id": ids, "sector": c.sector, "window": c.window, "amount": read(c.amount)}).dropna(
            subset=["amount"]
        )
        for c in source.costs
    ]
    coded = absences(ids, source, book, cells, linked)
    waves = due(waves, coded)
    require_order(waves, ids, where, gathered)
    cohort = Cohort(
        name=book.cohort,
        description=book.description,
        columns=dict(book.columns),
        persons=persons,
        measures=_stacked([rows.assign(wave=m.wave, measure=m.measure) for m, rows in waves], "measures"),
        events=_stacked(events, "events"),
        costs=_stacked(costs, "costs"),
        absences=coded,
    )
    return cohort.check(gathered)


def _followed(
    ids: pd.Series, event: EventMap, read: Reader, empty_status: "pd.Series[bool]", where: str, faults: Faults
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
        error = DataError(
            f"column '{event.status.source}': {int(undeclared.sum())} people have ages at entry and exit, but an empty "
            f"status of event {event.event}",
            where=where,
            fix='Fill it in; or list "" under `missing` of the status, and they count as not followed.',
        )
        faults.add("empty status", error, undeclared.to_numpy(dtype=bool))
    undated = int((~aged & (rows["status"] == 1)).sum())
    if undated and not faults.found:  # else an age may be absent for a reason that is told already
        warnings.warn(
            f"{where}: {undated} people have the event {event.event} without an age at entry or exit; "
            "they count as not followed",
            stacklevel=2,
        )
    return rows[aged & rows["status"].notna()]


def _empty_status(event: EventMap, absent: set[str], text: Callable[[str], pa.Array]) -> "pd.Series[bool]":
    """Whose status is empty, (n,); nobody's if there is no such column, which is told already."""
    name = event.status.origin()
    return pd.Series(trimmed(text(name)).is_null().to_numpy(zero_copy_only=False) & (name not in absent))


def _stacked(parts: list[pd.DataFrame], table: str) -> pd.DataFrame:
    """Stack parts one column at a time, and take the columns out of them: none is held twice."""
    if not parts:
        return empty(table)
    columns = {name: pd.concat([part.pop(name) for part in parts], ignore_index=True) for name in TABLES[table]}
    return pd.DataFrame(columns, copy=False)


def _names(source: WideSource | TableFile) -> list[str]:
    """Names of the columns of a file or a data set of a package."""
    if isinstance(source, PackageSource):
        return list(load_package(source.package, source.dataset).columns)
    assert isinstance(source, TableFile)
    return list(describe_file(source).columns)


def _read(source: WideSource | TableFile, wanted: list[str]) -> pa.Table:
    if isinstance(source, PackageSource):
        return _read_package(source, wanted)
    assert isinstance(source, TableFile)
    table = read_file(source, wanted)
    pa.default_memory_pool().release_unused()  # else what reading took is kept to the end of the job
    return table


def _read_package(source: PackageSource, wanted: list[str]) -> pa.Table:
    where = f"package {source.package}, data set {source.dataset}"
    flat = load_package(source.package, source.dataset)
    require_names(list(flat.columns), wanted, where)
    return as_text(pa.Table.from_pandas(flat[wanted], preserve_index=False), where)
