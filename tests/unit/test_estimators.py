"""Estimators against closed forms, textbook values and other libraries, and the properties every one must have."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.estimators import concentration, design, influence, linear, propensity, survival
from evenwicht.estimators.cox import fit_cox
from evenwicht.estimators.results import Interval
from evenwicht.estimators.standardisation import standardised_means
from evenwicht.estimators.survival_data import SurvivalData
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

ROUNDING = 1e-9  # double precision with room for sums over a few thousand terms


def toy(n: int = 400, seed: int = 3) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    a = (rng.random(n) < 1 / (1 + np.exp(-x[:, 0]))).astype(float)
    y = 1 + 2 * a + x @ [1.0, -0.5] + rng.normal(size=n)
    return {"x": x, "a": a, "y": y, "g": rng.integers(20, size=n)}


# --- differences ----------------------------------------------------------------------------------------------------


def test_crude_difference_is_the_difference_in_means() -> None:
    t = toy()
    expected = t["y"][t["a"] == 1].mean() - t["y"][t["a"] == 0].mean()
    assert linear.least_squares(t["y"], t["a"]).estimate == pytest.approx(expected, rel=ROUNDING)


def test_robust_error_of_a_two_group_difference_is_welchs_up_to_its_degrees_of_freedom() -> None:
    t = toy()
    groups = [t["y"][t["a"] == arm] for arm in (1, 0)]
    hc0 = np.sqrt(sum(g.var() / len(g) for g in groups))
    n = len(t["y"])
    assert linear.least_squares(t["y"], t["a"]).se == pytest.approx(hc0 * np.sqrt(n / (n - 2)), rel=ROUNDING)


@pytest.mark.parametrize("covariance", ["robust", "classical"])
def test_order_of_rows_does_not_matter(covariance: str) -> None:
    t, order = toy(), np.random.default_rng(0).permutation(400)
    one = linear.least_squares(t["y"], t["a"], t["x"], covariance=covariance)
    two = linear.least_squares(t["y"][order], t["a"][order], t["x"][order], covariance=covariance)
    assert (two.estimate, two.se) == pytest.approx((one.estimate, one.se), rel=ROUNDING)


def test_many_clusters_of_one_person_give_the_robust_error() -> None:
    t = toy()
    clustered = linear.least_squares(t["y"], t["a"], t["x"], clusters=np.arange(400))
    robust = linear.least_squares(t["y"], t["a"], t["x"])
    assert clustered.se == pytest.approx(robust.se, rel=2 / 400)  # they differ by a finite-sample factor only


def test_one_cluster_is_refused() -> None:
    t = toy()
    with pytest.raises(ModelError, match="fewer than two clusters"):
        linear.least_squares(t["y"], t["a"], clusters=np.zeros(400))


# --- designs --------------------------------------------------------------------------------------------------------


def test_categories_enter_as_indicators_and_squares_where_asked() -> None:
    frame = pd.DataFrame({"sex": pd.Categorical(["m", "f", "f"], ["m", "f"]), "age": [1.0, 2.0, 3.0]})
    matrix, names = design.covariate_matrix(frame, ["sex", "age"], ["age"])
    assert names == ["sex=f", "age", "age^2"]
    age = (np.array([1, 2, 3]) - 2) / np.sqrt(2 / 3)
    np.testing.assert_allclose(matrix, np.column_stack([[0, 1, 1], age, age**2]), atol=ROUNDING)


def test_squares_do_not_depend_on_unit_and_origin() -> None:
    """Income in crowns and in 100,000 crowns, or years from another origin, are the same covariate."""
    income = np.random.default_rng(6).normal(4e5, 1e5, 200)
    matrices = [
        design.covariate_matrix(pd.DataFrame({"x": values}), ["x"], ["x"])[0]
        for values in (income, income / 1e5, income - 4e5)
    ]
    np.testing.assert_allclose(matrices[1], matrices[0], rtol=ROUNDING, atol=ROUNDING)
    np.testing.assert_allclose(matrices[2], matrices[0], rtol=ROUNDING, atol=ROUNDING)


def test_the_first_category_is_the_reference_and_products_are_of_every_part() -> None:
    frame = pd.DataFrame(
        {
            "sex": pd.Categorical(["m", "f", "f", "m"], ["m", "f"]),
            "area": pd.Categorical(["a", "b", "c", "a"], ["a", "b", "c", "d"]),
            "age": [1.0, 2.0, 3.0, 5.0],
        }
    )
    matrix, names = design.covariate_matrix(
        frame, ["sex", "area", "age"], ["age"], interactions=[("sex", "age"), ("area", "sex")]
    )
    own = ["sex=f", "area=b", "area=c", "age", "age^2"]
    assert names == [*own, "sex=f:age", "sex=f:age^2", "area=b:sex=f", "area=c:sex=f"]
    part = dict(zip(names, matrix.T, strict=True))
    np.testing.assert_array_equal(part["sex=f:age^2"], part["sex=f"] * part["age^2"])
    _, without = design.covariate_matrix(frame.iloc[[0, 1, 3]], ["sex", "area"], interactions=[("area", "sex")])
    assert without == ["sex=f", "area=b", "area=b:sex=f"]


def test_a_spline_is_that_of_rs_ns() -> None:
    """R's help of splines::ns: lm(weight ~ ns(height, df = 5), women) has an intercept of 114.7447.

    That is the fit at 58, the smallest height, where all columns of ns are zero.
    """
    height = np.arange(58.0, 73.0)
    weight = np.array([115, 117, 120, 123, 126, 129, 132, 135, 139, 142, 146, 150, 154, 159, 164], float)
    matrix, names = design.covariate_matrix(pd.DataFrame({"height": height}), ["height"], splines={"height": 5})
    assert names == ["height", *(f"height spline {j}" for j in (2, 3, 4, 5))]
    basis = np.column_stack([np.ones(15), matrix])
    assert round((basis @ np.linalg.lstsq(basis, weight, rcond=None)[0])[0], 4) == 114.7447


@pytest.mark.parametrize("df", [2, 3, 6])
def test_a_spline_spans_what_patsys_natural_cubic_spline_spans(df: int) -> None:
    from patsy import cr

    x = np.random.default_rng(7).gamma(2, 3, 200)
    inner = np.quantile(x, np.arange(1, df) / df)
    theirs = np.asarray(cr(x, knots=inner, lower_bound=x.min(), upper_bound=x.max()))
    matrix, _ = design.covariate_matrix(pd.DataFrame({"x": x}), ["x"], splines={"x": df})
    ours = np.column_stack([np.ones(200), matrix])
    assert ours.shape[1] == theirs.shape[1] == df + 1
    np.testing.assert_allclose(ours @ np.linalg.lstsq(ours, theirs, rcond=None)[0], theirs, atol=1e-9)


@pytest.mark.parametrize("change", [lambda x: x / 1e5, lambda x: x + 1e6, lambda x: 5 - x])
def test_splines_and_products_do_not_depend_on_unit_origin_and_sign(change: Callable[[np.ndarray], np.ndarray]) -> None:
    """The same predictions: each span holds the other."""
    rng = np.random.default_rng(8)
    x, z = rng.normal(4, 1, 200), rng.normal(size=200)

    def span(values: np.ndarray) -> np.ndarray:
        frame = pd.DataFrame({"x": values, "z": z})
        matrix, _ = design.covariate_matrix(frame, ["x", "z"], ["z"], {"x": 4}, [("x", "z")])
        return np.linalg.qr(np.column_stack([np.ones(200), matrix]))[0]

    before, after = span(x), span(change(x))
    np.testing.assert_allclose(after @ (after.T @ before), before, atol=1e-8)


def test_a_spline_of_few_values_is_refused() -> None:
    frame = pd.DataFrame({"children": np.repeat([0.0, 1.0, 2.0], 20)})
    with pytest.raises(ModelError, match="spline of children: a spline with 4 degrees of freedom has more knots"):
        design.covariate_matrix(frame, ["children"], splines={"children": 4})


def test_singular_design_names_the_column_that_repeats_others() -> None:
    x = np.random.default_rng(0).normal(size=(50, 2))
    with pytest.raises(ModelError, match="here: singular design: total follows exactly"):
        design.require_full_rank(np.column_stack([x, x.sum(axis=1)]), ["a", "b", "total"], "here")


def test_constant_column_is_named() -> None:
    with pytest.raises(ModelError, match="sex does not vary"):
        design.require_full_rank(np.ones((5, 1)), ["sex"], "here")


def test_an_empty_arm_is_refused() -> None:
    with pytest.raises(ModelError, match="0 exposed and 5 unexposed"):
        design.require_both_arms(np.zeros(5), "here")


# --- weighting and standardisation ----------------------------------------------------------------------------------


def test_weights_of_a_saturated_model_balance_exactly() -> None:
    """With one binary covariate the weighted arms have the same share of it (What If, section 2.4)."""
    x = np.repeat([0.0, 1.0], 50)[:, None]
    a = np.concatenate([np.repeat([0.0, 1.0], [40, 10]), np.repeat([0.0, 1.0], [15, 35])])
    w = propensity.fit_propensity(a, x, "here").weights
    shares = [np.average(x[a == arm, 0], weights=w[a == arm]) for arm in (0, 1)]
    assert shares == pytest.approx([0.5, 0.5], abs=ROUNDING)
    assert w.mean() == pytest.approx(1, abs=ROUNDING)


def test_standardisation_and_weighting_agree_when_both_are_saturated() -> None:
    rng = np.random.default_rng(1)
    x = (rng.random(500) < 0.4).astype(float)[:, None]
    a = (rng.random(500) < 0.3 + 0.3 * x[:, 0]).astype(float)
    y = a + x[:, 0] + rng.normal(size=500)
    exposed, unexposed = standardised_means(y, a, x, x, binary=False)
    one, none = propensity.weighted_means(y, propensity.fit_propensity(a, x, "here"))
    assert (exposed.value, unexposed.value) == pytest.approx((one.value, none.value), abs=ROUNDING)
    np.testing.assert_allclose(exposed.influence, one.influence, atol=ROUNDING)
    np.testing.assert_allclose(unexposed.influence, none.influence, atol=ROUNDING)


def test_standardised_risks_of_a_saturated_logistic_model_are_stratum_averages() -> None:
    rng = np.random.default_rng(2)
    x = (rng.random(800) < 0.5).astype(float)[:, None]
    a = (rng.random(800) < 0.4).astype(float)
    y = (rng.random(800) < 0.2 + 0.3 * a + 0.2 * x[:, 0]).astype(float)
    risks = standardised_means(y, a, x, x, binary=True)
    share = x.mean()
    for arm, risk in zip((1, 0), risks, strict=True):
        by_stratum = [y[(a == arm) & (x[:, 0] == s)].mean() for s in (0, 1)]
        assert risk.value == pytest.approx((1 - share) * by_stratum[0] + share * by_stratum[1], abs=ROUNDING)


def test_a_covariate_that_decides_the_exposure_is_refused() -> None:
    x = np.linspace(-1, 1, 100)[:, None]
    with pytest.raises(ModelError, match="positivity fails"):
        propensity.fit_propensity((x[:, 0] > 0).astype(float), x, "here")


# --- survival -------------------------------------------------------------------------------------------------------


def censored(n: int = 300, seed: int = 5) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    onset, censor = rng.exponential(10, n), rng.uniform(2, 15, n)
    time = np.ceil(np.minimum(onset, censor) * 4) / 4  # ties
    entry = np.floor(rng.uniform(0, 1, n) * time * 4) / 4 * (rng.random(n) < 0.5)
    return {"time": time, "event": (onset <= censor).astype(float), "entry": np.minimum(entry, time - 0.25)}


@pytest.mark.parametrize("delayed", [False, True])
def test_product_limit_is_lifelines_kaplan_meier(delayed: bool) -> None:
    from lifelines import KaplanMeierFitter

    c = censored()
    entry = c["entry"] if delayed else None
    grid = np.linspace(0, 12, 25)
    weights = np.random.default_rng(0).integers(1, 4, size=300).astype(float)
    ours = survival.ProductLimit(SurvivalData(c["time"], c["event"], entry, weights)).at(grid)
    theirs = KaplanMeierFitter().fit(c["time"], c["event"], entry=entry, weights=weights)
    np.testing.assert_allclose(ours, theirs.survival_function_at_times(grid), rtol=ROUNDING)


@pytest.mark.parametrize("delayed", [False, True])
def test_pseudo_values_are_the_jackknife(delayed: bool) -> None:
    c = censored(60)
    data = SurvivalData(c["time"], c["event"], c["entry"] if delayed else None)
    horizon = 6.0

    def estimate(rows: np.ndarray) -> float:
        return survival.ProductLimit(data.among(rows)).at(np.array([horizon]))[0]

    everybody = np.arange(60)
    expected = [60 * estimate(everybody) - 59 * estimate(np.delete(everybody, i)) for i in everybody]
    ours = survival.survival_pseudo_values(data, horizon)
    np.testing.assert_allclose(ours, expected, rtol=1e-8, atol=1e-9)


def test_pseudo_values_without_censoring_are_the_indicator_of_survival() -> None:
    time = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    ours = survival.survival_pseudo_values(SurvivalData(time, np.ones(5)), 3.0)
    np.testing.assert_allclose(ours, [0, 0, 0, 1, 1], atol=ROUNDING)


def test_kaplan_meier_error_is_greenwoods() -> None:
    """Leukaemia remission, 6-MP arm: S(22) = 0.538, SE 0.128 (Collett, Modelling Survival Data, table 2.1 form)."""
    time = np.array([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35], float)
    event = np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0], float)
    estimate = survival.survival_estimate(survival.ProductLimit(SurvivalData(time, event)), 22, "the treated")
    fit = influence.Sampling(len(time)).survival_interval(estimate)
    assert round(fit.estimate, 3) == 0.538
    assert round(fit.se, 3) == 0.128


def test_hazard_ratio_is_the_published_one() -> None:
    """Freireich's leukaemia trial, placebo against 6-MP: log hazard ratio 1.57, SE 0.41 (Efron ties; Cox 1972 data)."""
    mp_time = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    mp_event = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
    time = np.array(mp_time + placebo, float)
    event = np.array(mp_event + [1] * 21, float)
    exposure = np.repeat([0.0, 1.0], 21)
    fit = survival.hazard_ratio(SurvivalData(time, event), exposure)
    assert round(np.log(fit.estimate), 2) == 1.57
    assert round(fit.se, 2) == 0.41


