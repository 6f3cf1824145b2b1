"""What an attacker can work out of published counts: the least and greatest true value of every cell."""

from typing import Any

import numpy as np

from evenwicht.base.arrays import Flags, Floats, Ints


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


def bounds_of_rounded(total: int, parts: Ints, base: int) -> tuple[Ints, Ints]:
    """Return the least and greatest true total and parts, (1 + p,) each, of one sum published by random rounding.

    A published value is less than `base` away from the true one, which is at least 0; for one sum of whole numbers
    these bounds are reached.

    Parameters
    ----------
    total, parts : (p,)
        As published.
    base
        What they are multiples of.
    """
    published = np.concatenate([[total], parts])
    low, high = np.maximum(published - base + 1, 0), published + base - 1
    sums_low, sums_high = low[1:].sum(), high[1:].sum()
    least = np.concatenate([[max(low[0], sums_low)], np.maximum(low[1:], low[0] - (sums_high - high[1:]))])
    most = np.concatenate([[min(high[0], sums_high)], np.minimum(high[1:], high[0] - (sums_low - low[1:]))])
    return least, most
