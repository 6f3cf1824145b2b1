"""Real data becomes a Cohort only if every column, code, date and range is as described."""

from pathlib import Path

import pandas as pd
import pytest
from evenwicht.cohort import Cohort
from evenwicht.config import Column
from evenwicht.errors import DataError
from evenwicht.ingest.table import ingest
from evenwicht.ingest.typing import typed
from evenwicht.loading import load_cohort

from tests.conftest import ROOT


def column(**settings: object) -> Column:
    return Column.model_validate({"role": "baseline", "label": "x", **settings})


def test_codes_become_labels_in_the_order_described() -> None:
    sex = typed(
        pd.Series([2, 1.0, "2", 9]), "sex", column(type="category", codes={1: "m", 2: "f"}, missing=[9]), "file"
    )
    assert list(sex.cat.categories) == ["m", "f"]
    assert sex.tolist()[:3] == ["f", "m", "f"]
    assert pd.isna(sex[3])


def test_types_are_as_described() -> None:
    raw = pd.Series(["1", "0", None])
    assert typed(raw, "x", column(type="boolean"), "file").tolist()[:2] == [True, False]
    assert typed(raw, "x", column(type="integer"), "file").dtype == "Int64"
    assert typed(raw, "x", column(), "file").dtype == "float64"
    assert typed(pd.Series(["1944-11-01"]), "x", column(type="date"), "file")[0] == pd.Timestamp(1944, 11, 1)


MISTAKES = {
    "unknown code": ({"type": "category", "codes": {1: "m"}}, [1, 3], "unknown code '3' in 1 rows.*Known: 1"),
    "boolean that is not": ({"type": "boolean"}, [0, 1, 2], "unknown code '2'"),
    "impossible date": ({"type": "date"}, ["1944-11-01", "1944-02-30"], "1 values are not a date, first '1944-02-30'"),
    "not a number": ({}, [1, "many"], "1 values are not a number, first 'many'"),
    "out of range": ({"minimum": 0, "maximum": 120}, [50, 999], "1 values are outside 0 to 120, first '999'"),
    "not whole": ({"type": "integer"}, [1, 1.5], "1 values are not a whole number"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_values_that_are_not_as_described_are_refused(mistake: str) -> None:
    settings, values, message = MISTAKES[mistake]
    with pytest.raises(DataError, match=f"file: column 'x': {message}"):
        typed(pd.Series(values, dtype=object), "x", column(**settings), "file")


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


def test_the_template_for_own_cohorts_reads_a_csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    own_table().to_csv("data/own_cohort.csv", index=False)
    cohort = ingest(load_cohort(ROOT / "config/own_cohort_example.yaml"))
    assert len(cohort.persons) == 200
    assert cohort.persons["parental_income"].isna().sum() == 4
    assert cohort.measures["value"].isna().sum() == 20
    assert cohort.events["status"].sum() == 67


def test_an_absent_file_or_column_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load_cohort(ROOT / "config/own_cohort_example.yaml")
    with pytest.raises(DataError, match="data/own_cohort.csv: no such file"):
        ingest(config)
    (tmp_path / "data").mkdir()
    own_table().drop(columns=["sex", "exit_age"]).to_csv("data/own_cohort.csv", index=False)
    with pytest.raises(DataError, match="columns are missing: sex, exit_age"):
        ingest(config)


def test_nhefs_is_the_published_extract(nhefs: Cohort) -> None:
    assert len(nhefs.persons) == 1629
    weighed = nhefs.measures[nhefs.measures["wave"] == "1982"]["value"]
    assert weighed.notna().sum() == 1566
    assert nhefs.events["status"].sum() == 318
    followed = ((nhefs.events["exit_age"] - nhefs.events["entry_age"]) * 12).round(9)
    assert followed.max() == 120
    assert (followed % 1 == 0).all()
