"""Suppression of small counts, and of as few others as keep them hidden where sums are published."""

from typing import Any

import numpy as np
import scipy.sparse as sparse

from evenwicht.base.arrays import Flags, Floats, Ints

PROTECTION = 2.0  # people below and above the true count that must be possible


def hidden_cells(
    counts: Ints, equations: Floats, small: Flags, most_people: Floats | None = None, protection: float = PROTECTION
) -> Flags:
    """Return which counts to hide, (k,): the small ones, and others with the fewest people in them that hide these.

    For each small count and side there must be a table with the same published cells and sums in which it is away by
    `protection`: the mixed integer programme of Fischetti and Salazar 2001, Math Program 90:283, solved by HiGHS.

    Parameters
    ----------
    counts : (k,)
        True counts, at least 0.
    equations : (q, k)
        Each row times the counts is 0, such as parts less their total.
    small : (k,)
        Which must be hidden.
    most_people : (k,)
        How many each can be, as everybody knows; a count that is so many is known to all. Without: no end.
    protection
        In people; below zero and above the most nothing is possible, so that a count nearer than this to one of them
        is hidden as far as that.

    Raises
    ------
    ValueError
        If hiding all counts is not enough.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    k, cells = len(counts), np.flatnonzero(small)
    if not len(cells):
        return np.zeros(k, dtype=bool)
    below = counts.astype(float)
    above = np.full(k, float(max(counts.sum(), 1.0)) + protection)
    known = np.zeros(k, dtype=bool)
    if most_people is not None:
        above = np.minimum(above, most_people - counts)
        known = most_people == counts
    below[known] = 0.0
    sides = [(cell, sign) for cell in cells for sign in (-1.0, 1.0)]
    moves = len(sides)
    equal = sparse.hstack([sparse.csr_matrix((moves * len(equations), k)), sparse.kron(sparse.eye(moves), equations)])
    unit = sparse.eye(moves * k)
    upper = sparse.hstack([sparse.vstack([sparse.diags(-above)] * moves), unit])
    lower = sparse.hstack([sparse.vstack([sparse.diags(-below)] * moves), -unit])
    least = np.full(k + moves * k, -np.inf)
    most = np.full(k + moves * k, np.inf)
    least[:k], most[:k] = small.astype(float), 1.0
    for move, (cell, sign) in enumerate(sides):
        place = k + move * k + cell
        if sign > 0:
            least[place] = min(protection, above[cell])
        else:
            most[place] = -min(protection, float(counts[cell]))
    cost = np.concatenate([np.maximum(counts, 1).astype(float), np.zeros(moves * k)])
    found: Any = milp(
        cost,
        constraints=[LinearConstraint(equal, 0, 0), LinearConstraint(sparse.vstack([upper, lower]), -np.inf, 0)],
        integrality=np.concatenate([np.ones(k), np.zeros(moves * k)]),
        bounds=Bounds(least, most),
    )
    if found.x is None:
        raise ValueError("hiding all counts does not hide the small ones")
    hidden: Flags = found.x[:k] > 0.5
    return hidden
