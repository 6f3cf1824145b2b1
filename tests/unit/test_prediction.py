"""Prediction: folds, areas, flags and variances as defined, what must not matter, the study and what it shows."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Column
from evenwicht.base.errors import ModelError
from evenwicht.base.outcomes import BinaryOutcome, ContinuousOutcome, CountOutcome
from evenwicht.base.streams import stream_key
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.display.section import Found
from evenwicht.estimators.calibration import (
    brier,
    calibration_in_the_large,
    calibration_line,
    explained_variance,
    liability_r_squared,
)
from evenwicht.estimators.cross_validation import deal_folds, held_out, held_out_means, spanned
from evenwicht.estimators.discrimination import area_under, auc_estimate, roc_points
from evenwicht.estimators.flagging import cut_rates, flag_top, held_out_cut_rates, observed_rates
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.regression import fit_model, with_intercept
from evenwicht.estimators.results import Interval
from evenwicht.results.rows import with_truth
from evenwicht.results.schema import QUESTION
from evenwicht.studies import showing
from evenwicht.studies.prediction import Settings
from scipy.special import expit

from tests.cohorts import Tables, configured, people_of, studied, truth_of, with_studies
from tests.figures import faults
from tests.worlds import effect, synthetic

Floats = np.ndarray
N = 300


def people(seed: int = 5, n: int = N) -> tuple[Floats, Floats]:
    """Design of a normal and of a yes/no column, and a 0/1 outcome."""
    rng = np.random.default_rng(seed)
    numbers = np.column_stack([rng.standard_normal(n), rng.random(n) < 0.4]).astype(float)
    return with_intercept(numbers), (rng.random(n) < expit(-1 + numbers @ [0.8, 0.5])).astype(float)


# --- folds -----------------------------------------------------------------------------------------------------------


def test_folds_have_equal_size_and_share_cases_evenly() -> None:
    _, outcome = people()
    folds = deal_folds(np.arange(N), outcome == 1, 10, np.random.default_rng(1))
    assert np.ptp(np.bincount(folds)) <= 1
    assert np.ptp(np.bincount(folds, outcome)) <= 1


def test_families_stay_in_one_fold() -> None:
    families = np.repeat(np.arange(N // 3), 3)
    folds = deal_folds(families, people()[1] == 1, 7, np.random.default_rng(1))
    assert (pd.Series(folds).groupby(families).nunique() == 1).all()
    assert np.ptp(np.bincount(folds)) <= 3


def test_the_order_of_rows_deals_nobody_elsewhere() -> None:
    _, outcome = people()
    order = np.random.default_rng(2).permutation(N)
    folds = deal_folds(np.arange(N), outcome == 1, 10, np.random.default_rng(1))
    again = deal_folds(np.arange(N)[order], outcome[order] == 1, 10, np.random.default_rng(1))
    assert (again == folds[order]).all()


def test_fewer_families_than_folds_are_refused() -> None:
    with pytest.raises(ModelError, match="3 people or families cannot be dealt to 10 folds"):
        deal_folds(np.repeat([1, 2, 3], 5), np.zeros(15, dtype=bool), 10, np.random.default_rng(1))


# --- predictions of people not seen ----------------------------------------------------------------------------------


def test_each_fold_is_predicted_by_the_model_of_the_others() -> None:
    design, outcome = people()
    folds = deal_folds(np.arange(N), outcome == 1, 5, np.random.default_rng(1))
    found, means = held_out(outcome, design, folds), held_out_means(outcome, design, folds)
    for fold in range(5):
        out = folds == fold
        model = fit_model("binomial", outcome[~out], design[~out])
        np.testing.assert_allclose(found.risk[out], model.predict(design[out]), atol=1e-9)
        line = fit_model("gaussian", outcome[~out], design[~out])
        np.testing.assert_allclose(means[out], line.predict(design[out]), atol=1e-9)


def test_units_origins_and_order_of_columns_do_not_matter() -> None:
    design, outcome = people()
    folds = deal_folds(np.arange(N), outcome == 1, 5, np.random.default_rng(1))
    other = np.column_stack([design[:, 2] * 1e-3 + 5, design[:, 0], 1e6 - 1e4 * design[:, 1]])
    found, again = (held_out(outcome, one, folds).risk for one in (design, other))
    np.testing.assert_allclose(found, again, atol=1e-7)


def test_outcomes_that_are_told_without_error_have_no_finite_fit() -> None:
    numbers = np.arange(40.0)
    with pytest.raises(ModelError, match="no finite fit"):
        held_out((numbers > 19).astype(float), with_intercept(numbers[:, None]), np.arange(40) % 4)


def test_an_interval_spans_both_and_keeps_the_held_out_estimate() -> None:
    both = spanned(Interval(0.6, 0.05, 0.5, 0.7), Interval(0.68, 0.04, 0.6, 0.76))
    assert (both.estimate, both.se, both.lower, both.upper) == (0.6, 0.05, 0.5, 0.76)
    assert spanned(Interval(0.6).bare("why"), Interval(0.7, 0.1, 0.5, 0.9)).reason == "why"


# --- areas -----------------------------------------------------------------------------------------------------------


def test_the_area_is_the_share_of_pairs_in_order_and_its_variance_that_of_their_means() -> None:
    """By all pairs: the U statistic, and the variances of each person's mean over the others."""
    rng = np.random.default_rng(4)
    score, cases = np.round(rng.normal(0, 2, 60)), rng.random(60) < 0.4
    pairs = np.sign(score[cases][:, None] - score[~cases]) / 2 + 0.5
    found = auc_estimate(score, cases)
    assert found.value == pytest.approx(pairs.mean())
    assert area_under(score, cases.astype(float)) == pytest.approx(pairs.mean())
    variance = sum(pairs.mean(axis=axis).var(ddof=1) / pairs.shape[1 - axis] for axis in (0, 1))
    assert found.influence @ found.influence == pytest.approx(variance)
    assert found.influence.sum() == pytest.approx(0.0)