def test_a_hazard_ratio_of_few_events_has_no_interval_and_of_none_is_not_estimable() -> None:
    time, exposed = np.arange(1.0, 21), np.r_[1, np.zeros(9), np.ones(10)]
    few = survival.hazard_ratio(SurvivalData(time, np.r_[np.ones(10), np.zeros(10)]), exposed)
    assert (few.status, few.reason) == ("no interval", "too few events for an interval: 1 exposed, 9 unexposed")
    whole = fit_cox(SurvivalData(time, np.r_[np.ones(10), np.zeros(10)]), exposed[:, None], ["exposure"])
    assert few.estimate == pytest.approx(np.exp(whole.params[0]))
    none = survival.hazard_ratio(SurvivalData(time, np.r_[0, np.ones(9), np.zeros(10)]), exposed)
    assert (none.status, none.reason) == ("not estimable", "no events in an arm: 0 exposed, 9 unexposed")
    wide = np.random.default_rng(1).normal(size=(20, 10))
    many = survival.hazard_ratio(SurvivalData(time, np.r_[np.ones(10), np.zeros(10)]), exposed, wide)
    assert many.reason == "10 events are fewer than the 11 coefficients"


@pytest.mark.parametrize("delayed", [False, True])
def test_pseudo_values_are_the_jackknife_where_risk_sets_hold_one_person_or_all_die(delayed: bool) -> None:
    time = np.array([1.0, 2, 2, 4, 4, 5, 6, 7])
    event = np.array([1.0, 1, 0, 1, 1, 0, 1, 1])
    data = SurvivalData(time, event, np.array([0.0, 1, 1.5, 1.5, 3, 3, 4, 5]) if delayed else None)
    everybody = np.arange(len(time))

    def estimate(rows: np.ndarray) -> float:
        return survival.ProductLimit(data.among(rows)).at(np.array([9.0]))[0]

    expected = [8 * estimate(everybody) - 7 * estimate(np.delete(everybody, i)) for i in everybody]
    ours = survival.survival_pseudo_values(data, 9.0)
    np.testing.assert_allclose(ours, expected, atol=1e-12)


