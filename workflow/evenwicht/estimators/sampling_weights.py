"""Sampling (design, survey) weights: one over the probability that a person is in the data.

Every estimator that takes `weights` solves its equations with each person counted so often, and its standard errors are
those of the weighted equations (a sandwich; Binder 1983, International Statistical Review 51:279), as if people had
been drawn with replacement. A common factor of all weights changes nothing. Strata and finite populations, which would
narrow the errors, are not used.
"""

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.base.errors import ModelError


def require_weights(weights: Floats, where: str) -> None:
    """Raise ModelError unless all weights, (n,), are positive numbers."""
    if not (np.isfinite(weights) & (weights > 0)).all():
        raise ModelError(
            "sampling weights are not all positive numbers",
            where=where,
            fix="Leave out the rows without a weight, or of weight zero.",
        )


def effective_n(weights: Floats) -> float:
    """Size of the equally weighted sample that says as much about a mean as n people with these weights, (n,).

    It is (sum w)^2 / (sum w^2); n over it is Kish's design effect of unequal weights, which knows nothing of strata,
    clusters or the outcome. Source: Kish 1965, Survey Sampling, section 11.7.

    >>> effective_n(np.array([1.0, 1.0, 2.0]))
    2.6666666666666665
    """
    return float(weights.sum() ** 2 / (weights @ weights))


def standard_deviation(values: Floats, weights: Floats | None = None) -> float:
    """Standard deviation of the population behind n values, with probability weights, (n,), if any.

    The variance is n / (n - 1) times the weighted mean of squares, as in R's `survey::svyvar`.
    """
    mean = np.average(values, weights=weights)
    n = len(values)
    return float(np.sqrt(n / (n - 1) * np.average((values - mean) ** 2, weights=weights)))
