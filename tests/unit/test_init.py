"""`evenwicht init` proposes a cohort file that `check` accepts, marks every proposal, and shows nobody's values."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest
import yaml
from evenwicht.cli import main
from evenwicht.starter.columns import missing_codes
from evenwicht.starter.contents import look_into
from evenwicht.starter.words import meaning_by_words, role_by_words, yes_code
from evenwicht.starter.written import _scalar
from hypothesis import given
from hypothesis import strategies as st

from tests.survey import NOT_ASKED, REFUSED, WAVES, N, people, written


def proposed(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["init", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def with_studies(text: str) -> str:
    """The proposal with all its studies, as one gets it by removing `# ` before them."""
    start = text.index("\nstudies:\n")
    return text[:start] + text[start:].replace("\n# ", "\n")


def check(text: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    code = main(["check", str(path)])
    return code, capsys.readouterr().out


@pytest.mark.parametrize("name", ["absent.csv", "absent.csv.gz", "absent.tsv", "absent.parquet", "absent.sav"])
def test_a_file_that_is_not_there_is_an_error_of_the_user(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", name]) == 3
    assert "DataError: source: no such file." in capsys.readouterr().err


def test_a_file_without_names_of_columns_is_not_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its first line would be taken for names, and is a person."""
    path = tmp_path / "visits.csv"
    path.write_text("70017,Jansen,w1,7.25\n70018,Pieters,w1,7.5\n", encoding="utf-8")
    assert main(["init", str(path)]) == 3
    said = "".join(capsys.readouterr())
    assert "the first line holds numbers, dates or markup, and may be a person's row" in said
    assert not [value for value in ("70017", "Jansen", "7.25") if value in said]


def test_a_labelled_file_needs_no_more_than_confirmation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = proposed(capsys, written(people(), tmp_path / "survey.sav"))
    config = yaml.safe_load(text)
    columns = config["columns"]
    assert {name: column["role"] for name, column in columns.items()} == {
        "resp_nr": "id",
        "fam": "family",
        "sekse": "sex",
        "gebdat": "birth_date",
        "region": "cluster",
        "povert": "stressor",
        "edu": "baseline",
        "hhinc": "baseline",
        "voucher": "policy",
        "bmi_18": "outcome",
        "depr": "outcome",
    }
    assert columns["povert"] == {
        "role": "stressor",
        "type": "boolean",
        "codes": {"1": "yes", "2": "no"},
        "yes_code": "1",
        "missing": {"-9": "refused"},
        "label": "Poverty before age 3",
    }
    assert columns["hhinc"]["missing"] == {"-9": "refused", "-8": "not_asked"}
    assert config["source"]["measures"] == [
        {
            "measure": "bmi",
            "value": {"source": "bmi_{wave}", "missing": {"-8": "not_in_wave"}},
            "age": "age_{wave}",
            "waves": ["7", "11", "15", "18"],
        }
    ]
    code, told = check(with_studies(text), tmp_path, capsys)
    assert code == 0, told
    away = (people()["bmi_18"] == NOT_ASKED).sum()
    assert f"measures, bmi 18: {N - away} known, not in wave {away}." in told
    assert "Study policy (policy)" in told
    assert "Study brothers_and_sisters (siblings)" in told


