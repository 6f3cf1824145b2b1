"""`evenwicht init --codebook`: what a codebook says joins what the files say; what cannot be placed is counted and told."""

import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest
import yaml
from evenwicht.base.errors import DataError
from evenwicht.cli import main
from evenwicht.ingest.metadata import ColumnDescription
from evenwicht.starter import sheets
from evenwicht.starter.codebook import Codebook, Described, codebook_of
from evenwicht.starter.codebook import _add as add
from hypothesis import given
from hypothesis import strategies as st

from tests.survey import CODES, LABELS, people, written

Cells = list[list[object]]


def workbook(path: Path, merged: str = "", **content: Cells) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in content.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    if merged:
        book.worksheets[0].merge_cells(merged)
    book.save(path)
    return path


def described(path: Path, *rows: list[object], merged: str = "") -> dict[str, Described]:
    """What a codebook of one sheet says, all of which could be placed."""
    book = codebook_of(str(workbook(path / "book.xlsx", merged, Sheet=list(rows))))
    assert book.unread == {}
    return book.variables


SMOKES = Described("Smokes", {"1": "yes", "2": "no", "-9": "refused"}, {"-9": ""})
ONE_SHEET: dict[str, Cells] = {
    "a row per code": [
        ["Variable", "Label", "Code", "Value label", "Missing"],
        ["smokes", "Smokes", 1, "yes", None],
        ["smokes", "Smokes", 2, "no", "no"],
        ["smokes", "Smokes", -9.0, "refused", "yes"],
    ],
    "the variable once": [
        ["Cohort of 1990"],
        [],
        ["NAME", "Description", "Values", "Description", "Missing?"],
        ["smokes", "Smokes", 1, "yes", 0],
        [None, None, 2, "no", "-"],
        [None, None, -9, "refused", "x"],
    ],
    "codes in one cell": [
        ["variable_name", "question", "values", "missing codes"],
        ["smokes", "Smokes", "1 = yes; 2 = no, -9: refused", -9],
    ],
    "several lines, the label behind": [
        ["item", "codes", "label", "user missing"],
        ["smokes", "1=yes\n2=no\n-9=refused", "Smokes", "-9"],
    ],
    "Dutch": [
        ["Variabele", "Omschrijving", "Waarde", "Waardelabel", "Ontbrekend"],
        ["smokes", "Smokes", "1", "yes", "nee"],
        [None, None, "2", "no", "geen"],
        [None, None, "-9", "refused", "ja"],
    ],
    "a row for the variable above its codes": [
        ["Variable", "Code", "Label", "Missing"],
        ["smokes", None, "Smokes", None],
        [None, 1, "yes", None],
        [None, 2, "no", None],
        [None, -9, "refused", -9],
    ],
}


@pytest.mark.parametrize("shape", ONE_SHEET)
def test_sheets_of_many_shapes_say_the_same(shape: str, tmp_path: Path) -> None:
    assert described(tmp_path, *ONE_SHEET[shape]) == {"smokes": SMOKES}


def test_merged_cells_hold_for_all_their_rows(tmp_path: Path) -> None:
    rows: Cells = [
        ["Variable", "Code", "Answer", "Missing"],
        ["smokes", 1, "yes", ""],
        [None, 2, "no", ""],
        [None, -9, "refused", "x"],
    ]
    assert described(tmp_path, *rows, merged="A2:A4")["smokes"].labels == SMOKES.labels


def test_codes_may_have_a_sheet_of_their_own(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "book.xlsx",
        Cover=[["Cohort of 1990", "version 3"]],
        Variables=[["variable", "label", "unit"], ["smokes", "Smokes", None], ["income", "Income", "EUR"]],
        Values=[["variable", "code", "label"], ["smokes", 1, "yes"], ["smokes", 2, "no"]],
        Missings=[["variable", "missing"], ["smokes", "-9=refused"], ["income", "-9 -8, 97 to 99; .a"]],
    )
    book = codebook_of(str(path))
    assert book.variables == {
        "smokes": Described("Smokes", {"1": "yes", "2": "no"}, {"-9": "refused"}),
        "income": Described("Income", {}, {"-9": "", "-8": "", ".a": ""}, ((97.0, 99.0),)),
    }
    assert book.unused == ["sheet 'Cover'", "unit"]


def test_what_cannot_be_placed_is_counted_by_row(tmp_path: Path) -> None:
    rows: Cells = [
        ["variable", "label", "code", "value label", "missing"],
        [None, None, 1, "a code of no variable", None],
        ["smokes", "Smokes", 1, "yes", None],
        ["smokes", "Tobacco", 1, "yes", None],  # another label
        ["smokes", None, 1, "no", None],  # another answer
        ["smokes", None, "3-5", "often", None],  # no code
        ["smokes", None, None, "a label without a code", None],
        ["smokes", None, 2, None, None],  # a code without a label
        ["smokes", None, 2, "no", "perhaps"],
        ["income", "Income", None, None, "ask Jan"],
        ["income", "Income", None, None, "9 to 1"],
    ]
    book = codebook_of(str(workbook(tmp_path / "book.xlsx", Codes=rows)))
    assert book.unread == {"sheet 'Codes'": [2, 4, 5, 6, 7, 8, 9, 10, 11]}
    assert book.variables == {"smokes": Described("Smokes", {"1": "yes", "2": "no"}), "income": Described("Income")}


