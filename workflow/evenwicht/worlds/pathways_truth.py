"""True parts of an effect that go through mediators in order, from nested potential outcomes of the same people.

A step of the sequence is one intervention: the exposure is set, and the first blocks of mediators are set to what they
are without the exposure. All that comes later responds by itself. Every equation of a world draws from a stream of its
own, so what a mediator would be without the exposure is known of everybody (Pearl 2001, Direct and indirect effects).
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from evenwicht.base.outcomes import EventOutcome, effect_estimand
from evenwicht.results.questions import DIRECT, Pathways, path_key
from evenwicht.worlds.arms import among, arms_of, step_of
from evenwicht.worlds.people import Draw, People
from evenwicht.worlds.scm import Values
from evenwicht.worlds.world import Row, row


def pathways_arms(question: Pathways, people: People, draw: Draw) -> list[Values]:
    """Nobody exposed, then everybody with fewer and fewer blocks held; none if a mediator is no variable."""
    contrast, natural = question.contrast, people.values
    held = [
        [name for _, columns in question.blocks[:k] for name in columns] for k in range(len(question.blocks), -1, -1)
    ]
    step = None
    if contrast.continuous and contrast.column in natural:
        step = step_of(contrast, natural[contrast.column].astype(float), people.weights)
    arms = arms_of(people.world, contrast, natural, step)
    if arms is None or any(name not in natural for name in held[0]):
        return []
    nothing = draw(arms.unexposed)
    return [nothing, *(draw({**arms.exposed, **{name: nothing[name] for name in names}}) for names in held)]


def pathways_rows(question: Pathways, people: People) -> Iterator[Row]:
    """Yield the effect, and each part of it.

    Shares have no true value here, since estimates of them are only given where the whole effect is clear of zero: over
    draws, those given are not all.
    """
    contrast, weights = question.contrast, among(question.contrast, people)
    for name in question.outcomes:
        outcome = people.book.outcomes[name]
        values = [people.outcome(name, arm) for arm in people.arms]
        if isinstance(outcome, EventOutcome) or not values or any(value is None for value in values):
            continue
        means = [float(np.average(value, weights=weights)) for value in values if value is not None]
        total, whole = means[-1] - means[0], effect_estimand(outcome)
        yield row(whole, total, outcome=name, exposure=contrast.exposure, reference=contrast.reference)
        blocks = [DIRECT, *(block for block, _ in reversed(question.blocks))]
        for block, (before, after) in zip(blocks, pairwise(means), strict=True):
            about = {"outcome": name, "exposure": path_key(contrast.exposure, block), "reference": contrast.reference}
            yield row(f"path_{whole}".replace("path_mean_", "path_"), after - before, **about)
