"""Generalised linear models as pieces of other estimates: predictions, and each person's influence on them.

They are fitted on an orthonormal basis of their design, so that no unit, origin or order of a covariate matters.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit

from evenwicht.base.arrays import Floats
from evenwicht.estimators.design import standardised

Family = Literal["gaussian", "binomial", "poisson"]
STEPS = 60  # a finite fit needs about 6 to 10; one that has no maximum never ends
ROUNDING = 1e-11  # of a log likelihood, relative
SMALL_STEP = 1e-9  # of a linear predictor; Newton's steps shrink quadratically: the next is below rounding
RUNS_OFF = 0.1  # of a linear predictor; towards infinity each step moves some by about one
PARTS = 0.5 ** np.arange(21)  # of a step of Newton's method: the first at which the likelihood does not fall
WELL_CONDITIONED = 1e-6  # least ratio of the eigenvalues of an information whose cross products keep nine digits
FLAT = 1e-19  # squared length of a step per person, in the units of the information, at which the likelihood is flat


@dataclass(frozen=True)
class Fit:
    """A fitted linear, logistic or Poisson regression of n people, with its canonical link.

    Attributes
    ----------
    family
        Of the outcome.
    outcome, weights : (n,) arrays
    columns : (n, r) array
        Orthonormal columns, under the weights, that span the design; r is its rank.
    basis : (k, r) array
        `design @ basis` are the columns.
    idle : (k, k - r) array
        Directions of the coefficients on which the data say nothing.
    params : (r,) array
        Coefficients of `columns`.
    root : (r, r) array
        Upper triangle R; R'R is the information.
    fitted : (n,) array
    step : (r,) array
        The last step of Newton's method: how far the params would still move.
    separated
        Whether the likelihood has no maximum: some outcomes are predicted without error.
    """

    family: Family
    outcome: Floats
    weights: Floats
    columns: Floats
    basis: Floats
    idle: Floats
    params: Floats
    root: Floats
    fitted: Floats
    step: Floats
    separated: bool

    def predict(self, design: Floats) -> Floats:
        """Mean outcome at another design, (m, k) with intercept."""
        return _mean(self.family, design @ (self.basis @ self.params))

    def gradient(self, design: Floats, weights: Floats) -> Floats:
        """Derivative by `params`, (r,), of the sum of weights times the mean outcome at a design, (m, k)."""
        slope = weights * _variance(self.family, self.predict(design))
        return np.asarray(slope @ design @ self.basis)

    def contrast(self, gradient: Floats) -> Floats:
        """The contrast of the orthonormal columns of `orthonormal` that has this derivative by `params`, (r,)."""
        return np.asarray(np.linalg.solve(self.root.T, gradient))

    def influence(self, gradient: Floats) -> Floats:
        """Influence of each person, (n,), on a quantity with this derivative by `params`, (r,)."""
        direction = np.linalg.solve(self.root, self.contrast(gradient))
        return np.asarray(self.columns @ direction * (self.outcome - self.fitted))

    def orthonormal(self) -> tuple[Floats, Floats]:
        """Orthonormal basis (n, r) of the design under the weights of the information, and Pearson residuals, (n,)."""
        spread = np.sqrt(_variance(self.family, self.fitted))
        root = np.sqrt(self.weights)
        q = np.linalg.solve(self.root.T, (self.columns * (root * spread)[:, None]).T).T
        return q, _over(root * (self.outcome - self.fitted), spread)

    def determines(self, design: Floats) -> bool:
        """Whether the data say what to predict at a design, (m, k)."""
        return bool(np.abs(design @ self.idle).max(initial=0.0) < 1e-8)


@dataclass(frozen=True)
class Orthonormal:
    """A design turned into orthonormal columns, once for every outcome that is fitted on it.

    Attributes
    ----------
    columns : (n, r) array
        Orthonormal under the weights, spanning the design; r is its rank.
    basis : (k, r) array
        `design @ basis` are the columns.
    idle : (k, k - r) array
        Directions of the coefficients on which the data say nothing.
    weights : (n,) array
    """

    columns: Floats
    basis: Floats
    idle: Floats
    weights: Floats

    @classmethod
    def of(cls, design: Floats, weights: Floats) -> "Orthonormal":
        """Turn a design, (n, k), under weights, (n,); rows of weight 0 get columns but have no say in them."""
        root = np.sqrt(weights)
        q, triangle = np.linalg.qr(design * root[:, None])
        left, sizes, directions = np.linalg.svd(triangle)
        rank = int((sizes > sizes[0] * max(design.shape) * np.finfo(float).eps).sum())
        basis = directions[:rank].T / sizes[:rank]
        columns = np.asfortranarray(_over(q @ left[:, :rank], root[:, None]))  # whose cross products are faster
        if (weights == 0).any():
            columns[weights == 0] = design[weights == 0] @ basis
        return cls(columns, basis, directions[rank:].T, weights)


def family_of(binary: bool) -> Family:
    """Logistic for a 0/1 outcome, linear for a number."""
    return "binomial" if binary else "gaussian"


def with_intercept(covariates: Floats) -> Floats:
    """Design of an intercept and standardised covariates, (n, 1 + k)."""
    return np.column_stack([np.ones(len(covariates)), standardised(covariates)])


def fit_model(family: Family, outcome: Floats, design: Floats, weights: Floats | None = None) -> Fit:
    """Fit a generalised linear model with canonical link by maximum (weighted) likelihood.

    Newton's method with halved steps, until no linear predictor moves by `SMALL_STEP`.

    Parameters
    ----------
    family
        "gaussian", "binomial" (a 0/1 outcome, logistic) or "poisson" (log link).
    outcome : (n,) array
    design : (n, k) array
        With an intercept in its span.
    weights : (n,) array, optional
        Probability or frequency weights. Rows of weight 0 do not enter the fit but get a fitted value.

    Returns
    -------
    Fit
        See its `separated` for a fit without maximum, which stops where the likelihood is flat.
    """
    return fit_on(family, outcome, Orthonormal.of(design, np.ones(len(outcome)) if weights is None else weights))


def fit_on(family: Family, outcome: Floats, design: Orthonormal) -> Fit:
    """Fit as `fit_model` does, on a design that other outcomes, (n,), share."""
    columns, weights = design.columns, design.weights
    start = float(np.average(outcome, weights=weights))
    if family == "binomial":
        start = float(np.clip(start, 1e-9, 1 - 1e-9))
        start = np.log(start / (1 - start))
    elif family == "poisson":
        start = np.log(max(start, 1e-9))
    predictor = np.full(len(outcome), start)
    params = columns.T @ (weights * predictor)
    reached, separated = _log_likelihood(family, outcome, weights, predictor), True
    for _ in range(STEPS):
        mean = _mean(family, predictor)
        triangle, moved = _whitened(columns, weights * _variance(family, mean), weights * (outcome - mean))
        if _lost(triangle, len(outcome)):
            step = np.full(len(params), np.inf)
            break
        step = np.linalg.solve(triangle, moved)
        move = columns @ step
        largest = np.abs(move).max()
        if largest < SMALL_STEP or family == "gaussian":
            params, predictor, separated = params + step, predictor + move, False
            break
        if largest > RUNS_OFF and moved @ moved <= FLAT * weights.sum():
            break
        enough = reached - ROUNDING * abs(reached)
        for part in PARTS:
            trial = predictor + part * move
            likely = _log_likelihood(family, outcome, weights, trial)
            if likely >= enough:
                break
        params, predictor, reached = params + part * step, trial, likely
    fitted = _mean(family, predictor)
    information, _ = _whitened(columns, weights * _variance(family, fitted), weights * (outcome - fitted))
    return Fit(
        family, outcome, weights, columns, design.basis, design.idle, params, information, fitted, step, separated
    )


def _whitened(columns: Floats, variance: Floats, residual: Floats) -> tuple[Floats, Floats]:
    """Triangle R of the information R'R, (r, r), and R'^-1 times the score, (r,).

    From cross products where these keep nine digits, else by a QR decomposition, which takes several times as long.

    Parameters
    ----------
    columns : (n, r) array
    variance, residual : (n,) arrays
        Of each outcome: the weighted variance, and the weighted difference from its mean.
    """
    products = columns.T @ (columns * variance[:, None])
    if np.isfinite(products).all():
        sizes = np.linalg.eigvalsh(products)
        if sizes[0] > sizes[-1] * WELL_CONDITIONED:
            lower = np.asarray(np.linalg.cholesky(products))
            return lower.T, np.asarray(np.linalg.solve(lower, columns.T @ residual))
    spread = np.sqrt(variance)
    q, triangle = np.linalg.qr(columns * spread[:, None])
    return np.asarray(triangle), np.asarray(q.T @ _over(residual, spread))


def _lost(triangle: Floats, n: int) -> bool:
    """Whether the weights of some direction have gone to zero, because its coefficient runs off."""
    if not np.isfinite(triangle).all():
        return True
    sizes = np.linalg.svd(triangle, compute_uv=False)
    return bool(sizes[-1] <= sizes[0] * n * np.finfo(float).eps)


def _over(above: Floats, below: Floats) -> Floats:
    """Quotient, and zero where the denominator is zero."""
    return np.where(below > 0, above / np.where(below > 0, below, 1.0), 0.0)


def _log_likelihood(family: Family, outcome: Floats, weights: Floats, predictor: Floats) -> float:
    """Log likelihood up to a constant; minus infinity where a mean exceeds double precision."""
    with np.errstate(over="ignore"):
        if family == "gaussian":
            total = predictor**2 / 2
        else:
            total = np.exp(predictor) if family == "poisson" else _softplus(predictor)
    return float(weights @ (outcome * predictor - total))


def _softplus(x: Floats) -> Floats:
    """log(1 + exp(x)), in half the time of `logaddexp`."""
    return np.asarray(np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x))))


def _mean(family: Family, predictor: Floats) -> Floats:
    if family == "gaussian":
        return predictor
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(predictor) if family == "poisson" else expit(predictor))


def _variance(family: Family, mean: Floats) -> Floats:
    if family == "gaussian":
        return np.ones(len(mean))
    return mean if family == "poisson" else mean * (1 - mean)
