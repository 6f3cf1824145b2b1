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
from evenwicht.estimators.likelihood import sum_products_by_cluster
from evenwicht.estimators.near_ties import merge_near_ties
from evenwicht.estimators.person_time import blocks
from evenwicht.estimators.survival_data import SurvivalData


@dataclass(frozen=True)
class RiskSets:
    """Who is at risk in which of m cells, and who dies in which.

    `first`, `last` (n,): person i is at risk in cells [first, last); `deaths` (e,) are the rows with an event, `cell`
    (e,) theirs. `stratum` and `time` (m,) describe the cells. `slot_cell` (e,) is the cell of the l-th tied death,
    `slot_share` (e,) its l / d, and `slot_start` (m,) where each cell's begin.
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

    @cached_property
    def delayed(self) -> bool:
        """Whether anybody enters after the first cell."""
        return bool(self.first.any())

    def deaths_in(self, rows: slice) -> slice:
        """Positions in `deaths` of those among a block of rows."""
        return slice(*np.searchsorted(self.deaths, (rows.start, rows.stop)))


@dataclass(frozen=True)
class Problem:
    """Covariates of the n people ever at risk and of the deaths, weights, offsets (n,) and risk sets."""

    x: Covariates
    weights: Floats
    offset: Floats
    sets: RiskSets

    @cached_property
    def x_deaths(self) -> Covariates:
        """Covariates of the e deaths."""
        return self.x.among(self.sets.deaths)

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
        """Where they die."""
        return self.x_deaths.tally(self.sets.cell, len(self.sets.time))


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
    d1: Floats  # (k, m) and of those who die


@dataclass(frozen=True)
class Means:
    """Mean covariates of the risk sets, as score residuals take them off."""

    drift: Floats  # (k, m + 1) cumulative sum of mean covariate times hazard
    death_mean: Floats  # (k, m) mean covariate in the risk set, averaged over tied deaths
    death_drift: Floats  # (k, m) the part of `drift` at the own death that is not at risk


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
    described = (keys - 1) // width, times[(keys - 1) % width]
    return ever, RiskSets(first, last, deaths, cell, *described, slot_cell, share, start)


def at_risk_sum(sets: RiskSets, values: Floats) -> Floats:
    """Sum values (n,) of the people at risk in each cell, (m,)."""
    return _still_there(_flow(sets, values, slice(None)))


def _flow(sets: RiskSets, values: Floats, rows: slice) -> Floats:
    """Values (b,) of a block of people that leave minus those that enter between cells, (m + 1,)."""
    bins = len(sets.time) + 1
    flow = np.bincount(sets.last[rows], values, bins)
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
    likelihood = problem.weights[sets.deaths] @ eta[sets.deaths] - slot_weights(problem) @ np.log(denominators)
    return Point(float(likelihood), risk, denominators)


def slot_weights(problem: Problem) -> Floats:
    """Mean weight of the tied deaths, (e,)."""
    sets = problem.sets
    weight = np.bincount(sets.cell, problem.weights[sets.deaths], len(sets.time))
    return (weight / np.bincount(sets.cell, minlength=len(sets.time)))[sets.slot_cell]


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
        risk, block, own = point.risk[rows], x.dense[:, rows], sets.deaths_in(rows)
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
    s1, d1 = _still_there(flow), _sum_deaths(problem, point.risk[sets.deaths])
    del flow  # the arrays below are as long as there are event times: no more of them at once than needed
    moved = hazards.h2 * s1
    moved -= hazards.h2_own * d1
    between = moved @ s1.T
    between -= _own_part(hazards, s1, d1) @ d1.T
    score, second = _whole(x, score, second, by_profile)
    return Slope(score, second - (between + between.T) / 2, second, residuals, hazards, s1, d1)


def _hazards(problem: Problem, point: Point) -> Hazards:
    sets = problem.sets
    hazard = slot_weights(problem) / point.denominators
    steeper = hazard / point.denominators
    first = (_sum_slots(sets, hazard, share) for share in (1, sets.slot_share))
    return Hazards(*first, *(_sum_slots(sets, steeper, sets.slot_share**power) for power in (0, 1, 2)))


def _sum_deaths(problem: Problem, values: Floats) -> Floats:
    """Sum covariates times values (e,) over the deaths of each cell, (k, m)."""
    x, sets = problem.x_deaths, problem.sets
    total = np.empty((x.k, len(sets.time)))
    for j, covariate in zip(x.dense_at, x.dense, strict=True):
        total[j] = np.bincount(sets.cell, values * covariate, len(sets.time))
    total[x.marks_at] = problem.dying.sum(values)
    return total


def _own_part(hazards: Hazards, s1: Floats, d1: Floats) -> Floats:
    """What Efron's tied deaths take off the drift at their own death, (k, m)."""
    own = hazards.h2_own * s1
    own -= hazards.h2_both * d1
    return own


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


