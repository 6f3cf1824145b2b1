"""A team of youth care as a queue: places, referrals of two degrees of need, and a triage that may err.

Severe and mild are labels of the modeller: nobody has published how referrals divide. A place is what one case takes
up while it lasts, not a worker.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.base.errors import ModelError
from evenwicht.side_effects import queue

WEEKS = 365.25 / 7  # in a year
WHERE = "team of youth care"


@dataclass(frozen=True)
class Triage:
    """How often need is misjudged when it decides who goes first.

    Attributes
    ----------
    severe_as_mild
        Share of severe cases taken for mild.
    mild_as_severe
        Share of mild cases taken for severe.

    Raises
    ------
    ModelError
        If one of them is no share.
    """

    severe_as_mild: float = 0.0
    mild_as_severe: float = 0.0

    def __post_init__(self) -> None:
        for name in ("severe_as_mild", "mild_as_severe"):
            _must_be_share(name, getattr(self, name))

    @property
    def goes_first(self) -> Floats:
        """Share of severe and of mild cases that go first, (2,)."""
        return np.array([1 - self.severe_as_mild, self.mild_as_severe])


@dataclass(frozen=True)
class Waiting:
    """What is known of waiting, among severe cases, among mild ones, and among all."""

    severe: float
    mild: float
    everybody: float


@dataclass(frozen=True)
class Team:
    """Places, and who is referred to them.

    Attributes
    ----------
    places
        Cases in care at the same time, at most.
    service
        Mean weeks in care.
    severe, mild
        Referrals a week.

    Raises
    ------
    ModelError
        If there is no place, no time in care, or a number of referrals below 0.
    """

    places: int
    service: float
    severe: float
    mild: float

    def __post_init__(self) -> None:
        if not (self.places >= 1 and self.service > 0 and self.severe >= 0 and self.mild >= 0):
            raise ModelError(
                f"{self.severe:g} severe and {self.mild:g} mild referrals a week to {self.places} places of "
                f"{self.service:g} weeks are no queue",
                where=WHERE,
                fix="Referrals are 0 or more; places and weeks are above 0.",
            )

    @classmethod
    def at_load(cls, places: int, service: float, load: float, mild_share: float) -> "Team":
        """Return a team whose referrals take up a share of its places, `mild_share` of them being mild."""
        _must_be_share("mild_share", mild_share)
        weekly = load * places / service
        return cls(places, service, weekly * (1 - mild_share), weekly * mild_share)

    @property
    def referrals(self) -> float:
        """Referrals a week."""
        return self.severe + self.mild

    @property
    def yearly(self) -> float:
        """Referrals a year."""
        return self.referrals * WEEKS

    @property
    def load(self) -> float:
        """Share of places that referrals would take up; from 1 on no mean wait exists."""
        return self.referrals * self.service / self.places

    @property
    def mild_share(self) -> float:
        """Share of referrals that are mild; NaN without referrals."""
        return self.mild / self.referrals if self.referrals else np.nan

    def pooled(self, teams: float) -> "Team":
        """Return one queue for so many teams like this one, at the same load; places are rounded."""
        places = round(self.places * teams)
        factor = places / self.places
        return Team(places, self.service, self.severe * factor, self.mild * factor)

    def with_mild_share(self, share: float, held: Literal["severe", "load"] = "severe") -> "Team":
        """Return the team with another share of mild referrals.

        Parameters
        ----------
        share
            0 or more and below 1.
        held
            severe: as many severe referrals as now, so that mild ones are added or fall away. load: as many referrals
            as now, so that their division alone is another, as when nobody has published it.

        Raises
        ------
        ModelError
            If the share is out of range, or severe referrals are held where there are none.
        """
        _must_be_share("mild_share", share)
        if held == "load":
            return replace(self, severe=self.referrals * (1 - share), mild=self.referrals * share)
        if share == 1 or self.severe == 0:
            raise ModelError(
                "no number of mild referrals beside severe ones gives this share",
                where=WHERE,
                fix="Give a share below 1 and a team with severe referrals, or hold the load.",
            )
        return replace(self, mild=self.severe * share / (1 - share))

    def with_more(self, severe: float, mild: float) -> "Team":
        """Return the team with more referrals a week, or fewer if below zero."""
        return replace(self, severe=self.severe + severe, mild=self.mild + mild)


def mean_waits(team: Team, triage: Triage | None = None) -> Waiting:
    """Return mean weeks of waiting, in closed form; time in care is exponential.

    Parameters
    ----------
    team
        With a load below 1.
    triage
        Who goes first, none of those in care being sent away; without it, whoever was referred first.

    Raises
    ------
    ModelError
        If the load reaches 1, so that no mean exists.
    """
    if triage is None:
        wait = queue.mean_wait(team.referrals, team.service, team.places)
        return Waiting(wait, wait, wait)
    return _by_need(team, triage, queue.priority_waits(_rates(team, triage), team.service, team.places))


def late(team: Team, limit: float, triage: Triage | None = None) -> Waiting:
    """Return shares that wait longer than `limit` weeks, in closed form; arguments and errors as of `mean_waits`."""
    if triage is None:
        share = float(queue.wait_exceeds(team.referrals, team.service, team.places, limit))
        return Waiting(share, share, share)
    return _by_need(team, triage, queue.priority_exceeds(_rates(team, triage), team.service, team.places, limit))


def _rates(team: Team, triage: Triage) -> Floats:
    """Referrals a week that go first and that go second, (2,)."""
    first = triage.goes_first
    each = np.array([team.severe, team.mild])
    return np.array([first @ each, (1 - first) @ each])


def _by_need(team: Team, triage: Triage, of_class: Floats) -> Waiting:
    """What holds for those who go first and second, (2,), as it is for severe and mild cases."""
    first = triage.goes_first
    severe, mild = first * of_class[0] + (1 - first) * of_class[1]
    everybody = float(np.average([severe, mild], weights=[team.severe, team.mild])) if team.referrals else 0.0
    return Waiting(float(severe), float(mild), everybody)


def _must_be_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ModelError(f"{name} is {value:g}", where=WHERE, fix="A share lies between 0 and 1.")
