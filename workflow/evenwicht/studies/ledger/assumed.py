"""What levers may do beside their aim, in sentences: assumptions that are swept, never estimated.

A lever on services changes referrals to youth care, and with them how long severe cases wait. Advice may make parents
feel pressure, and pressure goes with burn-out.
"""

from collections.abc import Iterator
from math import isfinite

import numpy as np

from evenwicht.base.codebook import Codebook
from evenwicht.display.labels import first_upper
from evenwicht.display.language import say
from evenwicht.display.section import Found, Row
from evenwicht.display.wording import number
from evenwicht.levers.figures import in_thirds
from evenwicht.levers.lever import Lever
from evenwicht.side_effects.assumptions import YouthCare, assumptions
from evenwicht.side_effects.crowding import waits_after_lever
from evenwicht.side_effects.parents import break_even_sweep
from evenwicht.side_effects.team import mean_waits
from evenwicht.studies.ledger import Settings
from evenwicht.studies.ledger.told import changes_of

PER = 100_000
ADVICE = "advice"  # area of levers that ask parents to act


def side_effects(study: Settings, book: Codebook, found: Found, outcome: str) -> list[str]:
    """Return what every lever may do beside its aim, in sentences; nothing of levers of which nothing is assumed."""
    care = assumptions().youth_care
    levers = {one.key: one.lever for one in study.levers}
    told = dict[str, list[str]]()
    for change in changes_of(study, book, found, outcome):
        lever = levers.get(change["exposure"])
        if lever is None or change["reference"] == "reversed" or lever.name in told:
            continue
        keys = {"exposure": change["exposure"], "reference": change["reference"], "subgroup": "", "outcome": outcome}
        referrals = found.diagnostic(statistic="lever_referrals", **keys)
        told[lever.name] = [] if referrals is None else list(_youth_care(change["about"], referrals, care))
        risk = found.estimate(estimand="fraction_over_all", **keys)
        if lever.area == ADVICE and risk is not None:
            told[lever.name] += _pressure(lever, change, risk)
    return [text for texts in told.values() for text in texts]


def _youth_care(about: str, referrals: Row, care: YouthCare) -> Iterator[str]:
    """How many more or fewer are referred, and what that does to the waiting of severe cases in one team."""
    yield say(
        "{about}: from {low} to {high} referrals to youth care per 100,000 births. Visits find problems as well as "
        "prevent them. This is an assumption, not a finding.",
        about=first_upper(about),
        low=_more(referrals["lower"], 0),
        high=_more(referrals["upper"], 0),
    )
    team, triage = care.team(), care.triage()
    after = waits_after_lever(team, [referrals["lower"], referrals["upper"]], care, triage=triage)
    first_come, priority = (
        np.array([getattr(one, rule).estimate for one in after]) for rule in ("first_come", "priority")
    )
    yield say(
        "In a team with {places} places, severe cases now wait {weeks} weeks if the first to come goes first. They "
        "wait {less} weeks if they have priority. With the lever they would wait {low} to {high} weeks, and with "
        "priority {low_priority} to {high_priority}.",
        places=team.places,
        weeks=number(mean_waits(team).severe, 1),
        less=number(mean_waits(team, triage).severe, 1),
        low=_more(np.nanmin(first_come), 1),
        high=_more(np.nanmax(first_come), 1),
        low_priority=_more(np.nanmin(priority), 1),
        high_priority=_more(np.nanmax(priority), 1),
    )
    if np.isnan(first_come).any():
        yield say("Where most births share one team, more would be referred than it has room for.")


def _pressure(lever: Lever, change: Row, fraction: Row) -> Iterator[str]:
    """How strong felt pressure must be for the harm of burn-out to outweigh the cases averted; all reached feel it."""
    averted, share, reach = -change["estimate"], fraction["estimate"], float(np.mean(in_thirds(lever.reach)))
    if not (averted > 0 and share > 0 and reach > 0):
        return
    needed = break_even_sweep(averted / reach, averted / share / PER, assumptions().pressure)
    finite = needed[np.isfinite(needed)]
    if not len(finite):
        return
    yield say(
        "{about}: advice may make parents feel pressure, and pressure goes with burn-out. No study measured this, so "
        "it is an assumption. The advice would do more harm than good from {low} standard deviations of pressure on; "
        "with milder assumptions, from {high}.",
        about=first_upper(change["about"]),
        low=number(float(finite.min()), 3),
        high=number(float(finite.max()), 2),
    )


def _more(value: float, digits: int) -> str:
    size = number(abs(value), digits)
    if not size.strip("0.,") or not isfinite(value):
        return say("no difference")
    return say("{size} fewer", size=size) if value < 0 else say("{size} more", size=size)
