"""Settings of a study of disease onset by date of birth around the end of a policy."""

import datetime as dt
from typing import Annotated

from pydantic import Field, model_validator

from evenwicht.config.base import Name, Positive, Share, Strict
from evenwicht.config.studies import Adjustment

Quarters = tuple[int, int]


class Births(Strict):
    """Births of whole quarters, counted from the quarter in which the policy ended."""

    label: str
    quarters: Quarters = Field(description="First and last quarter; 0 is the one in which the policy ended")


class EventStudy(Strict):
    """Onset of disease in births before and after a policy ended, as studies of sugar rationing estimate it.

    The shape of the design is that of Gracner et al. 2024, Science 386:1043: groups by exposure, narrower cells with a
    reference among the unexposed, and months of exposure as a dose.
    """

    policy: str = Field(description="Name of the policy, as the report prints it")
    ends: dt.date
    exposed_until: Positive = Field(24, description="Age up to which the policy can matter, months")
    unexposed: Births = Field(description="Births conceived after the end; groups are compared with them")
    groups: dict[str, Quarters] = Field(min_length=1, description="Exposed births, from shortest to longest exposure")
    reference: Births = Field(description="Unexposed births with which the cells of the event study are compared")
    cells: dict[str, Quarters] = Field(
        min_length=2, description="Cells in the order of the figure, latest births first"
    )
    adjust: Adjustment = Adjustment()
    season: bool = Field(True, description="Adjust for calendar month of birth")
    cluster: Name = Field(description="Column of birth months, for standard errors")
    outcomes: list[Name] = Field(min_length=1)
    from_visit: dict[Name, Name] = Field(
        default={}, description="Outcome -> event of the same disease followed from a visit on, for delayed entry"
    )
    ages: list[Positive] = Field(min_length=1, description="Ages at which absolute risks are compared, years")
    donut_months: Annotated[int, Field(ge=1, le=12)] = Field(
        3, description="Births left out on both sides of the last exposed conception"
    )
    negative_controls: list[Name] = Field(
        [], description="Events that the policy cannot have changed; at least five give an empirical null"
    )
    plausible_hazard_ratio: Share = Field(
        0.9, description="True effect assumed by the design analysis: power, type S and type M errors"
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> "EventStudy":
        named = {"unexposed": self.unexposed.quarters, "reference": self.reference.quarters}
        for name, (first, last) in {**named, **self.groups, **self.cells}.items():
            if first > last:
                raise ValueError(f"'{name}': the first quarter must not lie after the last")
        if self.unexposed.quarters[0] < 1:
            raise ValueError("unexposed births must be later than the quarter in which the policy ended")
        for what, parts in (("groups", self.groups), ("cells", self.cells)):
            base = self.unexposed if what == "groups" else self.reference
            taken: dict[int, str] = {}
            for name, (first, last) in {base.label: base.quarters, **parts}.items():
                for quarter in range(first, last + 1):
                    if quarter in taken:
                        raise ValueError(f"{what}: quarter {quarter} is in '{taken[quarter]}' and in '{name}'")
                    taken[quarter] = name
        if 0 < len(self.negative_controls) < 5:
            raise ValueError("negative_controls: an empirical null needs at least five")
        return self

    @property
    def longest(self) -> str:
        """The group with the longest exposure, whose effect leads the report."""
        return list(self.groups)[-1]

    @property
    def before(self) -> list[str]:
        """Cells of unexposed births: the pre-period of the event study."""
        return [name for name, (first, _) in self.cells.items() if first >= self.unexposed.quarters[0]]

    def contrast(self, group: str) -> str:
        """Label of a group against the unexposed."""
        return f"{group} vs {self.unexposed.label}"

    def cell_contrast(self, cell: str) -> str:
        """Label of a cell against the reference."""
        return f"{cell} vs {self.reference.label}"

    @property
    def part_in_shortest(self) -> str:
        """Label of the effect of the shortest exposure as part of the longest."""
        return f"{next(iter(self.groups))} as part of {self.longest}"