def test_events_at_the_start_of_follow_up_count_everywhere() -> None:
    """Ten people at risk at 0, two of whom have the event there: S(0) = 8/10; by hand S(3) = 8/10 * 6/7 = 24/35."""
    time, event = np.array([0.0, 0, 1, 3, 4, 4, 5, 6, 7, 8]), np.array([1.0, 1, 0, 1, 0, 0, 0, 0, 0, 0])
    grid = np.array([0.0, 2, 3])
    np.testing.assert_allclose(
        survival.ProductLimit(SurvivalData(time, event)).at(grid), [0.8, 0.8, 24 / 35], atol=ROUNDING
    )
    curve = survival.kaplan_meier_curve(SurvivalData(time, event), grid)
    np.testing.assert_allclose(curve["survival"], [0.8, 0.8, 24 / 35], atol=ROUNDING)
    assert curve["at_risk"].tolist() == [10, 7, 7]
    point = survival.survival_estimate(survival.ProductLimit(SurvivalData(time, event)), 3.0, "all")
    fit = influence.Sampling(10).survival_interval(point)
    assert fit.estimate == pytest.approx(24 / 35)
    greenwood = 24 / 35 * np.sqrt(2 / (10 * 8) + 1 / (7 * 6))
    assert fit.se == pytest.approx(greenwood)
    everybody = np.arange(10)

    def left_out(i: int) -> float:
        rows = np.delete(everybody, i)
        return survival.ProductLimit(SurvivalData(time[rows], event[rows])).at(np.array([3.0]))[0]

    expected = [10 * 24 / 35 - 9 * left_out(i) for i in everybody]
    np.testing.assert_allclose(survival.survival_pseudo_values(SurvivalData(time, event), 3.0), expected, atol=1e-12)


