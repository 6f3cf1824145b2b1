"""Passes over people for the Cox model: partial likelihood, score, information and score residuals.

Event times are cut into cells, one for each distinct stratum and event time. Person i is at risk in the cells
[first_i, last_i), so a sum over a risk set is a reverse cumulative sum over cells of those who leave minus those who
enter, and a sum over the cells in which someone is at risk is a difference of two cumulative sums. The sum over events
of the second moments S2 / S0 is then one cross product of the covariates, X' diag(r H) X with H_i the cumulative hazard
over i's time at risk: no risk set's second moment is formed. People are taken in blocks that fit the cache; rare
indicators are counted as `cox_covariates` says.

Tied deaths follow Efron 1977 (JASA 72:557) or Breslow 1974 (Biometrics 30:89); in the l-th of d tied deaths Efron
counts those who die with weight 1 - l/d, Breslow (l = 0 throughout) in full. Case weights and score residuals are those
of Therneau and Grambsch 2000 (Modeling Survival Data, sections 3.3, 4.6 and 7.1): tied deaths share their mean weight.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evenwicht.base.arrays import Flags, Floats, Ints
from evenwicht.estimators.cox_covariates import Covariates, Tally
from evenwicht.estimators.likelihood import sum_products
from evenwicht.estimators.near_ties import merge_near_ties
from evenwicht.estimators.person_time import blocks
from evenwicht.estimators.survival_data import SurvivalData


@dataclass(frozen=True)
class RiskSets:
    """Who is at risk in which of m cells, and who dies in which.

    `first`, `last` (n,): person i is at risk in cells [first, last); `deaths` (e,) are the rows with an event, `cell`
    (e,) theirs. `stratum` and `time` (m,) describe the cells. `slot_cell` (e,) is the cell of the l-th tied death,
    `slot_share` (e,) its l / d, and `slot_start` (m,) where each cell's begin. `tied` (t,) are the cells in which Efron
    counts deaths in part.
    """

    first: Ints
    last: Ints
    deaths: Ints
    cell: Ints
    stratum: Ints
    time: Floats
    slot_cell: Ints
    slot_share: Floats
    slot_start: Ints
    tied: Ints

    @cached_property
    def delayed(self) -> bool:
        """Whether anybody enters after the first cell."""
        return bool(self.first.any())

    @cached_property
    def tied_deaths(self) -> tuple[Ints, Ints]:
        """Who dies in a tied cell, rows, and in which of them."""
        place = np.full(len(self.time), -1)
        place[self.tied] = np.arange(len(self.tied))
        at = place[self.cell]
        return self.deaths[at >= 0], at[at >= 0]

    @cached_property
    def own(self) -> Ints:
        """Cell in which each person dies, (n,), counted from one; zero for those who do not."""
        own = np.zeros(len(self.last), dtype=np.intp)
        own[self.deaths] = self.cell + 1
        return own

    @cached_property
    def end(self) -> Ints:
        """Where the cumulative hazard of each person ends, (n,): at `last`, or at a tied cell, after all others."""
        rows, at = self.tied_deaths
        end = self.last.copy()
        end[rows] = len(self.time) + 1 + at
        return end

    def deaths_in(self, rows: slice) -> slice:
        """Positions in `deaths` of those among a block of rows."""
        return slice(*np.searchsorted(self.deaths, (rows.start, rows.stop)))


@dataclass(frozen=True)
class Clusters:
    """Number of each person's cluster, (n,), how many there are, and each person's last cell, (n,)."""

    group: Ints
    count: int
    last: Ints

    @cached_property
    def order(self) -> Ints:
        """People by cluster and time, (n,): sums by cluster meet the risk sets in order, several times as fast."""
        return np.lexsort([self.last, self.group])


@dataclass(frozen=True)
class Problem:
    """Covariates of the n people ever at risk, weights, offsets (n,) and risk sets."""

    x: Covariates
    weights: Floats
    offset: Floats
    sets: RiskSets

    @cached_property
    def x_tied(self) -> Covariates:
        """Covariates of those who die in tied cells."""
        return self.x.among(self.sets.tied_deaths[0])

    @cached_property
    def leaving(self) -> Tally:
        """Where indicators leave, by the cells between which people do."""
        return self.x.tally(self.sets.last, len(self.sets.time) + 1)

    @cached_property
    def entering(self) -> Tally:
        """Where they enter."""
        return self.x.tally(self.sets.first, len(self.sets.time) + 1)

    @cached_property
    def dying(self) -> Tally:
        """Where they die, by tied cells."""
        return self.x_tied.tally(self.sets.tied_deaths[1], len(self.sets.tied))

    @cached_property
    def slot_weights(self) -> Floats:
        """Mean weight of the tied deaths, (e,)."""
        cell, cells = self.sets.cell, len(self.sets.time)
        weight = np.bincount(cell, self.weights[self.sets.deaths], cells)
        return np.asarray((weight / np.bincount(cell, minlength=cells))[self.sets.slot_cell])


@dataclass(frozen=True)
class Point:
    """The partial likelihood at one coefficient vector, with each person's weighted relative hazard `risk` (n,)."""

    log_likelihood: float
    risk: Floats
    denominators: Floats  # (e,) what the l-th tied death divides by


