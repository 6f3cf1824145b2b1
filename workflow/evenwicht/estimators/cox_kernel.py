"""Passes over people for the Cox model: partial likelihood, score, information and score residuals.

Event times are cut into cells, one for each distinct stratum and event time. Person i is at risk in the cells
[first_i, last_i), so a sum over a risk set is a reverse cumulative sum over cells of those who leave minus those who
enter, and a sum over the cells in which someone is at risk is a difference of two cumulative sums. The sum over events
of the second moments S2 / S0 is then one cross product of the covariates, X' diag(r H) X with H_i the cumulative hazard
over i's time at risk: no risk set's second moment is formed. People are taken in blocks that fit the cache.

Tied deaths follow Efron 1977 (JASA 72:557) or Breslow 1974 (Biometrics 30:89); in the l-th of d tied deaths Efron
counts those who die with weight 1 - l/d, Breslow (l = 0 throughout) in full. Case weights and score residuals are those
of Therneau and Grambsch 2000 (Modeling Survival Data, sections 3.3, 4.6 and 7.1): tied deaths share their mean weight.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from evenwicht.base.arrays import Flags, Floats, Ints
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

    def deaths_in(self, rows: slice) -> slice:
        """Positions in `deaths` of those among a block of rows."""
        return slice(*np.searchsorted(self.deaths, (rows.start, rows.stop)))


@dataclass(frozen=True)
class Problem:
    """Covariates (k, n) centred and scaled, those of deaths (k, e), weights, offsets (n,) and risk sets.

    The n people are those ever at risk.
    """

    x: Floats
    x_deaths: Floats
    weights: Floats
    offset: Floats
    sets: RiskSets


@dataclass(frozen=True)
class Point:
    """The partial likelihood at one coefficient vector, with each person's weighted relative hazard `risk` (n,)."""

    log_likelihood: float
    risk: Floats
    denominators: Floats  # (e,) what the l-th tied death divides by


@dataclass(frozen=True)
class Slope:
    """First and second derivatives at a point, and what the score residuals need."""

    score: Floats  # (k,)
    information: Floats  # (k, k)
    second_moment: Floats  # (k, k) the information plus the variation between risk sets
    residuals: Floats  # (n,) weighted martingale residuals
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
    return _still_there(_flow(values, sets.first, sets.last, len(sets.time)))


def _flow(values: Floats, first: Ints, last: Ints, cells: int) -> Floats:
    """Values that leave minus values that enter between cells, (m + 1,)."""
    return np.subtract(np.bincount(last, values, cells + 1), np.bincount(first, values, cells + 1), dtype=float)


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
    eta = beta @ problem.x + problem.offset
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
    k, n = x.shape
    m = len(sets.time)
    died_weight = problem.weights[sets.deaths]

    hazard = slot_weights(problem) / point.denominators
    h1, h1_own = _sum_slots(sets, hazard, 1), _sum_slots(sets, hazard, sets.slot_share)
    steeper = hazard / point.denominators
    h2, h2_own, h2_both = (_sum_slots(sets, steeper, sets.slot_share**power) for power in (0, 1, 2))

    cumulative = np.concatenate([[0.0], np.cumsum(h1)])
    flow, score, second = np.zeros((k, m + 1)), np.zeros(k), np.zeros((k, k))
    residuals = np.empty(n)
    for rows in blocks(n, m):
        first, last, risk, block = sets.first[rows], sets.last[rows], point.risk[rows], x[:, rows]
        own = sets.deaths_in(rows)
        expected = cumulative[last] - cumulative[first]
        expected[sets.deaths[own] - rows.start] -= h1_own[sets.cell[own]]
        expected *= risk
        residual = -expected
        residual[sets.deaths[own] - rows.start] += died_weight[own]
        residuals[rows] = residual
        score += block @ residual
        second += (block * expected) @ block.T
        for j, values in enumerate(block * risk):
            flow[j] += _flow(values, first, last, m)
    s1 = _still_there(flow)
    del flow  # the arrays below are as long as there are event times: no more of them at once than needed
    dying_risk = point.risk[sets.deaths]
    d1: Floats = np.stack([np.bincount(sets.cell, dying_risk * values, m) for values in problem.x_deaths])

    moved, moved_own = h2 * s1, h2_own * s1
    moved -= h2_own * d1
    moved_own -= h2_both * d1
    between = moved @ s1.T - moved_own @ d1.T
    drift = np.zeros((k, m + 1))
    np.cumsum(moved, axis=1, out=drift[:, 1:])
    del moved
    s1 *= h1
    d1 *= h1_own
    death_mean = np.subtract(s1, d1, out=s1)
    death_mean /= np.bincount(sets.cell, died_weight, m)
    return Slope(score, second - (between + between.T) / 2, second, residuals, drift, death_mean, moved_own)


def _sum_slots(sets: RiskSets, values: Floats, share: Floats | int) -> Floats:
    """Sum share times values of the tied deaths of each cell, (m,)."""
    return np.add.reduceat(share * values, sets.slot_start)


def score_residuals(problem: Problem, point: Point, slope: Slope, bins: int = 0) -> Iterator[tuple[slice, Floats]]:
    """Weighted score residuals (k, b) of each block of b people (Lin and Wei 1989; Therneau and Grambsch, 4.6)."""
    sets = problem.sets
    died_weight = problem.weights[sets.deaths]
    for rows in blocks(len(point.risk), bins):
        scores = np.take(slope.drift, sets.last[rows], axis=1)
        scores -= np.take(slope.drift, sets.first[rows], axis=1)
        scores *= point.risk[rows]
        scores += problem.x[:, rows] * slope.residuals[rows]
        some = sets.deaths_in(rows)
        here, cell = sets.deaths[some], sets.cell[some]
        scores[:, here - rows.start] -= (
            died_weight[some] * slope.death_mean[:, cell] + point.risk[here] * slope.death_drift[:, cell]
        )
        yield rows, scores


def cluster_information(problem: Problem, point: Point, slope: Slope, group: Ints, n_clusters: int) -> Floats:
    """The part of each cluster in the information, (clusters, k, k).

    A person's part is the integral of (x - mean of the risk set)^2 over their own cumulative hazard; the mean moves so
    little within one life that its own variation over a person's time at risk is left out.
    """
    sets, k = problem.sets, len(problem.x)
    information = np.zeros((n_clusters, k, k))
    for rows in blocks(len(point.risk), n_clusters):
        some = sets.deaths_in(rows)
        here, cell = sets.deaths[some], sets.cell[some]
        hazard = -slope.residuals[rows]
        hazard[here - rows.start] += problem.weights[here]
        mean = np.take(slope.drift, sets.last[rows], axis=1)
        mean -= np.take(slope.drift, sets.first[rows], axis=1)
        mean *= point.risk[rows]
        mean[:, here - rows.start] -= point.risk[here] * slope.death_drift[:, cell]
        with np.errstate(invalid="ignore", divide="ignore"):
            mean /= hazard
        apart = np.where(hazard > 0, problem.x[:, rows] - mean, 0.0)
        information += sum_products_by_cluster(hazard * apart, apart, group[rows], n_clusters)
    return information