def test_a_cox_model_keeps_events_at_the_start_of_follow_up() -> None:
    """Only the order of times matters to a Cox model, so events at 0 weigh as events at any other first time."""
    rng = np.random.default_rng(5)
    time = np.maximum(rng.exponential(size=200) - 0.3, 0.0)
    exposed = (rng.random(200) < 0.4).astype(float)
    event = (rng.random(200) < 0.7).astype(float)
    assert event[time == 0].sum() > 20
    at_zero, later = (fit_cox(SurvivalData(t, event), exposed[:, None], ["exposure"]) for t in (time, time + 1))
    assert at_zero.events == int(event.sum())
    np.testing.assert_allclose(at_zero.params, later.params, rtol=1e-9)
    np.testing.assert_allclose(at_zero.covariance, later.covariance, rtol=1e-9)


# --- concentration --------------------------------------------------------------------------------------------------

amounts = arrays(float, st.integers(2, 60), elements=st.floats(0, 1e6).map(lambda v: round(v, 3)))


@given(amounts.filter(lambda a: a.sum() > 1), st.floats(0.01, 100))
@settings(deadline=None)
def test_gini_ignores_scale_and_order_and_lies_between_zero_and_one(use: np.ndarray, scale: float) -> None:
    g = concentration.gini(use)
    assert -1e-9 <= g < 1
    assert concentration.gini(use[::-1] * scale) == pytest.approx(g, abs=1e-9)


