"""Waiting by discrete-event simulation: any spread of service times, triage that errs, families who stop waiting.

Where the closed forms of `team` hold, the simulation equals them within its error; beyond, it says what they cannot:
service times that are not exponential, and what happens over a finite time where referrals exceed capacity.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.base.errors import ModelError
from evenwicht.base.streams import part_of
from evenwicht.estimators.results import Interval
from evenwicht.side_effects.team import Team, Triage

if TYPE_CHECKING:
    import simpy

WHERE = "simulated queue"
BLOCK = 1024  # cases whose numbers are drawn at once
NEEDS = ("severe", "mild")
LEAVE = "some stop waiting, so that weeks waited are not weeks until care"
FULL = "more are referred than there is room for, so that no mean wait exists"
NOBODY = "nobody was referred"


@dataclass(frozen=True)
class Plan:
    """How much is simulated.

    Attributes
    ----------
    runs
        Independent runs; the error is told by their spread, since waits within a run depend on each other.
    warm_up
        Weeks that are not counted, in which a line forms.
    weeks
        Weeks whose referrals are counted, each until care begins or the family stops waiting.

    Raises
    ------
    ModelError
        If there are fewer than two runs, or no weeks.
    """

    runs: int
    warm_up: float
    weeks: float

    def __post_init__(self) -> None:
        if not (self.runs >= 2 and self.warm_up >= 0 and self.weeks > 0):
            raise ModelError(
                f"{self.runs} runs of {self.weeks:g} weeks after {self.warm_up:g} have no error that can be told",
                where=WHERE,
                fix="Take two runs or more, a warm-up of 0 or more, and weeks above 0.",
            )


@dataclass(frozen=True)
class Care:
    """What is assumed of those in care and of those who wait.

    Attributes
    ----------
    spread
        Squared coefficient of variation of log-normal times in care; exponential if None.
    patience
        Mean weeks after which a family stops waiting, exponential; if None, all wait until their turn comes.

    Raises
    ------
    ModelError
        If one of them is not above 0.
    """

    spread: float | None = None
    patience: float | None = None

    def __post_init__(self) -> None:
        for name in ("spread", "patience"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ModelError(f"{name} is {value:g}", where=WHERE, fix="It is above 0, or left out.")


@dataclass(frozen=True)
class Waited:
    """Waiting in one group, with the 95% interval that the spread between runs gives.

    Attributes
    ----------
    mean
        Weeks until care begins; NaN, with the reason, where families stop waiting.
    late
        Share without care after the limit, among them those who stopped waiting before.
    left
        Share who stopped waiting.
    """

    mean: Interval
    late: Interval
    left: Interval


@dataclass(frozen=True)
class Simulated:
    """What happened to severe cases, to mild ones, and to all."""

    severe: Waited
    mild: Waited
    everybody: Waited


def simulate(
    team: Team,
    plan: Plan,
    key: np.random.SeedSequence,
    *,
    limit: float,
    care: Care | None = None,
    triage: Triage | None = None,
    before: Team | None = None,
) -> Simulated:
    """Simulate waiting at a team.

    Each case has its own numbers (when it is referred, how it is judged, how long its care takes, how long it would
    wait), the same under any rule with the same key. Differences between rules, and between numbers of mild referrals,
    are therefore known far better than either side.

    Parameters
    ----------
    team
        Places and referrals.
    plan
        Runs, warm-up and weeks.
    key
        From `base.streams.stream_key`.
    limit
        Weeks beyond which care comes late.
    care
        Spread of times in care, and patience; exponential, and all wait, if left out.
    triage
        Who goes first; without it, whoever was referred first.
    before
        The team as it was during the warm-up, with as many places; as it is now if left out.

    Raises
    ------
    ModelError
        If the load of the team, now or before, reaches 1 and all wait until their turn comes.
    """
    care, before = care or Care(), before or team
    highest = max(team.load, before.load)
    if highest >= 1 and care.patience is None:
        raise ModelError(
            f"the load is {highest:.3g} and nobody stops waiting, so that the line grows without end",
            where=WHERE,
            fix="Lower the load below 1, or say after how long a family stops waiting.",
        )
    runs = [_Run(team, before, plan, part_of(key, run), limit, care, triage).counted() for run in range(plan.runs)]
    totals = np.array(runs)
    reason = "" if care.patience is None else FULL if highest >= 1 else LEAVE
    severe, mild = (_waited(totals[:, k], reason) for k in range(2))
    return Simulated(severe, mild, _waited(totals.sum(axis=1), reason))


def _waited(totals: Floats, reason: str) -> Waited:
    """Ratios of what happened in each run, (runs, 4), to the cases that it counted."""
    cases, weeks, late, left = totals.T
    mean = Interval(np.nan, reason=reason) if reason else _ratio(weeks, cases)
    return Waited(mean, _ratio(late, cases), _ratio(left, cases))


def _ratio(parts: Floats, cases: Floats) -> Interval:
    """Sum over the sum of cases, with the error of a ratio of means of independent runs (linearised)."""
    if not cases.any():
        return Interval(np.nan, reason=NOBODY)
    ratio = parts.sum() / cases.sum()
    n = len(cases)
    se = np.std(parts - ratio * cases, ddof=1) / cases.mean() / np.sqrt(n)
    found = Interval.student(ratio, float(se), n - 1)
    return replace(found, lower=max(found.lower, 0.0))  # neither weeks nor shares go below


class _Case(NamedTuple):
    """A case before the queue has had a say: times in weeks, those between referrals in units of their mean."""

    time: float
    rank: int
    service: float
    patience: float


class _Run:
    """One run: its clock, its places, and what it has counted of severe and mild cases."""

    def __init__(
        self,
        team: Team,
        before: Team,
        plan: Plan,
        key: np.random.SeedSequence,
        limit: float,
        care: Care,
        triage: Triage | None,
    ) -> None:
        import simpy

        self.clock = simpy.Environment()
        self.places = simpy.PriorityResource(self.clock, team.places)
        self.over = self.clock.event()
        self.start, self.end = plan.warm_up, plan.warm_up + plan.weeks
        self.limit, self.waits_for_ever = limit, care.patience is None
        self.pending = 0
        self.totals = np.zeros((len(NEEDS), 4))  # cases, weeks waited, without care in time, left
        first = np.zeros(2) if triage is None else triage.goes_first
        for k, need in enumerate(NEEDS):
            drawn = _cases(np.random.default_rng(part_of(key, k)), team.service, care, float(first[k]))
            rates = getattr(before, need), getattr(team, need)
            self.clock.process(self._refer(k, _times(drawn, *rates, self.start)))

    def counted(self) -> Floats:
        """Run until every counted case is in care or has left; return what was counted, (2, 4)."""
        self.clock.process(self._close())
        self.clock.run(until=self.over)
        return self.totals

    def _refer(self, k: int, cases: Iterator[_Case]) -> Generator["simpy.Event", Any, None]:
        for case in cases:
            yield self.clock.timeout(case.time - self.clock.now)
            self.clock.process(self._follow(k, case))

    def _follow(self, k: int, case: _Case) -> Generator["simpy.Event", Any, None]:
        referred = self.clock.now
        counts = self.start <= referred < self.end
        self.pending += counts
        with self.places.request(priority=case.rank) as turn:
            yield turn if self.waits_for_ever else turn | self.clock.timeout(case.patience)
            waited = self.clock.now - referred
            if counts:
                begins = turn.triggered
                self.totals[k] += (1, waited, not begins or waited > self.limit, not begins)
                self.pending -= 1
                self._end_if_done()
            if turn.triggered:
                yield self.clock.timeout(case.service)

    def _close(self) -> Generator["simpy.Event", Any, None]:
        yield self.clock.timeout(self.end)
        self._end_if_done()

    def _end_if_done(self) -> None:
        if self.clock.now >= self.end and not self.pending and not self.over.triggered:
            self.over.succeed()


def _cases(rng: np.random.Generator, service: float, care: Care, first: float) -> Iterator[_Case]:
    """Yield cases without end, with the time since the one before; `first` is the share that goes first.

    All numbers are drawn whatever is assumed, so that the same case returns under other assumptions.
    """
    while True:
        gaps, patience = rng.standard_exponential((2, BLOCK))
        judged, length = rng.random(BLOCK), rng.standard_exponential(BLOCK)
        normal = rng.standard_normal(BLOCK)
        if care.spread is not None:
            variance = np.log1p(care.spread)
            length = np.exp(np.sqrt(variance) * normal - variance / 2)
        columns = gaps, np.where(judged < first, 0, 1), service * length, patience * (care.patience or 0.0)
        yield from map(_Case, *(column.tolist() for column in columns))


def _times(cases: Iterator[_Case], before: float, now: float, change: float) -> Iterator[_Case]:
    """Yield the same cases with the time of referral, at a rate that changes at one time; none where it is 0."""
    units, upto = 0.0, before * change
    for case in cases:
        units += case.time
        if units < upto:
            yield case._replace(time=units / before)
        elif now > 0:
            yield case._replace(time=change + (units - upto) / now)
        else:
            return
