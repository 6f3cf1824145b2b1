"""Real data: what a column is, and where tables come from."""

from typing import Literal

from pydantic import Field, model_validator

from evenwicht.config.base import Codes, Name, Positive, Strict

Role = Literal[
    "id",
    "family",
    "cluster",
    "birth_date",
    "sex",
    "baseline",
    "stressor",
    "exposure",
    "policy",
    "mediator",
    "outcome",
]


class Column(Strict):
    """One column of the persons table: its role, type, unit and codes."""

    role: Role
    label: str
    type: Literal["number", "integer", "boolean", "category", "date"] = "number"
    unit: str = ""
    source: str | None = Field(None, description="Name in the source table; the same name if left out")
    codes: Codes = Field(default={}, description="Code in the source -> label")
    missing: list[int | float | str] = Field(default=[], description="Codes that mean 'not known'")
    minimum: float | None = None
    maximum: float | None = None

    @model_validator(mode="after")
    def _codes_fit_the_type(self) -> "Column":
        if self.type == "boolean" and self.codes and set(self.codes) != {"0", "1"}:
            raise ValueError("a boolean column has the codes 0 and 1; use type category for other codes")
        return self


class MeasureMap(Strict):
    """One repeated measure in a wide source table; an empty value means due but not assessed."""

    measure: Name
    wave: str
    age: str = Field(description="Source column with the age at the wave, years")
    value: str = Field(description="Source column with the measured value")


class EventMap(Strict):
    """One event in a wide source table."""

    event: Name
    entry_age: str = Field(description="Source column: age at which follow-up starts, years")
    exit_age: str = Field(description="Source column: age at the event or at the end of follow-up, years")
    status: str = Field(description="Source column: 1 if the event happened at the exit age, else 0")


class CostMap(Strict):
    """The total of one sector over one window in a wide source table."""

    sector: Name
    window: str
    amount: str = Field(description="Source column with the total")


class TableSource(Strict):
    """A CSV or Parquet file with one row a person."""

    kind: Literal["table"]
    path: str
    measures: list[MeasureMap] = []
    events: list[EventMap] = []
    costs: list[CostMap] = []


class NhefsSource(Strict):
    """The NHANES I Epidemiologic Follow-up Study, read from the installed package `causaldata`."""

    kind: Literal["nhefs"]
    high_price: Positive = Field(description="US$ (2008) a pack in 1982 from which a state counts as high-price")
    measures: list[MeasureMap] = []
    events: list[EventMap] = []
