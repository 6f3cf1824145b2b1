"""Gompertz regression: its own likelihood maximised by scipy, lifelines, closed forms, properties and errors."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.estimators import gompertz, person_time
from evenwicht.estimators.gompertz import GompertzResult, fit_gompertz
from evenwicht.estimators.survival_data import SurvivalData
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize

from tests.follow_up import arguments

PRECISION = 1e-7  # Newton stops at a step of 1e-6 that it takes; the rest is rounding of sums
seeds = st.integers(0, 2**32 - 1)


def people(seed: int, n: int = 400) -> dict[str, np.ndarray]:
    """Onset at a rate that grows by 9% a year, entered late."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.normal(size=n), rng.random(n)])
    entry = rng.uniform(20, 50, n)
    rate = 1e-3 * np.exp(x @ [0.4, -0.3])
    onset = np.log(np.exp(0.09 * entry) + 0.09 * rng.exponential(size=n) / rate) / 0.09
    censoring = entry + rng.uniform(1, 40, n)
    return {
        "time": np.minimum(onset, censoring),
        "event": (onset <= censoring).astype(float),
        "x": x,
        "entry": entry,
        "weights": rng.uniform(0.3, 3, n),
        "clusters": rng.integers(12, size=n),
    }


def fit(data: dict[str, np.ndarray], **options: Any) -> GompertzResult:
    return fit_gompertz(**arguments(data), names=["a", "b"], **options)


def without(data: dict[str, np.ndarray], *names: str) -> dict[str, np.ndarray]:
    return {name: values for name, values in data.items() if name not in names}


def assert_same(one: GompertzResult, two: GompertzResult, scale: np.ndarray | float = 1.0) -> None:
    """Equal up to precision, errors included; `scale` multiplies the coefficients of the second."""
    se = np.sqrt(np.diag(one.covariance))
    np.testing.assert_allclose((one.params - two.params * scale) / se, 0, atol=PRECISION)
    np.testing.assert_allclose(se, np.sqrt(np.diag(two.covariance)) * scale, rtol=PRECISION)
    assert one.log_likelihood == pytest.approx(two.log_likelihood, rel=PRECISION)


def plain_log_likelihood(p: np.ndarray, data: dict[str, np.ndarray]) -> Any:
    """As in the textbook, of (log rate, shape, coefficients); complex coefficients give derivatives without error."""
    eta = p[0] + data["x"] @ p[2:]
    grown = (np.exp(p[1] * data["time"]) - np.exp(p[1] * data["entry"])) / p[1]
    return np.sum(data["weights"] * (data["event"] * (eta + p[1] * data["time"]) - np.exp(eta) * grown))


def plain_score(p: np.ndarray, data: dict[str, np.ndarray]) -> np.ndarray:
    return np.array([plain_log_likelihood(p + 1e-30j * unit, data).imag / 1e-30 for unit in np.eye(len(p))])


# --- references -----------------------------------------------------------------------------------------------------


def test_fit_is_the_maximum_scipy_finds_and_its_error_the_curvature_there() -> None:
    data = without(people(1), "clusters")
    ours = fit(data)
    found = optimize.minimize(
        lambda p: -plain_log_likelihood(p, data),
        [-7, 0.05, 0, 0],
        jac=lambda p: -plain_score(p, data),
        method="trust-exact",
        hess=lambda p: -curvature(p, data),
        options={"gtol": 1e-8},
    )
    np.testing.assert_allclose(ours.params, found.x, rtol=1e-6)
    assert ours.log_likelihood == pytest.approx(-found.fun, rel=1e-12)
    np.testing.assert_allclose(ours.covariance, np.linalg.inv(-curvature(found.x, data)), rtol=1e-6)


def curvature(p: np.ndarray, data: dict[str, np.ndarray]) -> np.ndarray:
    """Second derivatives, by central differences of the score."""
    step = 1e-5
    rows = [(plain_score(p + step * u, data) - plain_score(p - step * u, data)) / (2 * step) for u in np.eye(len(p))]
    return (np.array(rows) + np.array(rows).T) / 2


