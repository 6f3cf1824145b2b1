"""Rare indicators of a Cox model are counted, not multiplied: nothing but the time it takes depends on that."""

from typing import Any

import numpy as np
import pytest
from evenwicht.estimators import cox_covariates, likelihood, person_time
from evenwicht.estimators.cox import CoxResult, fit_cox, fit_followed, follow
from evenwicht.estimators.cox_covariates import Covariates, covariates_of
from evenwicht.estimators.likelihood import sum_products
from evenwicht.estimators.survival_data import SurvivalData

from tests.follow_up import arguments

N, MONTHS = 600, 12
NAMES = ["score", *(f"month {m}" for m in range(1, MONTHS)), "dose", "exposed"]


def births(n: int = N, unit: float = 1.0) -> dict[str, np.ndarray]:
    """Delayed-entry data, tied (or untied, with unit 0), with dummies of calendar months and a rare exposure."""
    rng = np.random.default_rng(5)
    month, score = rng.integers(MONTHS, size=n), rng.normal(3, 2, n)
    exposed, dose = rng.random(n) < 0.2, rng.uniform(0, 30, n)
    entry = rng.uniform(0, 4, n)
    onset = entry + rng.exponential(6 * np.exp(-0.2 * (score - 3) + 0.4 * exposed + 0.1 * (month % 3)))
    censoring = entry + rng.uniform(2, 12, n)
    time = np.minimum(onset, censoring)
    if unit:
        entry, time = np.floor(entry / unit) * unit, np.ceil(time / unit) * unit
    return {
        "time": time,
        "event": (onset <= censoring).astype(float),
        "x": np.column_stack([score, month[:, None] == np.arange(1, MONTHS), dose, exposed]).astype(float),
        "entry": entry,
        "strata": rng.integers(3, size=n),
        "weights": rng.uniform(0.3, 3, n),
        "clusters": rng.integers(40, size=n),
        "offset": rng.normal(0, 0.3, n),
    }


def without(data: dict[str, np.ndarray], *names: str) -> dict[str, np.ndarray]:
    return {name: values for name, values in data.items() if name not in names}


def fit(data: dict[str, np.ndarray], **options: Any) -> CoxResult:
    return fit_cox(**arguments(data), names=NAMES, **options)


def assert_same(one: CoxResult, two: CoxResult) -> None:
    """Equal to ten digits of an error."""
    se = np.sqrt(np.diag(two.covariance))
    scale = np.outer(se, se)
    np.testing.assert_allclose(one.params, two.params, rtol=0, atol=1e-10 * se.min())
    np.testing.assert_allclose(one.covariance / scale, two.covariance / scale, rtol=0, atol=1e-10)
    np.testing.assert_allclose(one.naive_covariance / scale, two.naive_covariance / scale, rtol=0, atol=1e-10)
    assert one.log_likelihood == pytest.approx(two.log_likelihood, rel=1e-12)
    assert one.log_likelihood_null == pytest.approx(two.log_likelihood_null, rel=1e-12)
    assert one.iterations == two.iterations
    if two.cluster_scores is not None:
        np.testing.assert_allclose(one.cluster_scores * se, two.cluster_scores * se, rtol=0, atol=1e-10)


def laid_out(covariates: Covariates) -> np.ndarray:
    """Covariates by position, (k, n)."""
    return np.stack([values for _, values in sorted(covariates.each(slice(None)), key=lambda each: each[0])])


