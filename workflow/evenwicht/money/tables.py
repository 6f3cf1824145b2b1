"""The tables of this room: one row per line, each checked as settings are, an empty cell being no value."""

import csv
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field, ValidationError

from evenwicht.base.errors import DataError
from evenwicht.base.names import Strict

Country = Literal["NL", "UK", "NZ", "DK", "US"]
Year = Annotated[int, Field(ge=1990, le=2100)]
Source = Annotated[str, Field(min_length=1)]
Tag = Annotated[
    Literal["verified", "computed", "memory_high", "memory_mid", "memory_low"],
    Field(
        description="How the number is known. verified: read in the source. computed: from numbers of the source. "
        "memory_high, memory_mid, memory_low: remembered, with high, middle or low confidence"
    ),
]
Row = TypeVar("Row", bound=Strict)


def rows(path: Path, kind: type[Row], key: tuple[str, ...]) -> list[Row]:
    """Return the rows of a table.

    Parameters
    ----------
    path
        A CSV file with a header.
    kind
        What a row holds.
    key
        The columns that tell rows apart.

    Raises
    ------
    DataError
        A row does not hold what `kind` says, has more cells than the header, or stands twice.
    """
    found: dict[tuple[object, ...], Row] = {}
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.DictReader(file, restkey="more cells than the header")
        for cells in lines:
            told = " ".join(str(cells.get(name)) for name in key)
            where = f"{path.name}, line {lines.line_num} ({told})"
            try:
                row = kind.model_validate({name: cell for name, cell in cells.items() if cell not in ("", None)})
            except ValidationError as error:
                raise DataError(_faults(error), where=where, fix="Correct the row.") from None
            known = tuple(getattr(row, name) for name in key)
            if known in found:
                raise DataError(f"{told} stands twice", where=where, fix=f"Give each row its own {' and '.join(key)}.")
            found[known] = row
    return list(found.values())


def _faults(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
        if fault["loc"]
        else str(fault.get("ctx", {}).get("error", fault["msg"]))
        for fault in error.errors()
    )
