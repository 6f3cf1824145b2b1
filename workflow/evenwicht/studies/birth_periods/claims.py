"""What windows of birth claim: each against the births that stand for what would have happened without."""

import math

from evenwicht.base.codebook import Codebook
from evenwicht.display.certainty import Check, Reading
from evenwicht.display.language import say
from evenwicht.display.section import Found, chosen
from evenwicht.display.wording import scale_of
from evenwicht.studies.birth_periods import AFTER, BEFORE, BOTH, PRE_TREND, SPARED, Settings
from evenwicht.studies.claims import BY_DATE, DIFFERENCES, MEAN, RISK, USUAL, Claim, Leads, claims_of, leading

LEADS: Leads = {**USUAL, "did": {MEAN: BY_DATE, RISK: BY_DATE}}


def claims(study: Settings, book: Codebook, found: Found) -> list[Claim]:
    """Each window against the same dates in the spared region; without a region, against births before and after."""
    reference = SPARED if study.region is not None else BOTH
    made: list[Claim] = []
    for outcome in study.outcomes:
        for name in study.windows:
            checks = _checks(study, book, found, outcome, name)
            made += claims_of(found, LEADS, "natural_experiment", outcome, name, reference, checks)
    return made


def _checks(study: Settings, book: Codebook, found: Found, outcome: str, window: str) -> list[Check]:
    """Births before the exposure must not differ among themselves; births before and after it must agree."""
    rows = chosen(found.estimate_rows, outcome=outcome, subgroup="", estimand=DIFFERENCES)
    checks = []
    for trend, led in zip(
        chosen(rows, exposure=PRE_TREND, method="did"), chosen(rows, exposure=window, method="did"), strict=False
    ):
        if math.isnan(trend["lower"]):
            continue
        none = trend["lower"] <= 0 <= trend["upper"]
        weak = trend["lower"] <= led["estimate"] <= trend["upper"]
        reading: Reading = "fails" if not none else "unclear" if weak else "holds"
        question = say("Did births before the exposure already differ between the regions?")
        checks.append(Check(question, reading, answer=scale_of(trend).with_unit(trend, sign=True)))
    sides = [leading(chosen(rows, exposure=window, reference=one), LEADS) for one in (BEFORE, AFTER)]
    before, after = (1 if row and row["lower"] > 0 else -1 if row and row["upper"] < 0 else 0 for row in sides)
    if before * after:
        question = say("Do births before and births after the exposure tell the same?")
        checks.append(Check(question, "holds" if before == after else "fails"))
    return checks