@pytest.mark.parametrize("suffix", [".sav", ".dta", ".csv", ".parquet"])
def test_every_role_is_marked_and_no_rare_value_is_shown(
    suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = proposed(capsys, written(people(), tmp_path / f"survey{suffix}"))
    described = re.findall(r"^  \w+: \{role: (\w+),.*$", text, flags=re.MULTILINE)
    marked = re.findall(r"^  \w+: \{role: \w+,.*# confirm role", text, flags=re.MULTILINE)
    assert len(described) - described.count("id") == len(marked) > 1
    assert "remark " not in text
    assert not re.search(r"70\d\d\d", text)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_what_the_file_does_not_say_is_asked(suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = proposed(capsys, written(people(), tmp_path / f"survey{suffix}"))
    (income,) = re.findall(r"^  (?:# )?hhinc: .*$", text, flags=re.MULTILINE)
    refused, not_asked = ((people()["hhinc"] == code).sum() for code in (REFUSED, NOT_ASKED))
    assert f"are these values, or `missing` codes? -9 in {refused} rows, -8 in {not_asked} rows" in income
    if suffix == ".csv":
        assert 'separator: ";"  # confirm' in text
        assert 'decimal: ","  # confirm' in text


def test_a_label_may_say_that_a_code_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "survey.dta"
    table = pd.DataFrame({"pid": np.arange(60.0), "smokes": np.tile([0.0, 1.0, 9.0], 20)})
    pyreadstat.write_dta(table, path, variable_value_labels={"smokes": {0: "no", 1: "yes", 9: "Don't know"}})
    text = proposed(capsys, path)
    assert 'missing: {"9": not_known}' in text
    assert "confirm missing 9: the labels say so, the file does not" in text


def test_values_that_are_no_codes_are_not_doubted(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    place = np.arange(100)
    pd.DataFrame({"id": place, "age": 1 + place % 100, "items": place % 10, "low": place % 7 - 300}).to_csv(path)
    columns = look_into(str(path)).columns
    assert [missing_codes(columns[name]) for name in ("age", "items", "low")] == [({}, [])] * 3


def test_dates_with_the_day_first_are_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = people()
    table["gebdat"] = pd.to_datetime(table["gebdat"]).dt.strftime("%d-%m-%Y")
    text = proposed(capsys, written(table.assign(seen="03-04-2001", born_on=table["gebdat"]), tmp_path / "survey.csv"))
    assert "born_on: {role: birth_date, type: date, date_order: day_month_year" in text
    (seen,) = re.findall(r"^.* seen: .*$", text, flags=re.MULTILINE)
    assert "confirm date_order: it could be month_day_year too" in seen


def test_a_file_for_each_wave(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = people()
    main_file = written(table[["RespNr", "sekse", "povert", "depr"]], tmp_path / "survey.sav")
    for wave in WAVES:
        names = {"RespNr": "RespNr", f"age_{wave}": "age", f"bmi_{wave}": "bmi"}
        written(table[list(names)].rename(columns=names), tmp_path / f"wave{wave}.csv")
    text = proposed(capsys, main_file, *(tmp_path / f"wave{wave}.csv" for wave in WAVES))
    (measure,) = yaml.safe_load(text)["source"]["measures"]
    assert measure == {
        "measure": "bmi",
        "value": "bmi",
        "files": {str(wave): f"wave{wave}" for wave in WAVES},
        "age": "age",
    }
    assert "bmi and 3 more columns: are these values, or `missing` codes? -8" in text
    code, told = check(with_studies(text), tmp_path, capsys)
    assert code == 0, told


def test_a_long_table_and_spells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = people()
    rows = [
        pd.DataFrame({"RespNr": table["RespNr"], "wave": w, "age": table[f"age_{w}"], "bmi": table[f"bmi_{w}"].abs()})
        for w in WAVES
    ]
    stays = pd.DataFrame({"RespNr": table["RespNr"].repeat(2), "admitted": "2001-02-03", "discharged": "2001-02-05"})
    files = [
        written(table[["RespNr", "sekse", "povert", "depr"]], tmp_path / "survey.sav"),
        written(pd.concat(rows), tmp_path / "visits.csv"),
        written(stays.assign(cost=12.5), tmp_path / "stays.csv"),
    ]
    text = proposed(capsys, *files)
    (measure,) = yaml.safe_load(text)["source"]["measures"]
    assert measure == {"measure": "bmi", "value": "bmi", "age": "age", "file": "visits", "wave_column": "wave"}
    assert "#   - {file: stays, start: admitted, end: discharged, amount: cost, begin: YYYY-MM-DD" in text
    code, told = check(with_studies(text), tmp_path, capsys)
    assert code == 0, told


def test_ages_that_only_somebody_knows_are_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = people()
    names = {"RespNr": "RespNr", "bmi_7": "w1_bmi", "bmi_11": "w2_bmi", "age_7": "iq7", "age_11": "iq11"}
    text = proposed(capsys, written(table[list(names)].rename(columns=names), tmp_path / "survey.csv"))
    assert '    # - {measure: bmi, value: "w{wave}_bmi"' in text
    assert "# give the age at each wave" in text
    assert '- {measure: iq, value: "iq{wave}", ages: {"7": 7, "11": 11}}  # confirm: the numbers' in text


NO_IDENTIFIER: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], list[str], str]] = {
    "nobody is identified": (lambda t: t[["sekse", "edu"]], [], "none identifies people"),
    "an id that repeats": (lambda t: t, ["--id", "sekse"], "'sekse' is empty or the same in some rows"),
    "an id that is not there": (lambda t: t, ["--id", "pid"], "no column is called 'pid'"),
}


@pytest.mark.parametrize("case", NO_IDENTIFIER)
def test_without_an_identifier_nothing_is_printed(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change, arguments, message = NO_IDENTIFIER[case]
    assert main(["init", str(written(change(people()), tmp_path / "survey.csv")), *arguments]) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err


def test_the_names_of_an_identifier_come_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = people()
    table.insert(0, "line", np.arange(N))
    text = proposed(capsys, written(table, tmp_path / "survey.csv"))
    assert "resp_nr: {role: id," in text


@pytest.mark.parametrize(
    ("name", "label", "role"),
    [
        ("v101", "Sex of child", "sex"),
        ("geslacht", "", "sex"),
        ("BirthWeight", "", "baseline"),
        ("weight_kg", "Body weight", None),
        ("pweight", "", "weight"),
        ("essex", "", None),
        ("ACE", "", "stressor"),
        ("face", "", None),
    ],
)
def test_words_tell_a_role(name: str, label: str, role: str | None) -> None:
    found = role_by_words(name, label)
    assert (found and found[0]) == role


def test_words_tell_why_there_is_no_value() -> None:
    told: dict[str, Any] = {
        label: meaning_by_words(label) for label in ("Refused", "Not applicable", "Weet niet", "Low")
    }
    assert told == {"Refused": "refused", "Not applicable": "not_asked", "Weet niet": "not_known", "Low": None}
    assert yes_code({"1": "Yes", "2": "No"}) == "1"
    assert yes_code({"1": "boy", "2": "girl"}) is None


@given(st.text())
def test_any_label_is_read_back(label: str) -> None:
    assert "\n" not in _scalar(label)
    assert yaml.safe_load(f"[{_scalar(label)}]") == [label]


def test_items_of_one_wave_are_not_taken_for_waves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "survey.sav"
    place = np.arange(60)
    table = pd.DataFrame({"pid": place, **{f"pest{item}": place % 5 + item for item in (1, 2, 3)}})
    labels = ["Person", "Called names", "Beaten", "Left out"]
    pyreadstat.write_sav(table, path, column_labels=labels)
    text = proposed(capsys, path)
    assert "# - {measure: pest," in text
    assert "the labels differ: are these waves, or items of one wave?" in text
    assert "# pest3: {role: ROLE" in text


def test_a_measure_has_the_label_that_its_columns_share(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "survey.sav"
    table = pd.DataFrame({"pid": np.arange(60), "sdq7": np.arange(60) % 20, "sdq11": np.arange(60) % 30})
    pyreadstat.write_sav(table, path, column_labels=["Person", "Difficulties", "Difficulties"])
    (measure,) = yaml.safe_load(proposed(capsys, path))["source"]["measures"]
    assert measure["label"] == "Difficulties"


def test_missing_codes_of_ages_and_spoken_codes_are_taken_along(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "survey.sav"
    place = np.arange(90)
    table = pd.DataFrame({"pid": place, "repeated": np.array(["ja", "nee", "onbekend"])[place % 3]})
    for wave in (1, 2):
        table[f"w{wave}_age"] = np.where(place % 9 == 0, -5.0, 10 * wave + place % 3)
        table[f"w{wave}_sdq"] = place % 20
    codes = {f"w{wave}_age": {-5: "Niet in deze golf"} for wave in (1, 2)}
    pyreadstat.write_sav(table, path, variable_value_labels=codes, missing_ranges={name: [-5] for name in codes})
    text = proposed(capsys, path)
    assert 'age: {source: "w{wave}_age", missing: {"-5": not_in_wave}}' in text
    assert "codes: {ja: ja, nee: nee}, yes_code: ja, missing: {onbekend: not_known}" in text
