"""Levers as a cohort meets them: alone or together, in one reading of the evidence, on one of its columns."""

from dataclasses import dataclass, replace

import numpy as np

from evenwicht.base.arrays import Floats, Labels
from evenwicht.estimators.inequality import Ranks
from evenwicht.levers.figures import Point, at
from evenwicht.levers.lever import Lever, VariantName
from evenwicht.levers.reach import THIRDS, Action, action, mixture, offered, taking_part

EVERYBODY = 100_000  # births over which costs are counted


@dataclass(frozen=True)
class Package:
    """One lever, or several that act on one column at once.

    Attributes
    ----------
    exposure, reference
        Keys of its rows: its id, and the variant.
    levers
        They act on the same exposure in the same unit.
    variant
        The reading of the evidence.
    column
        Of `persons`: what they change.
    units
        Units of the column in one unit of the dose.
    among
        Column and level of those to whom alone they are introduced; everybody if left out.
    """

    exposure: str
    reference: str
    levers: tuple[Lever, ...]
    variant: VariantName
    column: str
    units: float = 1.0
    among: tuple[str, str] | None = None

    def parts(self, values: Floats, thirds: Labels, point: Point = "mid") -> list[tuple[Floats, Floats]]:
        """Return the chances, (n,), to be changed in each way, and what the column is then, (n,).

        Parameters
        ----------
        values : (n,) array
            The column as it is; 0 and 1 if it is a yes/no column.
        thirds : (n,) array
            Third of family SES: low, middle or high.
        point
            Which value of a sweep is taken.
        """
        actions = [self._action(lever, thirds, point) for lever in self.levers]
        mixed = mixture({self.column: values}, actions)
        return [(chance, changed[self.column]) for chance, changed in mixed if changed[self.column] is not values]

    def cost(self, thirds: Labels, point: Point = "mid") -> float:
        """What it costs over 100,000 births, in the currency and at the prices of `costed`; 0 without people."""
        return sum(_cost(lever, thirds, point) for lever in self.levers)

    @property
    def costed(self) -> tuple[str, int] | None:
        """Currency and year of the prices; None if a cost is not known, or they have different ones."""
        known = {(one.cost.currency, one.cost.price_year) if one.cost else None for one in self.levers}
        return known.pop() if len(known) == 1 else None

    def _action(self, lever: Lever, thirds: Labels, point: Point) -> Action:
        own = action(lever, self.variant, thirds, point=point)
        if own.measure != "amount":
            return replace(own, exposure=self.column)
        least = None if own.least is None else own.least * self.units
        return replace(own, exposure=self.column, change=own.change * self.units, least=least)


def _cost(lever: Lever, thirds: Labels, point: Point) -> float:
    assert lever.cost is not None  # `costed` says so
    reached = {"participant": taking_part, "offer": offered}.get(lever.cost.per)
    share = 1.0 if reached is None else float(reached(lever, thirds, point=point).mean())
    return EVERYBODY * share * at(lever.cost.amount, point)


def thirds_of(ranks: Ranks | None, n: int) -> Labels:
    """Return the third, (n,), in which each person's rank lies; without ranks all are in the middle."""
    if ranks is None:
        return np.full(n, THIRDS[1])
    return np.array(THIRDS)[np.minimum((3 * ranks.place).astype(int), 2)]
