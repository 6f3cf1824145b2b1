"""Spells become exposures that change over time, and people's time is cut by them: each person, spell and day counts."""

import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Column
from evenwicht.base.errors import DataError
from evenwicht.base.outcomes import BinaryOutcome, EventOutcome
from evenwicht.cohort import Cohort
from evenwicht.display.section import Found
from evenwicht.estimators.pieces import cut
from evenwicht.estimators.survival_data import SurvivalData
from evenwicht.ingest.pieces import merged
from evenwicht.ingest.sources import TableSource
from evenwicht.ingest.table import ingest
from evenwicht.studies import showing
from evenwicht.studies.expected import expected
from evenwicht.studies.running import job_of, run_study
from evenwicht.studies.subgroups import among
from evenwicht.studies.time_varying import Settings
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

BOOK = Codebook(
    "own",
    {
        "id": Column(role="id", type="category", label="Person"),
        "born": Column(role="birth_date", type="date", label="Born"),
    },
)
PEOPLE = pd.DataFrame({"id": ["a", "b", "c", "d"], "born": ["2000-01-01", "2000-01-01", "2000-01-01", ""]})
SPELLS = [
    ("a", "2000-01-11", "2000-01-21", "W"),
    ("a", "2000-01-15", "2000-01-31", "W"),  # overlaps
    ("a", "2000-02-01", "2000-02-05", "W"),  # adjoins
    ("a", "2000-03-01", "2000-03-11", "W"),  # apart
    ("b", "2000-02-10", "2000-02-10", "W"),  # one day
    ("b", "2000-03-10", "", "W"),  # goes on
    ("c", "2000-01-11", "2000-01-21", "S"),  # of another kind
    ("d", "2000-01-11", "2000-01-21", "W"),  # of no known age
    ("z", "2000-01-11", "2000-01-21", "W"),  # a stranger's
]
UNEMPLOYED = {"label": "Out of work", "kinds": ["W"], "state": "while"}


def read(
    folder: Path, spells: list[tuple[str, ...]], changes: dict[str, object] | None = None, **exposure: object
) -> tuple[Cohort, str]:
    """The cohort, and what was said of its exposure."""
    PEOPLE.assign(entry=0, exit=[1, 2, 3, 4], died=1).to_csv(folder / "people.csv", index=False)
    pd.DataFrame(spells, columns=["id", "from", "to", "what"]).to_csv(folder / "spells.csv", index=False)
    source = {
        "kind": "table",
        "path": str(folder / "people.csv"),
        "files": {"work": {"path": str(folder / "spells.csv"), "id": "id"}},
        "events": [{"event": "death", "entry_age": "entry", "exit_age": "exit", "status": "died"}],
        "spells": [
            {"file": "work", "start": "from", "end": "to", "what": "what", **(changes or {})}
            | {"exposures": {"unemployed": {**UNEMPLOYED, **exposure}}}
        ],
    }
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        cohort = ingest(TableSource.model_validate(source), BOOK)
    return cohort, str(said[-1].message)


def days(cohort: Cohort) -> list[tuple[str, float, float]]:
    """Pieces in days since birth; -1 for an empty age."""
    table = cohort.pieces.assign(**{name: cohort.pieces[name] * 365.25 for name in ("from_age", "to_age")})
    return [(p.id, round(p.from_age), round(p.to_age)) for p in table.fillna(-1).itertuples()]


# --- spells ----------------------------------------------------------------------------------------------------------


def test_overlapping_and_adjoining_spells_are_one_and_an_open_one_goes_on(tmp_path: Path) -> None:
    cohort, _ = read(tmp_path, SPELLS)
    assert days(cohort) == [("a", 10, 35), ("a", 60, 70), ("b", 69, -1), ("d", -1, -1)]


def test_ever_starts_with_the_first_spell_and_does_not_end(tmp_path: Path) -> None:
    cohort, _ = read(tmp_path, SPELLS, state="ever")
    assert days(cohort) == [("a", 10, -1), ("b", 40, -1), ("d", -1, -1)]


