"""What a policy that units adopted at different times claims."""

import math

from evenwicht.base.codebook import Codebook
from evenwicht.display.certainty import Check, Reading
from evenwicht.display.language import say
from evenwicht.display.section import Found, chosen
from evenwicht.display.wording import number
from evenwicht.studies.adoption import INTERACTION_WEIGHTED, LAST_BEFORE, TWO_STAGE, TWO_WAY, Settings
from evenwicht.studies.claims import BY_DATE, MEAN, REGRESSED, RISK, STANDARDISED, Claim, Leads, claims_of

ALPHA = 0.05
LEADS: Leads = {
    INTERACTION_WEIGHTED: {MEAN: BY_DATE, RISK: BY_DATE},
    TWO_STAGE: {MEAN: STANDARDISED, RISK: STANDARDISED},
    TWO_WAY: {MEAN: REGRESSED, RISK: REGRESSED},
}


def claims(study: Settings, book: Codebook, found: Found) -> list[Claim]:
    """Adopters against units that never adopt; how they moved before is decisive."""
    keys = study.contrast.exposure, study.contrast.reference
    return [
        claim
        for outcome in study.outcomes
        for claim in claims_of(found, LEADS, "natural_experiment", outcome, *keys, _moved_before(study, found, outcome))
    ]


def _moved_before(study: Settings, found: Found, outcome: str) -> list[Check]:
    """Whether adopters moved before they adopted as others did; unclear where they may have moved by the effect."""
    keys = {"outcome": outcome, "exposure": study.exposure, "method": INTERACTION_WEIGHTED}
    test = found.diagnostic(reference=LAST_BEFORE, statistic="p_value", **keys)
    effect = found.estimate(reference=study.contrast.reference, **keys)
    if test is None or effect is None or math.isnan(test["value"]):
        return []
    before = [row for row in chosen(found.estimate_rows, reference=LAST_BEFORE, **keys) if int(row["at"]) < 0]
    weak = any(row["lower"] <= effect["estimate"] <= row["upper"] for row in before)
    reading: Reading = "fails" if test["value"] < ALPHA else "unclear" if weak else "holds"
    answer = say("p {value}", value=number(test["value"]))
    return [Check(say("Did units move differently before they adopted it?"), reading, answer=answer)]
