"""Incidence of an event when others can come first: Aalen and Johansen's estimate, with each person's influence.

Whoever dies is not at risk of a disease any more, and will never get it. Censoring them, as Kaplan and Meier's estimate
does, answers another question: how many would fall ill if nobody died first. Sources: Aalen and Johansen 1978,
Scandinavian Journal of Statistics 5:141; Andersen, Geskus, de Witte and Putter 2012, International Journal of
Epidemiology 41:861. Times that are equal up to rounding are tied, as in R.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evenwicht.base.arrays import Floats, Ints
from evenwicht.estimators.influence import Estimate
from evenwicht.estimators.near_ties import TOLERANCE, merge_near_ties
from evenwicht.estimators.propensity import Propensity
from evenwicht.estimators.survival_data import SurvivalData

ROUNDING = 1e-9  # of a share of people at risk, from sums of weights in another order


class CumulativeIncidence:
    """Weighted incidence of each of several causes that end follow-up, and its derivative by each person's weight.

    Each cause has a risk set of its own, since a disease may be known from birth and death be seen only from enrolment
    on. With one cause the incidence is one minus Kaplan and Meier's survival.

    Parameters
    ----------
    causes
        One for each cause, of the same n people: the same `time`, at which at most one of their `event` is 1, and
        `entry` from when on that cause could be seen. Weights are probability weights, the same for all causes; people
        of weight 0 do not enter.

    Attributes
    ----------
    times : (m,) array
        Distinct times of events of any cause.
    hazards, at_risk : (causes, m) arrays
        Share of those at risk who have the event at each time, and the weight of those at risk.
    survival : (m + 1,) array
        Share free of all causes before the first time, and after each.
    """

    def __init__(self, causes: Sequence[SurvivalData]) -> None:
        first = causes[0]
        self.weights = np.ones(first.n) if first.weights is None else first.weights
        self.time, self.entries = _merged(causes)
        self.events = [cause.event for cause in causes]
        inside = self.weights > 0
        any_event = np.sum(self.events, axis=0) == 1
        self.times: Floats = np.unique(self.time[inside & any_event])
        tables = [self._cause(event, entry, inside) for event, entry in zip(self.events, self.entries, strict=True)]
        self.at_risk = np.array([at_risk for _, at_risk in tables])
        self._per_person = np.divide(1.0, self.at_risk, out=np.zeros_like(self.at_risk), where=self.at_risk > 0)
        self.hazards = np.array([events for events, _ in tables]) * self._per_person
        spared = 1 - self.hazards.sum(axis=0)
        spared[spared < ROUNDING] = 0.0
        self.survival: Floats = np.concatenate([[1.0], np.cumprod(spared)])
        self._spared = spared
        self._last: Ints = np.searchsorted(self.times, self.time, side="right")

    def _cause(self, event: Floats, entry: Floats | None, inside: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Weight of those with the event, and of those at risk of it, at each time, (m,)."""
        weights, happens = self.weights[inside], inside & (event == 1)
        places = np.searchsorted(self.times, self.time[happens])
        events = np.bincount(places, self.weights[happens], minlength=len(self.times)).astype(float)
        at_risk = _weight_from(self.times, self.time[inside], weights)
        if entry is not None:
            at_risk = at_risk - _weight_from(self.times, entry[inside], weights)
            at_risk[at_risk < ROUNDING * weights.sum()] = 0.0
        return events, at_risk

    def incidence(self, cause: int, grid: Floats) -> Floats:
        """Share with the event of a cause by the times of `grid`, (g,)."""
        total = np.concatenate([[0.0], np.cumsum(self.survival[:-1] * self.hazards[cause])])
        return np.asarray(total[np.searchsorted(self.times, grid, side="right")])

    def years_lost(self, cause: int, when: float) -> float:
        """Mean time after the event of a cause up to a time, in the unit of time: the area under its incidence.

        Source: Andersen 2013, Statistics in Medicine 32:5278.
        """
        reached = self._reached(when)
        return float((when - self.times[:reached]) @ (self.survival[:reached] * self.hazards[cause][:reached]))

    def incidence_derivative(self, cause: int, when: float) -> Floats:
        """Derivative of the incidence of a cause by a time by each person's weight, (n,).

        With weights of one, and if nobody enters late, the sum of its squares is the infinitesimal jackknife variance
        that R's `survfit` gives; with one cause that is Greenwood's.
        """
        return self._derivative(cause, np.ones(self._reached(when)))

    def years_lost_derivative(self, cause: int, when: float) -> Floats:
        """Derivative of `years_lost` by each person's weight, (n,)."""
        return self._derivative(cause, when - self.times[: self._reached(when)])

    def _reached(self, when: float) -> int:
        return int(np.searchsorted(self.times, when, side="right"))

    def _derivative(self, cause: int, counts: Floats) -> Floats:
        """Derivative by each person's weight, (n,), of the sum of `counts` times the incidence at each time, (r,).

        A person adds to the hazards at the times at which they are at risk. A hazard adds to what happens at its time,
        and takes the share spared away from all that comes later.
        """
        reached = len(counts)
        happens = counts * self.survival[:reached] * self.hazards[cause][:reached]
        later = happens.sum() - np.cumsum(happens)
        spared = self._spared[:reached]
        lost = np.divide(later, spared, out=np.zeros(reached), where=spared > 0)
        last = np.minimum(self._last, reached)
        derivative = np.zeros(len(self.time))
        for k, (event, entry) in enumerate(zip(self.events, self.entries, strict=True)):
            gained = counts * self.survival[:reached] if k == cause else 0.0
            moved = (gained - lost) * self._per_person[k][:reached]
            expected = np.concatenate([[0.0], np.cumsum(moved * self.hazards[k][:reached])])
            start = np.zeros_like(last) if entry is None else np.searchsorted(self.times, entry, side="right")
            own = (event == 1) & (self._last <= reached) & (self.weights > 0)
            derivative[own] += moved[self._last[own] - 1]
            derivative -= expected[last] - expected[np.minimum(start, last)]
        return np.where(self.weights > 0, derivative, 0.0)


