"""How numbers are written for readers."""

import math

from evenwicht.estimators.results import ESTIMANDS

METHOD_LABELS = {
    "crude": "crude",
    "regression": "regression",
    "ipw": "inverse probability weighting",
    "ipw_known_weights": "inverse probability weighting, weights as if known",
    "gformula": "standardisation",
    "iv": "instrumental variable",
    "cox": "Cox model",
    "gompertz": "Gompertz model",
    "cox_sandwich": "Cox model, sandwich error",
    "cox_trend": "Cox model, linear trend added",
    "cox_donut": "Cox model, births near the change left out",
    "cox_delayed_entry": "Cox model with delayed entry at a visit",
    "cox_coherent": "Cox model, everybody followed to the last visit",
    "cox_calibrated": "Cox model, calibrated on negative controls",
    "windows": "late events against time at risk",
    "did": "difference-in-differences",
    "rd": "regression discontinuity",
    "rd_donut": "discontinuity, donut",
    "same_dates": "same dates, other years",
    "same_dates_donut": "same dates, donut",
    "density": "count of births",
    "design_analysis": "design analysis",
}
MINUS = "\N{MINUS SIGN}"


def number(value: float, digits: int = 2) -> str:
    """Write a number with a true minus sign and thousands separators; empty for NaN."""
    if value is None or math.isnan(value):
        return ""
    text = f"{value:,.{digits}f}"
    return text.replace("-", MINUS) if float(text.replace(",", "")) else text.replace("-", "")


def signed(value: float, digits: int = 1) -> str:
    """Write a difference with its sign."""
    text = number(value, digits)
    return text if text.startswith(MINUS) or not text or not text.strip("0.,") else f"+{text}"


def with_interval(estimate: float, lower: float, upper: float, *, digits: int, sign: bool = False) -> str:
    """Write an estimate with its 95% interval, or without one if there is none."""
    write = signed if sign else number
    if math.isnan(lower):
        return f"{write(estimate, digits)} (no interval)"
    return f"{write(estimate, digits)} ({write(lower, digits)} to {write(upper, digits)})"


def scale_of(estimand: str, unit: str) -> tuple[float, str, int]:
    """Return factor, unit and decimals in which an estimand is shown: risks in percentage points, means as they are."""
    kind = ESTIMANDS[estimand].kind
    if estimand == "risk_difference":
        return 100.0, "percentage points", 1
    if kind == "difference":
        return 1.0, unit, 1
    return 1.0, "", 2
