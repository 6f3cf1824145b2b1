"""Dates of birth as studies of births use them: a clock of whole days, and clusters of births."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.cohort import Cohort


def birth_days(cohort: Cohort, origin: dt.date) -> NDArray[np.float64]:
    """Days from the origin to birth, (n,); NaN where the date is not known."""
    born = cohort.persons[cohort.role("birth_date")[0]]
    days = (born - pd.Timestamp(origin)) / pd.Timedelta(days=1)
    return np.asarray(days, dtype=np.float64)


def birth_units(days: NDArray[np.float64], origin: dt.date, unit: str) -> NDArray[Any]:
    """Day, week or calendar month of each birth, (n,) days since the origin; weeks start with the origin."""
    if unit == "month":
        return (pd.Timestamp(origin) + pd.to_timedelta(days, unit="D")).strftime("%Y-%m").to_numpy()
    return np.floor(days / {"day": 1, "week": 7}[unit])
