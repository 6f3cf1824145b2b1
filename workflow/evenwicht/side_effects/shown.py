"""What the page of side effects and its figures show: the models of this room over the ranges that are assumed.

Nothing here is estimated. What is simulated depends on the seed of the run alone, and is kept small, since the page
shows how waiting comes about and not how long it lasts anywhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from evenwicht.base.arrays import Floats
from evenwicht.base.streams import stream_key
from evenwicht.levers.figures import ENDS, Point, at
from evenwicht.side_effects.assumptions import YouthCare, assumptions
from evenwicht.side_effects.crowding import (
    Crowding,
    Curve,
    LeverWaits,
    severe_by_share,
    severe_by_share_simulated,
    waits_after_lever,
)
from evenwicht.side_effects.parents import Campaign, break_even_sweep, net_effect, outcome_per_case, sweep
from evenwicht.side_effects.simulation import Care, Plan, Waited, simulate
from evenwicht.side_effects.team import Team, Triage, late, mean_waits

SHARES = (0.4, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9)  # of mild referrals, in the table
DRAWN = (0.4, 0.6, 0.7, 0.75, 0.8, 0.825, 0.85, 0.875, 0.9)  # where the figure has five simulated years
OVERFULL = (0.8, 0.85, 0.9)  # where the table has them: as things are, and with more referred than there is room for
CHECKED = (0.7, 0.75, 0.78)  # where a simulation stands beside the formula
FULLEST = 0.975  # load at which curves of mean waits end: beyond, they leave any scale
YEARS = 5
AFTER = Plan(runs=10, warm_up=104, weeks=YEARS * 52)
STEADY = Plan(runs=16, warm_up=300, weeks=600)
CHANGES = (-4000, -2000, -1000, 1000, 2000, 4000, 10_000)  # referrals over 100,000 births
AVERTED = (10, 50, 100, 500)  # cases over 100,000 births, of campaigns that stand as examples
EXAMPLE = 100  # the one of them that is drawn
PREVALENCE = 0.1  # share of children with the outcome, in the same examples
STEPS = 5  # of felt pressure


# --- waiting by the share of mild referrals


def full_share(team: Team, load: float = 1.0) -> float:
    """Return the share of mild referrals at which the team is so full, severe referrals staying as many."""
    return 1 - team.severe * team.service / (load * team.places)


@dataclass(frozen=True)
class Waits:
    """Mean weeks, or a share, of severe cases under three rules.

    Attributes
    ----------
    first_come
        Whoever was referred first goes first.
    priority
        Severe cases go first, and are always known.
    errs
        Severe cases go first, as far as triage knows them; limits are the ends of its errors.
    """

    first_come: Curve
    priority: Curve
    errs: Curve


def waits(shares: ArrayLike, limit: float | None = None) -> Waits:
    """Return mean weeks that severe cases wait, in closed form, or the share who wait longer than the limit."""
    care = assumptions().youth_care
    team = care.team()
    known = severe_by_share(team, shares, limit=limit)
    low, mid, high = (
        severe_by_share(team, shares, triage=care.triage(point), limit=limit).priority
        for point in ("low", "mid", "high")
    )
    return Waits(known.first_come, known.priority, replace(mid, lower=low.estimate, upper=high.estimate))


def curves() -> Waits:
    """Return mean weeks close enough to be drawn as curves, as far as there is room for all."""
    team = assumptions().youth_care.team()
    least, bend, most = SHARES[0], full_share(team, 0.7), full_share(team, FULLEST)
    return waits(np.concatenate([np.linspace(least, bend, 8)[:-1], np.linspace(bend, most, 60)]))


@cache
def checked(seed: int) -> Crowding:
    """Return mean weeks by simulation, with times in care that differ as is assumed and with errors of triage."""
    care = assumptions().youth_care
    return severe_by_share_simulated(
        care.team(),
        CHECKED,
        STEADY,
        queue_key(seed),
        limit=at(care.norm, "mid"),
        care=Care(at(care.spread, "mid")),
        triage=care.triage(),
    )


@cache
def years_after(seed: int) -> Crowding:
    """Return the share of severe cases without care after the norm, in the years after the share has changed."""
    care = assumptions().youth_care
    return severe_by_share_simulated(
        care.team(),
        DRAWN,
        AFTER,
        queue_key(seed),
        limit=at(care.norm, "mid"),
        quantity="late",
        care=Care(at(care.spread, "mid"), at(care.patience, "mid")),
        triage=care.triage(),
        changes=True,
    )


@cache
def severe_after(seed: int, share: float, *, first_come: bool, patience: Point = "mid") -> Waited:
    """Return what happened to severe cases in the same years at one share, under one rule."""
    care = assumptions().youth_care
    team = care.team()
    waiting = Care(at(care.spread, "mid"), at(care.patience, patience))
    return simulate(
        team.with_mild_share(share),
        AFTER,
        queue_key(seed),
        limit=at(care.norm, "mid"),
        care=waiting,
        triage=None if first_come else care.triage(),
        before=team,
    ).severe


def queue_key(seed: int) -> np.random.SeedSequence:
    """Return the key of all that is simulated, the same for every share and rule, which differ in nothing else."""
    return stream_key(seed, "", "side_effects")


# --- one team, teams of other sizes, and the country


@dataclass(frozen=True)
class Severe:
    """What severe cases meet: mean weeks under the rules of `Waits`, and the share beyond the norm in order."""

    team: Team
    first_come: float
    priority: float
    errs: float
    late: float


def severe_of(team: Team, triage: Triage) -> Severe:
    """Return what severe cases meet in a team."""
    norm = at(assumptions().youth_care.norm, "mid")
    first_come, priority, errs = (mean_waits(team, rule).severe for rule in (None, Triage(), triage))
    return Severe(team, first_come, priority, errs, late(team, norm).severe)


def by_size() -> list[Severe]:
    """Return what severe cases meet in teams of the sizes that are assumed, and in one queue for the country."""
    care = assumptions().youth_care
    team, triage = care.team(), care.triage()
    sizes = [at(care.places, point) / team.places for point in ("low", "mid", "high")]
    return [severe_of(one, triage) for one in (*(team.pooled(size) for size in sizes), care.nation())]


def at_ends() -> Iterator[tuple[str, float, Severe]]:
    """Yield each assumption of youth care with one of its ends and what severe cases meet there, all else as it is.

    The load stays what it is when the share of mild referrals is another: it is then known less, not changed.
    """
    care = assumptions().youth_care
    for name in ("places", "load", "service", "mild_share", "severe_as_mild", "mild_as_severe"):
        for end in ENDS:
            value = at(getattr(care, name), end)
            yield name, value, _with(care, **{name: value})


def _with(care: YouthCare, **changed: float) -> Severe:
    taken = {name: at(figure, "mid") for name, figure in care} | changed
    team = Team.at_load(round(taken["places"]), taken["service"], taken["load"], taken["mild_share"])
    return severe_of(team, Triage(taken["severe_as_mild"], taken["mild_as_severe"]))


# --- a lever


@dataclass(frozen=True)
class Change:
    """What more or fewer referrals do to one team.

    Attributes
    ----------
    referrals
        More or fewer over 100,000 births.
    middle
        With the births of a team, and the share of mild referrals, in the middle of their ranges.
    ends
        With each of them at each point of its range.
    """

    referrals: float
    middle: LeverWaits
    ends: list[LeverWaits]


def changes(referrals: Sequence[float] = CHANGES) -> list[Change]:
    """Return what more or fewer referrals do, one by one."""
    care = assumptions().youth_care
    team, triage = care.team(), care.triage()
    return [
        Change(
            one,
            waits_after_lever(team, [one], care, triage=triage, points=["mid"])[0],
            waits_after_lever(team, [one], care, triage=triage),
        )
        for one in referrals
    ]


# --- pressure


@dataclass(frozen=True)
class Pressed:
    """A campaign over the felt pressure that is assumed.

    Attributes
    ----------
    felt : (d,) array
        Rise in felt pressure, standard deviations.
    without
        Cases of the outcome averted over 100,000 births, if pressure does nothing.
    middle, harshest : (d,) arrays
        The same once burn-out is counted, with all else that is assumed in the middle, and at the end that does most.
    """

    felt: Floats
    without: float
    middle: Floats
    harshest: Floats


def pressed(averted: float = EXAMPLE) -> Pressed:
    """Return what is left of a campaign as felt pressure rises."""
    pressure = assumptions().pressure
    felt = sweep(pressure, STEPS).felt

    def net(point: Point) -> Floats:
        weight = float(outcome_per_case(PREVALENCE, at(pressure.shift, point)))
        campaign = Campaign(averted, at(pressure.parents, point), weight)
        return net_effect(campaign, felt, at(pressure.log_odds, point), at(pressure.baseline, point)).net

    return Pressed(felt, averted, net("mid"), net("high"))


def thresholds(averted: float) -> tuple[float, float, float]:
    """Return the felt pressure from which a campaign does net harm: at the harshest end, the middle, the mildest."""
    low, mid, high = (
        break_even_sweep(averted, PREVALENCE, assumptions().pressure, point) for point in ("low", "mid", "high")
    )
    return float(high.min()), float(mid[1, 1, 1]), float(low.max())
