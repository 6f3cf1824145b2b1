"""Structural causal models of cohorts ("worlds"), each with a registry of true effects.

Every kind of world has a module of its own, with a function `build` that turns its config into a `World`. Cohorts,
causal graphs and true values of all of them are made here in the same way.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig, RegisterWorld
from evenwicht.worlds import deprivation, dunedin, famine, intervention, lifecourse, rationing, reform, register, truth
from evenwicht.worlds.world import World

BUILD: dict[str, Callable[[CohortConfig], World]] = {
    "dunedin": dunedin.build,
    "register": register.build,
    "rationing": rationing.build,
    "famine": famine.build,
    "reform": reform.build,
    "deprivation": deprivation.build,
    "intervention": intervention.build,
    "lifecourse": lifecourse.build,
}


def build(config: CohortConfig) -> World:
    """Return the world of a synthetic cohort's config."""
    return BUILD[config.source.kind](config)


def simulate(config: CohortConfig, key: np.random.SeedSequence) -> Cohort:
    """Draw one cohort from the world of a config, without its truth table.

    Raises
    ------
    DataError
        If the config describes columns that the world does not generate.
    """
    return build(config).cohort(key)


def true_values(config: CohortConfig, draws: int, key: np.random.SeedSequence) -> pd.DataFrame:
    """Return the truth table of the world of a config; see `worlds.truth.true_values`."""
    return truth.true_values(config, build(config), draws, key)


def exact_values(config: CohortConfig) -> pd.DataFrame:
    """Return the part of the truth table that has a closed form."""
    return truth.exact_values(build(config))


def write_cohort(config: CohortConfig, key: np.random.SeedSequence, truth: pd.DataFrame, folder: str | Path) -> None:
    """Draw one cohort and write it as a folder; a register is streamed, so its size is not bounded by memory."""
    if isinstance(config.source, RegisterWorld):
        register.write_register(config, key, truth, folder)
    else:
        replace(simulate(config, key), truth=truth).write(folder)


def causal_graph(config: CohortConfig) -> dict[str, list[str]]:
    """Return the causes of every variable of the world of a config, as its equations state them."""
    return build(config).equations.graph
