"""Inverse probability weighting by an estimated propensity score."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.base.errors import ModelError
from evenwicht.estimators.influence import Estimate
from evenwicht.estimators.regression import Fit, fit_model, with_intercept


@dataclass(frozen=True)
class Propensity:
    """The probability of a 0/1 exposure given covariates, by logistic regression.

    Attributes
    ----------
    exposure : (n,) array of 0 and 1
    sampling : (n,) array
        Probability weights with which people were sampled; ones if everybody counts alike.
    fit
        The logistic regression of exposure on covariates.
    """

    exposure: Floats
    sampling: Floats
    fit: Fit

    @cached_property
    def weights(self) -> Floats:
        """Stabilised inverse probability weights, P(A) / P(A | L), (n,).

        Source: Hernan and Robins, What If, section 12.3.
        """
        share = np.average(self.exposure, weights=self.sampling)
        fitted = self.fit.fitted
        return np.where(self.exposure == 1, share / fitted, (1 - share) / (1 - fitted))

    def influence(self, derivative: Floats) -> Floats:
        """Influence of each person, (n,), on an estimate that uses the weights.

        People move it by their own place in it, and because they move everybody's weight.

        Parameters
        ----------
        derivative : (n,) array
            Of the estimate by each person's weight. It must sum to zero within each arm, as it does where the
            estimate stays as it is when all weights of an arm are multiplied: the share P(A) then has no influence.
        """
        by_log_odds = self.weights * np.where(self.exposure == 1, self.fit.fitted - 1, self.fit.fitted)
        gradient = (self.sampling * derivative * by_log_odds) @ self.fit.columns
        return self.weights * derivative + self.fit.influence(gradient)


def fit_propensity(exposure: Floats, covariates: Floats, where: str, weights: Floats | None = None) -> Propensity:
    """Fit the propensity of a 0/1 exposure, (n,), given covariates, (n, k), with probability weights, (n,), if any.

    Raises
    ------
    ModelError
        If the covariates predict the exposure (almost) perfectly for someone.
    """
    weights = np.ones(len(exposure)) if weights is None else weights
    fit = fit_model("binomial", exposure, with_intercept(covariates), weights)
    certain = ((fit.fitted < 1e-6) | (fit.fitted > 1 - 1e-6)) & (weights > 0)
    if fit.separated or certain.any():
        raise ModelError(
            f"positivity fails: the covariates decide the exposure of {int(certain.sum())} people",
            where=where,
            fix="Remove the covariate that decides it, merge rare categories, or restrict the population.",
        )
    return Propensity(exposure, weights, fit)


def weighted_means(outcome: Floats, propensity: Propensity) -> tuple[Estimate, Estimate]:
    """Mean outcome, (n,), had everybody, and had nobody, been exposed: weighted means of the two arms (Hajek).

    Their influence has the estimated propensity in it. Taking the weights as known instead gives standard errors that
    are too large. Source: Lunceford and Davidian 2004, Statistics in Medicine 23:2937.
    """

    def mean_of(arm: int, name: str) -> Estimate:
        inside = propensity.exposure == arm
        weights = propensity.sampling * propensity.weights * inside
        mean = float(np.average(outcome, weights=weights))
        influence = propensity.influence(inside * (outcome - mean) / weights.sum())
        return Estimate(mean, influence, _no_variation(outcome[weights > 0], name))

    return mean_of(1, "the exposed"), mean_of(0, "the unexposed")


def _no_variation(outcome: Floats, name: str) -> str:
    return f"the outcome does not vary among {name}" if np.ptp(outcome) == 0 else ""
