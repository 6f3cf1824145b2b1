"""Measures of several waves in one entry: columns by a pattern, a file for each wave, or a long table."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from itertools import pairwise
from typing import Annotated

from pydantic import Discriminator, Field, Tag, model_validator

from evenwicht.base.columns import SourceColumn
from evenwicht.base.errors import DataError, listed
from evenwicht.base.names import Code, Name, Strict
from evenwicht.ingest.described import NumberColumn
from evenwicht.ingest.names import look_like_data

WAVE = "{wave}"


class MeasureMap(Strict):
    """One repeated measure in a wide source table; an empty value means due but not assessed.

    So does a missing code in its place, unless it means dead: the dead are not due.
    """

    measure: Name = Field(description="Id of what is measured")
    label: str = Field("", description="What is measured, as pages call it; in words of its id if left out")
    wave: str = Field(description="Name of the wave")
    age: NumberColumn = Field(description="Source column with the age at the wave, years")
    value: NumberColumn = Field(description="Source column with the measured value")

    @property
    def listed_waves(self) -> list[str]:
        """The wave, as one of a list."""
        return [self.wave]


class WaveMeasures(Strict):
    """One measure at several waves, which stand in the names of columns, in files, or in the rows of a long table.

    Names of columns hold `{wave}` where the wave stands in them; or `files` has a file for each wave; or `file` is a
    long table, with the waves in `wave_column` or told by the age (`between`). A person without a row at a wave counts
    as due but not assessed.
    """

    measure: Name = Field(description="Id of what is measured")
    label: str = Field("", description="What is measured, as pages call it; in words of its id if left out")
    value: NumberColumn = Field(description="Column with the measured value, such as bmi, or bmi_{wave}")
    age: NumberColumn | None = Field(None, description="Column with the age at the wave, years, such as age_{wave}")
    ages: dict[Code, float] = Field(default={}, description="Wave -> age of everybody at it, years, instead of `age`")
    waves: list[Code] = Field(default=[], description="Names of the waves; all that are found if left out")
    file: Name | None = Field(None, description="Which of the further `files`; the main table if left out")
    files: dict[Code, Name] = Field(default={}, description="Wave -> which of the further `files` holds it")
    wave_column: str | None = Field(None, min_length=1, description="Column of a long table with the name of the wave")
    between: dict[Code, tuple[float, float]] = Field(
        default={},
        description="Wave -> ages of the rows of a long table that are its own, from the first to below the second",
    )

    @model_validator(mode="after")
    def _waves_are_told_in_one_way(self) -> "WaveMeasures":
        ways = [WAVE in str(self.value.source), bool(self.files), self.wave_column is not None, bool(self.between)]
        if sum(ways) != 1:
            raise ValueError(
                "say in one way where the waves are: `wave` (one wave), {wave} in the name of `value`, `files`, "
                "`wave_column` or `between`"
            )
        if self.long and self.file is None:
            raise ValueError("`wave_column` and `between` belong to a long table: name it as `file`")
        if self.files and self.file is not None:
            raise ValueError("`files` names the file of each wave; leave `file` out")
        if any(column is not None and column.file is not None for column in (self.value, self.age)):
            raise ValueError("name the file as `file` or `files` of the measure, not of its columns")
        if self.waves and (self.files or self.between):
            raise ValueError("`files` and `between` name the waves; leave `waves` out")
        return self

    @model_validator(mode="after")
    def _ages_are_given_once(self) -> "WaveMeasures":
        if (self.age is None) == (not self.ages):
            raise ValueError("give `age`, a column, or `ages`, those of everybody at each wave")
        if self.between and self.age is None:
            raise ValueError("`between` needs `age`, the column with the age")
        if any(first >= last for first, last in self.between.values()):
            raise ValueError("`between` goes from an age to a greater one")
        limits = sorted(self.between.values())
        if any(later[0] < earlier[1] for earlier, later in pairwise(limits)):
            raise ValueError("waves of `between` overlap")
        known = self.waves or list(self.files)
        if self.ages and known and set(known) != set(self.ages):
            raise ValueError(f"`ages` must have the waves {listed(known)}, and no others")
        return self

    @property
    def long(self) -> bool:
        """Whether the waves are rows of a long table."""
        return self.wave_column is not None or bool(self.between)

    @property
    def listed_waves(self) -> list[str]:
        """Waves that the entry itself names; none if they are to be found."""
        return self.waves or list(self.files) or list(self.between) or list(self.ages)

    @property
    def described(self) -> list[SourceColumn]:
        """Its columns, as described."""
        return [self.value, *([self.age] if self.age is not None else [])]

    def at(self, wave: str, source: Mapping[str, str], everybody: SourceColumn) -> MeasureMap:
        """Return the measure at one wave; `source` has names of its columns there, `everybody` is the age of all."""
        file = self.files.get(wave, self.file)

        def there(column: SourceColumn) -> SourceColumn:
            return column.model_copy(update={"source": source[str(column.source)], "file": file})

        at_age = there(self.age) if self.age is not None else everybody
        return MeasureMap(measure=self.measure, wave=wave, age=at_age, value=there(self.value))

    def found_in(self, names: list[str], where: str) -> list[str]:
        """Return the waves whose columns stand among names of columns, in their order.

        A wave is letters and digits, so that bmi_{wave} does not find bmi_sd_7.

        Raises
        ------
        DataError
            If there is none.
        """
        pattern = str(self.value.source)
        form = re.escape(pattern).replace(re.escape(WAVE), "([A-Za-z0-9]+)", 1).replace(re.escape(WAVE), r"\1")
        found = [match[1] for name in names if (match := re.fullmatch(form, name))]
        if not found:
            shown = (
                [] if look_like_data(names) else get_close_matches(pattern.replace(WAVE, "7"), names, n=3, cutoff=0.5)
            )
            raise DataError(
                f"no column is called {pattern}",
                where=where,
                fix=f"Correct the pattern{f'; close are {listed(shown)}' if shown else ''}.",
            )
        return found


def _waves_of(entry: object) -> str:
    keys = entry if isinstance(entry, Mapping) else getattr(type(entry), "model_fields", ())
    several = {"waves", "files", "file", "ages", "wave_column", "between"} & set(keys)
    return "one" if "wave" in keys or not (several or WAVE in str(_value_of(entry))) else "several"


def _value_of(entry: object) -> object:
    return entry.get("value") if isinstance(entry, Mapping) else None


Measure = Annotated[
    Annotated[MeasureMap, Tag("one")] | Annotated[WaveMeasures, Tag("several")], Discriminator(_waves_of)
]
