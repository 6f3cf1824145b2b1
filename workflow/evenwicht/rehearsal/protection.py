"""What the aggregates of a twin keep to, so that none of them tells of one person."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evenwicht.base.arrays import Floats

CORRELATION_STEPS = (0.05, 0.02, 0.01)


@dataclass(frozen=True)
class Protection:
    """Limits of an output.

    Attributes
    ----------
    threshold
        Least number of people, groups or events behind any figure.
    base
        Numbers of people are rounded to multiples of it.
    rounded
        How; to the nearest if left out.
    """

    threshold: int = 10
    base: int = 5
    rounded: Callable[[int], int] | None = None

    def count(self, people: float) -> int:
        """Return a number of people, rounded."""
        if self.rounded is not None:
            return self.rounded(round(people))
        return int(self.base * round(people / self.base))

    def share(self, people: float, of: float) -> float:
        """Return a share of two rounded numbers: neither none nor all, where there are some and others."""
        whole = max(self.count(of), 2 * self.base)
        some = min(max(self.count(people), self.base), whole - self.base)
        return round(some / whole, max(3, len(str(whole)))) if people < of else 1.0

    def enough(self, people: float) -> bool:
        """Whether a figure of so many people may be told."""
        return people >= self.threshold

    def bands(self, people: float, most: int = 20) -> int:
        """Return into how many bands so many people may be cut: there are twice as many as needed in each."""
        return int(min(most, people // (2 * self.threshold)))

    def correlation(self, value: float, pairs: float) -> float:
        """Return a correlation to the coarsest step below its standard error, 0 if too few pairs tell it."""
        if not self.enough(pairs) or not np.isfinite(value):
            return 0.0
        step = next((step for step in CORRELATION_STEPS if step < 1 / np.sqrt(pairs)), CORRELATION_STEPS[-1])
        return float(np.clip(round(round(value / step) * step, 2), -0.99, 0.99)) + 0.0


def to_three_figures(values: ArrayLike) -> Floats:
    """Return numbers rounded to three figures of the distance between the first and the last of them."""
    numbers = np.asarray(values, dtype=float)
    spread = float(np.ptp(numbers)) or float(np.abs(numbers).max()) or 1.0
    decimals = 2 - int(np.floor(np.log10(spread)))
    return np.round(numbers, decimals) + 0.0
