"""What an attacker can work out of published counts: the least and greatest true value of every cell."""

from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

import numpy as np

from evenwicht.base.arrays import Flags, Floats, Ints

AT_ONCE = 4000  # variables of linear programmes
SLACK = 1e-6  # of a linear programme, in people
Bounds = Mapping[int, tuple[float, float]]  # by true count
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


def bounds_by_programmes(known: Bounds, sums: Iterable[Sum]) -> Bounds:
    """Return the least and greatest value that each count could have, by all sums at once.

    Two linear programmes a count; of whole numbers, the bounds are at least as far apart as these. Equal parts of one
    sum are of other people, and nobody knows that they are equal.

    Parameters
    ----------
    known, sums
        As for `bounds_of_sums`; a count in no sum keeps what is known.
    """
    from scipy.optimize import linprog
    from scipy.sparse import block_diag, csr_array

    sums = list(sums)
    cells = sorted({cell for one in sums for cell, _ in _signed(one)})
    if not cells:
        return dict(known)
    place = {cell: column for column, cell in enumerate(cells)}
    entries = [(row, place[cell], sign) for row, one in enumerate(sums) for cell, sign in _signed(one)]
    rows, columns, signs = (list(part) for part in zip(*entries, strict=True))
    equal = csr_array((signs, (rows, columns)), shape=(len(sums), len(cells)))
    low, high = (np.array([known[count][side] for count, _ in cells]) for side in (0, 1))
    endless = 2 * high[np.isfinite(high)].sum() + len(cells)  # more than any sum with an end allows
    limits = np.column_stack([low, np.where(np.isfinite(high), high, endless)])
    # programmes apart from each other are solved together, which saves the time between them
    goals = np.repeat(np.eye(len(cells)), 2, axis=0) * np.resize([1.0, -1.0], 2 * len(cells))[:, None]
    found = np.empty(len(goals))
    at_once = max(AT_ONCE // len(cells), 1)
    for start in range(0, len(goals), at_once):
        some = goals[start : start + at_once]
        solved: Any = linprog(
            some.ravel(),
            A_eq=block_diag([equal] * len(some), format="csr"),
            b_eq=np.zeros(len(some) * len(sums)),
            bounds=np.tile(limits, (len(some), 1)),
            method="highs",
        )
        found[start : start + at_once] = (solved.x.reshape(some.shape) * np.abs(some)).sum(axis=1)
    least, most = np.ceil(found[::2] - SLACK), np.floor(found[1::2] + SLACK)
    most = np.where(most >= endless, inf, most)
    bounds = dict(known)
    for k, (count, _) in enumerate(cells):
        at_least, at_most = bounds[count]
        bounds[count] = (max(at_least, float(least[k])), min(at_most, float(most[k])))
    return bounds


def _signed(one: Sum) -> list[tuple[tuple[int, int], float]]:
    """The members of a sum, each a count and how many equal parts stand before it, with their signs."""
    total, parts = one
    return [((total, 0), -1.0), *(((part, parts[:k].count(part)), 1.0) for k, part in enumerate(parts))]


def bounds_of_sums(known: Bounds, sums: Iterable[Sum]) -> Bounds:
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
            low, high = bounds[total]
            lows, highs = [bounds[part][0] for part in parts], [bounds[part][1] for part in parts]
            least, most = sum(lows), sum(highs)
            narrower = [(total, least, most)]
            for place, part in enumerate(parts):
                others = most - highs[place] if most < inf else sum(highs[:place] + highs[place + 1 :])
                narrower.append((part, low - others, high - (least - lows[place])))
            for count, new_low, new_high in narrower:
                low, high = bounds[count]
                if new_low > low or new_high < high:
                    bounds[count] = (max(new_low, low), min(new_high, high))
                    narrowed = True
    return bounds
