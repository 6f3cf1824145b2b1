"""Read data sets of SAS; labels of their codes stand in a catalog elsewhere, and are not read."""

import datetime as dt
from functools import partial

from evenwicht.ingest.metadata import Format
from evenwicht.ingest.readstat import DAY, Clock, Dialect, described_by_file, read_columns

START = dt.date(1960, 1, 1)
DAYS = (
    *("DATE", "DAY", "DOWNAME", "JULDAY", "JULIAN", "MONNAME", "MONTH", "MONYY", "QTR", "QTRR", "WEEKDAY", "YEAR"),
    *("WEEKDATE", "WEEKDATX", "WORDDATE", "WORDDATX", "YYMON", "IS8601DA", "E8601DA", "B8601DA"),
    *(f"{order}[BCDNPS]?" for order in ("DDMMYY", "MMDDYY", "YYMMDD", "MMYY", "YYMM", "YYQ", "YYQR")),
)
MOMENTS = ("DATETIME", "DATEAMPM", "MDYAMPM", "DTDATE", "DTMONYY", "DTYEAR", "IS8601DT", "E8601DT", "B8601D[TN]")
CLOCKS = {
    rf"({'|'.join(DAYS)})[\d.]*": Clock(START, DAY),  # also those that show a part of the day that is stored
    rf"({'|'.join(MOMENTS)})[\d.]*": Clock(START, 1_000_000),
}
DIALECT = Dialect("a SAS data set", "read_sas7bdat", CLOCKS)
FORMAT = Format(
    DIALECT.name,
    (".sas7bdat",),
    frozenset({"encoding"}),
    partial(read_columns, dialect=DIALECT),
    partial(described_by_file, dialect=DIALECT),
)
