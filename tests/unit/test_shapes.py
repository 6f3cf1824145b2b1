"""The same people give the same cohort in whatever shape their data come, and whoever does not match is counted."""

import re
import warnings
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Column
from evenwicht.base.errors import ConfigError, DataError
from evenwicht.cohort import Cohort
from evenwicht.config.loading import load_cohort
from evenwicht.ingest.sources import TableSource
from evenwicht.ingest.table import ingest

from tests.conftest import ROOT

# ids with a leading zero, with seventeen digits, and one that is another's but for a zero
ADA, BEN, CAS, DEE = "007", "12345678901234567", "12345678901234568", "70"
PEOPLE = [ADA, BEN, CAS, DEE]
# wave -> person -> age and body mass index; Cas was not there at 11, Dee was there at 7 but not weighed
WAVES: dict[str, dict[str, tuple[str, str]]] = {
    "7": {ADA: ("7.1", "15.5"), BEN: ("7.2", "16"), CAS: ("6.9", "17.25"), DEE: ("7", "")},
    "11": {ADA: ("11.5", "17"), BEN: ("11", "18.5"), DEE: ("10.5", "19")},
}
ROWS = [(person, wave, *cells) for wave, people in WAVES.items() for person, cells in people.items()]
BOOK = Codebook("own", {"id": Column(role="id", type="category", label="Person", source="pid")})
MAIN = pd.DataFrame({"pid": PEOPLE})


def written(table: pd.DataFrame, path: Path) -> str:
    table.to_csv(path, index=False)
    return str(path)


def cohort(path: str, book: Codebook = BOOK, **source: object) -> Cohort:
    return ingest(TableSource.model_validate({"kind": "table", "path": path, **source}), book)


