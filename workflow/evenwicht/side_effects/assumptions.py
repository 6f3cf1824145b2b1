"""The assumptions of this room, each with its source: read from `assumptions.yaml`, checked as settings are."""

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from evenwicht.base.names import Strict
from evenwicht.levers.figures import Figure, Point, Sweep, Value, at, ends
from evenwicht.side_effects.team import Team, Triage

FILE = Path(__file__).with_name("assumptions.yaml")


def _share(figure: Value | Sweep) -> Value | Sweep:
    least, most = ends(figure)
    if not 0 <= least <= most <= 1:
        raise ValueError(f"a share lies between 0 and 1, and this goes from {least:g} to {most:g}")
    return figure


def _above_zero(figure: Value | Sweep) -> Value | Sweep:
    if not ends(figure)[0] > 0:
        raise ValueError(f"it lies above 0, and this begins at {ends(figure)[0]:g}")
    return figure


ShareFigure = Annotated[Figure, AfterValidator(_share)]
PositiveFigure = Annotated[Figure, AfterValidator(_above_zero)]


class YouthCare(Strict):
    """What is assumed of youth care."""

    places: PositiveFigure = Field(description="Cases in care at the same time in one team")
    load: ShareFigure = Field(description="Share of places that referrals take up")
    service: PositiveFigure = Field(description="Mean weeks in care")
    spread: PositiveFigure = Field(description="Squared coefficient of variation of weeks in care; exponential: 1")
    mild_share: ShareFigure = Field(description="Share of referrals that are mild")
    severe_as_mild: ShareFigure = Field(description="Share of severe cases that triage takes for mild")
    mild_as_severe: ShareFigure = Field(description="Share of mild cases that triage takes for severe")
    patience: PositiveFigure = Field(description="Mean weeks after which a family stops waiting")
    norm: PositiveFigure = Field(description="Weeks beyond which care comes late")
    observed: PositiveFigure = Field(description="Mean weeks of waiting that local reports give")
    in_care: PositiveFigure = Field(description="Trajectories in the country at the same time, about")
    started: PositiveFigure = Field(description="Trajectories that start in a year in the country")
    births: PositiveFigure = Field(description="Births in the same year")
    births_of_team: PositiveFigure = Field(description="Births a year in the area that one team serves")
    mild_of_change: ShareFigure = Field(description="Share of referrals added or taken away that are mild")

    def team(self, point: Point = "mid") -> Team:
        """Return one team; all but the share of mild referrals is taken at a point of its range."""
        return Team.at_load(
            round(at(self.places, point)), at(self.service, point), at(self.load, point), at(self.mild_share, "mid")
        )

    def nation(self, point: Point = "mid") -> Team:
        """Return one queue for the whole country, at the load of a team."""
        team = self.team(point)
        return team.pooled(at(self.in_care, point) / (team.load * team.places))

    def triage(self, point: Point = "mid") -> Triage:
        """Return a triage that errs as often as is assumed."""
        return Triage(at(self.severe_as_mild, point), at(self.mild_as_severe, point))


class CutOff(Sweep):
    """How common a condition is; that depends on where it is said to begin."""

    cut_off: Annotated[str, Field(min_length=1)] = Field(description="Where it begins; shown wherever the number is")


class Pressure(Strict):
    """What is assumed of the pressure that a campaign may put on families."""

    felt: Figure = Field(description="Rise in felt pressure among those whom a campaign reaches, SD")
    log_odds: Figure = Field(description="Rise in the log-odds of burn-out per SD of felt pressure")
    baseline: Annotated[CutOff, AfterValidator(_share)] = Field(description="Share with burn-out without a campaign")
    parents: PositiveFigure = Field(description="Parents reached per birth")
    shift: Figure = Field(
        description="How far an outcome of the child is shifted with burn-out in the family, SD of its liability"
    )


class Assumptions(Strict):
    """Everything that this room assumes."""

    youth_care: YouthCare
    pressure: Pressure


@cache
def assumptions() -> Assumptions:
    """Return the assumptions that come with the library.

    >>> assumptions().youth_care.norm.value
    14.0
    """
    import yaml

    return Assumptions.model_validate(yaml.safe_load(FILE.read_text(encoding="utf-8")))