def test_the_file_holds_where_the_codebook_says_otherwise(tmp_path: Path) -> None:
    told = ColumnDescription(
        "number",
        "Smoking",
        labels={"1": "daily", "-9": "missing"},
        missing={"-9": "missing"},
        missing_ranges=((-8, -1),),
    )
    book = codebook_of(str(workbook(tmp_path / "book.xlsx", Sheet=ONE_SHEET["a row per code"])))
    (joined,) = book.added({"Smokes": told}).values()
    assert joined == ColumnDescription(
        "number",
        "Smoking",
        labels={"1": "daily", "2": "no", "-9": "missing"},
        missing={"-9": "missing"},
        missing_ranges=((-8, -1),),
    )
    both = book.added({"SMOKES": told, "Smokes": told})
    assert list(both.values()) == [told, told]


def survey_codebook() -> Cells:
    """What the SPSS file of the survey says of its columns, as somebody keeps it in Excel."""
    rows: Cells = [["variable", "label", "code", "value label", "missing"]]
    for name, label in LABELS.items():
        rows += [[name.lower(), label, None, None, "-9, -8" if name == "hhinc" else None]]
        missing = {-9, -8}
        rows += [[None, None, code, text, "x" if code in missing else ""] for code, text in CODES.get(name, {}).items()]
    return rows


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_a_plain_file_with_a_codebook_says_what_a_labelled_file_says(
    suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = people()
    rows = survey_codebook()
    if suffix == ".xlsx":
        book = workbook(tmp_path / "codebook.xlsx", Sheet=[*rows, ["pets", "Pets", None, None, None]])
    else:
        book = tmp_path / "codebook.csv"
        pd.DataFrame([*rows[1:], ["pets", "Pets", "", "", ""]], columns=rows[0]).to_csv(book, sep=";", index=False)
    columns = {}
    for name, arguments in {"labelled.sav": [], "plain.parquet": ["--codebook", str(book)]}.items():
        assert main(["init", str(written(table, tmp_path / name)), *arguments]) == 0
        printed = capsys.readouterr()
        columns[name] = yaml.safe_load(printed.out)["columns"]
    assert "codebook" in printed.err
    assert f"it describes {table.shape[1]} of {table.shape[1]} columns" in printed.err
    assert "1 of its variables are in no file: pets" in printed.err
    labelled, plain = columns.values()
    assert {name: column.get("codes") for name, column in plain.items()} == {
        name: column.get("codes") for name, column in labelled.items()
    }
    for key in ("role", "label", "missing"):
        assert {name: column.get(key) for name, column in plain.items() if name != "region"} == {
            name: column.get(key) for name, column in labelled.items() if name != "region"
        }


def bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (sheets.MOST_BYTES + 1))


def changed_part(path: Path, part: str, change: Callable[[bytes], bytes]) -> None:
    """Change one part of a sound workbook."""
    sound = workbook(path.with_name("sound.xlsx"), Sheet=ONE_SHEET["Dutch"])
    with zipfile.ZipFile(sound) as old, zipfile.ZipFile(path, "w") as new:
        for one in old.namelist():
            new.writestr(one, change(old.read(one)) if one == part else old.read(one))


