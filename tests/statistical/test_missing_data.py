"""Imputation and attrition weights cover the truth where complete cases do not, and find nothing where there is nothing.

A sign of what is to come, s, follows from the exposure and goes with the outcome; who has a large s is often lost. Bands
are four binomial errors around 95%; mean errors are compared with four of their own Monte Carlo errors.
"""

from functools import cache

import numpy as np
import pytest
from evenwicht.estimators.attrition_weights import attrition_weights
from evenwicht.estimators.chained_equations import Variable, completed
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.multiple_imputation import pooled
from evenwicht.estimators.results import Interval
from evenwicht.estimators.standardisation import standardised_means

DRAWS, PEOPLE, COPIES = 400, 400, 10
EFFECTS = [0.0, 0.5]
METHODS = ["complete_cases", "imputation", "attrition_weights"]
Drawn = dict[str, np.ndarray]


def expit(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def band(draws: int) -> float:
    return 4 * float(np.sqrt(0.95 * 0.05 / draws))


def people(rng: np.random.Generator, effect: float) -> Drawn:
    """The effect of a on y is the given one; given a and x, part of what else acts on y shows in s."""
    x, u = rng.normal(size=(2, PEOPLE))
    a = (rng.random(PEOPLE) < expit(0.5 * x)).astype(float)
    s = 0.8 * a + u + 0.5 * rng.normal(size=PEOPLE)
    y = effect * a + 0.5 * x + u + rng.normal(size=PEOPLE)
    seen = rng.random(PEOPLE) < expit(1.2 - 1.2 * s)
    return {"x": x, "a": a, "s": s, "y": y, "seen": seen}


def three_ways(rng: np.random.Generator, effect: float) -> dict[str, Interval]:
    d = people(rng, effect)
    seen, x = d["seen"], d["x"][:, None]
    known = np.column_stack([d["a"], x, d["s"]])
    streams = rng.spawn(COPIES)
    copies = completed([Variable("y", np.where(seen, d["y"], np.nan))], known, streams, "here")
    rows = [least_squares(copy["y"], d["a"], x) for copy in copies]
    imputed = pooled(np.array([r.estimate for r in rows]), np.array([r.se**2 for r in rows]), PEOPLE - 3.0)
    weights = attrition_weights([(seen, known)], "here")
    exposed, unexposed = standardised_means(
        d["y"][seen], d["a"][seen], x[seen], np.empty((seen.sum(), 0)), binary=False, weights=weights.total
    )
    return {
        "complete_cases": least_squares(d["y"][seen], d["a"][seen], x[seen]),
        "imputation": imputed.interval(),
        "attrition_weights": Sampling(PEOPLE).interval(weights.with_estimation(exposed - unexposed)),
    }


@cache
def draws(effect: float) -> dict[str, np.ndarray]:
    """Estimate, error and limits of every draw by each method, (draws, 4)."""
    rng = np.random.default_rng([2024, int(10 * effect)])
    found = [three_ways(rng, effect) for _ in range(DRAWS)]
    return {
        method: np.array(
            [[one[method].estimate, one[method].se, one[method].lower, one[method].upper] for one in found]
        )
        for method in METHODS
    }


def covered(rows: np.ndarray, truth: float) -> float:
    return float(np.mean((rows[:, 2] <= truth) & (truth <= rows[:, 3])))


@pytest.mark.parametrize("effect", EFFECTS)
def test_complete_cases_are_wrong_where_who_is_lost_depends_on_a_sign_of_the_outcome(effect: float) -> None:
    """Where there is nothing they find a benefit: among those with a small s, the exposed have the smaller u."""
    rows = draws(effect)["complete_cases"]
    assert rows[:, 0].mean() - effect < -8 * rows[:, 0].std() / np.sqrt(DRAWS)
    assert covered(rows, effect) < 0.95 - band(DRAWS)


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("method", METHODS[1:])
def test_imputation_and_weights_that_know_the_sign_are_right(method: str, effect: float) -> None:
    rows = draws(effect)[method]
    assert abs(rows[:, 0].mean() - effect) < 4 * rows[:, 0].std() / np.sqrt(DRAWS)
    assert abs(covered(rows, effect) - 0.95) < band(DRAWS)


@pytest.mark.parametrize("method", METHODS[1:])
def test_errors_are_those_over_draws(method: str) -> None:
    rows = draws(0.5)[method]
    spread = rows[:, 0].std(ddof=1)
    assert abs(np.sqrt(np.mean(rows[:, 1] ** 2)) / spread - 1) < 4 / np.sqrt(2 * DRAWS)


def test_weights_taken_as_known_have_an_error_that_is_too_large() -> None:
    known, estimated = [], []
    rng = np.random.default_rng(7)
    for _ in range(60):
        d = people(rng, 0.5)
        seen, x = d["seen"], d["x"][:, None]
        weights = attrition_weights([(seen, np.column_stack([d["a"], x, d["s"]]))], "here")
        given = (d["y"][seen], d["a"][seen], x[seen], np.empty((seen.sum(), 0)))
        one, none = standardised_means(*given, binary=False, weights=weights.total)
        known.append(Sampling(int(seen.sum()), weights=weights.total).interval(one - none).se)
        estimated.append(Sampling(PEOPLE).interval(weights.with_estimation(one - none)).se)
    assert np.mean(estimated) < np.mean(known)


# --- several incomplete variables, of every kind


def mixed(rng: np.random.Generator, n: int = 300) -> tuple[Drawn, Drawn]:
    """A yes/no variable, a category and a number that act on y; each is missing by what is always known."""
    z = rng.normal(size=n)
    b = (rng.random(n) < expit(z)).astype(float)
    c = np.searchsorted([-0.5, 0.7], z + rng.normal(size=n)).astype(float)
    v = 0.5 * z + rng.normal(size=n)
    y = b + 0.5 * (c == 1) + 1.0 * (c == 2) + 0.7 * v + rng.normal(size=n)
    full = {"b": b, "c": c, "v": v, "y": y, "z": z}
    lost = {name: rng.random(n) < expit(k * z + y - 2.2) for k, name in ((0.5, "b"), (-0.5, "c"), (0.0, "v"))}
    return full, {name: np.where(gone, np.nan, full[name]) for name, gone in lost.items()}


def coefficients(b: np.ndarray, c: np.ndarray, v: np.ndarray, y: np.ndarray) -> list[Interval]:
    columns = {"b": b, "c1": (c == 1).astype(float), "c2": (c == 2).astype(float), "v": v}
    return [
        least_squares(y, columns[name], np.column_stack([x for k, x in columns.items() if k != name]))
        for name in columns
    ]


@cache
def mixed_draws() -> tuple[np.ndarray, np.ndarray]:
    """Estimates and limits by imputation, and estimates from complete cases, of each coefficient."""
    kinds = {"b": "binary", "c": "category", "v": "number"}
    rng = np.random.default_rng(99)
    imputed, complete = [], []
    for _ in range(100):
        full, known = mixed(rng)
        variables = [Variable(name, values, kinds[name]) for name, values in known.items()]
        fixed = np.column_stack([full["y"], full["z"]])
        rows = [
            coefficients(copy["b"], copy["c"], copy["v"], full["y"])
            for copy in completed(variables, fixed, rng.spawn(4), "here", cycles=3)
        ]
        parts = [
            pooled(np.array([r[j].estimate for r in rows]), np.array([r[j].se ** 2 for r in rows]), 295.0)
            for j in range(4)
        ]
        imputed.append([[p.estimate, p.interval().lower, p.interval().upper] for p in parts])
        whole = ~np.any([np.isnan(values) for values in known.values()], axis=0)
        complete.append([r.estimate for r in coefficients(*(full[name][whole] for name in "bcvy"))])
    return np.array(imputed), np.array(complete)


TRUTH = {"b": 1.0, "c=1": 0.5, "c=2": 1.0, "v": 0.7}


@pytest.mark.parametrize("name", TRUTH)
def test_chained_equations_of_variables_of_every_kind_cover_the_truth(name: str) -> None:
    place, truth = list(TRUTH).index(name), TRUTH[name]
    rows = mixed_draws()[0][:, place]
    held = float(np.mean((rows[:, 1] <= truth) & (truth <= rows[:, 2])))
    assert abs(held - 0.95) < band(len(rows))


def test_complete_cases_are_wrong_where_covariates_are_lost_by_the_outcome() -> None:
    apart = mixed_draws()[1] - list(TRUTH.values())
    errors = apart.std(axis=0) / np.sqrt(len(apart))
    assert (np.abs(apart.mean(axis=0)) > 4 * errors).any()
