"""True slopes of an outcome by each hypothesis about timing, and which of them fits best.

What exposure adds to each person's outcome is known: the outcome as things are less that of the same person never
exposed. Its slope by a hypothesis, given the covariates, has no noise of other causes in it, and is what an analysis
without confounding would find in endless data.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Floats
from evenwicht.base.errors import ModelError
from evenwicht.estimators.design import covariate_matrix
from evenwicht.estimators.life_course import hypotheses
from evenwicht.estimators.life_course_paths import ALIKE, Moments, partial_moments
from evenwicht.results.questions import Timing
from evenwicht.results.rows import CHOSEN
from evenwicht.worlds.people import Draw, People
from evenwicht.worlds.scm import Values
from evenwicht.worlds.world import Row, row

MALE = "male"  # the variable behind a column of sex


def timing_arms(question: Timing, people: People, draw: Draw) -> list[Values]:
    """The same people never exposed; none if the world has no such variables."""
    if not all(column in people.values for column in question.columns):
        return []
    return [draw(dict.fromkeys(question.columns, False if question.binary else 0.0))]


def timing_rows(question: Timing, people: People) -> Iterator[Row]:
    """Yield slope, explained variance and whether it is the best one, of each hypothesis.

    Where exposure does nothing to anybody no hypothesis is the best one.
    """
    covariates = _covariates(question, people)
    if not people.arms or covariates is None:
        return
    exposure = np.column_stack([people.values[column].astype(float) for column in question.columns])
    columns = hypotheses(exposure, question.periods, question.ages, question.families, binary=question.binary)
    where = f"cohort {people.book.cohort}, true timing"
    for name in question.outcomes:
        now, never = people.outcome(name), people.outcome(name, people.arms[0])
        if now is None or never is None:
            continue
        added = now - never
        if np.ptp(added) == 0:
            yield from _rows(name, list(columns), np.zeros(len(columns)), np.zeros(len(columns)), "")
            continue
        try:
            moments = partial_moments(added, columns, covariates, where, people.weights)
            spread = partial_moments(now, columns, covariates, where, people.weights).total
        except ModelError:
            continue
        explained = moments.inner**2 / spread
        yield from _rows(name, moments.names, moments.inner / moments.length, explained, _best(moments))


def _rows(outcome: str, names: list[str], slopes: Floats, explained: Floats, best: str) -> Iterator[Row]:
    for name, slope, share in zip(names, slopes, explained, strict=True):
        keys = {"outcome": outcome, "exposure": name}
        yield row("timing_slope", slope, **keys)
        yield row("partial_r_squared", share, **keys)
        yield row(CHOSEN, float(name == best), **keys)


def _best(moments: Moments) -> str:
    """The hypothesis that enters the path first; none if exposure adds nothing that hangs together with any."""
    size = np.abs(moments.inner)
    return moments.names[int(size.argmax())] if size.max() > ALIKE * np.sqrt(moments.total) else ""


def _covariates(question: Timing, people: People) -> Floats | None:
    """The covariates as the study codes them, (n, k); None if the world has not all of them."""
    known: dict[str, object] = {}
    for name in question.adjust.columns:
        column = people.book.columns.get(name)
        variable = name if name in people.values else MALE if column is not None and column.role == "sex" else ""
        if variable not in people.values:
            return None
        values = people.values[variable]
        known[name] = pd.Categorical(values) if values.dtype.kind in "OUS" else values.astype(float)
    adjust = question.adjust
    frame = pd.DataFrame(known, index=range(people.n))
    return covariate_matrix(frame, adjust.columns, adjust.squares, adjust.splines, adjust.interactions)[0]
