"""What would not be there after a change: attributable fractions of use and of yes/no states, by the g-formula.

A model of the outcome given all that changes and the covariates is averaged over people as they would be after the
change (Greenland and Drescher 1993, Biometrics 49:865; Hernan and Robins, What If, section 13.3). Of amounts it is
log-linear, fitted by Poisson quasi-likelihood, which needs the mean alone to be right and takes zeros as they are; of
yes/no states it is logistic.
"""

from collections.abc import Sequence

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.estimators.design import natural_spline, spline_degrees, standardised
from evenwicht.estimators.influence import Estimate, combined
from evenwicht.estimators.regression import Fit, Orthonormal, fit_on
from evenwicht.estimators.standardisation import NO_FIT

NO_PREDICTION = "what changes follows from the covariates, so the data do not tell what a change would do"


class Changed:
    """What changes, and the covariates: the design of a model of any outcome, worked out once for all of them.

    Parameters
    ----------
    changed : (n, p) array
        What changes, as things are.
    covariates : (n, k) array
    numbers
        Places of the columns of what changes that are numbers: they enter as natural splines, as use need not grow by
        the same factor with each step.
    weights : (n,) array, optional
        Probability weights.
    """

    def __init__(
        self, changed: Floats, covariates: Floats, *, numbers: Sequence[int] = (), weights: Floats | None = None
    ) -> None:
        self.values = changed
        self.weights = np.ones(len(changed)) if weights is None else weights
        self._centre, self._unit = changed.mean(axis=0), np.where(changed.std(axis=0) > 0, changed.std(axis=0), 1.0)
        self._scaled = (changed - self._centre) / self._unit
        self._bends = {k: spline_degrees(self._scaled[:, k]) for k in numbers}
        self._fixed = np.column_stack([np.ones(len(changed)), standardised(covariates)])
        self._columns = Orthonormal.of(self.design(changed), self.weights)

    def design(self, changed: Floats) -> Floats:
        """Design of people whose values, (n, p), are these."""
        scaled = (changed - self._centre) / self._unit
        curved = [
            natural_spline(self._scaled[:, k], df, "a change", scaled[:, k])[:, 1:] for k, df in self._bends.items()
        ]
        return np.column_stack([self._fixed, scaled, *curved])

    def fit(self, outcome: Floats, *, binary: bool) -> Fit:
        """Model amounts, (n,), none negative and not all zero, or 0 and 1."""
        return fit_on("binomial" if binary else "poisson", outcome, self._columns)


class Removal:
    """How much of an outcome would be gone after a change.

    Parameters
    ----------
    outcome : (n,) array
        Amounts, none negative and not all zero, or 0 and 1.
    changes
        What changes, and the covariates.
    binary
        Whether the outcome is 0 or 1.
    """

    def __init__(self, outcome: Floats, changes: Changed, *, binary: bool) -> None:
        self.outcome, self.changes, self.weights = outcome, changes, changes.weights
        self._fit = changes.fit(outcome, binary=binary)

    def fraction(self, changed: Floats) -> Estimate:
        """Share of the outcome that would be gone with these values, (n, p), in place of those as things are.

        As the link is canonical and the design has an intercept, the model's mean as things are is that of the outcome.
        """
        total = self.weights.sum()
        now = float(np.average(self.outcome, weights=self.weights))
        design = self.changes.design(changed)
        if not self._fit.determines(design):
            return Estimate(np.nan, np.full(len(design), np.nan), NO_PREDICTION)
        predicted = self._fit.predict(design)
        left = float(np.average(predicted, weights=self.weights))
        if self._fit.separated:
            return Estimate(1 - left / now, np.full(len(predicted), np.nan), NO_FIT)
        gradient = self._fit.gradient(design, self.weights / total)
        after = Estimate(left, (predicted - left) / total + self._fit.influence(gradient))
        mean = Estimate(now, (self.outcome - now) / total)
        return combined(1 - left / now, (-1 / now, after), (left / now**2, mean))


def one_after_the_other(model: Removal, after: Floats) -> tuple[list[Estimate], list[Estimate]]:
    """Fractions of each change alone, and of each with those before it, in the order of the columns.

    Parameters
    ----------
    model
        Fitted to the values as things are.
    after : (n, p) array
        Values after all changes.
    """
    changed = model.changes.values
    columns = range(changed.shape[1])
    alone = [model.fraction(_with(changed, after, [k])) for k in columns]
    together = [alone[0], *(model.fraction(_with(changed, after, range(k + 1))) for k in columns[1:])]
    return alone, together


def _with(changed: Floats, after: Floats, columns: Sequence[int]) -> Floats:
    values = changed.copy()
    values[:, list(columns)] = after[:, list(columns)]
    return values
