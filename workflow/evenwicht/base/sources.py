"""What every source of a cohort tells the rest: a file, a package or a world."""

from typing import ClassVar, Self

from evenwicht.base.columns import Column
from evenwicht.base.names import Strict
from evenwicht.base.outcomes import Sector


class SourceSettings(Strict):
    """Settings of a source; each kind is a subclass with its own `kind`."""

    synthetic: ClassVar[bool] = False  # drawn from a world with known truth

    @property
    def generated(self) -> dict[str, Column]:
        """Columns of `persons` that the source makes and describes itself."""
        return {}

    @property
    def described_sectors(self) -> dict[str, Sector]:
        """Cost sectors that the source describes itself."""
        return {}

    @property
    def followed(self) -> tuple[str, ...]:
        """Events that people are followed for."""
        return ()

    @property
    def measured(self) -> dict[str, str]:
        """Repeated measures that have a label, with it."""
        return {}

    @property
    def changing(self) -> dict[str, str]:
        """States that people enter and leave over time, with what they are called."""
        return {}

    @property
    def cost_windows(self) -> tuple[str, ...]:
        """Windows in which costs are counted."""
        return ()

    @property
    def amounts(self) -> tuple[tuple[str, str], ...]:
        """Sectors and windows with costs, if it lists them."""
        return ()

    @property
    def words(self) -> dict[str, str]:
        """What keys of its own tables are called, for display: groups, ages and windows that only it knows."""
        return {}

    @property
    def cost_sectors(self) -> dict[str, str]:
        """Sectors of the costs that the source names and the cohort file describes, by the key that does."""
        return {}

    @property
    def further_files(self) -> tuple[str, ...]:
        """Files beside the main one that columns may stand in."""
        return ()

    @property
    def made_from_others(self) -> tuple[str, ...]:
        """Columns that it makes from others, so that a person's is empty where those do not give it."""
        return ()

    @property
    def files_used(self) -> tuple[str, ...]:
        """Those of them that the source itself takes something from."""
        return ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Every file of the user's own that is read."""
        return ()

    def without_paths(self) -> Self:
        """Return the same source with no more of the path of a user's file than what kind of file it is."""
        return self

    @property
    def dates_named(self) -> dict[str, str]:
        """Columns of `persons` that must be dates, by the key that names them."""
        return {}

    @property
    def outcomes_named(self) -> dict[str, str]:
        """Outcomes of the cohort file that the source names, by the key that does."""
        return {}
