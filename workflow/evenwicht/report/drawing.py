"""Every figure of one cohort: those that its studies declare, its forest plot, its causal graph and its waves."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from evenwicht.config import CohortConfig
from evenwicht.display.section import Found, where
from evenwicht.report.forest import forest_figure
from evenwicht.report.world_figures import attrition_figure, graph_figure
from evenwicht.studies import showing
from evenwicht.worlds import causal_graph


def draw_cohort(config: CohortConfig, tables: Mapping[str, pd.DataFrame], curves: pd.DataFrame, folder: Path) -> None:
    """Write the figures of a cohort.

    Parameters
    ----------
    config
        The cohort.
    tables
        estimates (with truth), diagnostics, flow and attrition; rows of other cohorts are left out.
    curves
        Curves of all its studies.
    folder
        Written are <folder>/<cohort>/<study>/<figure>.svg for what a study draws, and beside the folders of studies
        forest.svg if there is something to weigh, graph.svg of a world, and attrition.svg if there are waves.
    """
    folder, book = folder / config.name, config.codebook
    folder.mkdir(parents=True, exist_ok=True)
    for name, study in config.studies.items():
        found = Found.of(config.name, name, tables, curves, synthetic=config.synthetic)
        for figure, picture in showing.figures(study, book, found).items():
            picture.save(folder / name / f"{figure}.svg")
    forest = forest_figure(where(tables["estimates"], cohort=config.name), config)
    if forest is not None:
        forest.save(folder / "forest.svg")
    if config.synthetic:
        graph_figure(causal_graph(config.source), config.title).save(folder / "graph.svg")
    waves = where(tables["attrition"], cohort=config.name)
    if len(waves):
        attrition_figure(waves, config.title).save(folder / "attrition.svg")
