"""Levers as a cohort meets them: alone or together, in one reading of the evidence, on its columns."""

from dataclasses import dataclass, replace

import numpy as np

from evenwicht.base.arrays import Floats, Labels
from evenwicht.estimators.inequality import Ranks
from evenwicht.levers.figures import Point, at
from evenwicht.levers.lever import Lever, VariantName
from evenwicht.levers.reach import THIRDS, Action, action, mixture, offered, taking_part

EVERYBODY = 100_000  # births over which costs are counted


@dataclass(frozen=True)
class Acting:
    """A lever on a column.

    Attributes
    ----------
    lever
        What it does, to whom.
    column
        Of `persons`: what it changes.
    units
        Units of the column in one unit of the dose.
    age
        At which the column is looked at, years; the end of the lever if None.
    """

    lever: Lever
    column: str
    units: float = 1.0
    age: float | None = None

    def action(self, variant: VariantName, thirds: Labels, point: Point) -> Action:
        """What it does to the column of people by their thirds, (n,), in a reading of the evidence."""
        own = action(self.lever, variant, thirds, age=self.age, point=point)
        if own.measure != "amount":
            return replace(own, exposure=self.column)
        least = None if own.least is None else own.least * self.units
        return replace(own, exposure=self.column, change=own.change * self.units, least=least)


@dataclass(frozen=True)
class Package:
    """One lever, or several at once; those on one column act on the same exposure in the same unit.

    Attributes
    ----------
    exposure, reference
        Keys of its rows: its id, and the variant.
    acting
        The levers, each on its column.
    variant
        The reading of the evidence.
    among
        Column and level of those to whom alone they are introduced; everybody if left out.
    """

    exposure: str
    reference: str
    acting: tuple[Acting, ...]
    variant: VariantName
    among: tuple[str, str] | None = None

    @property
    def columns(self) -> list[str]:
        """What it changes, each column once."""
        return list(dict.fromkeys(one.column for one in self.acting))

    def parts(self, values: Floats, thirds: Labels, point: Point = "mid") -> list[tuple[Floats, Floats]]:
        """Return the chances, (n,), to be changed in each way, and what the columns are then, (n, p).

        Parameters
        ----------
        values : (n, p) array
            The columns as they are, in their order; 0 and 1 in a yes/no column.
        thirds : (n,) array
            Third of family SES: low, middle or high.
        point
            Which value of a sweep is taken.
        """
        natural = dict(zip(self.columns, values.T, strict=True))
        mixed = mixture(natural, [one.action(self.variant, thirds, point) for one in self.acting])
        return [
            (chance, np.column_stack([changed[column] for column in natural]))
            for chance, changed in mixed
            if any(changed[column] is not own for column, own in natural.items())
        ]

    def cost(self, thirds: Labels, point: Point = "mid", weights: Floats | None = None) -> float:
        """What it costs over 100,000 births by people, (n,), of these thirds, in the currency and year of `costed`."""
        return sum(_cost(one.lever, thirds, point, weights) for one in self.acting)

    @property
    def costed(self) -> tuple[str, int] | None:
        """Currency and year of the prices; None if a cost is not known, or they have different ones."""
        costs = [one.lever.cost for one in self.acting]
        known = {(cost.currency, cost.price_year) if cost else None for cost in costs}
        return known.pop() if len(known) == 1 else None

    @property
    def refers(self) -> bool:
        """Whether every lever of it says what it does to referrals."""
        return all(one.lever.referral_effect is not None for one in self.acting)

    def referrals(self, thirds: Labels, point: Point = "mid", weights: Floats | None = None) -> float:
        """Referrals to youth care that it adds over 100,000 births, if it says what it does to them."""
        return sum(_referrals(one.lever, thirds, point, weights) for one in self.acting)


def _cost(lever: Lever, thirds: Labels, point: Point, weights: Floats | None) -> float:
    assert lever.cost is not None  # `costed` says so
    reached = {"participant": taking_part, "offer": offered}.get(lever.cost.per)
    share = 1.0 if reached is None else float(np.average(reached(lever, thirds, point=point), weights=weights))
    return EVERYBODY * share * at(lever.cost.amount, point)


def _referrals(lever: Lever, thirds: Labels, point: Point, weights: Floats | None) -> float:
    assert lever.referral_effect is not None  # `refers` says so
    counted = offered if lever.estimand == "ITT" else taking_part
    share = float(np.average(counted(lever, thirds, point=point), weights=weights))
    return EVERYBODY * share * at(lever.referral_effect, point)


def thirds_of(ranks: Ranks | None, n: int) -> Labels:
    """Return the third, (n,), in which each person's rank lies; without ranks all are in the middle."""
    if ranks is None:
        return np.full(n, THIRDS[1])
    return np.array(THIRDS)[np.minimum((3 * ranks.place).astype(int), 2)]
