"""True changes over all of exposures that are gone and of policies that are introduced, and which is larger."""

from collections.abc import Iterator

import numpy as np

from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import horizon_of
from evenwicht.estimators.inequality import Ranks, rank_line
from evenwicht.results.questions import Ledger
from evenwicht.worlds.arms import arms_of, step_of
from evenwicht.worlds.people import Draw, People
from evenwicht.worlds.scm import Values
from evenwicht.worlds.world import PER, Row, row


def ledger_arms(question: Ledger, people: People, draw: Draw) -> list[Values]:
    """People before and after each change, exposures first; none if one of them is no variable of the world."""
    sides = [*((c, False) for c in question.exposures), *((c, True) for c in question.policies)]
    pairs = [_before_and_after(contrast, policy, people, draw) for contrast, policy in sides]
    known = [pair for pair in pairs if pair is not None]
    return [arm for pair in known for arm in pair] if len(known) == len(pairs) else []


def _before_and_after(contrast: Contrast, policy: bool, people: People, draw: Draw) -> tuple[Values, Values] | None:
    step = None
    if contrast.continuous and contrast.column in people.values:
        step = step_of(contrast, people.values[contrast.column].astype(float), people.weights)
        step = step if policy else -step
    arms = arms_of(people.world, contrast, people.values, step)
    if arms is None:
        return None
    if contrast.continuous:
        return people.values, draw(arms.exposed)
    return (draw(arms.unexposed), draw(arms.exposed)) if policy else (people.values, draw(arms.unexposed))


def ledger_rows(question: Ledger, people: People) -> Iterator[Row]:
    """Yield every change over all, and by how much each policy changes more than each exposure."""
    pairs = list(zip(people.arms[::2], people.arms[1::2], strict=True))
    if not pairs:
        return
    w, gone, rank = people.weights, len(question.exposures), None
    if question.by is not None and question.by in people.values:
        rank = Ranks.of(people.values[question.by].astype(float), w)
    for name in question.outcomes:
        natural, outcome = people.outcome(name), people.book.outcomes[name]
        if natural is None:
            continue
        risk, at = bool(natural.min() >= 0 and natural.max() <= 1), horizon_of(outcome)
        mean = float(np.average(natural, weights=w))
        scale = PER if risk else 1 / float(np.sqrt(np.average((natural - mean) ** 2, weights=w)))
        changes = []
        for contrast, (before, after) in zip((*question.exposures, *question.policies), pairs, strict=True):
            old, new = (float(np.average(np.asarray(people.outcome(name, arm)), weights=w)) for arm in (before, after))
            keys = {"outcome": name, "exposure": contrast.exposure, "reference": contrast.reference}
            changes.append(scale * (new - old))
            if rank is not None:
                slopes = [rank_line(np.asarray(people.outcome(name, arm)), rank).slope.value for arm in (before, after)]
                yield row("slope_over_all", slopes[1] - slopes[0], at=at, **keys)
            yield row("change_in_cases" if risk else "change_in_sds", changes[-1], at=at, **keys)
            if risk:
                yield row("ratio_over_all", new / old, at=at, **keys)
                yield row("fraction_over_all", 1 - new / old, at=at, **keys)
                if new != old:
                    yield row("number_over_all", 1 / abs(new - old), at=at, **keys)
        for policy, theirs in zip(question.policies, changes[gone:], strict=True):
            for exposure, own in zip(question.exposures, changes[:gone], strict=True):
                keys = {"outcome": name, "exposure": policy.exposure, "reference": exposure.exposure}
                yield row("cases_apart" if risk else "sds_apart", abs(theirs) - abs(own), at=at, **keys)
