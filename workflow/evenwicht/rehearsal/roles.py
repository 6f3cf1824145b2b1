"""What comes before outcomes in a cohort, what comes after, and which columns have effects that are asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import UseOutcome
from evenwicht.config import CohortConfig
from evenwicht.studies.study import OutcomeStudy

AFTER = ("mediator", "outcome")  # roles of columns that follow from exposures


@dataclass(frozen=True)
class Roles:
    """Names of columns by what they are to each other.

    Attributes
    ----------
    exposures
        Columns that are compared, and that no other study adjusts for: all that they do is stated.
    outcomes
        Columns that are outcomes, or come after exposures.
    """

    exposures: tuple[str, ...]
    outcomes: frozenset[str]


def roles_of(config: CohortConfig) -> Roles:
    """Return the roles of the columns of a cohort file."""
    book, compared, adjusted = config.codebook, dict[str, None](), set[str]()
    for study in config.studies.values():
        own = {c.column for c in study.exposures_shown(book)}
        compared |= dict.fromkeys(sorted(own))
        if isinstance(study, OutcomeStudy):
            adjusted |= set(book.adjustment(study.adjust).columns) - own
    exposures = tuple(name for name in compared if name not in adjusted)
    outcomes = {name for role in AFTER for name in book.role(role)}
    outcomes |= {column for name in book.outcomes if (column := book.column_of(name)) is not None}
    return Roles(exposures, frozenset(outcomes - {*exposures, *adjusted, *compared}))


def targets(book: Codebook) -> Mapping[str, str]:
    """Return what each outcome is in the twin, where it is one column, event or use: see `worlds.twin`."""
    found: dict[str, str] = {}
    for name, outcome in book.outcomes.items():
        column: Any = getattr(outcome, "column", None) or getattr(outcome, "event", None)
        found[name] = f"{outcome.sector}@{outcome.window}" if isinstance(outcome, UseOutcome) else column or ""
    return found
