"""Scores of columns and costs, and how they hang together.

Scores are normal numbers of ranks (van der Waerden), and of yes/no columns 0 and 1. Correlations are of scores, over
people with both values.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from evenwicht.base.arrays import Floats
from evenwicht.rehearsal.protection import Protection

STEP = 0.05  # of coefficients
MOST_COEFFICIENT = 5.0
RIDGE = 0.01
SAME = 0.98  # correlation from which two columns are one, in another unit


@dataclass(frozen=True)
class Scored:
    """A column or cost: how it is spread, and the score of everybody, (n,), standardised, NaN if not known."""

    margin: dict[str, Any]
    score: Floats


def score_of(values: Floats, *, plain: bool = False) -> Floats:
    """Standardised scores, (n,): normal numbers of mean ranks, or the numbers themselves; NaN where not known."""
    known = ~np.isnan(values)
    score = np.full(len(values), np.nan)
    ranks = pd.Series(values[known]).rank().to_numpy()
    score[known] = values[known] if plain else ndtri((ranks - 0.5) / max(len(ranks), 1))
    spread = float(np.nanstd(score))
    return (score - float(np.nanmean(score))) / (spread or 1.0)


def correlations_of(scores: Mapping[str, Floats], protection: Protection) -> Floats:
    """Rounded correlations of all scores, (k, k), each over people with both."""
    table = np.column_stack(list(scores.values()))
    known = (~np.isnan(table)).astype(float)
    filled = np.nan_to_num(table)
    pairs, products = known.T @ known, filled.T @ filled
    squares, sums = (filled**2).T @ known, filled.T @ known  # of the row's column, among people who have both
    with np.errstate(divide="ignore", invalid="ignore"):
        covariance = products - sums * sums.T / pairs
        spread = squares - sums**2 / pairs
        matrix = covariance / np.sqrt(spread * spread.T)
    return np.array(
        [[protection.correlation(r, k) for r, k in zip(*row, strict=True)] for row in zip(matrix, pairs, strict=True)]
    )


def triangle(names: Sequence[str], matrix: Floats) -> dict[str, list[float]]:
    return {name: matrix[place, :place].tolist() for place, name in enumerate(names)}


def partial_sizes(name: str, causes: Sequence[str], order: Sequence[str], correlations: Floats) -> dict[str, float]:
    """Return the coefficients of scores on which another score is regressed, all at once, from their correlations."""
    own = correlations[order.index(name)]
    causes = [one for one in causes if abs(own[order.index(one)]) < SAME]
    places = [order.index(one) for one in causes]
    ridge = RIDGE * np.eye(len(places))  # rounded correlations may be those of no numbers
    sizes = np.linalg.solve(correlations[np.ix_(places, places)] + ridge, own[places])
    return dict(zip(causes, sizes.tolist(), strict=True))


def design_of(before: Sequence[str], scores: Mapping[str, Floats], without: str = "") -> tuple[list[str], Floats]:
    """Names and scores, (n, k), of what others follow from; what is not known counts as the mean."""
    names = [name for name in before if name != without and float(np.nanstd(scores[name])) > 0]
    n = len(next(iter(scores.values()), np.empty(0)))
    columns = [np.nan_to_num(scores[name]) for name in names]
    return names, np.column_stack(columns) if columns else np.empty((n, 0))


def coefficients_of(names: Sequence[str], sizes: Iterable[float]) -> dict[str, float]:
    """Rounded coefficients that are not 0."""
    rounded = {name: round(round(float(size) / STEP) * STEP, 2) for name, size in zip(names, sizes, strict=True)}
    return {
        name: float(np.clip(size, -MOST_COEFFICIENT, MOST_COEFFICIENT))
        for name, size in rounded.items()
        if size and np.isfinite(size)
    }
