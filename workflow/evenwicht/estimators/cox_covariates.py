"""Covariates of a Cox model, with rare indicators apart, so that a sum over people costs the few who have them.

Dummies of calendar months, regions or groups are mostly zero, and people share few combinations of them, `profiles`.
Sums over risk sets count those marked alone; linear predictors, scores and second moments go through the profiles.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags, Floats, Ints
from evenwicht.estimators.person_time import BLOCK, extent, standardise

RARE = 0.5  # share of people marked by an indicator, up to which counting them beats multiplying everybody
CROWD = 8  # people to a profile, on average, from which going through the profiles pays
BITS = 30  # indicators joined to one number at a time: with the profiles so far they fit 64 bits


@dataclass(frozen=True)
class Tally:
    """Which people are counted where, to sum over the people with each of b indicators: `row` and `bin` (marks,)."""

    row: Ints
    bin: Ints
    shape: tuple[int, int]

    def sum(self, values: Floats) -> Floats:
        """Sum values (n,) of the people marked, by indicator and bin, (b, bins)."""
        total = np.bincount(self.bin, values[self.row], self.shape[0] * self.shape[1])
        return np.asarray(total, dtype=float).reshape(self.shape)


@dataclass(frozen=True)
class Covariates:
    """k covariates of n people: d centred and scaled, b indicators.

    `dense` (d, n) are the covariates at positions `dense_at` (d,) of the k; `table` (b, p) holds the indicators at
    positions `marks_at` (b,) of each of p profiles, `profile` (n,) everybody's profile, empty if there are none.
    """

    dense: Floats
    dense_at: Ints
    table: Floats
    marks_at: Ints
    profile: Ints

    @property
    def k(self) -> int:
        """Number of covariates."""
        return len(self.dense_at) + len(self.marks_at)

    @property
    def profiles(self) -> int:
        """Number of profiles; none without indicators."""
        return self.table.shape[1]

    @property
    def extent(self) -> Floats:
        """Largest absolute value of each covariate, (k,)."""
        largest = np.ones(self.k)
        largest[self.dense_at] = extent(self.dense)
        return largest

    def times(self, beta: Floats) -> Floats:
        """Linear predictor (n,) of coefficients (k,)."""
        predictor = beta[self.dense_at] @ self.dense
        if self.profiles:
            predictor += (beta[self.marks_at] @ self.table)[self.profile]
        return np.asarray(predictor)

    def by_profile(self, rows: slice, *values: Floats) -> Floats:
        """Sum each of v values (b,) of a block of people by profile, (v, p)."""
        if not self.profiles:
            return np.zeros((len(values), 0))
        return np.stack([np.bincount(self.profile[rows], one, self.profiles) for one in values])

    def each(self, rows: slice | Ints) -> Iterator[tuple[int, Floats]]:
        """Position and values (b,) of each covariate of b people."""
        yield from ((int(j), covariate[rows]) for j, covariate in zip(self.dense_at, self.dense, strict=True))
        if self.profiles:
            profile = self.profile[rows]
            yield from ((int(j), marks[profile]) for j, marks in zip(self.marks_at, self.table, strict=True))

    def among(self, rows: Ints) -> "Covariates":
        """Those of some people."""
        profile = self.profile[rows] if self.profiles else self.profile
        return Covariates(self.dense[:, rows], self.dense_at, self.table, self.marks_at, profile)

    def tally(self, bins: Ints, n_bins: int) -> Tally:
        """Where the marks of each indicator count, given everybody's bin (n,)."""
        marked = [np.flatnonzero(row[self.profile]) for row in self.table == 1]
        where = [j * n_bins + bins[rows] for j, rows in enumerate(marked)]
        none = np.zeros(0, dtype=np.intp)
        return Tally(np.concatenate([none, *marked]), np.concatenate([none, *where]), (len(marked), n_bins))


def covariates_of(x: Floats, ever: Flags, strata: Ints | None) -> tuple[Covariates, Floats]:
    """Covariates of the people ever at risk, of all (n, k), and the scale of each, (k,)."""
    marks_at = _rare_indicators(x)
    if len(marks_at):
        everybody = bool(ever.all())
        profile, table = _profiles([(x[:, j] if everybody else x[ever, j]) == 1 for j in marks_at])
        if CROWD * table.shape[1] <= len(profile):
            dense_at, scale = np.setdiff1d(np.arange(x.shape[1]), marks_at), np.ones(x.shape[1])
            dense, scale[dense_at] = standardise(x[:, dense_at], ever, strata)
            return Covariates(dense, dense_at, table, marks_at, profile), scale
    dense, scale = standardise(x, ever, strata)
    none = np.zeros(0, dtype=np.intp)
    return Covariates(dense, np.arange(x.shape[1]), np.zeros((0, 0)), none, none), scale


def _rare_indicators(x: Floats) -> Ints:
    """Which covariates (n, k) are indicators that few have; none unless they are half of all, for less does not pay."""
    marks = list(range(x.shape[1]))
    for part in (x[:BLOCK].T, x.T):  # most that are none are told by the first people
        few = {j: np.count_nonzero(part[j] == 1) for j in marks}
        most = RARE * part.shape[1]
        marks = [j for j, n in few.items() if n <= most and n + np.count_nonzero(part[j] == 0) == part.shape[1]]
        if 2 * len(marks) < len(part):
            return np.zeros(0, dtype=np.intp)
    return np.array(marks, dtype=np.intp)


def _profiles(marks: list[Flags]) -> tuple[Ints, Floats]:
    """Number the combinations of indicators, each (n,), that occur: everybody's (n,), and the table of them (b, p)."""
    profile = np.zeros(len(marks[0]), dtype=np.int64)
    for start in range(0, len(marks), BITS):
        for mark in marks[start : start + BITS]:
            profile <<= 1
            profile |= mark
        profile = pd.factorize(profile)[0].astype(np.int64, copy=False)
    someone = np.zeros(profile.max() + 1, dtype=np.intp)
    someone[profile] = np.arange(len(profile))
    return profile, np.array([mark[someone] for mark in marks], dtype=float)
