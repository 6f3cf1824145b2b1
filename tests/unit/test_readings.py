"""The same exposure, read in different ways: which readings stand together, and how far each is off."""

from math import inf, nan

import pandas as pd
import pytest
from evenwicht.config import CohortConfig
from evenwicht.display.section import where
from evenwicht.estimators.results import Interval
from evenwicht.report.readings import Reading, readings, readings_section
from evenwicht.results.reading import read_tables
from evenwicht.results.rows import Rows
from evenwicht.results.schema import QUESTION, RECOVERY
from evenwicht.studies.methods import PEOPLE, SIBLINGS

from tests.cohorts import Tables, configured
from tests.pages import pages_of, run_of, section_of
from tests.recovered import TABLES, biased, recovered, unbiased
from tests.rows import FEW, about, tables

NO_DRAWS = RECOVERY.table([])
GENES = "genes"


def committed(cohort: str) -> Tables:
    """What the default run found in a cohort."""
    found = read_tables(TABLES / f"{name}.csv" for name in ("estimates", "diagnostics", "flow"))
    return {name: where(table, cohort=cohort) for name, table in found.items()}


def of_outcome(config: CohortConfig, found: Tables, outcome: str) -> list[Reading]:
    """The readings of the one exposure that is read in more than one way."""
    (told,) = (each for (name, *_), each in readings(config, found).items() if name == outcome)
    return told


def cells(config: CohortConfig, found: Tables, recovery: pd.DataFrame = NO_DRAWS) -> list[dict[str, str]]:
    """What the first table shows, by head of the column."""
    section = readings_section(config, found, recovery)
    assert section
    table = section["tables"][0]
    return [{column.head: table.text(row, column) for column in table.shown} for row in table.rows]


def drawn(readings: list[Reading], recovery: pd.DataFrame) -> pd.DataFrame:
    """What fresh draws say of these readings."""
    keys = ["study", *QUESTION, "method"]
    wanted = pd.DataFrame([{"study": one.study, **{name: one.row[name] for name in keys[1:]}} for one in readings])
    return recovery.merge(wanted, on=keys)


# --- people of all families, and brothers and sisters -----------------------------------------------------------------


@pytest.fixture(scope="module")
def siblings() -> CohortConfig:
    return configured("siblings")


@pytest.fixture(scope="module")
def found_in_siblings() -> Tables:
    return committed("siblings")


@pytest.fixture(scope="module")
def iq(siblings: CohortConfig, found_in_siblings: Tables) -> list[Reading]:
    return of_outcome(siblings, found_in_siblings, "iq")


def test_what_families_differ_in_biases_people_of_all_families_until_they_are_alike_in_it(iq: list[Reading]) -> None:
    people = [one for one in iq if one.compared == PEOPLE]
    recovery = recovered("siblings")
    assert biased(drawn([one for one in people if GENES not in one.alike], recovery))
    assert unbiased(drawn([one for one in people if GENES in one.alike], recovery))


def test_it_does_not_bias_brothers_and_sisters_made_alike_in_it_or_not(iq: list[Reading]) -> None:
    within = [one for one in iq if one.compared == SIBLINGS]
    assert {GENES in one.alike for one in within} == {True, False}
    assert unbiased(drawn(within, recovered("siblings")))


def test_a_reading_stands_beside_its_bias_and_coverage(siblings: CohortConfig, found_in_siblings: Tables) -> None:
    first, *_ = cells(siblings, found_in_siblings, recovered("siblings"))
    assert first == {
        "Who is compared": "People who differ in it",
        "Made alike in": "nothing: as they are",
        "Difference (95% interval)": "−8.36 (−9.91 to −6.80)",
        "True value": "−2.11",
        "Mean bias ±": "−6.757 ± 0.039",
        "Coverage ±": "0% ± 0",
    }


def test_without_draws_of_these_settings_no_bias_is_told(siblings: CohortConfig, found_in_siblings: Tables) -> None:
    section = readings_section(siblings, found_in_siblings, NO_DRAWS)
    assert section
    assert section["bias"] == "No fresh draws were made with these settings, so no bias is told."
    assert "Mean bias ±" not in cells(siblings, found_in_siblings)[0]


def test_people_come_from_as_they_are_to_alike_in_most(siblings: CohortConfig, found_in_siblings: Tables) -> None:
    """Each line adds to that above it; other people begin anew."""
    lines = cells(siblings, found_in_siblings)
    adversity = "poverty in early childhood; unsafe home; severe mental illness of a parent; "
    adversity += "prenatal exposure to tobacco, alcohol or drugs"
    assert [line["Made alike in"] for line in lines] == [
        "nothing: as they are",
        "sex",
        "as above, and family SES",
        f"as above, and {adversity}",
        "as above, and genetic score",
        f"sex; family SES; {adversity}",
        "as above, and genetic score",
    ]


