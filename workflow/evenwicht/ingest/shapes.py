"""Source data of several shapes, brought to one: a flat table with one row a person, and spells beside it.

Further files are joined to the main table by the text of the identifier, exactly. A row that belongs to nobody in the
main table, and a person without a row, are counted and told; a person with two rows where there can be one is an error.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from evenwicht.base.arrays import Flags
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import SourceColumn, in_file
from evenwicht.base.errors import DataError, listed
from evenwicht.cohort import Cohort, JoinedFile
from evenwicht.ingest.births import MADE, Births, of_births
from evenwicht.ingest.pieces import of_exposures
from evenwicht.ingest.sources import FurtherFile, WideSource
from evenwicht.ingest.spells import SpellRows, Spells, of_spells
from evenwicht.ingest.text import as_text, trimmed
from evenwicht.ingest.typing import typed
from evenwicht.ingest.waves import WAVE, MeasureMap, WaveMeasures

Positions = NDArray[np.int64]
MOST_WAVES = 100  # in one long table; more are no names of waves


@dataclass(frozen=True)
class Files:
    """How the main table, given by its source, and further files are read: names of columns, and columns as text."""

    names: Callable[[WideSource | FurtherFile], list[str]]
    read: Callable[[WideSource | FurtherFile, list[str]], pa.Table]


@dataclass(frozen=True)
class Rows:
    """A further file as read: its columns of text, and whose each row is (row of the main table, -1 if nobody's).

    `unknown_ids` counts the different identifiers that are nobody's.
    """

    name: str
    settings: FurtherFile
    table: pa.Table
    person: Positions
    unknown_ids: int
    where: str

    def typed(self, column: SourceColumn) -> pd.Series:
        """Return a column as described, (m,)."""
        text = self.table[str(column.source)].combine_chunks()
        return typed(text, str(column.source), column, self.where, self.settings.decimal, self.settings.thousands)

    def linked(self, n: int) -> Flags:
        """Who of the main table has a row, (n,)."""
        flags = np.zeros(n, dtype=bool)
        flags[self.person[self.person >= 0]] = True
        return flags

    def counted(self, n: int) -> JoinedFile:
        """How many of the n people of the main table have a row, and how many identifiers and rows are not its."""
        return JoinedFile(int(self.linked(n).sum()), self.unknown_ids, int((self.person < 0).sum()))


@dataclass(frozen=True)
class Joined:
    """All that is read of a source.

    Attributes
    ----------
    flat
        One row a person, columns of text named by `SourceColumn.origin`.
    source
        The source, its measures of several waves replaced by one for each wave.
    further
        Further files, by name.
    """

    flat: pa.Table
    source: WideSource
    further: dict[str, Rows]

    @property
    def linked(self) -> dict[str, Flags]:
        """Who of the n people has a row in each further file, (n,) flags by file."""
        return {name: rows.linked(self.flat.num_rows) for name, rows in self.further.items()}

    @property
    def counted(self) -> dict[str, JoinedFile]:
        """How many people and rows each further file has, by file."""
        return {name: rows.counted(self.flat.num_rows) for name, rows in self.further.items()}

    def for_spells(self) -> "Joined":
        """Return it with no more than the columns that spells read."""
        named = {
            file: list(
                dict.fromkeys(name for spells in self.source.spells if spells.file == file for name in spells.named)
            )
            for file in self.further
        }
        further = {file: replace(rows, table=rows.table.select(named[file])) for file, rows in self.further.items()}
        return replace(self, flat=self.flat.select([]), further=further)

    def with_spells(self, cohort: Cohort) -> Cohort:
        """Return the cohort with the costs, events and exposures of spells, whose files are let go.

        Raises
        ------
        DataError
            If a spell is not as described.
        """
        if not self.source.spells:
            return cohort
        costs, events, pieces = [cohort.costs], [cohort.events], [cohort.pieces]
        left = [spells.file for spells in self.source.spells]
        for spells in self.source.spells:
            rows, where = _spell_rows(spells, self.further[spells.file]), self.further[spells.file].where
            left.remove(spells.file)
            if spells.file not in left:
                del self.further[spells.file]  # its text takes more than what it says
            if spells.costs or spells.events:
                more_costs, more_events = of_spells(spells, rows, cohort, where)
                costs += more_costs
                events += more_events
            if spells.exposures:
                pieces += of_exposures(spells, rows, cohort, where)
        return replace(cohort, costs=_stacked(costs), events=_stacked(events), pieces=_stacked(pieces)).check()


def joined(source: WideSource, book: Codebook, files: Files) -> Joined:
    """Read the columns that the cohort file names from the main table and the further files, and join them.

    Raises
    ------
    DataError
        If a file or a column is not as described, no name of a column has the pattern of a measure, identifiers are
        empty or written otherwise than in the main table, or a person has two rows for one.
    """
    where = f"cohort {book.cohort}, source"
    identifier = next((column.origin(name) for name, column in book.columns.items() if column.role == "id"), "")
    if source.files and identifier in source.derived:
        raise DataError(
            "further files cannot be joined to a main table without an identifier of its own",
            where=where,
            fix="Name the column with the identifier in `columns`, instead of making it.",
        )
    measures = list(source.single)
    for entry in source.several:
        if not entry.long:
            measures += _by_name(entry, source, files, where)
    own = source.model_copy(update={"measures": measures})
    of_people = [
        *((column, name) for name, column in book.columns.items()),
        *((column, "") for column in own.mapped),
        *((column, "") for rule in own.derived.values() for column in rule.inputs),
    ]
    ages = {_age_of_all(m, wave): age for m in source.several for wave, age in m.ages.items()}
    elsewhere = {*source.derived, *ages}
    main = [column.origin(name) for column, name in of_people if column.file is None]
    flat = files.read(source, [name for name in dict.fromkeys(main) if name not in elsewhere])
    for name, age in ages.items():
        text = f"{age:.15g}".replace(".", source.marks_of(None)[0])
        flat = flat.append_column(name, pa.array([text]).take(pa.array(np.zeros(flat.num_rows, dtype=np.int64))))

    ids = trimmed(flat[identifier].combine_chunks()) if source.files else None
    further: dict[str, Rows] = {}
    for file, settings in source.files.items():
        singly = [column.source or name for column, name in of_people if column.file == file]
        rows = _read(
            file, settings, [*singly, *_of_rows(source, file)], ids, files, f"cohort {book.cohort}, file {file}"
        )
        further[file] = rows
        if singly:
            place = _places(rows, np.arange(len(rows.person)), flat.num_rows, "")
            _tell_absent({"": place}, rows)
            for name in dict.fromkeys(singly):
                flat = flat.append_column(in_file(file, name), _taken(rows.table[name], place))
    for entry in source.several:
        if entry.long:
            waves, flat = _by_row(entry, further[str(entry.file)], flat)
            measures += waves
    return Joined(flat, source.model_copy(update={"measures": measures}), further)


def _by_name(entry: WaveMeasures, source: WideSource, files: Files, where: str) -> list[MeasureMap]:
    """Return the measure at each wave that is told by names of columns or by files."""
    waves = entry.listed_waves
    if not waves:
        held = source if entry.file is None else source.files[entry.file]
        place = where if entry.file is None else f"{where}, file {entry.file}"
        waves = entry.found_in(files.names(held), place)
        _tell_found(entry, waves, place)
    return [
        entry.at(
            wave,
            {name: name.replace(WAVE, wave) for name in (str(column.source) for column in entry.described)},
            SourceColumn(source=_age_of_all(entry, wave)),
        )
        for wave in waves
    ]


def _by_row(entry: WaveMeasures, rows: Rows, flat: pa.Table) -> tuple[list[MeasureMap], pa.Table]:
    """Return the measure at each wave of a long table, and the flat table with the columns that it needs."""
    names = entry.listed_waves or _found_waves(entry, rows)
    wave_of = _waves(entry, names, rows)
    known = wave_of >= 0
    if not known.all():
        warnings.warn(
            f"{rows.where}: {int((~known).sum())} of {len(known)} rows are at no wave of {entry.measure}, "
            "and are left out of it",
            stacklevel=2,
        )
    measures, places = [], {}
    for number, wave in enumerate(names):
        at_wave = np.flatnonzero(wave_of == number)
        if not len(at_wave):
            raise DataError(
                f"no row is at wave {wave} of {entry.measure}",
                where=rows.where,
                fix="Correct the names of the waves in the cohort file.",
            )
        place = places[wave] = _places(rows, at_wave, flat.num_rows, f" at wave {wave}")
        columns = {
            str(column.source): f"{column.source} at wave {wave} of {entry.measure}" for column in entry.described
        }
        for column, here in columns.items():
            flat = flat.append_column(in_file(rows.name, here), _taken(rows.table[column], place))
        measures.append(entry.at(wave, columns, SourceColumn(source=_age_of_all(entry, wave))))
    _tell_absent(places, rows)
    return measures, flat


def _waves(entry: WaveMeasures, names: list[str], rows: Rows) -> Positions:
    """Return the number of the wave of each row, (m,), -1 if it is at none."""
    if entry.wave_column is not None:
        return _position(trimmed(rows.table[entry.wave_column].combine_chunks()), pa.array(names, pa.string()))
    assert entry.age is not None
    age = rows.typed(entry.age).to_numpy()
    wave_of = np.full(len(age), -1, dtype=np.int64)
    for number, (first, past) in enumerate(entry.between.values()):
        wave_of[(age >= first) & (age < past)] = number
    return wave_of


def _found_waves(entry: WaveMeasures, rows: Rows) -> list[str]:
    names: list[str] = trimmed(rows.table[str(entry.wave_column)].combine_chunks()).unique().drop_null().to_pylist()
    if entry.wave_column == rows.settings.id or len(names) > min(MOST_WAVES, rows.table.num_rows / 2):
        raise DataError(
            f"column '{entry.wave_column}' holds {len(names)} different values, too many for names of waves",
            where=rows.where,
            fix="Name the column with the wave as `wave_column`; or use `between`, by age.",
        )
    _tell_found(entry, names, rows.where)
    return names


def _tell_found(entry: WaveMeasures, waves: list[str], where: str) -> None:
    warnings.warn(f"{where}: found {entry.measure} at the waves {listed(waves)}", stacklevel=2)


def _read(name: str, settings: FurtherFile, named: list[str], ids: pa.Array, files: Files, where: str) -> Rows:
    """Read a further file and find whose each row is; rows of nobody in the main table are told."""
    births = settings.births
    made = MADE if births is not None else ()
    parents = births.named if births is not None else []
    wanted = [settings.id, *(column for column in named if column not in made), *parents]
    table = files.read(settings, list(dict.fromkeys(wanted)))
    own = trimmed(table[settings.id].combine_chunks())
    if own.null_count:
        raise DataError(
            f"the identifier '{settings.id}' is empty in {own.null_count} of {len(own)} rows",
            where=where,
            fix="Fill it in, or remove these rows.",
        )
    person = _position(own, ids)
    nobodys = own.filter(pa.array(person < 0))
    alike = pc.sum(pc.is_in(_simplified(nobodys), _simplified(ids.drop_null()))).as_py() if len(nobodys) else 0
    if alike:
        raise DataError(
            f"{alike} of {len(own)} rows have an identifier that the main table writes otherwise: with or without "
            "leading zeros, decimals or capitals",
            where=where,
            fix="Write identifiers alike in all files; they are compared as text.",
        )
    if len(nobodys) == len(own):
        raise DataError(
            f"none of its {len(own)} rows has an identifier that the main table has",
            where=where,
            fix="Correct `id` of the file, the column with the identifier.",
        )
    unknown_ids = len(nobodys.unique())
    if unknown_ids:
        warnings.warn(
            f"{where}: {len(nobodys)} of {len(own)} rows, of {unknown_ids} identifiers, belong to nobody in "
            "the main table, and are left out",
            stacklevel=2,
        )
    rows = Rows(name, settings, table, person, unknown_ids, where)
    if births is not None:
        rows = replace(rows, table=_with_births(births, rows))
    # the identifier is text of many rows, and is known by now
    return rows if settings.id in named else replace(rows, table=rows.table.drop_columns([settings.id]))


def _with_births(births: Births, rows: Rows) -> pa.Table:
    """Return the columns of a file and those made from parents, over all its rows, also of those left out."""
    if len(rows.table[rows.settings.id].combine_chunks().unique()) < rows.table.num_rows:
        raise DataError(
            "births are counted by rows, and an identifier stands in two of them",
            where=rows.where,
            fix="Give every birth one row.",
        )

    def parent(name: str) -> pd.Series:
        return trimmed(rows.table[name].combine_chunks()).to_pandas()

    father = None if births.father is None else parent(births.father)
    made = pd.DataFrame(of_births(parent(births.mother), father, rows.typed(births.born), rows.where))
    texts = as_text(pa.Table.from_pandas(made, preserve_index=False), rows.where)
    table = rows.table.drop_columns([name for name in MADE if name in rows.table.column_names])
    for name, column in zip(texts.column_names, texts.columns, strict=True):
        table = table.append_column(name, column)
    return table


def _position(text: pa.Array, among: pa.Array) -> Positions:
    """Return where each text stands among others, (m,), -1 if nowhere or empty."""
    found = pc.index_in(text, value_set=among, skip_nulls=True)
    return np.asarray(found.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)


def _simplified(ids: pa.Array) -> pa.Array:
    return pc.utf8_lower(pc.replace_substring_regex(pc.replace_substring_regex(ids, r"[.,]0+$", ""), "^0+", ""))


def _places(rows: Rows, some: Positions, n: int, when: str) -> Positions:
    """Return the row of each person among some rows, (n,), -1 for none; two rows of one person are an error."""
    some = some[rows.person[some] >= 0]
    times = np.bincount(rows.person[some], minlength=n)
    if (times > 1).any():
        raise DataError(
            f"{int((times > 1).sum())} people have more than one row{when}, {int(times[times > 1].sum())} in all",
            where=rows.where,
            fix="Leave one of them; which is meant cannot be known."
            + ("" if when else " A file with a row a wave has its waves in `wave_column` or `between` of a measure."),
        )
    place = np.full(n, -1, dtype=np.int64)
    place[rows.person[some]] = some
    return place


def _tell_absent(places: dict[str, Positions], rows: Rows) -> None:
    """Say how many people have no row, at each wave."""
    absent = {wave: int((place < 0).sum()) for wave, place in places.items()}
    if any(absent.values()):
        n = len(next(iter(places.values())))
        told = listed(f"{count} at wave {wave}" if wave else str(count) for wave, count in absent.items())
        warnings.warn(
            f"{rows.where}: of {n} people in the main table, without a row: {told}; what it holds is empty for them",
            stacklevel=2,
        )


def _taken(column: pa.ChunkedArray, place: Positions) -> pa.Array:
    return column.combine_chunks().take(pa.array(place, mask=place < 0))


def _age_of_all(entry: WaveMeasures, wave: str) -> str:
    """Name of the column with the age of everybody at a wave."""
    return f"age of all at wave {wave} of {entry.measure}"


def _of_rows(source: WideSource, file: str) -> list[str]:
    """Names of the columns of a file that are read row by row, in long tables and spells."""
    long = [m for m in source.several if m.long and m.file == file]
    return [
        *(str(column.source) for m in long for column in m.described),
        *(m.wave_column for m in long if m.wave_column is not None),
        *(name for spells in source.spells if spells.file == file for name in spells.named),
    ]


def _spell_rows(spells: Spells, rows: Rows) -> SpellRows:
    def maybe(column: SourceColumn | None) -> pd.Series | None:
        return None if column is None else rows.typed(column)

    def kinds(name: str) -> pd.Series:  # few, and many rows of each
        text = trimmed(rows.table[name].combine_chunks())
        return pd.Series(text.dictionary_encode().to_pandas())

    kind = None if spells.what is None else kinds(spells.what)
    return SpellRows(rows.person, rows.typed(spells.start), maybe(spells.end), kind, maybe(spells.amount))


def _stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]
