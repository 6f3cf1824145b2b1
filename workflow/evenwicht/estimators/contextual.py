"""What differs within groups, between groups, and in addition to who is in them.

Within: people of one group who differ in an exposure. Between: groups that differ in its mean. What is between beyond
what is within is contextual: people alike live among others. Sources: Mundlak 1978, Econometrica 46:69; Raudenbush and
Bryk 2002, Hierarchical Linear Models, chapter 5.

A mean over a few people of a group is the group's own mean with an error, which makes its coefficient too small
(Luedtke et al. 2008, Psychological Methods 13:203). `expected_means` takes the error out by regression calibration:
each group gets the mean to be expected of it, given those of its people and all else that is known of the group.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evenwicht.base.arrays import Floats, Labels
from evenwicht.base.errors import ModelError
from evenwicht.estimators.linear import LinearFit, fit_linear, singular_design
from evenwicht.estimators.multilevel import RandomIntercept, random_intercept, require_groups
from evenwicht.estimators.results import Error, Interval

FEW_LEFT = "the groups leave fewer than 3 degrees of freedom"
SAME = 1e-9  # standard deviations by which people of one group differ in what is the same for all of them
LEAST_RELIABILITY = 0.1  # below, what groups differ by is nearly all chance, and a correction would be a guess


@dataclass(frozen=True)
class Parts:
    """The three differences of one exposure."""

    within: Interval
    between: Interval
    contextual: Interval


class WithinBetween:
    """People in groups: an outcome, exposures with their means by group, covariates, and conditions of the groups.

    Parameters
    ----------
    outcome : (n,) array
        A number, or 0 and 1 (then a linear model of the risk).
    exposures : (n, k) array
        What people of one group differ in.
    covariates : (n, p) array
        They enter with their means by group, unless they are the same for all people of each group.
    conditions : (n, c) array
        The same for all people of each group.
    groups : (n,) array
        Group of each row; errors allow for what people of one group share, by CR2 and Satterthwaite degrees of freedom.
    names : sequence of k + c strings
        What exposures and conditions are called in messages.

    Raises
    ------
    ModelError
        If there are fewer than two groups, an exposure does not vary within groups, or a condition does.
    """

    def __init__(
        self,
        outcome: Floats,
        exposures: Floats,
        covariates: Floats,
        conditions: Floats,
        groups: Labels,
        names: Sequence[str],
        where: str = "within and between groups",
    ) -> None:
        self.outcome, self.exposures, self.covariates, self.conditions = outcome, exposures, covariates, conditions
        self.where = where
        self.place, self.size = require_groups(groups, where, least=2)
        self.count, self.k, self.c = len(self.size), exposures.shape[1], conditions.shape[1]
        for j, name in enumerate(names):
            inside = self._vary_within((exposures if j < self.k else conditions)[:, [j if j < self.k else j - self.k]])
            if j < self.k and not inside[0]:
                raise ModelError(
                    f"'{name}' is the same for all people of each group", where=where, fix="It is a condition."
                )
            if j >= self.k and inside[0]:
                raise ModelError(
                    f"'{name}' differs between people of one group", where=where, fix="It is an exposure of people."
                )
        self.personal = covariates[:, self._vary_within(covariates)]

    def _vary_within(self, columns: Floats) -> np.ndarray:
        spread = np.sqrt(((columns - self.means(columns)[self.place]) ** 2).mean(axis=0))
        return np.asarray(spread > SAME * np.where(columns.std(axis=0) > 0, columns.std(axis=0), 1.0))

    def means(self, columns: Floats) -> Floats:
        """Means by group, (groups, columns)."""
        sums = [np.bincount(self.place, column, self.count) for column in columns.T]
        return np.column_stack(sums) / self.size[:, None] if sums else np.empty((self.count, 0))

    @cached_property
    def within(self) -> list[Interval]:
        """Difference in the outcome by each exposure among people of one group (fixed effects of groups)."""
        columns = np.column_stack([self.exposures, self.personal])
        fit = fit_linear(
            self.outcome - self.means(self.outcome[:, None])[self.place, 0],
            columns - self.means(columns)[self.place],
            clusters=self.place,
            intercept=False,
            absorbed=self.count,
            where=self.where,
        )
        return [fit.interval(j) for j in range(self.k)]

    @cached_property
    def sampled_means(self) -> Floats:
        """Mean of each exposure over the people of each group, (groups, k)."""
        return self.means(self.exposures)

    @cached_property
    def _spread(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Group means of all that is known, their covariance less that of chance, and the covariance within groups."""
        known = np.column_stack([self.exposures, self.personal, self.conditions])
        known = (known - known.mean(axis=0)) / np.where(known.std(axis=0) > 0, known.std(axis=0), 1.0)
        means = self.means(known)
        deviation = known - means[self.place]
        inside = deviation.T @ deviation / (len(known) - self.count)
        inside[:, len(inside) - self.c :] = inside[len(inside) - self.c :] = 0.0  # conditions have no error
        apart = np.atleast_2d(np.cov(means, rowvar=False))
        true = apart - inside * (1 / self.size).mean()
        return means, true, inside, apart

    @cached_property
    def reliability(self) -> Floats:
        """Share of the variance of the means of people, over groups, that is not chance, (k,)."""
        _, true, _, apart = self._spread
        return np.asarray(np.diag(true)[: self.k] / np.diag(apart)[: self.k])

    @cached_property
    def _reliability_given_all(self) -> Floats:
        """The same of what the other columns of groups leave of each mean, (k,): that is what a slope stands on."""
        _, true, _, apart = self._spread
        left = 1 / np.diag(np.linalg.inv(apart))[: self.k]
        return np.asarray(1 - np.diag(apart - true)[: self.k] / left)

    @cached_property
    def expected_means(self) -> Floats:
        """Mean of each exposure that is to be expected of each group, (groups, k); see the module.

        Raises
        ------
        ModelError
            If groups differ in an exposure by little more than chance.
        """
        if (self._reliability_given_all < LEAST_RELIABILITY).any():
            raise ModelError(
                "groups differ in the mean of an exposure by little more than chance",
                where=self.where,
                fix="Take groups with more people, or an exposure in which they differ more.",
            )
        means, true, inside, apart = self._spread
        unit = np.sqrt(np.diag(apart))
        values, axes = np.linalg.eigh(true / np.outer(unit, unit))
        true = (axes * np.maximum(values, 0.0)) @ axes.T * np.outer(unit, unit)
        around = means - means.mean(axis=0)
        try:
            weights = np.linalg.solve(true + inside / self.size[:, None, None], true)
        except np.linalg.LinAlgError as error:
            raise singular_design(self.where) from error
        expected = np.einsum("gi,gij->gj", around, weights)[:, : self.k]
        return np.asarray(expected * self.exposures.std(axis=0) + self.sampled_means.mean(axis=0))

    def design(self, means: Floats) -> Floats:
        """All columns of the model: people's own, means of exposures, (groups, k), means of covariates, conditions."""
        others = self.means(self.personal)[self.place]
        return np.column_stack([self.exposures, self.covariates, means[self.place], others, self.conditions])

    def _fit(self, means: Floats) -> LinearFit:
        return fit_linear(self.outcome, self.design(means), clusters=self.place, where=self.where)

    @cached_property
    def _by_sampled(self) -> LinearFit:
        return self._fit(self.sampled_means)

    @cached_property
    def _by_expected(self) -> LinearFit:
        return self._fit(self.expected_means)

    def by_sampled_means(self, position: int) -> Parts:
        """The differences of an exposure by the means of the people in each group."""
        fit, own, context = self._by_sampled, *self._positions(position)
        return Parts(self.within[position], _sum(fit, (own, context)), fit.interval(context))

    def by_expected_means(self, position: int) -> Parts:
        """The differences of an exposure by the means to be expected of the groups.

        The variance has a part for the reliability, which is estimated as well.
        """
        fit, own, context = self._by_expected, *self._positions(position)
        known = float(self._reliability_given_all[position])
        doubt = abs(fit.params[context]) * (1 - known) / known * np.sqrt(2 / (self.count - 1))
        return Parts(self.within[position], _sum(fit, (own, context), doubt), _sum(fit, (context,), doubt))

    def by_random_intercept(self, means: Floats) -> tuple[list[Parts], list[Interval]]:
        """The differences of exposures, and by conditions, in a random-intercept model.

        Limits are by a t distribution on groups less the columns of groups, or people less those of people.
        """
        design = self.design(means)
        fit: RandomIntercept = random_intercept(self.outcome, design, self.place, where=self.where)
        personal, columns = self.exposures.shape[1] + self.personal.shape[1], design.shape[1]
        groups = float(self.count - 1 - (columns - personal))
        people = float(len(self.outcome) - self.count - personal)
        if groups < 3:
            raise ModelError(
                "the groups leave fewer than 3 degrees of freedom",
                where=self.where,
                fix="Take fewer columns of groups.",
            )
        unit = np.eye(columns)
        parts = []
        for j in range(self.k):
            own, context = self._positions(j)
            between = fit.contrast(unit[own] + unit[context], groups)
            parts.append(Parts(fit.interval(own, people), between, fit.interval(context, groups)))
        return parts, [fit.interval(columns - self.c + j, groups) for j in range(self.c)]

    def by_condition(self, position: int, *, expected: bool) -> Interval:
        """Difference in the outcome by a condition of groups, given who is in them."""
        fit = self._by_expected if expected else self._by_sampled
        return fit.interval(len(fit.params) - self.c + position)

    def _positions(self, position: int) -> tuple[int, int]:
        return position, self.k + self.covariates.shape[1] + position


def _sum(fit: LinearFit, positions: Sequence[int], doubt: float = 0.0) -> Interval:
    """A sum of coefficients; `doubt` is a standard error that the fit does not know of."""
    where = list(positions)
    error = fit.error(fit.contrasts[where].sum(axis=0))
    if not error.reason:
        error = Error(float(np.hypot(error.se, doubt)), error.df)
    return error.around(fit.params[where].sum())
