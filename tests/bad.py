"""A small sound project of every shape of source, and what becomes of it once something in it is bad."""

import copy
import io
import signal
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import yaml
from evenwicht.base.errors import EvenwichtError
from evenwicht.config.loading import load_cohort
from evenwicht.ingest.table import ingest

N = 60
LONGEST = 20  # seconds until a case counts as a hang
SECRETS = ("zq0", "31337", "1944-0", "zm0", "zf0")  # beginnings of ids, incomes, birthdays and parents in the data
MOST_CHARACTERS = 12_000  # of a message
MOST_LINES = 19


def _tables() -> dict[str, pd.DataFrame]:
    rows = range(N)
    ids = [f"zq{i:03d}" for i in rows]
    born = [f"1944-{1 + i % 9:02d}-{1 + i % 28:02d}" for i in rows]
    main = {
        "pid": ids,
        "born": born,
        "sex": [1 + i % 2 for i in rows],
        "income": [f"31337{i:02d}.5" for i in rows],
        "smokes": [i // 2 % 2 for i in rows],
        "site": [f"town {i % 4}" for i in rows],
        "bmi_7": [f"1{i % 9}.25" for i in rows],
        "bmi_11": [f"2{i % 9}.25" for i in rows],
        "cost": [10 * i for i in rows],
        "start": [20] * N,
        "stop": [40 + i % 9 for i in rows],
        "ill": [i % 3 // 2 for i in rows],
    }
    twice = [i for i in rows for _ in range(2)]
    visits = {
        "pid": [ids[i] for i in twice],
        "wave": ["w1", "w2"] * N,
        "age": [f"{30 + k % 2}.5" for k in range(2 * N)],
        "score": [f"{k % 7}.5" for k in range(2 * N)],
    }
    stays = {
        "pid": ids,
        "from": [f"1970-01-{1 + i % 28:02d}" for i in rows],
        "to": [f"1970-02-{1 + i % 28:02d}" for i in rows],
        "what": ["ward" if i % 2 else "clinic" for i in rows],
        "euro": [f"{100 + i}.5" for i in rows],
    }
    births = {
        "child": ids,
        "mother": [f"zm{i // 2:03d}" for i in rows],
        "father": [f"zf{i // 2:03d}" for i in rows],
        "day": [f"{1944 + 2 * (i % 2)}-01-{1 + i % 28:02d}" for i in rows],
    }
    lab = {"pid": ids, "iron": [f"{i % 9}.5" for i in rows]}
    return {
        name: pd.DataFrame(table)
        for name, table in {"main": main, "visits": visits, "stays": stays, "births": births, "lab": lab}.items()
    }


TABLES = _tables()
CONFIG: dict[str, Any] = {
    "name": "own",
    "title": "Own",
    "description": "Ours.",
    "source": {
        "kind": "table",
        "path": "main.csv",
        "files": {
            "visits": {"path": "visits.csv", "id": "pid"},
            "stays": {"path": "stays.csv", "id": "pid"},
            "births": {"path": "births.csv", "id": "child", "births": {"mother": "mother", "father": "father", "born": {"source": "day"}}},
            "lab": {"path": "lab.csv", "id": "pid"},
        },
        "derived": {"poor": {"kind": "cut", "of": {"source": "income"}, "limits": [3133730], "labels": ["low", "high"], "closed": "left"}},
        "measures": [
            {"measure": "bmi", "value": "bmi_{wave}", "ages": {7: 7, 11: 11}},
            {"measure": "score", "file": "visits", "wave_column": "wave", "waves": ["w1", "w2"], "age": {"source": "age"}, "value": {"source": "score"}},
        ],
        "events": [{"event": "ill", "entry_age": "start", "exit_age": "stop", "status": "ill"}],
        "costs": [{"sector": "care", "window": "40", "amount": {"source": "cost"}}],
        "spells": [
            {
                "file": "stays", "start": {"source": "from"}, "end": {"source": "to"}, "what": "what", "amount": {"source": "euro"},
                "until": "1980-12-31", "costs": {"hospital": ["ward"]}, "windows": {"twenties": {"ages": [20, 30]}},
                "events": {"admitted": ["clinic"]},
            }
        ],
    },
    "columns": {
        "pid": {"role": "id", "type": "category", "label": "Person"},
        "born": {"role": "birth_date", "type": "date", "label": "Born", "minimum": "1900-01-01"},
        "sex": {"role": "sex", "type": "category", "label": "Sex", "codes": {1: "male", 2: "female"}, "missing": [9]},
        "income": {"role": "baseline", "label": "Income", "unit": "EUR", "minimum": 0, "missing_ranges": [[-9, -1]]},
        "poor": {"role": "baseline", "type": "category", "label": "Poor"},
        "smokes": {"role": "exposure", "type": "boolean", "label": "Smokes"},
        "site": {"role": "cluster", "type": "category", "label": "Site"},
        "iron": {"role": "outcome", "label": "Iron", "file": "lab", "maximum": 100},
        "family": {"role": "family", "type": "category", "label": "Family", "file": "births"},
    },
    "sectors": {key: {"label": key, "unit": "EUR", "measures": "money"} for key in ("care", "hospital")},
    "outcomes": {
        "iron": {"kind": "continuous", "column": "iron", "margin": 0.1, "label": "Iron"},
        "ill": {"kind": "time_to_event", "event": "ill", "time": "age", "unit": "years", "horizon": 40, "margin": 0.01, "label": "Ill"},
    },
    "adjustments": {"few": {"columns": ["sex", "income"], "squares": ["income"]}},
    "studies": {"smoking": {"kind": "exposure", "exposures": ["smokes"], "adjust": "few", "outcomes": ["iron", "ill"]}},
    "table1": ["sex", "income"],
}  # fmt: skip


@dataclass
class Project:
    """A folder with a cohort file and its data, sound until it is changed."""

    folder: Path
    config: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(CONFIG))
    tables: dict[str, pd.DataFrame] = field(default_factory=lambda: {k: t.copy() for k, t in TABLES.items()})
    contents: dict[str, bytes] = field(default_factory=dict)  # of files that are no plain table
    text: bytes | None = None  # of the cohort file, if it is no plain one

    def at(self, *keys: Any) -> Any:
        """A section of the cohort file."""
        section: Any = self.config
        for key in keys:
            section = section[key]
        return section

    def put(self, value: object, *keys: Any) -> None:
        """Set one key of the cohort file."""
        self.at(*keys[:-1])[keys[-1]] = value

    def source_of(self, table: str) -> dict[str, Any]:
        """Where the cohort file says what file a table is."""
        section: dict[str, Any] = self.at("source") if table == "main" else self.at("source", "files", table)
        return section

    def csv(self, table: str) -> str:
        """A table as text."""
        return str(self.tables[table].to_csv(index=False))

    def file(self, table: str, name: str, content: bytes | None) -> None:
        """Take a table from a file of this name; None if something else lies there."""
        self.source_of(table)["path"] = name
        if content is not None:
            self.contents[name] = content

    def written(self) -> Path:
        """The cohort file, once all is written."""
        for name in self.tables:
            if self.source_of_or_none(name) == f"{name}.csv" and f"{name}.csv" not in self.contents:
                (self.folder / f"{name}.csv").write_text(self.csv(name), encoding="utf-8")
        for name, content in self.contents.items():
            (self.folder / name).write_bytes(content)
        path = self.folder / "own.yaml"
        if not path.is_symlink() and not path.exists():
            text = yaml.safe_dump(self.config, sort_keys=False, allow_unicode=True).encode()
            path.write_bytes(text if self.text is None else self.text)
        return path

    def source_of_or_none(self, table: str) -> object:
        """The path of a table, if the cohort file still says one."""
        try:
            return self.source_of(table)["path"]
        except (KeyError, TypeError):
            return None


Bad = Callable[[Project], object]


class Outcome(NamedTuple):
    """What became of a project: told or silent, or else how the program itself failed."""

    how: str  # error, note, silent, traceback, hang
    said: str


@contextmanager
def limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in what takes longer."""

    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def became(path: Path, known: frozenset[str] = frozenset()) -> Outcome:
    """Read a cohort file and its data; notes that a sound project has too do not count."""
    start = time.monotonic()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            with limit(LONGEST):
                config = load_cohort(path)
                ingest(config.source, config.codebook)
        except EvenwichtError as error:
            how = "error" if time.monotonic() - start < LONGEST else "hang"
            return Outcome(how, str(error))
        except TimeoutError:
            return Outcome("hang", "")
        except (Exception, RecursionError) as error:
            return Outcome("traceback", f"{type(error).__name__}: {str(error)[:300]}")
    notes = dict.fromkeys(str(warning.message) for warning in told)
    new = [note for note in notes if note not in known]
    return Outcome("note" if new else "silent", "\n".join(new))


def parquet(table: Any) -> bytes:
    """A table as a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(
        pa.Table.from_pandas(table, preserve_index=False) if isinstance(table, pd.DataFrame) else table, sink
    )
    return sink.getvalue()


WRITERS = {"dta": "write_dta", "sav": "write_sav", "zsav": "write_sav", "xpt": "write_xport", "por": "write_por"}


def statistical(table: pd.DataFrame, suffix: str, folder: Path, **settings: object) -> bytes:
    """A table as a file of Stata, SPSS or SAS."""
    import pyreadstat

    if suffix == "zsav":
        settings["compress"] = True
    path = folder / f"scratch.{suffix}"
    getattr(pyreadstat, WRITERS[suffix])(table, str(path), **settings)
    return path.read_bytes()