SHEET = "xl/worksheets/sheet1.xml"
ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 30}">' for n in range(1, 12))
LAUGHS = f'<!DOCTYPE lolz [<!ENTITY e0 "ha">{ENTITIES}]>'.encode()
NO_HEADINGS = "no sheet has a row of headings with one for the variable"
NO_WORKBOOK = "not a workbook of Excel, not complete, or locked by a password"
LARGE = "larger than a codebook can be"
BAD: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "not there": ("b.xlsx", lambda path: None, "no such file"),
    "a directory": ("b.xlsx", lambda path: path.mkdir(), "a directory, not a file"),
    "another kind": (
        "b.docx",
        lambda path: path.write_bytes(b"PK"),
        "a codebook is a workbook of Excel (.xlsx) or a text",
    ),
    "an old workbook": (
        "b.xls",
        lambda path: path.write_bytes(b"\xd0\xcf"),
        "a codebook is a workbook of Excel (.xlsx)",
    ),
    "empty": ("b.xlsx", lambda path: path.write_bytes(b""), NO_WORKBOOK),
    "text with a wrong suffix": ("b.xlsx", lambda path: path.write_text("variable,label\n"), NO_WORKBOOK),
    "locked": ("b.xlsx", lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)), NO_WORKBOOK),
    "no workbook in the zip": ("b.xlsx", lambda path: zipfile.ZipFile(path, "w").writestr("a.txt", "b"), NO_WORKBOOK),
    "cut": (
        "b.xlsx",
        lambda path: path.write_bytes(workbook(path, Sheet=ONE_SHEET["Dutch"]).read_bytes()[:-200]),
        NO_WORKBOOK,
    ),
    "a damaged sheet": ("b.xlsx", lambda path: changed_part(path, SHEET, lambda old: old[:-99]), NO_WORKBOOK),
    "a bomb of entities": (
        "b.xlsx",
        lambda path: changed_part(path, SHEET, lambda old: LAUGHS + old.replace(b"<t>", b"<t>&e11;", 1)),
        NO_WORKBOOK,
    ),
    "a bomb of zeros": ("b.xlsx", bomb, LARGE),
    "a cell at the end of the sheet": (
        "b.xlsx",
        lambda path: changed_part(
            path,
            SHEET,
            lambda old: old.replace(
                b"</sheetData>", b'<row r="1048576"><c r="A1048576"><v>1</v></c></row></sheetData>'
            ),
        ),
        LARGE,
    ),
    "a cell in the last column": (
        "b.xlsx",
        lambda path: changed_part(
            path,
            SHEET,
            lambda old: old.replace(b"</sheetData>", b'<row r="9"><c r="XFD9"><v>1</v></c></row></sheetData>'),
        ),
        LARGE,
    ),
    "an empty sheet": ("b.xlsx", lambda path: workbook(path, Sheet=[]), NO_HEADINGS),
    "no headings": ("b.xlsx", lambda path: workbook(path, Sheet=[["smokes", "Smokes", 1, "yes"]]), NO_HEADINGS),
    "one heading": ("b.xlsx", lambda path: workbook(path, Sheet=[["variable"], ["smokes"]]), NO_HEADINGS),
    "empty text": ("b.csv", lambda path: path.write_text(""), "the file is empty"),
    "text without headings": ("b.csv", lambda path: path.write_text("a,b\n1,2\n"), NO_HEADINGS),
    "ragged text": (
        "b.csv",
        lambda path: path.write_text("variable,label\nsmokes,Smokes,1\n"),
        "1 of 1 rows have another number",
    ),
    "of other data": (
        "b.xlsx",
        lambda path: workbook(path, Sheet=[["variable", "label"], ["pets", "Pets"]]),
        "it describes no column of the data",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_codebook_is_one_message(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, make, message = BAD[case]
    make(tmp_path / name)
    data = tmp_path / "data.csv"
    pd.DataFrame({"id": np.arange(20), "smokes": np.tile([1, 2], 10)}).to_csv(data, index=False)
    assert main(["init", str(data), "--codebook", str(tmp_path / name)]) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    told = [line for line in printed.err.splitlines() if not line.startswith("evenwicht init: looking")]
    assert len(told) == 1
    assert f"{name}: {message}" in told[0] or message in told[0]


CELLS = st.sampled_from(["", "v", "w", "1", "-9", "1 = yes; 2 = no", "97-99", ".a", "x", "yes", "no", "-"]) | st.text()


@given(st.lists(st.tuples(*[CELLS] * 5)))
def test_any_row_is_placed_or_counted(cells: list[tuple[str, ...]]) -> None:
    book = Codebook("book.xlsx", {}, {}, [])
    add(book, sheets.Sheet("it", [("variable", "label", "code", "value label", "missing"), *cells]), 0)
    read = {n for n, row in enumerate(cells, start=2) if any(row)} - set(book.unread.get("it", []))
    assert all(0 <= n - 2 < len(cells) for rows in book.unread.values() for n in rows)
    assert (not read) or book.variables
    for one in book.variables.values():
        assert one.label in {"", *(row[1] for row in cells)}
        assert all(low < high for low, high in one.ranges)


def test_a_cell_of_blanks_takes_no_time(tmp_path: Path) -> None:
    rows: Cells = [["variable", "label", "code", "missing"], *([["v", "a" + " " * 32_000 + "b"] * 2] * 50)]
    path = workbook(tmp_path / "book.xlsx", Sheet=rows)
    start = time.perf_counter()
    assert codebook_of(str(path)).unread == {"sheet 'Sheet'": list(range(2, 52))}
    assert time.perf_counter() - start < 5


def test_long_names_do_not_make_long_messages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows: Cells = [["variable", "label"], ["id", "Id"], *([f"{'x' * 5000}{n}", "Other"] for n in range(100))]
    path = workbook(tmp_path / "book.xlsx", Sheet=rows)
    data = tmp_path / "data.sav"
    pyreadstat.write_sav(pd.DataFrame({"id": np.arange(20.0)}), data)
    assert main(["init", str(data), "--codebook", str(path)]) == 0
    printed = capsys.readouterr()
    assert "100 of its variables are in no file" in printed.err
    assert len(printed.err) < 4000


def test_a_codebook_with_a_changed_heading_names_what_it_needs(tmp_path: Path) -> None:
    path = workbook(tmp_path / "book.xlsx", Sheet=[["Frage", "Antwort"], ["smokes", "ja"]])
    with pytest.raises(DataError, match="Head the columns: variable, label, code, value label, missing"):
        codebook_of(str(path))
