"""How well a risk or score tells cases from others: ROC curves and the area under them, over all or within folds."""

import numpy as np

from evenwicht.base.arrays import Flags, Floats, Ints
from evenwicht.base.errors import ModelError
from evenwicht.estimators.distributions import midranks
from evenwicht.estimators.influence import Estimate

DIGITS = 12  # to which scores count as equal: what rounding makes of the same covariates is a tie


def auc_estimate(score: Floats, cases: Flags, folds: Ints | None = None, where: str = "AUC") -> Estimate:
    """Probability that a case has a higher score than another person, ties counted half, with its influence.

    Without folds the squared influences sum to the variance of DeLong, DeLong and Clarke-Pearson 1988, Biometrics
    44:837, by midranks (Sun and Xu 2014, IEEE Signal Processing Letters 21:1389). With folds people are compared within
    their fold alone and the areas are averaged: the cross-validated area and its variance of LeDell, Petersen and van
    der Laan 2015, Electronic Journal of Statistics 9:1583. A difference of two such estimates on the same people has
    their paired variance.

    Parameters
    ----------
    score : (n,) array
        High in cases.
    cases : (n,) array of bool
    folds : (n,) array of int, optional
        Fold of each person, 0 and up.

    Raises
    ------
    ModelError
        If there are fewer than two cases or two others, in all or in a fold.
    """
    groups = np.zeros(len(score), dtype=np.int64) if folds is None else folds
    count = int(groups.max()) + 1
    influence, total = np.zeros(len(score)), 0.0
    for fold in range(count):
        inside = np.flatnonzero(groups == fold)
        area, moved = _one_area(as_ties(score[inside]), cases[inside], where)
        total += area / count
        influence[inside] = moved / count
    return Estimate(total, influence)


def _one_area(score: Floats, cases: Flags, where: str) -> tuple[float, Floats]:
    """Area, and the influence of each person, (n,)."""
    one, none = int(cases.sum()), int((~cases).sum())
    if min(one, none) < 2:
        raise ModelError(
            f"{one} people with the outcome and {none} without, where two of each are compared",
            where=where,
            fix="Use fewer folds, or a less rare outcome.",
        )
    rank = midranks(score)
    below = (rank[cases] - midranks(score[cases])) / none  # of each case: the share of others below it
    above = 1 - (rank[~cases] - midranks(score[~cases])) / one
    area = float(below.mean())
    influence = np.empty(len(score))
    influence[cases] = (below - area) / np.sqrt(one * (one - 1))
    influence[~cases] = (above - area) / np.sqrt(none * (none - 1))
    return area, influence


def as_ties(score: Floats) -> Floats:
    """The scores, (n,), with those equal that differ by rounding alone."""
    spread = float(np.ptp(score))
    return np.round((score - score.min()) / spread, DIGITS) if spread > 0 else np.zeros(len(score))


def roc_points(score: Floats, cases: Flags, folds: Ints, grid: Floats) -> Floats:
    """Sensitivity at each share of false positives of a grid, averaged over folds."""
    curves = []
    for fold in range(int(folds.max()) + 1):
        inside = folds == fold
        found, false = roc_steps(score[inside], cases[inside].astype(float))
        curves.append(np.interp(grid, false, found))
    return np.where(grid == 0, 0.0, np.mean(curves, axis=0))  # a curve starts at nobody


def roc_steps(score: Floats, share: Floats, weights: Floats | None = None) -> tuple[Floats, Floats]:
    """Sensitivity and share of false positives as the threshold falls, from 0 to 1; ties are one step.

    Parameters
    ----------
    score : (n,) array
    share : (n,) array
        1 for cases and 0 for others, or each person's chance to be one.
    weights : (n,) array, optional
    """
    weights = np.ones(len(score)) if weights is None else weights
    _, place = np.unique(-as_ties(score), return_inverse=True)
    steps = []
    for part in (share, 1 - share):
        mass = np.bincount(place, weights * part)
        steps.append(np.concatenate([[0.0], np.cumsum(mass) / mass.sum()]))
    return steps[0], steps[1]


def area_under(score: Floats, share: Floats, weights: Floats | None = None) -> float:
    """Area under the ROC curve of weighted people; parameters as in `roc_steps`."""
    found, false = roc_steps(score, share, weights)
    return float(np.sum(np.diff(false) * (found[1:] + found[:-1]) / 2))
