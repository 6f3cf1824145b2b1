"""What a policy did that units, such as states, adopted at different times: three estimators on the same panel.

- `two_way`: one effect of the policy given unit and period, and the same by period since adoption. Units that adopted
  earlier serve as controls of later ones, so that effects which differ or grow can be given the wrong size and even
  sign (Goodman-Bacon 2021, Journal of Econometrics 225:254).
- `two_stage`: unit and period effects from the rows without the policy alone, and the mean of what they leave where it
  holds (Gardner 2022, arXiv 2207.05943; Borusyak, Jaravel and Spiess 2024, Review of Economic Studies 91:3253). What a
  unit would have been follows from all its periods before.
- `interaction_weighted`: each adopter's change since its last period before, less that of the units that never adopt;
  averaged over adopters and periods (Sun and Abraham 2021, Journal of Econometrics 225:175; without covariates also
  Callaway and Sant'Anna 2021, Journal of Econometrics 225:200). What a unit would have been rests on one period alone.

All say what is true if without the policy adopters had moved as the others did; the last two whatever the effects are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evenwicht.base.arrays import Flags, Floats, Ints
from evenwicht.base.errors import ModelError
from evenwicht.estimators.influence import Estimate
from evenwicht.estimators.linear import LinearFit, fit_linear, least_squares
from evenwicht.estimators.results import Interval
from evenwicht.estimators.sampling_weights import effective_n

BASE = -1  # the period since adoption against which others are told: the last one before
TIED = 1e-10  # share of the largest information on periods below which there is none
NOBODY = "no unit adopted the policy between the first and the last period"
NO_CONTROLS = "every unit adopts, so that none shows what would have been without"
NO_BASE = "no adopter was seen in its last period before"
ONE_UNIT = "one cluster alone carries this contrast"
LEAST = 1e-6  # degrees of freedom of one unit alone, up to rounding
NOT_SPARED = "in some period no unit without the policy is tied to the others"


@dataclass(frozen=True)
class Panel:
    """Units, such as states, by periods, such as years; U units and T periods.

    Attributes
    ----------
    outcome : (U, T) array
        NaN where a unit was not observed.
    first : (U,) array of int
        Position of the first period under the policy, at least 1; T of units that never adopt.
    weight : (U,) array
        How much a unit counts, all positive.
    """

    outcome: Floats
    first: Ints
    weight: Floats

    @property
    def adopts(self) -> Flags:
        """Which units adopt, (U,)."""
        return np.asarray(self.first < self.outcome.shape[1])

    @cached_property
    def since(self) -> Ints:
        """Periods since adoption, (U, T); far below any for units that never adopt."""
        periods = self.outcome.shape[1]
        since = np.arange(periods) - self.first[:, None]
        return np.where(self.adopts[:, None], since, -2 * periods)

    @cached_property
    def seen(self) -> Flags:
        """Where the outcome is known, (U, T)."""
        return ~np.isnan(self.outcome)

    @cached_property
    def treated(self) -> Flags:
        """Where the policy holds and the outcome is known, (U, T)."""
        return self.seen & (self.since >= 0)


@dataclass(frozen=True)
class Periods:
    """Effects by period since adoption, and the test that those before it are all zero.

    Attributes
    ----------
    effects
        By period since adoption, without `BASE`.
    before
        P value of the test of the periods before `BASE`; NaN, with the reason, where it cannot be made.
    """

    effects: dict[int, Interval]
    before: Interval


def two_way(panel: Panel, where: str) -> Interval:
    """Return the effect of the policy given unit and period, with errors that cluster by unit (CR2).

    Raises
    ------
    ModelError
        If no unit adopts, or the policy follows from unit and period.
    """
    _require_adopters(panel, where)
    return _two_way_fit(panel, [panel.treated.astype(float)], where).interval(-1)


def two_way_periods(panel: Panel, leads: int, lags: int, where: str) -> Periods:
    """Return the same by period since adoption, from `leads` before to `lags` after; all others are in the model.

    Raises
    ------
    ModelError
        As `two_way`.
    """
    _require_adopters(panel, where)
    every = _known_periods(panel)
    fit = _two_way_fit(panel, [(panel.since == e).astype(float) for e in every], where)
    first = len(fit.params) - len(every)
    return _told(fit, {e: first + k for k, e in enumerate(every)}, leads, lags)


def two_stage(panel: Panel, where: str) -> Interval:
    """Return the mean effect where the policy holds, by what unit and period effects without it leave.

    Errors are those of both stages by unit. Few adopters carry them: as in a comparison of two means (Welch 1947,
    Biometrika 34:28), adopters and others each have their own factor n / (n - 1) and degrees of freedom, with n the
    number of equally weighted units that say as much.

    Raises
    ------
    ModelError
        If no unit adopts.
    """
    found = two_stage_mean(panel, where)
    if found.reason:
        return Interval.not_estimable(found.reason)
    variance = spread = 0.0
    for arm in (panel.adopts, ~panel.adopts):
        moving = arm & (found.influence != 0)
        if not moving.any():
            continue
        more = effective_n(panel.weight[moving]) - 1
        if more < LEAST:
            return Interval(found.value, reason=ONE_UNIT)
        part = float(found.influence[moving] @ found.influence[moving]) * (more + 1) / more
        variance, spread = variance + part, spread + part**2 / more
    return Interval.student(found.value, float(np.sqrt(variance)), variance**2 / spread)


def two_stage_mean(panel: Panel, where: str) -> Estimate:
    """Return the mean of `two_stage`, and how much each unit moves it, (U,); adopters never seen before tell nothing.

    Raises
    ------
    ModelError
        If no unit adopts.
    """
    _require_adopters(panel, where)
    free = panel.seen & ~panel.treated
    treated = panel.treated & free.any(axis=1, keepdims=True)
    weight = panel.weight[:, None]
    effects = _TwoWay(weight * free)
    if not treated.any() or not effects.tell_of(treated):
        return Estimate(np.nan, np.full(len(panel.first), np.nan), NOT_SPARED)
    y = np.where(panel.seen, panel.outcome, 0.0)
    rest = np.where(free | treated, y - effects.fitted(y), 0.0)
    share = weight * treated / (weight * treated).sum()
    mean = float((share * rest).sum())
    lent = effects.sums(share)  # how much each row without the policy counts for what would have been
    return Estimate(mean, (share * (rest - mean)).sum(axis=1) - (weight * free * lent * rest).sum(axis=1))


def interaction_weighted(panel: Panel, where: str) -> Interval:
    """Return the mean change of adopters while the policy holds, less that of units that never adopt (CR2 by unit).

    Raises
    ------
    ModelError
        If no unit adopts.
    """
    _require_adopters(panel, where)
    change, weight = _changes(panel, range(panel.outcome.shape[1]))
    known = weight > 0
    if reason := _not_told(panel, weight):
        return Interval.not_estimable(reason)
    exposed = panel.adopts[known].astype(float)
    return least_squares(change[known], exposed, weights=weight[known], clusters=np.flatnonzero(known), where=where)


def interaction_weighted_periods(panel: Panel, leads: int, lags: int, where: str) -> Periods:
    """Return the same by period since adoption, from `leads` before to `lags` after: one regression of all changes.

    Raises
    ------
    ModelError
        If no unit adopts, none never does, or no adopter was seen in its last period before.
    """
    _require_adopters(panel, where)
    changes = {e: _changes(panel, [e]) for e in _known_periods(panel) if -leads <= e <= lags}
    found = {e: change for e, change in changes.items() if not _not_told(panel, change[1])}
    if not found:
        reason = NO_BASE if not panel.adopts.all() else NO_CONTROLS
        raise ModelError(reason, where=where, fix="Read the rows of the two-stage estimator.")
    change, weight = (np.stack(part, axis=1) for part in zip(*found.values(), strict=True))
    unit, period = np.nonzero(weight)
    apart = (period[:, None] == np.arange(len(found))).astype(float)
    fit = fit_linear(
        change[unit, period],
        np.hstack([apart, apart * panel.adopts[unit][:, None]]),
        weights=weight[unit, period],
        clusters=unit,
        intercept=False,
        where=where,
    )
    return _told(fit, {e: len(found) + k for k, e in enumerate(found)}, leads, lags)


def _require_adopters(panel: Panel, where: str) -> None:
    if not panel.treated.any():
        raise ModelError(NOBODY, where=where, fix="Check the periods, and who is under the policy.")


def _known_periods(panel: Panel) -> list[int]:
    """Periods since adoption in which any adopter was seen, without `BASE`."""
    return [int(e) for e in np.unique(panel.since[panel.seen & panel.adopts[:, None]]) if e != BASE]


def _not_told(panel: Panel, weight: Floats) -> str:
    """Why changes with these weights, (U,), tell nothing; empty if they do."""
    if not (weight[~panel.adopts] > 0).any():
        return NO_CONTROLS
    return "" if (weight[panel.adopts] > 0).any() else NO_BASE


def _told(fit: LinearFit, places: dict[int, int], leads: int, lags: int) -> Periods:
    """The coefficients at these places, by period since adoption, and the test of those before."""
    effects = {e: fit.interval(place) for e, place in places.items() if -leads <= e <= lags}
    before = [places[e] for e in effects if e < BASE]
    return Periods(effects, _all_zero(fit, before))


def _all_zero(fit: LinearFit, places: list[int]) -> Interval:
    """P value of the hypothesis that these coefficients are zero."""
    assert fit.errors is not None
    if not places:
        return Interval.not_estimable("no period lies before the last one before adoption")
    try:
        return Interval(fit.errors.wald(fit.params[places], fit.contrasts[places])[1])
    except ModelError as error:
        return Interval.not_estimable(error.what)


def _two_way_fit(panel: Panel, regressors: list[Floats], where: str) -> LinearFit:
    """Least squares of the outcome on regressors, (U, T) each, units absorbed and periods as columns before them."""
    seen = panel.seen
    unit, period = np.nonzero(seen)
    observed = np.unique(period)
    columns = [panel.outcome[seen], *(period == t for t in observed[1:]), *(one[seen] for one in regressors)]
    both = np.column_stack(columns).astype(float)
    counts = np.maximum(seen.sum(axis=1), 1)
    for j in range(both.shape[1]):  # a unit's weight is the same in all its rows, so that its mean needs none
        both[:, j] -= (np.bincount(unit, both[:, j], len(counts)) / counts)[unit]
    return fit_linear(
        both[:, 0],
        both[:, 1:],
        weights=panel.weight[unit],
        clusters=unit,
        intercept=False,
        absorbed=len(np.unique(unit)),
        where=where,
    )


def _changes(panel: Panel, periods: Iterable[int]) -> tuple[Floats, Floats]:
    """Change of each unit since its last period before adoption, net of the units that never adopt.

    Returns
    -------
    change, weight : (U,) arrays
        An adopter's mean over these periods since adoption, and its weight times their number. What stands for a unit
        that never adopts has mean zero: how far it moves the mean of which the changes are net. Weights have mean one
        among adopters and among the others; a unit without any change has weight 0.
    """
    y, never = panel.outcome, ~panel.adopts
    total, count, lent, spared = (np.zeros(len(y)) for _ in range(4))
    for first in np.unique(panel.first[panel.adopts]):
        for t in (first + e for e in periods if 0 <= first + e < y.shape[1]):
            moved = y[:, t] - y[:, first + BASE]
            told, others = ((group & ~np.isnan(moved)) for group in (panel.first == first, never))
            if told.any() and others.any():
                share = panel.weight[others] / panel.weight[others].sum()
                net = moved - share @ moved[others]
                total[told] += net[told]
                count[told] += 1
                lent[others] += panel.weight[told].sum() * share * net[others]
                spared[others] = 1
    adopters, others = panel.weight * count, panel.weight * spared
    if not count.any():
        return total, total
    lent[spared > 0] *= others.sum() / adopters.sum() / panel.weight[spared > 0]
    change = np.where(panel.adopts, total / np.maximum(count, 1), lent)
    weight = adopters / adopters[count > 0].mean() + others / others[spared > 0].mean()
    return change, weight


class _TwoWay:
    """Effects of units and of periods by weighted least squares, from weights (U, T) that are 0 where a row is out."""

    def __init__(self, weight: Floats) -> None:
        self.weight = weight
        self.units = weight.sum(axis=1)
        self.per_unit = np.divide(weight, self.units[:, None], where=self.units[:, None] > 0, out=np.zeros_like(weight))
        left = np.diag(weight.sum(axis=0)) - weight.T @ self.per_unit  # of periods, once units are taken out
        sizes, axes = np.linalg.eigh(left)
        told = sizes > TIED * sizes[-1]
        self.rank = int(told.sum())
        self.inverse = axes[:, told] / sizes[told] @ axes[:, told].T

    def tell_of(self, rows: Flags) -> bool:
        """Whether the effects of all units and periods with one of these rows, (U, T), are tied to each other."""
        by_unit, by_period = rows.sum(axis=1) > 0, rows.sum(axis=0) > 0
        periods = self.weight.sum(axis=0) > 0
        strangers = (by_period & ~periods).sum() + (by_unit & (self.units == 0)).sum()
        return bool(strangers == 0 and self.rank == periods.sum() - 1)

    def fitted(self, y: Floats) -> Floats:
        """Sums of the effects that fit y, (U, T), best, also where the weight is 0, (U, T)."""
        return self.sums(self.weight * y)

    def sums(self, moments: Floats) -> Floats:
        """Sums of the effects that solve the normal equations with these moments, (U, T), of units and of periods."""
        by_unit = np.divide(moments.sum(axis=1), self.units, where=self.units > 0, out=np.zeros(len(self.units)))
        period = self.inverse @ (moments.sum(axis=0) - self.weight.T @ by_unit)
        return np.asarray((by_unit - self.per_unit @ period)[:, None] + period)
