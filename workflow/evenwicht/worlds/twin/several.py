"""Effects on high need in several sectors at once: shifts of use in all of them that give a difference in risk."""

import numpy as np
from scipy.special import ndtri

from evenwicht.base.arrays import Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import ConfigError
from evenwicht.base.exposures import Exposed
from evenwicht.base.outcomes import MultiSectorOutcome
from evenwicht.estimators.concentration import several_sectors
from evenwicht.worlds.twin.dependence import Structure
from evenwicht.worlds.twin.effects import ends_of

MOST = 4.0  # standard deviations that use is shifted by
HALVINGS = 40
NEAR = 0.002  # of a difference in risk


def stated_shifts(structure: Structure, book: Codebook) -> dict[str, dict[Exposed, float]]:
    """Return the shift of the normal number of each sector's use, by who is exposed: the same in all of a window.

    It is found in people drawn from the structure, by halving: more use in every sector never lowers the risk.

    Raises
    ------
    ConfigError
        If no shift gives a stated effect, or two are stated.
    """
    source, found = structure.source, dict[str, dict[Exposed, float]]()
    for name, sizes in source.effects.items():
        outcome = book.outcomes.get(name)
        if not isinstance(outcome, MultiSectorOutcome):
            continue
        where = f"cohort {book.cohort}: source.effects.{name}"
        amounts = [str(amount) for amount in source.amounts if amount.window == outcome.window]
        if not amounts:
            fix = "State effects on outcomes that the twin has."
            raise ConfigError(f"the twin has no use in the window '{outcome.window}'", where=where, fix=fix)
        zeros = [
            source.costs[outcome.window][amount.sector].zeros for amount in source.amounts if str(amount) in amounts
        ]
        above = structure.numbers_of(amounts) - ndtri(np.maximum(1 - outcome.top_share, zeros))
        for key, size in sizes.items():
            exposed = Exposed.read(key)
            shift = _shift(above, outcome.at_least, ends_of(source, exposed), size)
            if shift is None:
                fix = "Give a smaller difference of risk."
                raise ConfigError(f"no shift of use gives the effect of '{key}'", where=where, fix=fix)
            if any(found.setdefault(amount, {}).setdefault(exposed, shift) != shift for amount in amounts):
                fix = "State it for one outcome of each window."
                raise ConfigError(f"'{key}' has two effects on use in '{outcome.window}'", where=where, fix=fix)
    return found


def _shift(above: Floats, at_least: int, ends: tuple[float, float], size: float) -> float | None:
    """Shift that gives a difference in risk between both ends of the exposure; None if none does.

    Parameters
    ----------
    above : (n, sectors)
        How far each normal number is above the limit of high need.
    """

    def difference(shift: float) -> float:
        with_it, without = (several_sectors(above + shift * end > 0, at_least).mean() for end in ends)
        return float(with_it - without)

    low, high = -MOST, MOST
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if difference(middle) < size else (low, middle)
    return middle if abs(difference(middle) - size) < NEAR else None
