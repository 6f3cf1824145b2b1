"""Panel regressions against statsmodels, ratios against two-by-two tables, design analysis against simulation."""

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.estimators.design_analysis import design_analysis
from evenwicht.estimators.panel import panel_regression
from evenwicht.estimators.ratios import odds_ratio, risk_ratio, standardised_difference
from evenwicht.estimators.results import Interval
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tests.unit.test_clusters import cr2

EQUAL = 1e-8


def toy(n: int = 600, seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": rng.integers(0, 2, n).astype(float), "x": rng.normal(size=n)})
    frame["month"], frame["region"], frame["cluster"] = (
        rng.integers(0, 12, n),
        rng.integers(0, 3, n),
        rng.integers(0, 25, n),
    )
    frame["w"] = rng.uniform(0.2, 1, n)
    shared = rng.normal(size=25)[frame["cluster"]]
    frame["y"] = frame["a"] - 0.5 * frame["x"] + 0.1 * frame["month"] + frame["region"] + shared + rng.normal(size=n)
    return frame


def dummies(frame: pd.DataFrame, *effects: str) -> np.ndarray:
    parts = [pd.get_dummies(frame[e], drop_first=True).to_numpy(float) for e in effects]
    return np.column_stack([np.ones(len(frame)), frame[["a", "x"]], *parts])


@pytest.mark.parametrize("weighted", [False, True])
def test_fixed_effects_are_those_of_least_squares_with_dummies_and_so_are_their_cluster_errors(weighted: bool) -> None:
    t = toy()
    weights = t["w"].to_numpy() if weighted else np.ones(len(t))
    effects = {"month": t["month"].to_numpy(), "region": t["region"].to_numpy()}
    columns = {"a": t["a"].to_numpy(), "x": t["x"].to_numpy()}
    few = t["cluster"].to_numpy() % 9  # in every level of both effects fewer clusters than are absorbed
    fit = panel_regression(t["y"].to_numpy(), columns, absorb=effects, clusters=few, weights=weights)
    root = np.sqrt(weights)
    matrix = dummies(t, "month", "region") * root[:, None]
    beta = np.linalg.lstsq(matrix, t["y"] * root, rcond=None)[0]
    for k, name in ((1, "a"), (2, "x")):
        se, df = cr2(matrix, t["y"].to_numpy() * root, few, np.eye(matrix.shape[1])[k])
        assert fit[name].estimate == pytest.approx(beta[k], rel=EQUAL)
        assert fit[name].se == pytest.approx(se, rel=EQUAL)
        assert fit[name].upper - fit[name].estimate == pytest.approx(stats.t.ppf(0.975, df) * se, rel=EQUAL)


def test_absorbed_fixed_effects_give_the_same_estimate_and_nearly_the_same_error() -> None:
    """With 25 clusters in every level an effect is absorbed; its own leverage, about 1/25 of a cluster, is left out."""
    t = toy(3000)
    columns, effect = {"a": t["a"].to_numpy(), "x": t["x"].to_numpy()}, t["region"].to_numpy()
    fit = panel_regression(t["y"].to_numpy(), columns, absorb={"region": effect}, clusters=t["cluster"].to_numpy())
    matrix = dummies(t, "region")
    se, _ = cr2(matrix, t["y"].to_numpy(), t["cluster"].to_numpy(), np.eye(matrix.shape[1])[1])
    assert fit["a"].estimate == pytest.approx(np.linalg.lstsq(matrix, t["y"], rcond=None)[0][1], rel=EQUAL)
    assert fit["a"].se == pytest.approx(se, rel=1 / 25)


def test_without_clusters_errors_are_robust_to_unequal_variances() -> None:
    from statsmodels.regression.linear_model import OLS

    t = toy()
    theirs = OLS(t["y"], np.column_stack([np.ones(len(t)), t["a"]])).fit(cov_type="HC1")
    ours = panel_regression(t["y"].to_numpy(), {"a": t["a"].to_numpy()})
    assert ours["a"].se == pytest.approx(theirs.bse.iloc[1], rel=EQUAL)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), shift=st.floats(-5, 5))
def test_order_of_rows_and_what_fixed_effects_absorb_change_nothing(seed: int, shift: float) -> None:
    t = toy(200, seed)
    order = np.random.default_rng(seed).permutation(len(t))

    def estimate(frame: pd.DataFrame) -> Interval:
        return panel_regression(
            frame["y"].to_numpy(),
            {"a": frame["a"].to_numpy()},
            absorb={"month": frame["month"].to_numpy()},
            clusters=frame["cluster"].to_numpy(),
        )["a"]

    base = estimate(t)
    for other in (t.iloc[order], t.assign(y=t["y"] + shift * t["month"])):
        found = estimate(other)
        assert found.estimate == pytest.approx(base.estimate, abs=1e-6)
        assert found.se == pytest.approx(base.se, rel=1e-5)


