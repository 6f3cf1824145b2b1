"""What fits of worlds to published figures share.

Only rows of data/published.csv marked `calibrate` enter a fit; rows marked `check` are compared and nothing else. The
optimiser is `scipy.optimize.least_squares` (trust region reflective, bounded), started at the config's values; where a
target needs people, the same people are used throughout a fit, so that the loss is smooth. The fits themselves stand
beside the worlds, as a function `fits` in their module `fit`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import ConfigError
from evenwicht.results.questions import Question
from evenwicht.results.schema import COHORT, QUESTION, Field, Schema

PEOPLE = 200_000
FIT = Schema(
    {
        "cohort": COHORT,
        "parameter": Field("id", "Path of its key under `source`"),
        "fitted": Field("number", "What the published figures give"),
        "in_config": Field("number", "What the cohort file holds"),
        "targets": Field("text", "The figures of its fit"),
        "loss": Field("number", "Sum of squared differences of these"),
    },
    ["cohort", "parameter"],
)
Fitted = list[dict[str, object]]


@dataclass(frozen=True)
class Target:
    """A published figure, and the keys of the true value that answers to it."""

    outcome: str
    exposure: str
    reference: str
    subgroup: str
    at: str
    estimand: str
    value: float


def targets_of(cohort: str, published: pd.DataFrame) -> list[Target]:
    """Return the published figures of a cohort that may set its parameters: those marked `calibrate`."""
    rows = published[(published["cohort"] == cohort) & (published["use"] == "calibrate")]
    return [Target(*row) for row in rows[[*QUESTION, "value"]].itertuples(index=False)]


@dataclass(frozen=True)
class Given:
    """What the fits of a world are given.

    Attributes
    ----------
    book
        The cohort.
    questions
        What is asked of its world.
    targets
        The figures that may set its parameters.
    key
        Seed of the people of a fit.
    """

    book: Codebook
    questions: Sequence[Question]
    targets: list[Target]
    key: np.random.SeedSequence

    def target(self, estimand: str, outcome: str, **keys: str) -> Target:
        """Return the figure with these keys; those left out are empty.

        Raises
        ------
        ConfigError
            If there is none.
        """
        wanted = {"exposure": "", "reference": "", "subgroup": "", "at": "", **keys}
        for target in self.every(estimand, outcome):
            if all(getattr(target, key) == value for key, value in wanted.items()):
                return target
        named = ", ".join([outcome, *filter(None, wanted.values()), estimand])
        raise ConfigError(
            f"no row marked 'calibrate' for cohort {self.book.cohort}, {named}",
            where="data/published.csv",
            fix="Add the published figure with its source, or give the cohort another name to leave it uncalibrated.",
        )

    def every(self, estimand: str, outcome: str) -> list[Target]:
        """Return all figures of one estimand of an outcome."""
        return [target for target in self.targets if (target.estimand, target.outcome) == (estimand, outcome)]


def solve(
    paths: list[str],
    start: list[float],
    bounds: tuple[Any, Any],
    targets: list[Target],
    found: Callable[[Floats], list[float]],
    step: float | None = None,
) -> Fitted:
    """Return the fitted parameters with their loss, as rows of `FIT` without the cohort.

    `found` gives the world's figures in the order of the targets; `step` is the relative step of the numerical
    derivative, wide where figures are counts of people and so move in small jumps.
    """
    from scipy.optimize import least_squares

    value = np.array([target.value for target in targets])
    options = {"xtol": 1e-12, "ftol": 1e-12, "diff_step": step}
    fit = least_squares(lambda x: np.array(found(x)) - value, start, bounds=bounds, **options)
    loss = round(2 * fit.cost, 12)  # below it, what is left is the arithmetic of floats
    return [
        {"parameter": path, "fitted": float(x), "in_config": x0, "targets": listing(targets), "loss": loss}
        for path, x, x0 in zip(paths, fit.x, start, strict=True)
    ]


def fit_rate(path: str, start: float, target: Target, found: Callable[[float], float]) -> Fitted:
    """Fit a positive parameter on the log scale."""
    rows = solve([path], [float(np.log(start))], (-30.0, 5.0), [target], lambda x: [found(float(np.exp(x[0])))])
    return [{**row, "fitted": float(np.exp(number(row["fitted"]))), "in_config": start} for row in rows]


def number(value: object) -> float:
    """A number of a row."""
    assert isinstance(value, float)
    return value


def listing(targets: list[Target]) -> str:
    """Name the figures of a fit: the outcome of each estimand, or how many there are."""
    by_estimand: dict[str, list[str]] = {}
    for target in targets:
        by_estimand.setdefault(target.estimand, []).append(target.outcome)
    parts = [
        f"{names[0]}: {estimand}" if len(names) == 1 else f"{estimand} ({len(names)})"
        for estimand, names in by_estimand.items()
    ]
    return "; ".join(parts)