def test_a_code_for_the_end_of_time_goes_on_once_it_is_declared(tmp_path: Path) -> None:
    spells = [("a", "2000-01-11", "9999-12-31", "W")]
    with pytest.raises(DataError, match="list it under `missing`"):
        read(tmp_path, spells)
    cohort, _ = read(tmp_path, spells, {"end": {"source": "to", "missing": ["9999-12-31"]}})
    assert days(cohort) == [("a", 10, -1)]


def test_every_spell_is_in_one_count(tmp_path: Path) -> None:
    _, said = read(tmp_path, SPELLS)
    assert "exposure unemployed: of 9 spells 6 count, 1 are of ids that are not in the main table" in said
    assert "1 are of other kinds, 1 are of people without a date of birth" in said
    assert "2 people are exposed, in 3 pieces of time; 1 pieces of one day have no length" in said
    assert "1 spells without a last day go on" in said


@pytest.mark.parametrize(
    ("covers", "unseen"),
    [
        ({}, 0),
        ({"until": "2003-01-01"}, 0),  # three years old; of d no age is known
        ({"until": "2001-12-31"}, 1),
        ({"begin": "2000-01-01"}, 0),
        ({"begin": "2000-01-03"}, 3),
    ],
)
def test_who_is_followed_when_the_file_sees_no_spells_is_counted(
    covers: dict[str, str], unseen: int, tmp_path: Path
) -> None:
    _, said = read(tmp_path, SPELLS, covers)
    assert ("followed before the first" in said) == bool(unseen)
    assert not unseen or f"{unseen} people are followed before the first or beyond the last day" in said


@pytest.mark.parametrize(
    ("spell", "counts"),
    [
        (("a", "", "2000-01-05", "W"), "1 of 10 spells lack .*, and 0 end before"),
        (("a", "2000-01-06", "2000-01-05", "W"), "0 of 10 spells lack .*, and 1 end before"),
    ],
    ids=["no start", "end before start"],
)
def test_a_spell_without_start_or_turned_round_is_a_fault(spell: tuple[str, ...], counts: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=counts):
        read(tmp_path, [*SPELLS, spell])


def test_exposure_while_in_a_spell_needs_its_end() -> None:
    spells = {"file": "work", "start": "from", "exposures": {"x": {"label": "X", "state": "while"}}}
    with pytest.raises(ValidationError, match="`end`, the column with the last day, is needed"):
        TableSource.model_validate({"kind": "table", "path": "own.csv", "spells": [spells]})


def test_some_people_keep_their_own_pieces(tmp_path: Path) -> None:
    cohort, _ = read(tmp_path, SPELLS)
    assert set(among(cohort, np.array([True, False, True, False])).pieces["id"]) == {"a"}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-20, 20), st.integers(0, 6)), max_size=25))
def test_merged_spells_hold_the_same_days_and_lie_apart(spells: list[tuple[int, int, int]]) -> None:
    person, start, length = (np.array([s[k] for s in spells], dtype=np.int64) for k in range(3))
    got = list(zip(*merged(person, start, start + length), strict=True))
    assert {(p, d) for p, s, e in got for d in range(s, e + 1)} == {
        (p, d) for p, s, long in spells for d in range(s, s + long + 1)
    }
    assert all(one[0] < other[0] or one[2] + 1 < other[1] for one, other in pairwise(got))


# --- cutting ---------------------------------------------------------------------------------------------------------

FOLLOWED = st.lists(
    st.tuples(st.integers(0, 5), st.integers(1, 8), st.booleans(), st.lists(st.integers(0, 16), unique=True)),
    max_size=6,
)


