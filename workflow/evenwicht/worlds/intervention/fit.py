"""Fade-out of the programme by its published effects at the end and in the two years after."""

from collections.abc import Iterator

from evenwicht.base.arrays import Floats
from evenwicht.worlds.fitting import Fitted, Given, solve
from evenwicht.worlds.intervention.settings import InterventionWorld
from evenwicht.worlds.intervention.world import POLICY, effect_at

AGES = (5, 6, 7)


def fits(source: InterventionWorld, given: Given) -> Iterator[Fitted]:
    """Yield the fit of the effect at the end, the retention and the lasting part."""
    targets = [given.target("mean_difference", f"skill_{age}", exposure=POLICY, reference="no") for age in AGES]
    names = ["effect_at_end", "retention", "lasting"]

    def found(x: Floats) -> list[float]:
        tried = source.model_copy(update=dict(zip(names, map(float, x), strict=True)))
        return [source.take_up * effect_at(tried, age) for age in AGES]

    yield solve(names, [getattr(source, name) for name in names], (0.0, 1.0), targets, found)
