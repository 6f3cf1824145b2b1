"""Cox proportional hazards models for registers: ties, delayed entry, strata, case weights, clusters.

The passes over people are in `cox_kernel`; time and memory are linear in people.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.errors import ModelError
from evenwicht.estimators.coefficients import Coefficients
from evenwicht.estimators.cox_kernel import (
    Point,
    Problem,
    Slope,
    at_risk_sum,
    differentiate,
    evaluate,
    risk_sets,
    score_residuals,
)
from evenwicht.estimators.person_time import Floats, Ints, blocks, codes, require_finite, require_person_time

NEWTON_STEPS = 50  # a coefficient that runs off gains about one a step, so its information is gone long before
CONVERGED = 1e-12  # squared length of a Newton step per event; it is taken, and squares the error
VANISHED = 1e-9  # share of a direction's information that is left when its coefficient runs off
DEPENDENT = 1e-9  # share of a covariate's variance that the others, or the risk sets, leave
ROUNDING = 1e-11  # of a log likelihood, relative


@dataclass(frozen=True)
class CoxResult(Coefficients):
    """A fitted Cox model.

    `covariance` is the one asked for (robust with clusters or `robust=True`), `naive_covariance` (k, k) the inverse
    information. `cluster_scores` (clusters, k) are weighted score residuals summed by cluster, in the order of the
    sorted labels of clusters with anybody at risk; None without clusters.
    """

    log_likelihood_null: float
    naive_covariance: Floats
    cluster_scores: Floats | None


def cox(
    frame: pd.DataFrame,
    duration_col: str,
    event_col: str,
    *,
    covariates: list[str] | None = None,
    entry_col: str | None = None,
    strata: str | list[str] | None = None,
    weights_col: str | None = None,
    cluster_col: str | None = None,
    offset_col: str | None = None,
    robust: bool = False,
    ties: str = "efron",
    where: str = "Cox model",
) -> CoxResult:
    """Fit a Cox proportional hazards model to the rows of a table, in lifelines' vocabulary.

    Parameters
    ----------
    frame
        A row for each person, or for each (entry, exit] piece of a person's time.
    duration_col, event_col
        Exit time, in any unit, and status (1 = event, 0 = censored).
    covariates
        Columns of the model; all remaining numeric columns if None.
    entry_col
        Time of delayed entry; a row is at risk at t if entry < t <= exit.
    strata
        Column or columns whose combinations have a baseline hazard of their own.
    weights_col
        Case weights.
    cluster_col
        Clusters, for a cluster-robust covariance (Lin and Wei 1989, JASA 84:1074) without small-sample factor;
        intervals then use a t distribution on clusters - 1 degrees of freedom.
    offset_col
        Known part of the log hazard.
    robust
        Lin and Wei's sandwich with every row as its own cluster.
    ties
        "efron" (Efron 1977, JASA 72:557) or "breslow" (Breslow 1974, Biometrics 30:89).
    where
        Name of the model in messages.

    Raises
    ------
    ModelError
        As `fit_cox`; also if a column is unknown or not numeric.
    """
    layers = [strata] if isinstance(strata, str) else strata or []
    roles = [c for c in (duration_col, event_col, entry_col, weights_col, cluster_col, offset_col) if c is not None]
    if covariates is None:
        rest = frame.drop(columns=[c for c in [*roles, *layers] if c in frame])
        covariates = list(rest.select_dtypes(["number", "bool"]).columns)
    unknown = [c for c in [*roles, *layers, *covariates] if c not in frame]
    if unknown:
        raise ModelError(f"no column {', '.join(unknown)}", where=where, mend=f"There are {', '.join(frame.columns)}.")

    def numbers(column: str) -> Floats:
        values = _matrix(frame, [column], where)[:, 0]
        require_finite(values, column, where)
        return values

    labels = None
    if layers:
        labels = frame.groupby(layers, observed=True, dropna=True).ngroup().to_numpy()
        labels = np.where(labels < 0, np.nan, labels) if (labels < 0).any() else labels
    return fit_cox(
        numbers(duration_col),
        numbers(event_col),
        _matrix(frame, covariates, where),
        covariates,
        entry=None if entry_col is None else numbers(entry_col),
        strata=labels,
        weights=None if weights_col is None else numbers(weights_col),
        clusters=None if cluster_col is None else frame[cluster_col].to_numpy(),
        offset=None if offset_col is None else numbers(offset_col),
        robust=robust,
        ties=ties,
        where=where,
    )


def _matrix(frame: pd.DataFrame, columns: list[str], where: str) -> Floats:
    """Columns as numbers, (n, k); ModelError naming those that are text."""
    text = [c for c in columns if not (pd.api.types.is_numeric_dtype(frame[c]) or frame[c].dtype == bool)]
    if text:
        raise ModelError(f"{', '.join(text)} is not numeric", where=where, mend="Code categories as indicators.")
    return frame[columns].to_numpy(dtype=float, na_value=np.nan)


def fit_cox(
    time: Floats,
    event: Floats,
    x: Floats,
    names: list[str],
    *,
    entry: Floats | None = None,
    strata: NDArray[Any] | None = None,
    weights: Floats | None = None,
    clusters: NDArray[Any] | None = None,
    offset: Floats | None = None,
    robust: bool = False,
    ties: str = "efron",
    where: str = "Cox model",
) -> CoxResult:
    """Fit a Cox proportional hazards model to arrays; `cox` says what the arguments mean.

    Parameters
    ----------
    time, event : (n,) arrays
    x : (n, k) array
    names : list of k strings
    entry, strata, weights, clusters, offset : (n,) arrays, optional

    Raises
    ------
    ModelError
        If a number is missing or infinite, an event is not 0 or 1, someone leaves at or before entry, a weight is not
        positive, there are no events or fewer than covariates, a covariate does not vary within risk sets or follows
        from others, a coefficient has no finite estimate, or there are fewer than two clusters.
    """
    if ties not in ("efron", "breslow"):
        raise ModelError(f"no method {ties} for ties", where=where, mend="Choose efron or breslow.")
    require_person_time(time, event, x, names, entry, weights, where)
    if offset is not None:
        require_finite(offset, "offset", where)
    layer = None if strata is None else codes(strata, "strata", where)[0]
    group = None if clusters is None else codes(clusters, "clusters", where)[0]

    ever, sets = risk_sets(time, event, entry, layer, efron=ties == "efron")
    n_clusters = None
    if group is not None:
        group, n_clusters = codes(group[ever], "clusters", where)
        if n_clusters < 2:
            raise ModelError("fewer than two clusters", where=where, mend="Use a finer cluster or none.")
    layer = None if layer is None else layer[ever]
    design, scale = _standardise(x, ever, layer)
    weight = np.ones(len(sets.last)) if weights is None else weights[ever]
    shift = np.zeros(len(sets.last)) if offset is None else offset[ever]
    problem = Problem(design, design[:, sets.deaths], weight, shift - _stratum_means(shift, layer), sets)
    beta, point, slope, null, steps = _maximise(problem, names, where)
    naive = np.linalg.inv(slope.information) / np.outer(scale, scale)
    scores = None
    covariance = naive
    if group is not None and n_clusters is not None:
        scores = _cluster_scores(problem, point, slope, group, n_clusters) * scale
        covariance = naive @ (scores.T @ scores) @ naive
    elif robust:
        meat = sum(s @ s.T for _, s in score_residuals(problem, point, slope)) * np.outer(scale, scale)
        covariance = naive @ meat @ naive
    return CoxResult(
        names=tuple(names),
        params=beta / scale,
        covariance=covariance,
        log_likelihood=point.log_likelihood,
        n=len(time),
        events=int(event.sum()),
        n_clusters=n_clusters,
        iterations=steps,
        log_likelihood_null=null,
        naive_covariance=naive,
        cluster_scores=scores,
    )


def _standardise(x: Floats, ever: NDArray[np.bool_], strata: Ints | None) -> tuple[Floats, Floats]:
    """Covariates (k, people ever at risk), centred within strata, with unit variance; and their scale (k,)."""
    design = np.empty((x.shape[1], int(ever.sum())))
    origin, start = x[np.argmax(ever)], 0  # somebody's: a far origin would cost digits, a constant becomes exactly zero
    for rows in blocks(len(x)):
        block = x[rows][ever[rows]]
        design[:, start : start + len(block)] = (block - origin).T
        start += len(block)
    scale = np.empty(len(design))
    for j, column in enumerate(design):
        column -= _stratum_means(column, strata)
        scale[j] = np.sqrt(column @ column / len(column)) or 1.0
        column /= scale[j]
    return design, scale


def _stratum_means(values: Floats, strata: Ints | None) -> Floats | np.floating:
    """Each person's stratum mean; taking it off keeps relative hazards of all strata within the same range."""
    if strata is None:
        return values.mean()
    means: Floats = np.bincount(strata, values) / np.maximum(np.bincount(strata), 1)
    return means[strata]


