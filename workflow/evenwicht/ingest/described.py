"""A column of the source table, wherever a cohort file names one: its name alone, or a mapping that describes it."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from evenwicht.base.columns import SourceColumn


def _described(value: object) -> object:
    return {"source": value} if isinstance(value, str) else value


def _named(column: SourceColumn) -> SourceColumn:
    if column.source is None:
        raise ValueError("`source`, the name in the source table, is needed")
    return column


def _described_as(kind: str, value: object) -> object:
    described = _described(value)
    return {"type": kind, **described} if isinstance(described, Mapping) else described


def _named_as(kind: str, column: SourceColumn) -> SourceColumn:
    if column.type != kind:
        raise ValueError(f"this column has type {kind}, not {column.type}")
    return _named(column)


def _of(kind: str) -> tuple[BeforeValidator, AfterValidator]:
    """Make a column one of this type, and refuse one that is described as another."""
    before = BeforeValidator(partial(_described_as, kind), json_schema_input_type=str | SourceColumn)
    return before, AfterValidator(partial(_named_as, kind))


# a name alone, or a mapping with `source` and the settings of a column
AnyColumn = Annotated[
    SourceColumn, BeforeValidator(_described, json_schema_input_type=str | SourceColumn), AfterValidator(_named)
]
NumberColumn = Annotated[SourceColumn, *_of("number")]
YesNoColumn = Annotated[SourceColumn, *_of("boolean")]
CategoryColumn = Annotated[SourceColumn, *_of("category")]
DateColumn = Annotated[SourceColumn, *_of("date")]
