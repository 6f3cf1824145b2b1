"""Which methods keep what they promise in fresh draws of a cohort whose truth is known.

The rule, by Morris, White and Crowther (2019, Statistics in Medicine 38:2074), who judge a method by bias and coverage,
each beside its Monte Carlo error. A method of a study holds its promise if

1. over all its rows, 95% intervals hold the truth in 92 to 98% of draws, give or take two Monte Carlo errors;
2. no row has intervals that hold the truth clearly less often than in 92% of draws: three Monte Carlo errors below;
3. no row is clearly biased: a mean error beyond three Monte Carlo errors, and beyond 0.4 standard deviations of the
   estimate. From about there on bias does harm (Collins, Schafer and Kam 2001, Psychological Methods 6:330): alone, it
   takes coverage from 95 to 93%. Smaller bias is found as well when draws are many, and costs a reader little.

The first allows two errors because it is one question a method; the others three, because a method has up to a hundred
rows and chance alone puts one in twenty beyond two. Intervals of one row that are too wide cannot be told with a few
hundred draws. Crude comparisons promise nothing where groups differ, and intervals that forget that the data chose what
they are about promise nothing either: they are shown, and not counted. How often something is chosen is no estimate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.config import AS_CONFIGURED
from evenwicht.display.certainty import COVERED
from evenwicht.display.language import say
from evenwicht.display.section import records, where
from evenwicht.display.wording import number
from evenwicht.results.rows import CHOSEN, NAIVE
from evenwicht.studies.claims import CRUDE_ID

LEVEL = 0.95
ERRORS_OF_METHOD, ERRORS_OF_ROW = 2, 3  # Monte Carlo errors of doubt that a method and a row get
HARMFUL = 0.4  # bias in standard deviations of the estimate
EXACT = 1e-12  # a mean error below it is rounding
BY_METHOD = ["cohort", "study", "method"]
PROMISING_NOTHING = (CRUDE_ID, NAIVE)


@dataclass(frozen=True)
class Recovered:
    """How one method of one study fares over fresh draws.

    Attributes
    ----------
    cohort, study, method
        Their ids.
    bias
        Mean error of each row, in its Monte Carlo errors, (rows,).
    draws
        Draws with an estimate of each row, (rows,).
    covered
        Share of the 95% intervals of each row that hold the truth, (rows,); NaN without intervals.
    intervals
        Draws with an interval of each row, (rows,).
    coverage, error
        The share over all rows, and its Monte Carlo error; NaN without intervals.
    """

    cohort: str
    study: str
    method: str
    bias: NDArray[np.float64]
    draws: NDArray[np.float64]
    covered: NDArray[np.float64]
    intervals: NDArray[np.float64]
    coverage: float
    error: float

    @property
    def counted(self) -> bool:
        """Whether the method promises anything."""
        return self.method not in PROMISING_NOTHING

    @property
    def limits(self) -> NDArray[np.float64]:
        """Bias of each row that is clear and harmful, in Monte Carlo errors, (rows,)."""
        return np.maximum(ERRORS_OF_ROW, HARMFUL * np.sqrt(self.draws))

    @cached_property
    def biased(self) -> int:
        """Rows that are clearly biased."""
        return int((np.abs(self.bias) > self.limits).sum())

    @cached_property
    def missed(self) -> int:
        """Rows whose intervals hold the truth clearly too seldom."""
        least = COVERED[0] - ERRORS_OF_ROW * _binomial_error(COVERED[0], self.intervals)
        return int((self.covered < least).sum())


def holds(found: Recovered) -> bool:
    """Whether a method keeps its promise, by the rule of this module; without intervals it is judged by bias alone."""
    lowest, highest = COVERED
    limit = lowest if found.coverage < LEVEL else highest
    # if all intervals hold the truth, or none, the spread between draws tells nothing: as uncertain as one row
    error = found.error or float(_binomial_error(limit, found.intervals.max(initial=1.0)))
    slack = ERRORS_OF_METHOD * error
    outside = found.coverage < lowest - slack or found.coverage > highest + slack
    return not (outside or found.missed or found.biased)


def recovered(recovery: pd.DataFrame, coverage: pd.DataFrame) -> list[Recovered]:
    """Put together what replicates say of each method, in worlds as they are configured.

    Parameters
    ----------
    recovery, coverage
        Rows of `results.schema.RECOVERY` and `COVERAGE`, of one cohort or more.

    Returns
    -------
    list of Recovered
        Methods that fail first, then those that hold, then crude ones; otherwise in the order of the rows. Methods
        whose bias is not known, such as from one draw, are left out.
    """
    overall = {tuple(row[name] for name in BY_METHOD): row for row in records(where(coverage, scenario=AS_CONFIGURED))}
    found = []
    judged = recovery[recovery["estimand"] != CHOSEN]
    for key, rows in where(judged, scenario=AS_CONFIGURED).groupby(BY_METHOD, sort=False):
        drawn, bias, error = (rows[name].to_numpy(float) for name in ("replicates", "mean_bias", "mc_error_bias"))
        with np.errstate(divide="ignore", invalid="ignore"):  # an estimate that never varies is right, or never is
            ratio = np.where((np.abs(bias) < EXACT) & ~np.isnan(error), 0.0, bias / error)
        known = ~np.isnan(ratio)
        if not known.any():
            continue
        cohort, study, method = (str(part) for part in key)
        told = overall.get((cohort, study, method), {"coverage": np.nan, "mc_error_coverage": np.nan})
        found.append(
            Recovered(
                cohort,
                study,
                method,
                bias=ratio[known],
                draws=(drawn - rows["no_estimate"].to_numpy(float))[known],
                covered=rows["coverage"].to_numpy(float)[known],
                intervals=(drawn - rows["no_interval"].to_numpy(float))[known],
                coverage=told["coverage"],
                error=told["mc_error_coverage"],
            )
        )
    return sorted(found, key=_order)


def promise_line(found: Sequence[Recovered]) -> str:
    """Say how many methods hold their promise, of those that promise anything; nothing if none does."""
    held, counted = counts(found)
    if not counted:
        return ""
    return say("{held} of {counted} methods hold their promise", held=number(held, 0), counted=number(counted, 0))


def rule() -> list[str]:
    """Return the parts of the rule in words."""
    lowest, highest = (f"{number(100 * share, 0)}%" for share in COVERED)
    return [
        say(
            "Over all its estimates, 95% intervals hold the true value in {lowest} to {highest} of draws, give or take "
            "{errors} Monte Carlo errors.",
            lowest=lowest,
            highest=highest,
            errors=number(ERRORS_OF_METHOD, 0),
        ),
        say(
            "No estimate has intervals that hold it in fewer than {lowest} of draws by more than {errors} Monte Carlo "
            "errors.",
            lowest=lowest,
            errors=number(ERRORS_OF_ROW, 0),
        ),
        say(
            "No estimate is wrong on average by more than {errors} Monte Carlo errors and more than {harmful} standard "
            "deviations.",
            errors=number(ERRORS_OF_ROW, 0),
            harmful=number(HARMFUL, 1),
        ),
    ]


def counts(found: Sequence[Recovered]) -> tuple[int, int]:
    """Methods that hold their promise, and methods that promise anything."""
    judged = [holds(one) for one in found if one.counted]
    return sum(judged), len(judged)


def _order(found: Recovered) -> tuple[bool, bool]:
    return not found.counted, holds(found)


def _binomial_error(share: float, draws: NDArray[np.float64] | float) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.sqrt(share * (1 - share) / np.asarray(draws, dtype=float))
