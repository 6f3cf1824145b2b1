"""Instrumental-variable estimation with one instrument, and how weak the instrument is."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from evenwicht.errors import ModelError
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.results import Interval

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class InstrumentFit:
    """Two-stage least squares with its diagnostics.

    Attributes
    ----------
    effect
        Effect of the exposure with its Wald interval (unreliable when the instrument is weak).
    first_stage_f
        F statistic of the instrument in the first stage, with equal variances.
    anderson_rubin
        The 95% Anderson-Rubin confidence set as disjoint intervals, valid whatever the strength of the instrument.
    """

    effect: Interval
    first_stage_f: float
    anderson_rubin: list[tuple[float, float]]


def two_stage_least_squares(
    outcome: Floats,
    exposure: Floats,
    instrument: Floats,
    *,
    where: str = "instrumental variable",
) -> InstrumentFit:
    """Effect of an exposure through one instrument.

    Sources: What If, section 16.2 (estimate); Anderson and Rubin 1949, Annals of Mathematical Statistics 20:46 (set).

    Parameters
    ----------
    outcome, exposure, instrument : (n,) arrays
        The Wald interval assumes equal variances and independent people, as in What If.

    Raises
    ------
    ModelError
        If the instrument does not vary or does not move the exposure at all.
    """
    from linearmodels.iv import IV2SLS

    if instrument.std() == 0 or np.isclose(np.cov(instrument, exposure)[0, 1], 0, atol=1e-12):
        raise ModelError("the instrument does not move the exposure", where=where, mend="Choose another instrument.")
    frame = pd.DataFrame({"one": 1.0, "outcome": outcome, "exposure": exposure, "instrument": instrument})
    model = IV2SLS(frame["outcome"], frame[["one"]], frame[["exposure"]], frame[["instrument"]])
    fit = model.fit(cov_type="unadjusted")
    first = least_squares(exposure, instrument, covariance="classical")
    return InstrumentFit(
        Interval.normal(fit.params["exposure"], fit.std_errors["exposure"]),
        (first.estimate / first.se) ** 2,
        anderson_rubin_set(outcome, exposure, instrument),
    )


def anderson_rubin_set(
    outcome: Floats, exposure: Floats, instrument: Floats, level: float = 0.95
) -> list[tuple[float, float]]:
    """Every effect b for which outcome - b exposure is unrelated to the instrument, as disjoint intervals.

    With one instrument the set solves a quadratic inequality in b: it is an interval, the line without an interval,
    or the whole line. Errors have equal variances.
    """
    n = len(outcome)
    critical = stats.f.ppf(level, 1, n - 2)
    z = instrument - instrument.mean()

    def parts(x: Floats, y: Floats) -> tuple[float, float]:
        """Explained and residual cross-product of two centred variables, given the instrument."""
        x, y = x - x.mean(), y - y.mean()
        explained = (x @ z) * (y @ z) / (z @ z)
        return explained, x @ y - explained

    (yy, yy_res), (ya, ya_res), (aa, aa_res) = (
        parts(outcome, outcome),
        parts(outcome, exposure),
        parts(exposure, exposure),
    )
    ratio = critical / (n - 2)
    a, b, c = aa - ratio * aa_res, -2 * (ya - ratio * ya_res), yy - ratio * yy_res
    discriminant = b * b - 4 * a * c
    if discriminant < 0:
        return [(-np.inf, np.inf)] if a < 0 else []
    low, high = sorted([(-b - np.sqrt(discriminant)) / (2 * a), (-b + np.sqrt(discriminant)) / (2 * a)])
    return [(low, high)] if a > 0 else [(-np.inf, low), (high, np.inf)]
