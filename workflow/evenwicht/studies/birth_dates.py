"""Dates of birth as studies of births use them: a clock of whole days, and clusters of births."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

BirthCluster = Annotated[
    Literal["day", "week", "month"] | None,
    Field(
        description="Births of the same day, week or month share what happens to them; people independent if left out"
    ),
]
NEEDED_BY_CLUSTER: dict[str | None, str] = {None: "year", "month": "month", "week": "day", "day": "day"}


def birth_days(born: "pd.Series", origin: dt.date) -> "NDArray[np.float64]":
    """Days from the origin to dates of birth, (n,); NaN where the date is not known."""
    import numpy as np
    import pandas as pd

    return np.asarray((born - pd.Timestamp(origin)) / pd.Timedelta(days=1), dtype=np.float64)


def birth_units(days: "NDArray[np.float64]", origin: dt.date, unit: str) -> "NDArray[Any]":
    """Number of the day, week or calendar month of each birth, (n,) days since the origin; weeks start with it."""
    import numpy as np
    import pandas as pd

    if unit == "month":
        born = pd.Timestamp(origin) + pd.to_timedelta(days, unit="D")
        return np.asarray(12 * born.year + born.month)
    return np.floor(days / {"day": 1, "week": 7}[unit])
