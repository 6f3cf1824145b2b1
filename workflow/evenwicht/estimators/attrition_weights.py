"""Weights that let the people observed stand for those who are not: one over the chance of being observed.

Sources: Robins, Rotnitzky and Zhao 1995, Journal of the American Statistical Association 90:106, for the weights and
their errors; Hernan and Robins, What If, sections 8.4 and 12.6, for stabilised ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.errors import ModelError
from evenwicht.estimators.influence import Estimate
from evenwicht.estimators.regression import Fit, fit_model, with_intercept

CERTAIN = 1e-6  # chance of being observed below which nobody can stand for a person


@dataclass(frozen=True)
class Stage:
    """One step at which people leave.

    Attributes
    ----------
    reached : (n,) flags
        Who came so far.
    fit
        The logistic regression of staying among them.
    """

    reached: Flags
    fit: Fit


@dataclass(frozen=True)
class AttritionWeights:
    """Inverse probability of attrition weights of n people.

    Attributes
    ----------
    observed : (n,) flags
        Who stayed through all stages.
    weights : (n,) array
        Stabilised: the share that stayed over the chance to stay, multiplied over stages; 0 for the others.
    sampling : (n,) array
        Probability weights with which people were sampled; ones if everybody counts alike.
    stages
        Those at which anybody left.
    """

    observed: Flags
    weights: Floats
    sampling: Floats
    stages: Sequence[Stage]

    @property
    def total(self) -> Floats:
        """Weights of the people observed, sampling weights in them, (observed,)."""
        return (self.sampling * self.weights)[self.observed]

    def with_estimation(self, estimate: Estimate) -> Estimate:
        """Return an estimate that used `total` with what everybody adds to its error, (n,).

        Those observed add their own place in it; all who reached a stage move it because they move the weights.

        Parameters
        ----------
        estimate
            Of the people observed, whose influence, (observed,), is the derivative by their `total` weight. It must
            not change where all weights are multiplied, so that the shares of stabilised weights cancel.
        """
        own = np.zeros(len(self.weights))
        own[self.observed] = estimate.influence
        influence = self.weights * own
        for stage in self.stages:
            by_log_odds = (-self.sampling * self.weights * own)[stage.reached] * (1 - stage.fit.fitted)
            influence[stage.reached] += stage.fit.influence(by_log_odds @ stage.fit.columns)
        return Estimate(estimate.value, influence, estimate.reason)


def attrition_weights(
    stages: Sequence[tuple[Flags, Floats]], where: str, sampling: Floats | None = None
) -> AttritionWeights:
    """Estimate the weights of people who stay, by a logistic regression for every stage.

    Parameters
    ----------
    stages
        In order: who is observed at the stage, (n,) flags, and what predicts it, (n, k), which must be known of
        everybody who came so far. Whoever has left stays away, also if observed later.
    sampling : (n,) array, optional
        Probability weights.

    Raises
    ------
    ModelError
        If nobody stays, or the covariates decide who leaves, so that nobody can stand for them.
    """
    n = len(stages[0][0])
    sampling = np.ones(n) if sampling is None else sampling
    reached, weights, fitted = np.ones(n, dtype=bool), np.ones(n), list[Stage]()
    for seen, covariates in stages:
        stays = seen[reached]
        if not stays.any():
            raise ModelError(
                "nobody is observed",
                where=where,
                fix="Leave out the column that is never known.",
            )
        if stays.all():
            continue
        fit = fit_model("binomial", stays.astype(float), with_intercept(covariates[reached]), sampling[reached])
        lost = (fit.fitted < CERTAIN) & (sampling[reached] > 0)
        if fit.separated or lost.any():
            raise ModelError(
                "positivity fails: what is known of people decides whether they are observed",
                where=where,
                fix="Leave out the column that decides it, or merge rare categories.",
            )
        fitted.append(Stage(reached, fit))
        weights[reached] *= np.average(stays, weights=sampling[reached]) / fit.fitted
        reached = reached & seen
    return AttritionWeights(reached, np.where(reached, weights, 0.0), sampling, fitted)
