"""At every place of a cohort all people are those with a value and one count for each state."""

import warnings
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Column
from evenwicht.cohort import Cohort, JoinedFile, read_cohort
from evenwicht.ingest.sources import TableSource
from evenwicht.ingest.table import ingest
from evenwicht.report.people_bars import MOST
from evenwicht.report.states import states_figure, states_sentence, states_table
from evenwicht.results.schema import STATES
from evenwicht.results.states import KNOWN, PEOPLE, UNKNOWN_IDS, UNKNOWN_ROWS, places, states

from tests.cohorts import configured, people_of
from tests.conftest import ROOT
from tests.worlds import NAMES

CODES = {"-1": "refused", "-2": "not_asked", "-3": "not_in_wave", "-4": "dead", "-5": "not_known"}
N = 10
BOOK = Codebook(
    "own",
    {
        "id": Column(role="id", type="category", label="Person"),
        "income": Column(role="outcome", label="Income", missing=CODES),
        "log": Column(role="outcome", label="Log of income", source="log_income"),
        "smokes": Column(role="exposure", type="boolean", label="Smokes", file="visit"),
    },
    title="Own",
)
# seven ways to have no income, one for each of the first six people, and no hospital costs for three
MAIN = pd.DataFrame(
    {
        "id": [f"p{i}" for i in range(N)],
        "income": [*CODES, "", *"1234"],
        "age": "7",
        "weight": ["-4", "-4", "-3", "", *"123456"],
        "in": ["20"] * 8 + ["", ""],
        "out": ["30"] * 10,
        "ill": ["0", "1"] * 5,
        "hospital": ["-1", "", "", *"1234567"],
        "doctor": ["", "", *"12345678"],
    }
)
VISIT = pd.DataFrame(
    {"who": [*(f"p{i}" for i in range(7)), "q1", "q2"], "smokes": [*"010101", "", "1", "1"]}
)  # p7 to p9 have no row
SPELLS = pd.DataFrame({"who": ["p0", "p0", "q1", "q1", "q3"], "from": "2001-01-01"})


@pytest.fixture
def source(tmp_path: Path) -> TableSource:
    paths = {}
    for name, table in {"main": MAIN, "visit": VISIT, "stays": SPELLS}.items():
        paths[name] = str(tmp_path / f"{name}.csv")
        table.to_csv(paths[name], index=False)
    number = {"source": "weight", "missing": CODES}
    return TableSource.model_validate(
        {
            "kind": "table",
            "path": paths["main"],
            "files": {name: {"path": paths[name], "id": "who"} for name in ("visit", "stays")},
            "derived": {"log_income": {"kind": "log", "of": {"source": "income", "missing": CODES}}},
            "measures": [{"measure": "weight", "wave": "7", "age": "age", "value": number}],
            "events": [{"event": "illness", "entry_age": "in", "exit_age": "out", "status": "ill"}],
            "costs": [
                {"sector": "hospital", "window": "7", "amount": {"source": "hospital", "missing": CODES}},
                {"sector": "doctor", "window": "7", "amount": "doctor"},
            ],
            "spells": [
                {
                    "file": "stays",
                    "start": "from",
                    "begin": "2000-01-01",
                    "until": "2002-12-31",
                    "costs": {"stay": []},
                    "windows": {"2001": {"dates": ["2001-01-01", "2001-12-31"]}},
                }
            ],
        }
    )


@pytest.fixture
def cohort(source: TableSource) -> Cohort:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is told while reading is counted here
        return ingest(source, BOOK)


@pytest.fixture
def rows(source: TableSource, cohort: Cohort) -> pd.DataFrame:
    return states(cohort, source)


def check(rows: pd.DataFrame) -> None:
    """Fail unless at each place all people are those with a value and one count for each state."""
    assert not rows.empty
    for counts in places(rows).values():
        others = {PEOPLE, UNKNOWN_IDS, UNKNOWN_ROWS}
        assert counts[PEOPLE] == sum(count for state, count in counts.items() if state not in others)
        assert all(counts.values())


# --- counts ----------------------------------------------------------------------------------------------------------


def test_every_state_of_a_made_up_cohort_is_counted(rows: pd.DataFrame) -> None:
    check(rows)
    every = dict.fromkeys(CODES.values(), 1)
    assert places(rows) == {
        ("persons", "income", ""): {PEOPLE: 10, KNOWN: 4, **every, "not_assessed": 1},
        ("persons", "log", ""): {PEOPLE: 10, KNOWN: 4, "not_derived": 6},
        ("persons", "smokes", ""): {PEOPLE: 10, KNOWN: 6, "not_linked": 3, "not_assessed": 1},
        ("measures", "weight", "7"): {PEOPLE: 10, KNOWN: 6, "not_in_wave": 1, "dead": 2, "not_assessed": 1},
        ("events", "illness", ""): {PEOPLE: 10, KNOWN: 8, "not_followed": 2},
        ("costs", "hospital", "7"): {PEOPLE: 10, KNOWN: 7, "refused": 1, "not_observed": 2},
        ("costs", "doctor", "7"): {PEOPLE: 10, KNOWN: 8, "not_observed": 2},
        ("costs", "stay", "2001"): {PEOPLE: 10, KNOWN: 10},
        ("files", "visit", ""): {PEOPLE: 10, KNOWN: 7, "not_linked": 3, UNKNOWN_IDS: 2, UNKNOWN_ROWS: 2},
        ("files", "stays", ""): {PEOPLE: 10, KNOWN: 1, "not_linked": 9, UNKNOWN_IDS: 2, UNKNOWN_ROWS: 3},
    }


