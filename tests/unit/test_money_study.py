"""A study of money: changes over all, priced and discounted, with true values, and in words by rule."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from evenwicht.config import CohortConfig
from evenwicht.config.loading import SHIPPED, load_lever
from evenwicht.display.section import where
from evenwicht.money.price_years import restated
from evenwicht.money.prices import prices
from evenwicht.studies.money import Worth
from evenwicht.studies.money.run import NO_MONEY
from evenwicht.studies.money.section import verdict
from pydantic import ValidationError

from tests.cohorts import Tables, changed, configured, people_of, studied, truth_of, with_studies
from tests.recovered import recovered

MONEY = "studies.money"


def trial(**changes: Any) -> CohortConfig:
    return with_studies(changed(configured("intervention"), {"scenario_studies": [], **changes}), "money")


@cache
def found() -> Tables:
    return studied("money", trial(), people_of(trial(), 71), strict=True)


def value(tables: Tables, **keys: str) -> float:
    """The estimate of the one row with these keys."""
    (row,) = where(tables["estimates"], **keys).itertuples()
    return float(row.estimate)


# --- estimates ----------------------------------------------------------------------------------------------------------


def test_use_changes_as_a_log_linear_model_standardised_over_everybody_says() -> None:
    people = people_of(trial(), 71)
    costs = people.costs[(people.costs["sector"] == "welfare") & (people.costs["window"] == "at_19_to_27")]
    use = costs.set_index("id")["amount"].reindex(people.persons["id"]).to_numpy()
    a, ses = people.persons["assigned"].to_numpy(dtype=float), people.persons["ses"].to_numpy()
    fit = sm.GLM(use, np.column_stack([np.ones(len(a)), ses, a]), family=sm.families.Poisson()).fit()
    one, none = (fit.predict(np.column_stack([np.ones(len(a)), ses, np.full(len(a), arm)])).mean() for arm in (1.0, 0))
    told = value(found(), outcome="welfare_19", estimand="units_over_all")
    np.testing.assert_allclose(told, 100_000 * (one - none), rtol=1e-6)


def test_a_present_value_is_every_unit_at_its_price_in_its_year() -> None:
    """By hand: nine and thirteen years of flows, at the middle of each, at 2.25%, less what the programme costs."""
    units = {
        row.outcome: row.estimate / 100_000
        for row in where(found()["estimates"], estimand="units_over_all").itertuples()
    }
    welfare = prices()["nl_social_assistance_single_gross"]
    crime = prices()["nl_delinquent_act"]
    money = {
        "earnings": 0.3 * 1000,
        "welfare": -restated(welfare.value, "NL", 2025, "NL", 2025),
        "crime": -restated(crime.value, "NL", 2015, "NL", 2025),
    }

    def discounted(first: int, last: int) -> float:
        return float(np.mean([1.0225 ** -(year + 0.5) for year in range(first, last)]))

    total = -1000 * discounted(3, 5)
    for sector, price in money.items():
        total += price * units[f"{sector}_19"] * discounted(19, 27)
        total += price * units[f"{sector}_28"] * discounted(28, 40)
    told = value(found(), outcome="state_budget", estimand="present_value", at="nl")
    np.testing.assert_allclose(told, total / 10)


def test_state_and_society_stand_side_by_side_and_what_is_paid_out_is_nothing_to_society() -> None:
    at_nl = where(found()["estimates"], estimand="present_value", at="nl").set_index("outcome")["estimate"]
    np.testing.assert_allclose(at_nl["society"], at_nl["state_budget"] + at_nl["families"] + at_nl["others"])
    alone = trial(**{f"{MONEY}.worth": {"welfare_19": configured("intervention").studies["money"].worth["welfare_19"]}})
    only = studied("money", alone, people_of(alone, 71), strict=True)
    cost = value(only, outcome="society", estimand="present_value", at="0")
    np.testing.assert_allclose(cost, -100)  # 1,000 for each of 100,000 births, and nothing else


def test_a_price_of_which_a_range_is_known_moves_the_result_from_end_to_end() -> None:
    ends = where(found()["diagnostics"], outcome="state_budget", at="crime_28").set_index("statistic")["value"]
    middle = value(found(), outcome="state_budget", estimand="present_value", at="nl")
    assert ends["value_at_least"] < middle < ends["value_at_most"]
    assert {"cost", "crime_19", "crime_28", "welfare_19", "welfare_28"} == set(
        where(found()["diagnostics"], statistic="value_at_least")["at"]
    )


def test_shares_of_joint_draws_lie_on_one_plane() -> None:
    shares = found()["diagnostics"].set_index("statistic")["value"]
    assert sum(shares[name] for name in ("trade_off", "dominates", "dominated", "saves_but_loses")) == pytest.approx(1)


def test_curves_show_the_rate_and_the_age() -> None:
    curves = found()["curves"]
    by_rate, by_age = where(curves, curve="value_by_rate"), where(curves, curve="value_by_age")
    at_zero = by_rate[(by_rate["x"] == 0) & (by_rate["column"] == "society")]["estimate"].item()
    np.testing.assert_allclose(at_zero, value(found(), outcome="society", estimand="present_value", at="0"))
    last = by_age[(by_age["x"] == 40) & (by_age["column"] == "society")]["estimate"].item()
    np.testing.assert_allclose(last, value(found(), outcome="society", estimand="present_value", at="nl"))


def test_a_lever_costs_what_its_file_says_in_the_money_of_the_study() -> None:
    config = with_studies(changed(configured("siblings"), {"scenario_studies": []}), "money")
    tables = studied("money", config, people_of(config, 72), strict=True)
    outlay = where(tables["diagnostics"], statistic="outlay").set_index("reference")["value"]
    lever = load_lever(SHIPPED, "visits_maltreatment")
    assert lever.cost is not None
    assert outlay["beneficial"] == outlay["reversed"] < 0
    flat = value(
        tables,
        outcome="others",
        estimand="present_value",
        at="nl",
        exposure="visits_maltreatment",
        reference="beneficial",
    )
    assert flat == 0


def test_what_has_no_price_and_no_cost_stays_in_its_unit_and_says_so() -> None:
    config = with_studies(changed(configured("famine"), {"scenario_studies": []}), "money")
    estimates = studied("money", config, people_of(config, 73), strict=True)["estimates"]
    (row,) = where(estimates, estimand="present_value").itertuples()
    assert row.status == "not estimable"
    assert row.reason == NO_MONEY
    assert set(where(estimates, estimand="units_over_all")["unit"]) == {"cases"}
    assert set(where(estimates, estimand="mean_over_all")["unit"]) == {"mmol/L"}


# --- true values --------------------------------------------------------------------------------------------------------


@cache
def truth() -> pd.DataFrame:
    return truth_of(trial(), 400_000, 74)


def test_true_units_are_the_true_effect_times_100_000() -> None:
    units = where(truth(), estimand="units_over_all", exposure="assigned").set_index("outcome")
    effects = where(truth(), estimand="mean_difference", exposure="assigned", subgroup="").set_index("outcome")
    for outcome in ("earnings_19", "welfare_28", "crime_19"):
        np.testing.assert_allclose(units["value"][outcome], 100_000 * effects["value"][outcome], rtol=1e-9)


def test_the_true_rate_of_return_is_the_rate_at_which_true_flows_are_worth_nothing() -> None:
    """By hand from the true units: the flows of society are earnings and crime, less the cost; benefits cancel."""
    units = where(truth(), estimand="units_over_all").set_index("outcome")["value"] / 100_000
    crime = restated(prices()["nl_delinquent_act"].value, "NL", 2015, "NL", 2025)
    rate = where(truth(), estimand="internal_rate", outcome="society")["value"].item() / 100
    total = -500 * sum((1 + rate) ** -(year + 0.5) for year in (3, 4))
    for sector, price in (("earnings", 1000.0), ("crime", -crime)):
        for window, first, last in ((19, 19, 27), (28, 28, 40)):
            flow = price * units[f"{sector}_{window}"] / (last - first)
            total += sum(flow * (1 + rate) ** -(year + 0.5) for year in range(first, last))
    error = where(truth(), estimand="internal_rate", outcome="society")["mc_error"].item() / 100
    slope = 30 * 1500  # change of the present value with the rate, about: money of 1,500 some 30 years away
    assert abs(total) < 4 * error * slope


def test_every_row_of_money_that_a_world_knows_has_a_true_value() -> None:
    keys = ["outcome", "exposure", "reference", "subgroup", "at", "estimand"]
    known = set(truth()[keys].itertuples(index=False, name=None))
    told = found()["estimates"]
    asked = told[~told["estimand"].isin(["paid_back", "public_funds"])]
    assert set(asked[keys].itertuples(index=False, name=None)) <= known


@pytest.mark.parametrize("scenario", ["as_configured", "lasting_gain"])
def test_400_draws_cover_the_true_rate_of_return(scenario: str) -> None:
    rows = where(recovered("intervention", scenario), study="money", estimand="internal_rate")
    assert set(rows["outcome"]) == {"state_budget", "society"}
    assert (rows["replicates"] == 400).all()
    assert rows["coverage"].between(0.92, 0.98).all()


def test_a_programme_without_effect_has_no_rate_of_return_and_loses_what_it_costs() -> None:
    rows = where(recovered("intervention", "no_effect"), study="money")
    rates = where(rows, estimand="internal_rate")
    assert rates["truth"].isna().all()
    assert (rates["power"] < 0.05).all()  # a return above zero is told by chance alone
    lost = where(rows, estimand="present_value", outcome="society", at="0")
    assert lost["truth"].item() == -100


# --- words --------------------------------------------------------------------------------------------------------------


def row(lower: float, upper: float, reason: str = "") -> dict[str, Any]:
    return {"estimate": (lower + upper) / 2, "lower": lower, "upper": upper, "reason": reason}


@pytest.mark.parametrize(
    ("state", "society", "told"),
    [
        (row(-1, 1), row(-1, 1), "We cannot tell whether either gains or loses."),
        (row(-2, -1), row(1, 2), "The state pays, and society gains."),
        (row(1, 2), row(-1, 1), "The state gains. We cannot tell whether society does."),
        (row(1, 2, "few clusters"), row(1, 2), "Society gains. We cannot tell whether the state does."),
        ({"estimate": -3.0, "lower": np.nan, "upper": np.nan, "reason": ""}, row(-2, -1), "Both lose."),
    ],
)
def test_no_direction_is_told_that_the_ranges_do_not_carry(state: dict, society: dict, told: str) -> None:
    assert verdict(state, society) == told


# --- settings -----------------------------------------------------------------------------------------------------------


def refused(**changes: Any) -> str:
    """What is said of a study of money with these settings."""
    settings = configured("intervention").model_dump(mode="json", exclude_unset=True)["studies"]["money"]
    config = with_studies(
        changed(configured("intervention"), {MONEY: {**settings, **changes}, "scenario_studies": []}), "money"
    )
    return "\n".join(f"{mistake.path}: {mistake.what}. {mistake.fix}" for mistake in config.check())


OWN = {"amount": {"value": 10, "tag": "V", "source": "a source"}, "kind": "resource"}


@pytest.mark.parametrize(
    ("changes", "place", "what"),
    [
        ({"rates": "n1"}, "studies.money.rates", "'n1' is not a convention of discount rates. "),
        ({"worth": {"crime_91": {"ages": [19, 27], "price": OWN}}}, "worth.crime_91", "not an outcome of the study"),
        (
            {"worth": {"crime_19": {"ages": [19, 27], "price": "nl_crime"}}},
            "worth.crime_19.price",
            "'nl_crime' is not a price that is shipped. ",
        ),
        (
            {"worth": {"crime_19": {"ages": [19, 27], "price": "uk_crime_robbery"}}},
            "worth.crime_19.price",
            "no index of UK",
        ),
        ({"price_year": 1990}, "studies.money.worth", "no index of NL for 1990"),
        ({"costs": {"attended": {"ages": [3, 5], "amount": OWN["amount"]}}}, "costs.attended", "not a policy"),
        ({"transfers": ["cash"]}, "transfers.0", "not a lever"),
        ({"bought": {"outcome": "crime_19"}}, "bought.outcome", "is money already"),
        ({"policies": None}, "studies.money", "nothing is changed"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_with_its_place(changes: dict[str, Any], place: str, what: str) -> None:
    told = refused(**changes)
    assert place in told
    assert what in told


def test_ages_that_end_before_they_start_are_refused() -> None:
    with pytest.raises(ValidationError, match="ages must not end before they start"):
        Worth.model_validate({"ages": [27, 19], "price": "nl_delinquent_act"})
