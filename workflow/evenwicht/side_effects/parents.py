"""Pressure that a campaign may put on families: an assumption with a threshold, estimated nowhere.

No study has followed a campaign to the pressure that is felt and on to burn-out. What can be said is how many cases
there would be if pressure rose by so much and weighed so much, and from where on a campaign would do more harm than
good. It is the campaign and the lack of support that would do the harm.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logit, ndtr, ndtri

from evenwicht.base.arrays import Floats
from evenwicht.base.errors import ModelError
from evenwicht.levers.figures import Point, Sweep, Value, at
from evenwicht.side_effects.assumptions import Pressure

EVERYBODY = 100_000  # parents, or births
WHERE = "felt pressure"
POINTS: tuple[Point, ...] = ("low", "mid", "high")


def burnout_cases(felt: ArrayLike, log_odds: ArrayLike, baseline: ArrayLike) -> Floats:
    """Return cases of burn-out, more or fewer, among 100,000 parents whose felt pressure rises.

    Parameters
    ----------
    felt
        Rise in felt pressure, standard deviations; below zero where pressure falls.
    log_odds
        Rise in the log-odds of burn-out per standard deviation.
    baseline
        Share with burn-out as it is, above 0 and below 1. The three broadcast against each other.

    Raises
    ------
    ModelError
        If a baseline is out of range.

    >>> burnout_cases(0.1, 0.3, 0.02).round().tolist()
    60.0
    """
    now = _inside("baseline", baseline)
    more = np.expm1(np.asarray(log_odds, dtype=float) * np.asarray(felt, dtype=float))  # of the odds; exactly 0 if none
    return np.asarray(EVERYBODY * now * (1 - now) * more / (1 + now * more))


@dataclass(frozen=True)
class Cases:
    """Cases of burn-out over everything that is assumed.

    Attributes
    ----------
    felt : (d,) array
        Rise in felt pressure, standard deviations.
    log_odds : (b,) array
        Rise in the log-odds of burn-out per standard deviation: low, middle and high.
    baseline : (p,) array
        Share with burn-out without the campaign: low, middle and high.
    cases : (d, b, p) array
        More or fewer among 100,000 parents reached.
    cut_off
        Where burn-out begins.
    """

    felt: Floats
    log_odds: Floats
    baseline: Floats
    cases: Floats
    cut_off: str


def sweep(pressure: Pressure, steps: int = 5) -> Cases:
    """Return cases of burn-out over the ranges of what is assumed, in evenly spaced steps of felt pressure."""
    felt = np.linspace(at(pressure.felt, "low"), at(pressure.felt, "high"), steps)
    log_odds, baseline = (_points(figure) for figure in (pressure.log_odds, pressure.baseline))
    cases = burnout_cases(felt[:, None, None], log_odds[:, None], baseline)
    return Cases(felt, log_odds, baseline, cases, pressure.baseline.cut_off)


def outcome_per_case(prevalence: float, shift: ArrayLike) -> Floats:
    """Return cases of an outcome among children for each case of burn-out in their families.

    Parameters
    ----------
    prevalence
        Share of children with the outcome where there is no burn-out, above 0 and below 1.
    shift
        How far the liability to the outcome is shifted, standard deviations (Falconer 1965, Annals of Human Genetics
        29:51).

    Raises
    ------
    ModelError
        If the prevalence is out of range.
    """
    base = _inside("prevalence", prevalence)
    liability = ndtri(base)
    return np.asarray(ndtr(liability + np.asarray(shift, dtype=float)) - ndtr(liability))  # exactly 0 if none


@dataclass(frozen=True)
class Campaign:
    """What a campaign does apart from pressure, and what a case of burn-out counts for.

    Attributes
    ----------
    averted
        Cases of an outcome of children that it averts over 100,000 births; below zero if it adds some.
    parents
        Parents whom it reaches per birth.
    weight
        Cases of the outcome that one case of burn-out counts for: by `outcome_per_case`, or as a reader values it.

    Raises
    ------
    ModelError
        If a number of parents or a weight is below 0.
    """

    averted: float
    parents: float
    weight: float

    def __post_init__(self) -> None:
        if not (self.parents >= 0 and self.weight >= 0):
            raise ModelError(
                f"{self.parents:g} parents per birth and a weight of {self.weight:g}",
                where=WHERE,
                fix="Both are 0 or more.",
            )

    @property
    def harm(self) -> float:
        """Cases of the outcome over 100,000 births for each case of burn-out among 100,000 parents reached."""
        return self.parents * self.weight


@dataclass(frozen=True)
class Net:
    """A campaign without and with the pressure that it may put on families, over 100,000 births.

    Attributes
    ----------
    without
        Cases of the outcome averted if pressure does nothing.
    burnout
        Cases of burn-out that pressure would add, of the shape of what is assumed.
    net
        Cases of the outcome averted once those are counted.
    """

    without: float
    burnout: Floats
    net: Floats


def net_effect(campaign: Campaign, felt: ArrayLike, log_odds: ArrayLike, baseline: ArrayLike) -> Net:
    """Return what a campaign does with and without pressure; what is assumed is as of `burnout_cases`.

    Raises
    ------
    ModelError
        As `burnout_cases` does.
    """
    among_parents = burnout_cases(felt, log_odds, baseline)
    return Net(
        campaign.averted,
        np.asarray(campaign.parents * among_parents),
        np.asarray(campaign.averted - campaign.harm * among_parents),
    )


def break_even(campaign: Campaign, log_odds: ArrayLike, baseline: ArrayLike) -> Floats:
    """Return the rise in felt pressure, standard deviations, above which a campaign does more harm than good.

    It is 0 where the campaign does harm to begin with, and infinite where no pressure undoes what it averts.
    Arguments as of `burnout_cases`.

    Raises
    ------
    ModelError
        As `burnout_cases` does, and if pressure would lower burn-out.
    """
    now, slope = np.broadcast_arrays(_inside("baseline", baseline), np.asarray(log_odds, dtype=float))
    if (slope < 0).any():
        raise ModelError("pressure would lower burn-out", where=WHERE, fix="Give log-odds of 0 or more.")
    if campaign.averted < 0:
        return np.zeros(now.shape)
    needed = now + (campaign.averted / (EVERYBODY * campaign.harm) if campaign.harm else np.inf)
    reached = (needed < 1) & (slope > 0)
    moved = logit(np.where(reached, needed, 0.5)) - logit(now)
    return np.where(reached, moved / np.where(slope > 0, slope, 1.0), np.inf)


def break_even_sweep(averted: float, prevalence: float, pressure: Pressure, reached: Point = "mid") -> Floats:
    """Return the break-even over weight, log-odds and baseline at low, middle and high, (3, 3, 3).

    Parameters
    ----------
    averted
        As of `Campaign`.
    prevalence
        Share of children with the outcome, as of `outcome_per_case`.
    pressure
        What is assumed.
    reached
        Point of its range at which the number of reached per birth is taken.
    """
    log_odds, baseline = (_points(figure) for figure in (pressure.log_odds, pressure.baseline))
    parents = at(pressure.parents, reached)
    return np.array(
        [
            break_even(Campaign(averted, parents, float(weight)), log_odds[:, None], baseline)
            for weight in outcome_per_case(prevalence, _points(pressure.shift))
        ]
    )


def _points(figure: Value | Sweep) -> Floats:
    return np.array([at(figure, point) for point in POINTS])


def _inside(name: str, share: ArrayLike) -> Floats:
    shares = np.asarray(share, dtype=float)
    if not ((shares > 0) & (shares < 1)).all():
        raise ModelError(
            f"{name} goes from {shares.min():g} to {shares.max():g}", where=WHERE, fix="Use shares above 0 and below 1."
        )
    return shares
