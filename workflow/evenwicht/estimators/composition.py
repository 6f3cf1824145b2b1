"""How much of what groups differ by is who is in them."""

import numpy as np

from evenwicht.base.arrays import Floats, Ints, Labels
from evenwicht.base.errors import ModelError
from evenwicht.estimators.multilevel import require_groups
from evenwicht.estimators.results import Interval


def compositional_share(
    outcome: Floats, people: Floats, groups: Labels, *, where: str = "variance between groups"
) -> Interval:
    """Share of the variance between groups that would be gone if they were made up of the same people.

    The variance between groups is that of their means less what is within (analysis of variance, for groups of unequal
    size: Searle, Casella and McCulloch 1992, section 3.6), of the outcome and of what is left of it once differences
    within groups by people's own columns are taken out. It is negative where groups with favourable people do worse
    otherwise. The error is that of a jackknife over groups.

    Parameters
    ----------
    outcome : (n,) array
    people : (n, k) array
        What people differ in.
    groups : (n,) array

    Raises
    ------
    ModelError
        If there are fewer than `multilevel.LEAST_GROUPS` groups, people do not vary within groups, or groups differ by
        no more than chance.
    """
    place, size = require_groups(groups, where)
    unit = people.std(axis=0)
    columns = np.column_stack(
        [outcome - outcome.mean(), (people - people.mean(axis=0)) / np.where(unit > 0, unit, 1.0)]
    )
    sums, inside = _by_group(columns, place, len(size))
    estimate = _share(*_totals(sums, inside, size, None))
    if not np.isfinite(estimate):
        raise ModelError("groups differ by no more than chance", where=where, fix="Nothing is there to be explained.")
    without = np.array([_share(*_totals(sums, inside, size, g)) for g in range(len(size))])
    if not np.isfinite(without).all():
        return Interval(estimate).bare("without one of the groups they would differ by no more than chance")
    count = len(size)
    se = float(np.sqrt((count - 1) / count * ((without - without.mean()) ** 2).sum()))
    return Interval.student(estimate, se, count - 1)


def _by_group(columns: Floats, place: Ints, count: int) -> tuple[Floats, Floats]:
    """Sums of columns by group, (groups, q), and products of their deviations from its mean, (groups, q, q)."""
    sums = np.asarray(np.column_stack([np.bincount(place, column, count) for column in columns.T]), dtype=float)
    deviation = columns - (sums / np.bincount(place)[:, None])[place]
    width = columns.shape[1]
    inside = np.empty((count, width, width))
    for i in range(width):
        for j in range(width):
            inside[:, i, j] = np.bincount(place, deviation[:, i] * deviation[:, j], count)
    return sums, inside


def _totals(sums: Floats, inside: Floats, size: Ints, left_out: int | None) -> tuple[Floats, Floats, Floats]:
    kept = np.ones(len(size), dtype=bool)
    if left_out is not None:
        kept[left_out] = False
    return sums[kept], inside.sum(axis=0) - (0 if left_out is None else inside[left_out]), size[kept].astype(float)


def _share(sums: Floats, inside: Floats, size: Floats) -> float:
    """One less the variance between groups given their people over that as it is; NaN where there is none."""
    slopes = np.linalg.lstsq(inside[1:, 1:], inside[1:, 0], rcond=None)[0]
    weights = np.column_stack([np.eye(len(slopes) + 1)[0], np.concatenate([[1.0], -slopes])])
    n, count = size.sum(), len(size)
    totals = sums @ weights  # of the outcome, and of what is left of it
    means = totals.sum(axis=0) / n
    apart = (size[:, None] * (totals / size[:, None] - means) ** 2).sum(axis=0) / (count - 1)
    own = np.einsum("iw,ij,jw->w", weights, inside, weights) / (n - count - np.array([0, len(slopes)]))
    variance = (apart - own) / ((n - (size**2).sum() / n) / (count - 1))
    return float(1 - variance[1] / variance[0]) if variance[0] > 0 else np.nan
