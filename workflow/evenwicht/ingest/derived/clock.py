"""Time between dates as people count it: from one monthly or yearly return of a day to the next."""

from typing import TYPE_CHECKING, Any

from evenwicht.base.columns import SourceColumn

if TYPE_CHECKING:
    from evenwicht.base.arrays import Floats

UNITS = {"day": "D", "month": "M", "year": "Y"}  # from fine to coarse
MONTHS = 12


def years(start: Any, end: Any) -> "Floats":
    """Return an age: the birthdays passed, and the part of the year between the last and the next; see `steps`."""
    return steps(start, end, MONTHS)


def months(start: Any, end: Any) -> "Floats":
    """Return the same counted by months: 1 on the same day of the next month."""
    return steps(start, end, 1)


def steps(start: Any, end: Any, length: int) -> "Floats":
    """Return the time from `start` to `end` in steps of some months: a whole number on each return of the day.

    Between two returns it runs with the days. Where the month has no such day, the day returns on the first of the
    next: 29 February on 1 March.

    Parameters
    ----------
    start, end : (n,) or () numpy datetime64 in days
        NaT where not known; `end` may be earlier.
    length
        Months of a step.

    Returns
    -------
    (n,) float
        NaN where a date is not known.

    Examples
    --------
    >>> import numpy as np
    >>> born = np.array(["2000-02-29", "2000-03-01", "NaT"], "datetime64[D]")
    >>> steps(born, np.datetime64("2001-03-01"), 12).tolist()
    [1.0, 1.0, nan]
    """
    import numpy as np

    first = start.astype("datetime64[M]")
    day = start - first.astype("datetime64[D]")

    def returned(times: Any) -> Any:
        month = first + times * length
        return np.minimum(month.astype("datetime64[D]") + day, (month + 1).astype("datetime64[D]"))

    between = end.astype("datetime64[M]") - first
    passed = (between - between % np.timedelta64(length, "M")) // length  # as numpy cuts // towards zero
    passed = passed - np.where(returned(passed) > end, np.timedelta64(1, "M"), np.timedelta64(0, "M"))
    last, following = returned(passed), returned(passed + 1)
    counted: Floats = passed / np.timedelta64(1, "M") + (end - last) / (following - last)
    return counted


def coarsest(columns: list[SourceColumn]) -> str:
    """Return the numpy unit of the least precise of some columns of dates."""
    return max((UNITS[column.precision] for column in columns), key=list(UNITS.values()).index)


def first_days(dates: Any, unit: str) -> Any:
    """Return the first day of the month or year, or the day itself, of one or (n,) dates, as numpy datetime64."""
    import numpy as np

    return np.asarray(dates).astype(f"datetime64[{unit}]").astype("datetime64[D]")
