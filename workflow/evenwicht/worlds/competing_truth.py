"""True incidence of a disease when death can come first, integrated over each person's own hazards.

The hazards of a person are known in a world, and given its causes the two events are independent. The Monte Carlo error
is therefore that of the covariates alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.base.outcomes import EventOutcome
from evenwicht.results.questions import CompetingRisk
from evenwicht.worlds.arms import among, drawn_arms
from evenwicht.worlds.mechanisms import cumulative_hazard
from evenwicht.worlds.people import Draw, People
from evenwicht.worlds.scm import Values
from evenwicht.worlds.world import Row, World, row

NODES = 32  # of Gauss-Legendre quadrature over age


def competing_arms(question: CompetingRisk, people: People, draw: Draw) -> list[Values]:
    """The same people exposed and not."""
    return drawn_arms(question.contrast, people, draw)


def competing_rows(question: CompetingRisk, people: People) -> Iterator[Row]:
    """Yield what the exposure does to incidence; nothing where the world does not know a hazard."""
    world, contrast = people.world, question.contrast
    if not people.arms or any(
        event not in world.hazards and event not in world.diseases for event in question.competing
    ):
        return
    weights = among(contrast, people)
    for name in question.outcomes:
        outcome = people.book.outcomes[name]
        if not isinstance(outcome, EventOutcome) or outcome.time != "age" or outcome.event not in world.diseases:
            continue
        exposed, unexposed = (
            _lives(world, values, outcome.event, question.competing, outcome.horizon_years, weights)
            for values in people.arms
        )
        keys: dict[str, Any] = {
            "outcome": name,
            "exposure": contrast.exposure,
            "reference": contrast.reference,
            "at": outcome.horizon,
        }
        for what in ("cumulative_incidence", "competing_incidence"):
            one, none = getattr(exposed, what), getattr(unexposed, what)
            yield row(f"{what}_exposed", one, **keys)
            yield row(f"{what}_unexposed", none, **keys)
            yield row(f"{what}_difference", one - none, **keys)
        ratio = exposed.cumulative_incidence / unexposed.cumulative_incidence
        yield row("cumulative_incidence_ratio", ratio, **keys)
        for what in ("years_lost", "competing_years_lost", "healthy_years"):
            yield row(f"{what}_difference", getattr(exposed, what) - getattr(unexposed, what), **keys)
        yield from _hazard_ratio(people, question, outcome.horizon_years, {**keys, "at": ""})


@dataclass(frozen=True)
class _Mean:
    """What is true of people up to the horizon, on average."""

    cumulative_incidence: float
    competing_incidence: float
    years_lost: float
    competing_years_lost: float
    healthy_years: float


def _lives(
    world: World, values: Values, event: str, competing: tuple[str, ...], horizon: float, weights: Floats
) -> _Mean:
    """Mean of each person's chances and expected years up to the horizon, by quadrature over age."""
    disease = world.diseases[event]
    relative = np.exp(values[f"{event}_log_hazard"])
    nodes, shares = np.polynomial.legendre.leggauss(NODES)
    happens, lost, free = np.zeros(len(relative)), np.zeros(len(relative)), np.zeros(len(relative))
    for node, share in zip(nodes, shares, strict=True):
        age = horizon * (node + 1) / 2
        both = np.exp(-cumulative_hazard(disease, age) * relative - _hazard(world, values, competing, age))
        density = disease.rate * np.exp(disease.shape * age) * relative * both
        happens += share * density
        lost += share * (horizon - age) * density
        free += share * both
    left = np.exp(-cumulative_hazard(disease, horizon) * relative - _hazard(world, values, competing, horizon))
    means = [float(np.average(part, weights=weights)) for part in (happens, lost, free)]
    disease_first, years_lost, healthy = (mean * horizon / 2 for mean in means)
    death_first = 1 - float(np.average(left, weights=weights)) - disease_first
    return _Mean(disease_first, death_first, years_lost, horizon - healthy - years_lost, healthy)


def _hazard(world: World, values: Values, events: tuple[str, ...], age: float) -> Floats:
    """Cumulative hazard of any of these events up to an age, (n,) or a number."""
    total: Floats = np.zeros(1)
    for event in events:
        if event in world.hazards:
            total = total + world.hazards[event](values, age)
        else:
            total = total + cumulative_hazard(world.diseases[event], age) * np.exp(values[f"{event}_log_hazard"])
    return total


def _hazard_ratio(people: People, question: CompetingRisk, horizon: float, keys: dict[str, Any]) -> Iterator[Row]:
    """The hazard ratio of the competing events, where it is the same for everybody at every age."""
    ratios = []
    for age in (horizon / 2, horizon):
        one, none = (_hazard(people.world, values, question.competing, age) for values in people.arms)
        ratios.append(one / none)
    every = np.concatenate([np.ravel(ratio) for ratio in ratios])
    if np.isfinite(every).all() and np.ptp(every) < 1e-9:
        yield row("conditional_competing_hazard_ratio", float(every[0]), **keys)
