"""How countries discount, and count the cost of raising taxes: read from `conventions.yaml`."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from evenwicht.base.names import Name, Probability
from evenwicht.levers.figures import Sourced

FILE = Path(__file__).with_name("conventions.yaml")
Steps = Annotated[
    tuple[tuple[float, float], ...],
    Field(min_length=1, description="First year of each step, and its rate, as `discounting.Schedule` takes them"),
]


class Convention(Sourced):
    """How one country discounts and counts the cost of raising taxes."""

    label: Annotated[str, Field(min_length=1)] = Field(description="Country and kind of evaluation")
    money: Steps = Field(description="Real rates a year of costs and of benefits in money")
    health: Steps = Field(
        default_factory=lambda given: given["money"], description="Real rates a year of health in natural units"
    )
    deadweight: Probability = Field(description="Loss per unit of tax raised in the base case, as a share")
    sensitivity: tuple[Name, ...] = Field((), description="Conventions whose results must stand beside")
    note: Annotated[str, Field(min_length=1)] = Field(description="What is verified, and what else to know")


@cache
def conventions() -> Mapping[str, Convention]:
    """Return the conventions that come with the library, by key.

    >>> conventions()["nl"].money
    ((1.0, 0.0225),)
    """
    import yaml

    read = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {key: Convention.model_validate(convention) for key, convention in read.items()}
