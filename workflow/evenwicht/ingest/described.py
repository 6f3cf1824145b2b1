"""A column of the source table, wherever a cohort file names one: its name alone, or a mapping that describes it."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from evenwicht.base.columns import SourceColumn


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


def _day(value: object) -> object:
    described = _described(value)
    return {"type": "date", **described} if isinstance(described, Mapping) else described


def _date(column: SourceColumn) -> SourceColumn:
    if column.type != "date":
        raise ValueError(f"this column has type date, not {column.type}")
    return _named(column)


def _yes_no(column: SourceColumn) -> SourceColumn:
    if column.type != "boolean":
        raise ValueError(f"this column has type boolean, not {column.type}")
    return _named(column)


# a name alone, or a mapping with `source` and the settings of a column
AnyColumn = Annotated[
    SourceColumn, BeforeValidator(_described, json_schema_input_type=str | SourceColumn), AfterValidator(_named)
]
NumberColumn = Annotated[
    SourceColumn, BeforeValidator(_described, json_schema_input_type=str | SourceColumn), AfterValidator(_number)
]
YesNoColumn = Annotated[
    SourceColumn, BeforeValidator(_status, json_schema_input_type=str | SourceColumn), AfterValidator(_yes_no)
]
DateColumn = Annotated[
    SourceColumn, BeforeValidator(_day, json_schema_input_type=str | SourceColumn), AfterValidator(_date)
]
