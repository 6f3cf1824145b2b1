"""What times of birth do to those born in them, through the columns that the date of birth decides."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import EventOutcome
from evenwicht.results.questions import Births, Part, Question
from evenwicht.worlds.calendar import days_of
from evenwicht.worlds.scm import Values
from evenwicht.worlds.twin.births import decided
from evenwicht.worlds.twin.dependence import Structure
from evenwicht.worlds.twin.effects import Effects, logarithms, moved_by
from evenwicht.worlds.twin.people import score_of
from evenwicht.worlds.world import Arms, Row, births_of, row


def policies_of(structure: Structure) -> list[str]:
    """Return the columns that the date of birth decides and that some births have nothing of."""
    return [name for name, one in structure.decided.items() if 0 in one.values or one.among is not None]


def arms_of(structure: Structure, born: Births) -> Arms | None:
    """Return what happened to those born in a time, and its absence, among those to whom it could happen.

    None if nobody is born in it.
    """
    births, values = structure.source.births, _values_in(structure, born)
    if births is None or values is None:
        return None
    some = [name for name in values if values[name].any()]
    if not some:
        return Arms({}, {})
    column, (first, last) = births.column, _ends(born)
    flags = {flag for name in some if (flag := structure.decided[name].among) is not None}

    def among(people: Values) -> Flags:
        inside = (people[column] >= first) & (people[column] <= last)
        return np.asarray(inside & np.all([people[flag] for flag in flags], axis=0) if flags else inside)

    return Arms({}, dict.fromkeys(values, 0.0), among)


def effects_of(structure: Structure, book: Codebook, questions: Sequence[Question], effects: Effects) -> Iterator[Row]:
    """Yield mean log hazard ratios of times of birth as hazard ratios, and each as part of another."""

    def log_ratio(name: str, born: Births) -> float | None:
        outcome, values = book.outcomes[name], _values_in(structure, born)
        if values is None or not isinstance(outcome, EventOutcome) or outcome.event not in structure.source.events:
            return None
        return _log_ratio(structure, effects, outcome.event, values)

    for born in births_of(questions):
        for name, reference in product(born.outcomes, born.references):
            log = log_ratio(name, born)
            if log is not None:
                keys = {"outcome": name, "exposure": born.exposure, "reference": reference}
                yield row("conditional_hazard_ratio", float(np.exp(log)), **keys)
    for part in (question for question in questions if isinstance(question, Part)):
        for name in part.part.outcomes:
            some, whole = (log_ratio(name, born) for born in (part.part, part.whole))
            if some is not None and whole:
                keys = {"outcome": name, "exposure": part.part.exposure, "reference": part.whole.exposure}
                yield row("share_of_effect", float(np.expm1(some) / np.expm1(whole)), **keys)
                yield row("share_of_log_hazard", some / whole, **keys)


def _log_ratio(structure: Structure, effects: Effects, event: str, values: Mapping[str, Floats]) -> float:
    """Mean log hazard ratio of an event of these births, against none of what the date decides."""
    source = structure.source
    kept = {name: size for name, size in source.events[event].by.items() if name not in source.exposures}
    measured = {name: size for name, size in kept.items() if name in values}
    sizes = {exposed: size for exposed, size in logarithms(effects.on(event)).items() if exposed.column in values}

    def mean(of: Mapping[str, NDArray[Any]]) -> float:
        n = len(next(iter(of.values()), np.empty(0)))
        return float((score_of(structure, measured, of, n) + moved_by(source, sizes, of, n)).mean())

    return mean(values) - mean({name: np.zeros_like(one) for name, one in values.items()}) if values else 0.0


def _values_in(structure: Structure, born: Births) -> dict[str, Floats] | None:
    """What the date of birth decides on each day of a time, (days,), of columns that some births have nothing of.

    None if nobody is born in it.
    """
    births, (first, last) = structure.source.births, _ends(born)
    if births is None or last < days_of(min(births.periods)) or first >= days_of(births.end):
        return None
    return {name: decided(births, name, np.arange(first, last + 1)) for name in policies_of(structure)}


def _ends(born: Births) -> tuple[float, float]:
    return float(days_of(born.first)), float(days_of(born.last))
