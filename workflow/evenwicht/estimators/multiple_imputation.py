"""Estimates from several completed copies of incomplete data, put together by Rubin's rules.

Sources: Rubin 1987, Multiple Imputation for Nonresponse in Surveys, chapter 3; degrees of freedom after Barnard and
Rubin 1999, Biometrika 86:948.
"""

from dataclasses import dataclass

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.estimators.results import Interval


@dataclass(frozen=True)
class Pooled:
    """One estimate over m imputations, on a scale on which it is about normal.

    Attributes
    ----------
    estimate
        Mean of the m estimates.
    within, between
        Mean of their m variances, and the variance between them.
    imputations
        m, at least 2.
    complete_df
        Degrees of freedom of the estimate, had nothing been missing; infinite for a normal one.
    """

    estimate: float
    within: float
    between: float
    imputations: int
    complete_df: float = np.inf

    @property
    def extra(self) -> float:
        """Variance that the missing values add, with that of a finite number of imputations."""
        return (1 + 1 / self.imputations) * self.between

    @property
    def variance(self) -> float:
        """Total variance."""
        return self.within + self.extra

    @property
    def se(self) -> float:
        return float(np.sqrt(self.variance))

    @property
    def relative_increase(self) -> float:
        """By which share the missing values increase the variance."""
        return self.extra / self.within if self.within > 0 else (np.inf if self.extra > 0 else 0.0)

    @property
    def df(self) -> float:
        """Degrees of freedom of the pooled estimate; at most those of complete data."""
        if self.extra == 0:
            return self.complete_df
        share = self.extra / self.variance
        many = (self.imputations - 1) / share**2
        if np.isinf(self.complete_df):
            return many
        observed = (self.complete_df + 1) / (self.complete_df + 3) * self.complete_df * (1 - share)
        return many * observed / (many + observed)

    @property
    def missing_information(self) -> float:
        """Fraction of information about the estimate that is lost with the missing values, 0 to 1."""
        if self.extra == 0:
            return 0.0
        increase = self.relative_increase
        return 1.0 if np.isinf(increase) else (increase + 2 / (self.df + 3)) / (1 + increase)

    def interval(self) -> Interval:
        """95% interval by a t distribution."""
        return Interval.student(self.estimate, self.se, self.df)


def pooled(estimates: Floats, variances: Floats, complete_df: float = np.inf) -> Pooled:
    """Pool an estimate over imputations.

    Parameters
    ----------
    estimates, variances : (m,) arrays
        Of the same quantity in each completed data set, on a scale on which it is about normal: the logarithm of a
        ratio, the (complementary log-)log or logit of a probability.
    complete_df
        See `Pooled`.

    Raises
    ------
    ValueError
        If there are fewer than two imputations: the program's own fault.

    >>> round(pooled(np.array([1.0, 1.2, 0.9]), np.array([0.04, 0.05, 0.06])).se, 4)
    0.2848
    """
    m = len(estimates)
    if m < 2:
        raise ValueError(f"{m} imputation has no variance between")
    centre = float(np.mean(estimates))
    between = float(np.var(estimates, ddof=1)) if np.ptp(estimates) > 0 else 0.0
    return Pooled(centre, float(np.mean(variances)), between, m, complete_df)
