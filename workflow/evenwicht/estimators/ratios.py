"""Ratios of risks and odds of a 0/1 outcome, crude or conditional on covariates."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evenwicht.errors import ModelError
from evenwicht.estimators.results import Interval

Floats = NDArray[np.float64]


def risk_ratio(
    outcome: Floats,
    exposure: Floats,
    covariates: Floats | None = None,
    *,
    clusters: NDArray[Any] | None = None,
    where: str = "risk ratio",
) -> Interval:
    """Risk ratio by Poisson regression with robust errors (Zou 2004, American Journal of Epidemiology 159:702).

    Parameters
    ----------
    outcome, exposure : (n,) arrays of 0 and 1
    covariates : (n, k) array, optional
    clusters : (n,) array, optional
        For a cluster-robust error and a t distribution on (clusters - 1) degrees of freedom; else HC0 and a normal.

    Returns
    -------
    Interval
        On the ratio scale; `se` is the standard error of the log ratio.

    Raises
    ------
    ModelError
        If an arm has no case, or nobody without the outcome.
    """
    return _ratio("Poisson", outcome, exposure, covariates, clusters, where)


def odds_ratio(
    outcome: Floats,
    exposure: Floats,
    covariates: Floats | None = None,
    *,
    clusters: NDArray[Any] | None = None,
    where: str = "odds ratio",
) -> Interval:
    """Odds ratio by logistic regression; with covariates it is conditional on them. See `risk_ratio`."""
    return _ratio("Binomial", outcome, exposure, covariates, clusters, where)


def _ratio(
    family: Literal["Poisson", "Binomial"],
    outcome: Floats,
    exposure: Floats,
    covariates: Floats | None,
    clusters: NDArray[Any] | None,
    where: str,
) -> Interval:
    from statsmodels.genmod import families
    from statsmodels.genmod.generalized_linear_model import GLM

    cases = [int(outcome[exposure == arm].sum()) for arm in (1, 0)]
    others = [int((exposure == arm).sum()) - count for arm, count in zip((1, 0), cases, strict=True)]
    if min(*cases, *others) == 0:
        raise ModelError(
            f"no ratio can be estimated: {cases[0]} cases among {cases[0] + others[0]} exposed and {cases[1]} among "
            f"{cases[1] + others[1]} unexposed",
            where=where,
            mend="Pool categories, lengthen follow-up or leave this outcome out of the study.",
        )
    parts = [np.ones(len(outcome)), exposure]
    matrix = np.column_stack(parts if covariates is None else [*parts, covariates])
    options: dict[str, Any] = {"cov_type": "HC0"}
    if clusters is not None:
        options = {"cov_type": "cluster", "cov_kwds": {"groups": clusters}}
    fit = GLM(outcome, matrix, family=getattr(families, family)()).fit(**options)
    freedom = np.inf if clusters is None else len(np.unique(clusters)) - 1
    return Interval.student(fit.params[1], float(fit.bse[1]), freedom).exp()
