"""What a study asks a true value for. Worlds answer without knowing studies; every answer is keyed as estimates are."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.exposures import Contrast

if TYPE_CHECKING:
    from evenwicht.base.arrays import Floats, Labels

SES = "ses"  # column by which worlds rank people unless asked otherwise
DIRECT = "direct"  # id of the part of an effect that goes through no mediator
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
    """How use concentrates in few people, how far a childhood score ranks it, and what a change would take away.

    Attributes
    ----------
    windows
        Windows of costs, the `at` of rows. All is asked of the first; of others only what their length changes.
    top_shares
        Shares of people that are called the top; the first is the main one.
    at_least
        Numbers of sectors with high need that make a group; the first is the main one. Empty: no groups.
    strata
        Columns within which chance would shuffle people, each with the number of parts if it is cut.
    risk
        Column by which people are ranked, if any.
    changes
        Columns that nobody would have, or numbers that would be one step lower, in this order.
    """

    windows: tuple[str, ...]
    top_shares: tuple[float, ...]
    at_least: tuple[int, ...] = ()
    strata: tuple[tuple[str, int | None], ...] = ()
    risk: str | None = None
    changes: tuple[Contrast, ...] = ()

    @property
    def groups(self) -> list[tuple[float, int]]:
        """Share of people and number of sectors of each group; the first is the main one."""
        return [(share, least) for least in self.at_least for share in self.top_shares]

    @property
    def group(self) -> str | None:
        """Key of the main group, if there is one."""
        return group_key(*self.groups[0]) if self.groups else None


ALL_CHANGES = "all_changes"  # key of all changes of a question together


def top_key(top_share: float) -> str:
    """Key of the people with most use of a sector."""
    return f"top_{100 * top_share:g}"


def group_key(top_share: float, at_least: int) -> str:
    """Key of the people who are among those in several sectors."""
    return f"{top_key(top_share)}_in_{at_least}"


def exactly_key(top_share: float, sectors: int) -> str:
    """Key of the people who are among those in just so many sectors."""
    return f"{top_key(top_share)}_in_exactly_{sectors}"


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


class Lever(Protocol):
    """What a lever, or a package of them, does to columns in each third of a rank.

    Attributes
    ----------
    exposure, reference
        Keys of its rows.
    columns
        What it changes.
    among
        Yes/no column and answer of those to whom alone it is introduced; everybody if None.
    """

    @property
    def exposure(self) -> str: ...

    @property
    def reference(self) -> str: ...

    @property
    def columns(self) -> "Sequence[str]": ...

    @property
    def among(self) -> tuple[str, str] | None: ...

    def parts(self, values: "Floats", thirds: "Labels") -> "Sequence[tuple[Floats, Floats]]":
        """Return the chances, (n,), to be changed in each way, and what the columns, (n, p), are then."""
        ...


@dataclass(frozen=True)
class HighRisk:
    """A programme for the people whose risk, by all that predicts it, is highest.

    Attributes
    ----------
    exposure, reference
        Keys of its rows.
    share
        Of people to whom it is offered.
    strength
        Share of their risk that it removes, uptake counted.
    """

    exposure: str
    reference: str
    share: float
    strength: float


@dataclass(frozen=True)
class Changes:
    """Exposures that nobody would have, and policies that everybody would.

    A number is one step lower as an exposure, and one step higher as a policy.

    Attributes
    ----------
    exposures, policies
        Both sides.
    outcomes
        Ids of outcomes.
    by
        Column of numbers along which inequality is told, if any; levers go by its thirds.
    levers
        Levers on columns, beside the policies.
    """

    exposures: tuple[Contrast, ...]
    policies: tuple[Contrast, ...]
    outcomes: tuple[str, ...]
    by: str | None = None
    levers: tuple[Lever, ...] = ()


@dataclass(frozen=True)
class Ledger(Changes):
    """Which of these changes more over all; rows of a pair have the policy as exposure, the exposure as reference.

    Attributes
    ----------
    high_risk
        Programmes for those at the highest risk.
    predictors
        What their risk is predicted from.
    exposed
        Yes/no exposure: of those who have it, it is asked how many do well, and what each lever adds to that.
    weighed
        Which of the levers are weighed against the exposures.
    """

    high_risk: tuple[HighRisk, ...] = ()
    predictors: Adjustment = field(default_factory=Adjustment)
    exposed: str | None = None
    weighed: tuple[Lever, ...] = ()


class Accounts(Protocol):
    """What follows in money from changes of outcomes."""

    def outcomes(self) -> tuple[str, ...]:
        """Return the ids of the outcomes with a price."""
        ...

    def truths(
        self, key: str, lever: Lever | None, changes: "Mapping[str, float]", thirds: "Labels", weights: "Floats"
    ) -> "Iterable[tuple[str, str, str, float]]":
        """Yield column or outcome, estimand, `at` and value for true changes a birth.

        `key` is the exposure of the rows; thirds, (n,), and weights, (n,), of people say how many a lever reaches.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Money(Changes):
    """What changes are worth in money; rows have a column of money, or an outcome, as outcome.

    Attributes
    ----------
    accounts
        How changes become money.
    """

    accounts: Accounts