@dataclass(frozen=True)
class Hazards:
    """Sums over the tied deaths of each cell, (m,): of the hazard, of its ratio to the denominator, and times l / d."""

    h1: Floats
    h1_own: Floats
    h2: Floats
    h2_own: Floats
    h2_both: Floats


@dataclass(frozen=True)
class Slope:
    """First and second derivatives at a point, and what the score residuals need."""

    score: Floats  # (k,)
    information: Floats  # (k, k)
    second_moment: Floats  # (k, k) the information plus the variation between risk sets
    residuals: Floats  # (n,) weighted martingale residuals
    hazards: Hazards
    s1: Floats  # (k, m) sums of covariate times risk, of the people at risk
    d1: Floats  # (k, t) and of those who die in tied cells


@dataclass(frozen=True)
class Means:
    """Mean covariates of the risk sets, as score residuals take them off."""

    drift: Floats  # (k, m + 1 + t) cumulative sum of mean covariate times hazard, and that of deaths in tied cells
    at_death: Floats  # (k, m) mean covariate in the risk set, averaged over tied deaths


def risk_sets(data: SurvivalData, strata: Ints | None, *, efron: bool, where: str) -> tuple[Flags, RiskSets]:
    """Cut time into cells and return who is ever at risk (n,), and the risk sets of these people.

    Times that are equal up to rounding are tied, as `merge_near_ties` says; it raises ModelError, naming `where`.
    """
    time, entry = merge_near_ties(data.time, data.entry, where)
    died = data.event == 1
    times = np.unique(time[died])
    width = len(times) + 1
    last = np.searchsorted(times, time, side="right")
    first = np.zeros(len(time), dtype=np.intp) if entry is None else np.searchsorted(times, entry, side="right")
    keys: Ints = np.arange(1, width)  # stratum and time of each cell, as one number
    if strata is not None:
        first, last = first + strata * width, last + strata * width
        keys = np.unique(last[died])
        first, last = np.searchsorted(keys, first, side="right"), np.searchsorted(keys, last, side="right")
    ever = first < last
    first, last, deaths = first[ever], last[ever], np.flatnonzero(died[ever])
    cell = last[deaths] - 1
    count = np.bincount(cell, minlength=len(keys))
    start = np.cumsum(count) - count
    slot_cell = np.repeat(np.arange(len(keys)), count)
    share = (np.arange(len(cell)) - start[slot_cell]) / count[slot_cell] if efron else np.zeros(len(cell))
    tied = np.flatnonzero(count > 1) if efron else np.zeros(0, dtype=np.intp)
    described = (keys - 1) // width, times[(keys - 1) % width]
    return ever, RiskSets(first, last, deaths, cell, *described, slot_cell, share, start, tied)


def at_risk_sum(sets: RiskSets, values: Floats) -> Floats:
    """Sum values (n,) of the people at risk in each cell, (m,)."""
    return _still_there(_flow(sets, values, slice(None)))


def _flow(sets: RiskSets, values: Floats, rows: slice) -> Floats:
    """Values (b,) of a block of people that leave minus those that enter between cells, (m + 1,)."""
    bins = len(sets.time) + 1
    flow = np.asarray(np.bincount(sets.last[rows], values, bins), dtype=float)
    if sets.delayed:
        flow -= np.bincount(sets.first[rows], values, bins)
    return flow


def _still_there(flow: Floats) -> Floats:
    """Who is at risk in a cell leaves after it: add up from the last cell, where few are left and rounding matters."""
    total: Floats = np.cumsum(flow[..., :0:-1], axis=-1)
    return total[..., ::-1]


