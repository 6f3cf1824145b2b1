"""What a study asks a true value for. Worlds answer without knowing studies; every answer is keyed as estimates are."""

import datetime as dt
from dataclasses import dataclass

from evenwicht.base.exposures import Contrast

SES = "ses"  # column by which worlds rank people unless asked otherwise
NO_SECTOR = "no_sector"  # key of the people with high need in none


@dataclass(frozen=True)
class Effect:
    """What a column does: everybody exposed against nobody, or a number raised by a step.

    Attributes
    ----------
    contrast
        The column, and the keys of its rows.
    outcomes
        Ids of outcomes.
    policy
        Whether it is a policy: what it prevents is then counted, not what would not be there without it.
    """

    contrast: Contrast
    outcomes: tuple[str, ...]
    policy: bool


@dataclass(frozen=True)
class Births:
    """What a time did to those born in it, against the same people born when it did nothing.

    Attributes
    ----------
    exposure, references
        Keys of the rows; the same value answers for every reference.
    first, last
        Dates of birth.
    outcomes
        Ids of outcomes.
    ages
        Ages by which absolute effects are asked for.
    """

    exposure: str
    references: tuple[str, ...]
    first: dt.date
    last: dt.date
    outcomes: tuple[str, ...]
    ages: tuple[float, ...] = ()


@dataclass(frozen=True)
class Part:
    """The effect of one group of births as a share of that of another; rows have the first as exposure."""

    part: Births
    whole: Births


@dataclass(frozen=True)
class Concentration:
    """How use concentrates in a window.

    Attributes
    ----------
    window
        Window of costs, the `at` of rows.
    top_share
        Share of people that is called the top.
    at_least
        Sectors with high need that make the group.
    group
        Key of the group with high need in several sectors.
    risk
        Column by which people are ranked, if any.
    """

    window: str
    top_share: float
    at_least: int
    group: str
    risk: str | None = None


@dataclass(frozen=True)
class CompetingRisk:
    """What a column does to the risk of an event when others can come first.

    Attributes
    ----------
    contrast
        The column, and the keys of its rows.
    outcomes
        Ids of outcomes, each a time to an event on the clock of age.
    competing
        Events after which those of the outcomes cannot come any more.
    """

    contrast: Contrast
    outcomes: tuple[str, ...]
    competing: tuple[str, ...]


@dataclass(frozen=True)
class Inequality:
    """How unequal outcomes are along a rank, what a column does to that, and its effects in parts of the rank.

    Attributes
    ----------
    contrast
        The column that is compared.
    outcomes
        Ids of outcomes.
    by
        Column of numbers by which people are ranked; rows of inequality as things are have it as exposure.
    parts
        Into how many parts of equal size people are cut by it.
    """

    contrast: Contrast
    outcomes: tuple[str, ...]
    by: str
    parts: int

    @property
    def reference(self) -> str:
        """Reference of the rows of what the column does to inequality: it names the rank, unless that is SES."""
        return self.contrast.reference if self.by == SES else f"{self.contrast.reference}_by_{self.by}"


Question = Effect | Births | Part | Concentration | CompetingRisk | Inequality
