"""What a file says of its own columns: labels, codes, missing codes and how values are stored."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # settings are loaded by every job, and most need no tables and no settings of sources
    import pyarrow as pa

    from evenwicht.ingest.sources import TableFile

Storage = Literal["number", "text", "date", "month"]


@dataclass(frozen=True)
class ColumnDescription:
    """What a file says of one column; codes are written as the reader of the format writes values.

    Attributes
    ----------
    storage
        How values stand in the file; dates (with or without a time of day) and months are read as ISO text.
    label
        What the column is called; empty if the file does not say.
    format
        How the program that wrote the file shows the values, in its own words, such as `%td` or `DATE11`.
    labels
        Code -> label.
    missing
        Code that the file declares to be missing -> its label, empty if it has none.
    missing_ranges
        Ranges of numbers, both ends included, that the file declares to be missing; the labelled codes in them stand
        in `missing` too.
    """

    storage: Storage
    label: str = ""
    format: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    missing_ranges: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class FileDescription:
    """What a file says of itself: its columns by name, in their order, and its rows; None if only reading tells."""

    columns: dict[str, ColumnDescription]
    rows: int | None


@dataclass(frozen=True)
class Format:
    """A kind of file: how it is called, the suffixes it goes by, and how it is read.

    Attributes
    ----------
    name
        With its article, for messages.
    suffixes
        In lower case, with the dot.
    settings
        Keys of `source` that say how such a file is written.
    read
        Returns the wanted columns as text, in which only the empty cell is null, and every row.
    described
        Returns what the file says of itself, without reading more than it must.
    """

    name: str
    suffixes: tuple[str, ...]
    settings: frozenset[str]
    read: "Callable[[TableFile, list[str]], pa.Table]"
    described: "Callable[[TableFile], FileDescription]"
