"""How the people of a cohort are described in a table: in everybody, and in those compared."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags
from evenwicht.display.wording import decimals

SIZE, SHARE, MEAN, DATE = "n", "percent", "mean_sd", "median_quartiles"
NONE_KNOWN = "none known"
QUARTILES = (0.25, 0.5, 0.75)
Describe = Callable[[str, pd.Series, Flags | None], dict[str, object]]


def described(statistic: str, values: pd.Series, arm: Flags | None) -> dict[str, object]:
    """Describe one column, or one level of it, in everybody and by arm.

    Parameters
    ----------
    statistic
        `SIZE`, `SHARE` (of values that are 100 or 0), `MEAN` or `DATE`.
    values : (n,)
        Of the people; missing where not known.
    arm : (n,)
        Who is exposed; None where nobody is compared.
    """
    told: dict[str, object] = {"statistic": statistic, "overall": summary(values, statistic)}
    if arm is None:
        return told
    told |= {"exposed": summary(values[arm], statistic), "unexposed": summary(values[~arm], statistic)}
    if statistic != SIZE:
        told["standardised_difference"] = standardised_difference(values[arm], values[~arm])
    return told


def summary(values: pd.Series, statistic: str) -> str:
    """Describe the known values of one column in one group."""
    if statistic == SIZE:
        return f"{len(values)}"
    known = values.dropna()
    if known.empty:
        return NONE_KNOWN
    if statistic == DATE:
        lower, median, upper = (f"{known.quantile(q):%Y-%m-%d}" for q in QUARTILES)
        return f"{median} ({lower} to {upper})"
    mean = float(known.mean())
    if statistic == SHARE:
        return f"{mean:.1f}"
    spread = float(known.std(ddof=1)) if len(known) > 1 else 0.0
    digits = max(decimals({"estimate": mean, "se": spread}), 0 if spread >= 100 else 1)
    mean = round(mean, digits) + 0.0  # minus nought is nought
    separator = "," if abs(mean) >= 10_000 else ""  # below, a year may be meant
    return f"{mean:{separator}.{digits}f} ({spread:{separator}.{digits}f})"


def standardised_difference(exposed: pd.Series, unexposed: pd.Series) -> str:
    """Difference in means in pooled standard deviations; empty where nothing varies or an arm has no known value."""
    if pd.api.types.is_datetime64_any_dtype(exposed.dtype):
        start = pd.concat([exposed, unexposed]).min()
        exposed, unexposed = ((arm - start) / pd.Timedelta(days=1) for arm in (exposed, unexposed))
    pooled = np.sqrt((exposed.var(ddof=0) + unexposed.var(ddof=0)) / 2)
    return f"{(exposed.mean() - unexposed.mean()) / pooled:.2f}" if pooled > 0 else ""
