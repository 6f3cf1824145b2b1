"""What a policy from a date of birth on claims."""

import math

from scipy.special import bdtrc

from evenwicht.base.codebook import Codebook
from evenwicht.display.certainty import Check, Reading
from evenwicht.display.language import say
from evenwicht.display.section import Found, where
from evenwicht.display.wording import scale_of
from evenwicht.studies.claims import BY_DATE, MEAN, RISK, Claim, Leads, claims_of
from evenwicht.studies.discontinuity import AFTER, BEFORE, BIRTHS, Settings

ALPHA = 0.05
LEADS: Leads = {"difference_in_discontinuities_donut": {MEAN: BY_DATE, RISK: BY_DATE}}


def claims(study: Settings, book: Codebook, found: Found) -> list[Claim]:
    """The date against the same date of other years; placebo dates and the count of births are decisive."""
    keys = (study.contrast.exposure, study.contrast.reference)
    made: list[Claim] = []
    for outcome in study.every_outcome:
        checks = [*_moved_births(found), *_other_years(study, found, outcome)]
        made += claims_of(found, LEADS, "natural_experiment", outcome, *keys, checks)
    return made


def _moved_births(found: Found) -> list[Check]:
    row = found.estimate(outcome=BIRTHS, exposure=AFTER, reference=BEFORE, method="density")
    if row is None or math.isnan(row["lower"]):
        return []
    reading: Reading = "holds" if row["lower"] <= 1 <= row["upper"] else "fails"
    return [Check(say("Were births moved past the date?"), reading, answer=scale_of(row).with_interval(row))]


def _other_years(study: Settings, found: Found, outcome: str) -> list[Check]:
    """Whether more of the placebo dates show a difference than chance would give."""
    placebo = where(found.estimates, outcome=outcome, exposure=[study.placebo(year) for year in study.other_years])
    placebo = placebo[placebo["lower"].notna()]
    if placebo.empty:
        return []
    misses = int(((placebo["lower"] > 0) | (placebo["upper"] < 0)).sum())
    by_chance = float(bdtrc(misses - 1, len(placebo), ALPHA)) if misses else 1.0
    question = say("Does the same date of other years show a difference too?")
    answer = say("in {some} of {all} years", some=misses, all=len(placebo))
    return [Check(question, "fails" if misses and by_chance < ALPHA else "holds", answer=answer)]
