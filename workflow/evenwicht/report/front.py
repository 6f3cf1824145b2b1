"""The front page: the answer first, then one short paragraph per cohort, all chosen by status and level."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evenwicht.display.labels import in_sentence
from evenwicht.display.language import say
from evenwicht.report.sentences import Told, listed, sentence, truth
from evenwicht.results.rows import FAILED
from evenwicht.studies import showing
from evenwicht.weighing import Weighed

MOST_STATEMENTS = 5  # of a paragraph
MOST_NAMED = 2  # effects named in one sentence; of more their number
CAPPED = ("does_not_survive", "depends_on_method")


def question(levels: Sequence[str]) -> str:
    """The question that a run can answer, by the levels that it studies."""
    if "individual" in levels and "policy" in levels:
        return say("Does a child’s early exposure weigh more, or a policy?")
    if "individual" in levels:
        return say("What do early exposures change?")
    if "policy" in levels:
        return say("What do policies change?")
    return say("How does need concentrate in few people?")


def tally(real: Sequence[Weighed], made_up: Sequence[Weighed]) -> list[str]:
    """How often either side weighs more, of real and of made-up cohorts apart; nothing where no cohort has both."""
    if not real and not made_up:
        return []
    meaning = say(
        "More weight means a larger change of the same outcome, counted over everybody, whether for better or for "
        "worse."
    )
    told = [
        say(
            "In {all} comparisons in real cohorts, a policy weighs more in {policy}, an exposure in {exposure}, and in "
            "{cannot_tell} we cannot tell.",
            **_counts(real),
        )
        if real
        else "",
        say(
            "In {all} comparisons in made-up cohorts, which test the methods, a policy weighs more in {policy}, an "
            "exposure in {exposure}, and in {cannot_tell} we cannot tell.",
            **_counts(made_up),
        )
        if made_up
        else "",
    ]
    return [*filter(None, told), meaning]


def _counts(weighed: Sequence[Weighed]) -> dict[str, int]:
    """How often each answer is given; where no comparison can be made, we cannot tell."""
    counts = {answer: sum(one.answer == answer for one in weighed) for answer in ("policy", "exposure")}
    return {"all": len(weighed), **counts, "cannot_tell": len(weighed) - sum(counts.values())}


@dataclass(frozen=True)
class Missing:
    """What could not be estimated of one exposure or policy, for one reason; the method is empty if none could."""

    cohort: str
    cause: str
    outcomes: str
    method: str
    reason: str


def missing(told: Sequence[Told]) -> list[Missing]:
    """What could not be estimated, by cohort, exposure or policy, and reason."""
    groups: dict[tuple[str, str, str], list[Told]] = {}
    for one in told:
        if one.verdict.status == "not_estimable":
            groups.setdefault((one.config.title, one.cause, one.reason), []).append(one)
    return [
        Missing(
            cohort,
            cause,
            listed(list(dict.fromkeys(in_sentence(one.outcome) for one in ones))),
            "" if ones[0].row["method"] == FAILED else showing.method_label(ones[0].row["method"]),
            reason,
        )
        for (cohort, cause, reason), ones in groups.items()
    ]


def paragraph(told: Sequence[Told], weighed: Sequence[Weighed]) -> list[str]:
    """What a cohort shows, in few statements: the surest of each side, what does not hold, and what cannot be told."""
    sure = sorted((one for one in told if _may_be_told(one)), key=lambda one: -one.verdict.level)
    firsts = {one.conclusion.level: one for one in reversed(sure)}
    statements = [f"{sentence(one)} {truth(one)}".strip() for one in sure if one in firsts.values()]
    others = [one for one in sure if one not in firsts.values()]
    if others:
        statements.append(
            say("Its page also tells of {named}.", named=_named(others))
            if len(others) <= MOST_NAMED
            else say("Its page tells of {more} more effects.", more=len(others))
        )
    capped = [one for one in told if one.verdict.status in CAPPED]
    statements += [sentence(one) for one in capped[:1]]
    left = [one for one in told if one not in sure and one not in capped and one.verdict.status != "not_estimable"]
    if len(left) == 1:
        statements.append(f"{sentence(left[0])} {truth(left[0])}".strip())
    elif left and len(left) <= MOST_NAMED:
        statements.append(say("We cannot tell, or not well enough: {named}.", named=_named(left)))
    elif left:
        statements.append(
            say(
                "Of the {all} effects that we looked for, {left} cannot be told, or not well enough.",
                all=len(told),
                left=len(left),
            )
        )
    statements += [told_weight for one in weighed if (told_weight := weight(one, told))][:1]
    return statements[:MOST_STATEMENTS]


def _may_be_told(one: Told) -> bool:
    little = one.verdict.status == "no_difference_that_matters" and one.verdict.level > 1
    return one.verdict.told or little


def _named(told: Sequence[Told]) -> str:
    return "; ".join(
        say("{cause} and {outcome}", cause=in_sentence(one.cause), outcome=in_sentence(one.outcome)) for one in told
    )


def weight(weighed: Weighed, told: Sequence[Told]) -> str:
    """Which side weighs more for one outcome, if that may be said; else that it cannot."""
    by_conclusion = {id(one.conclusion): one for one in told}
    exposure, policy = (by_conclusion[id(side)] for side in (weighed.exposure, weighed.policy))
    slots = {
        "exposure": in_sentence(exposure.cause),
        "policy": in_sentence(policy.cause),
        "outcome": in_sentence(policy.outcome),
        "members": policy.members,
    }
    if weighed.answer == "policy":
        return say("Counted over all {members}, {policy} weighs more than {exposure} for {outcome}.", **slots)
    if weighed.answer == "exposure":
        return say("Counted over all {members}, {exposure} weighs more than {policy} for {outcome}.", **slots)
    if weighed.answer == "cannot_tell":
        return say("We cannot tell whether {exposure} or {policy} weighs more for {outcome}.", **slots)
    return ""


def front(cohorts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what the template of the front page needs.

    Parameters
    ----------
    cohorts
        Contexts of the cohort pages, see `cohort_page`.
    """
    told = [one for cohort in cohorts for one in cohort["told"]]
    real, made_up = ([w for c in cohorts if c["synthetic"] is made for w in c["weighed"]] for made in (False, True))
    levels = list(dict.fromkeys(one.conclusion.level for one in told))
    return {
        "title": question(levels),
        "tally": tally(real, made_up),
        "missing": missing(told),
        "real": [cohort for cohort in cohorts if not cohort["synthetic"]],
        "made_up": [cohort for cohort in cohorts if cohort["synthetic"]],
        "both": {"individual", "policy"} <= set(levels),
    }
