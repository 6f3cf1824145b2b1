"""The Cohort: typed tables and a role for each column; the only thing that passes between rooms.

On disk a cohort is a folder with `cohort.yaml` and seven Parquet files:

- `persons`   one row per person; columns as described in `cohort.yaml`
- `measures`  id, wave, age (years), measure, value; an empty value means due at the wave but not assessed
- `events`    id, event, entry_age, exit_age (years), status (1 = event at exit_age, 0 = censored)
- `costs`     id, sector, window, amount; a person without a row was not observed, which is not a zero
- `pieces`    id, exposure, from_age, to_age (years): when a person is in a state that changes over time, such as being
              out of work; apart from each other, and a person without a row never is. An empty to_age means ever
              after; an empty from_age, that it is not known when
- `absences`  id, table, item, at, meaning: who has a code instead of a value, or no row in the file that the value
              stands in (not_linked): in a column of `persons` (item), a measure at a wave, an event, or a sector in a
              window; an empty cell without a code has no row
- `truth`     cohort, outcome, exposure, reference, subgroup, at, estimand, value, mc_error, how; empty for real cohorts

`cohort.yaml` also tells how many people and rows each joined file has.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from evenwicht.base.columns import Column, Role
from evenwicht.base.errors import DataError, listed
from evenwicht.base.faults import Faults
from evenwicht.base.files import write_parquet, write_text

TABLES = {
    "measures": ["id", "wave", "age", "measure", "value"],
    "events": ["id", "event", "entry_age", "exit_age", "status"],
    "costs": ["id", "sector", "window", "amount"],
    "pieces": ["id", "exposure", "from_age", "to_age"],
    "absences": ["id", "table", "item", "at", "meaning"],
    "truth": [
        *("cohort", "outcome", "exposure", "reference", "subgroup", "at"),
        *("estimand", "value", "mc_error", "how"),
    ],
}
FILES = ["persons.parquet", *(f"{name}.parquet" for name in TABLES), "cohort.yaml"]
CENSUS_LIMIT = 120.0  # years; nobody's age exceeds it


@dataclass(frozen=True)
class JoinedFile:
    """A file that was joined to the main table.

    Attributes
    ----------
    people
        People of the cohort with a row in it.
    unknown_ids, unknown_rows
        Identifiers in it that the main table does not have, and their rows, which are left out.
    """

    people: int
    unknown_ids: int
    unknown_rows: int


@dataclass(frozen=True)
class Cohort:
    """A cohort in memory.

    Attributes
    ----------
    name, description
        What the cohort is called and where it comes from.
    columns
        Role, type, unit and codes of every column of `persons`.
    persons, measures, events, costs, pieces, absences, truth
        The tables described in the module docstring.
    files
        Files joined to the main table, by name.
    part_of
        All people, if these are some of them: what is relative to others, such as being among the top users, is
        relative to all.
    """

    name: str
    description: str
    columns: dict[str, Column]
    persons: pd.DataFrame
    measures: pd.DataFrame = field(default_factory=lambda: empty("measures"))
    events: pd.DataFrame = field(default_factory=lambda: empty("events"))
    costs: pd.DataFrame = field(default_factory=lambda: empty("costs"))
    pieces: pd.DataFrame = field(default_factory=lambda: empty("pieces"))
    absences: pd.DataFrame = field(default_factory=lambda: empty("absences"))
    truth: pd.DataFrame = field(default_factory=lambda: empty("truth"))
    files: Mapping[str, JoinedFile] = field(default_factory=dict)
    part_of: "Cohort | None" = None

    @property
    def whole(self) -> "Cohort":
        """All people of whom these are some, or these."""
        return self if self.part_of is None else self.part_of

    def role(self, role: Role) -> list[str]:
        """Return the names of the columns with a role."""
        return [name for name, column in self.columns.items() if column.role == role]

    @property
    def id(self) -> str:
        """Name of the identifying column of `persons`."""
        return self.role("id")[0]

    def check(self, faults: Faults | None = None) -> "Cohort":
        """Return the cohort if its tables hold what they promise.

        Raises
        ------
        DataError
            On a missing column, duplicate or unknown persons, impossible ages, dates, statuses or amounts: all of them
            at once. With `faults` the latter are added to those.
        """
        where = f"cohort {self.name}"
        gathered = Faults() if faults is None else faults
        _require_columns(self.persons, list(self.columns), f"{where}, persons")
        ids = self.persons[self.id]
        bad = ids.isna() | ids.duplicated()
        if bad.any():
            error = DataError(
                f"'{self.id}' is empty in {int(ids.isna().sum())} rows, and "
                f"{int(ids.dropna().duplicated().sum())} rows repeat an earlier one",
                where=f"{where}, persons",
                fix="Give every person one row and one identifier.",
            )
            gathered.add("identifier", error, bad.to_numpy(dtype=bool))
        known = pd.Index(ids.drop_duplicates() if bad.any() else ids)  # hashed once for all tables
        for name, columns in TABLES.items():
            table = getattr(self, name)
            _require_columns(table, columns, f"{where}, {name}")
            if name == "truth":
                continue
            strangers = int((known.get_indexer(table["id"]) < 0).sum())
            if strangers:
                error = DataError(
                    f"{strangers} rows belong to nobody in persons",
                    where=f"{where}, {name}",
                    fix="Remove these rows or add the persons.",
                )
                gathered.add("identifier", error)
        for name, kind, bad, what in self._impossible():
            if bad.any():
                table = getattr(self, name)
                rows = ids.isin(table.loc[bad, "id"]).to_numpy(dtype=bool)
                gathered.add("impossible", _rejected(table, bad, what, kind, f"{where}, {name}"), rows)
        if faults is None:
            gathered.raise_all()
        return self

    def _impossible(self) -> Iterator[tuple[str, str, "pd.Series[bool]", str]]:
        """Yield table, column of its kinds, rows that cannot be, and why."""
        events, ages = self.events, self.measures["age"]
        for bad, what in (
            (events[["entry_age", "exit_age"]].isna().any(axis=1), "empty age"),
            (~events["status"].isin([0, 1]), "status other than 0 or 1"),
            (events["exit_age"] < events["entry_age"], "exit before entry"),
            (events["entry_age"].notna() & ~events["entry_age"].between(-1, CENSUS_LIMIT), "impossible entry age"),
            (events["exit_age"].notna() & ~events["exit_age"].between(-1, CENSUS_LIMIT), "impossible exit age"),
        ):
            yield "events", "event", bad, what
        yield "measures", "measure", ages.notna() & ~ages.between(-1, CENSUS_LIMIT), "impossible age"
        begin, end = self.pieces["from_age"], self.pieces["to_age"]
        for bad, what in (
            (begin.notna() & ~begin.between(-1, CENSUS_LIMIT), "impossible first age"),
            (end.notna() & ~end.between(-1, CENSUS_LIMIT), "impossible last age"),
            (end <= begin, "end not after the start"),
        ):
            yield "pieces", "exposure", bad, what
        yield "costs", "sector", self.costs["amount"] < 0, "negative amount"

    def write(self, folder: str | Path, tables: list[str] | None = None) -> None:
        """Write the cohort as a folder, each file atomically; `tables` leaves out those that are written elsewhere."""
        folder = Path(folder)
        for name in ["persons", *TABLES] if tables is None else tables:
            write_parquet(getattr(self, name), folder / f"{name}.parquet")
        described = {
            name: column.model_dump(mode="json", exclude_defaults=True) for name, column in self.columns.items()
        }
        text: dict[str, Any] = {"name": self.name, "description": self.description, "columns": described}
        if self.files:
            text["files"] = {name: asdict(file) for name, file in self.files.items()}
        write_text(yaml.safe_dump(text, sort_keys=False, allow_unicode=True), folder / "cohort.yaml")


def empty(name: str) -> pd.DataFrame:
    """Return an empty table of the Cohort with its columns."""
    return pd.DataFrame(columns=TABLES[name])


def read_cohort(folder: str | Path) -> Cohort:
    """Read and check a cohort folder.

    Raises
    ------
    DataError
        If a file is missing or the tables break their promises.
    """
    folder = Path(folder)
    missing = [name for name in FILES if not (folder / name).exists()]
    if missing:
        raise DataError(
            f"files are missing: {', '.join(missing)}", where=str(folder), fix="Run the cohort's job again."
        )
    try:
        described = yaml.safe_load((folder / "cohort.yaml").read_text(encoding="utf-8"))
        tables: dict[str, Any] = {name: _read_table(folder / f"{name}.parquet") for name in ["persons", *TABLES]}
        columns = {name: Column.model_validate(column) for name, column in described["columns"].items()}
        files = {name: JoinedFile(**counts) for name, counts in described.get("files", {}).items()}
        cohort = Cohort(described["name"], described["description"], columns, **tables, files=files)
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise DataError(
            f"a file is not complete or not as this version writes it ({type(error).__name__})",
            where=str(folder),
            fix="Run the cohort's job again.",
        ) from None
    return cohort.check()


def _read_table(path: Path) -> pd.DataFrame:
    """Read a table with names of events as categories, which are smaller than text and faster to find."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(path, read_dictionary=["event"], partitioning=None)
    frame = table.to_pandas(split_blocks=True, self_destruct=True)  # one column at a time, so that none is held twice
    del table
    pa.default_memory_pool().release_unused()  # else what reading took is kept to the end of the job
    return frame


def _require_columns(table: pd.DataFrame, columns: list[str], where: str) -> None:
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise DataError(
            f"columns are missing: {listed(missing)}",
            where=where,
            fix=f"Add them or change the description. Present: {listed(table.columns)}.",
        )


def _rejected(table: pd.DataFrame, bad: "pd.Series[bool]", what: str, kind: str, where: str) -> DataError:
    """The error with the number of bad rows of each kind (event, measure, sector); no person is shown."""
    counts = table.loc[bad, kind].value_counts(sort=False)  # zero for categories without bad rows
    return DataError(
        f"{what} in {int(bad.sum())} rows ({listed(f'{name}: {n}' for name, n in counts.items() if n)})",
        where=where,
        fix="Correct the source or mark the value as missing.",
    )
