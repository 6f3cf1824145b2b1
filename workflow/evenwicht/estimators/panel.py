"""Regressions with fixed effects: differences-in-differences, discontinuities, event studies.

Least squares (`linear`) on what the fixed effects leave. Fixed effects that many clusters share are taken out by
pyfixest, which absorbs them instead of building a column for each (a register has thousands of days of birth). Those
with a level of few clusters enter as columns: how much such a level follows a single cluster is part of the cluster's
error. What would pass in silence is refused: a regressor that follows from the fixed effects, and a cell without
people.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from evenwicht.base.arrays import Floats, Labels
from evenwicht.base.errors import ModelError
from evenwicht.estimators.linear import fit_linear
from evenwicht.estimators.results import Interval

SHARED = 20  # clusters in every level, from which a fixed effect is absorbed
ABSORBED = 1e-9  # share of a regressor's variance that fixed effects and the regressors before it must leave
TOLERANCE = 1e-12  # of the absorbed means, relative


def panel_regression(
    outcome: Floats,
    regressors: Mapping[str, Floats],
    *,
    absorb: Mapping[str, Labels] | None = None,
    clusters: Labels | None = None,
    weights: Floats | None = None,
    where: str = "panel regression",
) -> dict[str, Interval]:
    """Coefficients of a linear model with fixed effects, each with its 95% interval.

    Parameters
    ----------
    outcome : (n,) array
    regressors
        Name -> (n,) array. A row that is alone in its fixed effect is kept; it adds nothing but to n.
    absorb
        Name -> (n,) array of levels, one fixed effect each; an intercept if left out.
    clusters : (n,) array, optional
        Cluster of each row: bias-reduced sandwich (CR2) and a t distribution on Satterthwaite degrees of freedom (see
        `estimators.clusters`). Without, robust to unequal variances (HC1).
    weights : (n,) array, optional
        Kernel or probability weights, all positive.

    Returns
    -------
    dict
        Name -> Interval, for every regressor, in the units of the outcome.

    Raises
    ------
    ModelError
        With fewer than two clusters, a regressor that does not vary (an empty cell), or one that follows from the
        fixed effects and the other regressors.
    """
    names = list(regressors)
    constant = [name for name in names if np.ptp(regressors[name]) == 0]
    if constant:
        raise ModelError(
            f"{', '.join(constant)} does not vary: a cell of the comparison is empty",
            where=where,
            fix="Widen the window of births or leave this comparison out.",
        )
    matrix = np.column_stack([regressors[name] for name in names])
    matrix = (matrix - matrix.mean(axis=0)) / (scale := matrix.std(axis=0))
    weight = np.ones(len(outcome)) if weights is None else weights
    levels = [pd.factorize(values)[0] for values in (absorb or {}).values()]
    absorbed = [level for level in levels if clusters is None or _fewest_clusters(level, clusters) >= SHARED]
    columns = [_indicators(level) for level in levels if not any(level is other for other in absorbed)]
    both = np.column_stack([outcome, *columns, matrix])
    if absorbed:
        both = _within(both, absorbed, weight, where)
    else:
        both[:, 1:] -= np.average(both[:, 1:], axis=0, weights=weight)
    y, x = both[:, 0], both[:, 1:]
    kept = _independent(x, weight, len(names), names, where)
    fit = fit_linear(
        y,
        x[:, kept],
        weights=weights,
        clusters=clusters,
        intercept=not absorbed,
        absorbed=_parameters(absorbed),
        where=where,
    )
    first = len(kept) - len(names)
    return {name: _per_unit(fit.interval(first + j), scale[j]) for j, name in enumerate(names)}


def _fewest_clusters(level: Labels, clusters: Labels) -> int:
    """Number of clusters in the level that has fewest."""
    pairs = pd.DataFrame({"level": level, "cluster": clusters}).drop_duplicates()
    return int(pairs.groupby("level").size().min())


def _indicators(level: Labels) -> Floats:
    """Indicators of all levels but the first, (n, levels - 1)."""
    return (level[:, None] == np.arange(1, level.max() + 1)).astype(float)


def _per_unit(interval: Interval, scale: float) -> Interval:
    """The interval of a coefficient of a regressor before it was scaled."""
    i = interval
    return Interval(i.estimate / scale, i.se / scale, i.lower / scale, i.upper / scale, i.reason)


def _within(columns: Floats, levels: list[Labels], weights: Floats, where: str) -> Floats:
    """Take the (weighted) fixed effects out of columns, (n, k)."""
    from pyfixest.estimation import demean

    spread = columns.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    flags = np.column_stack(levels).astype(np.uint64)
    left, converged = demean((columns - columns.mean(axis=0)) / spread, flags, weights.astype(float), tol=TOLERANCE)
    if not converged:
        raise ModelError(
            "the fixed effects could not be taken out",
            where=where,
            fix="Merge rare levels, or leave one of the fixed effects out.",
        )
    return np.asarray(left * spread)


def _independent(x: Floats, weights: Floats, last: int, names: list[str], where: str) -> list[int]:
    """Columns that do not follow from those before them; ModelError if one of the `last`, the regressors, does."""
    rooted, total = x * np.sqrt(weights)[:, None], float(weights.sum())
    r = np.asarray(np.linalg.qr(rooted, mode="r"))
    size = (rooted**2).sum(axis=0)
    kept = list(range(x.shape[1]))
    if (np.diag(r) ** 2 <= ABSORBED * np.minimum(size, total)).any():
        kept = []
        for j in range(x.shape[1]):
            basis = np.linalg.qr(r[:, kept])[0]
            column = r[:, j] - basis @ (basis.T @ r[:, j])
            if column @ column > ABSORBED * (total if j >= x.shape[1] - last else size[j]):
                kept.append(j)
    dropped = [name for j, name in enumerate(names, start=x.shape[1] - last) if j not in kept]
    if dropped:
        raise ModelError(
            f"singular design: {', '.join(dropped)} follows exactly from the fixed effects and the other covariates",
            where=where,
            fix="Remove it from the adjustment, or widen the window of births.",
        )
    return kept


def _parameters(levels: list[Labels]) -> int:
    """Number of parameters of the fixed effects: levels, less one for each connected set of every further effect."""
    if not levels:
        return 0
    count = int(levels[0].max()) + 1
    for other in levels[1:]:
        size = int(other.max()) + 1
        graph = coo_matrix(
            (np.ones(len(other)), (levels[0], levels[0].max() + 1 + other)), shape=[int(levels[0].max()) + 1 + size] * 2
        )
        count += size - int(connected_components(graph, directed=False)[0])
    return count
