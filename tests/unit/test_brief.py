"""The brief: two pages in plain words, in which every sentence is chosen by rows and by what may be said of them."""

import html
import re
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from evenwicht.config import CohortConfig, Run
from evenwicht.config.run import RunConfig
from evenwicht.display.certainty import Check
from evenwicht.display.language import LANGUAGES, Language, speaking
from evenwicht.report.brief import brief, checks_told, write_briefs
from evenwicht.report.sites import brief_file
from evenwicht.results.schema import RECOVERY

from tests.cohorts import Tables, changed, configured, every_study, people_of, with_studies
from tests.conftest import ROOT

DIRECTION = re.compile(r"\b(raises?|lowers?|verhoogt|verlaagt)\b")
MOST_WORDS = 700  # on two pages
READABLE = {"en": 35, "nl": 40}  # most of LIX; Bjornsson 1968: below 40 is easy, Dutch compounds push it up
NOTHING = {"source.stressor_effect": "null", "source.policy_effect": "null"}


def world(**changes: str) -> CohortConfig:
    return with_studies(
        changed(configured("dunedin"), {**changes, "scenario_studies": []}), "stressors", "child_benefit", "ledger"
    )


CONFIGS = {
    "dunedin": world(),
    "null": world(**NOTHING),
    "rationing": with_studies(configured("rationing"), "rationed", "household", "ledger"),
    "intervention": configured("intervention"),
    "nhefs": with_studies(configured("nhefs"), "quitting", "ledger"),
}


@cache
def tables(name: str) -> Tables:
    return every_study(CONFIGS[name], people_of(CONFIGS[name], 81))


@cache
def written(name: str, language: Language, folder: Path) -> str:
    config = CONFIGS[name]
    run = Run(settings=RunConfig(seed=1, cohorts=[f"config/{name}.yaml"]), cohorts={config.name: config})
    write_briefs(run, {**tables(name), "recovery": RECOVERY.table([])}, ROOT / "workflow/report", folder)
    return (folder / brief_file(config.name, language)).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("briefs")


def paragraphs(page: str) -> list[str]:
    """What is said in sentences, without tables, pictures and heads."""
    body = page[page.index("<main>") :]
    body = re.sub(r"<svg.*?</svg>|<table.*?</table>|<button.*?</button>", "", body, flags=re.DOTALL)
    return [
        html.unescape(re.sub(r"<[^>]+>", "", text)).strip()
        for text in re.findall(r"<p[^>]*>(.*?)</p>", body, re.DOTALL)
    ]


def told(name: str) -> dict[str, object]:
    return brief(CONFIGS[name], tables(name), RECOVERY.table([]))


# --- what is said -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_made_up_cohort_is_called_so_first_and_a_real_one_is_not(language: Language, folder: Path) -> None:
    made_up = {"en": "made up by a computer", "nl": "gemaakt met de computer"}[language]
    assert made_up in paragraphs(written("dunedin", language, folder))[0]
    assert made_up not in written("nhefs", language, folder)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_world_in_which_nothing_happens_yields_no_sentence_of_an_effect(language: Language, folder: Path) -> None:
    assert not any(DIRECTION.search(text) for text in paragraphs(written("null", language, folder)))


def test_where_something_happens_a_direction_can_be_told(folder: Path) -> None:
    """Else the test above could not fail."""
    assert any(DIRECTION.search(text) for text in paragraphs(written("intervention", "en", folder)))


@pytest.mark.parametrize("name", CONFIGS)
def test_what_is_told_without_being_sure_has_no_direction(name: str) -> None:
    found = told(name)
    unsure = [text for text in found["short"] if re.match(r"We (cannot tell|do not know)", text)]
    assert not any(DIRECTION.search(text) for text in unsure)


def test_every_check_that_fails_is_in_the_brief_and_all_are_counted() -> None:
    checks = [Check("Do trends explain it?", reading, answer="yes") for reading in ("fails", "holds")]
    checks += [Check("Is it sharp?", "unclear"), Check("Is it sharp?", "unclear")]
    lines = checks_told(checks)
    assert lines[0] == "It does not hold: Do trends explain it? yes."
    assert lines[-1] == "Of 3 checks, 1 hold, 0 hold but not in size, 1 fail, and 1 cannot tell."


def test_persons_and_policies_stand_side_by_side_with_their_rows() -> None:
    ledger = tables("dunedin")["estimates"].query("study == 'ledger' and estimand == 'change_in_cases'")
    poverty = ledger.query("exposure == 'poverty' and subgroup == '' and outcome == 'multi_sector_need'").iloc[0]
    sides = told("dunedin")["sides"]
    line = next(row for row in sides.rows if str(row["about"]).startswith("Poverty"))
    shown = float(str(line["change"]).split(" ")[0].replace(",", "").replace("−", "-"))
    assert shown == pytest.approx(poverty["estimate"], rel=0.05)  # two or three digits are shown
    assert sum("introduced" in str(row["about"]) for row in sides.rows) == 1


def test_a_lever_tells_who_pays_and_that_referrals_are_an_assumption(folder: Path) -> None:
    texts = paragraphs(written("dunedin", "en", folder))
    assert any("paid by: municipality" in text for text in texts)
    assert any("referrals to youth care" in text and "an assumption, not a finding" in text for text in texts)


def test_advice_tells_from_which_pressure_on_it_does_harm_and_that_this_is_assumed(folder: Path) -> None:
    texts = [text for text in paragraphs(written("rationing", "en", folder)) if "more harm than good" in text]
    assert len(texts) == 1
    assert "it is an assumption" in texts[0]


def test_a_cohort_without_a_ledger_has_a_brief_all_the_same() -> None:
    config = with_studies(configured("nhefs"), "quitting")
    found = brief(config, every_study(config, people_of(config, 82)), RECOVERY.table([]))
    assert found["short"]
    assert not found["sides"]


# --- how it reads -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CONFIGS)
def test_it_is_short_and_easy_to_read(name: str, language: Language, folder: Path) -> None:
    """LIX: words per sentence, and words of more than six letters of a hundred."""
    texts = paragraphs(written(name, language, folder))
    words = [word for text in texts for word in re.findall(r"[^\W\d_][\w’'-]*", text)]
    sentences = [part for text in texts for part in re.split(r"(?<=[.?!])\s+", text) if re.search("[a-z]", part)]
    long = sum(len(word) > 6 for word in words)
    assert 100 < len(words) <= MOST_WORDS
    assert len(words) / len(sentences) + 100 * long / len(words) <= READABLE[language]


def test_the_language_of_the_moment_is_that_of_the_brief() -> None:
    with speaking("nl"):
        assert checks_told([])[0].startswith("We hadden voor geen uitkomst")


def test_rows_of_other_cohorts_are_left_out() -> None:
    others = tables("dunedin")["estimates"].assign(cohort="other")
    both = {**tables("dunedin"), "estimates": pd.concat([tables("dunedin")["estimates"], others])}
    assert brief(CONFIGS["dunedin"], both, RECOVERY.table([]))["short"] == told("dunedin")["short"]