def test_two_studies_that_compare_alike_give_one_reading_that_of_the_first(iq: list[Reading]) -> None:
    adversity = configured("siblings").adjustments["adversity"].columns
    assert [one.study for one in iq if one.compared == PEOPLE and list(one.alike) == adversity] == ["within_families"]


# --- what is no other reading -----------------------------------------------------------------------------------------


def test_one_way_to_compare_is_no_table_however_often_it_is_adjusted(
    siblings: CohortConfig, found_in_siblings: Tables
) -> None:
    estimates = found_in_siblings["estimates"]
    steps = {**found_in_siblings, "estimates": estimates[estimates["method"].str.fullmatch(r"step_\d")]}
    assert len(steps["estimates"])
    assert readings_section(siblings, steps, NO_DRAWS) is None


def test_another_exposure_is_not_the_same_exposure() -> None:
    """Rationing and the sugar of one household are doses of the same, but not the same dose."""
    assert readings_section(configured("rationing"), committed("rationing"), NO_DRAWS) is None


# --- people and places ------------------------------------------------------------------------------------------------


def test_people_of_a_group_and_groups_are_each_held_against_what_they_ask() -> None:
    """What living among the poor adds is part of what groups differ by; shares are in percentage points."""
    lines = cells(configured("regions"), committed("regions"), recovered("regions"))
    assert [line["True value"] for line in lines] == ["−4.00", "−19.00"]
    speech = readings_section(configured("regions"), committed("regions"), NO_DRAWS)
    assert speech
    assert speech["tables"][1].caption == "Poverty of the family: Delayed speech, percentage points"


# --- real data, and what could not be told ----------------------------------------------------------------------------


def quitting(instrument: Rows | None = None, *others: Rows) -> Tables:
    """Quitting read in people, and by the price as an instrument."""
    people = about("quitting", "weight_change")
    people.add("mean_difference", "crude", Interval.normal(2.5, 0.5), n=100)
    people.add("mean_difference", "regression", Interval.normal(3.3, 0.5), n=100)
    people.add("mean_difference", "standardisation", Interval.normal(3.5, 0.5), n=100)
    return tables(people, instrument or by_price(), *others)


def by_price() -> Rows:
    rows = about("price_as_instrument", "weight_change")
    rows.add("mean_difference", "iv", Interval.normal(2.0, 1.0), n=100)
    rows.diagnose("anderson_rubin", "iv", Interval(nan, lower=-inf, upper=inf), at="1")
    return rows


def test_a_real_cohort_gets_no_bias_and_says_why(nhefs_config: CohortConfig) -> None:
    lines = cells(nhefs_config, quitting(), recovered("siblings"))
    assert set(lines[0]) == {"Who is compared", "Made alike in", "Difference (95% interval)"}
    section = readings_section(nhefs_config, quitting(), NO_DRAWS)
    assert section
    assert section["bias"].startswith("These are real data. Nobody knows the right answer")


def test_of_one_comparison_the_method_that_leads_tells(nhefs_config: CohortConfig) -> None:
    assert [one.row["method"] for one in of_outcome(nhefs_config, quitting(), "weight_change")] == [
        "crude",
        "standardisation",
        "iv",
    ]


def test_a_weak_instrument_is_read_with_the_limits_that_hold(nhefs_config: CohortConfig) -> None:
    assert cells(nhefs_config, quitting())[-1]["Difference (95% interval)"] == "+2.0 (any value)"


def test_a_reading_without_an_interval_says_why(nhefs_config: CohortConfig) -> None:
    rows = about("price_as_instrument", "weight_change")
    rows.add("mean_difference", "iv", Interval(2.0).bare(FEW), n=100)
    assert cells(nhefs_config, quitting(rows))[-1]["Difference (95% interval)"] == f"+2.00 (no interval: {FEW})"


def test_a_study_without_an_estimate_leaves_the_reading_to_the_next(nhefs_config: CohortConfig) -> None:
    people = about("quitting", "weight_change")
    people.add("mean_difference", "crude", Interval.not_estimable("nobody quit"), n=100)
    ladder = about("what_confounds", "weight_change")
    ladder.add("mean_difference", "step_0", Interval.normal(2.5, 0.5), n=100)
    told = of_outcome(nhefs_config, tables(people, ladder, by_price()), "weight_change")
    assert [one.study for one in told] == ["what_confounds", "price_as_instrument"]


# --- the page ---------------------------------------------------------------------------------------------------------


def test_the_page_of_the_cohort_has_it_and_the_front_page_does_not(tmp_path_factory: pytest.TempPathFactory) -> None:
    pages = pages_of(run_of("nhefs"), quitting(), tmp_path_factory.mktemp("readings"))
    assert "People with more and with less of a policy that moves it" in section_of(pages["cohort-nhefs"], "readings")
    assert "read in different ways" not in pages["report"]
