"""The threshold model: a yes/no outcome as a normal liability that crosses a threshold.

Variance that is explained on the scale of the liability does not depend on how common the outcome is, as that of the
outcome itself does (Falconer 1965, Annals of Human Genetics 29:51). What is left of the liability is normal with a
variance of one; the total adds what is explained (McKelvey and Zavoina 1975, Journal of Mathematical Sociology 4:103;
So et al. 2011, Genetic Epidemiology 35:310). `association.told_by` has the linear approximation to it for small
effects, which needs no more than the correlation with the outcome.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import ndtr, ndtri

from evenwicht.base.arrays import Floats
from evenwicht.base.errors import ModelError
from evenwicht.estimators.distributions import both_below, normal_density
from evenwicht.estimators.influence import Estimate, combined
from evenwicht.estimators.predicted_risks import PredictedRisks

NODES = 100  # of each of three Gauss-Legendre rules, with breaks around the scores where risk rises
REACH = 10.0  # of quadrature, in standard deviations
ROUNDING = 1e-12  # of an area found by it
FLAT_ARM = "in an arm everybody, or nobody, has the outcome"
ALL_ALIKE = "everybody has the same score"


def exposure_correlation(share: Estimate, exposed: Estimate, unexposed: Estimate) -> Estimate:
    """Correlation of a yes/no exposure with the liability; its square is the explained variance.

    The liability of the exposed differs by the distance between the normal quantiles of the two risks.
    `association.explained` gives the square its interval.

    Parameters
    ----------
    share
        Share of people exposed.
    exposed, unexposed
        Risks of the two arms.
    """
    p, one, none = share.value, exposed.value, unexposed.value
    if not (0 < one < 1 and 0 < none < 1):
        return _nothing(len(share.influence), FLAT_ARM)
    if not 0 < p < 1:
        return _nothing(len(share.influence), "everybody, or nobody, is exposed")
    quantiles = ndtri([one, none])
    apart, variance = float(quantiles[0] - quantiles[1]), p * (1 - p)
    total = 1 + variance * apart**2
    by_apart = np.sqrt(variance) * total**-1.5
    by_share = (1 - 2 * p) * apart * total**-1.5 / (2 * np.sqrt(variance))
    by_one, by_none = by_apart / normal_density(quantiles)
    correlation = float(apart * np.sqrt(variance / total))
    return combined(correlation, (float(by_share), share), (float(by_one), exposed), (-float(by_none), unexposed))


def score_correlation(risks: PredictedRisks, score: Floats) -> Estimate:
    """Correlation of a score, (n,), with the liability, of people as they are; its square is the explained variance.

    Parameters
    ----------
    risks
        Of the same people, by a model in which the score is one of the predictors.
    score : (n,) array
        In any unit.
    """
    if risks.reason:  # a predictor that runs off has no mean
        return _nothing(len(score), risks.reason)
    weights, liability = risks.weights, risks.liability
    total = float(weights.sum())
    x, mean = (value - np.average(value, weights=weights) for value in (score, liability))
    spread = float(np.sqrt(np.average(x**2, weights=weights)))
    if not spread > 1e-12 * float(np.abs(score).max()):
        return _nothing(len(score), ALL_ALIKE)
    x, whole = x / spread, float(np.sqrt(1 + np.average(mean**2, weights=weights)))
    y = mean / whole
    r = float(np.average(x * y, weights=weights))
    own = Estimate(r, (x * y - r * (x**2 + y**2 + whole**-2) / 2) / total)
    by_liability = weights * (x - r * y) / (whole * total)
    stretch = risks.slope_at(risks.predictor) / normal_density(liability)
    return risks.estimate(own, by_liability * stretch)


def exposure_auc(share: float, exposed: float, unexposed: float) -> float:
    """Area under the ROC curve of a yes/no exposure alone, whichever way it points, in closed form.

    One half, plus half of p (1 - p) |r1 - r0| / (q (1 - q)) for a share p exposed, risks r1 and r0, and q the risk of
    all. `association.told_by` and `area` give the same with an interval.

    Raises
    ------
    ModelError
        If everybody, or nobody, has the outcome.

    >>> round(exposure_auc(0.5, 0.055, 0.083), 10)
    0.5544840362
    """
    risk = share * exposed + (1 - share) * unexposed
    if not 0 < risk < 1:
        raise ModelError(
            "everybody, or nobody, has the outcome", where="area under the ROC curve", fix="Give risks between 0 and 1."
        )
    return 0.5 + share * (1 - share) * abs(exposed - unexposed) / (2 * risk * (1 - risk))


@dataclass(frozen=True)
class ProbitScore:
    """A standard normal score R with risk Phi(intercept + slope R).

    Raises
    ------
    ModelError
        If the slope is negative or not finite: a score is high in those at high risk.
    """

    intercept: float
    slope: float

    def __post_init__(self) -> None:
        if not 0 <= self.slope < np.inf:
            raise ModelError(
                f"the slope of a score is {self.slope:g}", where="normal score", fix="Turn the score round."
            )

    @classmethod
    def explaining(cls, explained: float, mean: float) -> "ProbitScore":
        """Return the score that explains a share of the variance of the liability, 0 to below 1, at a mean risk."""
        whole = 1 / np.sqrt(1 - explained)
        return cls(float(ndtri(mean) * whole), float(np.sqrt(explained) * whole))

    @classmethod
    def with_auc(cls, auc: float, mean: float) -> "ProbitScore":
        """Return the score with an area under its ROC curve, at a mean risk.

        Raises
        ------
        ModelError
            If the area is below 0.5, or above that of a score that explains 99.9% of the variance.
        """
        from scipy.optimize import brentq

        most = 0.999
        if not 0.5 <= auc <= cls.explaining(most, mean).auc:
            raise ModelError(
                f"no normal score has an area under the ROC curve of {auc:g}",
                where="normal score",
                fix="Give one from 0.5 to below 1.",
            )
        if auc <= 0.5 + ROUNDING:
            return cls.explaining(0.0, mean)
        correlation = brentq(lambda r: cls.explaining(r**2, mean).auc - auc, 0.0, np.sqrt(most), xtol=1e-13)
        return cls.explaining(correlation**2, mean)

    @property
    def mean(self) -> float:
        """Mean risk."""
        return float(ndtr(self._threshold))

    @property
    def explained(self) -> float:
        """Share of the variance of the liability that the score explains."""
        return self.correlation**2

    @property
    def correlation(self) -> float:
        """Correlation of the score with the liability."""
        return float(self.slope / np.hypot(1, self.slope))

    @property
    def auc(self) -> float:
        """Area under the ROC curve, by quadrature over the scores of cases."""
        steep = max(self.slope, 0.5)
        middle, wide = -self.intercept / steep, REACH / steep
        ends = np.clip([-np.inf, middle - wide, middle + wide, np.inf], -REACH, REACH)
        nodes, weights = _rule()
        half = np.diff(ends)[:, None] / 2
        score, weights = (ends[:-1, None] + half * (1 + nodes)).ravel(), (half * weights).ravel()
        both = both_below(self._threshold, score, -self.correlation)
        cases_density = normal_density(score) * ndtr(self.intercept + self.slope * score)
        others_below = (ndtr(score) - both) / (1 - self.mean)
        return float(weights @ (cases_density / self.mean * others_below))

    def found(self, share: float) -> float:
        """Share of all people who are cases and among so large a share with the highest scores."""
        return float(both_below(self._threshold, ndtri(share), self.correlation))

    def sensitivity(self, share: float) -> float:
        """Share of cases who are among so large a share of people with the highest scores."""
        return self.found(share) / self.mean

    def share_above(self, risk: float) -> float:
        """Share of people with a risk above this one, between 0 and 1."""
        if self.slope == 0:
            return float(self.mean > risk)
        return float(ndtr((self.intercept - ndtri(risk)) / self.slope))

    def mean_after(self, shift: float) -> float:
        """Mean risk if everybody's score were lower by so many standard deviations."""
        return float(ndtr(self._threshold - self.correlation * shift))

    def shift_to(self, mean: float) -> float:
        """By how many standard deviations everybody's score would have to be lower for this mean risk; NaN if none."""
        return float((self._threshold - ndtri(mean)) / self.correlation) if self.slope > 0 and 0 < mean < 1 else np.nan

    @property
    def _threshold(self) -> float:
        """Of the liability in its own standard deviations, with a sign that makes risk rise."""
        return float(self.intercept / np.hypot(1, self.slope))


@cache
def _rule() -> tuple[Floats, Floats]:
    """Nodes and weights of quadrature from -1 to 1."""
    return np.polynomial.legendre.leggauss(NODES)


def _nothing(n: int, reason: str) -> Estimate:
    return Estimate(np.nan, np.full(n, np.nan), reason)
