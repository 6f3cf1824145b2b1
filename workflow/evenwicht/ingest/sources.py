"""Where real data come from: a table with one row per person, and what its columns hold."""

from collections import Counter
from pathlib import PurePath
from typing import Literal, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from evenwicht.base.columns import SourceColumn
from evenwicht.base.errors import listed
from evenwicht.base.names import Name, Strict
from evenwicht.base.sources import SourceSettings
from evenwicht.ingest.births import Births
from evenwicht.ingest.derived import Derived
from evenwicht.ingest.described import NumberColumn, YesNoColumn
from evenwicht.ingest.formats import FORMATS, format_of, suffix_of
from evenwicht.ingest.packages import PACKAGES
from evenwicht.ingest.spells import Spells
from evenwicht.ingest.waves import Measure, MeasureMap, WaveMeasures

WAYS_OF_WRITING = sorted(frozenset().union(*(form.settings for form in FORMATS)))


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


class TableFile(Strict):
    """A file of text (CSV, TSV, TXT), of Parquet, or of Stata, SPSS or SAS."""

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
    def _marks_differ(self) -> "TableFile":
        if self.decimal == self.delimiter:
            raise ValueError("separator and decimal must differ; declare the separator of a file with decimal commas")
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands must differ; declare the decimal mark of the file")
        return self

    @model_validator(mode="after")
    def _settings_belong_to_the_format(self) -> "TableFile":
        form = format_of(self.path)
        if form is None:  # the reader says so
            return self
        stated = [key for key in WAYS_OF_WRITING if getattr(self, key) != type(self).model_fields[key].default]
        foreign = [key for key in stated if key not in form.settings]
        if foreign:
            raise ValueError(f"{form.name} says itself how it is written: leave out {', '.join(foreign)}")
        return self

    @property
    def key(self) -> str:
        """Where the cohort file describes it."""
        return "source"

    @property
    def anywhere(self) -> dict[str, str]:
        """Its path without folder and name."""
        return {"path": f"*{suffix_of(self.path)}"}

    @property
    def delimiter(self) -> str:
        """What stands between the cells of a text file."""
        return self.separator or ("\t" if ".tsv" in PurePath(self.path.lower()).suffixes[-2:] else ",")


class FurtherFile(TableFile):
    """A file beside the main one, joined to it by the identifier; texts of identifiers must be the same to the letter.

    A person without a row in it has empty cells; rows of others are left out. Both are counted.
    """

    _name: str = PrivateAttr("*")  # among the further files, by which the source calls it

    id: str = Field(min_length=1, description="Column with the identifier of the person")
    births: Births | None = Field(None, description="Parents of births: adds columns `family`, `parity` and `interval`")

    @model_validator(mode="after")
    def _ids_stand_apart(self) -> "FurtherFile":
        people = [self.id, *([] if self.births is None else self.births.parents)]
        if len(set(people)) < len(people):
            raise ValueError("the ids of a person, the mother and the father stand in columns of their own")
        return self

    @property
    def key(self) -> str:
        return f"source.files.{self._name}"


