"""A test for few clusters: the score wild cluster bootstrap (Kline and Santos 2012, J Econometric Methods 1:23).

The model is fitted once, with the coefficient held at zero; each draw multiplies the scores of the clusters by random
weights, so a draw costs no fit.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenwicht.estimators.cox import fit_cox, scores_at

Floats = NDArray[np.float64]
WEBB = np.sqrt(np.array([0.5, 1.0, 1.5]))  # Webb's six points are these with both signs


def score_bootstrap(
    time: Floats,
    event: Floats,
    x: Floats,
    position: int,
    *,
    entry: Floats | None = None,
    clusters: NDArray[Any],
    draws: int,
    rng: np.random.Generator,
    where: str = "Cox model",
) -> float:
    """Two-sided p value of one coefficient of a Cox model by the score wild cluster bootstrap.

    Parameters
    ----------
    time, event : (n,) arrays
    x : (n, k) array
    position
        Column of `x` whose coefficient is tested against zero.
    entry, clusters : (n,) arrays
        Delayed entry, and the cluster of each row.
    draws
        Number of draws of Webb weights (Webb 2014; six points, so that few clusters give many distinct draws).
    rng
        Their source.

    Raises
    ------
    ModelError
        As `fit_cox`.
    """
    others = np.delete(np.arange(x.shape[1]), position)
    params = np.zeros(x.shape[1])
    if len(others):
        names = [f"x{j}" for j in others]
        params[others] = fit_cox(time, event, x[:, others], names, entry=entry, where=where).params
    scores, information = scores_at(params, time, event, x, entry=entry, clusters=clusters, where=where)
    nuisance = np.linalg.solve(information[np.ix_(others, others)], information[others, position])
    efficient = scores[:, position] - scores[:, others] @ nuisance

    def statistic(contribution: Floats) -> Floats:
        return np.asarray(np.abs(contribution.sum(axis=-1)) / np.sqrt((contribution**2).sum(axis=-1)))

    weights = rng.choice(np.concatenate([-WEBB, WEBB]), (draws, len(efficient)))
    beyond = int((statistic(weights * efficient) >= statistic(efficient)).sum())
    return (1 + beyond) / (1 + draws)
