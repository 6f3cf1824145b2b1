"""How numbers are written for readers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evenwicht.display.language import localised, message, retold, say
from evenwicht.display.section import records
from evenwicht.estimators.results import ESTIMANDS, Z95
from evenwicht.results.rows import UNITS

if TYPE_CHECKING:
    import pandas as pd

MINUS = "\N{MINUS SIGN}"
PERCENTAGE_POINTS = message("percentage points")
MOST_DIGITS = 4  # beyond these, one significant digit of the standard error is enough
MOST_DECIMALS = 6
DIGITS_WITHOUT_ERROR = 3


@dataclass(frozen=True)
class Scale:
    """How one estimate is written: a factor, a unit, and the decimals that estimate, limits and true value share.

    Negative decimals round to tens, hundreds and so on.
    """

    factor: float
    unit: str
    digits: int

    def number(self, value: float) -> str:
        return number(self.factor * value, self.digits)

    def signed(self, value: float) -> str:
        return signed(self.factor * value, self.digits)

    def limits(self, row: Any, *, sign: bool = False) -> str:
        """Write the 95% limits of an estimate row, or nothing if it has none."""
        lower, upper, write = row["lower"], row["upper"], self.signed if sign else self.number
        if math.isnan(lower):
            return ""
        if math.isinf(lower) and math.isinf(upper):
            return say("any value")
        if math.isinf(lower):
            return say("{high} or less", high=write(upper))
        if math.isinf(upper):
            return say("{low} or more", low=write(lower))
        return say("{low} to {high}", low=write(lower), high=write(upper))

    def with_interval(self, row: Any, *, sign: bool = False) -> str:
        """Write an estimate row with its 95% limits, or with the reason why they or the estimate are missing."""
        write = self.signed if sign else self.number
        if math.isnan(row["estimate"]):
            return with_reason(say("cannot be estimated"), row)
        return f"{write(row['estimate'])} ({self.limits(row, sign=sign) or with_reason(say('no interval'), row)})"

    def with_unit(self, row: Any, *, sign: bool = False) -> str:
        """Write an estimate row with its unit and its 95% limits, or with the reason why something is missing."""
        if math.isnan(row["estimate"]) or not self.unit:
            return self.with_interval(row, sign=sign)
        write = self.signed if sign else self.number
        limits = self.limits(row, sign=sign) or with_reason(say("no interval"), row)
        return f"{write(row['estimate'])} {self.unit} ({limits})"

    def direction(self, row: Any) -> str:
        """Say where the interval lies, as printed: "above" or "below" no effect, "open" if it holds it, "" if none."""
        if math.isnan(row["lower"]):
            return ""
        nothing = self.factor if _is_ratio(row) else 0.0
        lower, upper = (round(self.factor * row[name], self.digits) for name in ("lower", "upper"))
        return "above" if lower > nothing else "below" if upper < nothing else "open"


def scale_of(row: Any) -> Scale:
    """Return how an estimate row is written: differences in risk in percentage points, all else in its own unit."""
    estimand = row["estimand"]
    if estimand == "risk_difference":
        return Scale(100.0, say(PERCENTAGE_POINTS), decimals(row, 100.0))
    return Scale(1.0, unit_of(row) if ESTIMANDS[estimand].kind == "difference" else "", decimals(row))


def unit_of(row: Any) -> str:
    """Return the unit of an estimate row: that of what is estimated in words, or that of the outcome as it is."""
    unit, estimand = row.get("unit", ""), ESTIMANDS[row["estimand"]]
    return say(unit) if unit == (estimand.unit or UNITS.get(estimand.kind)) else unit


def decimals(row: Any, factor: float = 1.0) -> int:
    """Return the decimals in which an estimate, its limits and its true value are written.

    They show two significant digits of the standard error, or one where two would print more than four digits. A
    limit that excludes no effect gets up to two more, so that it is not printed as no effect.

    Parameters
    ----------
    row
        An estimate row, or any mapping with some of its keys. The standard error is `se`, on the log scale for
        ratios, so that times the estimate it is that of the ratio; else the width of the 95% interval over 3.92; else
        `mc_error`, the Monte Carlo error of a true value. With none of them, the estimate (or the true value) shows
        three significant digits, and whole numbers stay whole.
    factor
        What the numbers are multiplied by before they are written.

    Returns
    -------
    int
        Decimals, at most six; negative ones round to tens (-1), hundreds (-2) and so on.
    """
    largest = factor * max((abs(v) for v in _known(row, "estimate", "lower", "upper", "truth")), default=0.0)
    spread = factor * _standard_error(row)
    if not spread:
        return min(max(DIGITS_WITHOUT_ERROR - 1 - _exponent(largest), 0), MOST_DECIMALS) if largest else 0
    digits = 1 - _exponent(spread)
    if largest and digits + _exponent(largest) + 1 > MOST_DIGITS:
        digits -= 1
    digits = min(digits, MOST_DECIMALS)
    return next((d for d in range(digits, digits + 2) if not _hides_an_effect(row, factor, d)), digits + 2)


def _standard_error(row: Any) -> float:
    """Standard error of the estimate on the scale of its limits; 0 if nothing tells it."""
    for error in _known(row, "se"):
        if error > 0:
            return error * abs(row["estimate"]) if _is_ratio(row) else error
    limits = _known(row, "lower", "upper")
    if len(limits) == 2 and limits[1] > limits[0]:
        return (limits[1] - limits[0]) / (2 * Z95)
    return next(iter(_known(row, "mc_error")), 0.0)


def _hides_an_effect(row: Any, factor: float, digits: int) -> bool:
    """Whether a limit that excludes no effect would be printed as no effect, or the limit of a ratio as 0."""
    limits = _known(row, "lower", "upper")
    if len(limits) < 2:
        return False
    nothing = factor if _is_ratio(row) else 0.0
    lower, upper = (factor * limit for limit in limits)
    if _is_ratio(row) and lower > 0 and round(lower, digits) == 0:
        return True
    return (lower > nothing and round(lower, digits) == nothing) or (
        upper < nothing and round(upper, digits) == nothing
    )


def _is_ratio(row: Any) -> bool:
    estimand = row.get("estimand")
    return estimand is not None and ESTIMANDS[estimand].kind == "ratio"


def _known(row: Any, *names: str) -> list[float]:
    values = [row.get(name) for name in names]
    return [float(value) for value in values if value is not None and math.isfinite(value)]


def _exponent(value: float) -> int:
    """Power of ten of the first significant digit, once rounded to two."""
    return int(f"{value:.1e}".partition("e")[2])


def number(value: float, digits: int = 2) -> str:
    """Write a number with a true minus sign and thousands separators; empty for NaN."""
    if value is None or math.isnan(value):
        return ""
    if math.isinf(value):
        return say("infinite") if value > 0 else f"{MINUS}{say('infinite')}"
    text = f"{round(value, digits):,.{max(digits, 0)}f}"
    return localised(text.replace("-", MINUS if float(text.replace(",", "")) else ""))


def signed(value: float, digits: int = 1) -> str:
    """Write a difference with its sign."""
    text = number(value, digits)
    return text if text.startswith(MINUS) or not text or not text.strip("0.,") else f"+{text}"


def with_interval(estimate: float, lower: float, upper: float, *, digits: int | None = None, sign: bool = False) -> str:
    """Write an estimate with its 95% interval, or without one if there is none.

    Decimals follow from the interval, unless they are given.
    """
    row = {"estimate": estimate, "lower": lower, "upper": upper}
    return Scale(1.0, "", decimals(row) if digits is None else digits).with_interval(row, sign=sign)


def with_reason(what: str, row: Any) -> str:
    """Say what is missing of an estimate row, and why."""
    reason = row.get("reason")
    return f"{what}: {retold(reason)}" if isinstance(reason, str) and reason else what


def shown_by(rows: "pd.DataFrame", methods: Sequence[str]) -> str:
    """Write the estimate by the first of these methods that has a row; nothing if none has."""
    for method in methods:
        for row in records(rows[rows["method"] == method]):
            return scale_of(row).with_interval(row)
    return ""


def truth_of(rows: "pd.DataFrame") -> str:
    """Write the true value that these rows share, in the decimals of the most precise of them."""
    known = [(scale_of(row), row) for row in records(rows[rows["truth"].notna()])]
    if not known:
        return ""
    scale, row = max(known, key=lambda pair: pair[0].digits)
    return scale.number(row["truth"])


def outcome_head(label: str, rows: "pd.DataFrame") -> str:
    """An outcome with the unit of these differences in it."""
    units = (scale_of(row).unit for row in records(rows))
    return ", ".join([label, *filter(None, [next(units, "")])])
