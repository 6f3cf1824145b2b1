"""The Cox kernel: what must not change a fit, what it says of data it cannot fit, and its agreement with lifelines."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.estimators import person_time, survival
from evenwicht.estimators.cox import CoxResult, cox, fit_cox
from evenwicht.estimators.survival_data import SurvivalData
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.follow_up import arguments

# Newton stops at a step of 1e-6 that it takes, which leaves 1e-12; likelihoods are flat there, and sums are rounded
PRECISION = 1e-8
seeds = st.integers(0, 2**32 - 1)
ties = st.sampled_from(["efron", "breslow"])


def people(seed: int, unit: float = 1.0, n: int = 90) -> dict[str, np.ndarray]:
    """Tied (or untied, with unit 0) delayed-entry data in three strata and eight clusters."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.normal(size=n), rng.normal(size=n) + 5])
    entry = rng.uniform(0, 4, n)
    onset = entry + rng.exponential(6 * np.exp(-0.3 * x[:, 0]))
    censoring = entry + rng.uniform(2, 12, n)
    time = np.minimum(onset, censoring)
    if unit:
        entry, time = np.floor(entry / unit) * unit, np.ceil(time / unit) * unit
    return {
        "time": time,
        "event": (onset <= censoring).astype(float),
        "x": x,
        "entry": entry,
        "strata": rng.integers(3, size=n),
        "weights": rng.uniform(0.3, 3, n),
        "clusters": rng.integers(8, size=n),
        "offset": rng.normal(0, 0.3, n),
    }


def fit(data: dict[str, np.ndarray], **options: Any) -> CoxResult:
    return fit_cox(**arguments(data), names=["a", "b"], **options)


def rows(data: dict[str, np.ndarray], chosen: np.ndarray) -> dict[str, np.ndarray]:
    return {name: values[chosen] for name, values in data.items()}


def joined(one: dict[str, np.ndarray], two: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([values, two[name]]) for name, values in one.items()}


def without(data: dict[str, np.ndarray], *names: str) -> dict[str, np.ndarray]:
    return {name: values for name, values in data.items() if name not in names}


def assert_same(one: CoxResult, two: CoxResult, scale: float | np.ndarray = 1.0) -> None:
    """Equal up to precision, errors included; `scale` multiplies the coefficients of the second."""
    se = np.sqrt(np.diag(one.covariance))
    np.testing.assert_allclose(one.params, two.params * scale, rtol=0, atol=PRECISION * se.max())
    np.testing.assert_allclose(se, np.sqrt(np.diag(two.covariance)) * scale, rtol=PRECISION)
    assert one.log_likelihood == pytest.approx(two.log_likelihood, rel=PRECISION)
    assert one.log_likelihood_null == pytest.approx(two.log_likelihood_null, rel=PRECISION)


# --- what must not change a fit -------------------------------------------------------------------------------------


@given(seeds, ties)
@settings(deadline=None, max_examples=20)
def test_order_of_rows_does_not_matter(seed: int, method: str) -> None:
    data = people(seed)
    order = np.random.default_rng(seed).permutation(90)
    assert_same(fit(data, ties=method), fit(rows(data, order), ties=method))


@given(seeds)
@settings(deadline=None, max_examples=20)
def test_a_repeated_row_is_a_row_of_weight_two_in_breslows_likelihood(seed: int) -> None:
    data = without(people(seed), "clusters")
    twice = np.random.default_rng(seed).random(90) < 0.5
    doubled = data | {"weights": data["weights"] * (1 + twice)}
    assert_same(fit(doubled, ties="breslow"), fit(joined(data, rows(data, twice)), ties="breslow"))


@given(seeds)
@settings(deadline=None, max_examples=20)
def test_a_repeated_censored_row_is_a_row_of_weight_two_in_efrons_likelihood(seed: int) -> None:
    data = without(people(seed, unit=0), "clusters")
    twice = data["event"] == 0
    assert_same(fit(data | {"weights": data["weights"] * (1 + twice)}), fit(joined(data, rows(data, twice))))


@given(seeds, ties)
@settings(deadline=None, max_examples=20)
def test_cutting_time_at_risk_into_pieces_changes_nothing(seed: int, method: str) -> None:
    data = people(seed, unit=0.5)
    cut = (data["entry"] + data["time"]) / 2
    before, after = data | {"time": cut, "event": np.zeros(90)}, data | {"entry": cut}
    assert_same(fit(data, ties=method), fit(joined(before, after), ties=method))


@given(seeds, st.floats(1e-6, 1e6), st.floats(-1e3, 1e3))
@settings(deadline=None, max_examples=20)
def test_units_of_covariates_only_change_their_coefficients(seed: int, scale: float, shift: float) -> None:
    data = people(seed)
    moved = data | {"x": data["x"] * [scale, 1] + [shift * scale, -shift]}
    assert_same(fit(data), fit(moved), np.array([scale, 1.0]))


@given(seeds, st.floats(-300, 300))
@settings(deadline=None, max_examples=20)
def test_offsets_of_whole_strata_do_not_matter(seed: int, shift: float) -> None:
    data = people(seed)
    assert_same(fit(data), fit(data | {"offset": data["offset"] + shift * data["strata"]}))


