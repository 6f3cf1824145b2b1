"""Which effects are put in, on what, and how far each of the people is from the mean exposure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenwicht.base.arrays import Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import ConfigError, listed
from evenwicht.base.exposures import Exposed
from evenwicht.base.outcomes import BinaryOutcome, ContinuousOutcome, MultiSectorOutcome
from evenwicht.base.variables import target_of
from evenwicht.worlds.twin.margins import centre_of
from evenwicht.worlds.twin.settings import Bands, Levels, TwinWorld, YesNo

Sizes = Mapping[Exposed, float]


@dataclass(frozen=True)
class Effects:
    """What is put in: who is exposed -> size, by the variable or event that it changes.

    Attributes
    ----------
    of
        On values, risks or hazards.
    shifts
        On the normal numbers of use.
    """

    of: Mapping[str, Sizes] = field(default_factory=dict)
    shifts: Mapping[str, Sizes] = field(default_factory=dict)

    def on(self, target: str) -> Sizes:
        """Who is exposed -> size of the effect on a variable or event."""
        return self.of.get(target, {})

    def causes(self, target: str) -> list[str]:
        """Columns with an effect on a variable or event."""
        return list(dict.fromkeys(exposed.column for exposed in (*self.on(target), *self.shifts.get(target, {}))))


def stated_effects(source: TwinWorld, book: Codebook) -> Effects:
    """Return the effects by what they change; outcomes that the cohort does not have are left to its check."""
    found: dict[str, dict[Exposed, float]] = {}
    for name, sizes in source.effects.items():
        if name not in book.outcomes or isinstance(book.outcomes[name], MultiSectorOutcome):
            continue  # of several sectors: see `several`
        where, target = f"cohort {book.cohort}: source.effects.{name}", target_of(book.outcomes[name])
        possible = [*source.after, *source.chained, *source.events]
        if target not in possible:
            fix = f"Effects are on: {listed(possible)}."
            raise ConfigError("it is no outcome that effects can be put on", where=where, fix=fix)
        for key, size in sizes.items():
            if not isinstance(book.outcomes[name], ContinuousOutcome | BinaryOutcome) and size <= 0:
                raise ConfigError(f"the ratio for '{key}' is not above 0", where=where, fix="1 is no effect.")
            if found.setdefault(target, {}).setdefault(Exposed.read(key), size) != size:
                fix = "Give it the same size, or state it once."
                raise ConfigError(f"'{key}' has two effects on '{target}'", where=where, fix=fix)
        margin = source.columns.get(target)
        if isinstance(margin, YesNo) and not _fits(margin.share, source, found[target]):
            fix = "Give smaller differences of risk."
            raise ConfigError("these effects give a risk below 0 or above 1", where=where, fix=fix)
    for event, happening in source.events.items():
        if happening.same_as in found:
            found.setdefault(event, dict(found[happening.same_as]))
    return Effects(found)


def _fits(share: float, source: TwinWorld, sizes: Sizes) -> bool:
    """Whether everybody's mean risk stays between 0 and 1, of exposures that are yes or no."""
    flagged = [one for one in sizes if not isinstance(source.columns[one.column], Bands)]
    moved = [sorted(end * sizes[one] for end in ends_of(source, one)) for one in flagged]
    return share + sum(low for low, _ in moved) > 0 and share + sum(high for _, high in moved) < 1


def _centre(source: TwinWorld, exposed: Exposed) -> float:
    """Share exposed, or the middle of a number."""
    margin = source.columns[exposed.column]
    return margin.shares.get(exposed.level, 0.0) if isinstance(margin, Levels) else centre_of(margin)


def ends_of(source: TwinWorld, exposed: Exposed) -> tuple[float, float]:
    """Return how far people with and without are from the mean exposure; of a number, those one unit apart."""
    if isinstance(source.columns[exposed.column], Bands):
        return 0.5, -0.5
    return 1 - _centre(source, exposed), -_centre(source, exposed)


def moved_by(source: TwinWorld, sizes: Sizes, values: Mapping[str, NDArray[Any]], n: int) -> Floats:
    """Return the sum of effects, (n,): of each its size times how far each is from the mean exposure."""
    total = np.zeros(n)
    for exposed, size in sizes.items():
        amount = values[exposed.column]
        amount = amount == exposed.level if exposed.level else amount
        total += size * (np.asarray(amount).astype(float) - _centre(source, exposed))
    return total


def logarithms(sizes: Sizes) -> dict[Exposed, float]:
    """Return the logarithms of effects that are ratios."""
    return {exposed: float(np.log(size)) for exposed, size in sizes.items()}


def between(column: str, levels: tuple[str, str] | None, sizes: Sizes) -> float:
    """Return the size of an effect between two levels, or by one unit."""
    if levels is None:
        return sizes.get(Exposed(column), 0.0)
    one, none = (sizes.get(Exposed(column, level), 0.0) for level in levels)
    return one - none