@given(FOLLOWED)
def test_pieces_are_everybodys_time_each_in_its_state_with_the_event_at_the_end(
    people: list[tuple[int, int, bool, list[int]]],
) -> None:
    """Compared with people's time in steps of one, whose exposures are every other gap between sorted numbers."""
    entry, length, event = (np.array([float(p[k]) for p in people]) for k in range(3))
    exposures = [
        (k, one, other) for k, (*_, ends) in enumerate(people) for one, other in list(pairwise(sorted(ends)))[::2]
    ]
    person, start, end = (np.array([e[k] for e in exposures], dtype=t) for k, t in enumerate((int, float, float)))
    pieces = cut(SurvivalData(entry + length, event, entry), person, start, end)
    steps = {
        (int(k), float(t)): (bool(exposed), bool(event and t == last))
        for k, first, last, event, exposed in zip(
            pieces.person, pieces.entry, pieces.time, pieces.event, pieces.exposed, strict=True
        )
        for t in np.arange(first + 1, last + 1)
    }
    assert steps == {
        (k, float(t)): (any(p == k and s < t <= e for p, s, e in exposures), bool(died) and t == first + long)
        for k, (first, long, died, _) in enumerate(people)
        for t in range(first + 1, first + long + 1)
    }
    assert len(steps) == (pieces.time - pieces.entry).sum()


# --- the study -------------------------------------------------------------------------------------------------------

DEATH = EventOutcome(kind="time_to_event", label="Death", event="death", time="age", horizon=50)
STUDIED = Codebook(
    "made",
    {
        "id": Column(role="id", type="integer", label="Person"),
        "x": Column(role="baseline", label="Covariate"),
        "region": Column(role="cluster", type="integer", label="Region"),
        "poor": Column(role="outcome", type="boolean", label="Poor"),
    },
    outcomes={"death": DEATH, "poor": BinaryOutcome(kind="binary", label="Poor", column="poor")},
    changing={"unemployed": "Out of work"},
)
N = 400


def study(**changes: object) -> Settings:
    given = {"kind": "time_varying", "exposures": ["unemployed"], "outcomes": ["death"], **changes}
    return Settings.model_validate(given)


@pytest.fixture
def people() -> Cohort:
    rng = np.random.default_rng(15)
    ids = np.arange(N)
    entry = rng.uniform(20, 30, N)
    leave = entry + rng.exponential(10, N) + 0.01
    start = rng.uniform(15, 50, N)
    events = {"id": ids, "event": "death", "entry_age": entry, "exit_age": np.minimum(leave, 50), "status": leave < 50}
    persons = {"id": ids, "x": rng.normal(size=N), "region": ids % 20, "poor": ids % 2 == 0}
    pieces = {"id": ids, "exposure": "unemployed", "from_age": start, "to_age": start + 5}
    return Cohort(
        "made",
        "",
        dict(STUDIED.columns),
        pd.DataFrame(persons),
        events=pd.DataFrame(events).astype({"status": float}),
        pieces=pd.DataFrame(pieces),
    ).check()


def found(settings: Settings, cohort: Cohort) -> dict[str, pd.DataFrame]:
    return run_study("work", settings, cohort, STUDIED, job_of(1, "made"))


def test_counts_are_of_people_and_add_up(people: Cohort) -> None:
    tables = found(study(adjust={"columns": ["x"]}), people)
    rows, told = tables["estimates"].set_index("estimand"), tables["diagnostics"].set_index("statistic")["value"]
    assert set(rows["n"][["hazard_ratio", "conditional_hazard_ratio"]]) == {N}
    assert rows["events"]["rate_exposed"] + rows["events"]["rate_unexposed"] == rows["events"]["hazard_ratio"]
    followed = people.events["exit_age"] - people.events["entry_age"]
    assert told["person_years_exposed"] + told["person_years_unexposed"] == pytest.approx(followed.sum())
    assert tables["flow"].set_index("step")["people"].to_dict() == {"due": N, "analysed": N}


def test_months_since_entry_are_another_clock_of_the_same_time(people: Cohort) -> None:
    since = DEATH.model_copy(update={"time": "follow_up", "unit": "months", "horizon": 120})
    book = Codebook("made", STUDIED.columns, outcomes={"death": since}, changing=STUDIED.changing)
    other = run_study("work", study(), people, book, job_of(1, "made"))
    for name, value in found(study(), people)["diagnostics"].set_index("statistic")["value"].items():
        assert other["diagnostics"].set_index("statistic")["value"][name] == pytest.approx(value, rel=1e-6)


