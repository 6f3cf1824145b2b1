"""How the columns of a twin hang together: a Gaussian copula, and what outcomes follow from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.worlds.twin.margins import Steps, hermite, scores_of, steps_of, values_of
from evenwicht.worlds.twin.settings import AnyMargin, Decided, Group, TwinWorld

LEAST = 1e-4  # eigenvalue of a matrix of correlations
SAME = 0.98  # correlation of scores from which two columns are one
MOST = 0.95  # share of the variance of an outcome that anything explains
HALVINGS = 40
STEPS = 10  # of a search for coefficients
PEOPLE = 2**15  # in whom they are tried
LEAST_SLOPE = 0.05
SHRINKS = 51
ROUNDED = 0.02  # what rounding may take from an eigenvalue
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


def _coefficients(wanted: Floats, ties: Floats, people: Floats, steps: Steps, slope: float) -> Floats:
    """Return the coefficients, (k,), of scores by which a score that is drawn from them correlates with each as wanted.

    Were all scores normal, they would be those of a regression. A yes that few have is no such score: with it the mean
    of a rare outcome rises by more than along a line. What is missed is added until nothing is.

    Parameters
    ----------
    wanted : (k,)
        Correlations with the scores of the causes.
    ties : (k, k)
        Correlations of those.
    people : (n, k)
        Scores of people.
    steps
        How the score of what is drawn follows from its normal number.
    slope
        Correlation of that score with its normal number.
    """
    fitted = np.zeros(len(wanted))
    missed = wanted
    for _ in range(STEPS):
        fitted = fitted + np.linalg.solve(ties, missed) / max(slope, LEAST_SLOPE)
        fitted = fitted * np.sqrt(min(1.0, MOST / max(float(fitted @ ties @ fitted), MOST)))
        missed = wanted - people.T @ steps.mean_at(people @ fitted, np.sqrt(1 - fitted @ ties @ fitted)) / len(people)
    return fitted


def _possible(part: Floats, whole: Floats) -> bool:
    """Whether numbers with one covariance can be part of those with another, but for rounding."""
    return all(np.linalg.eigvalsh(matrix)[0] > -ROUNDED for matrix in (part, whole - part))


@dataclass(frozen=True)
class Following:
    """Columns that follow from others: the normal number of each is a sum of scores, and a rest.

    Attributes
    ----------
    names, causes
        The k columns, and the c that they follow from.
    coefficients : (k, c)
        Of the scores of all causes at once.
    scores : (c, c)
        Correlations of the scores of the causes.
    left : (k, k)
        Covariance of the rest.
    taken_out
        Causes whose part is taken out.
    """

    names: Sequence[str]
    causes: Sequence[str]
    coefficients: Floats
    scores: Floats
    left: Floats
    taken_out: Sequence[str]

    def kept(self, name: str) -> dict[str, float]:
        """What a column follows from beside what is taken out: coefficients of scores."""
        row = self.coefficients[self.names.index(name)].tolist()
        return {cause: size for cause, size in zip(self.causes, row, strict=True) if cause not in self.taken_out}

    def spread(self, name: str) -> float:
        """SD of the normal number of a column without what is taken out; it is 1 with it."""
        place = self.names.index(name)
        sizes = np.where(np.isin(self.causes, self.taken_out), 0.0, self.coefficients[place])
        return float(np.sqrt(sizes @ self.scores @ sizes + self.left[place, place]))


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
    def margins(self) -> dict[str, AnyMargin]:
        """Of every column, cost and the date of birth, in the order of the correlations."""
        costs = {str(amount): self.source.costs[amount.window][amount.sector] for amount in self.source.amounts}
        every: dict[str, AnyMargin] = {**self.source.columns, **costs}
        if self.source.births is not None:
            every[self.source.births.column] = self.source.births
        return {name: every[name] for name in self.source.correlations}

    @cached_property
    def before(self) -> list[str]:
        """What outcomes follow from."""
        return [name for name in self.source.columns if name not in self.source.after]

    @cached_property
    def drawn(self) -> list[str]:
        """What comes first: the date of birth, and what outcomes follow from but for what that date decides."""
        not_drawn = {*self.source.after, *self.decided}
        return [name for name in self.margins if name not in not_drawn]

    @cached_property
    def decided(self) -> Mapping[str, Decided]:
        """What the date of birth decides."""
        return self.source.births.decides if self.source.births else {}

    @cached_property
    def outcomes(self) -> Following:
        """What comes after."""
        names = [name for name in self.margins if name in self.source.after]
        return self._following(names, self.before)

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
    def of_drawn(self) -> Floats:
        """Correlations of the normal numbers of `drawn`, without what `effects` stand for."""
        places = self._places(self.drawn)
        normal = self.normal[np.ix_(places, places)].copy()
        for name, causes in self.source.chained.items():
            one, others = self.drawn.index(name), [self.drawn.index(self._drawn_for(cause)) for cause in causes]
            rest = [place for place in range(len(normal)) if place not in (one, *others)]
            by_rest = np.linalg.solve(normal[np.ix_(rest, rest)], normal[rest, one])
            normal[one, others] = normal[others, one] = normal[np.ix_(others, rest)] @ by_rest
        return correlations_near(normal)

    def _drawn_for(self, name: str) -> str:
        """What is drawn for a column: itself, or the date that decides it."""
        births = self.source.births
        return births.column if births is not None and name in births.decides else name

    def _following(self, names: list[str], causes: list[str]) -> Following:
        rows, columns = self._places(names), self._places(causes)
        scores = self._scores[np.ix_(columns, columns)]
        people = self._people(causes)
        fitted = np.zeros((len(rows), len(columns)))
        for place, (name, row) in enumerate(zip(names, rows, strict=True)):
            # a column that says the same in another unit is no cause of this one
            apart = np.abs(self._scores[row, columns]) < SAME
            wanted, ties = self._scores[row, columns][apart], scores[np.ix_(apart, apart)]
            steps = steps_of(self.margins[name])
            fitted[place, apart] = _coefficients(wanted, ties, people[:, apart], steps, self._series[row, 0])
        explained = fitted @ scores @ fitted.T
        spread = np.sqrt(1 - np.diag(explained))
        rest = (self.normal[np.ix_(rows, rows)] - explained) / np.outer(spread, spread)
        np.fill_diagonal(rest, 1.0)
        left = correlations_near(np.clip(rest, -0.999, 0.999)) * np.outer(spread, spread)
        return Following(names, causes, fitted, scores, left, self.source.exposures)

    def numbers_of(self, names: Sequence[str]) -> Floats:
        """Normal numbers, (PEOPLE, k), of these outcomes without what is taken out: always those of the same people."""
        part = self.outcomes
        places = [part.names.index(name) for name in names]
        kept = np.where(np.isin(part.causes, part.taken_out), 0.0, part.coefficients[places])
        rest = np.random.default_rng(1).standard_normal((PEOPLE, len(part.names))) @ root_of(part.left)[places].T
        return np.asarray((self._people(part.causes) @ kept.T + rest) / [part.spread(name) for name in names])

    def _people(self, names: Sequence[str]) -> Floats:
        """Scores, (PEOPLE, k), of people with these columns: always the same people."""
        places = self._places(names)
        root = root_of(correlations_near(self.normal[np.ix_(places, places)]))
        numbers = np.random.default_rng(0).standard_normal((PEOPLE, len(places))) @ root.T
        margins = [self.margins[name] for name in names]
        scores = [scores_of(m, values_of(m, number)) for m, number in zip(margins, numbers.T, strict=True)]
        return np.column_stack(scores) if scores else numbers

    def shared(self, group: Group) -> Floats:
        """Covariance of what a group shares of the normal numbers of `drawn`."""
        ties = np.eye(len(self.drawn))
        places = [self.drawn.index(name) for name in group.together]
        ties[np.ix_(places, places)] = matrix_of(group.together)
        alike = np.sqrt([group.alike.get(name, 0.0) for name in self.drawn])
        parts = normal_correlations(ties * np.outer(alike, alike), self._series[self._places(self.drawn)])
        # what is the same in a whole group has a normal number that is, and goes with nothing within groups
        whole = alike**2 >= WHOLE
        parts = np.where(whole[:, None] | whole, self.of_drawn, parts)
        by_whole = self.of_drawn[:, whole]
        least = by_whole @ np.linalg.solve(self.of_drawn[np.ix_(whole, whole)], by_whole.T)
        # parts that few groups tell may be those of no numbers: they then come closer to those that go with the whole
        return next(
            between
            for share in np.linspace(1, 0, SHRINKS)
            if _possible(between := least + share * (parts - least), self.of_drawn) or share == 0
        )

    def shared_rest(self, part: Following, group: Group) -> Floats:
        """Covariance of what a group shares of the rest of columns, (k, k): they hang together alike in it."""
        steps = self._series[self._places(part.names), 0] ** 2
        alike = np.array([group.alike.get(name, 0.0) for name in part.names])
        share = np.sqrt(np.minimum(alike / np.maximum(steps, 1e-3), 1.0))
        return np.asarray(part.left * np.outer(share, share))

    def variance_of(self, by: Mapping[str, float]) -> float:
        """Variance of a sum of scores of `before` with these coefficients."""
        sizes = np.array([by.get(name, 0.0) for name in self.before])
        return float(sizes @ self.outcomes.scores @ sizes)
