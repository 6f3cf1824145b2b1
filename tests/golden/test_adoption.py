"""Castle doctrine laws as ingested: three estimators on one panel, against pyfixest 0.60.

Printed values: pyfixest's `feols`, `did2s` and `event_study(estimator="saturated")`; the last equals Callaway and
Sant'Anna's estimator by hand, with never-adopting states as controls and the last year before as base.
"""

import numpy as np
import pandas as pd
import pytest
from evenwicht.cohort import Cohort
from evenwicht.estimators.adoption import Panel, two_stage_mean

from tests.cohorts import Tables, configured, people_of, studied

PRINTED = 5e-7
BY_YEAR = [0.0143337, 0.0146216, 0.0331991, 0.0008975, 0.2322190]


@pytest.fixture(scope="module")
def castle() -> Cohort:
    return people_of(configured("castle"), 1)


@pytest.fixture(scope="module")
def studies(castle: Cohort) -> dict[str, Tables]:
    config = configured("castle")
    return {name: studied(name, config, castle) for name in config.studies}


def effects(tables: Tables, reference: str = "no") -> pd.DataFrame:
    rows = tables["estimates"]
    return rows[rows["reference"] == reference].set_index("method")


def test_fifty_states_in_eleven_years_of_which_twenty_one_adopt(castle: Cohort) -> None:
    persons = castle.persons
    assert (len(persons), persons["state"].nunique(), persons["year"].nunique()) == (550, 50, 11)
    first = persons[persons["law"].astype(bool)].groupby("state", observed=True)["year"].min()
    assert first.value_counts().sort_index().to_dict() == {2006: 1, 2007: 13, 2008: 4, 2009: 2, 2010: 1}


def test_estimators_disagree_on_states_that_count_alike(studies: dict[str, Tables]) -> None:
    found = effects(studies["law_states_alike"])["estimate"]
    assert found["two_way"] == pytest.approx(0.0693984, abs=PRINTED)
    assert found["two_stage"] == pytest.approx(0.0668999, abs=PRINTED)
    assert found["interaction_weighted"] == pytest.approx(0.0194028080, abs=PRINTED)


def test_and_agree_on_states_that_count_by_their_people(studies: dict[str, Tables]) -> None:
    found = effects(studies["law"])["estimate"]
    assert found["two_way"] == pytest.approx(0.0755332, abs=PRINTED)
    assert found["two_stage"] == pytest.approx(0.0751416, abs=PRINTED)


@pytest.mark.parametrize(
    ("study", "method", "printed"),
    [
        ("law_states_alike", "two_way", 0.0553476),
        ("law", "two_way", 0.0328894),
        ("law_states_alike", "two_stage", 0.0570145),
        ("law", "two_stage", 0.0353795),
    ],
)
def test_errors_that_allow_for_few_adopters_are_a_little_larger_than_plain_ones(
    study: str, method: str, printed: float, studies: dict[str, Tables]
) -> None:
    assert 1 < effects(studies[study])["se"][method] / printed < 1.1


def test_effects_by_year_since_adoption(studies: dict[str, Tables]) -> None:
    rows = effects(studies["law_states_alike"], "last_period_before").loc["interaction_weighted"].set_index("at")
    assert rows["estimate"][["0", "1", "2", "3", "4"]].tolist() == pytest.approx(BY_YEAR, abs=PRINTED)
    assert rows["estimate"]["-2"] == pytest.approx(-0.0972, abs=5e-5)
    assert rows["status"]["4"] == "no interval"  # one state adopted in time to have a fourth year


def test_two_way_effects_by_year_are_pyfixest_s(castle: Cohort, studies: dict[str, Tables]) -> None:
    import pyfixest

    persons = castle.persons.astype({"year": int, "state": str})
    first = persons[persons["law"].astype(bool)].groupby("state")["year"].min()
    persons["since"] = (persons["year"] - persons["state"].map(first)).fillna(-1).astype(int)
    fit = pyfixest.feols("log_homicides ~ i(since, ref=-1) | state + year", persons, weights="population")
    rows = effects(studies["law"], "last_period_before").loc["two_way"].set_index("at")["estimate"]
    theirs = {name.split("::")[1].rstrip("]"): value for name, value in fit.coef().items()}
    assert rows.to_dict() == pytest.approx({at: theirs[at] for at in rows.index}, abs=1e-8)


def test_two_stages_of_an_unbalanced_weighted_panel_are_least_squares_with_dummies_and_pyfixest_s() -> None:
    """Whose fixed effects are taken out to about 1e-6."""
    import pyfixest

    rng = np.random.default_rng(11)
    first = rng.choice([3, 5, 6, 8], 40)
    y = rng.normal(size=(40, 8)) + rng.normal(size=(40, 1))
    y[rng.random(y.shape) < 0.15] = np.nan
    panel = Panel(y, first, rng.uniform(0.5, 3, 40))
    found = two_stage_mean(panel, "made")
    unit, period = np.nonzero(panel.seen)
    value, on, weight = y[panel.seen], panel.treated[panel.seen], panel.weight[unit]
    effects = np.hstack([unit[:, None] == np.arange(40), period[:, None] == np.arange(1, 8)]).astype(float)
    root = np.sqrt(weight)[~on]
    fitted = effects @ np.linalg.lstsq(effects[~on] * root[:, None], value[~on] * root)[0]
    assert found.value == pytest.approx(np.average((value - fitted)[on], weights=weight[on]), abs=1e-10)
    rows = pd.DataFrame({"unit": unit, "period": period, "y": value, "on": on.astype(int), "w": weight})
    fit = pyfixest.did2s(rows, "y", "~ 0 | unit + period", "~ i(on, ref=0)", "on", cluster="unit", weights="w")
    assert found.value == pytest.approx(fit.coef().iloc[0], abs=1e-5)
    assert np.sqrt(found.influence @ found.influence) == pytest.approx(fit.se().iloc[0], rel=1e-4)