@given(seeds, ties)
@settings(deadline=None, max_examples=20)
def test_robust_is_everybody_their_own_cluster(seed: int, method: str) -> None:
    data = people(seed)
    clustered = fit(data | {"clusters": np.arange(90)}, ties=method)
    assert_same(clustered, fit(without(data, "clusters"), ties=method, robust=True))


@given(seeds)
@settings(deadline=None, max_examples=20)
def test_rows_that_are_never_at_risk_do_not_matter(seed: int) -> None:
    """In a stratum without events, or gone before a stratum's first event, or in after its last; any covariates."""
    data = people(seed)
    strangers = rows(data, np.arange(30))
    strangers |= {"x": strangers["x"] * 1e5, "event": np.zeros(30), "clusters": np.arange(100, 130)}
    strangers["strata"][:10] = 7
    strangers["time"][10:20], strangers["entry"][10:20] = -1, -2
    strangers["time"][20:], strangers["entry"][20:] = 91, 90
    more = fit(joined(data, strangers))
    assert_same(fit(data), more)
    assert more.n_clusters == len(np.unique(data["clusters"]))


@given(seeds)
@settings(deadline=None, max_examples=20)
def test_follow_up_beyond_the_last_event_does_not_matter(seed: int) -> None:
    data = people(seed)
    last = np.array([data["time"][(data["event"] == 1) & (data["strata"] == s)].max() for s in range(3)])
    longer = np.where(data["time"] > last[data["strata"]], data["time"] + 50, data["time"])
    assert_same(fit(data), fit(data | {"time": longer}))


@given(seeds)
@settings(deadline=None, max_examples=20)
def test_methods_for_ties_agree_without_ties(seed: int) -> None:
    data = people(seed, unit=0)
    assert_same(fit(data), fit(data, ties="breslow"))


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    data = people(1, unit=3)
    whole, robust = fit(data), fit(without(data, "clusters"), robust=True)
    monkeypatch.setattr(person_time, "BLOCK", 7)
    assert len(list(person_time.blocks(90, 3))) == 4
    assert_same(whole, fit(data))
    assert_same(robust, fit(without(data, "clusters"), robust=True))


def test_blocks_without_some_clusters_do_not_matter_to_few_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    data = people(1, unit=3)
    data["clusters"] = np.sort(data["clusters"])
    whole = fit(data, few_clusters=True)
    monkeypatch.setattr(person_time, "BLOCK", 7)
    parts = fit(data, few_clusters=True)
    assert_same(whole, parts)
    each = np.eye(2)
    assert [whole.errors.df(c) for c in each] == pytest.approx([parts.errors.df(c) for c in each], rel=PRECISION)


@given(seeds)
@settings(deadline=None, max_examples=20)
def test_scores_of_clusters_add_up_to_zero(seed: int) -> None:
    result = fit(people(seed))
    assert result.cluster_scores.shape == (8, 2)
    np.testing.assert_allclose(result.cluster_scores.sum(axis=0), 0, atol=PRECISION * 90)


# --- results --------------------------------------------------------------------------------------------------------


def test_one_hypothesis_is_tested_as_in_the_summary() -> None:
    for data in (people(2), without(people(2), "clusters")):
        result = fit(data)
        statistic, q, p = result.wald(["b"])
        assert q == 1
        assert statistic == pytest.approx(result.summary.loc["b", "z"] ** 2)
        assert p == pytest.approx(result.summary.loc["b", "p"])


def test_joint_test_does_not_depend_on_how_the_hypothesis_is_written() -> None:
    result = fit(people(3))
    assert result.wald(["a", "b"]) == pytest.approx(result.wald(np.array([[1.0, 1.0], [1.0, -1.0]])))


def test_intervals_of_clusters_use_a_t_distribution() -> None:
    result = fit(people(4))
    ratio, row = result.hazard_ratio("a"), result.summary.loc["a"]
    assert (ratio.lower, ratio.upper) == pytest.approx((row["exp(coef) lower 95%"], row["exp(coef) upper 95%"]))
    assert np.log(ratio.upper / ratio.estimate) == pytest.approx(2.364624251592785 * ratio.se)  # t(7), 97.5%


def frame(data: dict[str, np.ndarray]) -> pd.DataFrame:
    table = pd.DataFrame(without(data, "x"))
    return table.assign(a=data["x"][:, 0], b=data["x"][:, 1])


def test_a_table_gives_the_fit_of_its_columns() -> None:
    data = people(5)
    table = frame(data).assign(half=data["strata"] > 1)
    roles = {"entry_col": "entry", "weights_col": "weights", "cluster_col": "clusters", "offset_col": "offset"}
    assert_same(fit(data), cox(table, "time", "event", covariates=["a", "b"], strata=["strata", "half"], **roles))
    rest = cox(table.drop(columns="half").assign(name="text"), "time", "event", strata="strata", **roles)
    assert rest.names == ("a", "b")


