"""Dates of birth of a twin, and the columns that they decide."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.streams import stream_key
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.rehearsal.aggregates import Aggregates, aggregates_of
from evenwicht.rehearsal.protection import Protection
from evenwicht.rehearsal.roles import roles_of
from evenwicht.rehearsal.sizes import sizes_that_matter
from evenwicht.rehearsal.written import twin_settings
from evenwicht.results.questions import Births
from evenwicht.worlds import build, simulate, true_values
from evenwicht.worlds.calendar import Calendar

N = 6000
START, END = dt.date(1950, 1, 1), dt.date(1954, 1, 1)
STOPS = dt.date(1952, 3, 12)  # in the middle of a month
ALONE = Protection(threshold=10, base=5)
MONTHS = pd.date_range(START, END, freq="MS")


def persons(n: int = N, seed: int = 1) -> pd.DataFrame:
    """Births around the end of a benefit, which one region had, and a ration that everybody had less and less of."""
    rng = np.random.default_rng(seed)
    day = rng.integers(0, (END - START).days, n)
    born = pd.Timestamp(START) + pd.to_timedelta(day, "D")
    region, before = rng.random(n) < 0.5, day < (STOPS - START).days
    years = day / 365.25
    return pd.DataFrame({
        "id": pd.array(np.arange(1, n + 1), dtype="Int64"), "born": born,
        "region": pd.array(region, dtype="boolean"),
        "benefit": pd.array(region & before, dtype="boolean"),
        "ration": np.maximum(24 - 12 * years, 0.0),
        "height": 165 + 2 * years + 6 * rng.standard_normal(n),
        "rare": pd.array(rng.random(n) < 0.02, dtype="boolean"),
        "score": rng.standard_normal(n),
    })  # fmt: skip


def events(n: int = N, seed: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    parts = []
    for event, start in (("illness", 0.0), ("illness_from_visit", 40.0)):
        onset, until = 30 + 40 * rng.standard_exponential(n), rng.uniform(45, 65, n)
        exit_age = np.minimum(np.maximum(onset, start), until)
        status = ((onset > start) & (onset <= until)).astype(float)
        parts.append(
            pd.DataFrame({"id": np.arange(1, n + 1), "event": event, "entry_age": start, "exit_age": exit_age, "status": status})
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def config(**more: Any) -> CohortConfig:
    columns = {
        "id": {"role": "id", "type": "integer", "label": "Person"},
        "born": {"role": "birth_date", "type": "date", "label": "Born"},
        "region": {"role": "baseline", "type": "boolean", "label": "Region"},
        "benefit": {"role": "policy", "type": "boolean", "label": "Benefit"},
        "ration": {"role": "policy", "label": "Months of ration"},
        "height": {"role": "baseline", "label": "Height"},
        "rare": {"role": "baseline", "type": "boolean", "label": "Rare"},
        "score": {"role": "outcome", "label": "Score"},
    }
    outcomes = {
        "score": {"kind": "continuous", "column": "score", "label": "Score", "margin": 0.2},
        "illness": {
            "kind": "time_to_event", "event": "illness", "time": "age", "horizon": 60, "label": "Illness", "margin": 0.05,
        },
    }  # fmt: skip
    window = {"first": "1950-01-01", "last": "1951-12-31", "label": "born while the benefit was paid"}
    studies = {
        "windows": {
            "kind": "birth_periods", "windows": {"paid": window}, "region": "region", "outcomes": list(outcomes),
            "adjust": {"columns": ["height"]},
        },
    }  # fmt: skip
    source = {
        "kind": "table", "path": "people.csv",
        "events": [
            {"event": name, "entry_age": "a", "exit_age": "b", "status": "c"} for name in ("illness", "illness_from_visit")
        ],
    }  # fmt: skip
    return CohortConfig.model_validate({
        "name": "town", "title": "Town", "description": "Made up", "source": source, "columns": columns,
        "outcomes": outcomes, "studies": studies, "table1": ["height"], **more,
    })  # fmt: skip


def aggregates(table: pd.DataFrame) -> Aggregates:
    town = config()
    people = Cohort("town", "Made up", dict(town.codebook.columns), persons=table, events=events(len(table)))
    return aggregates_of(people.check(), town.codebook, roles_of(town), ALONE)


@pytest.fixture(scope="module")
def told() -> Aggregates:
    return aggregates(persons())


@pytest.fixture(scope="module")
def twin(told: Aggregates) -> CohortConfig:
    town = config()
    people = Cohort("town", "Made up", dict(town.codebook.columns), persons=persons(), events=events())
    return CohortConfig.model_validate(twin_settings(town, people, told, sizes_that_matter(town, told)))


@pytest.fixture(scope="module")
def drawn(twin: CohortConfig) -> pd.DataFrame:
    return simulate(twin.source, twin.codebook, stream_key(4, "town_twin", "draw")).persons


# --- what is told ----------------------------------------------------------------------------------------------------


def test_only_what_follows_from_the_date_is_decided_by_it(told: Aggregates) -> None:
    """A height that rises by birth year does not follow from it, nor does what few have."""
    decides = told.source["births"]["decides"]
    assert set(decides) == {"benefit", "ration"}
    assert decides["benefit"]["among"] == "region"
    assert "among" not in decides["ration"]


def test_a_yes_no_column_is_told_by_month(told: Aggregates) -> None:
    benefit = dict(zip(MONTHS.strftime("%Y-%m"), told.source["births"]["decides"]["benefit"]["values"], strict=False))
    assert {share for month, share in benefit.items() if month < "1952-03"} == {1.0}
    assert {share for month, share in benefit.items() if month > "1952-03"} == {0.0}
    # eleven days of thirty-one, of some sixty people: four Monte Carlo errors of a share, and rounding
    assert benefit["1952-03"] == pytest.approx(11 / 31, abs=4 * np.sqrt(0.36 * 0.64 / 60) + 5 / 60)


def test_a_number_is_told_by_the_mean_of_a_month(told: Aggregates) -> None:
    middle = (MONTHS[:-1] + np.diff(MONTHS) / 2 - pd.Timestamp(START)) / pd.Timedelta(days=365.25)
    # a day is a thirtieth of a month, and a mean of the middle half of many days errs by few of them
    expected = np.maximum(24 - 12 * middle.to_numpy(), 0.0)
    assert told.source["births"]["decides"]["ration"]["values"] == pytest.approx(expected, abs=0.15)


def test_where_few_of_a_month_differ_nobody_shows() -> None:
    """One child before the end without the benefit, and nine after it with it: the month has one answer."""
    table = persons()
    month, region = table["born"].dt.strftime("%Y-%m"), table["region"].astype(bool)
    table.loc[table.index[(month == "1950-05") & region][0], "benefit"] = False
    table.loc[table.index[(month == "1953-05") & region][:9], "benefit"] = True
    values = aggregates(table).source["births"]["decides"]["benefit"]["values"]
    months = MONTHS.strftime("%Y-%m").tolist()
    assert values[months.index("1950-05")] == 1.0
    assert values[months.index("1953-05")] == 0.0


def test_a_month_of_few_has_the_answer_of_the_month_nearest_to_it() -> None:
    """All nine children of a month and the region had the benefit, a year after its end."""
    table = persons()
    month, region = table["born"].dt.strftime("%Y-%m"), table["region"].astype(bool)
    few = table.index[(month == "1953-05") & region]
    table.loc[few[:9], "benefit"] = True
    table = table.drop(few[9:]).reset_index(drop=True)
    table["id"] = pd.array(np.arange(1, len(table) + 1), dtype="Int64")
    values = aggregates(table).source["births"]["decides"]["benefit"]["values"]
    assert values[MONTHS.strftime("%Y-%m").tolist().index("1953-05")] == 0.0


def test_a_mean_is_of_enough_people_where_many_values_are_equal() -> None:
    """Four of a month of 22 lie between nine with less and nine with more: their mean is not told."""
    table = persons()
    place = table.index[table["born"].dt.strftime("%Y-%m") == "1950-05"][:22]
    table = table.drop(table.index[(table["born"].dt.strftime("%Y-%m") == "1950-05") & ~table.index.isin(place)])
    table.loc[place, "ration"] = [19.0] * 9 + [20.77] * 4 + [21.0] * 9
    table = table.reset_index(drop=True)
    table["id"] = pd.array(np.arange(1, len(table) + 1), dtype="Int64")
    values = aggregates(table).source["births"]["decides"]["ration"]["values"]
    place = MONTHS.strftime("%Y-%m").tolist().index("1950-05")
    assert values[place] == pytest.approx((values[place - 1] + values[place + 1]) / 2, abs=0.06)  # three figures


def test_one_value_of_a_number_does_not_show() -> None:
    table = persons()
    place = table.index[table["born"].dt.strftime("%Y-%m") == "1950-05"][0]
    table.loc[place, "ration"] = 60.0
    without, with_one = (aggregates(one).source["births"]["decides"]["ration"]["values"] for one in (persons(), table))
    assert with_one == pytest.approx(without, abs=0.15)


def test_the_date_stands_among_what_hangs_together(told: Aggregates) -> None:
    names = list(told.source["correlations"])
    row = dict(zip(names, told.source["correlations"]["born"], strict=False))
    years = np.arange(0, 4, 1 / 365.25)
    height = np.sqrt(np.var(2 * years) / (np.var(2 * years) + 36))
    assert row["height"] == pytest.approx(height, abs=4 / np.sqrt(N) + 0.02)  # rounded
    assert row["region"] == pytest.approx(0, abs=4 / np.sqrt(N) + 0.02)


# --- what is drawn ---------------------------------------------------------------------------------------------------


def test_people_have_what_their_date_of_birth_decides(drawn: pd.DataFrame) -> None:
    benefit, region = drawn["benefit"].astype(bool), drawn["region"].astype(bool)
    month = drawn["born"].dt.strftime("%Y-%m")
    assert not benefit[~region].any()
    assert benefit[region & (month < "1952-03")].all()
    assert not benefit[region & (month > "1952-03")].any()
    change = drawn[region & (month == "1952-03")]
    assert (
        change.loc[change["benefit"].astype(bool), "born"].max()
        < change.loc[~change["benefit"].astype(bool), "born"].min()
    )
    years = (drawn["born"] - pd.Timestamp(START)).dt.days / 365.25
    assert (drawn["ration"] - np.maximum(24 - 12 * years, 0.0)).abs().max() < 0.7  # half a month, and rounding


def test_what_goes_with_the_date_goes_with_it(drawn: pd.DataFrame) -> None:
    years = (drawn["born"] - pd.Timestamp(START)).dt.days / 365.25
    slope = np.polyfit(years, drawn["height"], 1)[0]
    error = 6 / (years.std() * np.sqrt(len(drawn)))
    assert slope == pytest.approx(2, abs=4 * np.sqrt(2) * error + 0.1)  # of the cohort and of the draw; rounding


# --- what is true ----------------------------------------------------------------------------------------------------


def truth_of(twin: CohortConfig, effects: dict[str, dict[str, float]]) -> pd.DataFrame:
    one = twin.model_copy(update={"source": twin.source.model_copy(update={"effects": effects})})
    rows = true_values(one.source, one.codebook, one.questions, 20_000, stream_key(1, "town_twin", "truth"))
    return (
        rows[rows["subgroup"] == ""]
        .set_index(["exposure", "outcome", "estimand"])["value"]
        .groupby(level=[0, 1, 2])
        .first()
    )


def test_births_of_a_policy_have_its_effect(twin: CohortConfig) -> None:
    truth = truth_of(twin, {"score": {"benefit": 0.2}, "illness": {"benefit": 0.7}})
    assert truth["paid", "score", "mean_difference"] == pytest.approx(0.2, abs=1e-9)
    assert truth["paid", "illness", "conditional_hazard_ratio"] == pytest.approx(0.7, abs=1e-9)
    assert truth["paid", "illness", "risk_difference"] < 0


def test_a_dose_has_the_mean_of_its_effect_in_a_time(twin: CohortConfig) -> None:
    """Births of 1950 and 1951 had 12 months of the ration on average."""
    truth = truth_of(twin, {"illness": {"ration": 0.99}})
    assert np.log(truth["paid", "illness", "conditional_hazard_ratio"]) == pytest.approx(12 * np.log(0.99), rel=0.01)


def test_without_a_stated_effect_a_time_does_nothing(twin: CohortConfig) -> None:
    truth = truth_of(twin, {})
    assert truth["paid", "illness", "conditional_hazard_ratio"] == 1.0
    assert truth["paid", "illness", "risk_difference"] == 0.0
    assert truth["paid", "score", "mean_difference"] == 0.0


def test_a_time_before_and_after_the_policy_did_nothing(twin: CohortConfig) -> None:
    late = Births("late", ("before",), dt.date(1953, 1, 1), dt.date(1953, 6, 30), ("illness",))
    source = twin.source.model_copy(update={"effects": {"illness": {"benefit": 0.7}}})
    world = build(source, twin.codebook, [late])
    assert world.births is not None
    arms = world.births(late)
    assert arms is not None
    assert (arms.exposed, arms.unexposed) == ({}, {})
    assert [row["value"] for row in world.exact if row["exposure"] == "late"] == [1.0]


def test_a_time_in_which_nobody_is_born_has_no_true_effect(twin: CohortConfig) -> None:
    never = Births("never", ("before",), dt.date(1949, 1, 1), dt.date(1949, 12, 31), ("illness",))
    world = build(twin.source, twin.codebook, [never])
    assert world.births is not None
    assert world.births(never) is None
    assert not [row for row in world.exact if row["exposure"] == "never"]


def test_a_study_of_times_of_birth_alone_is_rehearsed_with_the_effect_of_its_policy(twin: CohortConfig) -> None:
    """What the date decides is one exposure: in its scenario nothing else of it acts."""
    assert twin.source.exposures == ["benefit", "ration"]
    scenario = twin.scenarios["effect_of_benefit"]
    assert scenario["exposures"] == ["benefit", "ration"]
    assert set(scenario["effects"]) == {"score", "illness"}
    assert twin.judged_in("effect_of_benefit") == ["windows"]


def test_an_event_from_a_visit_on_shares_the_effects_of_its_disease(twin: CohortConfig) -> None:
    happening = twin.source.events["illness_from_visit"].model_copy(update={"same_as": "illness"})
    update = {
        "events": {**twin.source.events, "illness_from_visit": happening},
        "effects": {"illness": {"benefit": 0.5}},
    }
    world = build(twin.source.model_copy(update=update), twin.codebook, twin.questions)
    with_it, without = (
        world.equations.draw(50, stream_key(1, "town", "arms"), {"benefit": benefit}) for benefit in (True, False)
    )
    for event in ("illness", "illness_from_visit"):
        moved = with_it[f"{event}_log_hazard"] - without[f"{event}_log_hazard"]
        assert moved == pytest.approx(np.log(0.5))


# --- the calendar ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "yes"), [([1, 0.5, 0], [1, 1, 0, 0]), ([0, 0.5, 1], [0, 0, 1, 1]), ([0, 0.5, 0], [0, 1, 0, 0])]
)
def test_in_a_month_of_both_answers_yes_is_on_the_side_with_more_of_it(values: list[float], yes: list[int]) -> None:
    calendar = Calendar([dt.date(2000, 1, 1), dt.date(2000, 2, 1), dt.date(2000, 3, 1), dt.date(2000, 4, 1)])
    days = calendar.starts[1] + np.array([-3.0, 3.0, 26.0, 33.0])
    assert calendar.decided(values, True, days).tolist() == yes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"benefit": {"values": [1.0], "flag": True}}, "one value for each period"),
        ({"score": {"values": [1.0] * 48}}, "comes before outcomes"),
        ({"ration": {"values": [1.0] * 48, "flag": True}}, "a number, or yes/no as its column"),
        ({"ration": {"values": [1.0] * 48, "among": "height"}}, "among is a yes/no column"),
        ({"benefit": {"values": [2.0] * 48, "flag": True}}, "between 0 and 1"),
    ],
)
def test_what_a_date_cannot_decide_is_refused(twin: CohortConfig, change: dict[str, Any], message: str) -> None:
    source = twin.source.model_dump(mode="json")
    source["births"]["decides"] = change
    with pytest.raises(ValueError, match=message):
        type(twin.source).model_validate(source)