def told(path: str, book: Codebook = BOOK, **source: object) -> tuple[Cohort, list[str]]:
    """The cohort and what was said while it was read."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        read = cohort(path, book, **source)
    return read, [str(one.message) for one in said]


def measures(read: Cohort) -> list[list[object]]:
    table = read.measures.sort_values(["wave", "id"])
    return table.astype(object).where(table.notna(), None).values.tolist()


@pytest.fixture
def wide(tmp_path: Path) -> str:
    cells = {
        f"{what}_{wave}": [people.get(person, ("", ""))[place] for person in PEOPLE]
        for wave, people in WAVES.items()
        for place, what in enumerate(("age", "bmi"))
    }
    return written(MAIN.assign(**cells, bmi_sd_7=0), tmp_path / "wide.csv")


@pytest.fixture
def main(tmp_path: Path) -> str:
    return written(MAIN, tmp_path / "main.csv")


@pytest.fixture
def long(tmp_path: Path) -> str:
    return written(pd.DataFrame(ROWS, columns=["person", "wave", "age", "bmi"]), tmp_path / "long.csv")


@pytest.fixture
def one_by_one(wide: str) -> Cohort:
    """The cohort with a line for each measure: what every other shape must give."""
    each = [{"measure": "bmi", "wave": w, "age": f"age_{w}", "value": f"bmi_{w}"} for w in WAVES]
    return cohort(wide, measures=each)


def file_a_wave(folder: Path, **changed: pd.DataFrame) -> dict[str, dict[str, str]]:
    files = {}
    for wave, people in WAVES.items():
        table = pd.DataFrame([(person, *cells) for person, cells in people.items()], columns=["no", "age", "bmi"])
        path = written(changed.get(f"wave{wave}", table), folder / f"wave{wave}.csv")
        files[f"wave{wave}"] = {"path": path, "id": "no"}
    return files


BY_FILE = {"measure": "bmi", "value": "bmi", "age": "age", "files": {"7": "wave7", "11": "wave11"}}
BY_ROW = {"measure": "bmi", "value": "bmi", "age": "age", "file": "visits"}


def test_one_line_a_measure_is_as_the_table_says(one_by_one: Cohort) -> None:
    rows = [[person, "11", *WAVES["11"].get(person, ("", ""))] for person in sorted(PEOPLE)]
    rows += [[person, "7", *WAVES["7"][person]] for person in sorted(PEOPLE)]
    expected = [
        [person, wave, float(age) if age else None, "bmi", float(bmi) if bmi else None]
        for person, wave, age, bmi in rows
    ]
    assert measures(one_by_one) == expected


@pytest.mark.parametrize("waves", [{}, {"waves": ["7", 11]}])
def test_waves_by_a_pattern_are_those_named_or_those_found_which_are_told(
    waves: dict[str, object], wide: str, one_by_one: Cohort
) -> None:
    read, said = told(wide, measures=[{"measure": "bmi", "value": "bmi_{wave}", "age": "age_{wave}", **waves}])
    assert measures(read) == measures(one_by_one)
    assert said == ([] if waves else ["cohort own, source: found bmi at the waves 7, 11"])


def test_a_file_a_wave_is_the_same_cohort_and_absent_people_are_counted(
    main: str, one_by_one: Cohort, tmp_path: Path
) -> None:
    read, said = told(main, files=file_a_wave(tmp_path), measures=[BY_FILE])
    assert measures(read) == measures(one_by_one)
    assert len(said) == 1
    assert said[0].startswith("cohort own, file wave11: of 4 people in the main table, without a row: 1;")


@pytest.mark.parametrize(
    "waves", [{"wave_column": "wave", "waves": ["7", "11"]}, {"between": {"7": [6, 8], "11": [10, 12]}}]
)
def test_a_long_table_is_the_same_cohort_by_wave_or_by_age(
    waves: dict[str, object], main: str, long: str, one_by_one: Cohort
) -> None:
    read, said = told(main, files={"visits": {"path": long, "id": "person"}}, measures=[{**BY_ROW, **waves}])
    assert measures(read) == measures(one_by_one)
    assert len(said) == 1
    assert "without a row: 0 at wave 7, 1 at wave 11" in said[0]


def test_waves_of_a_long_table_are_found_and_told(main: str, long: str, one_by_one: Cohort) -> None:
    read, said = told(
        main, files={"visits": {"path": long, "id": "person"}}, measures=[{**BY_ROW, "wave_column": "wave"}]
    )
    assert measures(read) == measures(one_by_one)
    assert said[0] == "cohort own, file visits: found bmi at the waves 7, 11"


def test_files_may_be_of_different_formats_and_decimal_marks(main: str, one_by_one: Cohort, tmp_path: Path) -> None:
    files = file_a_wave(tmp_path)
    seven, eleven = (pd.read_csv(files[f"wave{wave}"]["path"], dtype=str) for wave in WAVES)
    commas = seven.assign(**{name: seven[name].str.replace(".", ",") for name in ("age", "bmi")})
    commas.to_csv(tmp_path / "wave7.csv", index=False, sep=";")
    pq.write_table(
        pa.table({"no": eleven["no"], "age": eleven["age"].astype(float), "bmi": eleven["bmi"].astype(float)}),
        tmp_path / "wave11.parquet",
    )
    described = {
        "wave7": {**files["wave7"], "separator": ";", "decimal": ","},
        "wave11": {"path": str(tmp_path / "wave11.parquet"), "id": "no"},
    }
    read, _ = told(main, files=described, measures=[BY_FILE])
    assert measures(read) == measures(one_by_one)


def test_one_age_may_be_that_of_everybody(wide: str) -> None:
    entry = {"measure": "bmi", "value": {"source": "bmi_{wave}", "missing": [16]}, "ages": {7: 7.25, 11: 11}}
    read, said = told(wide, measures=[entry])
    assert not said
    assert dict(read.measures.groupby("wave")["age"].unique().map(list)) == {"7": [7.25], "11": [11.0]}
    assert read.measures["value"].notna().sum() == 5  # of six, one a code for not known


# --- who does not match ----------------------------------------------------------------------------------------------


def wave7(*more: tuple[str, str, str]) -> pd.DataFrame:
    rows = [(person, *cells) for person, cells in WAVES["7"].items()]
    return pd.DataFrame([*rows, *more], columns=["no", "age", "bmi"])


def test_rows_of_nobody_are_left_out_and_counted(main: str, one_by_one: Cohort, tmp_path: Path) -> None:
    table = wave7(("900", "7", "15"), ("900", "7", "16"), ("901", "7", "15"))
    read, said = told(main, files=file_a_wave(tmp_path, wave7=table), measures=[BY_FILE])
    assert measures(read) == measures(one_by_one)
    strangers = "3 of 7 rows, of 2 identifiers, belong to nobody in the main table, and are left out"
    assert said[0] == f"cohort own, file wave7: {strangers}"


MISMATCHES: dict[str, tuple[pd.DataFrame, str]] = {
    "two rows": (wave7((ADA, "7", "15"), (ADA, "7", "16")), "1 people have more than one row, 3 in all. Leave one of"),
    "no identifier": (wave7(("", "7", "15")), "the identifier 'no' is empty in 1 of 5 rows"),
    "leading zero lost": (
        wave7().replace({"no": {ADA: "7"}}),
        "1 of 4 rows have an identifier that the main table writes otherwise",
    ),
    "written as a decimal": (
        wave7().replace({"no": {DEE: "70.0"}}),
        "1 of 4 rows have an identifier that the main table writes otherwise",
    ),
    "other identifiers": (
        wave7().assign(no=["a", "b", "c", "d"]),
        "none of its 4 rows has an identifier that the main",
    ),
    "no such column": (wave7().rename(columns={"bmi": "BMI"}), "columns are missing: bmi. .*Present: no, age, BMI"),
    "text as a number": (wave7().replace({"bmi": {"16": "sixteen"}}), "column 'wave7: bmi': 1 value is not a number"),
}


@pytest.mark.parametrize("mismatch", MISMATCHES)
def test_what_cannot_be_joined_is_an_error_that_shows_nobody(mismatch: str, main: str, tmp_path: Path) -> None:
    table, message = MISMATCHES[mismatch]
    files = file_a_wave(tmp_path, wave7=table)
    with pytest.raises(DataError, match=message) as refused:
        told(main, files=files, measures=[BY_FILE])
    assert "wave7" in str(refused.value)
    assert not [person for person in (ADA, BEN, CAS) if person in str(refused.value)]


def test_a_long_table_has_one_row_a_person_and_wave(main: str, tmp_path: Path) -> None:
    rows = pd.DataFrame([*ROWS, (BEN, "11", "11.2", "20")], columns=["person", "wave", "age", "bmi"])
    files = {"visits": {"path": written(rows, tmp_path / "long.csv"), "id": "person"}}
    with pytest.raises(DataError, match="file visits: 1 people have more than one row at wave 11, 2 in all"):
        told(main, files=files, measures=[{**BY_ROW, "wave_column": "wave"}])
    with pytest.raises(DataError, match=r"3 people have more than one row, 7 in all.* `wave_column` or `between`"):
        told(
            main,
            files=files,
            measures=[
                {
                    "measure": "bmi",
                    "wave": "7",
                    **{key: {"source": key.replace("value", "bmi"), "file": "visits"} for key in ("age", "value")},
                }
            ],
        )


def test_rows_at_no_wave_are_counted_and_a_wave_without_rows_is_an_error(main: str, long: str) -> None:
    files = {"visits": {"path": long, "id": "person"}}
    _, said = told(main, files=files, measures=[{**BY_ROW, "between": {"7": [7, 7.2]}}])
    assert said[0].startswith("cohort own, file visits: 5 of 7 rows are at no wave of bmi")
    with pytest.raises(DataError, match="no row is at wave 16 of bmi"):
        told(main, files=files, measures=[{**BY_ROW, "wave_column": "wave", "waves": ["7", "16"]}])
    with pytest.raises(DataError, match="column 'person' holds 4 different values, too many for names of waves"):
        told(main, files=files, measures=[{**BY_ROW, "wave_column": "person"}])


def test_a_pattern_that_matches_nothing_names_close_columns(wide: str) -> None:
    with pytest.raises(DataError, match=r"no column is called bmy_\{wave\}\. Correct the pattern; close are bmi_7"):
        cohort(wide, measures=[{"measure": "bmi", "value": "bmy_{wave}", "age": "age_{wave}"}])
    with pytest.raises(DataError, match="columns are missing: age_at_7, age_at_11"):
        told(wide, measures=[{"measure": "bmi", "value": "bmi_{wave}", "age": "age_at_{wave}"}])


REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "no such file": ({"measures": [BY_FILE]}, "not in `files`: wave7, wave11; there are: none"),
    "waves in two ways": ({"measures": [{**BY_FILE, "value": "bmi_{wave}"}]}, "say in one way where the waves are"),
    "waves in no way": ({"measures": [BY_ROW]}, "say in one way where the waves are"),
    "age twice": ({"measures": [{**BY_FILE, "ages": {7: 7, 11: 11}}]}, "give `age`, a column, or `ages`"),
    "waves that overlap": ({"measures": [{**BY_ROW, "between": {"7": [6, 8], "8": [7.5, 9]}}]}, "of `between` overlap"),
    "a wave twice": (
        {
            "measures": [
                {"measure": "bmi", "wave": "7", "age": "age_7", "value": "bmi_7"},
                {"measure": "bmi", "value": "bmi_{wave}", "age": "age_{wave}", "waves": ["7"]},
            ]
        },
        "listed twice: measure bmi at wave 7",
    ),
    "two labels": (
        {
            "measures": [
                {"measure": "bmi", "label": label, "wave": wave, "age": "age", "value": "bmi"}
                for wave, label in {"7": "Body mass index", "11": "Weight"}.items()
            ]
        },
        "entries of one measure differ in `label`: bmi",
    ),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_entries_that_contradict_themselves_are_refused(mistake: str) -> None:
    settings, message = REFUSED[mistake]
    with pytest.raises(ValueError, match=re.escape(message)):
        TableSource.model_validate({"kind": "table", "path": "own.csv", **settings})


def test_a_settings_file_survives_the_way_to_its_job() -> None:
    files = {"wave7": {"path": "a.csv", "id": "no"}, "wave11": {"path": "b.csv", "id": "no"}}
    spells = {
        "file": "wave7",
        "start": "d",
        "until": "2020-01-01",
        "costs": {"gp": []},
        "windows": {"w": {"ages": [1, 2]}},
    }
    settings = {"kind": "table", "path": "own.csv", "files": files, "measures": [BY_FILE], "spells": [spells]}
    source = TableSource.model_validate(settings)
    assert TableSource.model_validate(source.model_dump(mode="json")) == source
    assert source.paths == ("own.csv", "a.csv", "b.csv")


def settings_of(**changed: object) -> dict[str, object]:
    settings = load_cohort(ROOT / "config/own_cohort_example.yaml").model_dump(mode="json")
    settings["source"] |= {"files": {"wave7": {"path": "wave7.csv", "id": "no"}}, **changed}
    return settings


SPELLS_OF_7 = {"file": "wave7", "start": "d", "until": "2020-01-01"}
NAMES: dict[str, tuple[dict[str, object], str]] = {
    "a file that nothing names": ({}, "source.files.wave7: nothing names this file. Name it as `file`, or remove it"),
    "an unknown sector": (
        {"spells": [{**SPELLS_OF_7, "costs": {"gp": []}, "windows": {"1": {"ages": [1, 2]}}}]},
        "source.spells.0.costs.gp: 'gp' is not a sector of this cohort",
    ),
    "an unknown date": (
        {"spells": [{**SPELLS_OF_7, "events": {"stay": []}, "exit": "died"}]},
        "source.spells.0.exit: 'died' is not a column of this cohort",
    ),
    "a date that is none": (
        {"spells": [{**SPELLS_OF_7, "events": {"stay": []}, "exit": "sex"}]},
        "source.spells.0.exit: 'sex' is of type category, not a date",
    ),
}


@pytest.mark.parametrize("mistake", NAMES)
def test_a_name_that_leads_nowhere_is_found_before_anything_is_read(mistake: str, tmp_path: Path) -> None:
    changed, message = NAMES[mistake]
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(settings_of(**changed)), encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(message)):
        load_cohort(path)


def test_a_column_names_a_file_that_there_is_and_the_identifier_none(tmp_path: Path) -> None:
    settings = settings_of()
    settings["columns"]["sex"]["file"] = "wave8"  # type: ignore[index]
    settings["columns"]["id"]["file"] = "wave7"  # type: ignore[index]
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_cohort(path)
    assert "columns.sex.file: 'wave8' is not a further file of this cohort. Did you mean 'wave7'?" in str(refused.value)
    assert "columns.id.file: the identifier stands in the main table" in str(refused.value)


# --- spells ----------------------------------------------------------------------------------------------------------

BORN = {ADA: "2000-01-01", BEN: "2000-02-29", CAS: "2000-06-01", DEE: ""}
LEFT = {ADA: "", BEN: "2004-12-31", CAS: "2001-12-31", DEE: ""}
DATED = Codebook(
    "own",
    {
        **BOOK.columns,
        "born": Column(role="birth_date", type="date", label="Born"),
        "left": Column(role="baseline", type="date", label="Left"),
    },
)
STAYS = pd.DataFrame(
    [
        (ADA, "2001-12-30", "2002-01-02", "S", "400"),  # 2 of 4 days in ages 1, 2 in 2 to 3
        (ADA, "2003-05-01", "2003-05-01", "S", "50"),
        (ADA, "2003-06-01", "2003-06-10", "P", "30"),
        (BEN, "2002-02-27", "2002-03-02", "S", "40"),  # his second birthday is 1 March: 2 days before it, 2 from it on
        (BEN, "2004-06-01", "2004-06-02", "S", "7"),  # after the windows
        (CAS, "2001-07-01", "2001-07-02", "S", "9"),  # he left in ages 1: not followed through it
        (DEE, "2003-01-01", "2003-01-02", "S", "9"),  # nobody knows her age
        (ADA, "2003-01-01", "2003-01-02", "X", "9"),  # of no kind that is asked for
        ("900", "2003-01-01", "2003-01-02", "S", "9"),  # a stranger
    ],
    columns=["no", "from", "to", "ward", "eur"],
)
SPELLS = {
    "file": "stays",
    "start": "from",
    "end": "to",
    "what": "ward",
    "amount": "eur",
    "exit": "left",
    "until": "2010-12-31",
    "costs": {"somatic": ["S"], "mental": ["P"]},
    "windows": {"1": {"ages": [1, 2]}, "2-3": {"ages": [2, 4]}, "2003": {"dates": ["2003-01-01", "2003-12-31"]}},
}


def with_stays(folder: Path, table: pd.DataFrame, **spells: object) -> tuple[Cohort, list[str]]:
    people = MAIN.assign(born=[BORN[p] for p in PEOPLE], left=[LEFT[p] for p in PEOPLE])
    files = {"stays": {"path": written(table, folder / "stays.csv"), "id": "no"}}
    return told(written(people, folder / "main.csv"), DATED, files=files, spells=[{**SPELLS, **spells}])


def amounts(read: Cohort) -> dict[tuple[str, str, str], float]:
    return {(c.id, c.sector, c.window): c.amount for c in read.costs.itertuples()}


def test_amounts_of_spells_are_split_by_days_and_zero_for_who_is_followed_without_one(tmp_path: Path) -> None:
    read, _ = with_stays(tmp_path, STAYS)
    assert amounts(read) == pytest.approx(
        {
            (ADA, "somatic", "1"): 200,
            (ADA, "somatic", "2-3"): 250,
            (ADA, "somatic", "2003"): 50,
            (ADA, "mental", "1"): 0,
            (ADA, "mental", "2-3"): 30,
            (ADA, "mental", "2003"): 30,
            (BEN, "somatic", "1"): 20,
            (BEN, "somatic", "2-3"): 20,
            (BEN, "somatic", "2003"): 0,
            (BEN, "mental", "1"): 0,
            (BEN, "mental", "2-3"): 0,
            (BEN, "mental", "2003"): 0,
        }
    )


def test_without_an_amount_the_days_count(tmp_path: Path) -> None:
    read, _ = with_stays(tmp_path, STAYS.drop(columns="eur"), amount=None)
    assert amounts(read)[ADA, "mental", "2003"] == 10
    assert amounts(read)[BEN, "somatic", "1"] == 2


def test_every_spell_and_every_person_is_in_one_count(tmp_path: Path) -> None:
    _, said = with_stays(tmp_path, STAYS)
    summary = said[-1]
    assert "file stays: of 9 spells 4 count, 1 are of ids that are not in the main table" in summary
    assert "1 are of kinds that no costs or events name, 3 lie outside the windows and the follow-up" in summary
    assert "1 of 4 people are not followed" in summary
    assert "1: 2 people followed through it; 2-3: 2 people" in summary


def test_an_amount_that_is_not_known_leaves_the_total_unknown(tmp_path: Path) -> None:
    table = STAYS.replace({"eur": {"50": "-9"}})
    read, said = with_stays(tmp_path, table, amount={"source": "eur", "missing": [-9]})
    assert (ADA, "somatic", "2003") not in amounts(read)
    assert (ADA, "somatic", "2-3") not in amounts(read)
    assert amounts(read)[ADA, "somatic", "1"] == 200
    assert "2 totals are not known, for want of an amount" in said[-1]
    with pytest.raises(DataError, match="file stays: 1 spells have a negative amount"):
        with_stays(tmp_path, table)


@pytest.mark.parametrize(("column", "value"), [("from", ""), ("to", "2003-04-30")])
def test_a_spell_needs_its_days_in_order(column: str, value: str, tmp_path: Path) -> None:
    table = STAYS.copy()
    table.loc[1, column] = value
    counts = "1 of 9 spells lack .* and 0 end" if value == "" else "0 of 9 spells lack .* and 1 end"
    with pytest.raises(DataError, match=counts):
        with_stays(tmp_path, table)


def test_a_spell_without_a_last_day_goes_on_until_the_file_ends(tmp_path: Path) -> None:
    table = STAYS.drop(columns="eur").replace({"to": {"2003-06-10": ""}})
    read, said = with_stays(tmp_path, table, amount=None)
    assert amounts(read)[ADA, "mental", "2003"] == 30 + 31 + 31 + 30 + 31 + 30 + 31
    assert "1 spells without a last day go on until 2010-12-31" in said[-1]


def test_kinds_that_occur_in_no_spell_are_told_and_an_error_if_there_is_no_other(tmp_path: Path) -> None:
    _, said = with_stays(tmp_path, STAYS, costs={"somatic": ["S", "T"]})
    assert "cohort own, file stays: no spell is of kind T" in said
    with pytest.raises(DataError, match="file stays: no spell is of kind T, U"):
        with_stays(tmp_path, STAYS, costs={"somatic": ["T", "U"]})


def test_ages_need_a_date_of_birth_and_dates_do_not(main: str, tmp_path: Path) -> None:
    files = {"stays": {"path": written(STAYS, tmp_path / "stays.csv"), "id": "no"}}
    by_date = {**SPELLS, "exit": None, "begin": "2000-01-01", "windows": {"2003": SPELLS["windows"]["2003"]}}  # type: ignore[index]
    read, _ = told(main, files=files, spells=[by_date])
    assert amounts(read)[DEE, "somatic", "2003"] == 9
    with pytest.raises(DataError, match="counted from birth, and no column has role birth_date"):
        told(main, files=files, spells=[{**by_date, "windows": {"1": {"ages": [1, 2]}}}])


def test_the_first_spell_of_a_kind_after_entry_is_an_event(tmp_path: Path) -> None:
    asked = {"costs": {}, "windows": {}, "events": {"somatic_stay": ["S"], "any_stay": []}, "begin": "2002-02-27"}
    read, said = with_stays(tmp_path, STAYS, **asked)
    days = (read.events[["entry_age", "exit_age"]] * 365.25).round(6)
    rows = read.events.assign(**days)[["id", "event", "entry_age", "exit_age", "status"]]
    # Ada had a stay before 27 February 2002, Ben on that day, and Cas left before it
    assert rows.empty
    assert "somatic_stay: 0 people followed, 2 had it by entry" in said[-1]
    read, said = with_stays(tmp_path, STAYS, **{**asked, "begin": None})
    entered = pd.to_datetime(read.events["id"].map(BORN))
    expected = {ADA: "2001-12-30", BEN: "2002-02-27", CAS: "2001-07-01"}
    assert read.events["entry_age"].tolist() == [0] * 6
    on = entered + pd.to_timedelta((read.events["exit_age"] * 365.25).round(), unit="D")
    assert dict(zip(read.events["id"], on.dt.strftime("%Y-%m-%d"), strict=True)) == expected
    assert read.events["status"].tolist() == [1] * 6
    read, said = with_stays(tmp_path, STAYS, **{**asked, "begin": None, "events": {"mental_stay": ["P"]}})
    assert dict(zip(read.events["id"], read.events["status"], strict=True)) == {ADA: 1, BEN: 0, CAS: 0}
    ends = (read.events["exit_age"] * 365.25).round().tolist()
    assert ends[2] == (pd.Timestamp("2001-12-31") - pd.Timestamp("2000-06-01")).days


# --- families and births ---------------------------------------------------------------------------------------------


def test_a_family_file_is_joined_and_people_without_a_family_are_counted(main: str, tmp_path: Path) -> None:
    path = written(pd.DataFrame({"no": [ADA, BEN, DEE], "household": ["01", "1", "01"]}), tmp_path / "families.csv")
    family = Column(role="family", type="category", label="Family", source="household", file="families")
    book = Codebook("own", {**BOOK.columns, "family": family})
    read, said = told(main, book, files={"families": {"path": path, "id": "no"}})
    assert read.persons["family"].astype(object).where(lambda f: f.notna(), None).tolist() == ["01", "1", None, "01"]
    assert len(said) == 1
    assert "without a row: 1; what it holds is empty for them" in said[0]


BIRTHS = pd.DataFrame(
    [
        ("1", "m1", "f1", "2000-01-01"),
        ("2", "m1", "f1", "2002-01-01"),  # twins around midnight: one delivery
        ("3", "m1", "f1", "2002-01-02"),
        ("4", "m1", "f2", "2003-01-01"),  # another father: another family, the same mother's third delivery
        ("5", "m2", "f1", "1999-05-05"),
        ("6", "m2", "", "2000-05-04"),
        ("7", "", "f1", "2001-01-01"),
        ("8", "m1", "f1", ""),
    ],
    columns=["no", "mother", "father", "born"],
)


def test_family_parity_and_interval_come_from_the_parents_of_all_births_of_a_file(tmp_path: Path) -> None:
    births = {"mother": "mother", "father": "father", "born": "born"}
    path = written(BIRTHS.iloc[::-1], tmp_path / "births.csv")
    files = {"births": {"path": path, "id": "no", "births": births}}
    # the first birth is not in the cohort, and counts as an elder one all the same
    people = written(pd.DataFrame({"pid": list("2345678")}), tmp_path / "main.csv")
    book = Codebook(
        "own",
        {
            **BOOK.columns,
            "family": Column(role="family", type="integer", label="Family", file="births"),
            "parity": Column(role="baseline", type="integer", label="Parity", file="births"),
            "gap": Column(role="baseline", type="number", label="Days", source="interval", file="births"),
        },
    )
    read, said = told(people, book, files=files)
    table = read.persons.set_index("id").astype("Float64").astype(object)
    rows = table.where(table.notna(), None)
    assert rows["parity"].to_dict() == {"2": 1, "3": 1, "4": 2, "5": 0, "6": 1, "7": None, "8": None}
    assert rows["gap"].to_dict() == {"2": 731, "3": 731, "4": 365, "5": None, "6": 365, "7": None, "8": None}
    family = rows["family"].to_dict()
    assert family["2"] == family["3"] == family["8"]
    assert len({family["2"], family["4"], family["5"]}) == 3
    assert family["6"] is None
    assert family["7"] is None
    assert "of 8 births 2 have no family, for want of a parent's id, and 2 no parity" in said[1]
    assert "1 of 8 rows, of 1 identifiers, belong to nobody in the main table" in said[0]


# --- costs and derived columns ---------------------------------------------------------------------------------------


def test_costs_and_derived_columns_may_stand_in_further_files(main: str, tmp_path: Path) -> None:
    path = written(pd.DataFrame({"no": [ADA, BEN], "nights": ["2", ""]}), tmp_path / "care.csv")
    amount = {"source": "nights", "file": "care"}
    book = Codebook("own", {**BOOK.columns, "more": Column(role="baseline", label="More")})
    read, _ = told(
        main,
        book,
        files={"care": {"path": path, "id": "no"}},
        costs=[{"sector": "hospital", "window": "40", "amount": amount}],
        derived={"more": {"kind": "sum", "of": [amount], "plus": 1}},
    )
    assert read.costs.values.tolist() == [[ADA, "hospital", "40", 2.0]]
    assert read.persons["more"].tolist()[0] == 3
    assert read.persons["more"].isna().tolist() == [False, True, True, True]
