"""What an attacker can work out of published counts: the least and greatest true value of every cell."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from evenwicht.base.arrays import Flags, Floats, Ints

Sum = tuple[int, tuple[int, ...]]  # a total and its parts


def bounds_of_hidden(counts: Ints, equations: Floats, hidden: Flags) -> tuple[Floats, Floats]:
    """Return the least and greatest value that each hidden count could have, given all others and the sums.

    Two linear programmes a cell: Fischetti and Salazar 2001, Math Program 90:283. What is published is its own bound.

    Parameters
    ----------
    counts : (k,)
        True counts, at least 0.
    equations : (q, k)
        Each row times the counts is 0, such as parts less their total.
    hidden : (k,)
        Which are not published.
    """
    from scipy.optimize import linprog

    low, high = counts.astype(float), counts.astype(float)
    limits = [(0.0, None) if is_hidden else (n, n) for n, is_hidden in zip(counts, hidden, strict=True)]
    for cell in np.flatnonzero(hidden):
        goal = np.zeros(len(counts))
        goal[cell] = 1.0
        zeros = np.zeros(len(equations))
        least: Any = linprog(goal, A_eq=equations, b_eq=zeros, bounds=limits, method="highs")
        most: Any = linprog(-goal, A_eq=equations, b_eq=zeros, bounds=limits, method="highs")
        low[cell] = least.fun
        high[cell] = -most.fun if most.status == 0 else np.inf
    return low, high


def bounds_of_sums(known: Mapping[int, tuple[float, float]], sums: Iterable[Sum]) -> dict[int, tuple[float, float]]:
    """Return the least and greatest value that each count could have, given what is known of all and their sums.

    Each sum narrows its members, until none does any more. For a single sum of whole numbers these bounds are reached.

    Parameters
    ----------
    known
        By true count: between which whole numbers it must lie, without an end if it is not published.
    sums
        Which counts add up to which.
    """
    bounds, sums = dict(known), list(sums)
    narrowed = True
    while narrowed:
        narrowed = False
        for total, parts in sums:
            lows, highs = (np.array([bounds[part][side] for part in parts]) for side in (0, 1))
            low, high = bounds[total]
            narrower = {total: (max(low, lows.sum()), min(high, highs.sum()))}
            for place, part in enumerate(parts):
                others = np.arange(len(parts)) != place
                narrower[part] = (
                    max(lows[place], low - highs[others].sum()),
                    min(highs[place], high - lows[others].sum()),
                )
            for count, new in narrower.items():
                if new != bounds[count]:
                    bounds[count] = (max(new[0], bounds[count][0]), min(new[1], bounds[count][1]))
                    narrowed = True
    return bounds
