"""Times that differ by rounding alone are one time, as in R's survival (`timefix`, `aeqSurv`).

Ages are differences of dates over 365.25, so that two people of the same age can differ in the last digits. Efron's
tied deaths, who is at risk at a death and who enters at it all hang on equality, and must not hang on those digits.
"""

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.base.errors import ModelError

TOLERANCE = float(np.sqrt(np.finfo(float).eps))  # of R's all.equal


def merge_near_ties(time: Floats, entry: Floats | None, where: str) -> tuple[Floats, Floats | None]:
    """Give times that are equal up to rounding one value, the least of them.

    Distinct times of entry and exit are taken together. Neighbours are equal if they differ by up to 1.5e-8, the root
    of the machine precision, or by that share of the mean distinct time; a chain of equal neighbours is one time.

    Parameters
    ----------
    time, entry : (n,) arrays
        Exit time and, if anybody enters late, time of entry.
    where
        The model, for the message.

    Returns
    -------
    time, entry
        The arrays given, if there is nothing to merge.

    Raises
    ------
    ModelError
        If somebody's entry and exit are equal up to rounding, so that no time at risk is left.

    >>> merge_near_ties(np.array([2.0, 1.0, 1.0 + 1e-10]), None, "example")[0].tolist()
    [2.0, 1.0, 1.0]
    """
    every = time if entry is None else np.concatenate([time, entry])
    distinct = np.unique(every)
    reach = TOLERANCE * max(1.0, float(np.abs(distinct).mean()))
    if not (np.diff(distinct) <= reach).any():
        return time, entry
    order = np.argsort(every)
    ordered = every[order]
    first = np.concatenate([[True], np.diff(ordered) > reach])
    merged = np.empty_like(every)
    merged[order] = ordered[first][np.cumsum(first) - 1]
    fixed, entered = merged[: len(time)], merged[len(time) :]
    if entry is None:
        return fixed, None
    lost = int(((fixed <= entered) & (time > entry)).sum())
    if lost:
        raise ModelError(
            f"{lost} of {len(time)} rows enter and leave at times that are equal up to rounding",
            where=where,
            fix="Leave out rows without time at risk.",
        )
    return fixed, entered
