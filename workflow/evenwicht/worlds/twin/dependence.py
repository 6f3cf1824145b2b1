"""How the columns of a twin hang together: a Gaussian copula, and what outcomes follow from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.worlds.twin.margins import hermite
from evenwicht.worlds.twin.settings import Group, Margin, TwinWorld

LEAST = 1e-4  # eigenvalue of a matrix of correlations
MOST = 0.95  # share of the variance of an outcome that anything explains
HALVINGS = 40
WHOLE = 0.95  # share of its variance from which a column is one of groups, not of people


def matrix_of(triangle: Mapping[str, Sequence[float]]) -> Floats:
    """Return the correlations, (k, k), that are listed below their diagonal."""
    matrix = np.eye(len(triangle))
    for place, row in enumerate(triangle.values()):
        matrix[place, :place] = matrix[:place, place] = row
    return matrix


def correlations_near(matrix: Floats) -> Floats:
    """Return correlations close to those given that some numbers can have: eigenvalues raised, then scaled.

    One step of Higham 2002, IMA Journal of Numerical Analysis 22:329; rounding moves a matrix by little.
    """
    if not len(matrix):
        return matrix
    values, vectors = np.linalg.eigh(matrix)
    if values[0] >= LEAST:
        return matrix
    raised = vectors * np.maximum(values, LEAST) @ vectors.T
    spread = np.sqrt(np.diag(raised))
    return np.asarray(raised / np.outer(spread, spread))


def root_of(matrix: Floats) -> Floats:
    """Return the L of L L' = matrix, (k, k), of a matrix with eigenvalues of at least 0."""
    values, vectors = np.linalg.eigh(matrix) if len(matrix) else (np.empty(0), matrix)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def normal_correlations(scores: Floats, series: Floats) -> Floats:
    """Return the correlations, (k, k), of the normal numbers behind scores of two people that correlate so.

    Parameters
    ----------
    scores : (k, k)
        Correlations of scores.
    series : (k, d)
        See `margins.hermite`.
    """
    low, high = np.full(scores.shape, -0.999), np.full(scores.shape, 0.999)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        reached, power = np.zeros(scores.shape), np.ones(scores.shape)
        for coefficients in series.T:
            power = power * middle
            reached += np.outer(coefficients, coefficients) * power
        low, high = np.where(reached < scores, middle, low), np.where(reached < scores, high, middle)
    return np.asarray((low + high) / 2)


@dataclass(frozen=True)
class Structure:
    """The dependence of a twin, worked out from its settings.

    Attributes
    ----------
    source
        The settings.
    """

    source: TwinWorld

    @cached_property
    def margins(self) -> dict[str, Margin]:
        """Of every column and cost, in the order of the correlations."""
        costs = {
            f"{s}@{window}": bands for window, sectors in self.source.costs.items() for s, bands in sectors.items()
        }
        every: dict[str, Margin] = {**self.source.columns, **costs}
        return {name: every[name] for name in self.source.correlations}

    @cached_property
    def before(self) -> list[str]:
        """What outcomes follow from."""
        return [name for name in self.margins if name not in self.source.after]

    @cached_property
    def after(self) -> list[str]:
        """Outcomes, in the order of the correlations."""
        return [name for name in self.margins if name in self.source.after]

    def _places(self, names: Sequence[str]) -> list[int]:
        order = list(self.margins)
        return [order.index(name) for name in names]

    @cached_property
    def _scores(self) -> Floats:
        return correlations_near(matrix_of(self.source.correlations))

    @cached_property
    def _series(self) -> Floats:
        return np.array([hermite(margin) for margin in self.margins.values()])

    @cached_property
    def normal(self) -> Floats:
        """Correlations of all normal numbers, in the order of the margins."""
        normal = normal_correlations(self._scores, self._series)
        np.fill_diagonal(normal, 1.0)
        return correlations_near(normal)

    @cached_property
    def of_before(self) -> Floats:
        """Correlations of the normal numbers of `before`."""
        places = self._places(self.before)
        return self.normal[np.ix_(places, places)]

    @cached_property
    def scores_before(self) -> Floats:
        """Correlations of the scores of `before`."""
        places = self._places(self.before)
        return self._scores[np.ix_(places, places)]

    @cached_property
    def coefficients(self) -> Floats:
        """Of the normal number of each outcome on the scores of `before`, (after, before), all at once."""
        rows, columns = self._places(self.after), self._places(self.before)
        # the first coefficient of the series is the correlation of an outcome's score with its own normal number
        with_normal = self._scores[np.ix_(rows, columns)] / self._series[rows, :1]
        fitted = np.linalg.solve(self.scores_before, with_normal.T).T
        explained = np.einsum("ij,jk,ik->i", fitted, self.scores_before, fitted)
        return np.asarray(fitted * np.sqrt(np.minimum(1.0, MOST / np.maximum(explained, MOST)))[:, None])

    @cached_property
    def left(self) -> Floats:
        """Covariance of what outcomes do not follow from, (after, after)."""
        places = self._places(self.after)
        explained = self.coefficients @ self.scores_before @ self.coefficients.T
        spread = np.sqrt(1 - np.diag(explained))
        rest = (self.normal[np.ix_(places, places)] - explained) / np.outer(spread, spread)
        np.fill_diagonal(rest, 1.0)
        return np.asarray(correlations_near(np.clip(rest, -0.999, 0.999)) * np.outer(spread, spread))

    def shared(self, group: Group) -> Floats:
        """Covariance of what a group shares of the normal numbers of `before`, (before, before)."""
        ties = np.eye(len(self.before))
        places = [self.before.index(name) for name in group.together]
        ties[np.ix_(places, places)] = matrix_of(group.together)
        alike = np.sqrt([group.alike.get(name, 0.0) for name in self.before])
        series = self._series[self._places(self.before)]
        # columns that are the same in a whole group have a normal number that is, too
        parts = normal_correlations(ties * np.outer(alike, alike), series)
        whole = np.outer(alike, alike) >= WHOLE
        return np.asarray(np.where(whole, np.where(np.eye(len(whole)) > 0, 1.0, self.of_before), parts))

    def shared_rest(self, group: Group) -> Floats:
        """Covariance of what a group shares of the rest of outcomes, (after, after): they hang together alike in it."""
        steps = self._series[self._places(self.after), 0] ** 2 if self.after else np.empty(0)
        alike = np.array([group.alike.get(name, 0.0) for name in self.after])
        share = np.sqrt(np.minimum(alike / np.maximum(steps, 1e-3), MOST))
        return np.asarray(self.left * np.outer(share, share))

    def kept(self, name: str) -> dict[str, float]:
        """What an outcome follows from beside `effects`: coefficients of scores."""
        row = self.coefficients[self.after.index(name)]
        known = dict(zip(self.before, row.tolist(), strict=True))
        return {cause: size for cause, size in known.items() if cause not in self.source.exposures}

    def spread(self, name: str) -> float:
        """SD of the normal number of an outcome without `exposures`, whose own is 1 with them."""
        place = self.after.index(name)
        kept = np.array([self.kept(name).get(cause, 0.0) for cause in self.before])
        return float(np.sqrt(kept @ self.scores_before @ kept + self.left[place, place]))

    def variance_of(self, on: Mapping[str, float]) -> float:
        """Variance of a sum of scores with these coefficients."""
        sizes = np.array([on.get(name, 0.0) for name in self.before])
        return float(sizes @ self.scores_before @ sizes)