def evaluate(problem: Problem, beta: Floats) -> Point:
    """Log partial likelihood at beta (k,); minus infinity where relative hazards exceed double precision.

    With delayed entry they do when someone who enters late outweighs those there before by 1e15: the sum of the earlier
    risk set is a difference.
    """
    sets = problem.sets
    eta = problem.x.times(beta) + problem.offset
    eta -= eta.max()
    risk = problem.weights * np.exp(eta)
    dying = np.bincount(sets.cell, risk[sets.deaths], len(sets.time))
    denominators = at_risk_sum(sets, risk)[sets.slot_cell] - sets.slot_share * dying[sets.slot_cell]
    if denominators.min() <= 0:
        return Point(-np.inf, risk, denominators)
    likelihood = problem.weights[sets.deaths] @ eta[sets.deaths] - problem.slot_weights @ np.log(denominators)
    return Point(float(likelihood), risk, denominators)


def differentiate(problem: Problem, point: Point) -> Slope:
    """Score, information and residuals of the log partial likelihood at a point."""
    x, sets = problem.x, problem.sets
    n, m = len(sets.last), len(sets.time)
    hazards = _hazards(problem, point)
    cumulative = np.concatenate([[0.0], np.cumsum(hazards.h1)])
    residuals, flow = np.empty(n), np.zeros((x.k, m + 1))
    score, second = np.zeros(len(x.dense)), np.zeros((len(x.dense), len(x.dense)))
    by_profile = np.zeros((2 + len(x.dense), x.profiles))
    for rows in blocks(n, max(m, x.profiles)):
        block, risk, own = x.dense[:, rows], point.risk[rows], sets.deaths_in(rows)
        here, cell = sets.deaths[own], sets.cell[own]
        expected = cumulative[sets.last[rows]]
        if sets.delayed:
            expected -= cumulative[sets.first[rows]]
        expected[here - rows.start] -= hazards.h1_own[cell]
        expected *= risk
        residuals[rows] = -expected
        residuals[here] += problem.weights[here]
        moments = block * expected
        score += block @ residuals[rows]
        second += moments @ block.T
        by_profile += x.by_profile(rows, residuals[rows], expected, *moments)
        for j, values in zip(x.dense_at, np.multiply(block, risk, out=moments), strict=True):
            flow[j] += _flow(sets, values, rows)
    flow[x.marks_at] = problem.leaving.sum(point.risk)
    if sets.delayed:
        flow[x.marks_at] -= problem.entering.sum(point.risk)
    s1, d1 = _still_there(flow), _dying(problem, point.risk[sets.tied_deaths[0]])
    del flow
    between = np.zeros((x.k, x.k))
    for cells in blocks(m):
        between += (hazards.h2[cells] * s1[:, cells]) @ s1[:, cells].T
    crossed = (hazards.h2_own[sets.tied] * d1) @ s1[:, sets.tied].T
    between += (hazards.h2_both[sets.tied] * d1) @ d1.T - crossed - crossed.T
    score, second = _whole(x, score, second, by_profile)
    return Slope(score, second - (between + between.T) / 2, second, residuals, hazards, s1, d1)


def _hazards(problem: Problem, point: Point) -> Hazards:
    sets = problem.sets
    hazard = problem.slot_weights / point.denominators
    steeper = hazard / point.denominators
    first = (_sum_slots(sets, hazard, share) for share in (1, sets.slot_share))
    return Hazards(*first, *(_sum_slots(sets, steeper, sets.slot_share**power) for power in (0, 1, 2)))


def _sum_slots(sets: RiskSets, values: Floats, share: Floats | int) -> Floats:
    """Sum share times values of the tied deaths of each cell, (m,)."""
    return np.add.reduceat(share * values, sets.slot_start)


def _dying(problem: Problem, values: Floats) -> Floats:
    """Sum covariates times values over the deaths of each tied cell, (k, t)."""
    x, cells = problem.x_tied, len(problem.sets.tied)
    total = np.empty((x.k, cells))
    for j, covariate in zip(x.dense_at, x.dense, strict=True):
        total[j] = np.bincount(problem.sets.tied_deaths[1], values * covariate, cells)
    total[x.marks_at] = problem.dying.sum(values)
    return total


