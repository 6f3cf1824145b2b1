"""Follow-up of a twin: events, waves, and who has which value."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtr

from evenwicht.base.arrays import Flags, Floats, Ints
from evenwicht.base.variables import attendance_at
from evenwicht.worlds import mechanisms as by
from evenwicht.worlds.scm import Noise, Values
from evenwicht.worlds.twin.dependence import Structure, correlations_near, matrix_of, root_of
from evenwicht.worlds.twin.effects import Sizes, logarithms, moved_by
from evenwicht.worlds.twin.margins import values_of
from evenwicht.worlds.twin.people import score_of
from evenwicht.worlds.twin.settings import Bands, Happening

LOGISTIC = 3 / np.pi**2  # how far a normal number flattens the logistic curve: variance of a logistic one, inverted


def log_hazard(
    structure: Structure,
    kept: Mapping[str, float],
    sizes: Sizes,
    causes: Sequence[str],
    noise: Noise,
    *given: NDArray[Any],
) -> Floats:
    """Return everybody's log hazard, (n,): of scores of what comes before, and of the effects that are put in."""
    values = dict(zip(causes, given, strict=True))
    moved = moved_by(structure.source, logarithms(sizes), values, noise.n)
    return np.asarray(score_of(structure, kept, values, noise.n) + moved)


def _pieces(happening: Happening) -> tuple[Floats, Floats, Floats]:
    """Start of each piece, its hazard, and the cumulative hazard at its start."""
    starts, rates = np.array([0.0, *happening.edges]), np.array(happening.hazards)
    return starts, rates, np.concatenate([[0.0], np.cumsum(rates[:-1] * np.diff(starts))])


def baseline_hazard(happening: Happening, time: Any) -> Floats:
    """Return the cumulative hazard up to a time, at a log hazard of 0."""
    starts, rates, upto = _pieces(happening)
    place = np.searchsorted(starts, time, side="right") - 1
    return np.asarray(upto[place] + rates[place] * (np.asarray(time) - starts[place]))


def _time_of(happening: Happening, cumulative: Floats) -> Floats:
    """Time by which a cumulative hazard is reached; infinite if it never is."""
    starts, rates, upto = _pieces(happening)
    place = np.searchsorted(upto, cumulative, side="right") - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        beyond = (cumulative - upto[place]) / rates[place]
    return np.asarray(starts[place] + np.where(np.isnan(beyond), np.inf, beyond))


def cumulative_hazard(happening: Happening, event: str, values: Values, time: float) -> Floats:
    """Return everybody's cumulative hazard up to a time on the clock of the event, (n,)."""
    return np.asarray(baseline_hazard(happening, time) * np.exp(values[f"{event}_log_hazard"]))


def happenings(
    ids: Ints, event: str, happening: Happening, people: Values, seen: Mapping[str, Flags], rng: np.random.Generator
) -> pd.DataFrame:
    """Return the events of those followed: from the start of follow-up to the event or its end."""
    n = len(ids)
    entry = np.maximum(_drawn(happening.entry, n, rng), 0.0)
    until = _drawn(happening.until, n, rng)
    origin = entry if happening.clock == "follow_up" else np.zeros(n)
    begin = entry - origin
    reached = baseline_hazard(happening, begin) + rng.standard_exponential(n) * np.exp(-people[f"{event}_log_hazard"])
    rows = by.followed(ids, event, _time_of(happening, reached) + origin, entry, np.maximum(until, begin) + origin)
    return rows[rows["id"].isin(ids[seen[event]])] if event in seen else rows


def _drawn(spread: Bands | float, n: int, rng: np.random.Generator) -> Floats:
    return values_of(spread, rng.standard_normal(n)).astype(float) if isinstance(spread, Bands) else np.full(n, spread)


def wave_of(ids: Ints, wave: str, age: float, seen: Mapping[str, Flags]) -> pd.DataFrame:
    """Return who was at a wave."""
    everybody = np.ones(len(ids), dtype=bool)
    return by.attendance(ids, wave, age, everybody, seen.get(attendance_at(wave), everybody))


def known(structure: Structure, people: Values, n: int, rng: np.random.Generator) -> dict[str, Flags]:
    """Return who has which value, (n,) each."""
    source = structure.source
    root = root_of(correlations_near(matrix_of(source.known_together)))
    together = rng.standard_normal((n, len(root))) @ root.T
    place = {name: position for position, name in enumerate(source.known_together)}
    found: dict[str, Flags] = {}
    for name, model in source.known.items():
        number = together[:, place[name]] if name in place else rng.standard_normal(n)
        if model.share == 1:
            found[name] = np.ones(n, dtype=bool)
            continue
        # the intercept at which the mean chance is the share (Zeger et al. 1988, Biometrics 44:1049)
        intercept = logit(model.share) * np.sqrt(1 + LOGISTIC * structure.variance_of(model.by))
        chance = expit(intercept + score_of(structure, model.by, people, n))
        found[name] = np.asarray(ndtr(number) < chance)
    return found
