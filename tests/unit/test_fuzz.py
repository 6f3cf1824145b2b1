"""Readers and the mapping, given what nobody thought of: they read it or say why not, and never fail themselves.

In `EVENWICHT_FUZZ` stands how many examples each property tries; a few, always the same ones, if it is not set.
"""

import os
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Column
from evenwicht.base.errors import EvenwichtError
from evenwicht.base.faults import Faults
from evenwicht.config import CohortConfig
from evenwicht.config.loading import read_yaml, validate
from evenwicht.ingest.files import describe_file, read_file
from evenwicht.ingest.sources import TableFile, TableSource
from evenwicht.ingest.table import to_cohort
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.bad import CONFIG, MOST_CHARACTERS, MOST_LINES, TABLES, WRITERS, limit, parquet, statistical

TRIED = int(os.environ.get("EVENWICHT_FUZZ", "0"))
LONGEST = 60  # seconds for one example


def examples(usual: int) -> settings:
    return settings(
        max_examples=TRIED or usual,
        derandomize=not TRIED,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def only_errors(job: Callable[[], object]) -> None:
    """Do it: it ends, by itself or in an error of one short message without a person in it."""
    said = ""
    with warnings.catch_warnings(), limit(LONGEST):
        warnings.simplefilter("ignore")
        try:
            job()
        except EvenwichtError as error:
            said = str(error)
    assert len(said) <= MOST_CHARACTERS
    assert len(said.splitlines()) <= MOST_LINES


MAIN = TABLES["main"]
WANTED = list(MAIN.columns)


@cache
def sound(suffix: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        if suffix == "parquet":
            return parquet(MAIN)
        return MAIN.to_csv(index=False).encode() if suffix == "csv" else statistical(MAIN, suffix, Path(folder))


# where, which of: a bit turned, a byte set, bytes taken out, bytes put in, the rest cut off
CHANGE = st.tuples(
    st.floats(0, 1), st.sampled_from(["turn", "set", "out", "in", "cut"]), st.binary(min_size=1, max_size=12)
)


def changed(content: bytes, changes: list[tuple[float, str, bytes]]) -> bytes:
    for where, how, new in changes:
        place = int(where * len(content))
        if how == "turn":
            old = content[place : place + 1]
            content = content[:place] + bytes(byte ^ (1 << new[0] % 8) for byte in old) + content[place + 1 :]
        else:
            after = {"set": place + len(new), "out": place + len(new), "in": place, "cut": len(content)}[how]
            content = content[:place] + (new if how in ("set", "in") else b"") + content[after:]
    return content


def read_and_describe(content: bytes, suffix: str, **source: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"own.{suffix}"
        path.write_bytes(content)
        file = TableFile.model_validate({"path": str(path), **source})
        only_errors(lambda: describe_file(file))
        only_errors(lambda: read_file(file, WANTED))


@pytest.mark.parametrize("suffix", ["csv", "parquet", *WRITERS])
def test_a_changed_file_is_read_or_refused(suffix: str) -> None:
    @examples(40 if suffix in ("csv", "parquet") else 8)  # a process of its own reads the head of the others
    @given(st.lists(CHANGE, min_size=1, max_size=4))
    def read(changes: list[tuple[float, str, bytes]]) -> None:
        read_and_describe(changed(sound(suffix), changes), suffix)

    read()


@examples(60)
@given(
    st.text(alphabet=st.sampled_from("pidborn,;\t\"'\n\r 01.5é\0"), max_size=80),
    st.sampled_from([None, "cp1252", "utf-16", "latin-1", "utf-8-sig", "utf-7", "shift_jis"]),
    st.sampled_from([None, ";", "\t", "|", " "]),
)
def test_any_text_is_read_or_refused(text: str, encoding: str | None, separator: str | None) -> None:
    read_and_describe(text.encode(), "csv", encoding=encoding, separator=separator)


CELL = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.sampled_from(["0", "1", "1.0", "-9", "1e308", "-1e400", "nan", "inf", "1944-01-02", "1944-02-30", "0001-01-01", "9999-12-31T23:59", "12345678901234567", "99999999999999999999", "yes", ".a"]),
    st.floats().map(str),
    st.integers().map(str),
    st.dates().map(str),
)  # fmt: skip
TYPES = [
    {"type": "number", "missing": [-9], "missing_ranges": [[-8, -1]], "minimum": 0},
    {"type": "integer"},
    {"type": "boolean"},
    {"type": "boolean", "codes": {1: "a", 2: "b"}, "yes_code": 1},
    {"type": "category", "codes": {0: "a", 1: "b"}, "missing": [9]},
    {"type": "category"},
    {"type": "date", "missing": ["1900-01-01"], "minimum": "1800-01-01"},
    {"type": "date", "precision": "month"},
    {"type": "date", "precision": "year"},
]


@examples(150)
@given(
    st.lists(st.tuples(*[CELL] * (len(TYPES) + 1)), min_size=1, max_size=12),
    st.sampled_from([".", ","]),
    st.sampled_from(["", " ", "'"]),
    st.booleans(),
)
def test_any_cells_are_mapped_or_refused(
    rows: list[tuple[str | None, ...]], decimal: str, thousands: str, gather: bool
) -> None:
    described = {
        "x": Column.model_validate({"role": "id", "label": "x", "type": "category"}),
        **{f"x{n}": Column.model_validate({"role": "baseline", "label": "x", **kind}) for n, kind in enumerate(TYPES)},
    }
    flat = pa.table({name: pa.array([row[n] for row in rows], pa.string()) for n, name in enumerate(described)})
    source = TableSource.model_validate(
        {
            **{"kind": "table", "path": "own.csv", "separator": ";", "decimal": decimal, "thousands": thousands},
            "measures": [{"measure": "m", "wave": "1", "age": "x0", "value": "x1"}],
            "events": [{"event": "e", "entry_age": "x0", "exit_age": "x1", "status": "x2"}],
            "costs": [{"sector": "s", "window": "w", "amount": "x0"}],
        }
    )
    only_errors(lambda: to_cohort(flat, source, Codebook("own", described), Faults() if gather else None))


SETTING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4) | st.integers() | st.booleans(), inner, max_size=3)
    ),
    max_leaves=8,
)
PLACES = [
    *((key,) for key in CONFIG),
    *(("source", key) for key in CONFIG["source"]),
    *(("columns", name) for name in CONFIG["columns"]),
    *(("columns", name, key) for name, column in CONFIG["columns"].items() for key in column),
]


@examples(150)
@given(st.sampled_from(PLACES), SETTING)
def test_any_setting_is_taken_or_refused(place: tuple[str, ...], value: object) -> None:
    def put(section: object, keys: tuple[str, ...]) -> object:
        if not keys:
            return value
        assert isinstance(section, dict)
        return {**section, keys[0]: put(section[keys[0]], keys[1:])}

    settings_ = put(CONFIG, place)
    assert isinstance(settings_, dict)
    only_errors(lambda: validate(CohortConfig, settings_, "own.yaml"))


@examples(100)
@given(st.text(alphabet=st.sampled_from("abc01:-?&*!|>{}[],'\"#%@` \n\t.~<="), max_size=60))
def test_any_cohort_file_is_read_or_refused(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "own.yaml"
        path.write_text(text, encoding="utf-8")
        only_errors(lambda: read_yaml(path))
