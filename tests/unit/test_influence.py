"""Standard errors from influence functions: against the bootstrap, closed forms, and what they must not depend on."""

import numpy as np
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.estimators import regression
from evenwicht.estimators.influence import Estimate, Sampling, mixture, sample_mean
from evenwicht.estimators.propensity import fit_propensity, weighted_means
from evenwicht.estimators.regression import fit_model, with_intercept
from evenwicht.estimators.results import Z95
from evenwicht.estimators.standardisation import standardised_means
from evenwicht.estimators.survival import ProductLimit, survival_estimate
from evenwicht.estimators.survival_data import SurvivalData
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.resampling import bootstrap, standard_error

Data = dict[str, np.ndarray]
ROUNDING = 1e-9
HORIZON = 6.0
REPLICATES = 600


def people(n: int = 400, seed: int = 1) -> Data:
    """Confounded people with a number, a yes/no outcome, and a time to an event with late entry and censoring."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.normal(size=n), rng.random(n) < 0.4])
    a = (rng.random(n) < 1 / (1 + np.exp(0.4 - 0.8 * x[:, 0] - 0.5 * x[:, 1]))).astype(float)
    y = 1 + a + x @ [1.0, -0.5] + 0.5 * a * x[:, 0] + rng.normal(size=n)
    d = (rng.random(n) < 1 / (1 + np.exp(1 - 0.7 * a - 0.6 * x[:, 0]))).astype(float)
    onset, censor = rng.exponential(12 * np.exp(-0.5 * x[:, 0] - 0.5 * a)), rng.uniform(3, 20, n)
    time = np.ceil(4 * np.minimum(onset, censor)) / 4  # ties
    entry = np.minimum(np.floor(rng.uniform(0, 2, n) * 4) / 4 * (rng.random(n) < 0.5), time - 0.25)
    event = (onset <= censor).astype(float)
    return {"x": x, "a": a, "y": y, "d": d, "time": time, "event": event, "entry": entry}


def estimates(t: Data, frequency: np.ndarray | None = None) -> dict[str, Estimate]:
    """Every kind of estimate that has an influence function."""
    found: dict[str, Estimate] = {}
    modifiers = t["x"][:, :1]
    propensity = fit_propensity(t["a"], t["x"], "here", frequency)
    share = sample_mean(t["a"], frequency)
    for name in ("y", "d"):
        now = sample_mean(t[name], frequency)
        pairs = {
            "ipw": weighted_means(t[name], propensity),
            "standardisation": standardised_means(
                t[name], t["a"], t["x"], modifiers, binary=name == "d", weights=frequency
            ),
        }
        for method, (exposed, unexposed) in pairs.items():
            found |= {f"{method} {name} exposed": exposed, f"{method} {name} unexposed": unexposed}
            found[f"{method} {name} difference"] = exposed - unexposed
            found[f"{method} {name} population"] = unexposed - now
            if name == "d":
                found[f"{method} {name} log ratio"] = exposed.log() - unexposed.log()
    for entry in (None, t["entry"]):
        for method, source in (("crude", None), ("ipw", propensity)):
            weights = propensity.sampling * (1.0 if source is None else source.weights)
            arms = [
                survival_estimate(
                    ProductLimit(SurvivalData(t["time"], t["event"], entry, weights * (t["a"] == arm))),
                    HORIZON,
                    "an arm",
                    source,
                )
                for arm in (1, 0)
            ]
            label = f"{method} survival{'' if entry is None else ', late entry'}"
            found |= {f"{label} exposed": arms[0], f"{label} unexposed": arms[1], f"{label}": arms[1] - arms[0]}
            if source is None:
                now = mixture(share, *arms)
                found[f"{label} as things are"] = now
            else:
                found[f"{label} population"] = now - arms[1]
    return found


@pytest.fixture(scope="module")
def sample() -> Data:
    return people()


# --- what a standard error is -----------------------------------------------------------------------------------------


def test_influence_is_the_derivative_by_how_often_a_person_counts(sample: Data) -> None:
    """By central differences, for every estimate: with all that it estimates on the way."""
    step = 1e-4
    exact = estimates(sample)
    for person in (0, 7, 123, 399):
        moved = []
        for sign in (1, -1):
            frequency = np.ones(400)
            frequency[person] += sign * step
            moved.append(estimates(sample, frequency))
        for name, estimate in exact.items():
            slope = (moved[0][name].value - moved[1][name].value) / (2 * step)
            assert estimate.influence[person] == pytest.approx(slope, rel=1e-5, abs=1e-8), name


def test_influence_sums_to_zero(sample: Data) -> None:
    for name, estimate in estimates(sample).items():
        assert abs(estimate.influence.sum()) < 1e-10, name


def test_standard_errors_are_those_of_the_bootstrap(sample: Data) -> None:
    """They differ by a term of order 1/n, 1 part in 100 or so here, and the Monte Carlo error of the bootstrap."""
    exact, names = estimates(sample), list(estimates(sample))

    def values(frequency: np.ndarray) -> np.ndarray:
        found = estimates(sample, frequency)
        return np.array([found[name].value for name in names])

    draws = bootstrap(values, np.arange(400), REPLICATES, np.random.default_rng(2))
    spread = dict(zip(names, standard_error(draws), strict=True))
    for name in names:
        ours = Sampling(400).standard_error(exact[name].influence)
        assert ours == pytest.approx(spread[name], rel=4 / np.sqrt(2 * REPLICATES) + 0.02), name


def test_cluster_errors_are_those_of_the_bootstrap_of_clusters(sample: Data) -> None:
    clusters = np.empty(400, dtype=int)
    clusters[np.lexsort([sample["y"], sample["a"]])] = np.arange(400) // 2  # pairs of an arm with neighbouring outcomes
    exact = estimates(sample)["ipw y exposed"]

    def value(frequency: np.ndarray) -> float:
        return estimates(sample, frequency)["ipw y exposed"].value

    spread = standard_error(bootstrap(value, clusters, REPLICATES, np.random.default_rng(3)))
    ours = Sampling(400, clusters).standard_error(exact.influence)
    assert ours == pytest.approx(spread, rel=4 / np.sqrt(2 * REPLICATES) + 0.02)


def test_people_who_stand_twice_in_one_cluster_add_nothing(sample: Data) -> None:
    """But for the factor G / (G - 1) of 400 clusters."""
    twice = {name: np.concatenate([values, values]) for name, values in sample.items()}
    clusters = np.tile(np.arange(400), 2)
    doubled = estimates(twice)
    for name, estimate in estimates(sample).items():
        assert doubled[name].value == pytest.approx(estimate.value, rel=1e-8), name
        once = Sampling(400).standard_error(estimate.influence)
        ours = Sampling(800, clusters).standard_error(doubled[name].influence)
        assert ours == pytest.approx(once * np.sqrt(400 / 399), rel=1e-8), name


def test_clusters_take_a_factor_and_a_t_distribution() -> None:
    """By hand: sums of influence by cluster 3, -1, -2; variance 14 times 3/2; t(2) = 4.302652729911275."""
    estimate = Estimate(5.0, np.array([1.0, 2, -1, 0, -2]))
    interval = Sampling(5, np.array(["a", "a", "b", "b", "c"])).interval(estimate)
    assert interval.se == pytest.approx(np.sqrt(21))
    assert interval.upper - 5 == pytest.approx(4.302652729911275 * np.sqrt(21))


def test_everybody_as_a_cluster_is_no_cluster(sample: Data) -> None:
    estimate = estimates(sample)["standardisation d difference"]
    assert Sampling(400, np.arange(400)).interval(estimate) == Sampling(400).interval(estimate)
    assert Sampling(400).interval(estimate).upper - estimate.value == pytest.approx(
        Z95 * Sampling(400).standard_error(estimate.influence)
    )


def test_one_cluster_says_why_there_is_no_interval(sample: Data) -> None:
    interval = Sampling(400, np.zeros(400)).interval(estimates(sample)["ipw y difference"])
    assert (interval.status, interval.reason) == ("no interval", "everybody is in one cluster")


def test_weights_count_a_person_so_often_but_as_one_draw() -> None:
    """Repeated rows that stay together: each person is a cluster, but for the factor G / (G - 1) of its copies."""
    t = people(200)
    count = np.random.default_rng(4).integers(0, 3, size=200)
    rows = np.repeat(np.arange(200), count)
    repeated = estimates({name: values[rows] for name, values in t.items()})
    clusters, drawn = np.arange(200) // 4, len(np.unique(rows))
    for name, estimate in estimates(t, count.astype(float)).items():
        assert estimate.value == pytest.approx(repeated[name].value, rel=1e-8), name
        for groups, copies, factor in ((None, rows, drawn / (drawn - 1)), (clusters, clusters[rows], 1.0)):
            ours = Sampling(200, groups, count.astype(float)).standard_error(estimate.influence)
            theirs = Sampling(len(rows), copies).standard_error(repeated[name].influence)
            assert ours * np.sqrt(factor) == pytest.approx(theirs, rel=1e-8), name


# --- people as they are -----------------------------------------------------------------------------------------------


def test_in_a_linear_model_the_population_effect_is_the_average_effect_times_the_share_exposed(sample: Data) -> None:
    """Exactly, without modifiers, and with the other sign: everybody is then affected alike."""
    exposed, unexposed = standardised_means(sample["y"], sample["a"], sample["x"], np.empty((400, 0)), binary=False)
    population = unexposed - sample_mean(sample["y"])
    assert population.value == pytest.approx(-sample["a"].mean() * (exposed - unexposed).value, rel=1e-10)


def test_where_nobody_leaves_early_survival_tells_the_population_effect_of_a_yes_no_outcome(sample: Data) -> None:
    """Kaplan-Meier is then the share of people, and weights, errors and all are those of weighting the outcome."""
    propensity = fit_propensity(sample["a"], sample["x"], "here")
    time = np.where(sample["d"] == 1, 1 + np.arange(400) % 5, 9.0)
    arms = []
    for source in (None, propensity):
        for arm in (1, 0):
            weights = (1.0 if source is None else source.weights) * (sample["a"] == arm)
            curve = ProductLimit(SurvivalData(time, sample["d"], weights=weights))
            arms.append(survival_estimate(curve, HORIZON, "an arm", source))
    by_survival = mixture(sample_mean(sample["a"]), *arms[:2]) - arms[3]
    _, unexposed = weighted_means(sample["d"], propensity)
    by_outcome = unexposed - sample_mean(sample["d"])
    assert by_survival.value == pytest.approx(by_outcome.value, rel=1e-10)
    np.testing.assert_allclose(by_survival.influence, by_outcome.influence, rtol=1e-8, atol=1e-15)


# --- what it must not depend on ---------------------------------------------------------------------------------------


@given(
    st.floats(-1e6, 1e6),
    st.floats(-6, 6).map(lambda power: 10.0**power),
    st.booleans(),
    st.integers(0, 1000),
)
@settings(deadline=None, max_examples=25)
def test_units_origins_and_order_change_no_estimate_and_no_error(
    shift: float, scale: float, swap: bool, seed: int
) -> None:
    t = people(200)
    order = np.random.default_rng(seed).permutation(200)
    moved = {name: values[order] for name, values in t.items()}
    first = (t["x"][order, :1] + shift / 1e3) * scale
    moved["x"] = np.column_stack([first, moved["x"][:, 1]])
    if swap:  # a modifier stays the first
        moved["x"] = np.column_stack(
            [first, 1 - moved["x"][:, 1], (moved["x"][:, 1] * scale) ** 2 + 3 * first[:, 0] ** 2]
        )
        t["x"] = np.column_stack([t["x"], t["x"][:, 0] ** 2])
    before, after = estimates(t), estimates(moved)
    for name, estimate in before.items():
        assert after[name].value == pytest.approx(estimate.value, rel=1e-8), name
        ours, theirs = (Sampling(200).standard_error(e.influence) for e in (after[name], estimate))
        assert ours == pytest.approx(theirs, rel=1e-8), name


# --- logistic regression ----------------------------------------------------------------------------------------------


def test_logistic_regression_is_that_of_statsmodels(sample: Data) -> None:
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    design = with_intercept(sample["x"])
    weights = np.random.default_rng(5).integers(0, 3, 400).astype(float)
    ours = fit_model("binomial", sample["d"], design, weights)
    theirs = GLM(sample["d"], design, family=Binomial(), freq_weights=weights).fit(tol=1e-14, tol_criterion="params")
    np.testing.assert_allclose(ours.basis @ ours.params, theirs.params, rtol=ROUNDING)
    np.testing.assert_allclose(design.T @ (weights * (sample["d"] - ours.fitted)), 0, atol=1e-9)  # the score


def test_a_steep_fit_ends_and_a_separated_one_is_told() -> None:
    x = np.linspace(-3, 3, 200)
    steep = (x > 0).astype(float)
    steep[[97, 103]] = 1 - steep[[97, 103]]  # overlap of a few people
    assert not fit_model("binomial", steep, with_intercept(x[:, None]), np.ones(200)).separated
    assert fit_model("binomial", (x > 0).astype(float), with_intercept(x[:, None]), np.ones(200)).separated


@pytest.mark.parametrize("steepness", [0.5, 3.0, 8.0])
@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_cross_products_give_what_a_qr_decomposition_gives(
    family: regression.Family, steepness: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(71)
    x = rng.normal(size=(2000, 3))
    mean = 1 / (1 + np.exp(1 - x @ [steepness, 0.5, 0.0]))
    y = (rng.random(2000) < mean).astype(float)
    products = fit_model(family, y, with_intercept(x))
    monkeypatch.setattr(regression, "WELL_CONDITIONED", np.inf)
    qr = fit_model(family, y, with_intercept(x))
    digits = np.finfo(float).eps / 1e-6  # at the worst condition that cross products are used for
    np.testing.assert_allclose(products.fitted, qr.fitted, rtol=regression.SMALL_STEP)
    np.testing.assert_allclose(products.root.T @ products.root, qr.root.T @ qr.root, rtol=0, atol=digits * 2000)


# --- survival ---------------------------------------------------------------------------------------------------------


def test_squares_of_influence_are_greenwoods_variance(sample: Data) -> None:
    from lifelines import KaplanMeierFitter

    theirs = KaplanMeierFitter().fit(sample["time"], sample["event"])
    curve = ProductLimit(SurvivalData(sample["time"], sample["event"]))
    for when in (2.0, 6.0, 11.0):
        estimate = survival_estimate(curve, when, "everybody")
        table = theirs.event_table.loc[:when]
        at_risk, deaths = table["at_risk"].to_numpy(), table["observed"].to_numpy()
        greenwood = estimate.value * np.sqrt(np.sum(deaths / (at_risk * (at_risk - deaths))))
        interval = Sampling(400).survival_interval(estimate)
        assert interval.se == pytest.approx(greenwood, rel=ROUNDING)
        limits = theirs.confidence_interval_survival_function_.loc[:when].iloc[-1]
        assert (interval.lower, interval.upper) == pytest.approx(tuple(limits), rel=1e-7)


@given(st.lists(st.tuples(st.integers(1, 6), st.booleans(), st.integers(0, 3)), min_size=1, max_size=12))
@settings(deadline=None)
def test_limits_of_survival_lie_within_zero_and_one_or_have_a_reason(rows: list[tuple[int, bool, int]]) -> None:
    time, event, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    weights[0] = 1 / 3
    curve = ProductLimit(SurvivalData(time, event, weights=weights))
    for when in range(8):
        interval = Sampling(len(time)).survival_interval(survival_estimate(curve, float(when), "everybody"))
        if interval.reason:
            assert np.isnan([interval.se, interval.lower, interval.upper]).all()
        else:
            assert 0 < interval.lower < interval.estimate < interval.upper < 1


# --- what cannot be said ----------------------------------------------------------------------------------------------


def no_event_among(exposed: int) -> Data:
    t = people()
    return {**t, "d": t["d"] * (t["a"] != exposed), "event": t["event"] * (t["a"] != exposed)}


def test_an_arm_without_events_has_no_ratio_and_no_interval() -> None:
    found = estimates(no_event_among(1))
    for method in ("ipw", "standardisation"):
        risk = Sampling(400).risk_interval(found[f"{method} d exposed"])
        assert (risk.estimate, risk.status) == (0, "no interval")
        assert risk.reason == "the outcome does not vary among the exposed"
        difference = Sampling(400).interval(found[f"{method} d difference"])
        assert difference.status == "no interval"
        assert difference.estimate < 0
        ratio = Sampling(400).interval(found[f"{method} d log ratio"]).exp()
        assert ratio.status == "not estimable"
        assert np.isnan([ratio.estimate, ratio.se, ratio.lower, ratio.upper]).all()
    for method in ("crude", "ipw"):
        survival = Sampling(400).survival_interval(found[f"{method} survival exposed"])
        assert (survival.estimate, survival.reason) == (1, "no event by then among an arm")
        assert Sampling(400).interval(found[f"{method} survival"]).status == "no interval"


def test_an_arm_where_everybody_has_the_event_says_so() -> None:
    t = people()
    t["d"] = np.where(t["a"] == 0, 1.0, t["d"])
    found = estimates(t)
    for method in ("ipw", "standardisation"):
        risk = Sampling(400).risk_interval(found[f"{method} d unexposed"])
        assert risk.estimate == pytest.approx(1)
        assert risk.reason == "the outcome does not vary among the unexposed"
    time, event = np.arange(1.0, 21), np.ones(20)
    spared = Sampling(20).survival_interval(
        survival_estimate(ProductLimit(SurvivalData(time, event)), 20, "the exposed")
    )
    assert (spared.estimate, spared.reason) == (0, "nobody at risk by then is spared among the exposed")


def test_a_category_without_events_leaves_the_estimate_but_no_interval() -> None:
    t = people()
    t["d"] = t["d"] * (1 - t["x"][:, 1])
    difference = estimates(t)["standardisation d difference"]
    assert np.isfinite(difference.value)
    assert "no finite fit" in Sampling(400).interval(difference).reason


def test_a_modifier_that_decides_the_exposure_leaves_no_comparison() -> None:
    """Nobody exposed in one stratum: what exposure does there stands nowhere in the data."""
    t = people()
    y, a, x = t["y"] * (1 - t["a"] * t["x"][:, 1]), t["a"] * (1 - t["x"][:, 1]), t["x"]
    exposed, unexposed = standardised_means(y, a, x, x[:, 1:], binary=False)
    assert Sampling(400).interval(exposed).reason == "the modifiers leave no comparison for the exposed"
    assert Sampling(400).interval(exposed - unexposed).status == "not estimable"


def test_survival_is_not_known_beyond_follow_up() -> None:
    curve = ProductLimit(SurvivalData(np.array([1.0, 2, 3, 4]), np.array([1.0, 0, 1, 0])))
    interval = Sampling(4).survival_interval(survival_estimate(curve, 5.0, "the exposed"))
    assert (interval.status, interval.reason) == ("not estimable", "nobody among the exposed is followed for so long")


def test_a_sample_that_loses_an_arm_has_no_weights(sample: Data) -> None:
    with pytest.raises(ModelError, match="here: positivity fails: the covariates decide the exposure of"):
        fit_propensity(sample["a"], sample["x"], "here", (sample["a"] == 1).astype(float))


def test_rounding_near_the_maximum_is_not_taken_for_separation() -> None:
    """Tables of an exposure by a covariate with at least five people in every cell: the log odds ratio is finite."""
    rng = np.random.default_rng(16)
    for _ in range(500):
        cells = rng.integers(5, 60, size=4)
        x, a = np.repeat([0.0, 0.0, 1.0, 1.0], cells), np.repeat([0.0, 1.0, 0.0, 1.0], cells)
        fit = fit_model("binomial", a, with_intercept(x[:, None]), np.ones(len(a)))
        assert not fit.separated
        shares = [cells[1] / cells[:2].sum(), cells[3] / cells[2:].sum()]
        np.testing.assert_allclose(fit.fitted, np.array(shares)[x.astype(int)], rtol=1e-8)
