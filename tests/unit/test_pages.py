"""The pages of a run: what each tells, and what none tells where there is nothing to tell."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.cohort import Cohort
from evenwicht.config import AS_CONFIGURED, CohortConfig, Run
from evenwicht.config.recovered import recovery_settings
from evenwicht.estimators.results import Interval
from evenwicht.report.methods import methods_used
from evenwicht.results import schema
from evenwicht.results.reading import read_tables
from evenwicht.results.rows import Findings

from tests.cohorts import described
from tests.conftest import ROOT, WORLDS
from tests.pages import EMPTY, Pages, bare_keys, empty_sections, pages_of, rows_of, run_of, section_of, told_by
from tests.rows import FEW, Tables, about, estimates, some_rows, some_tables, tables

REAL = ["nhefs", "bwght"]
BALANCE = {"balance.svg": "Answer", "balance_narrow.svg": "Answer"}
OF_WORLDS = ("made up", "Made-up", "True value", "true value", "ynthetic", "fresh draws")


def with_numbers_only(cohort: str, people: int) -> pd.DataFrame:
    """Table 1 of a cohort of which nothing is described."""
    row = {"cohort": cohort, "statistic": "n", "overall": f"{people}", "missing": 0}
    return schema.TABLE1.table([row])


# --- the default run ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def default_run() -> Run:
    return run_of()


@pytest.fixture(scope="module")
def default_tables(default_run: Run) -> Tables:
    """The committed tables; what was drawn afresh is taken for draws of the present settings, whatever it was."""
    found = read_tables(ROOT / f"results/tables/{name}.csv" for name in EMPTY if name != "verdicts")
    settings = recovery_settings(default_run)
    for name in ("recovery", "scenarios", "coverage"):
        places = zip(found[name]["cohort"], found[name]["scenario"], strict=True)
        present = [settings.get(cohort, {}).get(scenario, "") for cohort, scenario in places]
        found[name] = found[name].assign(settings=present)
    told = {"cohort": "deprivation", "status": "found", "certainty": 3, "verdicts": 10}
    as_configured = {**told, "scenario": AS_CONFIGURED, "right": 9, "wrong": 1, "nothing": 0}
    found["verdicts"] = schema.VERDICTS.table([as_configured, {**told, "scenario": "no_effect", "nothing": 10}])
    return found


@pytest.fixture(scope="module")
def default(default_run: Run, default_tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return pages_of(default_run, default_tables, tmp_path_factory.mktemp("default"), BALANCE)


def test_the_front_page_answers_and_everything_else_stands_beside_it(default: Pages) -> None:
    of_cohorts = {f"cohort-{name}" for name in (*REAL, "randhie", "castle", *WORLDS, "siblings")}
    assert set(default) == {
        "report",
        *of_cohorts,
        "recovery",
        "worlds",
        "methods",
        "estimates",
        "side_effects",
        "checklist",
    }
    front = default["report"]
    assert "<tbody" not in front, "numbers are on the pages beside it"
    assert all(f'href="pages/{page}.html"' in front for page in default if page != "report")
    parts = ('class="lead"', "Could not be estimated", "<figure", "Real cohorts", "Made-up cohorts")
    places = [front.index(part) for part in parts]
    assert places == sorted(places)


def test_no_page_shows_an_id_instead_of_words(default: Pages) -> None:
    assert {page: bare_keys(told_by(html)) for page, html in default.items()} == {page: [] for page in default}


def test_no_page_shows_a_number_that_is_missing(default: Pages) -> None:
    for page, html in default.items():
        words = told_by(html).split()
        assert not {"nan", "NaN", "None", "<NA>", "NaT", "inf"} & set(words), page


def test_no_section_is_empty(default: Pages) -> None:
    assert {page: empty_sections(html) for page, html in default.items()} == {page: [] for page in default}


def test_every_row_of_the_run_is_a_row_of_a_page(default: Pages, default_tables: Tables) -> None:
    for name in ("estimates", "diagnostics"):
        assert rows_of(default["estimates"], name) == len(default_tables[name])


@pytest.mark.parametrize("cohort", REAL)
def test_nothing_made_up_stands_on_the_page_of_a_real_cohort(cohort: str, default: Pages, default_run: Run) -> None:
    page = told_by(default[f"cohort-{cohort}"])
    assert "Real data" in page
    titles = [config.title for name, config in default_run.cohorts.items() if name != cohort]
    for absent in (*OF_WORLDS, *titles):
        assert absent not in page, absent


@pytest.mark.parametrize("cohort", WORLDS)
def test_a_made_up_cohort_says_so_before_anything_else(cohort: str, default: Pages) -> None:
    page = told_by(default[f"cohort-{cohort}"])
    assert page.index("This cohort is made up by a computer") < 200
    assert "Real data" not in page


# --- a run of less --------------------------------------------------------------------------------------------------


def test_a_run_of_one_real_cohort_speaks_of_nothing_else(
    nhefs: Cohort, nhefs_config: CohortConfig, tmp_path: Path
) -> None:
    figures = {
        **BALANCE,
        "nhefs/forest.svg": "Effects",
        "nhefs/quitting/survival_1.svg": "Survival by exposure",
    }
    found = {**some_tables(), "table1": described(nhefs, nhefs_config)}
    pages = pages_of(run_of("nhefs"), found, tmp_path, figures)
    assert set(pages) == {"report", "cohort-nhefs", "methods", "estimates", "side_effects", "checklist"}
    assert "Does a child’s early exposure weigh more, or a policy?" in told_by(pages["report"])
    assert "1,629" in section_of(pages["cohort-nhefs"], "people")
    assert "Survival by exposure. Kaplan–Meier" in told_by(pages["cohort-nhefs"])
    for page in ("report", "cohort-nhefs", "estimates"):
        for absent in (*OF_WORLDS, "Wave", "Reasons to doubt", "Gini", "chance alone", "1629.0"):
            assert absent not in pages[page], (page, absent)
        assert empty_sections(pages[page]) == []


def test_a_run_of_a_register_alone_asks_how_need_concentrates_and_weighs_nothing(tmp_path: Path) -> None:
    rows = about("concentration", "welfare", "", "", "register_nz")
    rows.add("gini", "observed", Interval.normal(0.86, 0.01), n=6000, at="2006-2016")
    pages = pages_of(
        run_of("register_nz"), {**tables(rows), "table1": with_numbers_only("register_nz", 6000)}, tmp_path
    )
    front, page = told_by(pages["report"]), told_by(pages["cohort-register_nz"])
    assert "How does need concentrate in few people?" in front
    assert "<figure" not in pages["report"]
    assert "Everybody number 6,000" in page
    for absent in ("xposure", "olicy", "olicies", "Wave", "may be said", "hazard ratio"):
        assert absent not in front + page, absent
    assert empty_sections(pages["cohort-register_nz"]) == []


def test_waves_are_shown_where_there_are_any_and_published_shares_where_they_are_known(tmp_path: Path) -> None:
    wave = {"cohort": "nhefs", "wave": "1", "age": 3, "due": 9, "assessed": 8, "percent_assessed": 89}
    table = schema.ATTRITION.table([wave])
    figures = {"nhefs/attrition.svg": "Waves"}
    shown = pages_of(run_of("nhefs"), {**some_tables(), "attrition": table}, tmp_path / "own", figures)["cohort-nhefs"]
    assert "Assessed" in section_of(shown, "people")
    assert "Published" not in section_of(shown, "people")
    table = table.assign(published_percent=90.0)
    shown = pages_of(run_of("nhefs"), {**some_tables(), "attrition": table}, tmp_path / "known", figures)[
        "cohort-nhefs"
    ]
    assert "Published %" in section_of(shown, "people")


# --- what is missing ------------------------------------------------------------------------------------------------

WRONG = "the model does not converge"


def failing(cohort: str, study: str) -> pd.DataFrame:
    """The rows of a study that fails as a whole."""
    found = Findings(cohort, study)
    with found.part():
        raise ModelError(WRONG, where="here", fix="Leave it out.")
    return found.tables()["estimates"]


def test_a_page_says_why_a_number_or_its_interval_is_missing(tmp_path: Path) -> None:
    rows = about("quitting", "death")
    no_deaths = Interval.not_estimable("no deaths among those who quit")
    rows.add("risk_difference", "crude", no_deaths, n=100, events=0, at=120)
    found = {**some_tables(), "estimates": pd.concat([some_rows(), estimates(rows)])}
    pages = pages_of(run_of("nhefs"), found, tmp_path)
    assert "no deaths among those who quit" in told_by(pages["estimates"])
    assert f"+0.200 (no interval: {FEW})" in section_of(pages["cohort-nhefs"], "conclusions")


def test_what_could_not_be_estimated_is_said_first_on_the_front_page_and_on_that_of_the_cohort(tmp_path: Path) -> None:
    part = about("quitting", "death")
    with part.findings.part("death", "quit", "no"):
        raise ModelError("nobody died", where="here", fix="Follow people for longer.")
    others = some_rows()[lambda rows: rows["outcome"] != "death"]
    found = pd.concat([others, estimates(part), failing("nhefs", "price_as_instrument")])
    pages = pages_of(run_of("nhefs"), {**some_tables(), "estimates": found}, tmp_path, BALANCE)
    front, page = pages["report"], pages["cohort-nhefs"]
    assert told_by(front).lower().index("nobody died") < told_by(front).index("Real cohorts")
    assert "by not estimated" not in told_by(front), "a comparison that no method could make names none"
    assert page.index('<section id="failed">') < page.index('<section id="answer">')
    failed = section_of(page, "failed")
    assert "Quitting smoking between 1971 and 1982 Death within 120 months" in failed
    assert "nobody died" in failed
    assert WRONG in failed
    assert "3.50 kg higher" in section_of(page, "answer"), "all else is still there"


def test_nothing_is_said_to_be_missing_where_nothing_is(tmp_path: Path) -> None:
    given = some_rows()[lambda rows: rows["lower"].notna()]
    rows = about("price_as_instrument", "weight_change")
    rows.add("mean_difference", "iv", Interval.normal(2.4, 19.8), n=100)
    rows.diagnose("anderson_rubin", "iv", Interval(np.nan, lower=-30.0, upper=40.0), at=1)
    others = [about(study, "weight_change") for study in ("dropout", "what_confounds")]
    for other, method in zip(others, ("complete_cases", "step_0"), strict=True):
        other.add("mean_difference", method, Interval.normal(2.4, 0.5), n=100)
    weighed = about("ledger", "weight_change")
    weighed.add("change_in_sds", "standardisation", Interval.normal(0.3, 0.1), n=100)
    priced = about("money", "weight_change")
    priced.add("mean_over_all", "standardisation", Interval.normal(0.3, 0.1), n=100)
    found = tables(rows, *others, weighed, priced)
    found["estimates"] = pd.concat([given, found["estimates"]])
    pages = pages_of(run_of("nhefs"), found, tmp_path, BALANCE)
    for page in ("report", "cohort-nhefs"):
        assert "ould not be estimated" not in told_by(pages[page])


def test_the_pages_stand_when_every_study_failed(default_run: Run, tmp_path: Path) -> None:
    studies = [(cohort, name) for cohort, config in default_run.cohorts.items() for name in config.studies]
    pages = pages_of(default_run, {"estimates": pd.concat([failing(*study) for study in studies])}, tmp_path)
    for cohort, config in default_run.cohorts.items():
        assert section_of(pages[f"cohort-{cohort}"], "failed").count(WRONG) == len(config.studies)


# --- recovery, methods, instruments, worlds -------------------------------------------------------------------------


def test_the_page_of_recovery_says_how_often_what_may_be_said_is_right_in_each_world(default: Pages) -> None:
    page = told_by(default["recovery"])
    assert re.search(r"as configured \D*3 \D*10 9 1 0 90% ± 9", page)
    assert re.search(r"no effect \D*3 \D*10 0 0 10 0% ± 0", page)


def test_a_run_whose_worlds_were_not_drawn_afresh_says_so_and_judges_no_method(tmp_path: Path) -> None:
    html = pages_of(run_of("deprivation"), {}, tmp_path)["recovery"]
    assert "No fresh draws were made for the settings of: Foster-care trial" in told_by(html)
    assert "<tbody" not in html
    assert empty_sections(html) == []


def test_only_methods_that_made_an_estimate_are_explained() -> None:
    used = methods_used(run_of("nhefs"), some_rows())
    assert {section: list(entries) for section, entries in used.items()} == {
        "Individual exposure": ["Crude", "Inverse probability weighting", "Standardisation (g-formula)"],
        "Policy": ["Crude", "Regression"],
    }


def instrument(folder: Path, *allowed: tuple[float, float]) -> str:
    """What the page tells of birth weight by packs, with the price as instrument and this Anderson-Rubin set."""
    rows = about("price_as_instrument", "log_birth_weight", "packs", "per_1", "bwght")
    rows.add("mean_difference", "iv", Interval.normal(3, 10.6), n=1388)
    rows.diagnose("first_stage_f", "iv", 0.0933, note="instrument is weak", exposure="cigarette_price")
    for part, (low, high) in enumerate(allowed, start=1):
        rows.diagnose("anderson_rubin", "iv", Interval(np.nan, lower=low, upper=high), at=part)
    return told_by(pages_of(run_of("bwght"), tables(rows), folder)["cohort-bwght"])


def test_the_page_says_when_an_instrument_cannot_answer(tmp_path: Path) -> None:
    page = instrument(tmp_path, (-np.inf, np.inf))
    assert "it cannot answer" in page
    assert "0.0933" in page
    assert "any effect fits the data" in page


def test_the_page_says_what_an_instrument_answers(tmp_path: Path) -> None:
    page = instrument(tmp_path, (0.5, 2.0))
    assert "cannot answer" not in page
    assert "the effects that fit the data are +0.50 to +2.00" in page


def test_an_instrument_whose_set_has_two_parts_says_both(tmp_path: Path) -> None:
    page = instrument(tmp_path, (-np.inf, -1.0), (2.0, np.inf))
    assert "cannot answer" not in page
    assert "−1.00 or less and +2.00 or more" in page
    assert "large effects either way, but not all between" in page
    assert "any value" not in page


def test_every_published_figure_of_a_world_is_shown_in_words(default: Pages, default_tables: Tables) -> None:
    figures = default_tables["calibration"]
    assert sum(rows_of(default["worlds"], f"published_{name}") for name in set(figures["cohort"])) == len(figures) > 50
    page = told_by(default["worlds"])
    assert "Share of people: no adversity noted in childhood" in page
    assert "Log of earnings at 30" in page
