"""Covariate matrices, and the checks that a design can be fitted at all."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Floats
from evenwicht.base.errors import ModelError

LEAST_IN_ARM = 10  # below it a difference of arms says next to nothing
MOST_DEGREES = 4  # of freedom of the spline of an exposure that is a number
LEAST_EVENTS = 5  # people with an event, and without, that an interval takes in each arm


def covariate_matrix(
    rows: pd.DataFrame,
    columns: Sequence[str],
    squares: Sequence[str] = (),
    splines: Mapping[str, int] | None = None,
    interactions: Sequence[tuple[str, str]] = (),
) -> tuple[Floats, list[str]]:
    """Return the covariates of a model, without intercept, centred and scaled.

    Centring comes before squares, splines and products, so that neither the unit nor the origin of a covariate changes
    any fit.

    Parameters
    ----------
    rows
        Complete rows.
    columns
        Covariates: categorical columns enter as indicators of all levels but the first that occurs, others in standard
        deviations.
    squares
        Those of `columns` that also enter squared.
    splines
        Those of `columns` that enter as natural cubic splines, with their degrees of freedom (see `natural_spline`).
    interactions
        Pairs of `columns` whose products enter: all those of their indicators, squares and splines.

    Returns
    -------
    matrix : (n, k) array
    names : list of k strings
        `age`, `age^2`, `age spline 2`, `sex=f` and `age:sex=f`; a column in numbers itself has its own name.

    Raises
    ------
    ModelError
        If a spline has more knots than its column has distinct values for.
    """
    spread = splines or {}
    parts: dict[str, dict[str, Floats]] = {}
    for name in columns:
        column = rows[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            present = [level for level in column.cat.categories if (column == level).any()]
            parts[name] = {f"{name}={level}": (column == level).to_numpy(dtype=float) for level in present[1:]}
            continue
        values = standardised(column.to_numpy(dtype=float)[:, None])[:, 0]
        parts[name] = {name: values}
        if name in squares:
            parts[name][f"{name}^2"] = values**2
        if name in spread:
            curved = natural_spline(values, spread[name], f"spline of {name}")[:, 1:]
            parts[name] |= {f"{name} spline {j}": part for j, part in enumerate(curved.T, start=2)}
    entries = {name: values for part in parts.values() for name, values in part.items()}
    for one, other in interactions:
        products = {f"{a}:{b}": x * y for a, x in parts[one].items() for b, y in parts[other].items()}
        entries |= {name: values for name, values in products.items() if values.any()}  # cells that do not occur
    matrix = np.column_stack(list(entries.values())) if entries else np.empty((len(rows), 0))
    return matrix, list(entries)


def natural_spline(values: Floats, df: int, where: str, at: Floats | None = None) -> Floats:
    """Basis of natural cubic splines, (n, df): the first column is the values, the others bend.

    Cubic between knots, linear beyond the outermost, which are the smallest and largest value; the df - 1 inner knots
    are at equal shares of people, as in R's `ns`. Source: Hastie, Tibshirani and Friedman 2009, The Elements of
    Statistical Learning, equations 5.4 and 5.5, each column here divided by its range.

    Parameters
    ----------
    values : (n,) array
        Centred and scaled.
    df
        At least 1; 1 is the straight line.
    at : (m,) array, optional
        Other values at which the same basis is worked out, (m, df).

    Raises
    ------
    ModelError
        If knots coincide.
    """
    knots = np.quantile(values, np.linspace(0, 1, df + 1))
    if (np.diff(knots) <= 1e-9 * np.ptp(values)).any():
        raise ModelError(
            f"a spline with {df} degrees of freedom has more knots than there are values to put them at",
            where=where,
            fix="Lower its degrees of freedom, or let the column enter as it is or as a category.",
        )

    def bends(places: Floats) -> Floats:
        above = np.maximum(places[:, None] - knots, 0.0)
        cubes = above * above  # a power takes ten times as long
        cubes *= above
        slopes = cubes[:, :-1] - cubes[:, -1:]
        slopes /= knots[-1] - knots[:-1]
        return np.asarray(slopes[:, :-1] - slopes[:, -1:])

    places = values if at is None else at
    ranges = bends(knots[-1:])[0]  # each column rises from zero at the first knot
    return np.column_stack([places, bends(places) / ranges])


def spline_degrees(values: Floats) -> int:
    """Degrees of freedom of a spline of values, (n,): the most that have knots of their own."""
    knots = (np.quantile(values, np.linspace(0, 1, df + 1)) for df in range(MOST_DEGREES, 1, -1))
    return next((len(k) - 1 for k in knots if (np.diff(k) > 1e-9 * np.ptp(values)).all()), 1)


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
            fix="Remove it from the model or widen the sample.",
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
            fix="Remove it from the adjustment.",
        )


def require_both_arms(exposure: Floats, where: str) -> None:
    """Raise ModelError unless both arms of a 0/1 exposure hold at least `LEAST_IN_ARM` people."""
    exposed, unexposed = int((exposure == 1).sum()), int((exposure == 0).sum())
    if min(exposed, unexposed) < LEAST_IN_ARM:
        raise ModelError(
            f"too few people to compare: {exposed} exposed and {unexposed} unexposed",
            where=where,
            fix="Check the codes of the exposure and the missing values of the covariates.",
        )