def test_an_event_and_costs_of_nobody_are_told(source: TableSource, cohort: Cohort) -> None:
    bare = Cohort(cohort.name, "", cohort.columns, cohort.persons)
    counts = places(states(bare, source))
    assert counts["events", "illness", ""] == {PEOPLE: 10, "not_followed": 10}
    assert counts["costs", "doctor", "7"] == {PEOPLE: 10, "not_linked": 10}


def test_what_is_counted_is_saved_with_the_cohort(
    source: TableSource, cohort: Cohort, rows: pd.DataFrame, tmp_path: Path
) -> None:
    cohort.write(tmp_path / "cohort")
    again = read_cohort(tmp_path / "cohort")
    assert again.files == {"visit": JoinedFile(7, 2, 2), "stays": JoinedFile(1, 2, 3)}
    pd.testing.assert_frame_equal(states(again, source), rows)


@pytest.mark.parametrize("name", NAMES)
def test_people_of_worlds_are_counted_too(name: str) -> None:
    config = configured(name)
    check(states(people_of(config, seed=4, rule="states"), config.source))


def test_the_committed_table_counts_everybody() -> None:
    committed = STATES.read_csv(ROOT / "results/tables/states.csv")
    for _, own in committed.groupby("cohort"):
        check(own)


# --- what the page shows ---------------------------------------------------------------------------------------------


def test_the_table_tells_who_lacks_what_and_why(rows: pd.DataFrame) -> None:
    lines = {line["what"]: line for line in states_table(rows, BOOK).rows}
    assert lines["Smokes"]["why"] == "not linked 3; left empty 1"
    assert lines["Log of income"]["why"] == "not derived: a value that it needs is not known 6"
    assert lines["Weight, wave 7"]["why"] == "not in the wave 1; dead 2; not assessed 1"
    assert lines["File visit"]["why"] == ("not linked 3; left out are 2 rows of 2 ids that are not in the main table")
    assert len(lines) == 9
    assert states_sentence(rows).startswith("Of the 10 columns, measures, events, costs and files, 1 are complete")


def test_a_measure_is_called_by_its_label(rows: pd.DataFrame) -> None:
    lines = {line["what"]: line for line in states_table(rows, replace(BOOK, measures={"weight": "body weight"})).rows}
    assert lines["Body weight, wave 7"]["known"] == "6"


def test_the_picture_has_a_bar_for_each_count_of_measures_events_and_costs(rows: pd.DataFrame) -> None:
    picture = states_figure(rows, "Own", BOOK)
    assert picture is not None
    ends: dict[float, float] = {}
    for bar in picture.figure.axes[0].patches:
        ends[bar.get_y()] = ends.get(bar.get_y(), 0) + bar.get_width()
    assert list(ends.values()) == [N] * 4
    hatches = [patch.get_hatch() for patch in picture.figure.legends[0].get_patches()]
    assert len(set(hatches)) == len(hatches)
    assert picture.alt == "6 to 8 of 10 people have a value; most of the others: not observed in the window."


def test_of_too_many_bars_those_with_the_fewest_people_are_drawn() -> None:
    many = [
        {"cohort": "own", "table": "events", "item": f"event_{k}", "at": "", "state": state, "people": people}
        for k in range(MOST + 5)
        for state, people in ((PEOPLE, 100), (KNOWN, 99 - k), ("not_followed", 1 + k))
    ]
    picture = states_figure(STATES.table(many), "Own", BOOK)
    assert picture is not None
    named = {text.get_text() for text in picture.figure.axes[0].texts}
    assert {f"Event {k}" for k in range(5, MOST + 5)} <= named
    assert "Event 4" not in named
    assert "fewest" in picture.title


def test_where_all_is_known_one_sentence_says_so() -> None:
    about = {"cohort": "own", "table": "persons", "item": "income", "at": ""}
    whole = STATES.table([{**about, "state": state, "people": 10} for state in (PEOPLE, KNOWN)])
    assert states_sentence(whole) == "All that was to be known is known of all 10 people."
    assert states_figure(whole, "Own", BOOK) is None
    assert not states_table(whole, BOOK)
