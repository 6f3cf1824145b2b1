"""Structural causal models of cohorts, each with a registry of true effects.

Every kind of world has its own modules for equations and truth; this is where they are looked up.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig, DunedinWorld, RegisterWorld
from evenwicht.worlds import dunedin, dunedin_truth, register


def simulate(config: CohortConfig, key: np.random.SeedSequence) -> Cohort:
    """Draw one cohort from the world of a config, without its truth table.

    Raises
    ------
    DataError
        If the config describes columns that the world does not generate.
    """
    if isinstance(config.source, RegisterWorld):
        return register.simulate(config, key)
    return dunedin.simulate(config, key)


def true_values(config: CohortConfig, draws: int, key: np.random.SeedSequence) -> pd.DataFrame:
    """Return the truth table of the world of a config; see `worlds.truth.truth_table`."""
    if isinstance(config.source, RegisterWorld):
        return register.true_values(config, draws, key)
    return dunedin_truth.true_values(config, draws, key)


def write_cohort(config: CohortConfig, key: np.random.SeedSequence, truth: pd.DataFrame, folder: str | Path) -> None:
    """Draw one cohort and write it as a folder; a register is streamed, so its size is not bounded by memory."""
    if isinstance(config.source, RegisterWorld):
        register.write_register(config, key, truth, folder)
    else:
        replace(simulate(config, key), truth=truth).write(folder)


def causal_graph(config: CohortConfig) -> dict[str, list[str]]:
    """Return the causes of every variable of the world of a config, as its equations state them."""
    world = config.source
    if isinstance(world, RegisterWorld):
        return register.register_model(world).graph
    assert isinstance(world, DunedinWorld)
    return dunedin.dunedin_model(world).graph
