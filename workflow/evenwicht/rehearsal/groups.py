"""People who belong together: who, and in what they are alike."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Floats, Ints
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Role
from evenwicht.cohort import Cohort
from evenwicht.rehearsal.protection import Protection
from evenwicht.rehearsal.scores import partial_sizes, triangle

ALL_SHARED = 0.995  # of the variance: the column is one of groups
CLEAR = 2.0  # standard errors from which a share is told, of pairs of people who share nothing
COPIED: tuple[Role, ...] = ("cluster", "family")  # roles of columns that say who belongs together


def groups_in(cohort: Cohort, book: Codebook, left: dict[str, str]) -> dict[str, Ints]:
    """Return the group of everybody, (n,), by column; larger groups first, those that tell the month of birth not."""
    found: dict[str, Ints] = {}
    months = set(months_of(cohort, book))
    for role in COPIED:
        for name in cohort.role(role):
            if name in months:
                continue
            codes, labels = pd.factorize(cohort.persons[name])
            if len(labels) > 1:
                found[name] = np.asarray(codes, dtype=np.int64)
            else:
                left[name] = "all people are in one group"
    return dict(sorted(found.items(), key=lambda item: int(item[1].max())))


def months_of(cohort: Cohort, book: Codebook) -> list[str]:
    """Columns that are the calendar month of birth."""
    dates = cohort.role("birth_date")
    if not dates:
        return []
    born = pd.to_datetime(cohort.persons[dates[0]])
    month = born.dt.strftime("%Y-%m")
    texts = [name for name in cohort.role("cluster") if book.columns[name].type == "category"]
    return [name for name in texts if (cohort.persons[name].astype(str) == month)[born.notna()].all()]


def alike_of(
    groups: Mapping[str, Ints],
    drawn: Sequence[str],
    before: Sequence[str],
    after: Sequence[str],
    scores: Mapping[str, Floats],
    correlations: Floats,
    protection: Protection,
) -> dict[str, dict[str, Any]]:
    """Return how much alike people of a group are, beyond those of the groups that it lies in, and what goes together.

    Of what comes after, it is of what is left when all that comes before is known. `drawn` is of what comes before
    without what the date of birth decides, in which people are alike as far as they are of one age.
    """
    if not groups:
        return {}
    parts = {name: scores[name] for name in drawn}
    parts |= {name: _left_of(name, before, scores, correlations) for name in after}
    table = np.nan_to_num(np.column_stack(list(parts.values())))
    spread = table.std(axis=0)
    table = (table - table.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    found: dict[str, dict[str, Any]] = {}
    above = np.zeros((len(parts), len(parts)))
    for group, place in groups.items():
        shared = _shared(table, place, protection) - above
        count = len(np.unique(place[place >= 0]))
        # what so few groups of several people tell by chance is not told: it would bend all that hangs together
        sizes = np.bincount(place[place >= 0]).astype(float)
        least = CLEAR * np.sqrt(2 / max(float(sizes @ (sizes - 1)), 1.0))
        share = [one if (one := protection.correlation(part, count)) > least else 0.0 for part in np.diag(shared)]
        alike = {name: one for name, one in zip(parts, share, strict=True) if one > 0}
        alike |= {name: 1.0 for name, one in zip(parts, np.diag(shared), strict=True) if one >= ALL_SHARED}
        told = [position for position, name in enumerate(parts) if name in alike and name in drawn]
        size = np.sqrt(np.diag(shared)[told])
        ties = shared[np.ix_(told, told)] / np.outer(size, size)
        ties = np.array([[protection.correlation(one, count) for one in row] for row in ties])
        found[group] = {"alike": alike, "together": triangle([list(parts)[position] for position in told], ties)}
        above = above + np.maximum(shared, 0) * (np.eye(len(parts)) > 0) + shared * (np.eye(len(parts)) == 0)
    return found


def _left_of(name: str, causes: Sequence[str], scores: Mapping[str, Floats], correlations: Floats) -> Floats:
    """Score of a column without what follows from others, (n,)."""
    sizes = partial_sizes(name, causes, list(scores), correlations)
    return np.asarray(scores[name] - sum((size * np.nan_to_num(scores[one]) for one, size in sizes.items()), 0.0))


def _shared(table: Floats, place: Ints, protection: Protection) -> Floats:
    """Covariance of what groups share, (k, k): all of it less that within groups; none if too few have another in it.

    Parameters
    ----------
    table : (n, k)
        Standardised scores.
    place : (n,)
        Group of each, below 0 if not known.
    """
    rows = place >= 0
    x, (_, group, sizes) = table[rows], np.unique(place[rows], return_inverse=True, return_counts=True)
    if not protection.enough(int(sizes[sizes > 1].sum())):
        return np.zeros((table.shape[1], table.shape[1]))
    sums = np.column_stack([np.bincount(group, weights=column) for column in x.T])
    inside = x - (sums / sizes[:, None])[group]
    return np.asarray(x.T @ x / len(x) - inside.T @ inside / (len(x) - len(sizes)))
