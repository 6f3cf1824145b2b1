"""Where real data come from: a table with one row per person, and what its columns hold."""

from collections import Counter
from pathlib import PurePath
from typing import Literal

from pydantic import Field, field_validator, model_validator

from evenwicht.base.columns import SourceColumn
from evenwicht.base.names import Name, Strict
from evenwicht.base.sources import SourceSettings
from evenwicht.ingest.derived import Derived
from evenwicht.ingest.described import NumberColumn, YesNoColumn
from evenwicht.ingest.formats import FORMATS, format_of
from evenwicht.ingest.packages import PACKAGES

WAYS_OF_WRITING = sorted(frozenset().union(*(form.settings for form in FORMATS)))


class MeasureMap(Strict):
    """One repeated measure in a wide source table; an empty value means due but not assessed."""

    measure: Name = Field(description="Id of what is measured")
    wave: str = Field(description="Name of the wave")
    age: NumberColumn = Field(description="Source column with the age at the wave, years")
    value: NumberColumn = Field(description="Source column with the measured value")


class EventMap(Strict):
    """One event in a wide source table; a person without entry or exit age is not followed for it."""

    event: Name = Field(description="Id of the event")
    entry_age: NumberColumn = Field(description="Source column: age at which follow-up starts, years")
    exit_age: NumberColumn = Field(description="Source column: age at the event or at the end of follow-up, years")
    status: YesNoColumn = Field(description="Source column: yes (1) if the event happened at the exit age, else no (0)")


class CostMap(Strict):
    """The total of one sector over one window in a wide source table; an empty amount means not observed."""

    sector: Name = Field(description="Id of the sector")
    window: str = Field(description="Name of the window, such as the ages that it spans")
    amount: NumberColumn = Field(description="Source column with the total")


class WideSource(SourceSettings):
    """Repeated measures, events and costs that stand in columns of a table with one row per person."""

    derived: dict[Name, Derived] = Field(
        default={},
        description="Columns made from others, each from the source's own or from those above it; one with the name of "
        "a column of the source takes its place",
    )
    measures: list[MeasureMap] = Field(default=[], description="Repeated measures")
    events: list[EventMap] = Field(default=[], description="Events that people are followed for")
    costs: list[CostMap] = Field(default=[], description="Amounts by sector and window")

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

    @model_validator(mode="after")
    def _derived_from_what_stands_above(self) -> "WideSource":
        names = list(self.derived)
        for position, (name, rule) in enumerate(self.derived.items()):
            below = [str(column.source) for column in rule.inputs if column.source in names[position:]]
            if below:
                raise ValueError(
                    f"derived.{name} is made from {', '.join(below)}, which must stand above it in `derived`"
                )
        return self

    @property
    def followed(self) -> tuple[str, ...]:
        return tuple(e.event for e in self.events)

    @property
    def cost_windows(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(c.window for c in self.costs))

    @property
    def cost_sectors(self) -> tuple[str, ...]:
        return tuple(c.sector for c in self.costs)

    @property
    def mapped(self) -> list[SourceColumn]:
        """The columns that measures, events and costs name."""
        return [
            *(column for m in self.measures for column in (m.age, m.value)),
            *(column for e in self.events for column in (e.entry_age, e.exit_age, e.status)),
            *(c.amount for c in self.costs),
        ]


class TableSource(WideSource):
    """A file with one row per person: text (CSV, TSV, TXT), Parquet, or of Stata, SPSS or SAS."""

    kind: Literal["table"]
    path: str = Field(description="Path of the file, relative to the working directory")
    separator: str | None = Field(
        None, min_length=1, max_length=1, description="Between the cells of a text file; comma, or tab in a .tsv file"
    )
    decimal: Literal[".", ","] = Field(".", description="Decimal mark of a text file")
    thousands: Literal["", ",", ".", " ", "'"] = Field(
        "", description="Mark between the thousands of a text file's numbers; none if left out, a blank is any blank"
    )
    encoding: str | None = Field(
        None,
        description="Of text, such as cp1252; if left out, utf-8 in a text file, and what a file of Stata, SPSS or SAS "
        "says of itself",
    )

    @field_validator("encoding")
    @classmethod
    def _encoding_is_known(cls, name: str | None) -> str | None:
        try:
            "".encode(name or "utf-8")
        except LookupError:
            raise ValueError("no such encoding; common ones are utf-8, cp1252, latin-1 and utf-16") from None
        return name

    @model_validator(mode="after")
    def _marks_differ(self) -> "TableSource":
        if self.decimal == self.delimiter:
            raise ValueError("separator and decimal must differ; declare the separator of a file with decimal commas")
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands must differ; declare the decimal mark of the file")
        return self

    @model_validator(mode="after")
    def _settings_belong_to_the_format(self) -> "TableSource":
        form = format_of(self.path)
        if form is None:  # the reader says so
            return self
        stated = [key for key in WAYS_OF_WRITING if getattr(self, key) != type(self).model_fields[key].default]
        foreign = [key for key in stated if key not in form.settings]
        if foreign:
            raise ValueError(f"{form.name} says itself how it is written: leave out {', '.join(foreign)}")
        return self

    @property
    def delimiter(self) -> str:
        """What stands between the cells of a text file."""
        return self.separator or ("\t" if ".tsv" in PurePath(self.path.lower()).suffixes[-2:] else ",")


class PackageSource(WideSource):
    """A data set of an installed Python package, with one row per person."""

    kind: Literal["package"]
    package: str = Field(description="Name of the package", json_schema_extra={"enum": list(PACKAGES)})
    dataset: str = Field(description="Name of the data set in the package", pattern=r"^\w+$")

    @field_validator("package")
    @classmethod
    def _package_has_a_reader(cls, name: str) -> str:
        if name not in PACKAGES:
            raise ValueError(f"no reader for '{name}'; known: {', '.join(PACKAGES)}")
        return name
