"""A test for few clusters: the score wild cluster bootstrap (Kline and Santos 2012, J Econometric Methods 1:23).

The model is fitted once, with the coefficient held at zero; each draw multiplies the scores of the clusters by random
weights, so a draw costs no fit.
"""

from dataclasses import replace

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.estimators.cox import fit_cox, scores_at
from evenwicht.estimators.survival_data import SurvivalData

WEBB = np.sqrt(np.array([0.5, 1.0, 1.5]))  # Webb's six points are these with both signs


def score_bootstrap(
    data: SurvivalData,
    x: Floats,
    position: int,
    *,
    draws: int,
    rng: np.random.Generator,
    where: str = "Cox model",
) -> float:
    """Two-sided p value of one coefficient of a Cox model by the score wild cluster bootstrap.

    Parameters
    ----------
    data
        Follow-up of n people in clusters.
    x : (n, k) array
    position
        Column of `x` whose coefficient is tested against zero.
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
        params[others] = fit_cox(replace(data, clusters=None), x[:, others], names, where=where).params
    scores, information = scores_at(params, data, x, where)
    nuisance = np.linalg.solve(information[np.ix_(others, others)], information[others, position])
    efficient = scores[:, position] - scores[:, others] @ nuisance

    def statistic(contribution: Floats) -> Floats:
        return np.asarray(np.abs(contribution.sum(axis=-1)) / np.sqrt((contribution**2).sum(axis=-1)))

    weights = rng.choice(np.concatenate([-WEBB, WEBB]), (draws, len(efficient)))
    beyond = int((statistic(weights * efficient) >= statistic(efficient)).sum())
    return (1 + beyond) / (1 + draws)
