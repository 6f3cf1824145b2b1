"""How long severe cases wait for youth care by the share of mild referrals, and what a lever's referrals change.

Two forces pull apart. Where whoever was referred first goes first, each mild referral lengthens the wait of severe
ones; where severe cases go first, it hardly does, unless triage takes some of them for mild. All numbers are
assumptions, see `assumptions.yaml`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evenwicht.base.arrays import Floats
from evenwicht.base.errors import ModelError
from evenwicht.estimators.results import Interval
from evenwicht.levers.figures import Point, at
from evenwicht.side_effects.assumptions import YouthCare
from evenwicht.side_effects.simulation import Care, Plan, simulate
from evenwicht.side_effects.team import WEEKS, Team, Triage, Waiting, late, mean_waits

EVERYBODY = 100_000  # births over which a lever's referrals are counted
POINTS: tuple[Point, ...] = ("low", "mid", "high")
NO_STEADY_STATE = "more are referred than there is room for, so that no mean wait exists"
TOO_FEW = "it would take away more referrals than there are"


@dataclass(frozen=True)
class Curve:
    """Something by the share of mild referrals, with its Monte Carlo band if it was simulated.

    Attributes
    ----------
    share : (m,) array
        Share of referrals that are mild.
    load : (m,) array
        Share of places that referrals would take up.
    estimate, lower, upper : (m,) arrays
        NaN where there is none, as a mean wait from a load of 1 on.
    """

    share: Floats
    load: Floats
    estimate: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True)
class Crowding:
    """Waiting of severe cases under either rule.

    Attributes
    ----------
    first_come
        Whoever was referred first goes first.
    priority
        Severe cases go first, as far as triage knows them.
    """

    first_come: Curve
    priority: Curve


def severe_by_share(
    team: Team,
    shares: ArrayLike,
    *,
    triage: Triage | None = None,
    held: Literal["severe", "load"] = "severe",
    limit: float | None = None,
) -> Crowding:
    """Return how long severe cases wait by the share of mild referrals, in closed form.

    Parameters
    ----------
    team
        A team, or one queue for the country (`YouthCare.team`, `YouthCare.nation`).
    shares : (m,) array
        Shares of referrals that are mild.
    triage
        How it errs where severe cases go first; not at all if left out.
    held
        severe: as many severe referrals as the team has, and more or fewer mild ones. load: as many in all.
    limit
        Weeks; if given, the share of severe cases who wait longer takes the place of mean weeks.

    Raises
    ------
    ModelError
        If a share is out of range.
    """
    teams = [team.with_mild_share(float(share), held) for share in np.atleast_1d(shares)]

    def waits(rule: Triage | None) -> Curve:
        found = [np.nan if one.load >= 1 else _of(one, rule, limit).severe for one in teams]
        return _curve(teams, [Interval(wait) for wait in found])

    return Crowding(waits(None), waits(triage or Triage()))


def severe_by_share_simulated(
    team: Team,
    shares: ArrayLike,
    plan: Plan,
    key: np.random.SeedSequence,
    *,
    limit: float,
    quantity: Literal["mean", "late", "left"] = "mean",
    care: Care | None = None,
    triage: Triage | None = None,
    changes: bool = False,
) -> Crowding:
    """Return the same by simulation, as many severe referrals being held, with 95% Monte Carlo limits.

    Parameters
    ----------
    team, shares, triage
        As of `severe_by_share`.
    plan, key, limit, care
        As of `simulation.simulate`; the key is the same for all shares and both rules, which differ in nothing else.
    quantity
        mean: weeks until care. late: share without care after the limit. left: share who stopped waiting.
    changes
        Whether the share is that of the team during the warm-up, and another from then on.

    Raises
    ------
    ModelError
        If a share is out of range, or the load reaches 1 and nobody stops waiting.
    """
    teams = [team.with_mild_share(float(share)) for share in np.atleast_1d(shares)]

    def waits(rule: Triage | None) -> Curve:
        before = team if changes else None
        runs = [simulate(one, plan, key, limit=limit, care=care, triage=rule, before=before) for one in teams]
        return _curve(teams, [getattr(run.severe, quantity) for run in runs])

    return Crowding(waits(None), waits(triage or Triage()))


@dataclass(frozen=True)
class LeverWaits:
    """Waiting at one team before and after a lever, at one point of each assumption.

    Attributes
    ----------
    change
        Referrals over 100,000 births, more or fewer.
    births
        Births a year in the area of the team.
    mild
        Share of the change that is mild.
    load
        After the lever.
    first_come, priority
        Change of the mean weeks that severe cases wait under either rule; without an estimate, but with the reason,
        where no mean exists afterwards.
    late_first_come, late_priority
        Change of the share of severe cases who wait longer than the norm.
    """

    change: float
    births: float
    mild: float
    load: float
    first_come: Interval
    priority: Interval
    late_first_come: Interval
    late_priority: Interval


def waits_after_lever(
    team: Team,
    changes: Sequence[float],
    care: YouthCare,
    *,
    triage: Triage | None = None,
    points: Sequence[Point] = POINTS,
) -> list[LeverWaits]:
    """Return what a lever's change in referrals does to the waiting of severe cases, over ranges of what is assumed.

    It is what remains once every child of the area has grown up with the lever: as many referrals a year more or fewer
    as births a year have over their childhood. Places stay as they are.

    Parameters
    ----------
    team
        Before the lever, with a load below 1.
    changes
        Referrals over 100,000 births, more or fewer: those of `levers.package.Package.referrals` at each point.
    care
        Has the births of a team, how many of the change are mild, and the norm.
    triage
        As of `severe_by_share`.
    points
        At which the births of a team, and the share of the change that is mild, are taken; each with each.

    Raises
    ------
    ModelError
        If the load of the team reaches 1 before the lever.
    """
    found = []
    norm = at(care.norm, "mid")
    for change in changes:
        for births in dict.fromkeys(at(care.births_of_team, point) for point in points):
            for mild in dict.fromkeys(at(care.mild_of_change, point) for point in points):
                weekly = change / EVERYBODY * births / WEEKS
                found.append(_after(team, change, births, mild, weekly, triage or Triage(), norm))
    return found


def _after(
    team: Team, change: float, births: float, mild: float, weekly: float, triage: Triage, norm: float
) -> LeverWaits:
    more = weekly * (1 - mild), weekly * mild
    load = team.load + weekly * team.service / team.places
    reason = NO_STEADY_STATE if load >= 1 else TOO_FEW if min(team.severe + more[0], team.mild + more[1]) < 0 else ""
    rules: tuple[tuple[Triage | None, float | None], ...] = ((None, None), (triage, None), (None, norm), (triage, norm))
    before = [_of(team, rule, limit).severe for rule, limit in rules]
    if reason:
        return LeverWaits(change, births, mild, load, *(Interval(np.nan, reason=reason) for _ in rules))
    then = team.with_more(*more)
    pairs = zip(rules, before, strict=True)
    return LeverWaits(change, births, mild, load, *(Interval(_of(then, *rule).severe - was) for rule, was in pairs))


def most_referrals(team: Team, births: float) -> float:
    """Return the referrals over 100,000 births, more than now, with which the load reaches 1.

    Parameters
    ----------
    team
        Before a lever.
    births
        Births a year in its area.
    """
    return (1 - team.load) * team.places / team.service * WEEKS / births * EVERYBODY


def birth_area(care: YouthCare, point: Point = "mid") -> float:
    """Return how many births a year a team's area would have, if every area had as many referrals per birth.

    Raises
    ------
    ModelError
        If no trajectories start.
    """
    per_birth = at(care.started, point) / at(care.births, point)
    if not per_birth > 0:
        raise ModelError("no trajectories start", where="youth care", fix="Give how many start in a year.")
    return care.team(point).yearly / per_birth


def _of(team: Team, rule: Triage | None, limit: float | None) -> Waiting:
    return mean_waits(team, rule) if limit is None else late(team, limit, rule)


def _curve(teams: Sequence[Team], found: Sequence[Interval]) -> Curve:
    of_teams = np.array([(team.mild_share, team.load) for team in teams])
    limits = np.array([(one.estimate, one.lower, one.upper) for one in found])
    return Curve(*of_teams.T, *limits.T)
