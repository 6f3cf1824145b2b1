"""Ratios of risks and odds of a 0/1 outcome, crude or conditional on covariates, and standardised risks.

With weights the models are weighted, and errors are those of weighted estimating equations (`sampling_weights`).
"""

from collections.abc import Callable

import numpy as np

from evenwicht.base.arrays import Floats, Labels
from evenwicht.estimators.clusters import errors_of_rows
from evenwicht.estimators.event_support import arms
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.linear import cluster_groups, singular_design
from evenwicht.estimators.regression import Family, Fit, fit_model, with_intercept
from evenwicht.estimators.results import Error, Interval
from evenwicht.estimators.risks import Risks, mean_risk

NO_MAXIMUM = "no finite estimate: in some category of the covariates everybody, or nobody, has the outcome"
STILL = 1e-8  # log ratio per SD of the exposure that its coefficient may still move


def risk_ratio(
    outcome: Floats,
    exposure: Floats,
    covariates: Floats | None = None,
    *,
    weights: Floats | None = None,
    clusters: Labels | None = None,
) -> Interval:
    """Risk ratio by Poisson regression with robust errors (Zou 2004, American Journal of Epidemiology 159:702).

    Parameters
    ----------
    outcome : (n,) array of 0 and 1
    exposure : (n,) array
        0 and 1, or a number; the ratio is then that of one unit more.
    covariates : (n, k) array, optional
    weights : (n,) array, optional
        Probability weights, all positive.
    clusters : (n,) array, optional
        For the bias-reduced sandwich and Satterthwaite degrees of freedom (see `estimators.clusters`); else HC0 and a
        normal distribution.

    Returns
    -------
    Interval
        On the ratio scale; `se` is the standard error of the log ratio. Not estimable, with the reason, if an arm has
        no case or nobody without the outcome, or if the likelihood has no maximum.

    Raises
    ------
    ModelError
        If there are fewer than two clusters, or the exposure follows from the covariates.
    """
    return _ratio("poisson", outcome, exposure, covariates, weights, clusters)


def mean_ratio(
    amount: Floats,
    exposure: Floats,
    covariates: Floats | None = None,
    *,
    weights: Floats | None = None,
    clusters: Labels | None = None,
) -> Interval:
    """Ratio of means of a count or an amount, (n,), none negative, by Poisson regression with robust errors.

    The mean is estimated consistently whatever the variance, if its log is linear. Source: Wooldridge 2010,
    Econometric Analysis of Cross Section and Panel Data, section 18.2. See `risk_ratio`; not estimable if an arm has
    nothing at all.
    """
    for name, arm in arms(exposure).items():
        if not (amount[arm] > 0).any():
            return Interval.not_estimable(f"nobody of the {name} has any")
    return _of_model("poisson", amount, exposure, covariates, weights, clusters)


def odds_ratio(
    outcome: Floats,
    exposure: Floats,
    covariates: Floats | None = None,
    *,
    weights: Floats | None = None,
    clusters: Labels | None = None,
) -> Interval:
    """Odds ratio by logistic regression; with covariates it is conditional on them. See `risk_ratio`."""
    return _ratio("binomial", outcome, exposure, covariates, weights, clusters)


def standardised_difference(
    outcome: Floats,
    exposure: Floats,
    covariates: Floats | None = None,
    *,
    change: float | None = None,
    weights: Floats | None = None,
    clusters: Labels | None = None,
) -> Interval:
    """Risk difference by logistic regression, standardised over the covariates of the sample (the g-formula).

    See `standardised_risks`, whose difference it is unless there is a `change`: then everybody's own exposure, changed
    by so much, is compared with everybody's own exposure.
    """
    reached = np.ones(len(outcome)) if change is None else exposure + change
    left = np.zeros(len(outcome)) if change is None else exposure
    return _standardised(outcome, exposure, (reached, left), covariates, weights, clusters).difference


def standardised_risks(
    outcome: Floats,
    exposure: Floats,
    covariates: Floats | None = None,
    *,
    weights: Floats | None = None,
    clusters: Labels | None = None,
) -> Risks:
    """Risks had everybody, and had nobody, been exposed, by logistic regression, averaged over the sample's covariates.

    Source: Hernan and Robins, What If, section 13.3. The standard error of the difference is the delta method's, with
    covariates taken as given. Unlike a linear probability model it is not bent by risks near zero.

    Parameters
    ----------
    exposure : (n,) array of 0 and 1
    outcome, covariates, weights, clusters
        As in `risk_ratio`.
    """
    everybody = np.ones(len(outcome)), np.zeros(len(outcome))
    return _standardised(outcome, exposure, everybody, covariates, weights, clusters)