def incidence_estimate(
    curve: CumulativeIncidence, cause: int, when: float, name: str, propensity: Propensity | None = None
) -> Estimate:
    """Incidence of a cause by a time with the influence of each person, who may carry an estimated weight.

    Parameters
    ----------
    curve
        Of an arm, with sampling weights (or 1) times the weights of `propensity`, if any; 0 outside the arm.
    cause
        Its place among the causes.
    when
        Time.
    name
        Of the arm, for the reason why there is no interval.
    propensity
        Where the weights come from.
    """
    value = float(curve.incidence(cause, np.array([when]))[0])
    return _estimate(curve, value, curve.incidence_derivative(cause, when), when, name, propensity)


def years_lost_estimate(
    curve: CumulativeIncidence, cause: int, when: float, name: str, propensity: Propensity | None = None
) -> Estimate:
    """Mean time lost to a cause up to a time, in the unit of time; arguments as in `incidence_estimate`.

    With one cause, `when` minus it is the restricted mean survival time (Royston and Parmar 2013, BMC Medical Research
    Methodology 13:152).
    """
    derivative = curve.years_lost_derivative(cause, when)
    return _estimate(curve, curve.years_lost(cause, when), derivative, when, name, propensity)


def _estimate(
    curve: CumulativeIncidence, value: float, derivative: Floats, when: float, name: str, propensity: Propensity | None
) -> Estimate:
    free = curve.survival[np.searchsorted(curve.times, when, side="right")]
    if free > 0 and when > curve.time[curve.weights > 0].max():
        nothing = np.full(len(curve.time), np.nan)
        return Estimate(np.nan, nothing, f"nobody among {name} is followed for so long")
    influence = derivative if propensity is None else propensity.influence(derivative)
    return Estimate(value, influence, "" if value > 0 else f"no event by then among {name}")


def _merged(causes: Sequence[SurvivalData]) -> tuple[Floats, list[Floats | None]]:
    """Times, and entries by cause, with those that differ by rounding made equal.

    Whoever leaves before a cause could be seen, up to rounding, was never at risk of it.
    """
    time = causes[0].time
    reach = 2 * TOLERANCE * max(1.0, float(np.abs(time).max()))
    late = [np.where(cause.entry >= time - reach, time, cause.entry) for cause in causes if cause.entry is not None]
    if not late:
        return merge_near_ties(time, None, "cumulative incidence")[0], [None] * len(causes)
    times, entries = merge_near_ties(np.tile(time, len(late)), np.concatenate(late), "cumulative incidence")
    assert entries is not None
    merged = iter(np.split(entries, len(late)))
    return times[: len(time)], [None if cause.entry is None else next(merged) for cause in causes]


def _weight_from(times: Floats, values: Floats, weights: Floats) -> Floats:
    """Weight of those whose value is at each time or later, (m,)."""
    order = np.argsort(values)
    total = np.concatenate([[0.0], np.cumsum(weights[order])])
    return np.asarray(total[-1] - total[np.searchsorted(values[order], times, side="left")])
