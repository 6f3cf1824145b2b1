"""What comes before outcomes in a cohort, what comes after, and which columns have effects that are asked for."""

from dataclasses import dataclass

from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Role
from evenwicht.base.variables import target_of
from evenwicht.config import CohortConfig
from evenwicht.results.questions import Births
from evenwicht.studies.study import OutcomeStudy, StudySettings

AFTER: tuple[Role, ...] = ("mediator", "outcome")  # roles of columns that follow from exposures
OWN: tuple[Role, ...] = ("stressor", "exposure", "policy")  # of exposures, whatever else adjusts for them


@dataclass(frozen=True)
class Roles:
    """Names of columns by what they are to each other.

    Attributes
    ----------
    exposures
        Columns that are compared, but for background that another study adjusts for: all that they do is stated.
    outcomes
        Columns that are outcomes, or come after exposures.
    chained
        Exposures that a study asks of as outcomes, with the exposure that it compares.
    same_disease
        Events that are followed from a visit on, with the event of the same disease that is followed by age.
    by_birth
        Whether a study compares times of birth.
    """

    exposures: tuple[str, ...]
    outcomes: frozenset[str]
    chained: tuple[tuple[str, str], ...] = ()
    same_disease: tuple[tuple[str, str], ...] = ()
    by_birth: bool = False


def roles_of(config: CohortConfig) -> Roles:
    """Return the roles of the columns of a cohort file."""
    book, compared, adjusted = config.codebook, dict[str, None](), set[str]()
    chained: list[tuple[str, str]] = []
    for study in config.studies.values():
        own = dict.fromkeys(contrast.column for contrast in study.exposures_shown(book))
        compared |= own
        if isinstance(study, OutcomeStudy):
            adjusted |= set(book.adjustment(study.adjust).columns) - set(own)
            chained += [(column, one) for name in study.outcomes if (column := book.column_of(name)) for one in own]
    always = {name for role in OWN for name in book.role(role)}
    exposures = tuple(name for name in compared if name in always or name not in adjusted)
    outcomes = {name for role in AFTER for name in book.role(role)}
    outcomes |= {column for name in book.outcomes if (column := book.column_of(name)) is not None}
    chains = tuple(dict.fromkeys((a, b) for a, b in chained if a in exposures and b in exposures and a != b))
    same = {
        event: target_of(book.outcomes[outcome])
        for study in config.studies.values()
        for outcome, event in getattr(study, "from_visit", {}).items()
    }
    by_birth = any(compares_births(study, book) for study in config.studies.values())
    return Roles(exposures, frozenset(outcomes - {*compared, *adjusted}), chains, tuple(same.items()), by_birth)


def compares_births(study: StudySettings, book: Codebook) -> bool:
    """Whether a study compares times of birth."""
    return any(isinstance(question, Births) for question in study.asks(book))