def profiles(data: dict[str, np.ndarray]) -> int:
    return covariates_of(data["x"], np.ones(len(data["x"]), dtype=bool), None)[0].profiles


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("unit", [0.0, 1.0], ids=["untied", "tied"])
@pytest.mark.parametrize(
    "left_out", [(), ("entry",), ("strata",), ("weights", "offset"), ("entry", "strata", "weights", "offset")]
)
@pytest.mark.parametrize("errors", ["few_clusters", "clusters", "people", "robust", "naive"])
def test_counting_gives_the_fit_of_multiplying(
    errors: str, left_out: tuple[str, ...], unit: float, ties: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = without(births(unit=unit), *left_out, *(["clusters"] if errors in ("robust", "naive") else []))
    if errors == "people":  # the sums of their clusters are then the score residuals
        data["clusters"] = np.arange(N)
    options = {"ties": ties, "robust": errors == "robust", "few_clusters": errors == "few_clusters"}
    assert profiles(data) == 2 * MONTHS
    counted = fit(data, **options)
    monkeypatch.setattr(cox_covariates, "RARE", -1)
    assert profiles(data) == 0
    multiplied = fit(data, **options)
    assert_same(counted, multiplied)
    if errors == "few_clusters":
        each = np.eye(len(NAMES))
        df = [[result.errors.df(row) for row in each] for result in (counted, multiplied)]
        np.testing.assert_allclose(*df, rtol=1e-10)


def test_the_parts_of_clusters_do_not_depend_on_how_they_are_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    data = births()
    by_call = fit(data, few_clusters=True)
    monkeypatch.setattr(likelihood, "CALL", np.inf)
    by_slices = fit(data, few_clusters=True)
    monkeypatch.setattr(person_time, "BLOCK", 50)
    in_blocks = fit(data, few_clusters=True)
    assert_same(by_call, by_slices)
    assert_same(by_call, in_blocks)


def test_the_sandwich_of_a_fit_with_few_clusters_is_that_of_a_fit_without() -> None:
    data = births()
    one, two = fit(data, few_clusters=True).sandwich(), fit(data)
    assert_same(one, two)
    assert one.hazard_ratio("exposed").upper == pytest.approx(two.hazard_ratio("exposed").upper, rel=1e-12)


def test_people_are_followed_once_for_many_models() -> None:
    data = births()
    follow_up = {name: data[name] for name in ("time", "event", "entry", "weights", "clusters")}
    people = follow(SurvivalData(**follow_up), strata=data["strata"])
    for last in (len(NAMES), 3):
        x, names = data["x"][:, :last], NAMES[:last]
        shared = fit_followed(people, x, names, offset=data["offset"])
        alone = fit_cox(SurvivalData(**follow_up), x, names, strata=data["strata"], offset=data["offset"])
        assert_same(shared, alone)


def test_covariates_are_laid_out_as_they_came() -> None:
    x = births()["x"]
    ever = np.arange(N) % 5 > 0
    covariates, scale = covariates_of(x, ever, None)
    whole = laid_out(covariates)
    for j, name in enumerate(NAMES):
        expected = x[ever, j] if name not in ("score", "dose") else x[ever, j] - x[ever, j].mean()
        np.testing.assert_allclose(whole[j] * scale[j], expected, rtol=0, atol=1e-12 * 30)
    beta = np.linspace(-1, 1, len(NAMES))
    np.testing.assert_allclose(covariates.times(beta), beta @ whole, rtol=0, atol=1e-12 * 30)
    assert covariates.extent == pytest.approx(np.abs(whole).max(axis=1))


def test_profiles_of_more_indicators_than_fit_one_number_are_told_apart() -> None:
    group = np.arange(N) % 37
    x = (group[:, None] == np.arange(1, 37)).astype(float)
    covariates, _ = covariates_of(np.repeat(x, 3, axis=1), np.ones(N, dtype=bool), None)
    assert covariates.profiles == 37
    assert covariates.k == 108
    np.testing.assert_array_equal(laid_out(covariates), np.repeat(x, 3, axis=1).T)


@pytest.mark.parametrize("case", ["half of people", "no indicators", "few of all", "as many profiles as people"])
def test_what_counting_does_not_pay_for_is_multiplied(case: str) -> None:
    rng = np.random.default_rng(1)
    x = {
        "half of people": (rng.random((N, 3)) < 0.6).astype(float),
        "no indicators": rng.normal(size=(N, 3)),
        "few of all": np.column_stack([rng.random(N) < 0.2, rng.normal(size=(N, 3))]).astype(float),
        "as many profiles as people": (rng.random((N, 30)) < 0.3).astype(float),
    }[case]
    covariates, _ = covariates_of(x, np.ones(N, dtype=bool), None)
    assert covariates.profiles == 0
    assert covariates.dense.shape == x.T.shape


@pytest.mark.parametrize("call", [0, np.inf], ids=["by call", "by slices"])
def test_products_are_summed_over_runs(call: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likelihood, "CALL", call)
    left, right = np.random.default_rng(2).normal(size=(2, 3, 10))
    found = sum_products(left, right[:2], np.array([0, 1, 7]))
    parts = [left[:, rows] @ right[:2, rows].T for rows in (slice(0, 1), slice(1, 7), slice(7, 10))]
    np.testing.assert_allclose(found, parts, rtol=0, atol=1e-14)
