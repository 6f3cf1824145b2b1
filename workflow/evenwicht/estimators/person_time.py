"""Checks of person-time: who is followed from when to when, with which event, weight and covariates."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags, Floats, Ints, Labels
from evenwicht.base.errors import ModelError
from evenwicht.estimators.survival_data import SurvivalData

BLOCK = 8192  # people: a block of a dozen covariates fits the second-level cache


def blocks(n: int, bins: int = 0) -> Iterator[slice]:
    """Cut n people into blocks, long enough that adding up into `bins` bins costs little next to the block itself."""
    size = max(BLOCK, 8 * bins)
    return (slice(start, start + size) for start in range(0, n, size))


def require_finite(values: Floats, name: str, where: str) -> None:
    """Raise ModelError if a number is missing or infinite."""
    if not np.isfinite(values).all():
        raise ModelError(
            f"{name} holds missing or infinite values",
            where=where,
            fix="Leave out the rows that are not complete, or impute them.",
        )


def codes(labels: Labels, name: str, where: str) -> Ints:
    """Return the position of each label among the sorted distinct labels.

    Raises
    ------
    ModelError
        If a label is missing.
    """
    found, _ = pd.factorize(np.asarray(labels), sort=True)
    if (found < 0).any():
        raise ModelError(f"{name} holds missing values", where=where, fix="Leave out the rows that are not complete.")
    return found.astype(np.intp, copy=False)


def require_person_time(data: SurvivalData, x: Floats, names: list[str], where: str) -> None:
    """Raise ModelError unless a hazard model can be fitted to these people at all.

    Parameters
    ----------
    data
        Follow-up of n people.
    x : (n, k) array
    names : list of k strings
    where : str
        The model, for the message.

    Raises
    ------
    ModelError
        As `require_follow_up` and `require_covariates`.
    """
    require_follow_up(data, where)
    require_covariates(data, x, names, where)


def require_follow_up(data: SurvivalData, where: str) -> None:
    """Raise ModelError unless people are followed.

    That is if a number is missing or infinite, an event is not 0 or 1, someone leaves at or before entry, a weight is
    not positive, or there are no events.
    """
    time, event, entry, weights = data.time, data.event, data.entry, data.weights
    require_finite(time, "time", where)
    require_finite(event, "event", where)
    if not ((event == 0) | (event == 1)).all():
        raise ModelError("event is not 0 or 1 everywhere", where=where, fix="Code an event as 1 and censoring as 0.")
    if entry is not None:
        require_finite(entry, "entry", where)
        early = int((time <= entry).sum())
        if early:
            raise ModelError(
                f"{early} of {len(time)} rows leave at or before they enter",
                where=where,
                fix="Leave out rows without time at risk.",
            )
    if weights is not None:
        require_finite(weights, "weights", where)
        if weights.min() <= 0:
            raise ModelError("weights are not all positive", where=where, fix="Leave out rows of weight zero.")
    if not event.any():
        raise ModelError("no events", where=where, fix="Lengthen follow-up or leave this outcome out of the study.")


def require_covariates(data: SurvivalData, x: Floats, names: list[str], where: str) -> None:
    """Raise ModelError if a covariate (n, k) is missing or infinite, or there are fewer events than covariates."""
    for rows in blocks(len(x)):
        if not np.isfinite(x[rows]).all():
            for j, name in enumerate(names):
                require_finite(x[rows, j], name, where)
    events = int(data.event.sum())
    if events < len(names):
        raise ModelError(
            f"too few events: {events} for {len(names)} covariates",
            where=where,
            fix="Use fewer covariates, pool categories or lengthen follow-up.",
        )


def standardise(x: Floats, ever: Flags, strata: Ints | None) -> tuple[Floats, Floats]:
    """Covariates (k, people ever at risk), centred within strata, with unit variance; and their scale (k,)."""
    design = np.empty((x.shape[1], int(ever.sum())))
    origin, start = x[np.argmax(ever)], 0  # somebody's: a far origin would cost digits, a constant becomes exactly zero
    for rows in blocks(len(x)):
        block = x[rows][ever[rows]]
        design[:, start : start + len(block)] = (block - origin).T
        start += len(block)
    scale = np.empty(len(design))
    for j, column in enumerate(design):
        column -= stratum_means(column, strata)
        scale[j] = np.sqrt(column @ column / len(column)) or 1.0
        column /= scale[j]
    return design, scale


def stratum_means(values: Floats, strata: Ints | None) -> Floats | np.floating:
    """Each person's stratum mean; taking it off keeps relative hazards of all strata within the same range."""
    if strata is None:
        return values.mean()
    means: Floats = np.bincount(strata, values) / np.maximum(np.bincount(strata), 1)
    return means[strata]


def extent(design: Floats) -> Floats:
    """Return the largest absolute value of each covariate of a design (k, n)."""
    return np.maximum(design.max(axis=1), -design.min(axis=1))
