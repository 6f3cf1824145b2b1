"""Covariate matrices, and the checks that a design can be fitted at all."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.errors import ModelError

Floats = NDArray[np.float64]
LEAST_IN_ARM = 10  # below it a difference of arms says next to nothing
LEAST_EVENTS = 5  # people with an event, and without, that an interval takes in each arm


def covariate_matrix(frame: pd.DataFrame, columns: list[str], quadratic: list[str]) -> tuple[Floats, list[str]]:
    """Return the covariates of a model, without intercept, centred and scaled.

    Centring comes before squaring, so that neither the unit nor the origin of a covariate changes any fit.

    Parameters
    ----------
    frame
        Complete rows.
    columns
        Covariates: categorical columns enter as indicators of all levels but the first, others in standard deviations.
    quadratic
        Those of `columns` that also enter squared.

    Returns
    -------
    matrix : (n, k) array
    names : list of k strings
    """
    parts: dict[str, Floats] = {}
    for name in columns:
        column = frame[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            present = [level for level in column.cat.categories if (column == level).any()]
            for level in present[1:]:
                parts[f"{name}={level}"] = (column == level).to_numpy(dtype=float)
        else:
            values = standardised(column.to_numpy(dtype=float)[:, None])[:, 0]
            parts[name] = values
            if name in quadratic:
                parts[f"{name}^2"] = values**2
    matrix = np.column_stack(list(parts.values())) if parts else np.empty((len(frame), 0))
    return matrix, list(parts)


def standardised(matrix: Floats) -> Floats:
    """Centre and scale columns, (n, k); one that does not vary becomes exactly zero.

    With an intercept the columns span what they spanned before, but no unit or origin costs digits.
    """
    centred = matrix - matrix[:1]  # somebody's value first: a far origin would cost digits
    centred -= centred.mean(axis=0)
    scale = np.sqrt((centred**2).mean(axis=0))
    return np.asarray(centred / np.where(scale > 0, scale, 1.0))


def require_full_rank(matrix: Floats, names: list[str], where: str) -> None:
    """Raise ModelError if a column is constant or a linear combination of the others (an intercept is implied)."""
    scaled = standardised(matrix)
    varies = np.asarray(scaled.any(axis=0))
    constant = [name for name, varied in zip(names, varies, strict=True) if not varied]
    if constant:
        raise ModelError(
            f"{', '.join(constant)} does not vary",
            where=where,
            mend="Remove it from the model or widen the sample.",
        )
    if np.linalg.matrix_rank(scaled) < matrix.shape[1]:
        kept: list[int] = []
        for j in range(matrix.shape[1]):
            if np.linalg.matrix_rank(scaled[:, [*kept, j]]) > len(kept):
                kept.append(j)
        dependent = [name for j, name in enumerate(names) if j not in kept]
        raise ModelError(
            f"singular design: {', '.join(dependent)} follows exactly from the other covariates",
            where=where,
            mend="Remove it from the adjustment.",
        )


def require_both_arms(exposure: Floats, where: str) -> None:
    """Raise ModelError unless both arms of a 0/1 exposure hold at least `LEAST_IN_ARM` people."""
    exposed, unexposed = int((exposure == 1).sum()), int((exposure == 0).sum())
    if min(exposed, unexposed) < LEAST_IN_ARM:
        raise ModelError(
            f"too few people to compare: {exposed} exposed and {unexposed} unexposed",
            where=where,
            mend="Check the codes of the exposure and the missing values of the covariates.",
        )
