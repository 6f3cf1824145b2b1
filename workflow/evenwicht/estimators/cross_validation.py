"""What a regression predicts for people whom it has not seen."""

import numpy as np
from scipy.special import expit

from evenwicht.base.arrays import Flags, Floats, Ints, Labels
from evenwicht.base.errors import ModelError

STEPS = 30
SMALL_STEP = 1e-8  # of a linear predictor; the next step is below rounding
SURE = 30.0  # log odds that mean: the fit runs off


def deal_folds(labels: Labels, cases: Flags, count: int, rng: np.random.Generator, where: str = "folds") -> Ints:
    """Deal people to folds of equal size, those with one label together, cases evenly.

    The order of rows does not matter: labels are dealt in an order drawn for their sorted values.

    Parameters
    ----------
    labels : (n,) array
        Family of each person, or their own id.
    cases : (n,) array of bool
    count
        Folds.

    Returns
    -------
    (n,) array of int
        Fold of each person, 0 to `count` - 1.

    Raises
    ------
    ModelError
        If there are fewer labels than folds.
    """
    known, place = np.unique(labels, return_inverse=True)
    if len(known) < count:
        raise ModelError(
            f"{len(known)} people or families cannot be dealt to {count} folds", where=where, fix="Use fewer folds."
        )
    size, with_case = np.bincount(place), np.bincount(place, cases)
    order = rng.permutation(len(known))
    # those with most cases first, and among these the largest; then dealt like cards, as at random as the order
    order = order[np.lexsort([-size[order], -with_case[order]])]
    fold = np.empty(len(known), dtype=np.int64)
    fold[order] = np.arange(len(known)) % count
    return rng.permutation(count)[fold][place]


def held_out_log_odds(outcome: Floats, design: Floats, folds: Ints, where: str = "cross-validation") -> Floats:
    """Log odds of each person by a logistic regression fitted to all other folds, (n,).

    All folds are fitted at once by Newton's method, from the fit to everybody.

    Parameters
    ----------
    outcome : (n,) array of 0 and 1
    design : (n, k) array
        With an intercept in its span.
    folds : (n,) array of int

    Raises
    ------
    ModelError
        If some outcomes are predicted without error, so that there is no finite fit.
    """
    count = int(folds.max()) + 1
    columns = _orthonormal(design) * np.sqrt(len(outcome))
    seen = (folds != np.arange(count)[:, None]).astype(float)
    start = _logistic(outcome, columns, np.ones((1, len(outcome))), np.zeros((1, columns.shape[1])), where)
    params = _logistic(outcome, columns, seen, np.repeat(start, count, axis=0), where)
    return np.asarray((columns * params[folds]).sum(axis=1))


def _logistic(outcome: Floats, columns: Floats, weights: Floats, params: Floats, where: str) -> Floats:
    """Coefficients, (fits, k), of logistic regressions with these weights, (fits, n)."""
    for _ in range(STEPS):
        predictor = params @ columns.T
        mean = expit(predictor)
        score = (weights * (outcome - mean)) @ columns
        spread = weights * mean * (1 - mean)
        information = np.stack([(columns * one[:, None]).T @ columns for one in spread])
        step = np.linalg.pinv(information, hermitian=True) @ score[:, :, None]
        move = step[:, :, 0] @ columns.T
        params = params + step[:, :, 0] * np.minimum(1.0, 5.0 / np.maximum(np.abs(move).max(axis=1), 1e-300))[:, None]
        if np.abs(move).max() < SMALL_STEP:
            return params
        if np.abs(params @ columns.T).max() > SURE:
            break
    raise ModelError(
        "what predicts tells some outcomes without error, so the model has no finite fit",
        where=where,
        fix="Use fewer covariates and scores.",
    )


def held_out_means(outcome: Floats, design: Floats, folds: Ints) -> Floats:
    """Mean outcome of each person by least squares fitted to all other folds, (n,); parameters as above."""
    columns = _orthonormal(design)
    predicted = np.empty(len(outcome))
    for fold in range(int(folds.max()) + 1):
        out = folds == fold
        params = np.linalg.lstsq(columns[~out], outcome[~out], rcond=None)[0]
        predicted[out] = columns[out] @ params
    return predicted


def _orthonormal(design: Floats) -> Floats:
    return np.asarray(np.linalg.qr(design)[0])
