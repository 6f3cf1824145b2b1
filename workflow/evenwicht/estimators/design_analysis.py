"""What a study of a given size can be expected to say: power, and errors of sign and size."""

from typing import NamedTuple

from scipy.special import ndtr, ndtri

from evenwicht.base.errors import ModelError
from evenwicht.estimators.distributions import normal_density


class DesignAnalysis(NamedTuple):
    """Properties of a normal estimate that is reported when its test rejects no effect.

    Attributes
    ----------
    power
        Probability that the test rejects.
    type_s
        Probability that an estimate that rejects has the wrong sign.
    type_m
        Expected size of an estimate that rejects, over the size of the true effect.
    """

    power: float
    type_s: float
    type_m: float


def design_analysis(true_effect: float, se: float, alpha: float = 0.05) -> DesignAnalysis:
    """Power, type S error and type M error of a two-sided test, in closed form (means of a truncated normal).

    Source: Gelman and Carlin 2014, Perspectives on Psychological Science 9:641.

    Parameters
    ----------
    true_effect, se
        The true effect and the standard error of its estimate, on the scale where the estimate is normal.

    Raises
    ------
    ModelError
        If the true effect is 0, which no estimate can exaggerate, or the standard error is not positive.

    >>> [round(value, 2) for value in design_analysis(0.1, 3.28)]
    [0.05, 0.46, 76.69]
    """
    if true_effect == 0 or not se > 0:
        raise ModelError(
            "a true effect other than 0 and a positive standard error are needed",
            where="design analysis",
            fix="Give the effect that the study hopes to find.",
        )
    size, bar = abs(true_effect) / se, ndtri(1 - alpha / 2)
    right, wrong = ndtr(size - bar), ndtr(-size - bar)
    power = right + wrong
    density = normal_density(bar - size) + normal_density(bar + size)
    mean_size = (size * (right - wrong) + density) / power
    return DesignAnalysis(float(power), float(wrong / power), float(mean_size / size))
