"""Read files of SPSS, packed (.zsav) or not."""

import datetime as dt
from functools import partial

from evenwicht.ingest.metadata import Format
from evenwicht.ingest.readstat import Clock, Dialect, described_by_file, read_columns

CLOCKS = {r"([AEJS]?DATE|DATETIME|YMDHMS|MOYR|QYR|WKYR)[\d.]*": Clock(dt.date(1582, 10, 14), 1_000_000)}
DIALECT = Dialect("an SPSS file", "read_sav", CLOCKS)
FORMAT = Format(
    DIALECT.name,
    (".sav", ".zsav"),
    frozenset({"encoding"}),
    partial(read_columns, dialect=DIALECT),
    partial(described_by_file, dialect=DIALECT),
)
