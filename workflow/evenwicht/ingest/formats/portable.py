"""Read portable files of SPSS; pyreadstat makes their missing codes empty, and knows no encoding of theirs."""

from functools import partial

from evenwicht.ingest.formats.spss import CLOCKS
from evenwicht.ingest.metadata import Format
from evenwicht.ingest.readstat import Dialect, described_by_file, read_columns

DIALECT = Dialect("an SPSS portable file", "read_por", CLOCKS, keeps_missing=False)
FORMAT = Format(
    DIALECT.name,
    (".por",),
    frozenset(),
    partial(read_columns, dialect=DIALECT),
    partial(described_by_file, dialect=DIALECT),
)
