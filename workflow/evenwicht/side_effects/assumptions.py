"""The assumptions of this room, each with its source: read from `assumptions.yaml`, checked as settings are."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from evenwicht.base.names import Strict
from evenwicht.display.language import message
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

    places: PositiveFigure = Field(description=message("Places: children in care at the same time in one team"))
    load: ShareFigure = Field(description=message("Share of places that referrals take up"))
    service: PositiveFigure = Field(description=message("Mean weeks in care"))
    spread: PositiveFigure = Field(
        description=message("How much weeks in care differ: their variance over their squared mean")
    )
    mild_share: ShareFigure = Field(description=message("Share of referrals that are mild"))
    severe_as_mild: ShareFigure = Field(description=message("Share of severe cases that are taken for mild"))
    mild_as_severe: ShareFigure = Field(description=message("Share of mild cases that are taken for severe"))
    patience: PositiveFigure = Field(description=message("Mean weeks after which a family stops waiting"))
    norm: PositiveFigure = Field(description=message("Weeks beyond which care comes late"))
    observed: PositiveFigure = Field(description=message("Mean weeks of waiting that local reports give"))
    in_care: PositiveFigure = Field(
        description=message("Stretches of care under way in the country at the same time, about; a child may have two")
    )
    started: PositiveFigure = Field(description=message("Stretches of care that start in the country in a year"))
    births: PositiveFigure = Field(description=message("Births in the same year"))
    births_of_team: PositiveFigure = Field(description=message("Births a year in the area that one team serves"))
    mild_of_change: ShareFigure = Field(
        description=message("Of the referrals that a lever adds or takes away, the share that is mild")
    )

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

    felt: Figure = Field(
        description=message("Rise in felt pressure among those whom a campaign reaches, standard deviations")
    )
    log_odds: Figure = Field(
        description=message("Rise in the log-odds of burn-out for each standard deviation of felt pressure")
    )
    baseline: Annotated[CutOff, AfterValidator(_share)] = Field(
        description=message("Share of parents with burn-out, without a campaign")
    )
    parents: PositiveFigure = Field(description=message("Parents reached for each birth"))
    shift: Figure = Field(
        description=message(
            "How far a child’s liability to a bad outcome lies higher with burn-out in the family, standard deviations"
        )
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


def described() -> Iterator[tuple[str, Value | Sweep]]:
    """Yield what each assumption is about, in English, with its numbers and source, in the order of the file."""
    known = assumptions()
    for part in (known.youth_care, known.pressure):
        for name, field in type(part).model_fields.items():
            yield field.description or "", getattr(part, name)
