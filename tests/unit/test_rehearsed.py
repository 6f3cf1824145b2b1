"""What a page says that studies could see, once twins of a cohort were drawn."""

from pathlib import Path

import pandas as pd
import pytest
from evenwicht.base.files import rehearsal_file
from evenwicht.display.language import speaking
from evenwicht.rehearsal.judged import REHEARSAL
from evenwicht.report.rehearsed import read_rehearsals, rehearsed_section

from tests.pages import pages_of, run_of, section_of


def rows(*power: float, put_in: str = "estimate", effect: float = 0.3) -> pd.DataFrame:
    """One row for each outcome of the programme of the intervention cohort, with the chance to see its effect."""
    return REHEARSAL.table([
        {"cohort": "intervention", "study": "programme", "outcome": outcome, "exposure": "assigned", "reference": "no",
         "estimand": "mean_difference", "method": "regression", "put_in": put_in, "estimate": 0.3, "lower": 0.1,
         "upper": 0.5, "effect": effect, "draws": 200, "power": chance, "coverage": 0.945, "type_s": 0.02, "type_m": 1.6}
        for outcome, chance in zip(("skill_5", "skill_15"), power, strict=False)
    ])  # fmt: skip


def section(table: pd.DataFrame, folder: Path, language: str = "en") -> str:
    with speaking(language):
        pages = pages_of(run_of("intervention"), {"rehearsal": table}, folder)
    return section_of(pages["cohort-intervention"], "rehearsed")


def test_a_page_says_what_chance_a_study_had(tmp_path: Path) -> None:
    told = section(rows(0.34), tmp_path)
    assert "had a chance of 34% to see an effect as large as the one found." in told
    for part in ("+0.30 (+0.10 to +0.50)", "+0.30 as large as found", "34% 2% 1.6 94%", "of 200 cohorts"):
        assert part in told


def test_of_several_comparisons_the_least_and_the_greatest_chance_are_said(tmp_path: Path) -> None:
    assert "a chance of 34% to 80% to see effects as large as those found." in section(rows(0.34, 0.8), tmp_path)


def test_intervals_that_miss_the_truth_are_said(tmp_path: Path) -> None:
    told = section(rows(0.9).assign(coverage=0.4), tmp_path)
    assert "As few as 40% of its 95% intervals held the true effect" in told
    assert "As few as" not in section(rows(0.9), tmp_path)


def test_it_is_said_in_dutch(tmp_path: Path) -> None:
    told = section(rows(0.34), tmp_path, "nl")
    assert "een kans van 34% om een effect te zien zo groot als het gevonden effect" in told


def test_an_effect_that_matters_has_a_line_and_no_sentence(tmp_path: Path) -> None:
    told = section(rows(0.34, put_in="margin"), tmp_path)
    assert "smallest that matters" in told
    assert "had a chance" not in told


@pytest.mark.parametrize("table", [rows(), rows(0.05, effect=0.0)], ids=["no twin drawn", "no effect put in"])
def test_without_effects_in_twins_there_is_no_section(table: pd.DataFrame) -> None:
    assert rehearsed_section(run_of("intervention").cohorts["intervention"], table) is None


def test_tables_of_twins_are_read_under_the_name_of_the_cohort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = rehearsal_file("intervention")
    file.parent.mkdir(parents=True)
    rows(0.34).assign(cohort="intervention_twin").to_csv(file, index=False)
    assert read_rehearsals({"intervention": file})["cohort"].tolist() == ["intervention"]
    assert not len(read_rehearsals({}))