def _maximise(problem: Problem, names: list[str], where: str) -> tuple[Floats, Point, Slope, float, int]:
    """Newton-Raphson with step halving from zero: estimate, point, slope, null log likelihood, number of steps."""
    beta = np.zeros(len(names))
    point = evaluate(problem, beta)
    slope = differentiate(problem, point)
    null, null_information = point.log_likelihood, slope.information
    _require_information(slope, names, where)
    events = problem.weights[problem.sets.deaths].sum()
    for steps in range(1, NEWTON_STEPS + 1):
        _require_finite_estimate(slope.information, null_information, beta, names, where)
        step = np.linalg.solve(slope.information, slope.score)
        length = step @ slope.score / events
        beta, point = _climb(problem, beta, step, point)
        slope = differentiate(problem, point)
        if length < CONVERGED:
            return beta, point, slope, null, steps
    raise _runs_off(slope.information, null_information, beta, names, where)


def _climb(problem: Problem, beta: Floats, step: NDArray[Any], start: Point) -> tuple[Floats, Point]:
    """Go a step uphill, halved until the likelihood does not fall by more than rounding."""
    enough = start.log_likelihood - ROUNDING * abs(start.log_likelihood)
    point = evaluate(problem, beta + step)
    while point.log_likelihood < enough:
        step = step / 2
        point = evaluate(problem, beta + step)
    return beta + step, point


