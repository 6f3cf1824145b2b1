"""Gompertz proportional hazards regression: a hazard that grows exponentially with age, and delays read off it.

The hazard at age a is exp(log_rate + shape a + x b). With a shape of g a year, a covariate that multiplies the hazard
by exp(b) moves the whole course of it by -b / g years. Source: Bender, Augustin and Blettner 2005 (Stat Med 24:1713)
for the model, the manual of Stata's `streg` for the parameters (log_rate is its constant, shape its gamma).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from evenwicht.base.arrays import Floats, Ints
from evenwicht.base.errors import ModelError
from evenwicht.estimators.clusters import cluster_errors, exact
from evenwicht.estimators.coefficients import Coefficients
from evenwicht.estimators.likelihood import (
    cluster_codes,
    maximise,
    require_information,
    sum_by_cluster,
    sum_of_squares,
    sum_products_by_cluster,
)
from evenwicht.estimators.person_time import blocks, codes, extent, require_person_time, standardise
from evenwicht.estimators.results import Interval
from evenwicht.estimators.survival_data import SurvivalData

SERIES = 18  # terms that give the integrals below full precision for growth below 1


@dataclass(frozen=True)
class GompertzResult(Coefficients):
    """A fitted Gompertz model: `log_rate`, `shape` and a coefficient for each covariate."""

    def delay(self, name: str) -> Interval:
        """Return by how much a unit of a covariate delays onset, -b / shape, in the unit of time.

        The standard error is the delta method's, from the covariance of coefficient and shape.

        Raises
        ------
        ModelError
            If the hazard does not rise with age.
        """
        j, shape = self.position(name), self.params[1]
        if shape <= 0:
            raise ModelError(
                f"the hazard does not rise with age (shape {shape:.3g})",
                where=f"delay by {name}",
                fix="Report the hazard ratio instead.",
            )
        gradient = np.zeros(len(self.names))
        gradient[[1, j]] = self.params[j] / shape**2, -1 / shape
        return self.interval(-self.params[j] / shape, gradient)


@dataclass(frozen=True)
class _Problem:
    """People on a scaled age axis: entry and time at risk in units of `unit`, covariates (k, n) after a row of ones."""

    entry: Floats
    length: Floats
    died: Floats  # weight of the event, zero if censored
    weights: Floats
    x: Floats
    unit: float


@dataclass(frozen=True)
class _Point:
    log_likelihood: float
    beta: Floats  # (k + 2,) log rate, covariates and shape


@dataclass(frozen=True)
class _Slope:
    score: Floats
    information: Floats


def fit_gompertz(
    data: SurvivalData,
    x: Floats,
    names: list[str],
    *,
    robust: bool = False,
    few_clusters: bool = False,
    where: str = "Gompertz model",
) -> GompertzResult:
    """Fit a Gompertz proportional hazards model by maximum likelihood.

    Parameters
    ----------
    data
        Follow-up of n people by age; without entry everybody is at risk from age 0. With clusters the covariance is a
        cluster-robust sandwich without small-sample factor, and intervals use a t distribution on clusters - 1 degrees
        of freedom.
    x : (n, k) array
    names : list of k strings
    robust : bool
        The sandwich with every row as its own cluster.
    few_clusters : bool
        The bias-reduced sandwich with Satterthwaite degrees of freedom, as in `fit_cox`.

    Raises
    ------
    ModelError
        If a number is missing or infinite, an event is not 0 or 1, someone leaves at or before entry, a weight is not
        positive, there are no events or fewer than covariates, a covariate does not vary or follows from others, a
        coefficient has no finite estimate, or there are fewer than two clusters.
    """
    time, event = data.time, data.event
    began = np.zeros(len(time)) if data.entry is None else data.entry
    require_person_time(replace(data, entry=began), x, names, where)
    group, n_clusters = None, None
    if data.clusters is not None:
        group, n_clusters = cluster_codes(codes(data.clusters, "clusters", where), where)
    weight = np.ones(len(time)) if data.weights is None else data.weights
    design, scale = standardise(x, np.ones(len(time), dtype=bool), None)
    centre = x[0] - scale * design[:, 0]
    origin, unit = float(time.mean()), float((time - began).mean())
    problem = _Problem(
        (began - origin) / unit,
        (time - began) / unit,
        weight * event,
        weight,
        np.concatenate([np.ones((1, len(time))), design]),
        unit,
    )

    k = len(names)
    start = np.zeros(k + 2)
    start[0] = np.log(problem.died.sum() / (weight @ (time - began)))
    covariates = slice(1, k + 1)

    def require(slope: _Slope) -> None:
        rest = slope.information[1:, 1:]
        given_rate = rest - np.outer(slope.information[1:, 0], slope.information[0, 1:]) / slope.information[0, 0]
        require_information(given_rate, np.diag(rest), [*names, "shape"], where)

    fit = maximise(
        start,
        lambda beta: _evaluate(problem, beta),
        lambda point: _differentiate(problem, point),
        require,
        np.append(extent(problem.x), np.abs([problem.entry, problem.entry + problem.length]).max()),
        problem.died.sum(),
        ["", *names, "shape"],
        where,
    )

    # back to the ages and covariates as they came, in the order log_rate, shape, covariates
    back = np.zeros((k + 2, k + 2))
    back[0, 0], back[0, covariates], back[0, k + 1] = 1, -centre / scale, -origin / unit
    back[1, k + 1] = 1 / unit
    back[2:, covariates] = np.diag(1 / scale)
    spread, errors = np.linalg.inv(fit.slope.information), None
    if group is not None and n_clusters is not None:
        scores = sum_by_cluster(_scores(problem, fit.beta, n_clusters), group, n_clusters)
        if few_clusters:
            parts = _cluster_information(problem, fit.beta, group, n_clusters) if exact(n_clusters, k + 2) else None
            root = np.linalg.inv(np.linalg.cholesky(fit.slope.information)).T
            errors = replace(cluster_errors(scores, parts, root), root=back @ root)
        spread = spread @ (scores.T @ scores) @ spread
    elif robust:
        spread = spread @ sum_of_squares(_scores(problem, fit.beta)) @ spread
    return GompertzResult(
        names=("log_rate", "shape", *names),
        params=back @ fit.beta,
        covariance=back @ spread @ back.T if errors is None else errors.covariance,
        log_likelihood=fit.point.log_likelihood,
        n=len(time),
        events=int(event.sum()),
        n_clusters=n_clusters,
        errors=errors,
        iterations=fit.steps,
    )


def _growth_integrals(growth: Floats) -> tuple[Floats, Floats, Floats]:
    """Integrals over (0, 1) of w^j exp(growth w) for j = 0, 1, 2; by their series where growth is small."""
    small = np.abs(growth) < 1
    z = np.where(small, 1.0, growth)
    top, zeroth = np.exp(z), np.expm1(z) / z
    first = (top - zeroth) / z
    second = (top - 2 * first) / z
    z = np.where(small, growth, 0.0)
    term, series = np.ones_like(z), np.zeros((3, len(z)))
    for i in range(SERIES):
        for j in range(3):
            series[j] += term / (i + j + 1)
        term = term * z / (i + 1)
    zeroth, first, second = (np.where(small, s, v) for s, v in zip(series, (zeroth, first, second), strict=True))
    return zeroth, first, second


def _expected(problem: _Problem, beta: Floats, rows: slice) -> tuple[Floats, Floats, Floats, Floats]:
    """Log hazard at exit, and integrals over the time at risk of hazard times 1, age and age squared, all weighted."""
    entry, length = problem.entry[rows], problem.length[rows]
    eta = beta[:-1] @ problem.x[:, rows]
    rate = problem.weights[rows] * problem.unit * length * np.exp(eta + beta[-1] * entry)
    zeroth, first, second = _growth_integrals(beta[-1] * length)
    by_age = entry * zeroth + length * first
    by_square = entry**2 * zeroth + 2 * entry * length * first + length**2 * second
    return eta + beta[-1] * (entry + length), rate * zeroth, rate * by_age, rate * by_square


def _evaluate(problem: _Problem, beta: Floats) -> _Point:
    """Log likelihood; minus infinity where a hazard exceeds double precision."""
    total = 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for rows in blocks(len(problem.entry)):
            log_hazard, hazard, _, _ = _expected(problem, beta, rows)
            total += float(problem.died[rows] @ log_hazard - hazard.sum())
    return _Point(total if np.isfinite(total) else -np.inf, beta)


def _differentiate(problem: _Problem, point: _Point) -> _Slope:
    """Score and information."""
    k = len(problem.x)
    score, information = np.zeros(k + 1), np.zeros((k + 1, k + 1))
    for rows in blocks(len(problem.entry)):
        x, died = problem.x[:, rows], problem.died[rows]
        _, hazard, by_age, by_square = _expected(problem, point.beta, rows)
        score[:k] += x @ (died - hazard)
        score[k] += died @ (problem.entry[rows] + problem.length[rows]) - by_age.sum()
        information[:k, :k] += (x * hazard) @ x.T
        information[:k, k] += x @ by_age
        information[k, k] += by_square.sum()
    information[k, :k] = information[:k, k]
    return _Slope(score, information)


def _scores(problem: _Problem, beta: Floats, bins: int = 0) -> Iterator[tuple[slice, Floats]]:
    """Weighted scores (k, b) of each block of b people."""
    for rows in blocks(len(problem.entry), bins):
        died = problem.died[rows]
        _, hazard, by_age, _ = _expected(problem, beta, rows)
        exit_age = problem.entry[rows] + problem.length[rows]
        yield rows, np.vstack([problem.x[:, rows] * (died - hazard), died * exit_age - by_age])


def _cluster_information(problem: _Problem, beta: Floats, group: Ints, n_clusters: int) -> Floats:
    """The part of each cluster in the information, (clusters, k, k)."""
    k = len(problem.x)
    information = np.zeros((n_clusters, k + 1, k + 1))
    for rows in blocks(len(problem.entry), n_clusters):
        x, here = problem.x[:, rows], group[rows]
        _, hazard, by_age, by_square = _expected(problem, beta, rows)
        information[:, :k, :k] += sum_products_by_cluster(x * hazard, x, here, n_clusters)
        information[:, :k, k] += np.stack([np.bincount(here, row, n_clusters) for row in x * by_age], axis=1)
        information[:, k, k] += np.bincount(here, by_square, n_clusters)
    information[:, k, :k] = information[:, :k, k]
    return information
