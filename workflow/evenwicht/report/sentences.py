"""What is said of a conclusion, in whole sentences chosen by its status and level.

Every numeral in a sentence comes from a row; a sentence without a told effect has no direction; and what is not known
is never called no effect.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from evenwicht.base.outcomes import NumberOutcome
from evenwicht.conclusions import PER, Conclusion
from evenwicht.config import CohortConfig
from evenwicht.display import wording
from evenwicht.display.certainty import STATUSES, STEPS, Verdict, size_of
from evenwicht.display.labels import Labels, first_upper, in_sentence
from evenwicht.display.language import message, retold, say
from evenwicht.display.section import Row
from evenwicht.display.wording import Scale, decimals, scale_of
from evenwicht.studies import showing
from evenwicht.studies.claims import POPULATION, RISK

# size -> what is done to an outcome, by level; the words of a level are the same in every sentence
RAISES = {
    4: {
        "small": message("slightly raises {outcome}"),
        "plain": message("raises {outcome}"),
        "large": message("greatly raises {outcome}"),
    },
    3: {
        "small": message("probably slightly raises {outcome}"),
        "plain": message("probably raises {outcome}"),
        "large": message("probably greatly raises {outcome}"),
    },
    2: {
        "small": message("may slightly raise {outcome}"),
        "plain": message("may raise {outcome}"),
        "large": message("may greatly raise {outcome}"),
    },
}
LOWERS = {
    4: {
        "small": message("slightly lowers {outcome}"),
        "plain": message("lowers {outcome}"),
        "large": message("greatly lowers {outcome}"),
    },
    3: {
        "small": message("probably slightly lowers {outcome}"),
        "plain": message("probably lowers {outcome}"),
        "large": message("probably greatly lowers {outcome}"),
    },
    2: {
        "small": message("may slightly lower {outcome}"),
        "plain": message("may lower {outcome}"),
        "large": message("may greatly lower {outcome}"),
    },
}
BADGES = {
    4: message("sure"),
    3: message("fairly sure"),
    2: message("not very sure"),
    1: message("very unsure"),
}
TOO_UNCERTAIN = message("too uncertain")
UNTOLD = ("not_estimable", "cannot_tell")  # there is nothing to be sure of
MAKES = {4: message("makes"), 3: message("probably makes"), 2: message("may make")}


@dataclass(frozen=True)
class Told:
    """A conclusion in the words of its cohort.

    Attributes
    ----------
    config
        The cohort.
    conclusion
        What may be said.
    cause
        The exposure or policy.
    outcome
        What is measured.
    at_risk
        The outcome as it stands in a sentence: a chance of what happens or not, or a number.
    """

    config: CohortConfig
    conclusion: Conclusion
    cause: str
    outcome: str
    at_risk: str

    @property
    def row(self) -> Row:
        """The row that is counted over all."""
        return self.conclusion.claim.counted

    @property
    def verdict(self) -> Verdict:
        return self.conclusion.verdict

    @property
    def status(self) -> str:
        """The status in words; a result that is too uncertain to be told is not called found."""
        if self.verdict.status == "found" and not self.verdict.told:
            return say(TOO_UNCERTAIN)
        return say(STATUSES[self.verdict.status].label)

    @property
    def badge(self) -> str:
        """How sure, in words, of what is told; nothing of what could not be estimated or cannot be told."""
        return "" if self.verdict.status in UNTOLD else say(BADGES[self.verdict.level])

    @property
    def why(self) -> str:
        """What moved the level, in a few words."""
        return ", ".join(say(STEPS[name].label) for name in self.verdict.steps)

    @property
    def reason(self) -> str:
        """Why it could not be estimated."""
        return retold(self.row["reason"]) or say("it has no interval")

    @property
    def is_risk(self) -> bool:
        return self.row["estimand"] in (RISK, POPULATION[RISK])

    @property
    def members(self) -> str:
        return self.config.counted

    @property
    def scale(self) -> Scale:
        """How the counted row is written: cases per 100,000, or the unit of the outcome."""
        return counted_scale(self.row) if self.is_risk else scale_of(self.row)


def tell(config: CohortConfig, conclusion: Conclusion) -> Told:
    """Put a conclusion into the words of its cohort."""
    study, claim = config.studies[conclusion.study], conclusion.claim
    labels: Labels = showing.labels(study, config.codebook)
    outcome = labels.outcome(claim.outcome)
    number_of = isinstance(config.outcomes.get(claim.outcome), NumberOutcome)
    at_risk = in_sentence(outcome) if number_of else say("the chance of {outcome}", outcome=in_sentence(outcome))
    cause = study.causes(config.codebook)[claim.exposure, claim.reference]
    return Told(config, conclusion, cause, outcome, at_risk)


def counted_scale(row: Row) -> Scale:
    """How a difference in risk is written per 100,000: two significant digits of the largest, whole cases at least."""
    largest = max((abs(row[name]) for name in ("estimate", "lower", "upper") if _finite(row[name])), default=0.0)
    digits = min(decimals(row, PER), 0)
    if largest:
        digits = min(digits, 1 - math.floor(math.log10(PER * largest)))
    scale = Scale(float(PER), "", digits)
    hides = row["lower"] > 0 and round(PER * row["lower"], digits) <= 0
    hides |= row["upper"] < 0 and round(PER * row["upper"], digits) >= 0
    return Scale(float(PER), "", digits + 1) if hides else scale


def sentence(told: Told) -> str:
    """Return the sentence that a conclusion allows."""
    status = told.verdict.status
    if status == "found":
        return _found(told) if told.verdict.told else _too_uncertain(told)
    return {
        "not_estimable": _not_estimable,
        "does_not_survive": _does_not_survive,
        "depends_on_method": _depends_on_method,
        "no_difference_that_matters": _no_difference,
        "cannot_tell": _cannot_tell,
    }[status](told)


def effect(told: Told) -> str:
    """What is done to the outcome: direction, level and size of an effect that may be told, as the verb has them."""
    evidence = told.conclusion.evidence
    words = RAISES if evidence.estimate > 0 else LOWERS
    return say(words[told.verdict.level][size_of(evidence.estimate, evidence.margin)], outcome=told.at_risk)


def _found(told: Told) -> str:
    slots = {
        "cause": first_upper(told.cause),
        "effect": effect(told),
        "members": told.members,
        "change": change(told),
        "range": change_range(told),
    }
    claim = told.conclusion.claim
    if told.is_risk and claim.gone:
        return say(
            "{cause} {effect}. Without it there would be {change} per 100,000 {members} ({range}).",
            **slots,
        )
    if told.is_risk:
        return say("{cause} {effect}: {change} per 100,000 {members} ({range}).", **slots)
    if claim.gone:
        return say("{cause} {effect}. Without it the average would be {change} ({range}).", **slots)
    return say("{cause} {effect}: on average {change} ({range}).", **slots)


def _too_uncertain(told: Told) -> str:
    return say(
        "We do not know well whether {cause} changes {outcome}; the data are too uncertain.",
        cause=in_sentence(told.cause),
        outcome=told.at_risk,
    )


def _cannot_tell(told: Told) -> str:
    slots = {"cause": in_sentence(told.cause), "outcome": told.at_risk, "fits": fits(told), "members": told.members}
    if not told.is_risk:
        return say("We cannot tell whether {cause} changes {outcome}. The data fit anything from {fits}.", **slots)
    return say(
        "We cannot tell whether {cause} changes {outcome}. The data fit anything from {fits} per 100,000 {members}.",
        **slots,
    )


def _no_difference(told: Told) -> str:
    if told.verdict.level not in MAKES:
        return _too_uncertain(told)
    slots = {
        "cause": first_upper(told.cause),
        "makes": say(MAKES[told.verdict.level]),
        "outcome": told.at_risk,
        "fits": fits(told),
        "members": told.members,
    }
    if told.conclusion.claim.gone:
        return _little_if_gone(told, slots)
    if not told.is_risk:
        return say("{cause} {makes} little or no difference to {outcome}. The data fit {fits}.", **slots)
    return say(
        "{cause} {makes} little or no difference to {outcome}. The data fit {fits} per 100,000 {members}.", **slots
    )


def _little_if_gone(told: Told, slots: Mapping[str, str]) -> str:
    """What an exposure does to those who have it can be large where few have it: this is about everybody."""
    if not told.is_risk:
        return say(
            "Counted over all {members}, {cause} {makes} little or no difference to {outcome}. Without it, the "
            "data fit {fits}.",
            **{**slots, "cause": in_sentence(told.cause)},
        )
    return say(
        "Counted over all {members}, {cause} {makes} little or no difference to {outcome}. Without it, the data "
        "fit {fits} per 100,000.",
        **{**slots, "cause": in_sentence(told.cause)},
    )


def _does_not_survive(told: Told) -> str:
    failed = told.conclusion.evidence.reads("fails")
    return say(
        "A first look shows a difference in {outcome} by {cause}. It does not hold up: {checks} We do not count it as "
        "an effect.",
        outcome=told.at_risk,
        cause=in_sentence(told.cause),
        checks=" ".join(f"{check.question} {check.answer}.".replace(" .", ".") for check in failed),
    )


def _depends_on_method(told: Told) -> str:
    others = list(dict.fromkeys(showing.method_label(o.method) for o in told.conclusion.evidence.contradictions))
    return say(
        "Whether {cause} changes {outcome} depends on the method: {first} and {second} do not agree. We draw no "
        "conclusion.",
        cause=in_sentence(told.cause),
        outcome=told.at_risk,
        first=showing.method_label(told.row["method"]),
        second=listed(others),
    )


def _not_estimable(told: Told) -> str:
    return say(
        "We could not estimate what {cause} does to {outcome}: {reason}. This says nothing about whether there is an "
        "effect.",
        cause=in_sentence(told.cause),
        outcome=told.at_risk,
        reason=told.reason,
    )


def truth(told: Told) -> str:
    """The true value that a world was built with, and whether the interval holds it; nothing without one."""
    row = told.row
    if pd.isna(row["truth"]):
        return ""
    value = difference({**row, "estimate": row["truth"]}, told)
    held = row["lower"] <= row["truth"] <= row["upper"]
    if not _finite(row["lower"]):
        return say("We built in {value}.", value=value)
    if held:
        return say("We built in {value}. The range includes it.", value=value)
    return say("We built in {value}. The range does not include it.", value=value)


def change(told: Told) -> str:
    """The counted difference in words, such as 1,400 fewer, or 2.1 kg more."""
    return difference(told.row, told)


def difference(row: Row, told: Told) -> str:
    """An estimate as fewer or more cases, or lower or higher by so much of its unit."""
    return _amount(row["estimate"], told)


def change_range(told: Told) -> str:
    """The interval of an effect that may be told, without its direction, which is the same at both ends."""
    row = told.row
    near, far = sorted((abs(row["lower"]), abs(row["upper"])))
    if math.isinf(far):
        return say("{low} or more", low=told.scale.number(near))
    return say("between {low} and {high}", low=told.scale.number(near), high=told.scale.number(far))


def fits(told: Told) -> str:
    """All that the data fit: from so many fewer to so many more."""
    row = told.row
    return say("{low} to {high}", low=_amount(row["lower"], told), high=_amount(row["upper"], told))


def _amount(value: float, told: Told) -> str:
    scale = told.scale
    size = scale.number(abs(value))
    if not size.strip("0.,"):
        return say("no difference")
    if told.is_risk:
        return say("{size} fewer", size=size) if value < 0 else say("{size} more", size=size)
    sized = f"{size} {unit_of(told)}".strip()
    return say("{size} lower", size=sized) if value < 0 else say("{size} higher", size=sized)


def listed(names: Sequence[str]) -> str:
    """Names as a list in a sentence."""
    if len(names) < 2:
        return "".join(names)
    return say("{most} and {last}", most=", ".join(names[:-1]), last=names[-1])


def _finite(value: float) -> bool:
    return not (math.isnan(value) or math.isinf(value))


def unit_of(told: Told) -> str:
    """In what the counted difference is told, for the head of a table."""
    if told.is_risk:
        return say("cases per 100,000 {members}", members=told.members)
    return wording.unit_of(told.row)