def test_without_covariates_the_rate_has_a_closed_form() -> None:
    """Given the shape, the rate is events over the integral of exp(shape age) over everybody's time at risk."""
    data = people(2)
    ours = fit_gompertz(SurvivalData(data["time"], data["event"], data["entry"]), np.empty((400, 0)), [])
    shape = ours.params[1]
    grown = (np.exp(shape * data["time"]) - np.exp(shape * data["entry"])) / shape
    assert np.exp(ours.params[0]) == pytest.approx(data["event"].sum() / grown.sum(), rel=PRECISION)


def test_cluster_error_is_the_sandwich_of_the_textbook_score() -> None:
    data = people(3)
    ours = fit(data)
    scores = np.array(
        [plain_score(ours.params, {k: v[data["clusters"] == g] for k, v in data.items()}) for g in range(12)]
    )
    bread = np.linalg.inv(-curvature(ours.params, data))
    np.testing.assert_allclose(ours.covariance, bread @ scores.T @ scores @ bread, rtol=1e-5)  # differences of scores


def test_fit_is_that_of_a_gompertz_model_in_lifelines() -> None:
    import autograd.numpy as anp
    from lifelines.fitters import ParametricRegressionFitter

    class Gompertz(ParametricRegressionFitter):
        _fitted_parameter_names = ("rate_", "shape_")

        def _cumulative_hazard(self, params: Any, t: Any, Xs: Any) -> Any:
            shape = params["shape_"][0]
            return anp.exp(anp.dot(Xs["rate_"], params["rate_"])) * (anp.exp(shape * t) - 1) / shape

    data = without(people(4), "clusters", "weights")
    ours = fit(data)
    table = pd.DataFrame({**without(data, "x"), "a": data["x"][:, 0], "b": data["x"][:, 1]})
    table[["time", "entry"]] /= 10  # lifelines starts at a shape of about one
    regressors = {"rate_": "1 + a + b", "shape_": "1"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = np.array([-4.0, 0.0, 0.0, 0.5])
        theirs = Gompertz().fit(table, "time", "event", entry_col="entry", regressors=regressors, initial_point=start)
    rate, shape = theirs.params_["rate_"], theirs.params_["shape_"]
    expected = [rate["Intercept"] - np.log(10), shape["Intercept"] / 10, rate["a"], rate["b"]]
    se = np.sqrt(np.diag(ours.covariance))
    np.testing.assert_allclose((ours.params - expected) / se, 0, atol=1e-2)  # their optimiser stops early
    per_decade = theirs.log_likelihood_ - ours.events * np.log(10)
    assert ours.log_likelihood == pytest.approx(per_decade, rel=1e-6)
    assert ours.log_likelihood >= per_decade - 1e-9 * abs(per_decade)


@pytest.mark.parametrize("growth", [0.0, 1e-12, -1e-5, 0.5, -0.999, 0.999, 1.001, -1.001, 3.0, -40.0, 40.0])
def test_integrals_of_growth_are_those_of_quadrature(growth: float) -> None:
    for power, ours in enumerate(gompertz._growth_integrals(np.array([growth]))):
        expected, _ = integrate.quad(
            lambda w, power=power: w**power * np.exp(growth * w), 0, 1, epsabs=0, epsrel=1e-13, limit=200
        )
        assert ours[0] == pytest.approx(expected, rel=1e-12)


# --- properties -----------------------------------------------------------------------------------------------------


@given(seeds)
@settings(deadline=None, max_examples=15)
def test_order_of_rows_and_pieces_of_time_do_not_matter(seed: int) -> None:
    data = people(seed)
    order = np.random.default_rng(seed).permutation(400)
    assert_same(fit(data), fit({name: values[order] for name, values in data.items()}))
    cut = (data["entry"] + data["time"]) / 2
    pieces = [data | {"time": cut, "event": np.zeros(400)}, data | {"entry": cut}]
    assert_same(fit(data), fit({name: np.concatenate([p[name] for p in pieces]) for name in data}))


@given(seeds)
@settings(deadline=None, max_examples=15)
def test_a_repeated_row_is_a_row_of_weight_two(seed: int) -> None:
    data = without(people(seed), "clusters")
    twice = np.random.default_rng(seed).random(400) < 0.5
    doubled = {name: np.concatenate([values, values[twice]]) for name, values in data.items()}
    assert_same(fit(data | {"weights": data["weights"] * (1 + twice)}), fit(doubled))


@given(seeds, st.floats(1e-3, 1e3))
@settings(deadline=None, max_examples=15)
def test_units_of_covariates_and_time_only_change_their_coefficients(seed: int, scale: float) -> None:
    data = people(seed)
    assert_same(fit(data), fit(data | {"x": data["x"] * [scale, 1]}), np.array([1, 1, scale, 1]))
    months = fit(data | {"time": data["time"] * 12, "entry": data["entry"] * 12})
    assert months.delay("a").estimate == pytest.approx(12 * fit(data).delay("a").estimate, rel=PRECISION)
    assert months.delay("a").se == pytest.approx(12 * fit(data).delay("a").se, rel=PRECISION)


@given(seeds)
@settings(deadline=None, max_examples=15)
def test_robust_is_everybody_their_own_cluster(seed: int) -> None:
    data = without(people(seed), "clusters")
    assert_same(fit(data, robust=True), fit(data | {"clusters": np.arange(400)}))


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    data = people(5)
    whole = fit(data)
    monkeypatch.setattr(person_time, "BLOCK", 7)
    assert_same(whole, fit(data))


def test_blocks_without_some_clusters_do_not_matter_to_few_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    data = people(5)
    data["clusters"] = np.sort(data["clusters"])
    whole = fit(data, few_clusters=True)
    monkeypatch.setattr(person_time, "BLOCK", 7)
    parts = fit(data, few_clusters=True)
    assert_same(whole, parts)
    each = np.eye(4)
    assert [whole.errors.df(c) for c in each] == pytest.approx([parts.errors.df(c) for c in each], rel=PRECISION)


def test_delay_is_the_ratio_with_the_error_of_both_parts() -> None:
    ours = fit(people(6))
    shape, a = ours.params[1], ours.params[2]
    (vs, c), (_, va) = ours.covariance[1:3, 1:3]
    delay = ours.delay("a")
    assert delay.estimate == pytest.approx(-a / shape)
    assert delay.se == pytest.approx(np.sqrt(va + (a / shape) ** 2 * vs - 2 * a / shape * c) / shape)
    assert (delay.upper - delay.estimate) / delay.se == pytest.approx(2.200985160082949)  # t(11), 97.5%


# --- what the data cannot support -----------------------------------------------------------------------------------


def test_a_hazard_that_falls_with_age_gives_no_delay() -> None:
    spread_out = np.exp(2 * np.random.default_rng([7, 1]).normal(size=400))
    falling = without(people(7), "entry") | {"time": spread_out, "event": np.ones(400)}
    with pytest.raises(ModelError, match="the hazard does not rise with age"):
        fit(falling).delay("a")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"event": np.zeros(400)}, "here: no events"),
        ({"entry": np.full(400, 100.0)}, "400 of 400 rows leave at or before they enter"),
        ({"weights": -np.ones(400)}, "weights are not all positive"),
        ({"time": np.full(400, np.nan)}, "time holds missing"),
        ({"clusters": np.zeros(400)}, "fewer than two clusters"),
        ({"x": np.ones((400, 2)) * 0.1}, "a, b does not vary"),
        ({"x": np.arange(400.0)[:, None] * [1, 2]}, "b follows exactly"),
    ],
)
def test_data_that_cannot_be_fitted_are_refused(change: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        fit(people(8) | change, where="here")


def test_a_shape_that_a_covariate_replaces_is_refused() -> None:
    later = {"entry": np.r_[50.0, np.full(399, 60.0)], "time": np.r_[50.0, np.full(399, 60.0)] + 1e-9}
    first = np.column_stack([np.arange(400) == 0, people(8)["x"][:, 0]]).astype(float)
    data = without(people(8), "weights") | {"event": np.ones(400)}
    with pytest.raises(ModelError, match="shape follows exactly"):
        fit(data | later | {"x": first})


def test_separation_is_refused() -> None:
    data = people(9)
    spared = np.column_stack([(data["event"] == 0) & (data["x"][:, 0] > 0), data["x"][:, 1]]).astype(float)
    with pytest.raises(ModelError, match="runs off: a to minus infinity"):
        fit(data | {"x": spared})


def test_events_all_at_the_end_have_no_finite_shape() -> None:
    data = people(10)
    with pytest.raises(ModelError, match="runs off: .*shape to plus infinity"):
        fit(data | {"time": np.full(400, 95.0), "event": np.ones(400)})