def test_what_cannot_be_estimated_is_refused_with_its_name() -> None:
    t = toy()
    y, a = t["y"].to_numpy(), t["a"].to_numpy()
    with pytest.raises(ModelError, match="here: fewer than two clusters"):
        panel_regression(y, {"a": a}, clusters=np.zeros(len(y)), where="here")
    with pytest.raises(ModelError, match="early does not vary: a cell of the comparison is empty"):
        panel_regression(y, {"a": a, "early": np.zeros(len(y))})
    with pytest.raises(ModelError, match="singular design: twice follows exactly"):
        panel_regression(y, {"a": a, "twice": 2 * a})
    with pytest.raises(ModelError, match="singular design: a follows exactly"):
        panel_regression(y, {"a": a}, absorb={"arm": a})


# --- ratios ---------------------------------------------------------------------------------------------------------


def test_crude_ratios_are_those_of_the_two_by_two_table() -> None:
    """14 of 440 unexposed and 6 of 68 exposed, the counts of the published comparison."""
    y = np.repeat([1.0, 0, 1, 0], [6, 62, 14, 426])
    a = np.repeat([1.0, 1, 0, 0], [6, 62, 14, 426])
    assert odds_ratio(y, a).estimate == pytest.approx(6 * 426 / (14 * 62))
    assert risk_ratio(y, a).estimate == pytest.approx((6 / 68) / (14 / 440))
    woolf = np.sqrt(1 / 6 + 1 / 62 + 1 / 14 + 1 / 426)  # the robust error of a saturated model is its own
    assert odds_ratio(y, a).se == pytest.approx(woolf, rel=1e-6)


def test_ratios_with_covariates_and_clusters_find_the_truth() -> None:
    rng = np.random.default_rng(8)
    n = 60_000
    x = rng.normal(size=n)
    a = (rng.random(n) < 1 / (1 + np.exp(-x))).astype(float)
    y = (rng.random(n) < np.exp(-3 + 0.5 * a + 0.3 * np.clip(x, -3, 3))).astype(float)
    clusters = rng.integers(0, 50, n)
    adjusted = risk_ratio(y, a, np.clip(x, -3, 3)[:, None], clusters=clusters)
    assert abs(np.log(adjusted.estimate) - 0.5) <= 4 * adjusted.se
    assert abs(np.log(risk_ratio(y, a).estimate) - 0.5) > 4 * adjusted.se


@pytest.mark.parametrize(
    ("exposed", "unexposed", "reason"),
    [
        ([0] * 10, [0] * 8 + [1] * 2, "nobody of the exposed has the outcome"),
        ([1] * 10, [0] * 8 + [1] * 2, "nobody of the exposed is without the outcome"),
        ([0] * 8 + [1] * 2, [0] * 10, "nobody of the unexposed has the outcome"),
    ],
)
def test_a_table_with_an_empty_cell_has_no_ratio(exposed: list[int], unexposed: list[int], reason: str) -> None:
    """Without cases in an arm Poisson regression runs to 6.5e9 with an interval around it."""
    y, a = np.array(exposed + unexposed, dtype=float), np.repeat([1.0, 0.0], 10)
    for estimate in (risk_ratio, odds_ratio, standardised_difference):
        found = estimate(y, a)
        assert (found.status, found.reason) == ("not estimable", reason)
        assert np.isnan([found.estimate, found.lower, found.upper]).all()


def test_a_covariate_that_decides_the_outcome_of_the_exposed_leaves_no_odds_ratio() -> None:
    rng = np.random.default_rng(3)
    a = np.repeat([1.0, 0.0], 200)
    x = rng.integers(0, 2, 400).astype(float)
    y = np.where((a == 1) & (x == 0), 1.0, (rng.random(400) < 0.3).astype(float))
    found = odds_ratio(y, a, (a * x)[:, None])
    assert found.status == "not estimable"
    assert "no finite estimate" in found.reason


# --- design analysis ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("effect", "se"), [(0.1, 0.2), (-1.0, 0.5), (np.log(3), 0.5026)])
def test_design_analysis_is_what_simulation_gives(effect: float, se: float) -> None:
    """Within four Monte Carlo errors of a million draws."""
    found = design_analysis(effect, se)
    draws = effect + se * np.random.default_rng(9).normal(size=1_000_000)
    significant = draws[np.abs(draws / se) > stats.norm.ppf(0.975)]
    power, n = len(significant) / len(draws), len(significant)
    wrong, size = np.mean(np.sign(significant) != np.sign(effect)), np.abs(significant) / abs(effect)
    assert abs(found.power - power) <= 4 * np.sqrt(power * (1 - power) / len(draws))
    assert abs(found.type_s - wrong) <= 4 * np.sqrt(max(found.type_s, 1 / n) / n)
    assert abs(found.type_m - size.mean()) <= 4 * size.std() / np.sqrt(n)


@settings(max_examples=50, deadline=None)
@given(effect=st.floats(0.01, 5), se=st.floats(0.05, 5))
def test_a_smaller_study_has_less_power_and_exaggerates_more(effect: float, se: float) -> None:
    large, small = design_analysis(effect, se), design_analysis(-effect, 1.5 * se)
    assert large.power >= small.power
    assert large.type_s <= small.type_s + 1e-12
    assert 1 <= large.type_m <= small.type_m + 1e-9


def test_no_effect_cannot_be_exaggerated() -> None:
    with pytest.raises(ModelError, match="a true effect other than 0"):
        design_analysis(0.0, 1.0)