def test_who_was_exposed_at_an_unknown_time_or_left_at_entry_is_counted_and_left_out(people: Cohort) -> None:
    people.pieces.loc[[3, 4], ["from_age", "to_age"]] = np.nan
    people.events.loc[7, "exit_age"] = people.events.loc[7, "entry_age"]
    steps = found(study(), people)["flow"].set_index("step")["people"].to_dict()
    assert steps["exposure not known"] == 2
    assert steps["left at or before entry"] == 1
    assert steps["analysed"] == N - 3


def test_errors_cluster_by_what_is_declared(people: Cohort) -> None:
    alone, shared = (found(study(cluster=c), people)["estimates"].set_index("estimand") for c in (None, "region"))
    assert alone["estimate"]["hazard_ratio"] == pytest.approx(shared["estimate"]["hazard_ratio"])
    assert alone["se"]["hazard_ratio"] != pytest.approx(shared["se"]["hazard_ratio"], rel=1e-3)
    told = found(study(cluster="region"), people)["diagnostics"].set_index("statistic")["value"]
    assert told["clusters_exposed"] == told["clusters_unexposed"] == 20


def test_where_nobody_is_exposed_a_row_says_why(people: Cohort) -> None:
    people.pieces["from_age"], people.pieces["to_age"] = 1.0, 2.0
    rows = found(study(), people)["estimates"]
    assert (rows["status"] == "not estimable").any()
    assert rows.loc[rows["status"] == "not estimable", "reason"].ne("").all()


def test_what_cannot_be_estimated_is_shown_with_its_reason_and_without_a_figure(people: Cohort) -> None:
    people.pieces["from_age"], people.pieces["to_age"] = 1.0, 2.0
    tables = found(study(), people)
    rows = Found.of("made", "work", tables, tables["curves"], synthetic=False)
    exposed, _ = showing.words(study(), STUDIED, rows)["table"].rows
    assert exposed["hazard_ratio"].startswith("cannot be estimated: ")
    assert not showing.messages(study(), STUDIED, rows)
    assert not showing.figures(study(), STUDIED, rows)


def test_parts_of_the_people_have_rows_of_their_own(people: Cohort) -> None:
    parted = study(subgroups=["poor"])
    tables = found(parted, people)
    ratios = tables["estimates"][tables["estimates"]["estimand"] == "hazard_ratio"].set_index("subgroup")
    assert ratios["n"].to_dict() == {"": N, "poor=yes": N / 2, "poor=no": N / 2}
    rows = Found.of("made", "work", tables, tables["curves"], synthetic=False)
    assert len(showing.words(parted, STUDIED, rows)["table"].rows) == 2


def test_check_expects_what_the_run_finds(people: Cohort) -> None:
    [one] = expected(study(), people, STUDIED)
    rows = found(study(), people)["estimates"].set_index("estimand")
    assert one.analysed == N
    assert one.arms == {state: rows["n"][f"rate_{state}"] for state in ("exposed", "unexposed")}
    assert one.events == {state: rows["events"][f"rate_{state}"] for state in ("exposed", "unexposed")}
    assert one.least > 1


def test_an_exposure_of_spells_has_a_name_of_its_own() -> None:
    book = Codebook("made", STUDIED.columns, outcomes=STUDIED.outcomes, changing={"x": "Out of work"})
    assert [mistake.path for mistake in study(exposures=["x"]).check(book)] == ["exposures.0"]


@pytest.mark.parametrize(
    ("changes", "place", "what"),
    [
        ({"exposures": ["unemployd"]}, "exposures.0", "'unemployd' is not an exposure of spells of this cohort"),
        ({"outcomes": ["poor"]}, "outcomes.0", "'poor' is no time to an event, in which exposure could change"),
        ({"cluster": "county"}, "cluster", "'county' is not a column of this cohort"),
        ({"missing": {"handling": "attrition_weights"}}, "missing.handling", "weights for drop-out are those"),
        ({"missing": {"handling": "imputation"}}, "missing.handling", "imputations know no times of exposure"),
    ],
)
def test_what_it_cannot_study_is_told_before_it_runs(changes: dict[str, object], place: str, what: str) -> None:
    [mistake] = study(**changes).check(STUDIED)
    assert mistake.path == place
    assert mistake.what.startswith(what)
