"""The Cohort: what it promises on disk and which tables it refuses."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from evenwicht.base.errors import DataError
from evenwicht.cohort import Cohort, read_cohort


def test_a_cohort_comes_back_from_disk_as_it_was(dunedin: Cohort, tmp_path: Path) -> None:
    dunedin.write(tmp_path)
    back = read_cohort(tmp_path)
    assert back.columns == dunedin.columns
    for table in ("persons", "measures", "events", "costs"):
        pd.testing.assert_frame_equal(
            getattr(back, table), getattr(dunedin, table), check_dtype=False, check_categorical=False
        )


def test_writing_twice_gives_the_same_bytes(dunedin: Cohort, tmp_path: Path) -> None:
    dunedin.write(tmp_path / "one")
    dunedin.write(tmp_path / "two")
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_a_folder_without_its_files_is_refused(dunedin: Cohort, tmp_path: Path) -> None:
    dunedin.write(tmp_path)
    (tmp_path / "events.parquet").unlink()
    with pytest.raises(DataError, match="files are missing: events.parquet"):
        read_cohort(tmp_path)


def test_roles_find_columns(dunedin: Cohort) -> None:
    assert dunedin.id == "id"
    assert dunedin.role("stressor") == ["unsafe_home", "parental_mental_illness", "maltreatment", "prenatal_exposure"]


def first_event(cohort: Cohort, **values: object) -> Cohort:
    events = cohort.events.copy()
    for name, value in values.items():
        events.loc[0, name] = value
    return replace(cohort, events=events)


MISTAKES = {
    "missing column": (
        lambda c: replace(c, persons=c.persons.drop(columns="ses")),
        "persons: columns are missing: ses",
    ),
    "person twice": (
        lambda c: replace(c, persons=pd.concat([c.persons, c.persons[:1]])),
        "'id' is empty in 0 rows, and 1 rows repeat an earlier one",
    ),
    "exit before entry": (lambda c: first_event(c, exit_age=1.0), r"events: exit before entry in 1 rows \(\w+: 1\)\."),
    "impossible age": (lambda c: first_event(c, exit_age=400.0), "impossible exit age"),
    "empty age": (lambda c: first_event(c, exit_age=float("nan")), "empty age"),
    "unknown status": (lambda c: first_event(c, status=2), "status other than 0 or 1"),
    "unknown person": (lambda c: first_event(c, id=10**9), "events: 1 rows belong to nobody in persons"),
    "impossible age at a wave": (
        lambda c: replace(c, measures=c.measures.assign(age=999.0)),
        "measures: impossible age in",
    ),
    "negative cost": (lambda c: replace(c, costs=c.costs.assign(amount=-1.0)), "negative amount"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_tables_that_break_their_promise_are_refused(mistake: str, dunedin: Cohort) -> None:
    change, message = MISTAKES[mistake]
    with pytest.raises(DataError, match=message) as refused:
        change(dunedin).check()
    assert "{" not in str(refused.value)  # a person's row
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[unclosed", b"- a list", b"name: a\n"])
def test_a_description_that_is_not_whole_is_one_message(content: bytes, dunedin: Cohort, tmp_path: Path) -> None:
    dunedin.write(tmp_path)
    (tmp_path / "cohort.yaml").write_bytes(content)
    with pytest.raises(DataError, match="a file is not complete or not as this version writes it"):
        read_cohort(tmp_path)


def test_a_table_that_is_not_whole_is_one_message(dunedin: Cohort, tmp_path: Path) -> None:
    dunedin.write(tmp_path)
    (tmp_path / "events.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="a file is not complete or not as this version writes it"):
        read_cohort(tmp_path)


def test_a_cohort_without_truth_is_the_same_type(nhefs: Cohort, dunedin: Cohort) -> None:
    assert type(nhefs) is type(dunedin)
    assert nhefs.truth.empty
