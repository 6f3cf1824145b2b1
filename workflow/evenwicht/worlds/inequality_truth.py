"""True inequality along a rank: as things are, with and without an exposure, and what it does in parts of the rank."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.base.outcomes import ContinuousOutcome, horizon_of
from evenwicht.estimators.inequality import Ranks, log_linear_ratio, rank_line
from evenwicht.results.questions import Inequality
from evenwicht.worlds.arms import among, drawn_arms
from evenwicht.worlds.people import Draw, People
from evenwicht.worlds.scm import Values
from evenwicht.worlds.world import Row, row


def inequality_arms(question: Inequality, people: People, draw: Draw) -> list[Values]:
    """The same people exposed and not."""
    return drawn_arms(question.contrast, people, draw)


def inequality_rows(question: Inequality, people: People) -> Iterator[Row]:
    """Yield both; nothing where the rank is no variable of the world."""
    if question.by not in people.values or people.values[question.by].dtype.kind not in "fiu":
        return
    rank, contrast = people.values[question.by].astype(float), question.contrast
    now, compared = Ranks.of(rank, people.weights), Ranks.of(rank, among(contrast, people))
    cuts = np.quantile(rank, np.arange(1, question.parts) / question.parts)
    part = np.searchsorted(cuts, rank)
    for name in question.outcomes:
        outcome, natural = people.book.outcomes[name], people.outcome(name)
        if natural is None:
            continue
        risk, at = not isinstance(outcome, ContinuousOutcome), horizon_of(outcome)
        as_is: dict[str, Any] = {"outcome": name, "exposure": question.by, "at": at}
        line = rank_line(natural, now)
        yield row("slope_index", line.slope.value, **as_is)
        if risk:
            ratios = {"relative_index": line.ratio(), "relative_index_log_linear": log_linear_ratio(natural, now)}
            # a line that does not stay above zero has no ratio of its ends
            yield from (
                row(name, float(np.exp(r.value)), **as_is) for name, r in ratios.items() if np.isfinite(r.value)
            )
        if not people.arms:
            continue
        one, none = (np.asarray(people.outcome(name, arm)) for arm in people.arms)
        keys: dict[str, Any] = {"outcome": name, "exposure": contrast.exposure, "at": at}
        yield from _slopes(one, none, compared, {**keys, "reference": question.reference}, contrast.continuous)
        for k in range(question.parts):
            about = {**keys, "reference": contrast.reference, "subgroup": f"{question.by}={k + 1}of{question.parts}"}
            w = compared.weights * (part == k)
            exposed, unexposed = (float(w @ values / w.sum()) for values in (one, none))
            yield from _of_a_part(exposed, unexposed, about, risk, contrast.continuous)


def _slopes(one: Floats, none: Floats, ranks: Ranks, keys: dict[str, Any], continuous: bool) -> Iterator[Row]:
    exposed, unexposed = (rank_line(values, ranks).slope.value for values in (one, none))
    yield row("slope_index_difference", exposed - unexposed, **keys)
    if not continuous:
        yield row("slope_index_exposed", exposed, **keys)
        yield row("slope_index_unexposed", unexposed, **keys)


def _of_a_part(one: float, none: float, keys: dict[str, Any], risk: bool, continuous: bool) -> Iterator[Row]:
    yield row("risk_difference" if risk else "mean_difference", one - none, **keys)
    if risk and not continuous:
        yield row("risk_ratio", one / none, **keys)
        yield row("risk_exposed", one, **keys)
        yield row("risk_unexposed", none, **keys)
