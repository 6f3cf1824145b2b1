"""A file that is not what its suffix or its description says ends in one clear message, and never in a wait."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Column
from evenwicht.base.errors import DataError
from evenwicht.cohort import Cohort
from evenwicht.ingest.sources import TableSource
from evenwicht.ingest.table import ingest

HEADER = "pid,country,weight,born,smokes"
ROWS = [f"{i:03d},NA,{50 + i}.5,1954-09-{1 + i % 28:02d},{i % 2}" for i in range(40)]
TEXT = "\n".join([HEADER, *ROWS, ""])


BOOK = Codebook(
    "own",
    {
        "pid": Column(role="id", type="category", label="Person"),
        "country": Column(role="cluster", type="category", label="Country"),
        "weight": Column(role="outcome", label="Weight"),
        "smokes": Column(role="exposure", type="boolean", label="Smokes"),
    },
)


def ingested(path: Path, **source: object) -> Cohort:
    """The cohort in a file, its columns described by `BOOK`."""
    return ingest(TableSource.model_validate({"kind": "table", "path": str(path), **source}), BOOK)


def test_a_text_file_is_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(TEXT, encoding="utf-8")
    persons = ingested(path).persons
    assert persons["pid"].tolist() == [f"{i:03d}" for i in range(40)]
    assert persons["country"].tolist() == ["NA"] * 40
    assert persons["weight"].tolist() == [50.5 + i for i in range(40)]


SPELLINGS: dict[str, tuple[str, bytes, dict[str, object]]] = {
    "byte order mark": ("csv", TEXT.encode("utf-8-sig"), {}),
    "tabs": ("tsv", TEXT.replace(",", "\t").encode(), {}),
    "semicolons and decimal commas": (
        "csv",
        TEXT.replace(",", ";").replace(".5", ",5").encode(),
        {"separator": ";", "decimal": ","},
    ),
    "utf-16": ("csv", TEXT.encode("utf-16"), {"encoding": "utf-16"}),
    "Windows lines": ("csv", TEXT.replace("\n", "\r\n").encode(), {}),
    "blank lines": ("csv", TEXT.replace("\n", "\n\n").encode(), {}),
    "blanks around names and values": ("csv", TEXT.replace(",", " , ").encode(), {}),
    "quotes": ("csv", TEXT.replace(",NA,", ',"NA",').replace(",country,", ',"country",').encode(), {}),
    "capital suffix": ("CSV", TEXT.encode(), {}),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_same_table_is_read_however_it_is_spelt(spelling: str, tmp_path: Path) -> None:
    suffix, content, settings = SPELLINGS[spelling]
    path = tmp_path / f"own.{suffix}"
    path.write_bytes(content)
    persons = ingested(path, **settings).persons
    assert persons["pid"].tolist() == [f"{i:03d}" for i in range(40)]
    assert persons["country"].tolist() == ["NA"] * 40
    assert persons["weight"].tolist() == [50.5 + i for i in range(40)]


def test_a_declared_encoding_is_used(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_bytes(TEXT.replace("NA", "Århus").encode("cp1252"))
    assert set(ingested(path, encoding="cp1252").persons["country"]) == {"Århus"}
    with pytest.raises(DataError, match="not text in the encoding utf-8. Declare `encoding`"):
        ingested(path)


FILES: dict[str, tuple[str, bytes, str]] = {
    "semicolons": (
        "csv",
        TEXT.replace(",", ";").replace(".5", ",5").encode(),
        'separated by a semicolon and to have decimal commas. Add `separator: ";"` and `decimal: ","` to `source`',
    ),
    "tabs": ("csv", TEXT.replace(",", "\t").encode(), r'separated by a tab. Add `separator: "\\t"` to `source`'),
    "commas in a tsv": ("tsv", TEXT.encode(), 'separated by a comma. Add `separator: ","`'),
    "a column twice": ("csv", TEXT.replace("born", "weight").encode(), "1 column names stand twice: weight"),
    "a column twice but for blanks": ("csv", TEXT.replace("born", "weight ").encode(), "1 column names stand twice"),
    "no header": ("csv", "\n".join(ROWS).encode(), "columns are missing: pid, .* is the line with the names missing"),
    "ragged rows": (
        "csv",
        TEXT.replace("003,NA", "003,NA,NA").replace("007,NA,", "007,").encode(),
        "2 of 40 rows have another number of cells than the header's 5: 1 with 4, 1 with 6; the first is at line 5",
    ),
    "truncated": ("csv", TEXT[:-14].encode(), "1 of 40 rows have another number of cells"),
    "row names without a header": (
        "csv",
        (HEADER + "\n" + "\n".join(f"{i},{row}" for i, row in enumerate(ROWS))).encode(),
        "40 of 40 rows have another number of cells than the header's 5: 40 with 6",
    ),
    "open quote": ("csv", TEXT.replace("003,NA", '003,"NA').encode(), "a quote is not closed"),
    "empty": ("csv", b"", "the file is empty"),
    "blank": ("csv", b"\n \n", "the file is empty"),
    "header only": ("csv", (HEADER + "\n").encode(), "no row below its header"),
    "workbook by name": ("xlsx", b"PK\x03\x04", "a workbook, .* Export the sheet as CSV"),
    "workbook in disguise": ("csv", b"PK\x03\x04" + bytes(range(256)), "a zip archive or an Excel workbook"),
    "Parquet in disguise": ("csv", b"PAR1" + bytes(range(256)), "it is a Parquet file"),
    "binary": ("csv", bytes(range(256)) * 50, "it holds zero bytes"),
    "utf-16 undeclared": ("csv", TEXT.encode("utf-16"), "declare `encoding: utf-16`"),
    "text in disguise": ("parquet", TEXT.encode(), "not a complete Parquet file"),
    "empty Parquet": ("parquet", b"", "the file is empty"),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_is_not_as_described_is_refused(kind: str, tmp_path: Path) -> None:
    suffix, content, message = FILES[kind]
    path = tmp_path / f"own.{suffix}"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as refused:
        ingested(path)
    assert str(refused.value).startswith("source: ")
    assert path.name not in str(refused.value)
    assert "1954" not in str(refused.value)


def parquet(path: Path, **columns: object) -> None:
    texts = [row.split(",") for row in ROWS]
    table = dict(zip(HEADER.split(","), map(list, zip(*texts, strict=True)), strict=True))
    pq.write_table(pa.table({**table, **columns}), path)


def test_parquet_that_is_cut_off_nested_or_without_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.parquet"
    parquet(path)
    assert len(ingested(path).persons) == 40
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match="not a complete Parquet file"):
        ingested(path)
    parquet(path, weight=[[1.0, 2.0]] * 40)
    with pytest.raises(DataError, match="column 'weight' holds values of type list"):
        ingested(path)
    pq.write_table(pa.table({name: pa.array([], pa.string()) for name in HEADER.split(",")}), path)
    with pytest.raises(DataError, match="the file has no row"):
        ingested(path)
    pq.write_table(pa.Table.from_arrays([pa.array(["a"])] * 6, [*HEADER.split(","), "weight"]), path)
    with pytest.raises(DataError, match="1 column names stand twice: weight"):
        ingested(path)


def bound_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def link_to_a_pipe(path: Path) -> None:
    os.mkfifo("pipe")
    path.symlink_to("pipe")


def nothing(path: Path) -> None:
    assert not path.exists()


NOT_FILES: dict[str, tuple[Callable[[Path], None], str]] = {
    "nothing": (nothing, "no such file"),
    "directory": (Path.mkdir, "a directory, not a file"),
    "pipe": (os.mkfifo, "a pipe, socket or device, not a file"),
    "socket": (bound_socket, "a pipe, socket or device, not a file"),
    "link to a pipe": (link_to_a_pipe, "a pipe, socket or device, not a file"),
    "link to itself": (lambda path: path.symlink_to(path), "cannot be read: Too many levels"),
}


@pytest.mark.parametrize("kind", NOT_FILES)
@pytest.mark.parametrize("suffix", ["csv", "parquet", "sav"])
def test_what_is_no_file_is_refused_without_opening_it(
    kind: str, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket takes short paths only
    make, message = NOT_FILES[kind]
    make(Path(f"own.{suffix}"))
    with pytest.raises(DataError, match=f"^source: {message}"):
        ingested(Path(f"own.{suffix}"))


def test_a_long_list_of_columns_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    names = ",".join(f"column_{i}" for i in range(500))
    path.write_text(f"{names}\n{',' * 499}\n", encoding="utf-8")
    with pytest.raises(DataError, match="Present: column_0, .*column_11 and 488 more") as refused:
        ingested(path)
    assert len(str(refused.value)) < 600


def test_all_absent_columns_and_all_faults_of_the_others_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(TEXT.replace("country,weight", "land,weight").replace("50.5", "heavy").replace(",1\n", ",yes!\n"))
    with pytest.raises(DataError) as refused:
        ingested(path)
    absent, number, code = str(refused.value).splitlines()
    assert "columns are missing: country. " in absent
    assert "column 'weight': 1 value is not a number." in number
    assert "column 'smokes': 20 values are not described (1 unknown code): 'yes!' in 20 rows." in code


# --- where files are -------------------------------------------------------------------------------------------------


def test_no_more_of_a_path_than_the_kind_of_file_goes_to_jobs_that_do_not_read_it() -> None:
    """It says what separates the cells, so that the settings are still valid."""
    further = {"path": "/home/jane/Wave_7.TSV.gz", "id": "pid"}
    source = TableSource.model_validate(
        {"kind": "table", "path": "C:/jane/births.2020.csv", "separator": ";", "files": {"wave": further}}
    )
    bare = source.without_paths()
    assert bare.paths == ("*.csv", "*.tsv.gz")
    assert (bare.delimiter, bare.files["wave"].delimiter) == (";", "\t")
    assert bare.files["wave"].key == "source.files.wave"
    assert TableSource.model_validate(bare.model_dump()).paths == bare.paths
    assert source.paths == ("C:/jane/births.2020.csv", "/home/jane/Wave_7.TSV.gz")
    assert TableSource(kind="table", path="/home/jane/births.xlsx").without_paths().paths == ("*",)
