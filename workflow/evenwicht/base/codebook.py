"""What the columns, outcomes and sectors of a cohort are: all that a study or a world knows of the cohort file."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.columns import Column, Role
from evenwicht.base.outcomes import BinaryOutcome, ContinuousOutcome, CountOutcome, Outcome, Sector, UseOutcome


@dataclass(frozen=True)
class Codebook:
    """Descriptions by id.

    Attributes
    ----------
    cohort, title, description
        Id of the cohort, and what it is called.
    columns
        Every column of `persons`, those that a world generates among them.
    outcomes
        What studies ask about.
    adjustments
        Named sets of covariates.
    sectors
        Cost sectors.
    events, windows
        Events that people are followed for, and windows in which costs are counted.
    measures
        What repeated measures are called, of those with a label.
    changing
        States that people enter and leave over time, with what they are called.
    words
        What the source calls keys of its own that are none of these.
    """

    cohort: str
    columns: Mapping[str, Column]
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    adjustments: Mapping[str, Adjustment] = field(default_factory=dict)
    sectors: Mapping[str, Sector] = field(default_factory=dict)
    events: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    measures: Mapping[str, str] = field(default_factory=dict)
    changing: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    description: str = ""

    def role(self, role: Role) -> list[str]:
        """Return the names of the columns with a role."""
        return [name for name, column in self.columns.items() if column.role == role]

    def adjustment(self, adjust: str | Adjustment) -> Adjustment:
        """Return the covariates of a study that states them, or names a set."""
        return self.adjustments[adjust] if isinstance(adjust, str) else adjust

    def unit(self, outcome: str) -> str:
        """Unit in which an outcome is measured; empty for what happens or not."""
        about = self.outcomes.get(outcome)
        if isinstance(about, UseOutcome):
            return self.sectors[about.sector].unit
        return self.columns[about.column].unit if isinstance(about, ContinuousOutcome | CountOutcome) else ""

    def column_of(self, outcome: str) -> str | None:
        """The column that an outcome is, if it is one."""
        about = self.outcomes.get(outcome)
        return about.column if isinstance(about, ContinuousOutcome | BinaryOutcome | CountOutcome) else None