class WideSource(SourceSettings):
    """Repeated measures, events and costs that stand in columns of a table with one row per person."""

    derived: dict[Name, Derived] = Field(
        default={},
        description="Columns made from others, each from the source's own or from those above it; one with the name of "
        "a column of the source takes its place",
    )
    files: dict[Name, FurtherFile] = Field(
        default={}, description="Further files, which columns, measures, events, costs and spells name as their `file`"
    )
    measures: list[Measure] = Field(default=[], description="Repeated measures, one or several waves in an entry")
    events: list[EventMap] = Field(default=[], description="Events that people are followed for")
    costs: list[CostMap] = Field(default=[], description="Amounts by sector and window")
    spells: list[Spells] = Field(
        default=[], description="Files of spells, which become costs, events, and exposures that change over time"
    )

    @model_validator(mode="after")
    def _files_know_their_names(self) -> "WideSource":
        for name, file in self.files.items():
            file._name = name
        return self

    @model_validator(mode="after")
    def _nothing_is_mapped_twice(self) -> "WideSource":
        mapped = Counter(
            [
                *(f"measure {m.measure} at wave {wave}" for m in self.measures for wave in m.listed_waves),
                *(f"event {event}" for event in self._events),
                *(f"exposure {exposure}" for s in self.spells for exposure in s.exposures),
                *(f"sector {sector} in window {window}" for sector, window in self.amounts),
            ]
        )
        twice = [what for what, times in mapped.items() if times > 1]
        if twice:
            raise ValueError(f"listed twice: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _a_measure_has_one_label(self) -> "WideSource":
        labels = {(m.measure, m.label) for m in self.measures if m.label}
        twice = [name for name, times in Counter(name for name, _ in labels).items() if times > 1]
        if twice:
            raise ValueError(f"entries of one measure differ in `label`: {listed(sorted(twice))}")
        return self

    @model_validator(mode="after")
    def _files_are_known(self) -> "WideSource":
        absent = [name for name in self.files_used if name not in self.files]
        if absent:
            raise ValueError(f"not in `files`: {listed(absent)}; there are: {listed(self.files) or 'none'}")
        return self

    @model_validator(mode="after")
    def _derived_from_what_stands_above(self) -> "WideSource":
        names = list(self.derived)
        for position, (name, rule) in enumerate(self.derived.items()):
            below = [str(column.source) for column in rule.inputs if column.origin() in names[position:]]
            if below:
                raise ValueError(
                    f"derived.{name} is made from {', '.join(below)}, which must stand above it in `derived`"
                )
        return self

    @property
    def _events(self) -> list[str]:
        return [*(e.event for e in self.events), *(event for s in self.spells for event in s.events)]

    @property
    def followed(self) -> tuple[str, ...]:
        return tuple(self._events)

    @property
    def measured(self) -> dict[str, str]:
        return {m.measure: m.label for m in self.measures if m.label}

    @property
    def changing(self) -> dict[str, str]:
        return {name: exposure.label for s in self.spells for name, exposure in s.exposures.items()}

    @property
    def cost_windows(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*(c.window for c in self.costs), *(w for s in self.spells for w in s.windows)]))

    @property
    def amounts(self) -> tuple[tuple[str, str], ...]:
        return (
            *((c.sector, c.window) for c in self.costs),
            *((sector, window) for s in self.spells for sector in s.costs for window in s.windows),
        )

    @property
    def cost_sectors(self) -> dict[str, str]:
        return {
            **{f"source.costs.{index}.sector": c.sector for index, c in enumerate(self.costs)},
            **{f"source.spells.{n}.costs.{sector}": sector for n, s in enumerate(self.spells) for sector in s.costs},
        }

    @property
    def further_files(self) -> tuple[str, ...]:
        return tuple(self.files)

    @property
    def made_from_others(self) -> tuple[str, ...]:
        return tuple(self.derived)

    @property
    def files_used(self) -> tuple[str, ...]:
        named = [
            *(column.file for column in self.mapped),
            *(column.file for rule in self.derived.values() for column in rule.inputs),
            *(file for m in self.several for file in (m.file, *m.files.values())),
            *(s.file for s in self.spells),
        ]
        return tuple(dict.fromkeys(name for name in named if name is not None))

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(file.path for file in self.files.values())

    def without_paths(self) -> Self:
        files = {name: file.model_copy(update=file.anywhere) for name, file in self.files.items()}
        return self.model_copy(update={"files": files})

    @property
    def dates_named(self) -> dict[str, str]:
        return {f"source.spells.{n}.{key}": name for n, s in enumerate(self.spells) for key, name in s.dates_named}

    @property
    def single(self) -> list[MeasureMap]:
        """The measures of one wave."""
        return [m for m in self.measures if isinstance(m, MeasureMap)]

    @property
    def several(self) -> list[WaveMeasures]:
        """The measures of several waves, until each wave is one of the first kind."""
        return [m for m in self.measures if isinstance(m, WaveMeasures)]

    @property
    def mapped(self) -> list[SourceColumn]:
        """The columns that measures of one wave, events and costs name."""
        return [
            *(column for m in self.single for column in (m.age, m.value)),
            *(column for e in self.events for column in (e.entry_age, e.exit_age, e.status)),
            *(c.amount for c in self.costs),
        ]

    def described_by_row(self, file: str) -> list[SourceColumn]:
        """The columns of a further file that are read row by row: of long tables, spells and births."""
        births = self.files[file].births
        return [
            *(column for m in self.several if m.long and m.file == file for column in m.described),
            *(column for spells in self.spells if spells.file == file for column in spells.described),
            *([births.born] if births is not None else []),
        ]

    def marks_of(self, file: str | None) -> tuple[str, str]:
        """Decimal and thousands mark of the numbers in a further file, or in the main table."""
        held = self if file is None else self.files[file]
        return (held.decimal, held.thousands) if isinstance(held, TableFile) else (".", "")


class TableSource(TableFile, WideSource):
    """A file with one row per person: text (CSV, TSV, TXT), Parquet, or of Stata, SPSS or SAS."""

    kind: Literal["table"]

    @property
    def paths(self) -> tuple[str, ...]:
        """The main file and the further ones."""
        return (self.path, *super().paths)

    def without_paths(self) -> Self:
        return super().without_paths().model_copy(update=self.anywhere)


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
