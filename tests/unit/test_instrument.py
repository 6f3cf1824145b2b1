"""Instrumental variables against closed forms and linearmodels; an instrument that cannot answer says so."""

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.estimators.instrument import two_stage_least_squares
from evenwicht.estimators.linear import least_squares

EQUAL = 1e-8


def toy(strength: float = 0.5, n: int = 400, groups: int = 30, seed: int = 6) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    g = rng.integers(groups, size=n)
    z = (rng.random(groups) < 0.5).astype(float)[g]
    x = rng.normal(size=(n, 2))
    hidden = rng.normal(size=n)
    a = (0.2 + strength * z + 0.1 * x[:, 0] + 0.2 * hidden + 0.2 * rng.normal(size=n) > 0.5).astype(float)
    y = a + x @ [0.5, 0.3] + hidden + rng.normal(0, 0.5, groups)[g] + rng.normal(size=n)
    return {"y": y, "a": a, "z": z, "x": x, "g": g}


def test_one_binary_instrument_gives_the_wald_ratio() -> None:
    t = toy()
    fit = two_stage_least_squares(t["y"], t["a"], t["z"])
    steps = [t[name][t["z"] == 1].mean() - t[name][t["z"] == 0].mean() for name in ("y", "a")]
    assert fit.effect.estimate == pytest.approx(steps[0] / steps[1], rel=EQUAL)


@pytest.mark.parametrize("covariance", ["robust", "classical"])
def test_with_covariates_it_is_linearmodels(covariance: str) -> None:
    from linearmodels.iv import IV2SLS

    t = toy()
    fit = two_stage_least_squares(t["y"], t["a"], t["z"], t["x"], covariance=covariance)
    frame = pd.DataFrame({"one": 1.0, "y": t["y"], "a": t["a"], "z": t["z"], "p": t["x"][:, 0], "q": t["x"][:, 1]})
    model = IV2SLS(frame["y"], frame[["one", "p", "q"]], frame[["a"]], frame[["z"]])
    theirs = model.fit(cov_type="robust" if covariance == "robust" else "unadjusted")
    n = len(frame)
    factor = np.sqrt(n / (n - 4)) if covariance == "robust" else 1.0  # HC1 here, HC0 there
    assert fit.effect.estimate == pytest.approx(theirs.params["a"], rel=EQUAL)
    assert fit.effect.se == pytest.approx(theirs.std_errors["a"] * factor, rel=EQUAL)


def test_clusters_widen_the_error_as_they_do_for_intention_to_treat() -> None:
    """The bias-reduced error is close to linearmodels' sandwich where 30 clusters carry the instrument."""
    from linearmodels.iv import IV2SLS

    t = toy()
    fit = two_stage_least_squares(t["y"], t["a"], t["z"], t["x"], clusters=t["g"])
    frame = pd.DataFrame({"one": 1.0, "y": t["y"], "a": t["a"], "z": t["z"], "p": t["x"][:, 0], "q": t["x"][:, 1]})
    theirs = IV2SLS(frame["y"], frame[["one", "p", "q"]], frame[["a"]], frame[["z"]]).fit(
        cov_type="clustered", clusters=t["g"]
    )
    assert 1 < fit.effect.se / theirs.std_errors["a"] < 1 + 4 / 30
    first = least_squares(t["a"], t["z"], t["x"], clusters=t["g"])
    assert fit.first_stage_f == pytest.approx((first.estimate / first.se) ** 2, rel=EQUAL)
    unclustered = two_stage_least_squares(t["y"], t["a"], t["z"], t["x"])
    assert fit.first_stage_f < unclustered.first_stage_f


@pytest.mark.parametrize("strength", [0.5, 0.05])
@pytest.mark.parametrize("clustered", [False, True])
def test_anderson_rubin_set_holds_exactly_the_effects_the_test_accepts(strength: float, clustered: bool) -> None:
    t = toy(strength)
    clusters = t["g"] if clustered else None
    found = two_stage_least_squares(t["y"], t["a"], t["z"], t["x"], clusters=clusters).anderson_rubin
    for b in np.linspace(-30, 30, 121):
        test = least_squares(t["y"] - b * t["a"], t["z"], t["x"], clusters=clusters)
        assert (test.lower <= 0 <= test.upper) == any(low <= b <= high for low, high in found)


def test_the_set_covers_where_the_wald_interval_does_not() -> None:
    """A weak instrument, no effect, people independent: the set holds 0 in 95% of draws (4 Monte Carlo errors)."""
    draws, inside = 1000, 0
    for draw in range(draws):
        rng = np.random.default_rng([8, draw])
        z, hidden = rng.normal(size=(2, 200))
        a = 0.05 * z + hidden + 0.3 * rng.normal(size=200)
        y = hidden + 0.3 * rng.normal(size=200)
        found = two_stage_least_squares(y, a, z, covariance="classical").anderson_rubin
        inside += any(low <= 0 <= high for low, high in found)
    assert inside / draws == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / draws))


def test_an_exposure_that_is_its_own_instrument_is_intention_to_treat() -> None:
    t = toy()
    fit = two_stage_least_squares(t["y"], t["z"], t["z"], t["x"], clusters=t["g"])
    same = least_squares(t["y"], t["z"], t["x"], clusters=t["g"])
    assert (fit.effect.estimate, fit.effect.se) == pytest.approx((same.estimate, same.se), rel=EQUAL)
    assert fit.first_stage_f == np.inf
    assert fit.anderson_rubin == [pytest.approx((same.lower, same.upper), rel=EQUAL)]


def test_an_instrument_that_moves_nothing_or_does_not_vary_is_refused() -> None:
    z = np.tile([0.0, 1.0], 50)
    with pytest.raises(ModelError, match="does not move the exposure"):
        two_stage_least_squares(z, np.repeat([0.0, 1.0], 50), z)
    with pytest.raises(ModelError, match="the instrument does not vary"):
        two_stage_least_squares(z, z, np.ones(100))


def test_one_cluster_with_the_instrument_leaves_no_interval_and_no_set() -> None:
    t = toy()
    alone = (t["g"] == 3).astype(float)
    fit = two_stage_least_squares(t["y"], t["a"], alone, t["x"], clusters=t["g"])
    assert fit.effect.status == "no interval"
    assert np.isnan(fit.first_stage_f)
    assert fit.anderson_rubin is None
