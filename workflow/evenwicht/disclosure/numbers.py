"""How exactly a number that is no count may leave."""

import numpy as np

from evenwicht.base.arrays import Floats


def to_figures(values: Floats, figures: Floats | int) -> Floats:
    """Return numbers, (n,), to so many significant figures; what is no number or without end stays."""
    values = np.asarray(values, dtype=float)
    usable = np.isfinite(values) & (values != 0)
    size = np.floor(np.log10(np.abs(np.where(usable, values, 1.0))))
    # a whole power of ten divides exactly where its inverse would not
    power = np.asarray(figures) - 1 - size
    up, down = 10.0 ** np.maximum(power, 0), 10.0 ** np.maximum(-power, 0)
    return np.where(usable, np.round(values * up / down) * down / up, values)


def figures_of_counts(fewest: Floats, base: int, most: int) -> Floats:
    """Return how many significant figures a number made of counts may have, (n,), from 1 to `most`.

    So few that its rounding hides as much as that of the counts: a count of c, known to `base`, is known to base / c.

    Parameters
    ----------
    fewest
        The smallest count that it is made of, (n,).
    """
    steps = np.maximum(np.asarray(fewest, dtype=float) / base, 1.0)
    return np.clip(np.floor(np.log10(steps)) + 1, 1, most)


def upwards(values: Floats, step: float) -> Floats:
    """Return the multiples of a step that are not smaller, (n,)."""
    slack = 1e-9  # of a step: a multiple stays
    return np.ceil(values / step - slack) * step
