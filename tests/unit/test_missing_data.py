"""What is done about missing values: draws, rules for pooling, weights, and what a study tells of them."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.cohort import Cohort
from evenwicht.estimators.attrition_weights import attrition_weights
from evenwicht.estimators.chained_equations import Kind, Variable, completed
from evenwicht.estimators.multiple_imputation import pooled
from evenwicht.estimators.results import Interval
from evenwicht.results.flow import ANALYSED, DUE, IMPUTED, WEIGHTED
from evenwicht.results.rows import FAILED, Findings
from evenwicht.studies.pooling import pool_curves, pool_diagnostics, pool_estimates
from scipy.stats import t

from tests.cohorts import Tables, changed, configured, people_of, studied

N = 200
KINDS: dict[str, Kind] = {"number": "number", "flag": "binary", "level": "category"}


def streams(m: int = 3) -> list[np.random.Generator]:
    return [np.random.default_rng([1, k]) for k in range(m)]


@cache
def incomplete() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """A number, a flag and a level that go together, each with gaps, and two complete predictors."""
    rng = np.random.default_rng(5)
    z = rng.normal(size=(N, 2))
    number = 50 + 4 * z[:, 0] + rng.normal(size=N)
    flag = (z[:, 0] + rng.normal(size=N) > 0).astype(float)
    level = np.searchsorted([-0.6, 0.6], z[:, 1] + rng.normal(size=N)).astype(float)
    values = {"number": number, "flag": flag, "level": level}
    return {name: np.where(rng.random(N) < 0.2, np.nan, v) for name, v in values.items()}, z


def variables(values: dict[str, np.ndarray], **more: Any) -> list[Variable]:
    return [Variable(name, column, KINDS[name], **more) for name, column in values.items()]


# --- draws


def test_what_is_known_stays_and_what_is_drawn_is_possible() -> None:
    values, z = incomplete()
    for copy in completed(variables(values), z, streams(), "here"):
        for name, column in values.items():
            known = ~np.isnan(column)
            assert (copy[name][known] == column[known]).all()
            assert not np.isnan(copy[name]).any()
        assert set(np.unique(copy["flag"])) <= {0.0, 1.0}
        assert set(np.unique(copy["level"])) <= {0.0, 1.0, 2.0}


def test_copies_differ_and_the_same_streams_give_the_same_copies() -> None:
    values, z = incomplete()
    one, other, third = completed(variables(values), z, streams(), "here")
    assert (one["number"] != other["number"]).any()
    assert (one["flag"] != third["flag"]).any()
    again = next(completed(variables(values), z, streams(), "here"))
    assert all((again[name] == one[name]).all() for name in values)


def test_units_origins_and_orders_change_no_draw() -> None:
    values, z = incomplete()
    first = next(completed(variables(values, squared=True), z, streams(1), "here"))
    moved = np.column_stack([1e6 + 1e3 * z[:, 1], 0.01 * z[:, 0]])
    other = {**values, "number": 1e5 + 1000 * values["number"]}
    second = next(completed(variables(other, squared=True)[::-1], moved, streams(1), "here"))
    np.testing.assert_allclose((second["number"] - 1e5) / 1000, first["number"], rtol=1e-6)
    assert (second["flag"] == first["flag"]).all()
    assert (second["level"] == first["level"]).all()


def test_draws_follow_the_model_and_its_uncertainty() -> None:
    """Of few known values the mean drawn varies over copies by about its standard error, and single draws by more."""
    rng = np.random.default_rng(8)
    y = np.where(np.arange(3000) < 60, 10 + 2 * rng.normal(size=3000), np.nan)
    known = y[:60]
    many = [np.random.default_rng([3, k]) for k in range(300)]
    copies = np.array([copy["y"][60:] for copy in completed([Variable("y", y)], np.empty((3000, 0)), many, "here")])
    error = known.std(ddof=1) / np.sqrt(60)
    assert copies.mean() == pytest.approx(known.mean(), abs=4 * error / np.sqrt(300))
    assert copies.mean(axis=1).std() == pytest.approx(error, rel=0.2)
    assert copies.std(axis=1).mean() == pytest.approx(known.std(ddof=1), rel=0.05)


def test_a_yes_no_variable_that_a_predictor_decides_is_still_drawn() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=N)
    y = np.where(np.arange(N) < 150, (x > 0).astype(float), np.nan)
    [copy] = completed([Variable("y", y, "binary")], x[:, None], streams(1), "here")
    drawn, side = copy["y"][150:], x[150:] > 0
    assert np.mean(drawn == side) > 0.8


def test_a_variable_known_for_too_few_is_not_imputed() -> None:
    y = np.where(np.arange(N) < 4, 1.0 * np.arange(N), np.nan)
    with pytest.raises(ModelError, match="too few"):
        list(completed([Variable("y", y)], np.random.default_rng(1).normal(size=(N, 3)), streams(), "here"))
    gone = np.full(N, np.nan)
    half = np.where(np.arange(N) % 2, 1.0 * np.arange(N), np.nan)
    with pytest.raises(ModelError, match="too few"):
        list(completed([Variable("y", gone), Variable("z", half)], np.empty((N, 0)), streams(), "here"))


def test_a_predictor_that_varies_only_where_the_variable_is_missing_says_nothing_about_it() -> None:
    y = np.where(np.arange(N) < 150, np.arange(N) % 7, np.nan)
    only = (np.arange(N) > 180).astype(float)
    with pytest.raises(ModelError, match="varies only among"):
        list(completed([Variable("y", y)], only[:, None], streams(), "here"))


# --- Rubin's rules


def test_copies_that_agree_have_the_error_of_one() -> None:
    found = pooled(np.full(5, 2.0), np.full(5, 0.25), 50.0)
    assert (found.estimate, found.se, found.df) == (2.0, 0.5, 50.0)
    assert found.missing_information == 0


def test_degrees_of_freedom_never_exceed_those_of_complete_data_nor_of_many_copies() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        q, u = rng.normal(size=6), rng.uniform(0.1, 2, 6)
        df = pooled(q, u, 40.0).df
        assert df < min(40.0, pooled(q, u).df)


def table(*intervals: tuple[str, Interval], n: int = 100, method: str = "m") -> list[dict[str, Any]]:
    found = Findings("c", "s")
    with found.part("y", "a", "no") as rows:
        for estimand, interval in intervals:
            rows.add(estimand, method, interval, n=n, events=10)
    return found.estimates


def only(copies: list[list[dict[str, Any]]]) -> dict[str, Any]:
    [(row, _)] = pool_estimates(copies)
    return row


def test_ratios_are_pooled_by_their_logarithm() -> None:
    logs = [0.1, 0.3, 0.2]
    row = only([table(("risk_ratio", Interval.normal(x, 0.2).exp())) for x in logs])
    expected = pooled(np.array(logs), np.full(3, 0.04), 99.0)
    assert row["estimate"] == pytest.approx(np.exp(0.2))
    assert row["se"] == pytest.approx(expected.se)
    assert row["lower"] == pytest.approx(np.exp(expected.interval().lower))


@pytest.mark.parametrize(
    ("estimand", "interval"),
    [
        ("risk_exposed", Interval.risk),
        ("survival_exposed", Interval.survival),
        ("auc", Interval.normal),
    ],
)
def test_probabilities_stay_between_0_and_1_and_one_copy_tells_its_own_interval(estimand: str, interval: Any) -> None:
    row = only([table((estimand, interval(p, 0.03))) for p in (0.94, 0.95, 0.97)])
    assert 0 < row["lower"] < row["estimate"] < row["upper"] < 1
    near = only([table((estimand, interval(p, 0.03)), n=10**7) for p in (0.95, 0.95 + 1e-9, 0.95)])
    alone = table((estimand, interval(0.95, 0.03)), n=10**7)[0]
    if estimand != "auc":  # whose own interval is symmetric, and can pass 1
        assert near["lower"] == pytest.approx(alone["lower"], abs=1e-6)
        assert near["upper"] == pytest.approx(alone["upper"], abs=1e-6)
    assert near["se"] == pytest.approx(0.03, rel=1e-6)


def test_degrees_of_freedom_of_clusters_are_kept() -> None:
    copies = [table(("mean_difference", Interval.student(x, 1.0, 6.0)), n=10**6) for x in (0.0, 1e-6, 2e-6)]
    row = only(copies)
    left = 6 * 7 / 9  # of Barnard and Rubin, where almost nothing is lost
    assert row["upper"] - row["estimate"] == pytest.approx(t.ppf(0.975, left), rel=1e-3)


def test_a_row_that_fails_in_some_copies_says_in_how_many_and_why() -> None:
    good, bad = ("mean_difference", Interval.normal(1.0, 0.1)), ("mean_difference", Interval.not_estimable("no fit"))
    row = only([table(good), table(bad), table(good)])
    assert np.isnan(row["estimate"])
    assert row["reason"] == "not estimable in 1 of 3 imputations: no fit"
    row = only([table(good), [], table(good)])
    assert row["reason"] == "not estimable in 1 of 3 imputations: the comparison could not be made"
    bare = ("mean_difference", Interval(1.2).bare("few events"))
    row = only([table(good), table(bare), table(bare)])
    assert row["status"] == "no interval"
    assert row["reason"] == "no interval in 2 of 3 imputations: few events"
    assert row["estimate"] == pytest.approx(3.4 / 3)


def test_a_comparison_that_no_copy_could_make_keeps_its_reason() -> None:
    failed = table(("mean_difference", Interval.not_estimable("too few people")), method=FAILED)
    assert only([failed, failed])["reason"] == "too few people"
    good = table(("mean_difference", Interval.normal(1.0, 0.1)))
    assert only([good, failed])["method"] == "m"


def test_a_row_without_error_has_none_afterwards() -> None:
    row = only([table(("mean_difference", Interval(x))) for x in (1.0, 2.0)])
    assert (row["estimate"], row["status"]) == (1.5, "no interval")


def test_diagnostics_are_averaged_and_p_values_have_their_median() -> None:
    copies = []
    for p, f in ((0.01, 10.0), (0.02, 20.0), (0.9, 60.0)):
        found = Findings("c", "s")
        with found.part("y", "a", "no") as rows:
            rows.diagnose("p_value", "m", p)
            rows.diagnose("first_stage_f", "m", f)
        copies.append(found.diagnostics)
    assert [row["value"] for row in pool_diagnostics(copies)] == [0.02, 30.0]


def test_curves_are_averaged_at_each_place() -> None:
    def curve(level: float) -> pd.DataFrame:
        return pd.DataFrame({"x": [0, 1], "estimate": [1.0, level], "arm": "exposed", "curve": "survival"})

    [mean] = pool_curves([[curve(0.4)], [curve(0.6)]])
    assert mean["estimate"].tolist() == pytest.approx([1.0, 0.5])
    assert len(mean) == 2


# --- weights


def test_nobody_leaves_nobody_is_weighted() -> None:
    found = attrition_weights([(np.ones(N, dtype=bool), np.empty((N, 0)))], "here")
    assert (found.weights == 1).all()
    assert not found.stages


def test_weights_average_to_one_and_units_and_orders_change_none() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(N, 2))
    seen = rng.random(N) < 1 / (1 + np.exp(-1 - x[:, 0]))
    found = attrition_weights([(seen, x)], "here")
    assert found.total.mean() == pytest.approx(1.0, abs=0.1)
    assert (found.weights[~seen] == 0).all()
    moved = attrition_weights([(seen, np.column_stack([1e6 + 100 * x[:, 1], x[:, 0] / 7])[::-1][::-1])], "here")
    np.testing.assert_allclose(moved.weights, found.weights, rtol=1e-8)


def test_whoever_has_left_stays_away() -> None:
    seen, later = np.arange(N) % 2 == 0, np.arange(N) % 3 != 0
    found = attrition_weights([(seen, np.empty((N, 0))), (later, np.empty((N, 0)))], "here")
    assert (found.observed == (seen & later)).all()


def test_what_decides_who_is_observed_leaves_nobody_to_stand_for_the_others() -> None:
    seen = np.arange(N) < 120
    with pytest.raises(ModelError, match="positivity"):
        attrition_weights([(seen, seen[:, None].astype(float))], "here")
    with pytest.raises(ModelError, match="nobody is observed"):
        attrition_weights([(np.zeros(N, dtype=bool), np.empty((N, 0)))], "here")


# --- a study that handles missing values


def gaps(cohort: Cohort, **shares: float) -> Cohort:
    """The same people with columns missing for a share of them."""
    rng = np.random.default_rng(3)
    persons = cohort.persons
    masked = {name: persons[name].mask(rng.random(len(persons)) < share) for name, share in shares.items()}
    return replace(cohort, persons=persons.assign(**masked))


@cache
def smokers() -> Cohort:
    return people_of(configured("nhefs"), seed=1)


@cache
def quitting(handling: str, outcome: str = "weight_change", **shares: float) -> Tables:
    study = {"handling": handling, **({"imputations": 3} if handling == "imputation" else {})}
    config = changed(configured("nhefs"), {"studies.quitting.missing": study, "studies.quitting.outcomes": [outcome]})
    return studied("quitting", config, gaps(smokers(), **shares))


def steps(tables: Tables) -> dict[str, int]:
    return tables["flow"].set_index("step")["people"].to_dict()


def difference(tables: Tables, method: str = "standardisation") -> pd.Series:
    rows = tables["estimates"]
    return rows[rows["estimand"].isin(["mean_difference", "risk_difference"]) & (rows["method"] == method)].iloc[0]


def test_imputation_keeps_everybody_and_says_of_how_many_what_is_imputed() -> None:
    tables = quitting("imputation", exercise=0.1)
    told, column = steps(tables), gaps(smokers(), exercise=0.1).persons["exercise"]
    lacking = int(column.isna().sum())
    assert told == {DUE: 1629, ANALYSED: 1629, IMPUTED["outcome"]: 63, IMPUTED["covariates"]: lacking}
    lead = difference(tables)
    assert lead["n"] == 1629
    assert abs(lead["estimate"] - difference(quitting("complete_cases"))["estimate"]) < lead["se"]
    lost = tables["diagnostics"].query("statistic == 'missing_information' and method == 'standardisation'")
    assert 0 < lost["value"].iloc[0] < 0.5


def test_weights_for_attrition_keep_the_complete_and_say_so() -> None:
    tables = quitting("attrition_weights")
    assert steps(tables) == {DUE: 1629, "outcome not known": 63, ANALYSED: 1566, WEIGHTED: 1566}
    share = tables["diagnostics"].query("statistic == 'share_observed'")["value"].iloc[0]
    assert share == pytest.approx(1566 / 1629)
    lead, plain = difference(tables), difference(quitting("complete_cases"))
    assert 0 < abs(lead["estimate"] - plain["estimate"]) < plain["se"]


@pytest.mark.parametrize("handling", ["imputation", "attrition_weights"])
def test_where_nothing_is_missing_a_study_is_as_ever(handling: str) -> None:
    for table in ("estimates", "flow", "curves"):
        ours, plain = (quitting(how, "death")[table] for how in (handling, "complete_cases"))
        pd.testing.assert_frame_equal(ours, plain)


def test_times_to_events_predict_covariates_and_are_not_imputed() -> None:
    tables = quitting("imputation", "death", smoking_years=0.1)
    assert IMPUTED["covariates"] in steps(tables)
    assert IMPUTED["outcome"] not in steps(tables)
    row = difference(tables, "ipw")
    assert row["n"] == 1629
    assert row["events"] == difference(quitting("complete_cases", "death"), "ipw")["events"]


def test_the_order_of_rows_changes_nothing() -> None:
    config = changed(
        configured("nhefs"),
        {"studies.dropout.missing": {"imputations": 3}, "studies.dropout.outcomes": ["weight_change"]},
    )
    cohort = gaps(smokers(), exercise=0.1)
    order = np.random.default_rng(1).permutation(len(cohort.persons))
    turned = replace(cohort, persons=cohort.persons.iloc[order].reset_index(drop=True))
    one, other = (studied("dropout", config, people)["estimates"] for people in (cohort, turned))
    np.testing.assert_allclose(one["estimate"], other["estimate"], rtol=1e-9)
    np.testing.assert_allclose(one["se"], other["se"], rtol=1e-9)


def test_a_column_that_cannot_be_imputed_is_a_row_that_says_why() -> None:
    config = changed(configured("nhefs"), {"studies.quitting.missing": {"handling": "imputation"}})
    cohort = gaps(smokers(), exercise=0.998)
    rows = studied("quitting", config, cohort, strict=False)["estimates"]
    assert set(rows["method"]) == {FAILED}
    assert rows["reason"].str.contains("too few").all()


@pytest.mark.parametrize("study", ["price", "price_as_instrument"])
def test_only_kinds_whose_comparison_imputations_know_may_impute(study: str) -> None:
    config = changed(configured("nhefs"), {f"studies.{study}.missing": {"handling": "imputation"}})
    assert [m.path for m in config.check()] == [f"studies.{study}.missing.handling"]


def test_a_kind_without_weights_has_none_for_attrition() -> None:
    given = {"studies.price_as_instrument.missing": {"handling": "attrition_weights"}}
    [mistake] = changed(configured("nhefs"), given).check()
    assert mistake.what == "a study of kind instrument does not honour weights"


def test_complete_cases_use_no_auxiliary_columns() -> None:
    given = {"studies.quitting.missing": {"auxiliary": ["high_tax"]}}
    assert [m.path for m in changed(configured("nhefs"), given).check()] == ["studies.quitting.missing.auxiliary"]


# --- the three ways side by side


def test_the_three_ways_of_nhefs() -> None:
    """The standardised difference of complete cases is that of What If, section 13.3: 3.5 kg (2.6 to 4.5)."""
    config = configured("nhefs")
    tables = studied("dropout", config, smokers())
    rows = tables["estimates"].set_index("method")
    assert rows["n"].to_dict() == {"complete_cases": 1566, "imputation": 1629, "attrition_weights": 1566}
    assert rows.loc["complete_cases", "estimate"] == pytest.approx(3.5, abs=0.05)
    assert rows["estimate"].between(3.3, 3.7).all()
    assert (rows["status"] == "estimated").all()
    diagnostics = tables["diagnostics"]
    shares = diagnostics[diagnostics["statistic"] == "share_missing"].set_index(["outcome", "exposure"])["value"]
    assert shares["weight_change", ""] == pytest.approx(63 / 1629)
    assert shares.drop(("weight_change", "")).eq(0).all()
    assert steps(tables) == {DUE: 1629, ANALYSED: 1629, IMPUTED["outcome"]: 63, WEIGHTED: 1566}


def test_who_has_something_missing_differs_by_as_much_as_people_differ() -> None:
    tables = studied("dropout", configured("nhefs"), smokers())
    told = tables["diagnostics"].query("statistic == 'missing_difference'").set_index("exposure")["value"]
    persons = smokers().persons
    gone, age = persons["weight_change"].isna(), persons["age"].astype(float)
    assert told["age"] == pytest.approx((age[gone].mean() - age[~gone].mean()) / age.std(ddof=0))
    assert {"education=1", "education=5", "sex=1"} <= set(told.index)
    assert "sex=0" not in told.index


def test_where_nothing_is_missing_the_three_ways_are_one() -> None:
    cohort = smokers()
    whole = replace(cohort, persons=cohort.persons[cohort.persons["weight_change"].notna()].reset_index(drop=True))
    tables = studied("dropout", configured("nhefs"), whole)
    rows = tables["estimates"]
    assert rows["estimate"].nunique() == 1
    assert rows["se"].max() - rows["se"].min() < 1e-12
    assert steps(tables) == {DUE: 1566, ANALYSED: 1566}


def test_leavers_who_are_exposed_or_poor_are_made_up_for() -> None:
    """One draw of the scenario: each way holds the true difference, which is a parameter of this world."""
    config = configured("lifecourse").in_scenario("attrition")
    tables = studied("missing_data", config, people_of(config, seed=6), known=set())
    rows = tables["estimates"].query("outcome == 'symptoms'")
    world = config.source
    truth = world.effect_of("infancy") * (1 - world.resilience.share * world.resilience.protection)
    assert rows["n"].min() < 0.65 * rows["n"].max()
    assert ((rows["estimate"] - truth).abs() < 4 * rows["se"]).all()
