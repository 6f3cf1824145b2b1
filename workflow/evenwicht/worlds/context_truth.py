"""True differences within and between groups, and how much of what groups differ by is who is in them."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import ContinuousOutcome
from evenwicht.results.questions import Context, Question
from evenwicht.worlds.people import People
from evenwicht.worlds.world import Row, row

Personal = Callable[[str, str], tuple[float, float] | None]  # column, outcome -> effect on oneself, and of its mean
OfGroup = Callable[[str, str], tuple[float, float] | None]  # column, outcome -> effect of one unit, SD of the column


def exact_context(
    book: Codebook, questions: Sequence[Question], personal: Personal, of_group: OfGroup
) -> Iterator[Row]:
    """Yield the differences that are parameters of a world.

    Parameters
    ----------
    book
        The cohort.
    questions
        What is asked.
    personal
        Called with a column of people and the column of an outcome: what one unit of it does to the person itself, and
        what one unit of its mean does to everybody in the group.
    of_group
        Called with a column of groups and the column of an outcome: what one unit does, and the SD of the column.
    """
    for question in questions:
        if not isinstance(question, Context):
            continue
        for name in question.outcomes:
            column = book.column_of(name)
            if column is None:
                continue
            for contrast in question.exposures:
                own = personal(contrast.column, column)
                if own is not None and contrast.per != "sd" and contrast.levels is None:
                    within, context = ((contrast.per or 1.0) * effect for effect in own)
                    keys = _keys(contrast, name)
                    yield row("within_difference", within, **keys)
                    yield row("between_difference", within + context, **keys)
                    yield row("contextual_difference", context, **keys)
            for contrast in question.conditions:
                condition = of_group(contrast.column, column)
                if condition is not None:
                    effect, sd = condition
                    step = sd if contrast.per == "sd" else contrast.per or 1.0
                    continuous = isinstance(book.outcomes[name], ContinuousOutcome)
                    estimand = "mean_difference" if continuous else "risk_difference"
                    yield row(estimand, step * effect, **_keys(contrast, name))


def _keys(contrast: Contrast, outcome: str) -> dict[str, str]:
    return {"outcome": outcome, "exposure": contrast.exposure, "reference": contrast.reference}


def context_rows(question: Context, people: People) -> Iterator[Row]:
    """Yield how much of the variance is between groups, and how much of that is who is in them.

    Nothing where the world has no groups, or does not know the means of a column by group.
    """
    means, values = people.world.group_means, people.values
    personal = [contrast.column for contrast in question.exposures] + list(question.covariates)
    for name in question.outcomes:
        column = people.book.column_of(name)
        y = people.outcome(name)
        if column is None or column not in means or y is None:
            continue
        weights, expected = people.weights, means[column](values)
        between = _variance(expected, weights)
        keys = {"outcome": name, "exposure": question.group}
        yield row("intraclass_correlation", between / _variance(y, weights), **keys)
        if between > 0 and all(one in means and one in values for one in personal):
            own = np.column_stack([values[one].astype(float) - means[one](values) for one in personal])
            root = np.sqrt(weights)
            slopes = np.linalg.lstsq(own * root[:, None], (y - expected) * root, rcond=None)[0]
            place = expected - sum(slope * means[one](values) for slope, one in zip(slopes, personal, strict=True))
            share = 1 - _variance(np.asarray(place), weights) / between
            yield row("compositional_share", share, reference=question.made_of, **keys)


def _variance(values: Floats, weights: Floats) -> float:
    mean = np.average(values, weights=weights)
    return float(np.average((values - mean) ** 2, weights=weights))
