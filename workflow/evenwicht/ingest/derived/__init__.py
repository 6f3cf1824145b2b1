"""Columns that are made from others before a source table is mapped: an ACE score, an age at an event, a group.

`OPERATIONS` lists every operation; a cohort file names one by its `kind`, and nothing else is ever calculated. A
derived column is named and described like any other column of the source. No value depends on the order of rows, but
for the numbers of `row_number`.
"""

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from evenwicht.ingest.derived.dates import AgeBetween, ExitAge, FirstOf, MonthsExposed
from evenwicht.ingest.derived.groups import Combination, Cut, Recode, RowNumber
from evenwicht.ingest.derived.numbers import AtLeast, Difference, Log, Standardise, Sum
from evenwicht.ingest.derived.operation import Operation, Reader, Rows
from evenwicht.ingest.derived.scores import AnyOf, Count, Mean

__all__ = ["OPERATIONS", "Derived", "Operation", "Reader", "Rows"]

OPERATIONS: tuple[type[Operation], ...] = (
    RowNumber,
    Sum,
    Difference,
    Log,
    Standardise,
    AtLeast,
    Cut,
    Recode,
    Combination,
    AnyOf,
    Count,
    Mean,
    AgeBetween,
    FirstOf,
    ExitAge,
    MonthsExposed,
)

if TYPE_CHECKING:
    Derived = Operation
else:
    Derived = Annotated[reduce(or_, OPERATIONS), Field(discriminator="kind")]