@given(amounts.filter(lambda a: a.sum() > 1))
@settings(deadline=None)
def test_gini_is_half_the_relative_mean_difference(use: np.ndarray) -> None:
    mean_difference = np.abs(use[:, None] - use[None, :]).mean()
    assert concentration.gini(use) == pytest.approx(mean_difference / (2 * use.mean()), abs=1e-9)


def test_gini_of_a_zero_inflated_lognormal_is_p0_plus_its_share_of_the_rest() -> None:
    """G = p0 + (1 - p0) G+, with G+ = erf(sigma / 2) for a lognormal; at exact quantiles, so no sampling error."""
    from scipy import special

    p0, sigma, n = 0.649, 1.19, 400_000
    users = np.exp(sigma * special.ndtri((np.arange(n) + 0.5) / n))
    use = np.concatenate([np.zeros(round(n * p0 / (1 - p0))), users])
    expected = p0 + (1 - p0) * special.erf(sigma / 2)
    assert concentration.gini(use) == pytest.approx(expected, abs=2e-4)  # the cut tail of the quantile grid


def test_poisson_gini_is_that_of_poisson_counts() -> None:
    from scipy.stats import poisson

    counts = np.arange(60.0)
    for mean in (0.1, 1.0, 7.0):
        assert concentration.poisson_gini(mean) == pytest.approx(
            concentration.gini(counts, poisson.pmf(counts, mean)), abs=1e-9
        )


def test_lorenz_curve_and_top_share_of_known_use() -> None:
    use = np.array([0.0, 0, 0, 0, 10])
    np.testing.assert_allclose(concentration.lorenz(use, np.array([0, 0.8, 0.9, 1])), [0, 0, 0.5, 1], atol=1e-12)
    assert concentration.top_share_of_use(use, 0.2) == pytest.approx(1)


@given(arrays(float, st.integers(5, 80), elements=st.integers(0, 4).map(float)), st.sampled_from([0.1, 0.2, 0.3]))
@settings(deadline=None)
def test_high_need_treats_equal_use_alike_and_never_exceeds_the_top_share(use: np.ndarray, top: float) -> None:
    marked = concentration.high_need(use, top)
    assert marked.sum() <= top * len(use) + 1e-9
    assert not marked[use == 0].any()
    assert not (set(use[marked]) & set(use[~marked]))
    order = np.random.default_rng(0).permutation(len(use))
    assert (concentration.high_need(use[order], top) == marked[order]).all()


def test_intervals_exponentiate_limits_but_not_the_error() -> None:
    ratio = Interval.normal(np.log(2), 0.1).exp()
    assert ratio.estimate == pytest.approx(2)
    assert ratio.se == 0.1
    assert ratio.lower * ratio.upper == pytest.approx(4)
