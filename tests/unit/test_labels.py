"""Labels, titles and descriptions are for display: editing each of them changes no number, no row and no key."""

from functools import cache
from typing import Any

import pandas as pd
import pytest
from evenwicht.config import CohortConfig
from evenwicht.config.loading import read_yaml, validate
from evenwicht.config.recovered import recovered_studies
from evenwicht.report.tables import attrition, replication, table_one
from evenwicht.results.rows import with_truth
from evenwicht.worlds import exact_values

from tests.cohorts import ROOT, Tables, every_study, people_of
from tests.worlds import published

FILES = sorted(path.stem for path in (ROOT / "config").glob("*.yaml") if path.stem != "config")
WORDS = {"label", "title", "description"}
REAL, SYNTHETIC = ["nhefs", "bwght"], ["famine", "deprivation", "register_nz"]
RUN = [*REAL, *SYNTHETIC]  # quick ones, with labels of codes, windows, assessments and sectors


def edited(value: Any, key: str = "") -> Any:
    """The same section with every word of display another one; codes with one label keep one, as that is one level."""
    if key in WORDS:
        return f"Another word for {value!r}"
    if key == "codes":
        return {code: f"another {label}" for code, label in value.items()}
    if isinstance(value, dict):
        return {name: edited(part, str(name)) for name, part in value.items()}
    return [edited(part) for part in value] if isinstance(value, list) else value


def words_in(value: Any, key: str = "") -> list[str]:
    """Every word of display in a section."""
    if key in WORDS:
        return [value]
    if key == "codes":
        return list(value.values())
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [word for name, part in parts for word in words_in(part, str(name))]


@cache
def both(name: str) -> tuple[CohortConfig, CohortConfig]:
    """A cohort file as it is, and with every label, title and description edited."""
    data = read_yaml(ROOT / f"config/{name}.yaml")
    return validate(CohortConfig, data, name), validate(CohortConfig, edited(data), name)


@cache
def found(name: str) -> tuple[Tables, Tables]:
    """All tables of both files, with true values where a world gives them in closed form, and with descriptions."""

    def tables(config: CohortConfig) -> Tables:
        people, book = people_of(config, 81, "labels"), config.codebook
        tables = every_study(config, people)
        tables["table1"] = table_one(people, book, config.table1, config.described_by)
        tables["attrition"] = attrition(people, published())
        if config.synthetic:
            tables["truth"] = exact_values(config.source, book, config.questions)
            tables["estimates"] = with_truth(tables["estimates"], tables["truth"])
        return tables

    here, there = (tables(config) for config in both(name))
    return here, there


@pytest.mark.parametrize("name", FILES)
def test_every_word_is_another_one_after_the_edit(name: str) -> None:
    data = read_yaml(ROOT / f"config/{name}.yaml")
    before, after = words_in(data), words_in(edited(data))
    assert len(before) == len(after) >= 5
    assert not set(before) & set(after)


@pytest.mark.parametrize("name", FILES)
def test_no_job_is_told_of_an_edited_label(name: str) -> None:
    """What a job is given is the same, so that none runs again, and nothing of recovery is out of date."""
    here, there = both(name)
    assert here.needed() == there.needed()
    for studies in ([], *here.jobs.values(), recovered_studies(here)):
        assert here.needed(studies) == there.needed(studies)
    assert here.jobs == there.jobs


@pytest.mark.parametrize("name", FILES)
def test_no_key_of_a_row_and_no_question_depends_on_a_label(name: str) -> None:
    here, there = both(name)
    assert here.questions == there.questions
    assert here.described_by == there.described_by
    for study in here.studies:
        keys = [list(config.studies[study].labels(config.codebook)) for config in (here, there)]
        assert keys[0] == keys[1]


@pytest.mark.parametrize("name", RUN)
def test_an_edited_label_changes_no_number_no_row_and_no_key(name: str) -> None:
    here, there = found(name)
    assert list(here) == list(there)
    assert len(here["estimates"])
    for table in here:
        pd.testing.assert_frame_equal(here[table], there[table], check_exact=True)


@pytest.mark.parametrize("name", REAL)
def test_an_edited_label_changes_no_row_of_the_replication(name: str) -> None:
    here, there = (
        replication(tables["estimates"], tables["diagnostics"], published(), synthetic=[]) for tables in found(name)
    )
    assert len(here) == (published().eval("use == 'check'") & (published()["cohort"] == name)).sum() > 0
    pd.testing.assert_frame_equal(here, there, check_exact=True)