@dataclass(frozen=True)
class Timing:
    """Which hypothesis about the timing of an exposure fits an outcome best.

    Attributes
    ----------
    periods, columns, ages
        Ids of periods of life in order, the column of the exposure in each, and its age in years.
    binary
        Whether the exposure is a yes/no one.
    families
        Of hypotheses, see `estimators.life_course`; rows have the id of a hypothesis as exposure.
    adjust
        Covariates that are taken out.
    outcomes
        Ids of outcomes.
    """

    periods: tuple[str, ...]
    columns: tuple[str, ...]
    ages: tuple[float, ...]
    binary: bool
    families: tuple[str, ...]
    adjust: Adjustment
    outcomes: tuple[str, ...]


@dataclass(frozen=True)
class Predictors:
    """What a model predicts from.

    Attributes
    ----------
    key
        The exposure of its rows.
    scores
        Columns of numbers, or of yes/no.
    covariates
        Whether the covariates of the question are in it too.
    """

    key: str
    scores: tuple[str, ...]
    covariates: bool


@dataclass(frozen=True)
class Prediction:
    """How well what is known early tells an outcome, by the same regression fitted to everybody.

    Attributes
    ----------
    models
        Each model that is fitted; the last has all that is known.
    adjust
        The covariates.
    outcomes
        Ids of outcomes: yes/no, high need in several sectors, or numbers, of which the spread alone is asked.
    cuts
        Shares of people who are flagged as at highest risk, the `at` of rows.
    """

    models: tuple[Predictors, ...]
    adjust: Adjustment
    outcomes: tuple[str, ...]
    cuts: tuple[float, ...]


@dataclass(frozen=True)
class Pathways:
    """How much of what a column does goes through mediators in order.

    Attributes
    ----------
    contrast
        The column, and the keys of its rows; those of a part have `path_key` of it as exposure.
    outcomes
        Ids of outcomes.
    blocks
        Id of a block of mediators, and its columns, in their order.
    """

    contrast: Contrast
    outcomes: tuple[str, ...]
    blocks: tuple[tuple[str, tuple[str, ...]], ...]


def path_key(exposure: str, block: str = DIRECT) -> str:
    """Return the exposure of the rows of one part of an effect: through a block of mediators, or through none."""
    return f"{exposure}:{block}"


@dataclass(frozen=True)
class Context:
    """What differs within groups of people and between them.

    Attributes
    ----------
    group
        The column of the groups, the exposure of rows about all that is between them.
    exposures
        Columns of people, and the keys of their rows.
    conditions
        Columns of groups, and the keys of their rows.
    covariates
        Further columns of people.
    outcomes
        Ids of outcomes.
    """

    group: str
    exposures: tuple[Contrast, ...]
    conditions: tuple[Contrast, ...]
    covariates: tuple[str, ...]
    outcomes: tuple[str, ...]

    @property
    def people(self) -> tuple[str, ...]:
        """All columns of people."""
        return (*dict.fromkeys(contrast.column for contrast in self.exposures), *self.covariates)

    @property
    def made_of(self) -> str:
        """The reference of rows about who is in the groups: all columns of people."""
        return "+".join(self.people)


OfChildhood = CompetingRisk | Inequality | Timing | Prediction | Pathways | Context
Question = Effect | Births | Part | Concentration | Ledger | Money | OfChildhood
