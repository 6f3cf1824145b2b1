"""Numbers needed: people for one case fewer, or for one case more, with a confidence set that may pass infinity.

The inverse of a risk difference is not defined at zero. Where the limits of the difference lie on either side of it,
the set of numbers is not what lies between their inverses but what lies beyond them: a ray on the side of benefit and
one on that of harm, which meet at infinity, where nothing happens. Source: Altman 1998, BMJ 317:1309.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evenwicht.estimators.results import Interval

Kind = Literal["one interval", "two rays through infinity", "no limits"]


@dataclass(frozen=True)
class Limits:
    """Numbers of people for one case on one side, from `least` to `most`; `most` may be infinite."""

    least: float
    most: float


@dataclass(frozen=True)
class NumberNeeded:
    """People for one case, with a 95% confidence set.

    Attributes
    ----------
    estimate
        People for one case, without sign: infinite if the risks do not differ, NaN if their difference is not known.
    side
        Of the estimate: "benefit" (one case fewer), "harm" (one case more), or neither.
    kind
        "one interval" where the data show one side alone, "two rays through infinity" where they allow both, and
        "no limits" where the difference has none.
    benefit, harm
        What the set holds on either side, if anything.
    reason
        Why there are no limits.
    """

    estimate: float
    side: Literal["benefit", "harm", ""]
    kind: Kind
    benefit: Limits | None = None
    harm: Limits | None = None
    reason: str = ""


def number_needed(difference: Interval) -> NumberNeeded:
    """Return the inverse of a risk difference.

    Parameters
    ----------
    difference
        Risk with what is judged less that without it: benefit is a negative difference. A limit of zero ends a set at
        infinity.

    Examples
    --------
    >>> number_needed(Interval(-0.05, lower=-0.25, upper=0.125))  # doctest: +NORMALIZE_WHITESPACE
    NumberNeeded(estimate=20.0, side='benefit', kind='two rays through infinity',
        benefit=Limits(least=4.0, most=inf), harm=Limits(least=8.0, most=inf), reason='')
    """
    risk, lower, upper = difference.estimate, difference.lower, difference.upper
    estimate = _people(risk)
    side: Literal["benefit", "harm", ""] = "benefit" if risk < 0 else "harm" if risk > 0 else ""
    reason = difference.reason or ("the difference has no limits" if np.isnan([lower, upper]).any() else "")
    if not reason and lower == upper == 0:
        reason = "the risks do not differ"
    if reason:
        return NumberNeeded(estimate, side, "no limits", reason=reason)
    benefit = Limits(_people(lower), _people(min(upper, 0.0))) if lower < 0 else None
    harm = Limits(_people(upper), _people(max(lower, 0.0))) if upper > 0 else None
    return NumberNeeded(
        estimate, side, "two rays through infinity" if benefit and harm else "one interval", benefit, harm
    )


def _people(difference: float) -> float:
    """People for one case; a limit may lie beyond the differences that risks can have, but one person is the least."""
    return max(1 / abs(difference), 1.0) if difference else np.inf
