"""No estimate and no error depends on the unit, origin or order of covariates, or on the order of rows."""

from collections.abc import Callable

import numpy as np
import pytest
from evenwicht.estimators.gompertz import fit_gompertz
from evenwicht.estimators.instrument import two_stage_least_squares
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.panel import panel_regression
from evenwicht.estimators.ratios import odds_ratio, risk_ratio, standardised_difference, standardised_risks
from evenwicht.estimators.results import Interval
from evenwicht.estimators.risks import linear_risks
from evenwicht.estimators.survival import hazard_ratio
from evenwicht.estimators.survival_data import SurvivalData

SAME = 1e-8
Data = dict[str, np.ndarray]


def people(n: int = 360) -> Data:
    """Covariates as they come: income in crowns and its square, a year of birth and its square, a share."""
    rng = np.random.default_rng(12)
    income, year = rng.gamma(4, 1e5, n), rng.integers(1950, 1957, n).astype(float)
    z = np.column_stack([(income - 4e5) / 2e5, (year - 1953) / 2, rng.normal(size=n)])
    a = (rng.random(n) < 1 / (1 + np.exp(-0.5 * z[:, 0]))).astype(float)
    g = rng.integers(24, size=n)
    y = a + z @ [0.4, 0.2, -0.3] + rng.normal(0, 0.3, 24)[g] + rng.normal(size=n)
    time = np.log1p(0.09 * rng.exponential(30, n) * np.exp(-0.4 * a - 0.2 * z[:, 2])) / 0.09
    return {
        "x": np.column_stack([income, income**2, year, year**2, rng.random(n)]),
        "a": a,
        "g": g,
        "month": rng.integers(6, size=n),
        "y": y,
        "case": (y > 0.8).astype(float),
        "time": np.minimum(time, 40),
        "event": (time <= 40).astype(float),
        "w": rng.uniform(0.5, 2, n),
    }


def followed(d: Data, **design: np.ndarray) -> SurvivalData:
    return SurvivalData(d["time"], d["event"], **design)


def gompertz(d: Data) -> Interval:
    names = ["a", *(f"x{j}" for j in range(d["x"].shape[1]))]
    x = np.column_stack([d["a"], d["x"]])
    return fit_gompertz(followed(d, clusters=d["g"]), x, names, few_clusters=True).coefficient("a")


def with_fixed_effects(d: Data) -> Interval:
    columns = {"a": d["a"], **{f"x{j}": column for j, column in enumerate(d["x"].T)}}
    return panel_regression(d["y"], columns, absorb={"month": d["month"]}, clusters=d["g"])["a"]


ESTIMATORS: dict[str, Callable[[Data], Interval]] = {
    "least squares": lambda d: least_squares(d["y"], d["a"], d["x"]),
    "least squares, weighted": lambda d: least_squares(d["y"], d["a"], d["x"], weights=d["w"]),
    "least squares, clusters": lambda d: least_squares(d["y"], d["a"], d["x"], clusters=d["g"]),
    "fixed effects": with_fixed_effects,
    "instrument": lambda d: two_stage_least_squares(d["y"], d["a"], d["case"], d["x"], clusters=d["g"]).effect,
    "risk ratio": lambda d: risk_ratio(d["case"], d["a"], d["x"], clusters=d["g"]),
    "odds ratio": lambda d: odds_ratio(d["case"], d["a"], d["x"], clusters=d["g"]),
    "standardised difference": lambda d: standardised_difference(d["case"], d["a"], d["x"], clusters=d["g"]),
    "risk, linear": lambda d: linear_risks(d["case"], d["a"], d["x"], clusters=d["g"]).unexposed,
    "risk, standardised": lambda d: standardised_risks(d["case"], d["a"], d["x"], clusters=d["g"]).unexposed,
    "Cox": lambda d: hazard_ratio(followed(d, clusters=d["g"]), d["a"], d["x"]),
    "Cox, weighted": lambda d: hazard_ratio(followed(d, weights=d["w"]), d["a"], d["x"]),
    "Gompertz": gompertz,
}

ORDER = np.random.default_rng(1).permutation(360)
CHANGES: dict[str, Callable[[Data], Data]] = {
    # the square in another unit is another unit of the square
    "unit": lambda d: {**d, "x": d["x"] / [1e5, 1e10, 100, 1e4, 1e-3]},
    "larger unit": lambda d: {**d, "x": d["x"] * [1e3, 1e6, 1, 1, 1e9]},
    "origin": lambda d: {**d, "x": d["x"] + [1e6, -1e11, -1953, 4e6, 100]},
    "sign and order": lambda d: {**d, "x": -d["x"][:, ::-1]},
    "rows": lambda d: {name: values[ORDER] for name, values in d.items()},
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_units_origins_and_order_change_nothing(estimator: str, change: str) -> None:
    """Year and its square are collinear to 1e-12 of their variance; what digits they leave must agree as well."""
    data = people()
    estimate = ESTIMATORS[estimator]
    before, after = estimate(data), estimate(CHANGES[change](data))
    assert before.se > 0
    for name in ("estimate", "se", "lower", "upper"):
        assert getattr(after, name) == pytest.approx(getattr(before, name), rel=SAME, abs=SAME * before.se), name
