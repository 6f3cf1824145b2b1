"""Which weighs more in a cohort, an exposure or a policy: both counted over the same people, outcome by outcome."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtr

from evenwicht.conclusions import Conclusion

Answer = Literal["policy", "exposure", "cannot_tell", "no_comparison"]
SURE = 0.975  # chance from which one side weighs more
NOT_COMPARED = ("not_estimable", "does_not_survive", "depends_on_method")
GRID = 4001  # points over 8 standard errors either side: the chance is exact to 1e-6


@dataclass(frozen=True)
class Weighed:
    """One outcome with both sides.

    Attributes
    ----------
    exposure, policy
        Conclusions about the same outcome: the whole exposure gone, and the policy introduced.
    answer
        Which weighs more; only an effect that may be told does.
    chance
        Chance that the policy does; NaN where there is no comparison.
    """

    exposure: Conclusion
    policy: Conclusion
    answer: Answer
    chance: float


def weigh(conclusions: Iterable[Conclusion]) -> list[Weighed]:
    """Weigh, for each outcome of a cohort that both ask about, the first exposure against the policy of best design.

    An exposure that is a number has no whole that could be gone, and is not weighed.
    """
    conclusions = list(conclusions)
    weighed = []
    for outcome in dict.fromkeys(one.claim.outcome for one in conclusions):
        about = [one for one in conclusions if one.claim.outcome == outcome]
        exposures = [one for one in about if one.level == "individual" and one.claim.gone]
        policies = sorted((one for one in about if one.level == "policy"), key=lambda one: -one.verdict.start)
        if exposures and policies:
            weighed.append(_weighed(exposures[0], policies[0]))
    return weighed


def _weighed(exposure: Conclusion, policy: Conclusion) -> Weighed:
    sides = (exposure.claim.counted, policy.claim.counted)
    known = all(row["se"] > 0 and not math.isnan(row["estimate"]) for row in sides)
    if not known or any(one.verdict.status in NOT_COMPARED for one in (exposure, policy)):
        return Weighed(exposure, policy, "no_comparison", math.nan)
    (y, sd_y), (x, sd_x) = ((row["estimate"], row["se"]) for row in sides)
    chance = chance_larger(x, sd_x, y, sd_y)
    if chance >= SURE and policy.verdict.told:
        return Weighed(exposure, policy, "policy", chance)
    if chance <= 1 - SURE and exposure.verdict.told:
        return Weighed(exposure, policy, "exposure", chance)
    return Weighed(exposure, policy, "cannot_tell", chance)


def chance_larger(x: float, sd_x: float, y: float, sd_y: float) -> float:
    """Chance that |X| exceeds |Y| for two independent normal quantities.

    Both sides are estimated in the same people, so they are not quite independent; the ledger replaces this by joint
    draws.
    """
    grid = np.linspace(-8, 8, GRID)
    density = np.exp(-(grid**2) / 2)
    size = np.abs(x + sd_x * grid)
    below = ndtr((size - y) / sd_y) - ndtr((-size - y) / sd_y)
    return float((density * below).sum() / density.sum())
