"""Ages, first dates, and months of life within a window of the calendar, from dates."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from evenwicht.ingest.derived.clock import MONTHS, coarsest, first_days, months, years
from evenwicht.ingest.derived.operation import Operation, Rows, each_once
from evenwicht.ingest.described import DateColumn, NumberColumn, YesNoColumn

if TYPE_CHECKING:
    import pandas as pd


class AgeBetween(Operation):
    """Years from one date to another: birthdays passed, and the part of the year between the last and the next.

    It is a whole number on a birthday, and missing if either date is. Whoever is born on 29 February has a birthday on
    1 March of other years. If a date is known to the month or year only, both are taken to the first day of it, and
    twelfths of a year are counted.
    """

    kind: Literal["age_between"]
    start: DateColumn = Field(description="Source column with the date of birth, or another first date")
    end: DateColumn | None = Field(None, description="Source column with the later date")
    at: dt.date | None = Field(None, description="The later date, if it is one for all")

    @model_validator(mode="after")
    def _one_end(self) -> "AgeBetween":
        if (self.end is None) == (self.at is None):
            raise ValueError("state either `end`, a column, or `at`, one date for all")
        return self

    def values(self, rows: Rows) -> "pd.Series":
        """Return the age, (n,) years.

        Raises
        ------
        DataError
            If the later date comes before the first.
        """
        import numpy as np
        import pandas as pd

        unit = coarsest(self.inputs)
        start = first_days(rows.read(self.start), unit)
        end = first_days(rows.read(self.end) if self.end else np.datetime64(str(self.at)), unit)
        later = f"that in '{self.end.source}'" if self.end else str(self.at)
        rows.refuse(
            end < start,
            f"a date in '{self.start.source}' after {later}",
            "Correct the dates, or list a date that stands for none under `missing`.",
        )
        return pd.Series(years(start, end) if unit == "D" else months(start, end) / MONTHS)


class FirstOf(Operation):
    """The first of several dates, such as the end of follow-up of a person; no date means that it did not happen.

    Without any date it is `end`, or missing if there is none. It is known as well as the least precise of its columns:
    of dates to the month it is a month, and needs `precision: month` where it is used.
    """

    kind: Literal["first_of"]
    of: Annotated[list[DateColumn], AfterValidator(each_once)] = Field(
        min_length=1, description="Source columns of dates"
    )
    end: dt.date | None = Field(None, description="Date of those without an earlier one, such as the end of a study")

    def values(self, rows: Rows) -> "pd.Series":
        """Return the date as text, (n,), to the year, month or day."""
        from functools import reduce

        import numpy as np
        import pandas as pd

        unit = coarsest(self.of)
        dates = [first_days(rows.read(column), unit) for column in self.of]
        ends = [] if self.end is None else [np.full(rows.n, np.datetime64(self.end))]
        first = reduce(np.fmin, [*dates, *ends])  # fmin takes the date if one of two is known
        return pd.Series(np.datetime_as_string(first.astype(f"datetime64[{unit}]"))).where(~np.isnat(first))


class ExitAge(Operation):
    """Age at an event that is dated by year and month, else at the end of follow-up: a column for `events`.

    Time is counted in whole months from the first day of the month of `start`; the month of the event, and that of
    `end`, count in full. It is missing without an entry age, and for an event without a year or month.
    """

    kind: Literal["exit_age"]
    entry_age: NumberColumn = Field(description="Age at the start of follow-up, years")
    start: dt.date = Field(description="Month in which everybody's follow-up starts")
    end: dt.date = Field(description="Month in which the follow-up of all without the event ends")
    status: YesNoColumn = Field(description="Yes (1) if the event happened, else no (0)")
    year: NumberColumn = Field(description="Calendar year of the event, four digits")
    month: NumberColumn = Field(description="Month of the event, 1 to 12")

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> "ExitAge":
        if self.end < self.start:
            raise ValueError("end must not come before start")
        return self

    def values(self, rows: Rows) -> "pd.Series":
        """Return the age, (n,) years.

        Raises
        ------
        DataError
            If an event has no such month, or lies outside follow-up.
        """
        happened = rows.read(self.status).fillna(False).astype(bool)
        month = rows.read(self.month)
        event = (rows.read(self.year) - self.start.year) * MONTHS + month - self.start.month + 1
        end = (self.end.year - self.start.year) * MONTHS + self.end.month - self.start.month + 1
        dated = happened & event.notna()
        rows.refuse(
            dated & ~(month.isin(range(1, MONTHS + 1)) & event.between(1, end)),
            f"an event outside {self.start:%Y-%m} to {self.end:%Y-%m}, or in no month from 1 to 12",
            "Correct the dates, or `start` and `end`.",
        )
        return rows.read(self.entry_age) + event.where(happened, end) / MONTHS


class MonthsExposed(Operation):
    """Months of a stretch of life that lie within a window of the calendar, such as infancy under rationing.

    Life is counted in months from a date of birth or conception: 1 on the same day of the next month, and by the day
    in between. Somebody whose whole stretch lies in the window has all its months, others a part or 0. It is missing
    where the date is; a date to the month counts as its first day.
    """

    kind: Literal["months_exposed"]
    of: DateColumn = Field(description="Source column with the date of birth, or of conception")
    from_month: int = Field(
        ge=-MONTHS, description="Age in months at which it starts; -9 is nine months before the date"
    )
    to_month: int = Field(le=120 * MONTHS, description="Age in months at which it ends; 24 is the second birthday")
    start: dt.date = Field(description="First day of the window")
    end: dt.date = Field(description="Last day of the window")

    @model_validator(mode="after")
    def _has_a_length(self) -> "MonthsExposed":
        if self.from_month >= self.to_month:
            raise ValueError("from_month must come before to_month")
        if self.end < self.start:
            raise ValueError("end must not come before start")
        if self.of.precision == "year":
            raise ValueError("a date that is known to the year only cannot tell months; use one to the month or day")
        return self

    def values(self, rows: Rows) -> "pd.Series":
        """Return the months, (n,), from 0 to `to_month` less `from_month`."""
        import numpy as np
        import pandas as pd

        born = first_days(rows.read(self.of), "D")
        opens = np.maximum(months(born, np.datetime64(self.start)), self.from_month)
        closes = np.minimum(months(born, np.datetime64(self.end) + 1), self.to_month)
        return pd.Series(np.maximum(closes - opens, 0.0))
