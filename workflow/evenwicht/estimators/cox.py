"""Cox proportional hazards models for registers: ties, delayed entry, strata, case weights, clusters.

The passes over people are in `cox_kernel`; time and memory are linear in people. Times that are equal up to rounding
are tied, as in R.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags, Floats, Ints, Labels
from evenwicht.base.errors import ModelError
from evenwicht.estimators.clusters import cluster_errors, exact
from evenwicht.estimators.coefficients import Coefficients
from evenwicht.estimators.cox_covariates import covariates_of
from evenwicht.estimators.cox_kernel import (
    Clusters,
    Problem,
    RiskSets,
    cluster_parts,
    differentiate,
    evaluate,
    risk_sets,
    score_residuals,
)
from evenwicht.estimators.likelihood import (
    cluster_codes,
    maximise,
    require_information,
    sum_by_cluster,
    sum_of_squares,
)
from evenwicht.estimators.person_time import (
    codes,
    require_covariates,
    require_finite,
    require_follow_up,
    stratum_means,
)
from evenwicht.estimators.survival_data import SurvivalData


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

    def sandwich(self) -> "CoxResult":
        """The same fit with Lin and Wei's covariance, whatever the bias-reduced one says; it must have clusters."""
        assert self.cluster_scores is not None
        meat = self.cluster_scores.T @ self.cluster_scores
        return replace(self, covariance=self.naive_covariance @ meat @ self.naive_covariance, errors=None)


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
        raise ModelError(f"no column {', '.join(unknown)}", where=where, fix=f"There are {', '.join(frame.columns)}.")

    def numbers(column: str) -> Floats:
        values = _matrix(frame, [column], where)[:, 0]
        require_finite(values, column, where)
        return values

    labels = None
    if layers:
        labels = frame.groupby(layers, observed=True, dropna=True).ngroup().to_numpy()
        labels = np.where(labels < 0, np.nan, labels) if (labels < 0).any() else labels
    data = SurvivalData(
        numbers(duration_col),
        numbers(event_col),
        entry=None if entry_col is None else numbers(entry_col),
        weights=None if weights_col is None else numbers(weights_col),
        clusters=None if cluster_col is None else frame[cluster_col].to_numpy(),
    )
    return fit_cox(
        data,
        _matrix(frame, covariates, where),
        covariates,
        strata=labels,
        offset=None if offset_col is None else numbers(offset_col),
        robust=robust,
        ties=ties,
        where=where,
    )


def _matrix(frame: pd.DataFrame, columns: list[str], where: str) -> Floats:
    """Columns as numbers, (n, k); ModelError naming those that are text."""
    text = [c for c in columns if not (pd.api.types.is_numeric_dtype(frame[c]) or frame[c].dtype == bool)]
    if text:
        raise ModelError(f"{', '.join(text)} is not numeric", where=where, fix="Code categories as indicators.")
    return frame[columns].to_numpy(dtype=float, na_value=np.nan)


def fit_cox(
    data: SurvivalData,
    x: Floats,
    names: list[str],
    *,
    strata: Labels | None = None,
    offset: Floats | None = None,
    robust: bool = False,
    few_clusters: bool = False,
    ties: str = "efron",
    where: str = "Cox model",
) -> CoxResult:
    """Fit a Cox proportional hazards model to arrays; `cox` says what the arguments mean.

    Parameters
    ----------
    data
        Follow-up of n people; with clusters the covariance is cluster-robust.
    x : (n, k) array
    names : list of k strings
    strata, offset : (n,) arrays, optional
    few_clusters
        The bias-reduced sandwich with Satterthwaite degrees of freedom (see `estimators.clusters`) in place of Lin and
        Wei's, which is too narrow where few clusters carry a contrast.

    Raises
    ------
    ModelError
        If there are no covariates, a number is missing or infinite, an event is not 0 or 1, someone leaves at or before
        entry (or after it by no more than rounding), a weight is not positive, there are no events or fewer than
        covariates, a covariate does not vary within risk sets or follows from others, a coefficient has no finite
        estimate, or there are fewer than two clusters.
    """
    people = follow(data, strata=strata, ties=ties, where=where)
    return fit_followed(people, x, names, offset=offset, robust=robust, few_clusters=few_clusters, where=where)


@dataclass(frozen=True)
class Followed:
    """People whose risk sets are cut, once for any number of models.

    `ever` (n,) says who of `data` is ever at risk; `sets`, `layer` (their strata) and `clusters` are about these.
    """

    data: SurvivalData
    ever: Flags
    sets: RiskSets
    layer: Ints | None
    clusters: Clusters | None