def test_the_area_does_not_depend_on_the_scale_of_the_score() -> None:
    design, outcome = people()
    cases, score = outcome == 1, design[:, 1]
    assert auc_estimate(np.exp(score) * 7 - 3, cases).value == pytest.approx(auc_estimate(score, cases).value)
    assert auc_estimate(-score, cases).value == pytest.approx(1 - auc_estimate(score, cases).value)
    assert auc_estimate(np.ones(N), cases).value == 0.5


def test_within_folds_the_area_is_the_mean_of_theirs() -> None:
    design, outcome = people()
    folds, cases = np.arange(N) % 4, outcome == 1
    found = auc_estimate(design[:, 1], cases, folds)
    areas = [auc_estimate(design[folds == k, 1], cases[folds == k]) for k in range(4)]
    assert found.value == pytest.approx(np.mean([area.value for area in areas]))
    assert found.influence @ found.influence == pytest.approx(sum(a.influence @ a.influence for a in areas) / 16)


def test_a_fold_without_cases_is_refused() -> None:
    with pytest.raises(ModelError, match="0 people with the outcome and 5 without"):
        auc_estimate(np.arange(10.0), np.arange(10) > 5, np.arange(10) // 5)


def test_a_roc_curve_rises_from_nobody_to_everybody_over_its_area() -> None:
    design, outcome = people()
    grid = np.linspace(0, 1, 2001)
    curve = roc_points(design[:, 1], outcome == 1, np.zeros(N, dtype=int), grid)
    assert (curve[0], curve[-1]) == (0, 1)
    assert (np.diff(curve) >= 0).all()
    assert curve.mean() == pytest.approx(area_under(design[:, 1], outcome), abs=0.01)


# --- flags -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.1, 0.2, 0.55])
def test_flags_make_up_the_share_whatever_is_tied(share: float) -> None:
    risk = np.random.default_rng(1).integers(0, 4, 97) / 10
    flags = flag_top(risk, share)
    assert flags.sum() == pytest.approx(share * 97)
    assert np.unique(risk[(flags > 0) & (flags < 1)]).size <= 1
    assert risk[flags > 0].min() >= risk[flags < 1].max()
    order = np.random.default_rng(2).permutation(97)
    np.testing.assert_array_equal(flag_top(risk[order], share), flags[order])


def test_whole_weights_flag_as_so_many_people_would() -> None:
    risk, weights = np.array([0.3, 0.1, 0.2, 0.2]), np.array([1.0, 2.0, 1.0, 3.0])
    many = flag_top(np.repeat(risk, weights.astype(int)), 0.4)
    flags = flag_top(risk, 0.4, weights)
    assert (weights * flags).sum() == pytest.approx(many.sum())
    assert flags == pytest.approx([1.0, 0.0, 0.45, 0.45])


def test_rates_of_a_yes_no_score_are_those_of_the_table_of_four() -> None:
    """40 of 100 exposed and 60 of 300 others come to it; errors are binomial."""
    score = np.repeat([1.0, 1.0, 0.0, 0.0], [40, 60, 60, 240])
    cases = np.repeat([1.0, 0.0, 1.0, 0.0], [40, 60, 60, 240])
    rates, sampling = observed_rates(cases, score), Sampling(400)
    told = [rates.sensitivity, rates.specificity, rates.positive_predictive_value, rates.negative_predictive_value]
    assert [one.value for one in told] == pytest.approx([0.4, 0.8, 0.4, 0.8])
    errors = [np.sqrt(p * (1 - p) / n) for p, n in ((0.4, 100), (0.8, 300), (0.4, 100), (0.8, 300))]
    assert [sampling.standard_error(one.influence) for one in told] == pytest.approx(errors)
    assert (rates.false_positives.value, rates.missed.value) == pytest.approx((0.15, 0.15))


def test_everybody_is_found_or_missed_and_flagged_right_or_wrong() -> None:
    design, outcome = people()
    folds = deal_folds(np.arange(N), outcome == 1, 5, np.random.default_rng(1))
    for rates in (
        held_out_cut_rates(held_out(outcome, design, folds), outcome, 0.2)[0],
        cut_rates(fit_model("binomial", outcome, design).fitted, outcome, 0.2)[0],
    ):
        assert rates.found.value + rates.missed.value == pytest.approx(outcome.mean())
        assert rates.found.value + rates.false_positives.value == pytest.approx(rates.share.value)
        assert rates.share.value == pytest.approx(0.2, abs=0.02)


# --- calibration and variance ----------------------------------------------------------------------------------------


def test_a_model_is_calibrated_in_the_people_it_was_fitted_to() -> None:
    design, outcome = people()
    log_odds = design @ np.linalg.lstsq(design, np.log(1 / (1 / _fitted() - 1)), rcond=None)[0]
    intercept, slope = calibration_line(log_odds, outcome)
    told = (intercept.value, slope.value, calibration_in_the_large(log_odds, outcome).value)
    assert told == pytest.approx((0.0, 1.0, 0.0), abs=1e-7)


def _fitted() -> Floats:
    design, outcome = people()
    return fit_model("binomial", outcome, design).fitted


def test_predictions_that_are_all_the_same_have_no_slope() -> None:
    assert calibration_line(np.zeros(N), people()[1])[1].reason == "the predicted risks do not vary"


@pytest.mark.parametrize("what", [explained_variance, liability_r_squared])
def test_influence_of_a_variance_is_how_much_each_person_moves_it(what: Any) -> None:
    """By leaving each out in turn, which moves it by their influence up to terms of 1/n squared."""
    _, outcome = people()
    risk, value = _fitted(), people()[1]
    whole = what(brier(risk, outcome), value)
    keep = ~np.eye(N, dtype=bool)
    moved = np.array([whole.value - what(brier(risk[k], outcome[k]), value[k]).value for k in keep])
    np.testing.assert_allclose(moved, whole.influence, atol=0.03 * np.abs(whole.influence).max())


def test_of_a_yes_no_predictor_explained_variance_is_the_squared_correlation() -> None:
    _, outcome = people()
    score = (np.arange(N) % 3 == 0).astype(float)
    fitted = fit_model("binomial", outcome, with_intercept(score[:, None])).fitted
    explained = explained_variance(brier(fitted, outcome), outcome)
    assert explained.value == pytest.approx(np.corrcoef(score, outcome)[0, 1] ** 2)


# --- settings --------------------------------------------------------------------------------------------------------

BOOK = Codebook(
    "made",
    {
        "id": Column(role="id", type="integer", label="Person"),
        "score": Column(role="mediator", label="Score"),
        "harmed": Column(role="stressor", type="boolean", label="Harmed"),
        "ill": Column(role="outcome", type="boolean", label="Ill"),
        "height": Column(role="outcome", label="Height", unit="cm"),
        "visits": Column(role="outcome", label="Visits"),
        "sex": Column(role="sex", type="category", label="Sex", codes={"f": "girl", "m": "boy"}),
    },
    {
        "ill": BinaryOutcome(kind="binary", column="ill", label="Ill"),
        "height": ContinuousOutcome(kind="continuous", column="height", label="Height"),
        "visits": CountOutcome(kind="count", column="visits", label="Visits"),
    },
)


def settings(**given: Any) -> Settings:
    return Settings.model_validate({"kind": "prediction", "scores": ["score"], "outcomes": ["ill"], **given})


@pytest.mark.parametrize(
    ("given", "path", "what"),
    [
        ({"scores": ["scores"]}, "scores.0", "'scores' is not a column of this cohort"),
        ({"scores": ["sex"]}, "scores.0", "'sex' is no number and no yes/no column"),
        ({"scores": ["id"]}, "scores.0", "'id' is no number and no yes/no column"),
        ({"scores": ["ill"]}, "scores.0", "'ill' is the outcome ill itself"),
        ({"adjust": {"columns": ["score"]}}, "scores.0", "'score' is among the covariates"),
        ({"outcomes": ["visits"]}, "outcomes.0", "'visits' is of kind count, which this study cannot predict"),
        ({"adjust": {"columns": ["ill"]}}, "outcomes.0", "'ill' is among the covariates"),
    ],
)
def test_what_the_cohort_file_gets_wrong_is_told(given: dict[str, Any], path: str, what: str) -> None:
    assert (path, what) in [(mistake.path, mistake.what) for mistake in settings(**given).check(BOOK)]


def test_what_is_right_has_no_mistakes() -> None:
    given = settings(scores=["score", "harmed"], outcomes=["ill", "height"], adjust={"columns": ["sex"]})
    assert list(given.check(BOOK)) == []


def test_a_cut_stands_once() -> None:
    with pytest.raises(ValueError, match="a cut is listed twice"):
        settings(cuts=[0.1, 0.10])


def test_models_go_from_covariates_to_all_that_is_known() -> None:
    def keys(**given: Any) -> list[str]:
        return [model.key for model in settings(**given).models(BOOK)]

    assert keys() == ["score"]
    assert keys(adjust={"columns": ["sex"]}) == ["covariates", "score", "score+covariates"]
    several = keys(scores=["score", "harmed"], adjust={"columns": ["sex"]})
    assert several[-4:] == ["harmed", "harmed+covariates", "all", "all+covariates"]


# --- the study -------------------------------------------------------------------------------------------------------

STUDY = "prediction"


def dunedin(**given: Any) -> CohortConfig:
    config = with_studies(configured("dunedin"), STUDY)
    study = config.studies[STUDY].model_copy(update=given)
    return config.model_copy(update={"studies": {STUDY: study}})


@pytest.fixture(scope="module")
def children() -> Cohort:
    return people_of(configured("dunedin"), 1)


@pytest.fixture(scope="module")
def tables(children: Cohort) -> Tables:
    return studied(STUDY, dunedin(scores=["brain_health", "maltreatment"]), children)


def test_areas_lie_between_those_of_a_coin_and_certainty_and_scores_add(tables: Tables) -> None:
    rows = tables["estimates"].query("estimand == 'auc' and method == 'cross_validated'")
    assert set(rows["reference"]) == {"no", "no_sector"}
    assert rows.groupby("reference")["exposure"].nunique().tolist() == [7, 7]
    areas = rows.query("reference == 'no'").set_index("exposure")["estimate"]
    assert areas["all+covariates"] > areas["brain_health"] > areas["covariates"]
    intervals = rows.set_index("exposure")[["lower", "estimate", "upper"]].to_numpy()
    assert (np.diff(intervals, axis=1) > 0).all()


def test_a_gain_is_the_difference_of_two_areas_and_has_no_interval_by_delong(tables: Tables) -> None:
    rows = tables["estimates"].query("reference == 'no' and method == 'cross_validated'")
    wide = rows[rows["at"] == ""].pivot_table(index="exposure", columns="estimand", values="estimate")
    gain = wide["auc_increment"].dropna()
    assert set(gain.index) == {"brain_health+covariates", "maltreatment+covariates", "all+covariates"}
    np.testing.assert_allclose(gain, wide["auc"][gain.index] - wide["auc"]["covariates"])
    assert set(tables["estimates"].query("method == 'delong'")["exposure"]) == {"brain_health", "maltreatment"}


def test_a_yes_no_score_alone_is_told_as_it_is_and_needs_no_cut(tables: Tables) -> None:
    alone = tables["estimates"].query("exposure == 'maltreatment' and method == 'observed'")
    assert set(alone["at"]) == {""}
    assert {"sensitivity", "flagged_well", "missed_cases"} < set(alone["estimand"])
    assert set(tables["estimates"].query("exposure == 'brain_health' and estimand == 'flagged_well'")["at"]) == {
        "0.1",
        "0.2",
    }


def test_people_without_the_middle_are_fewer_and_the_flow_says_why(tables: Tables) -> None:
    flow = tables["flow"].query("exposure == 'covariates'")
    flow = flow.pivot_table(index="step", columns="reference", values="people")
    middle = flow.loc["high need in some sectors", "no_sector"]
    assert flow.loc["analysed", "no"] - flow.loc["analysed", "no_sector"] == middle > 0


def test_the_order_of_people_and_the_unit_of_a_score_change_nothing(tables: Tables, children: Cohort) -> None:
    persons = children.persons.sample(frac=1, random_state=1).reset_index(drop=True)
    persons = persons.assign(brain_health=100 - 15 * persons["brain_health"])
    config = dunedin(scores=["brain_health", "maltreatment"])
    again = studied(STUDY, config, replace(children, persons=persons))["estimates"]
    numbers = ["estimate", "lower", "upper", "se"]
    np.testing.assert_allclose(again[numbers], tables["estimates"][numbers], rtol=1e-6, atol=1e-9)


def test_folds_that_are_dealt_anew_are_averaged(children: Cohort) -> None:
    rows = studied(STUDY, dunedin(scores=["brain_health"], repeats=3, folds=5), children)["estimates"]
    once = studied(STUDY, dunedin(scores=["brain_health"], repeats=1, folds=5), children)["estimates"]
    keys = {"estimand": "auc", "method": "apparent"}
    for table in (rows, once):
        assert len(table.query("estimand == 'auc' and method == 'cross_validated'")) == 6
    same = [table[(table[list(keys)] == pd.Series(keys)).all(axis=1)]["estimate"].to_numpy() for table in (rows, once)]
    np.testing.assert_array_equal(*same)


def test_every_estimate_has_a_true_value() -> None:
    config = dunedin(scores=["brain_health", "maltreatment"])
    rows = with_truth(studied(STUDY, config, people_of(config, 2))["estimates"], _truth(config))
    assert rows["truth"].notna().all()
    assert not rows[rows["estimand"] == "calibration_slope"]["truth"].ne(1).any()


def _truth(config: CohortConfig) -> pd.DataFrame:
    return truth_of(config, 1, 1)


def test_a_yes_no_score_alone_has_the_true_values_that_the_registry_tells_of_an_exposure() -> None:
    world, key = synthetic("dunedin"), stream_key(1, "dunedin", "test")
    asked = Settings.model_validate(
        {"kind": "prediction", "scores": ["maltreatment"], "outcomes": ["multi_sector_need"]}
    ).asks(world.book)
    own, registry = (
        world.asked(*questions).simulated(1, key).set_index(QUESTION)["value"]
        for questions in (asked, [effect("maltreatment", ["multi_sector_need"])])
    )
    both = own.index.intersection(registry.index)
    told = {dict(zip(QUESTION, place, strict=True))["estimand"] for place in both if place[1] == "maltreatment"}
    assert {"auc", "sensitivity", "specificity", "r_squared", "liability_r_squared"} < told
    np.testing.assert_allclose(own[both], registry[both], rtol=1e-6)


def test_too_few_with_the_outcome_is_a_reason(children: Cohort) -> None:
    few = children.costs[children.costs["id"].isin(children.costs["id"].unique()[:12])]
    rows = studied(STUDY, dunedin(), replace(children, costs=few), strict=False)["estimates"]
    assert set(rows["status"]) == {"not estimable"}
    assert rows["reason"].str.contains("people have the outcome").all()


def test_a_score_that_follows_from_others_stops_only_the_models_that_have_both(children: Cohort) -> None:
    persons = children.persons.assign(iq=-children.persons["brain_health"])
    config = dunedin(scores=["brain_health", "iq"])
    rows = studied(STUDY, config, replace(children, persons=persons), strict=False)["estimates"]
    failed = rows[rows["status"] == "not estimable"]
    assert set(failed["exposure"]) == {"all", "all+covariates"}
    assert {"brain_health", "iq", "covariates"} < set(rows[rows["status"] == "estimated"]["exposure"])


# --- what is shown ---------------------------------------------------------------------------------------------------


def test_the_section_tells_areas_flags_and_people_as_dots(tables: Tables) -> None:
    config = dunedin(scores=["brain_health", "maltreatment"])
    study = config.studies[STUDY]
    found = Found.of("dunedin", STUDY, tables, tables["curves"], synthetic=True)
    shown = showing.words(study, config.codebook, found)
    assert [len(shown[name].rows) for name in ("ladder", "flags", "risks")] == [7, 13, 7]
    [dots] = shown["dots"]
    assert sum(int(entry.count) for entry in dots["key"]) == 1000
    assert shown["well"][0].startswith("Maltreatment: present: of 100 such children")
    [message] = showing.messages(study, config.codebook, found)
    assert "of them would stay free of it" in message
    drawn = showing.figures(study, config.codebook, found)
    assert {name: faults(picture) for name, picture in drawn.items()} == {
        "roc_1": [],
        "calibration_1": [],
        "net_benefit_1": [],
    }


def test_a_number_is_told_by_the_spread_that_is_left_in_its_unit() -> None:
    config = with_studies(configured("bwght"), "one_birth")
    tables = studied("one_birth", config, people_of(config, 1))
    rows = tables["estimates"].query("outcome == 'birth_weight'")
    assert set(rows["estimand"]) == {"r_squared", "residual_share", "residual_sd"}
    spread = rows.set_index("estimand").loc["residual_sd"]
    assert spread["unit"] == "oz"
    assert spread["lower"] < spread["estimate"] < spread["upper"]
    explained = rows.query("estimand == 'r_squared'")
    assert explained["lower"].between(-0.02, explained["estimate"]).all()
    assert explained["upper"].between(explained["estimate"], 0.1).all()
    found = Found.of("bwght", "one_birth", tables, tables["curves"], synthetic=False)
    shown = showing.words(config.studies["one_birth"], config.codebook, found)
    assert not shown["middle"]
    assert len(shown["spread"]) == 2
    assert "still differ by a standard deviation of" in shown["spread"][1]
    drawn = showing.figures(config.studies["one_birth"], config.codebook, found)
    assert [faults(picture) for picture in drawn.values()] == [[], [], []]
