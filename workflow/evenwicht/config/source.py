"""Real data: what a column is, and where tables come from."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from evenwicht.config.base import Code, Codes, Name, Positive, Strict

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
Precision = Literal["day", "month", "year"]
TRUTH_WORDS = {"0": False, "1": True, "no": False, "yes": True, "false": False, "true": True}


class SourceColumn(Strict):
    """How the text of a source column becomes values; only the empty cell and the codes of `missing` are missing."""

    source: str | None = Field(None, description="Name in the source table; the same name if left out")
    type: Literal["number", "integer", "boolean", "category", "date"] = "number"
    codes: Codes = Field(default={}, description="Code in the source -> label; codes with one label are one level")
    yes_code: Code | None = Field(
        None,
        description="The code of a yes/no column that means yes, if the codes are not 0 and 1, or no and yes",
    )
    missing: list[Code] = Field(default=[], description="Codes that mean 'not known'")
    minimum: float | dt.date | None = None
    maximum: float | dt.date | None = None
    precision: Precision = Field("day", description="What is known of dates; each is stored as the first day of it")

    @model_validator(mode="before")
    @classmethod
    def _truth_values_are_not_category_codes(cls, data: object) -> object:
        codes = data.get("codes") if isinstance(data, Mapping) and data.get("type") == "category" else None
        if isinstance(codes, Mapping) and any(isinstance(code, bool) for code in codes):
            raise ValueError("YAML reads a bare yes, no, on, off, true or false as a truth value; quote these codes")
        return data

    @model_validator(mode="after")
    def _settings_fit_the_type(self) -> "SourceColumn":
        if self.codes and self.type not in ("category", "boolean"):
            raise ValueError(f"codes belong to type category or boolean, not {self.type}")
        both = [code for code in self.codes if code in self.missing]
        if both:
            raise ValueError(f"{', '.join(both)} stands in `codes` and in `missing`")
        if self.precision != "day" and self.type != "date":
            raise ValueError("precision belongs to type date")
        self._check_range()
        if self.type == "boolean":
            self._check_truth()
        elif self.yes_code is not None:
            raise ValueError("yes_code belongs to type boolean")
        return self

    def _check_range(self) -> None:
        limits = [limit for limit in (self.minimum, self.maximum) if limit is not None]
        if limits and self.type not in ("number", "integer", "date"):
            raise ValueError(f"minimum and maximum belong to numbers and dates, not to type {self.type}")
        if any(isinstance(limit, dt.date) != (self.type == "date") for limit in limits):
            raise ValueError(f"minimum and maximum must be {'dates' if self.type == 'date' else 'numbers'}")
        if len(limits) == 2 and limits[0] > limits[1]:  # type: ignore[operator]
            raise ValueError("minimum must not exceed maximum")

    def _check_truth(self) -> None:
        if not self.codes:
            if self.yes_code is not None:
                raise ValueError("yes_code needs `codes`, the two codes of the yes/no column")
            return
        if len(self.codes) != 2 or len(set(self.codes.values())) != 2:
            raise ValueError("a boolean column has two codes with a label each; use type category for others")
        if self.yes_code is None and not self.spelt_out:
            raise ValueError(f"which of the codes {' and '.join(self.codes)} means yes? Say so with `yes_code`")
        if self.yes_code is not None and self.yes_code not in self.codes:
            raise ValueError(f"yes_code '{self.yes_code}' is not one of the codes {' and '.join(self.codes)}")

    @property
    def spelt_out(self) -> bool:
        """Whether the codes of a yes/no column, if any, say by themselves which of them means yes."""
        if self.yes_code is not None:
            return False
        return not self.codes or {TRUTH_WORDS.get(code.casefold()) for code in self.codes} == {False, True}

    @property
    def truth(self) -> dict[str, bool]:
        """What each code of a yes/no column means."""
        if not self.spelt_out:
            return {code: code == self.yes_code for code in self.codes}
        return {**TRUTH_WORDS, **{code: TRUTH_WORDS[code.casefold()] for code in self.codes}}

    def answer(self, yes: bool) -> str:
        """The label of yes, or of no, in a yes/no column."""
        labels = {self.truth[code]: label for code, label in self.codes.items()}
        return labels.get(yes, "yes" if yes else "no")


class Column(SourceColumn):
    """One column of the persons table: its role, type, unit and codes."""

    role: Role
    label: str
    unit: str = ""

    @model_validator(mode="after")
    def _identifier_is_exact(self) -> "Column":
        if self.role == "id" and self.type not in ("integer", "category"):
            raise ValueError("an identifier has type integer, or category if it is any text")
        if self.role == "id" and (self.codes or self.missing):
            raise ValueError("an identifier has no codes and is never missing")
        return self


def _described(value: object) -> object:
    return {"source": value} if isinstance(value, str) else value


def _named(column: SourceColumn) -> SourceColumn:
    if column.source is None:
        raise ValueError("`source`, the name in the source table, is needed")
    return column


def _number(column: SourceColumn) -> SourceColumn:
    if column.type != "number":
        raise ValueError(f"this column has type number, not {column.type}")
    return _named(column)


def _status(value: object) -> object:
    described = _described(value)
    return {"type": "boolean", **described} if isinstance(described, Mapping) else described


def _yes_no(column: SourceColumn) -> SourceColumn:
    if column.type != "boolean":
        raise ValueError(f"this column has type boolean, not {column.type}")
    return _named(column)


# a name alone, or a mapping with `source` and the settings of a column
NumberColumn = Annotated[
    SourceColumn, BeforeValidator(_described, json_schema_input_type=str | SourceColumn), AfterValidator(_number)
]
YesNoColumn = Annotated[
    SourceColumn, BeforeValidator(_status, json_schema_input_type=str | SourceColumn), AfterValidator(_yes_no)
]


class MeasureMap(Strict):
    """One repeated measure in a wide source table; an empty value means due but not assessed."""

    measure: Name
    wave: str
    age: NumberColumn = Field(description="Source column with the age at the wave, years")
    value: NumberColumn = Field(description="Source column with the measured value")


class EventMap(Strict):
    """One event in a wide source table; a person without entry or exit age is not followed for it."""

    event: Name
    entry_age: NumberColumn = Field(description="Source column: age at which follow-up starts, years")
    exit_age: NumberColumn = Field(description="Source column: age at the event or at the end of follow-up, years")
    status: YesNoColumn = Field(description="Source column: yes (1) if the event happened at the exit age, else no (0)")


class CostMap(Strict):
    """The total of one sector over one window in a wide source table; an empty amount means not observed."""

    sector: Name
    window: str
    amount: NumberColumn = Field(description="Source column with the total")


class WideSource(Strict):
    """Repeated measures, events and costs that stand in columns of a table with one row a person."""

    measures: list[MeasureMap] = []
    events: list[EventMap] = []
    costs: list[CostMap] = []

    @model_validator(mode="after")
    def _nothing_is_mapped_twice(self) -> "WideSource":
        mapped = Counter(
            [
                *(f"measure {m.measure} at wave {m.wave}" for m in self.measures),
                *(f"event {e.event}" for e in self.events),
                *(f"sector {c.sector} in window {c.window}" for c in self.costs),
            ]
        )
        twice = [what for what, times in mapped.items() if times > 1]
        if twice:
            raise ValueError(f"listed twice: {', '.join(twice)}")
        return self


class TableSource(WideSource):
    """A CSV, TSV or Parquet file with one row a person."""

    kind: Literal["table"]
    path: str
    separator: str | None = Field(
        None, min_length=1, max_length=1, description="Between the cells of a text file; comma, or tab in a .tsv file"
    )
    decimal: Literal[".", ","] = Field(".", description="Decimal mark of a text file")
    encoding: str = Field("utf-8", description="Of a text file, such as cp1252")

    @field_validator("encoding")
    @classmethod
    def _encoding_is_known(cls, name: str) -> str:
        try:
            "".encode(name)
        except LookupError:
            raise ValueError("no such encoding; common ones are utf-8, cp1252, latin-1 and utf-16") from None
        return name

    @model_validator(mode="after")
    def _marks_differ(self) -> "TableSource":
        if self.decimal == self.delimiter:
            raise ValueError("separator and decimal must differ; declare the separator of a file with decimal commas")
        return self

    @model_validator(mode="after")
    def _marks_belong_to_text(self) -> "TableSource":
        stated = (self.separator, self.decimal, self.encoding) != (None, ".", "utf-8")
        if stated and self.path.lower().endswith(".parquet"):
            raise ValueError("separator, decimal and encoding belong to text files, not to Parquet")
        return self

    @property
    def delimiter(self) -> str:
        """What stands between the cells of a text file."""
        return self.separator or ("\t" if self.path.lower().endswith(".tsv") else ",")


class NhefsSource(WideSource):
    """The NHANES I Epidemiologic Follow-up Study, read from the installed package `causaldata`."""

    kind: Literal["nhefs"]
    high_price: Positive = Field(description="US$ (2008) a pack in 1982 from which a state counts as high-price")