def _whole(x: Covariates, score: Floats, second: Floats, by_profile: Floats) -> tuple[Floats, Floats]:
    """Score (k,) and second moments (k, k) from those of the dense covariates and the sums by profile."""
    residual, expected, moments = by_profile[0], by_profile[1], by_profile[2:]
    scores, seconds = np.empty(x.k), np.empty((x.k, x.k))
    scores[x.dense_at], scores[x.marks_at] = score, x.table @ residual
    crossed = moments @ x.table.T
    seconds[np.ix_(x.dense_at, x.dense_at)] = second
    seconds[np.ix_(x.dense_at, x.marks_at)] = crossed
    seconds[np.ix_(x.marks_at, x.dense_at)] = crossed.T
    seconds[np.ix_(x.marks_at, x.marks_at)] = (x.table * expected) @ x.table.T
    return scores, seconds


def _risk_set_means(problem: Problem, slope: Slope) -> Means:
    """Mean covariates of the risk sets at a point."""
    sets, hazards, s1, d1 = problem.sets, slope.hazards, slope.s1, slope.d1
    k, m = s1.shape
    tied, own = sets.tied, hazards.h2_own[sets.tied]
    drift = np.zeros((k, m + 1 + len(tied)))
    moved = hazards.h2 * s1
    moved[:, tied] -= own * d1
    np.cumsum(moved, axis=1, out=drift[:, 1 : m + 1])
    drift[:, m + 1 :] = drift[:, tied + 1] - (own * s1[:, tied] - hazards.h2_both[tied] * d1)
    at_death = np.multiply(hazards.h1, s1, out=moved)
    at_death[:, tied] -= hazards.h1_own[tied] * d1
    at_death /= np.bincount(sets.cell, problem.weights[sets.deaths], m)
    return Means(drift, at_death)


def score_residuals(problem: Problem, point: Point, slope: Slope, bins: int = 0) -> Iterator[tuple[slice, Floats]]:
    """Weighted score residuals (k, b) of each block of b people (Lin and Wei 1989; Therneau and Grambsch, 4.6)."""
    means = _risk_set_means(problem, slope)
    for rows in blocks(len(point.risk), bins):
        scores, residual = _drift(problem, point, means, rows), slope.residuals[rows]
        for j, covariate in problem.x.each(rows):
            scores[j] += covariate * residual
        own = problem.sets.own[rows]
        dead = np.flatnonzero(own)
        scores[:, dead] -= problem.weights[rows][dead] * means.at_death[:, own[dead] - 1]
        yield rows, scores


def _drift(problem: Problem, point: Point, means: Means, rows: slice | Ints) -> Floats:
    """Mean covariates of the risk sets times hazard, over the time at risk of b people, (k, b)."""
    drift = np.take(means.drift, problem.sets.end[rows], axis=1)
    if problem.sets.delayed:
        drift -= np.take(means.drift, problem.sets.first[rows], axis=1)
    drift *= point.risk[rows]
    return drift


def cluster_parts(problem: Problem, point: Point, slope: Slope, clusters: Clusters) -> tuple[Floats, Floats]:
    """The part of each cluster in the score, (clusters, k), and in the information, (clusters, k, k).

    A person's part in the information is the integral of (x - mean of the risk set)^2 over their own cumulative hazard;
    the mean moves so little within one life that its own variation over a person's time at risk is left out.
    """
    sets, means, k = problem.sets, _risk_set_means(problem, slope), problem.x.k
    scores, information = np.zeros((clusters.count, k)), np.zeros((clusters.count, k, k))
    for block in blocks(len(clusters.order), clusters.count):
        rows = clusters.order[block]
        group, own = clusters.group[rows], sets.own[rows]
        residual, drift = slope.residuals[rows], _drift(problem, point, means, rows)
        died = np.where(own > 0, problem.weights[rows], 0.0)
        hazard = np.maximum(died - residual, 0.0)  # rounding can be below zero
        here, start = _runs(group)
        scores[here] += np.add.reduceat(drift, start, axis=1).T
        drift /= np.where(hazard > 0, -hazard, 1.0)
        apart = drift
        for j, covariate in problem.x.each(rows):
            scores[here, j] += np.add.reduceat(covariate * residual, start)
            apart[j] += covariate
        information[here] += sum_products(hazard * apart, apart, start)
        dead = np.flatnonzero(own)
        if len(dead):
            there, begin = _runs(group[dead])
            at_death = np.take(means.at_death, own[dead] - 1, axis=1)
            scores[there] -= np.add.reduceat(at_death * died[dead], begin, axis=1).T
    return scores, information


def _runs(group: Ints) -> tuple[Ints, Ints]:
    """The clusters of people in order of them, and where each begins."""
    start = np.flatnonzero(np.diff(group, prepend=-1))
    return group[start], start
