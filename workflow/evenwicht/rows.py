"""Estimate rows: the one table shape that every study writes and every report table is built from."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evenwicht.config import BirthWindow, Column
from evenwicht.estimators.results import ESTIMANDS, Interval

COLUMNS = [
    "study",
    "cohort",
    "estimand",
    "level",
    "contrast",
    "estimate",
    "lower",
    "upper",
    "se",
    "n",
    "events",
    "method",
    "truth",
    "status",
    "reason",
    "note",
]
NULL_METHODS = [
    "poisson_null",
    "permutation_null",
]  # what chance gives; they estimate nothing, so have no truth
TRUTH_KEY = ["study", "estimand", "level", "contrast"]
# groups with which a window of births is compared; the last is both together
BORN_BEFORE, CONCEIVED_AFTER = "born before", "conceived after"
BEFORE_OR_AFTER = f"{BORN_BEFORE} or {CONCEIVED_AFTER}"
REFERENCES = [BORN_BEFORE, CONCEIVED_AFTER, BEFORE_OR_AFTER]
PRE_TREND = "pre-trend: later vs earlier half of the births before the exposure"
Known = set[tuple[str, str, str, str]] | None


@dataclass
class Rows:
    """Collects the estimate rows of one study at one level.

    Attributes
    ----------
    study
        What is asked: the outcome's name in the cohort file, or "concentration".
    level
        "individual", "policy" or "population".
    contrast
        What is compared, see `contrast_label`.
    known
        Estimands with a true value, as tuples in the order of `TRUTH_KEY`; if given, costly estimates of others are
        left out.
    """

    cohort: str
    study: str
    level: str
    contrast: str
    known: Known = None
    rows: list[dict[str, object]] = field(default_factory=list)

    def wants(self, estimand: str) -> bool:
        """Whether an estimate that takes long is worth its time."""
        return self.known is None or (self.study, estimand, self.level, self.contrast) in self.known

    def add(
        self,
        estimand: str,
        method: str,
        interval: Interval,
        *,
        n: int,
        events: int | None = None,
        contrast: str | None = None,
        note: str = "",
    ) -> None:
        """Add one estimate; `estimand` must be in the vocabulary `ESTIMANDS`.

        What cannot be estimated is a row too: with its `status` and `reason` from the interval.
        """
        if estimand not in ESTIMANDS:
            raise KeyError(f"unknown estimand {estimand}")
        self.rows.append(
            {
                "study": self.study,
                "cohort": self.cohort,
                "estimand": estimand,
                "level": self.level,
                "contrast": contrast or self.contrast,
                "estimate": interval.estimate,
                "lower": interval.lower,
                "upper": interval.upper,
                "se": interval.se,
                "n": n,
                "events": events,
                "method": method,
                "truth": np.nan,
                "status": interval.status,
                "reason": interval.reason,
                "note": note,
            }
        )


def as_table(parts: list[Rows]) -> pd.DataFrame:
    """Return the rows of several studies as one table with the columns `COLUMNS`."""
    table = pd.DataFrame([row for part in parts for row in part.rows], columns=COLUMNS)
    floats = ["estimate", "lower", "upper", "se", "truth"]
    return table.astype({**dict.fromkeys(floats, "float64"), "n": "Int64", "events": "Int64"})


def with_truth(table: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Fill the truth column from a cohort's truth registry; estimands without a true value stay empty."""
    known = truth.rename(columns={"value": "known"})[[*TRUTH_KEY, "known"]]
    merged = table.merge(known, on=TRUTH_KEY, how="left", validate="many_to_one")
    truth_of_estimates = merged["known"].astype("float64").mask(merged["method"].isin(NULL_METHODS))
    return merged.assign(truth=truth_of_estimates)[COLUMNS]


def contrast_label(name: str, column: Column) -> str:
    """Name a yes/no contrast, for example "quit: quit vs kept smoking"."""
    exposed, unexposed = arm_labels(column)
    return f"{name}: {exposed} vs {unexposed}"


def period_label(name: str, window: BirthWindow, reference: str) -> str:
    """Name a contrast of a window of births, for example "early: exposed in early pregnancy vs born before"."""
    return f"{name}: {window.label} vs {reference}"


def placebo_label(year: int) -> str:
    """Name the contrast at the date of a reform in a year without one."""
    return f"placebo: born from the same date of {year} on vs before"


def arm_labels(column: Column) -> tuple[str, str]:
    """Labels of the exposed and the unexposed arm of a yes/no column."""
    return column.answer(True), column.answer(False)
