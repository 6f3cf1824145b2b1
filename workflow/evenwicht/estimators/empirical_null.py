"""What a design finds where there is nothing to find, and an estimate judged against that.

Schuemie, Ryan, DuMouchel, Suchard and Madigan 2014, Statistics in Medicine 33:209; intervals as in Schuemie, Hripcsak,
Ryan, Madigan and Suchard 2018, PNAS 115:2571, with a systematic error that does not depend on the size of the effect.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import minimize_scalar

from evenwicht.estimators.results import Interval

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EmpiricalNull:
    """Systematic error of a design: normal with this mean and SD, on the log scale; `n` negative controls."""

    mean: float
    sd: float
    n: int

    def p_value(self, estimate: float, se: float) -> float:
        """Two-sided p value of a log estimate under systematic and random error together."""
        return float(2 * stats.norm.sf(abs(estimate - self.mean) / np.hypot(self.sd, se)))

    def calibrate(self, estimate: float, se: float) -> Interval:
        """Return a log estimate without the mean error, with an interval that holds systematic error as well."""
        return Interval.normal(estimate - self.mean, float(np.hypot(self.sd, se)))


def fit_empirical_null(estimates: Floats, ses: Floats) -> EmpiricalNull:
    """Fit systematic error to log estimates of negative controls by maximum likelihood.

    Parameters
    ----------
    estimates, ses : (n,) arrays
        Log estimates and standard errors of outcomes without an effect.

    Examples
    --------
    >>> round(fit_empirical_null(np.array([0.1, 0.1, 0.1]), np.array([0.2, 0.2, 0.2])).mean, 6)
    0.1
    """

    def mean_at(sd: float) -> float:
        return float(np.average(estimates, weights=1 / (ses**2 + sd**2)))

    def loss(sd: float) -> float:
        return float(-stats.norm.logpdf(estimates, mean_at(sd), np.hypot(ses, sd)).sum())

    widest = float(np.ptp(estimates)) + 1e-12
    sd = float(minimize_scalar(loss, bounds=(0.0, widest), method="bounded", options={"xatol": 1e-10}).x)
    if loss(0.0) <= loss(sd):
        sd = 0.0
    return EmpiricalNull(mean_at(sd), sd, len(estimates))
