"""Which weighs more in a cohort, an exposure or a policy: as joint draws of its ledger say, outcome by outcome."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from evenwicht.conclusions import Conclusion
from evenwicht.display.section import records, where

Answer = Literal["policy", "exposure", "cannot_tell", "no_comparison"]
SURE = 0.975  # chance from which one side weighs more
NOT_COMPARED = ("not_estimable", "does_not_survive", "depends_on_method")
LARGER = "chance_policy_larger"  # share of joint draws of a ledger


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
        Share of joint draws in which the policy does; NaN where there is no comparison.
    """

    exposure: Conclusion
    policy: Conclusion
    answer: Answer
    chance: float


def weigh(conclusions: Iterable[Conclusion], diagnostics: pd.DataFrame) -> list[Weighed]:
    """Weigh, for each outcome that a ledger has, its first exposure against its policy of the best design.

    An exposure that is a number has no whole that could be gone, and is not weighed.

    Parameters
    ----------
    conclusions
        Those of one cohort.
    diagnostics
        Rows of the same cohort, with the shares of joint draws of its ledgers.
    """
    conclusions = list(conclusions)
    told = records(where(diagnostics, statistic=LARGER, subgroup=""))
    chances = {(row["outcome"], row["exposure"], row["reference"]): row["value"] for row in told}
    weighed = []
    for outcome in dict.fromkeys(one.claim.outcome for one in conclusions):
        about = [one for one in conclusions if one.claim.outcome == outcome]
        exposures = [one for one in about if one.level == "individual" and one.claim.gone]
        policies = sorted((one for one in about if one.level == "policy"), key=lambda one: -one.verdict.start)
        pairs = [
            (exposure, policy, chances[key])
            for policy in policies
            for exposure in exposures
            if (key := (outcome, policy.claim.exposure, exposure.claim.exposure)) in chances
        ]
        weighed += [_weighed(*pair) for pair in pairs[:1]]
    return weighed


def _weighed(exposure: Conclusion, policy: Conclusion, chance: float) -> Weighed:
    if any(one.verdict.status in NOT_COMPARED for one in (exposure, policy)):
        return Weighed(exposure, policy, "no_comparison", math.nan)
    if chance >= SURE and policy.verdict.told:
        return Weighed(exposure, policy, "policy", chance)
    if chance <= 1 - SURE and exposure.verdict.told:
        return Weighed(exposure, policy, "exposure", chance)
    return Weighed(exposure, policy, "cannot_tell", chance)