@pytest.mark.parametrize("unit", [0, 1])
@pytest.mark.parametrize("used", [["entry"], ["entry", "weights"], []])
def test_hazard_ratio_is_that_of_lifelines(unit: float, used: list[str]) -> None:
    """Model-based errors too; lifelines' sandwich is Breslow's and ignores entry, so R is the reference for ours."""
    from lifelines import CoxPHFitter

    data = people(6, unit, n=300)
    exposure = (data["x"][:, 0] > 0).astype(float)
    given = {name: data[name] for name in used}
    ours = survival.hazard_ratio(SurvivalData(data["time"], data["event"], **given), exposure, data["x"][:, 1:])
    table = pd.DataFrame({"time": data["time"], "event": data["event"], "x": exposure, "b": data["x"][:, 1], **given})
    columns = {
        "entry_col": "entry" if "entry" in used else None,
        "weights_col": "weights" if "weights" in used else None,
    }
    theirs = CoxPHFitter().fit(table, "time", "event", robust="weights" in used, **columns)
    assert np.log(ours.estimate) == pytest.approx(theirs.params_["x"], abs=1e-5)  # lifelines stops at 1e-7 a step
    if "weights" not in used:
        assert ours.se == pytest.approx(theirs.standard_errors_["x"], rel=1e-5)


# --- what the data cannot support -----------------------------------------------------------------------------------


def broken(name: str, value: float) -> Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]:
    def change(data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        values = data[name].astype(float)
        values[3] = value
        return data | {name: values}

    return change


REFUSED: dict[str, tuple[str, Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]]] = {
    "no events": ("here: no events", lambda d: d | {"event": np.zeros(90)}),
    "few events": ("too few events: 1 for 2 covariates", lambda d: d | {"event": (np.arange(90) == 5).astype(float)}),
    "constant": ("b does not vary among people at risk together", lambda d: d | {"x": d["x"] * [1, 0] + [0, 0.1]}),
    "stratum": ("b does not vary among", lambda d: d | {"x": np.column_stack([d["x"][:, 0], d["strata"] + 0.1])}),
    "repeated": ("b follows exactly from the other", lambda d: d | {"x": d["x"][:, [0, 0]] * [1, -3] + [0, 2]}),
    "separated": (
        "runs off: a to plus infinity",
        lambda d: d | {"x": np.column_stack([d["event"], d["x"][:, 1]])},
    ),
    "jointly separated": (
        "runs off: a to minus infinity, b to minus infinity",
        lambda d: d | {"x": np.where(d["event"][:, None] == 1, 0.0, [[1, 0], [0, 1]] * 45)},
    ),
    "backwards": ("1 of 90 rows leave at or before they enter", broken("entry", 1e3)),
    "no weight": ("weights are not all positive", broken("weights", 0.0)),
    "half an event": ("event is not 0 or 1", broken("event", 0.5)),
    "nan time": ("time holds missing or infinite", broken("time", np.nan)),
    "infinite entry": ("entry holds missing or infinite", broken("entry", -np.inf)),
    "nan event": ("event holds missing or infinite", broken("event", np.nan)),
    "nan weight": ("weights holds missing or infinite", broken("weights", np.nan)),
    "nan offset": ("offset holds missing or infinite", broken("offset", np.nan)),
    "nan covariate": ("a holds missing or infinite", broken("x", np.nan)),
    "nan stratum": ("strata holds missing", broken("strata", np.nan)),
    "nan cluster": ("clusters holds missing", broken("clusters", np.nan)),
    "one cluster": ("fewer than two clusters", lambda d: d | {"clusters": np.zeros(90)}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_data_that_cannot_be_fitted_are_refused(case: str) -> None:
    message, change = REFUSED[case]
    with pytest.raises(ModelError, match=message):
        fit(change(people(7)), where="here")


def test_other_methods_for_ties_are_refused() -> None:
    with pytest.raises(ModelError, match="no method exact for ties"):
        fit(people(7), ties="exact")


def test_a_model_without_covariates_is_refused() -> None:
    with pytest.raises(ModelError, match="no covariates"):
        cox(frame(people(7)), "time", "event", covariates=[])


def test_a_table_without_the_column_is_refused() -> None:
    with pytest.raises(ModelError, match="no column months"):
        cox(frame(people(7)), "time", "event", entry_col="months")


def test_a_column_of_text_is_refused() -> None:
    with pytest.raises(ModelError, match="sex is not numeric"):
        cox(frame(people(7)).assign(sex="f"), "time", "event", covariates=["a", "sex"])


def test_missing_values_of_a_table_are_named_by_column() -> None:
    table = frame(people(7)).rename(columns={"time": "age"})
    table.loc[2, "age"] = np.nan
    with pytest.raises(ModelError, match="age holds missing"):
        cox(table, "age", "event", covariates=["a"])


def test_tests_that_repeat_each_other_are_refused() -> None:
    with pytest.raises(ModelError, match="2 hypotheses but a covariance of rank 1"):
        fit(people(7)).wald(["a", "a"])


def test_unknown_coefficients_are_refused() -> None:
    with pytest.raises(ModelError, match="no coefficient sex"):
        fit(people(7)).hazard_ratio("sex")