def risk_set_means(problem: Problem, slope: Slope) -> Means:
    """Mean covariates of the risk sets at a point."""
    hazards, s1, d1 = slope.hazards, slope.s1, slope.d1
    moved = hazards.h2 * s1
    moved -= hazards.h2_own * d1
    drift = np.zeros((len(s1), s1.shape[1] + 1))
    np.cumsum(moved, axis=1, out=drift[:, 1:])
    death_mean = np.multiply(hazards.h1, s1, out=moved)
    death_mean -= hazards.h1_own * d1
    death_mean /= np.bincount(problem.sets.cell, problem.weights[problem.sets.deaths], len(problem.sets.time))
    return Means(drift, death_mean, _own_part(hazards, s1, d1))


def _sum_slots(sets: RiskSets, values: Floats, share: Floats | int) -> Floats:
    """Sum share times values of the tied deaths of each cell, (m,)."""
    return np.add.reduceat(share * values, sets.slot_start)


def score_residuals(
    problem: Problem, point: Point, slope: Slope, means: Means, bins: int = 0
) -> Iterator[tuple[slice, Floats]]:
    """Weighted score residuals (k, b) of each block of b people (Lin and Wei 1989; Therneau and Grambsch, 4.6)."""
    sets = problem.sets
    for rows in blocks(len(point.risk), bins):
        scores = _drift(problem, point, means, rows)
        scores += problem.x.block(rows) * slope.residuals[rows]
        some = sets.deaths_in(rows)
        here = sets.deaths[some]
        scores[:, here - rows.start] -= problem.weights[here] * means.death_mean[:, sets.cell[some]]
        yield rows, scores


def _drift(problem: Problem, point: Point, means: Means, rows: slice) -> Floats:
    """Mean covariates of the risk sets times hazard, over the time at risk of a block of people, (k, b)."""
    sets = problem.sets
    drift = np.take(means.drift, sets.last[rows], axis=1)
    if sets.delayed:
        drift -= np.take(means.drift, sets.first[rows], axis=1)
    drift *= point.risk[rows]
    some = sets.deaths_in(rows)
    here = sets.deaths[some]
    drift[:, here - rows.start] -= point.risk[here] * means.death_drift[:, sets.cell[some]]
    return drift


def cluster_information(
    problem: Problem, point: Point, slope: Slope, means: Means, group: Ints, n_clusters: int
) -> Floats:
    """The part of each cluster in the information, (clusters, k, k).

    A person's part is the integral of (x - mean of the risk set)^2 over their own cumulative hazard; the mean moves so
    little within one life that its own variation over a person's time at risk is left out.
    """
    information = np.zeros((n_clusters, problem.x.k, problem.x.k))
    for rows in blocks(len(point.risk), n_clusters):
        here = problem.sets.deaths[problem.sets.deaths_in(rows)]
        hazard = -slope.residuals[rows]
        hazard[here - rows.start] += problem.weights[here]
        mean = _drift(problem, point, means, rows)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean /= hazard
        apart = np.where(hazard > 0, problem.x.block(rows) - mean, 0.0)
        information += sum_products_by_cluster(hazard * apart, apart, group[rows], n_clusters)
    return information
