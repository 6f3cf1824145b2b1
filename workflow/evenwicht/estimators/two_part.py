"""Amounts that many people do not use at all: whether there is any, and how much there is then.

A logistic regression of any use and a Gamma regression with log link of the amount among users; the mean is the product
of both predictions. Source: Duan, Manning, Morris and Newhouse 1983, Journal of Business and Economic Statistics 1:115;
Gamma part after Manning, Basu and Mullahy 2005, Journal of Health Economics 24:465.
"""

from dataclasses import dataclass

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.base.errors import ModelError
from evenwicht.estimators.design import standardised
from evenwicht.estimators.influence import Estimate
from evenwicht.estimators.regression import fit_model, with_intercept
from evenwicht.estimators.standardisation import NO_FIT

STEPS, STILL = 100, 1e-12  # Newton's steps, and the move of the log mean at which they end
FEWEST = 2  # users in an arm, for an interval


@dataclass(frozen=True)
class GammaFit:
    """A Gamma regression with log link of n amounts, all positive.

    Attributes
    ----------
    design : (n, k) array
    amount, weights : (n,) arrays
    params : (k,) array
    fitted : (n,) array
    """

    design: Floats
    amount: Floats
    weights: Floats
    params: Floats
    fitted: Floats

    def predict(self, design: Floats) -> Floats:
        """Mean amount at another design, (m, k)."""
        return np.asarray(np.exp(design @ self.params))

    def influence(self, gradient: Floats) -> Floats:
        """Influence of each of the n, (n,), on a quantity with this derivative by `params`, (k,)."""
        ratio = self.amount / self.fitted
        information = (self.design * (self.weights * ratio)[:, None]).T @ self.design
        return np.asarray((ratio - 1) * (self.design @ np.linalg.solve(information, gradient)))


def fit_gamma(amount: Floats, design: Floats, weights: Floats, where: str) -> GammaFit:
    """Fit by Fisher scoring.

    Parameters
    ----------
    amount : (n,) array, all positive
    design : (n, k) array with intercept
    weights : (n,) array
        Probability weights.
    where
        For messages.

    Raises
    ------
    ModelError
        If the users do not tell the covariates apart, or the fit does not come to rest.
    """
    root = np.sqrt(weights)
    q, triangle = np.linalg.qr(design * root[:, None])
    if np.abs(np.diag(triangle)).min() <= np.abs(np.diag(triangle)).max() * max(design.shape) * np.finfo(float).eps:
        raise ModelError("users do not tell the covariates apart", where=where, fix="Adjust for fewer covariates.")
    predictor = np.full(len(amount), np.log(np.average(amount, weights=weights)))
    params = np.linalg.solve(triangle, q.T @ (root * predictor))
    for _ in range(STEPS):
        step = np.linalg.solve(triangle, q.T @ (root * (amount * np.exp(-predictor) - 1)))
        step *= min(1.0, 1.0 / max(np.abs(design @ step).max(), 1e-300))  # no mean changes more than e-fold at once
        params, predictor = params + step, design @ (params + step)
        if np.abs(design @ step).max() < STILL:
            return GammaFit(design, amount, weights, params, np.exp(predictor))
    raise ModelError("the amounts of users have no fit", where=where, fix="Look for extreme amounts.")


def two_part_means(
    amount: Floats, exposure: Floats, covariates: Floats, where: str, weights: Floats | None = None
) -> tuple[Estimate, Estimate]:
    """Mean amount had everybody, and had nobody, been exposed, averaged over the covariates of the people.

    Parameters
    ----------
    amount : (n,) array, none negative
    exposure : (n,) array of 0 and 1
    covariates : (n, k) array
    where
        For messages.
    weights : (n,) array, optional
        Probability weights.

    Raises
    ------
    ModelError
        As `fit_gamma`, or if amounts are negative.
    """
    if (amount < 0).any():
        raise ModelError("amounts below zero have no two parts", where=where, fix="Study them as a number.")
    weights = np.ones(len(amount)) if weights is None else weights
    users = (amount > 0) & (weights > 0)
    design = np.column_stack([with_intercept(covariates), standardised(exposure[:, None])])
    any_use = fit_model("binomial", users.astype(float), design, weights)
    among_users = fit_gamma(amount[users], design[users], weights[users], where)
    share = weights / weights.sum()

    def mean_of(arm: int, name: str) -> Estimate:
        own = users & (exposure == arm)
        if own.sum() < FEWEST:
            return Estimate(np.nan, np.full(len(amount), np.nan), f"fewer than {FEWEST} of {name} have any")
        at = design.copy()
        at[:, -1] = design[exposure == arm][0, -1]
        chance, size = any_use.predict(at), among_users.predict(at)
        mean = float(share @ (chance * size))
        influence = (chance * size - mean) / weights.sum() + any_use.influence(any_use.gradient(at, share * size))
        influence[users] += among_users.influence((share * chance * size) @ at)
        if any_use.separated:
            return Estimate(mean, np.full(len(amount), np.nan), NO_FIT)
        return Estimate(mean, influence)

    return mean_of(1, "the exposed"), mean_of(0, "the unexposed")
