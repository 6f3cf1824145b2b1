"""Structural causal models of cohorts ("worlds"), each with a registry of true effects.

A world is a package with `settings`, the settings that a cohort file gives it; `world`, its equations, with a function
`build`; and, if published figures set its parameters, `fit`. It answers questions (`results.questions`) and knows no
study. Nothing heavy is imported before a world is built.
"""

from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenwicht.base.codebook import Codebook
from evenwicht.base.sources import SourceSettings
from evenwicht.results.questions import Question
from evenwicht.worlds.deprivation.settings import DeprivationWorld
from evenwicht.worlds.dunedin.settings import DunedinWorld
from evenwicht.worlds.famine.settings import FamineWorld
from evenwicht.worlds.intervention.settings import InterventionWorld
from evenwicht.worlds.lifecourse.settings import LifecourseWorld
from evenwicht.worlds.mechanism_settings import WorldSettings
from evenwicht.worlds.rationing.settings import RationingWorld
from evenwicht.worlds.reform.settings import ReformWorld
from evenwicht.worlds.regions.settings import RegionsWorld
from evenwicht.worlds.register.settings import RegisterWorld
from evenwicht.worlds.twin.settings import TwinWorld

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from evenwicht.cohort import Cohort
    from evenwicht.worlds.world import World

WORLDS: list[type[WorldSettings]] = [
    DunedinWorld,
    RegisterWorld,
    RationingWorld,
    FamineWorld,
    ReformWorld,
    DeprivationWorld,
    InterventionWorld,
    LifecourseWorld,
    RegionsWorld,
    TwinWorld,
]


def build(source: SourceSettings, book: Codebook, questions: Sequence[Question] = ()) -> "World":
    """Return the world of a synthetic cohort; its closed-form truths answer the questions."""
    world: World = _part(source, "world").build(source, book, questions)
    return world


def simulate(source: SourceSettings, book: Codebook, key: "np.random.SeedSequence") -> "Cohort":
    """Draw one cohort, without its truth table.

    Raises
    ------
    DataError
        If the codebook describes columns that the world does not generate.
    """
    return build(source, book).cohort(key)


def true_values(
    source: SourceSettings, book: Codebook, questions: Sequence[Question], draws: int, key: "np.random.SeedSequence"
) -> "pd.DataFrame":
    """Return the truth table that answers the questions; see `worlds.truth.true_values`."""
    from evenwicht.worlds import truth

    return truth.true_values(build(source, book, questions), book, questions, draws, key)


def exact_values(source: SourceSettings, book: Codebook, questions: Sequence[Question]) -> "pd.DataFrame":
    """Return the part of the truth table that has a closed form."""
    from evenwicht.worlds import truth

    return truth.exact_values(build(source, book, questions), book)


def write_cohort(
    source: SourceSettings, book: Codebook, key: "np.random.SeedSequence", truth: "pd.DataFrame", folder: str | Path
) -> None:
    """Draw one cohort and write it with its truth table as a folder."""
    world = build(source, book)
    if world.write is not None:
        world.write(key, truth, Path(folder))
    else:
        replace(world.cohort(key), truth=truth).write(folder)


def causal_graph(source: SourceSettings) -> dict[str, list[str]]:
    """Return the causes of every variable of a world, as its equations state them."""
    return build(source, Codebook("", {})).equations.graph


def fit_world(
    source: SourceSettings,
    book: Codebook,
    questions: Sequence[Question],
    published: "pd.DataFrame",
    key: "np.random.SeedSequence",
) -> "pd.DataFrame":
    """Fit the free parameters of a world to the published figures that may set them; see `worlds.fitting`.

    Returns
    -------
    DataFrame
        Columns of `fitting.FIT`: one row a parameter; empty if the world has nothing to fit, or no figure is published
        for the cohort.

    Raises
    ------
    ConfigError
        If a figure that a fit needs is not among the published ones.
    """
    from evenwicht.worlds import fitting

    targets = fitting.targets_of(book.cohort, published)
    if not targets or find_spec(_name(source, "fit")) is None:
        return fitting.FIT.table([])
    given = fitting.Given(book, questions, targets, key)
    parts = _part(source, "fit").fits(source, given)
    return fitting.FIT.table({"cohort": book.cohort, **row} for part in parts for row in part)


def compare_with_published(cohort: str, truth: "pd.DataFrame", published: "pd.DataFrame") -> "pd.DataFrame":
    """Put published figures beside the true values of a world; see `worlds.published.compare_with_published`."""
    from evenwicht.worlds.published import compare_with_published as compare

    return compare(cohort, truth, published)


def _part(source: SourceSettings, part: str) -> Any:
    """One module of the package of a world."""
    return import_module(_name(source, part))


def _name(source: SourceSettings, part: str) -> str:
    return f"{type(source).__module__.rpartition('.')[0]}.{part}"