def _standardised(
    outcome: Floats,
    exposure: Floats,
    levels: tuple[Floats, Floats],
    covariates: Floats | None,
    weights: Floats | None,
    clusters: Labels | None,
) -> Risks:
    """Risks at two levels of each person's exposure, (n,) each."""
    empty = _empty_cell(outcome, exposure)
    if empty:
        return Risks.not_estimable(empty)
    fit, columns = _fit("binomial", outcome, exposure, covariates, weights)
    if not _stands_still(fit):
        return Risks.not_estimable(NO_MAXIMUM)
    error_of = _errors(fit, clusters, "binomial regression")
    sampling, share = Sampling(len(outcome), clusters, weights), fit.weights / fit.weights.sum()
    # columns are standardised: the exposure is moved in its own standard deviations
    spread = exposure.std()
    means, slopes, risks = [], [], []
    for value in levels:
        design = columns.copy()
        design[:, 1] += (value - exposure) / spread
        predicted, slope = fit.predict(design), fit.gradient(design, share)
        means.append(float(share @ predicted))
        slopes.append(slope)
        risks.append(mean_risk(predicted, error_of(slope), sampling))
    difference = error_of(slopes[0] - slopes[1]).around(means[0] - means[1])
    return Risks(difference, *risks)


def _ratio(
    family: Family,
    outcome: Floats,
    exposure: Floats,
    covariates: Floats | None,
    weights: Floats | None,
    clusters: Labels | None,
) -> Interval:
    empty = _empty_cell(outcome, exposure)
    if empty:
        return Interval.not_estimable(empty)
    return _of_model(family, outcome, exposure, covariates, weights, clusters)


def _of_model(
    family: Family,
    outcome: Floats,
    exposure: Floats,
    covariates: Floats | None,
    weights: Floats | None,
    clusters: Labels | None,
) -> Interval:
    """The exponentiated coefficient of the exposure."""
    fit, _ = _fit(family, outcome, exposure, covariates, weights)
    if not _stands_still(fit):
        return Interval.not_estimable(NO_MAXIMUM)
    gradient = fit.basis[1] / exposure.std()
    error_of = _errors(fit, clusters, f"{family} regression")
    return error_of(gradient).around(float(gradient @ fit.params)).exp()


def _empty_cell(outcome: Floats, exposure: Floats) -> str:
    """Say which cell of the two-by-two table is empty, if any; of an exposure in numbers, which outcome."""
    for name, arm in arms(exposure).items():
        for value, what in ((1, "has"), (0, "is without")):
            if not (arm & (outcome == value)).any():
                return f"nobody of the {name} {what} the outcome"
    return ""


def _fit(
    family: Family, outcome: Floats, exposure: Floats, covariates: Floats | None, weights: Floats | None
) -> tuple[Fit, Floats]:
    """A model of intercept, exposure and covariates, and its design (n, k), standardised."""
    design = with_intercept(exposure[:, None] if covariates is None else np.column_stack([exposure, covariates]))
    fit = fit_model(family, outcome, design, weights)
    if fit.idle.shape[1]:
        raise singular_design(f"{family} regression")
    return fit, design


def _stands_still(fit: Fit) -> bool:
    """Whether the exposure's coefficient has been found; a category without outcomes may run off alone."""
    return bool(np.isfinite(fit.step).all() and abs(fit.basis[1] @ fit.step) <= STILL)


def _errors(fit: Fit, clusters: Labels | None, where: str) -> Callable[[Floats], Error]:
    """What gives the error of a function of the params of a fit by its gradient, (r,)."""
    if clusters is not None:
        errors = errors_of_rows(*fit.orthonormal(), cluster_groups(clusters, where))
        return lambda gradient: errors.error(fit.contrast(gradient))

    def independent(gradient: Floats) -> Error:
        moved = fit.weights * fit.influence(gradient)
        return Error(float(np.sqrt(moved @ moved)))

    return independent
