"""A cohort is the same whatever the kind of file that it came in, and a file that is broken ends in one clear message."""

import datetime as dt
import gzip
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Column
from evenwicht.base.errors import DataError, EvenwichtError
from evenwicht.cohort import Cohort
from evenwicht.ingest import readstat
from evenwicht.ingest.files import describe_file, read_file
from evenwicht.ingest.formats import FORMATS, READERS, __path__, format_of
from evenwicht.ingest.metadata import ColumnDescription
from evenwicht.ingest.sources import TableSource
from evenwicht.ingest.table import ingest

N = 40
REFUSED, NOT_ASKED, NOT_IN_WAVE = -9, -8, 99
WHOLE = 2**53
LONG_ID = "00123456789012345"

PERSONS = pd.DataFrame(
    {
        "pid": [f"{LONG_ID[:-2]}{i:02d}" for i in range(N)],
        "number": [float(WHOLE - i) for i in range(N)],
        "sex": [1.0 + i % 2 for i in range(N)],
        "income": [(REFUSED, NOT_ASKED, NOT_IN_WAVE)[i // 4 % 3] if i % 4 == 0 else 1234.5 + i for i in range(N)],
        "weight": [None if i % 10 == 3 else 0.1 * i for i in range(N)],
        "born": [dt.date(1600, 1, 1) if i % 8 == 7 else dt.date(1946, 3, 3) + dt.timedelta(700 * i) for i in range(N)],
        "place": ["" if i % 9 == 2 else f"Århus {i % 3}" for i in range(N)],
        "unmapped": [2.0**60] * N,
    }
)
BOOK = Codebook(
    "own",
    {
        "pid": Column(role="id", type="category", label="Person"),
        "number": Column(role="baseline", type="integer", label="Number"),
        "sex": Column(role="sex", type="category", label="Sex", codes={1: "female", 2: "male"}),
        "income": Column(role="outcome", label="Income", missing=[REFUSED, NOT_ASKED, NOT_IN_WAVE], minimum=0),
        "weight": Column(role="outcome", label="Weight"),
        "born": Column(role="birth_date", type="date", label="Born", missing=["1600-01-01"]),
        "place": Column(role="cluster", type="category", label="Place"),
    },
)
LABELS: dict[str, Any] = {
    "column_labels": {"income": "Income of the household"},
    "variable_value_labels": {
        "sex": {1: "female", 2: "male"},
        "income": {REFUSED: "refused", NOT_ASKED: "not asked", NOT_IN_WAVE: "not in wave"},
    },
}
MISSING: dict[str, Any] = {"missing_ranges": {"income": [{"lo": -9, "hi": -1}, NOT_IN_WAVE]}}


def upper(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns=str.upper)


WRITERS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    ".csv": lambda table, path: table.to_csv(path, index=False),
    ".CSV": lambda table, path: table.to_csv(path, index=False),
    ".txt": lambda table, path: table.to_csv(path, index=False),
    ".csv.gz": lambda table, path: table.to_csv(path, index=False),
    ".tsv": lambda table, path: table.to_csv(path, index=False, sep="\t"),
    ".tsv.gz": lambda table, path: table.to_csv(path, index=False, sep="\t"),
    ".txt.gz": lambda table, path: table.to_csv(path, index=False),
    ".parquet": lambda table, path: table.to_parquet(path, index=False),
    ".dta": lambda table, path: pyreadstat.write_dta(table, path, **LABELS),
    ".sav": lambda table, path: pyreadstat.write_sav(table, path, **LABELS, **MISSING),
    ".SAV": lambda table, path: pyreadstat.write_sav(table, path, **LABELS, **MISSING),
    ".zsav": lambda table, path: pyreadstat.write_sav(table, path, compress=True, **LABELS, **MISSING),
    ".por": lambda table, path: pyreadstat.write_por(table.filter(regex="^(?!place|PLACE)"), path),  # ASCII only
    ".xpt": lambda table, path: pyreadstat.write_xport(table, path),
}
NO_WRITER = {".sas7bdat"}


def source(path: Path, **settings: object) -> TableSource:
    return TableSource.model_validate({"kind": "table", "path": str(path), **settings})


def one(*columns: str) -> Codebook:
    """The codebook of the identifier and some columns."""
    return Codebook("own", {name: BOOK.columns[name] for name in ("pid", *columns)})


def read(path: Path, *names: str, **settings: object) -> list[list[str | None]]:
    """The text of columns."""
    table = read_file(source(path, **settings), list(names))
    assert table.column_names == list(names)
    return [table[name].to_pylist() for name in names]


# --- one shape -------------------------------------------------------------------------------------------------------


def test_every_kind_of_file_is_one_module_and_every_suffix_has_one() -> None:
    modules = {file.stem for folder in __path__ for file in Path(folder).glob("*.py")} - {"__init__"}
    assert len(FORMATS) == len(modules)
    assert len(READERS) == sum(len(form.suffixes) for form in FORMATS)
    assert {suffix.lower() for suffix in WRITERS} | NO_WRITER == set(READERS)
    assert format_of("own.dta.bak") is None


@pytest.fixture(scope="module")
def from_csv(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    path = tmp_path_factory.mktemp("csv") / "own.csv"
    WRITERS[".csv"](PERSONS, path)
    return ingest(source(path), BOOK)


@pytest.mark.parametrize("suffix", sorted(set(WRITERS) - {".por"}))
@pytest.mark.filterwarnings("ignore:.* numbers are empty; missing codes that a SAS transport file")
def test_the_cohort_is_that_of_the_csv_file(suffix: str, from_csv: Cohort, tmp_path: Path) -> None:
    path = tmp_path / f"own{suffix}"
    WRITERS[suffix](PERSONS, path)
    pd.testing.assert_frame_equal(ingest(source(path), BOOK).persons, from_csv.persons)


@pytest.mark.parametrize("rows", [1, 7, 20, N, N + 1])
@pytest.mark.parametrize("suffix", [".dta", ".sav", ".zsav", ".por", ".xpt"])
@pytest.mark.filterwarnings("ignore:.* numbers are empty")
def test_a_file_that_is_read_in_parts_is_the_same(
    suffix: str, rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"own{suffix}"
    WRITERS[suffix](upper(PERSONS), path)
    names = ("PID", "INCOME", "WEIGHT", "BORN")
    whole = read(path, *names)
    monkeypatch.setattr(readstat, "CELLS_AT_ONCE", rows * len(names))
    assert read(path, *names) == whole


def test_names_of_a_portable_file_are_in_capitals_which_the_message_says(from_csv: Cohort, tmp_path: Path) -> None:
    path = tmp_path / "own.por"
    WRITERS[".por"](PERSONS.drop(columns="weight"), path)
    with pytest.raises(DataError, match="Upper and lower case differ: PID for pid, INCOME for income. Present: PID"):
        ingest(source(path), one("income"))
    described = {
        name: BOOK.columns[name].model_copy(update={"source": name.upper()})
        for name in ("pid", "number", "income", "born")
    }
    persons = ingest(source(path), Codebook("own", described)).persons
    pd.testing.assert_frame_equal(persons, from_csv.persons[list(described)])


def test_the_values_are_those_that_were_written(from_csv: Cohort) -> None:
    persons = from_csv.persons
    assert persons["pid"].tolist() == PERSONS["pid"].tolist()
    assert persons["number"].tolist() == [WHOLE - i for i in range(N)]
    assert persons["income"].isna().sum() == N // 4
    assert persons["born"].isna().sum() == N // 8
    assert persons["born"][0] == pd.Timestamp("1946-03-03")


@pytest.mark.parametrize("suffix", [".parquet", ".dta", ".sav", ".xpt"])
def test_a_number_that_a_float_cannot_hold_exactly_is_refused(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"own{suffix}"
    WRITERS[suffix](PERSONS, path)
    with pytest.raises(DataError, match=r"column 'unmapped' holds 40 numbers beyond 2\^53 as floats") as refused:
        read_file(source(path), ["unmapped"])
    assert str(2**60) not in str(refused.value)


def test_integers_of_parquet_keep_18_digits(tmp_path: Path) -> None:
    pq.write_table(pa.table({"pid": [10**17 + 1, 10**17 + 2]}), tmp_path / "own.parquet")
    assert read(tmp_path / "own.parquet", "pid") == [["100000000000000001", "100000000000000002"]]


def test_a_short_float_of_stata_is_written_as_short(tmp_path: Path) -> None:
    path = tmp_path / "own.dta"
    pd.DataFrame({"x": pd.Series([0.1, 3.0, 1e-7], dtype="float32")}).to_stata(path, write_index=False)
    assert read(path, "x") == [["0.1", "3", "1e-7"]]


def test_long_text_of_stata_is_kept(tmp_path: Path) -> None:
    texts = ["x" * 3000, "å" * 3000, "z"]
    pyreadstat.write_dta(pd.DataFrame({"x": texts}), tmp_path / "own.dta")
    assert read(tmp_path / "own.dta", "x") == [texts]


# --- missing codes ---------------------------------------------------------------------------------------------------


def test_missing_codes_of_spss_are_kept_and_described(tmp_path: Path) -> None:
    path = tmp_path / "own.sav"
    WRITERS[".sav"](PERSONS, path)
    assert read(path, "income")[0][:9:4] == ["-9", "-8", "99"]
    found = describe_file(source(path))
    assert found.rows == N
    assert list(found.columns) == list(PERSONS.columns)
    assert found.columns["income"] == ColumnDescription(
        storage="number",
        label="Income of the household",
        format="F8.2",
        labels={"-9": "refused", "-8": "not asked", "99": "not in wave"},
        missing={"99": "not in wave", "-9": "refused", "-8": "not asked"},
        missing_ranges=((-9, -1),),
    )
    assert found.columns["born"].storage == "date"
    assert found.columns["pid"].storage == "text"


def test_a_code_that_the_file_declares_missing_is_never_a_value(tmp_path: Path) -> None:
    path = tmp_path / "own.sav"
    WRITERS[".sav"](PERSONS, path)
    income = BOOK.columns["income"].model_copy(
        update={"missing": {"99": "not_known", "-8": "not_known"}, "minimum": None}
    )
    book = Codebook("own", {"pid": BOOK.columns["pid"], "income": income})
    with pytest.raises(
        DataError,
        match=r"column 'income': 4 values are missing by the file's own word, but not declared here: -9 \(refused\), -9 to -1",
    ):
        ingest(source(path), book)


def test_a_missing_code_may_be_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "own.sav"
    table = pd.DataFrame({"pid": ["a", "b"], "smokes": [1.0, 8.0]})
    pyreadstat.write_sav(table, path, missing_ranges={"smokes": [8]})
    smokes = Column(role="exposure", type="category", label="Smokes", codes={1: "yes", 8: "does not know"})
    assert ingest(source(path), Codebook("own", {"pid": BOOK.columns["pid"], "smokes": smokes})).persons[
        "smokes"
    ].tolist() == ["1", "8"]


def test_a_missing_code_among_dates_is_no_date(tmp_path: Path) -> None:
    path = tmp_path / "own.sav"
    table = pd.DataFrame({"born": [9.0, 11467267200.0]})
    pyreadstat.write_sav(table, path, variable_format={"born": "DATE11"}, missing_ranges={"born": [9]})
    assert read(path, "born") == [["9", "1946-03-03"]]


def test_letters_of_stata_are_kept_and_described(tmp_path: Path) -> None:
    path = tmp_path / "own.dta"
    table = pd.DataFrame({"pid": list("abcd"), "income": pd.Series([1000, "a", "z", None], dtype=object)})
    labels = {"income": {"a": "refused", "z": "not in wave"}}
    pyreadstat.write_dta(table, path, missing_user_values={"income": ["a", "z"]}, variable_value_labels=labels)
    assert read(path, "income") == [["1000", ".a", ".z", None]]
    found = describe_file(source(path)).columns["income"]
    assert found.labels == found.missing == {".a": "refused", ".z": "not in wave"}
    with pytest.raises(
        DataError, match=r"column 'income': 2 values are missing by the file's own word.*: .a \(refused\), .z"
    ):
        ingest(source(path), Codebook("own", {"pid": BOOK.columns["pid"], "income": Column(role="outcome", label="i")}))
    income = Column(role="outcome", label="i", missing=[".a", ".z"])
    persons = ingest(source(path), Codebook("own", {"pid": BOOK.columns["pid"], "income": income})).persons
    assert persons["income"].tolist()[0] == 1000
    assert persons["income"].isna().tolist() == [False, True, True, True]


@pytest.mark.parametrize("suffix", [".por", ".xpt"])
def test_it_is_said_where_missing_codes_cannot_be_told_from_the_empty_cell(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"own{suffix}"
    WRITERS[suffix](PERSONS[["pid", "weight"]].rename(columns=str.upper), path)
    with pytest.warns(UserWarning, match="4 numbers are empty; missing codes .* cannot be told from the empty cell"):
        read(path, "WEIGHT")


ROW = 8 + 104 + 8  # bytes, so that every third record ends with a row


def transport(path: Path, version: int, n: int = 8) -> bytes:
    """A transport file; its records are of 80 bytes."""
    table = pd.DataFrame({"PID": [float(k) for k in range(n)], "NOTE": "x" * 104, "WEIGHT": 0.5})
    pyreadstat.write_xport(table, path, file_format_version=version)
    return path.read_bytes()


def kept(path: Path, content: bytes) -> int | str:
    """Rows that are read of a file with this content, or why none is."""
    path.write_bytes(content)
    try:
        return len(read(path, "PID", "WEIGHT")[0])
    except DataError as error:
        return str(error)


@pytest.mark.parametrize("version", [5, 8])
def test_a_transport_file_cut_between_records_is_told_from_a_whole_one(version: int, tmp_path: Path) -> None:
    """Version 8 says how many rows it has; in version 5 a row begins where the file ends, unless by chance none does."""
    path = tmp_path / "own.xpt"
    for n in (1, 2, 8):
        assert kept(path, transport(path, version, n)) == n
    whole = transport(path, version)
    start = whole.index(b"HEADER RECORD*******OBS") + 80
    cuts = range(start + 80, len(whole), 80)
    seen = [cut for cut in cuts if "a SAS transport file that is cut off" in str(kept(path, whole[:cut]))]
    assert seen == [cut for cut in cuts if version == 8 or (cut - start) % ROW]
    assert 0 < len(seen) < len(cuts) + (version == 8)


@pytest.mark.parametrize("version", [5, 8])
def test_a_second_data_set_of_a_transport_file_is_not_read_as_rows(version: int, tmp_path: Path) -> None:
    path = tmp_path / "own.xpt"
    one, other = transport(path, version), transport(path, version, 7)
    assert "it holds several data sets. Export each" in str(kept(path, one + other[3 * 80 :]))


# --- dates -----------------------------------------------------------------------------------------------------------

DAYS = [dt.date(1582, 10, 15), dt.date(1600, 2, 29), dt.date(1946, 3, 3), dt.date(1959, 12, 31), dt.date(9999, 12, 31)]


@pytest.mark.parametrize("suffix", [".dta", ".sav", ".xpt"])
def test_days_are_read_exactly_however_far_they_lie(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"own{suffix}"
    WRITERS[suffix](pd.DataFrame({"income": 1.0, "sex": 1.0, "day": [*DAYS[:4], DAYS[4]]}), path)
    assert read(path, "day") == [[day.isoformat() for day in DAYS]]
    assert describe_file(source(path)).columns["day"].storage == "date"


@pytest.mark.parametrize("suffix", [".dta", ".sav", ".xpt"])
def test_the_time_of_day_stands_behind_the_day_unless_it_is_midnight(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"own{suffix}"
    moments = [dt.datetime(1954, 9, 24, 13, 5, 1), dt.datetime(1954, 9, 24), dt.datetime(1931, 1, 1, 23, 59, 59)]
    WRITERS[suffix](pd.DataFrame({"income": 1.0, "sex": 1.0, "born": moments}), path)
    assert read(path, "born") == [["1954-09-24 13:05:01.000000", "1954-09-24", "1931-01-01 23:59:59.000000"]]


def test_months_and_weeks_of_stata(tmp_path: Path) -> None:
    path = tmp_path / "own.dta"
    table = pd.DataFrame({"month": [-1.0, 0.0, 719.0], "quarter": [-1.0, 0.0, 1.0], "leap": [0.0, 1.0, 2.0]})
    pyreadstat.write_dta(table, path, variable_format={"month": "%tm", "quarter": "%tq", "leap": "%tC"})
    assert read(path, "month", "quarter") == [["1959-12", "1960-01", "2019-12"], ["-1", "0", "1"]]
    assert {name: column.storage for name, column in describe_file(source(path)).columns.items()} == {
        "month": "month",
        "quarter": "number",
        "leap": "number",
    }
    with pytest.raises(DataError, match="column 'leap' has the format %tC, which counts leap seconds"):
        read(path, "leap")


@pytest.mark.parametrize("days", [-1e6, 3e6, 1e300])
def test_a_date_in_no_year_of_four_digits_is_refused(days: float, tmp_path: Path) -> None:
    path = tmp_path / "own.dta"
    pyreadstat.write_dta(pd.DataFrame({"born": [days, 0.0]}), path, variable_format={"born": "%td"})
    with pytest.raises(DataError, match="column 'born': 1 dates lie outside the years 1 to 9999"):
        read(path, "born")


# --- text files and encodings ----------------------------------------------------------------------------------------


def test_an_encoding_is_handed_to_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "own.dta"
    pd.DataFrame({"place": ["Århus", "Köln"]}).to_stata(path, write_index=False, version=114)  # in latin-1
    assert read(path, "place") == read(path, "place", encoding="latin-1") == [["Århus", "Köln"]]
    with pytest.raises(DataError, match="not in the encoding utf-8, or .* Correct `encoding`"):
        read(path, "place", encoding="utf-8")
    with pytest.raises(DataError, match="or this format cannot be read in it"):
        read(path, "place", encoding="mac-roman")


def test_settings_of_text_files_belong_to_text_files() -> None:
    for path, name in {"own.parquet": "a Parquet file", "own.sav": "an SPSS file"}.items():
        with pytest.raises(
            ValueError, match=f"{name} says itself how it is written: leave out decimal, separator, thousands"
        ):
            source(Path(path), decimal=",", separator=";", thousands=".")
    assert source(Path("own.dta"), encoding="cp1252").encoding == "cp1252"
    with pytest.raises(ValueError, match="decimal and thousands must differ"):
        source(Path("own.csv"), separator=";", decimal=",", thousands=",")


MARKS = {
    ",": ("1,234", "-12,345,678.5"),
    " ": ("1\u00a0234", "-12 345\u202f678.5"),
    "'": ("1'234", "-12'345'678.5"),
}


@pytest.mark.parametrize("mark", MARKS)
def test_thousands_marks_are_taken_out_if_declared_and_in_their_places(mark: str, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"

    def incomes(*texts: str) -> list[float]:
        pd.DataFrame({"pid": ["a", "b"], "income": texts}).to_csv(path, index=False)
        book = Codebook("own", {"pid": BOOK.columns["pid"], "income": Column(role="outcome", label="Income")})
        return list(ingest(source(path, thousands=mark), book).persons["income"])

    assert incomes(*MARKS[mark]) == [1234, -12345678.5]
    assert incomes("1234", "0.5") == [1234, 0.5]
    with pytest.raises(DataError, match="'income': 2 values are not a number"):
        incomes(f"12{mark}34", f"1{mark}2345")


# --- broken files ----------------------------------------------------------------------------------------------------

BROKEN: dict[str, tuple[str, Callable[[bytes], bytes], str]] = {
    "Stata, cut off in the data": (".dta", lambda b: b[: len(b) // 2], "a Stata file that is cut off"),
    "Stata, cut off at the end": (".dta", lambda b: b[:-5], "a Stata file that is cut off"),
    "SPSS, cut off": (".sav", lambda b: b[:-60], "not an SPSS file, or not complete"),
    "SPSS packed, cut off": (".zsav", lambda b: b[:-10], "not an SPSS file, or not complete"),
    "portable, cut off": (".por", lambda b: b[: len(b) // 2], "not an SPSS portable file, or not complete"),
    "transport, cut off": (".xpt", lambda b: b[:-50], "a SAS transport file that is cut off"),
    "gzip, cut off": (".csv.gz", lambda b: b[:-20], "not a complete file packed by gzip"),
    "gzip, damaged": (".csv.gz", lambda b: b[:60] + b"\xff\x00" * 20 + b[100:], "not a complete file packed by gzip"),
    "gzip by name only": (".csv.gz", gzip.decompress, "not a complete file packed by gzip"),
    "gzip twice": (".csv.gz", gzip.compress, "packed by gzip twice"),
    "gzip as CSV": (".csv", gzip.compress, r"packed by gzip, which its name does not say. .* ends in .csv.gz"),
    "text as SPSS": (".sav", lambda _: b"pid,weight\n1,2\n", "not an SPSS file"),
    "text as SAS": (".xpt", lambda _: b"pid,weight\n" * 80, "not a SAS transport file"),
    "SPSS as Stata": (".dta", lambda _: b"$FL2" + bytes(5000), "not a Stata file"),
    "SPSS as text": (".csv", lambda _: b"$FL2 SPSS", "not a text file: it is an SPSS file"),
    "Parquet, damaged": (
        ".parquet",
        lambda b: b[:4] + b"\xff" * (len(b) // 2) + b[4 + len(b) // 2 :],
        "not a complete Parquet file",
    ),
    **{
        f"empty {suffix}": (suffix, lambda _: b"", "the file is empty. Export it again")
        for suffix in READERS
        if suffix not in NO_WRITER
    },
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_refused_in_one_line(kind: str, tmp_path: Path) -> None:
    suffix, damaged, message = BROKEN[kind]
    path = tmp_path / f"own{suffix}"
    WRITERS[suffix](upper(PERSONS), path)
    path.write_bytes(damaged(path.read_bytes()))
    with pytest.raises(DataError, match=message) as refused:
        read(path, "PID", "WEIGHT")
    assert str(refused.value).startswith("source: "), "a file by its key, whose path is nobody's business"
    assert path.name not in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_an_old_stata_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.dta"
    pd.DataFrame({"pid": range(N)}).to_stata(path, write_index=False, version=114)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DataError, match="not a Stata file, or not complete"):
        read(path, "pid")


@pytest.mark.parametrize("suffix", sorted(set(READERS) - NO_WRITER))
def test_a_file_without_rows_is_refused(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"own{suffix}"
    table = pd.DataFrame({"PID": pd.Series([], dtype=str), "WEIGHT": pd.Series([], dtype=float)})
    {
        **WRITERS,
        ".dta": lambda t, p: t.to_stata(p, write_index=False),
        ".sav": pyreadstat.write_sav,
        ".zsav": lambda t, p: pyreadstat.write_sav(t, p, compress=True),
    }[suffix](table, path)
    with pytest.raises(DataError, match="has no row"):
        read(path, "PID", "WEIGHT")


@pytest.mark.parametrize("suffix", [".xlsx", ".XLS", ".ods"])
def test_a_workbook_is_no_table_of_data(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"own{suffix}"
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises(DataError, match="a workbook, .* Export the sheet as CSV"):
        read(path, "pid")


def test_other_packed_files_are_to_be_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "own.dta.gz"
    path.write_bytes(b"\x1f\x8b")
    with pytest.raises(DataError, match="packed, and not as a text file in gzip .*Unpack it first"):
        read(path, "pid")


TRIES = 8  # each starts a process


def damaged(content: bytes, rng: random.Random) -> bytes:
    """A copy with bytes flipped, set, repeated or cut off, most of them near the start, where files describe themselves."""
    data = bytearray(content)
    for _ in range(rng.choice([1, 2, 5, 20])):
        place = rng.randrange(len(data) if rng.random() < 0.5 else min(400, len(data)))
        how = rng.randrange(5)
        if how == 0:
            data[place] ^= 1 << rng.randrange(8)
        elif how == 1:
            data[place : place + 4] = bytes(4)
        elif how == 2:
            data[place : place + 4] = b"\xff\xff\xff\x7f"
        elif how == 3:
            data[place:place] = data[place : place + 80]
        else:
            del data[max(place, 1) :]
    return bytes(data)


@pytest.mark.parametrize("suffix", sorted(set(WRITERS) - {".SAV", ".CSV"}))
@pytest.mark.filterwarnings("ignore:.* numbers are empty")
def test_whatever_is_broken_only_our_own_errors_leave_a_reader(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"own{suffix}"
    WRITERS[suffix](upper(PERSONS), path)
    whole = path.read_bytes()
    rng = random.Random(suffix)
    refusals = []
    for _ in range(TRIES):
        path.write_bytes(damaged(whole, rng))
        try:
            describe_file(source(path))
            read(path, "PID", "SEX", "BORN", "WEIGHT")
        except EvenwichtError as error:
            refusals.append(str(error))
    assert refusals
    assert all(len(refusal.splitlines()) == 1 and len(refusal) < 2000 for refusal in refusals)


def test_a_file_that_ends_the_process_of_its_reader_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.sav"
    pyreadstat.write_sav(pd.DataFrame({"pid": ["a"]}), path, missing_ranges={"pid": ["a"]})
    content = bytearray(path.read_bytes())
    place = content.index(b"\1\0\0\0", content.index(b"PID", 176) - 20, content.index(b"PID", 176))
    content[place : place + 4] = b"\xff" * 4  # -1 missing values of a text column
    path.write_bytes(content)
    with pytest.raises(DataError, match="not an SPSS file, or not complete"):
        read(path, "pid")


# --- a file that another program wrote -------------------------------------------------------------------------------

IRIS = Path("/usr/lib/R/site-library/haven/examples/iris.sas7bdat")


@pytest.mark.skipif(not IRIS.is_file(), reason="needs the R package haven of Debian")
def test_a_sas_data_set_is_read() -> None:
    width, species = read(IRIS, "Sepal_Width", "Species")
    assert (len(width), width[0], species[0], species[-1]) == (150, "3.5", "setosa", "virginica")
    assert describe_file(source(IRIS)).rows == 150
