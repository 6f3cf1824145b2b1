"""What money and health of later years are worth today, by discount rates that may step down with time."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from evenwicht.base.arrays import Floats


@dataclass(frozen=True)
class Schedule:
    """Discount rates by year.

    Attributes
    ----------
    steps
        (first year, rate a year) of each step, in order; year y is the time from y - 1 to y, so that a table of
        "years 0-30, years 31-75" is ((0, .035), (31, .03)). The first step begins at year 0 or 1, which is the same.

    Raises
    ------
    ValueError
        If there is no step, steps are out of order or begin late, or a rate is not a number above -1.

    Examples
    --------
    >>> Schedule(((1, 0.02), (31, 0.015))).factors([0, 1, 31]).round(4).tolist()
    [1.0, 0.9804, 0.5439]
    """

    steps: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        begins = self._begins()
        if not begins or begins[0] != 0 or any(late <= early for early, late in pairwise(begins)):
            raise ValueError(f"steps begin at year 1 and are in order, and these begin at {[y for y, _ in self.steps]}")
        if not all(-1 < rate < np.inf for _, rate in self.steps):
            raise ValueError(f"a rate is a share above -1, and these are {[rate for _, rate in self.steps]}")

    @classmethod
    def constant(cls, rate: float) -> "Schedule":
        """Return one rate a year for all time."""
        return cls(((1.0, rate),))

    def factors(self, years: ArrayLike) -> Floats:
        """Return what 1 at each time is worth at time 0.

        1/(1+r)^t at one rate; with more, what the years within each step take away is chained. Factors are weights:
        with covariance V of flows at these times, the variance of their present value is `w @ V @ w`.

        Parameters
        ----------
        years : (...) array
            Times from now in years, 0 or more; they may be fractions. Time 0 is not discounted.

        Returns
        -------
        (...) array
            Factors, 1 at time 0.

        Raises
        ------
        ValueError
            If a time is below 0 or not a number.
        """
        times = np.asarray(years, dtype=float)
        if not (times >= 0).all():
            raise ValueError(f"times to discount are 0 or more, and the least is {times.min():g}")
        begins = self._begins()
        exponent = np.zeros(times.shape)
        for (_, rate), begin, end in zip(self.steps, begins, [*begins[1:], np.inf], strict=True):
            exponent += np.log1p(rate) * np.clip(times - begin, 0, end - begin)
        return np.exp(-exponent)

    def _begins(self) -> list[float]:
        """Time at which each step begins."""
        return [max(year - 1, 0.0) for year, _ in self.steps]