def _require_information(slope: Slope, names: list[str], where: str) -> None:
    """Raise ModelError if a covariate does not vary within risk sets, or follows there from those before it."""
    variance = np.diag(slope.information)
    constant = [
        name for name, v, s in zip(names, variance, np.diag(slope.second_moment), strict=True) if v <= DEPENDENT * s
    ]
    if constant:
        raise ModelError(
            f"{', '.join(constant)} does not vary within risk sets",
            where=where,
            mend="Remove it from the model: time and strata already hold it.",
        )
    correlation = slope.information / np.sqrt(np.outer(variance, variance))
    kept: list[int] = []
    for j in range(len(names)):
        along = correlation[kept, j]
        left = 1 - along @ np.linalg.solve(correlation[np.ix_(kept, kept)], along)
        if left > DEPENDENT:
            kept.append(j)
    if len(kept) < len(names):
        dependent = [name for j, name in enumerate(names) if j not in kept]
        raise ModelError(
            f"singular design: {', '.join(dependent)} follows exactly from the other covariates",
            where=where,
            mend="Remove it from the adjustment.",
        )


def _require_finite_estimate(now: Floats, null: Floats, beta: Floats, names: list[str], where: str) -> None:
    """Raise ModelError if nothing is left of the information on some combination of the covariates."""
    if _information_left(now, null)[0][0] < VANISHED:
        raise _runs_off(now, null, beta, names, where)


def _information_left(now: Floats, null: Floats) -> tuple[Floats, Floats]:
    """Share of the null information left by direction, smallest first, (k,), and the directions (k, k)."""
    root = np.linalg.inv(np.linalg.cholesky(null))
    left, axes = np.linalg.eigh(root @ now @ root.T)
    return left, root.T @ axes


def _runs_off(now: Floats, null: Floats, beta: Floats, names: list[str], where: str) -> ModelError:
    """The error for separation, with the covariates and directions in which the likelihood has no maximum."""
    direction = _information_left(now, null)[1][:, 0]
    direction = direction * np.sign(direction @ null @ beta)
    largest = np.abs(direction).max()
    told = [
        f"{name} to {'plus' if d > 0 else 'minus'} infinity"
        for name, d in zip(names, direction, strict=True)
        if abs(d) > largest / 10
    ]
    return ModelError(
        f"no finite estimate, the coefficient runs off: {', '.join(told)}",
        where=where,
        mend="Everybody, or nobody, at one end of it has the event: pool categories or remove it.",
    )


def _cluster_scores(problem: Problem, point: Point, slope: Slope, group: Ints, n_clusters: int) -> Floats:
    """Sum weighted score residuals by cluster, (clusters, k)."""
    total = np.zeros((len(problem.x), n_clusters))
    for rows, scores in score_residuals(problem, point, slope, n_clusters):
        for j, row in enumerate(scores):
            total[j] += np.bincount(group[rows], row, n_clusters)
    return total.T


def baseline_hazard(
    time: Floats,
    event: Floats,
    log_ratio: Floats,
    *,
    entry: Floats | None = None,
    strata: NDArray[Any] | None = None,
    weights: Floats | None = None,
) -> pd.DataFrame:
    """Cumulative baseline hazard by Breslow's estimator (Breslow 1974, Biometrics 30:89).

    Parameters
    ----------
    time, event : (n,) arrays
    log_ratio : (n,) array
        Log hazard ratio of each person to the baseline, such as `x @ fit.params`.
    entry, strata, weights : (n,) arrays, optional
        As in `fit_cox`.

    Returns
    -------
    DataFrame
        Columns `stratum` (labels; 0 without strata), `time` and `cumulative_hazard`, a row for each distinct event
        time of a stratum.

    Raises
    ------
    ModelError
        If a number is missing or infinite, an event is not 0 or 1, someone leaves at or before entry, a weight is not
        positive or there are no events.
    """
    where = "baseline hazard"
    require_person_time(time, event, log_ratio[:, None], ["log hazard ratio"], entry, weights, where)
    layer = None if strata is None else codes(strata, "strata", where)[0]
    ever, sets = risk_sets(time, event, entry, layer, efron=False)
    weight = np.ones(len(time)) if weights is None else weights
    risk = (weight * np.exp(log_ratio))[ever]
    deaths = np.bincount(sets.cell, weight[ever][sets.deaths], len(sets.time))
    table = pd.DataFrame({"stratum": sets.stratum, "time": sets.time, "hazard": deaths / at_risk_sum(sets, risk)})
    table["cumulative_hazard"] = table.groupby("stratum")["hazard"].cumsum()
    if strata is not None:
        table["stratum"] = np.unique(strata)[table["stratum"]]
    return table[["stratum", "time", "cumulative_hazard"]]
