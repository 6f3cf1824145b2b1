"""Linear and logistic regression as pieces of other estimates: predictions, and each person's influence on them.

Both are fitted on an orthonormal basis of their design, so that no unit, origin or order of a covariate matters.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenwicht.estimators.design import standardised

Floats = NDArray[np.float64]
ITERATIONS = 50  # a finite fit needs about 6 to 10; a separated one never ends
ROUNDING = 1e-11  # of a log likelihood, relative
SMALL_STEP = 1e-9  # in log odds; the steps of Newton's method shrink quadratically, so that the next is below rounding


@dataclass(frozen=True)
class Fit:
    """A fitted linear or logistic regression of n people.

    Attributes
    ----------
    outcome : (n,) array
    design : (n, k) array
        With intercept.
    basis : (k, r) array
        `design @ basis` has orthonormal columns, under the weights of the fit; r is the rank.
    idle : (k, k - r) array
        Directions of the coefficients on which the data say nothing.
    params : (r,) array
        Coefficients of `design @ basis`.
    information : (r, r) array
        Negative derivative of the score by `params`.
    fitted : (n,) array
    logistic
        Whether the mean is the inverse logit of the linear predictor, or the linear predictor.
    separated
        Whether the likelihood has no maximum: some outcomes are predicted without error.
    """

    outcome: Floats
    design: Floats
    basis: Floats
    idle: Floats
    params: Floats
    information: Floats
    fitted: Floats
    logistic: bool
    separated: bool = False

    def predict(self, design: Floats) -> Floats:
        """Mean outcome at another design, (m, k) with intercept."""
        predictor = design @ (self.basis @ self.params)
        return _expit(predictor) if self.logistic else predictor

    def gradient(self, design: Floats, weights: Floats) -> Floats:
        """Derivative by `params`, (r,), of the sum of weights times the mean outcome at a design, (m, k)."""
        slope = weights
        if self.logistic:
            mean = self.predict(design)
            slope = weights * mean * (1 - mean)
        return np.asarray(slope @ design @ self.basis)

    def influence(self, gradient: Floats) -> Floats:
        """Influence of each person, (n,), on a quantity with this derivative by `params`, (r,)."""
        direction = self.basis @ np.linalg.solve(self.information, gradient)
        return np.asarray(self.design @ direction * (self.outcome - self.fitted))

    def determines(self, design: Floats) -> bool:
        """Whether the data say what to predict at a design, (m, k)."""
        return bool(np.abs(design @ self.idle).max(initial=0.0) < 1e-8)


def with_intercept(covariates: Floats) -> Floats:
    """Design of an intercept and standardised covariates, (n, 1 + k)."""
    return np.column_stack([np.ones(len(covariates)), standardised(covariates)])


def fit_linear(outcome: Floats, design: Floats, weights: Floats) -> Fit:
    """Least squares of an outcome, (n,), on a design with intercept, (n, k), with frequency weights, (n,)."""
    basis, idle = _orthonormal(design, weights)
    columns = design @ basis
    params = columns.T @ (weights * outcome)
    return Fit(outcome, design, basis, idle, params, np.eye(len(params)), columns @ params, logistic=False)


def fit_logistic(outcome: Floats, design: Floats, weights: Floats) -> Fit:
    """Maximum likelihood of a 0/1 outcome, (n,), on a design with intercept, (n, k), with frequency weights, (n,).

    Newton's method with halved steps, until no log odds moves by `SMALL_STEP`. Rows with weight 0 do not enter the fit
    but get a fitted value. See `Fit.separated` for a fit without maximum; its fitted values are those of the last step.
    """
    basis, idle = _orthonormal(design, weights)
    columns = design @ basis
    share = np.clip(np.average(outcome, weights=weights), 1e-9, 1 - 1e-9)
    predictor = np.full(len(outcome), np.log(share / (1 - share)))
    params = columns.T @ (weights * predictor)

    def likelihood(predictor: Floats) -> float:
        return float(weights @ (outcome * predictor - np.logaddexp(0, predictor)))

    reached, separated = likelihood(predictor), True
    for _ in range(ITERATIONS):
        fitted = _expit(predictor)
        information = _information(columns, weights, fitted)
        try:
            step = np.linalg.solve(information, columns.T @ (weights * (outcome - fitted)))
        except np.linalg.LinAlgError:
            break
        move = columns @ step
        largest = np.abs(move).max()
        factor = 1.0
        enough = reached - ROUNDING * abs(reached)
        while largest >= SMALL_STEP and not likelihood(predictor + factor * move) >= enough and factor > 1e-6:
            factor /= 2
        params = params + factor * step
        predictor = columns @ params
        reached = likelihood(predictor)
        if largest < SMALL_STEP:
            separated = False
            break
    fitted = _expit(predictor)
    information = _information(columns, weights, fitted)
    return Fit(outcome, design, basis, idle, params, information, fitted, logistic=True, separated=separated)


def _information(columns: Floats, weights: Floats, fitted: Floats) -> Floats:
    return np.asarray(columns.T @ (columns * (weights * fitted * (1 - fitted))[:, None]))


def _orthonormal(design: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Map to orthonormal columns under the weights, (k, r), and the directions that vanish, (k, k - r)."""
    triangle = np.linalg.qr(design * np.sqrt(weights)[:, None], mode="r")
    _, sizes, directions = np.linalg.svd(triangle)
    rank = int((sizes > sizes[0] * max(design.shape) * np.finfo(float).eps).sum())
    return directions[:rank].T / sizes[:rank], directions[rank:].T


def _expit(predictor: Floats) -> Floats:
    from scipy.special import expit

    return np.asarray(expit(predictor))