def follow(
    data: SurvivalData, *, strata: Labels | None = None, ties: str = "efron", where: str = "Cox model"
) -> Followed:
    """Cut the risk sets of people, for `fit_followed`; arguments and errors are those of `fit_cox`."""
    if ties not in ("efron", "breslow"):
        raise ModelError(f"no method {ties} for ties", where=where, fix="Choose efron or breslow.")
    require_follow_up(data, where)
    layer = None if strata is None else codes(strata, "strata", where)
    ever, sets = risk_sets(data, layer, efron=ties == "efron", where=where)
    clusters = None
    if data.clusters is not None:
        group, count = cluster_codes(codes(data.clusters, "clusters", where)[ever], where)
        clusters = Clusters(group, count, sets.last)
    return Followed(data, ever, sets, None if layer is None else layer[ever], clusters)


def fit_followed(
    people: Followed,
    x: Floats,
    names: list[str],
    *,
    offset: Floats | None = None,
    robust: bool = False,
    few_clusters: bool = False,
    where: str = "Cox model",
) -> CoxResult:
    """Fit a Cox model to people followed; arguments and errors are those of `fit_cox`."""
    problem, scale = _problem(people, x, names, offset, where)
    data, clusters = people.data, people.clusters
    fit = maximise(
        np.zeros(len(names)),
        lambda beta: evaluate(problem, beta),
        lambda point: differentiate(problem, point),
        lambda slope: require_information(slope.information, np.diag(slope.second_moment), names, where),
        problem.x.extent,
        problem.weights[problem.sets.deaths].sum(),
        names,
        where,
    )
    naive = np.linalg.inv(fit.slope.information) / np.outer(scale, scale)
    covariance, scores, errors = naive, None, None
    if clusters is not None:
        if few_clusters and exact(clusters.count, len(names)):
            scores, parts = cluster_parts(problem, fit.point, fit.slope, clusters)
        else:
            residuals = score_residuals(problem, fit.point, fit.slope, clusters.count)
            scores, parts = sum_by_cluster(residuals, clusters.group, clusters.count), None
        scores *= scale
        covariance = naive @ (scores.T @ scores) @ naive
        if few_clusters:
            root = np.linalg.inv(np.linalg.cholesky(fit.slope.information)).T
            errors = cluster_errors(scores / scale, parts, root)
            errors = replace(errors, root=root / scale[:, None])
            covariance = errors.covariance
    elif robust:
        meat = sum_of_squares(score_residuals(problem, fit.point, fit.slope)) * np.outer(scale, scale)
        covariance = naive @ meat @ naive
    return CoxResult(
        names=tuple(names),
        params=fit.beta / scale,
        covariance=covariance,
        log_likelihood=fit.point.log_likelihood,
        n=data.n,
        events=int(data.event.sum()),
        n_clusters=None if clusters is None else clusters.count,
        errors=errors,
        iterations=fit.steps,
        log_likelihood_null=fit.log_likelihood_start,
        naive_covariance=naive,
        cluster_scores=scores,
    )


def scores_at(params: Floats, data: SurvivalData, x: Floats, where: str = "Cox model") -> tuple[Floats, Floats]:
    """Score residuals summed by cluster (clusters, k), and information (k, k), at given coefficients (k,).

    Arguments and errors are those of `fit_cox`; the data must have clusters, and ties are Efron's.
    """
    people = follow(data, where=where)
    problem, scale = _problem(people, x, [f"x{j}" for j in range(x.shape[1])], None, where)
    assert people.clusters is not None
    point = evaluate(problem, params * scale)
    slope = differentiate(problem, point)
    residuals = score_residuals(problem, point, slope, people.clusters.count)
    scores = sum_by_cluster(residuals, people.clusters.group, people.clusters.count)
    return scores * scale, slope.information * np.outer(scale, scale)


def _problem(
    people: Followed, x: Floats, names: list[str], offset: Floats | None, where: str
) -> tuple[Problem, Floats]:
    """Data ready for the kernel, and the scale of each covariate (k,)."""
    if not names:
        raise ModelError("no covariates", where=where, fix="Name at least one numeric column.")
    require_covariates(people.data, x, names, where)
    ever, layer, weights = people.ever, people.layer, people.data.weights
    shift = np.zeros(len(x))
    if offset is not None:
        require_finite(offset, "offset", where)
        shift = offset
    covariates, scale = covariates_of(x, ever, layer)
    weight = np.ones(len(people.sets.last)) if weights is None else weights[ever]
    return Problem(covariates, weight, shift[ever] - stratum_means(shift[ever], layer), people.sets), scale
