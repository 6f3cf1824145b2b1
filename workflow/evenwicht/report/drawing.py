"""Every figure of a run: of each cohort those that its studies declare, its forest, causal graph, waves and flow."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from evenwicht.config import AS_CONFIGURED, CohortConfig, Run
from evenwicht.display.picture import Picture
from evenwicht.display.section import Found, where
from evenwicht.report.balance import balance
from evenwicht.report.choice_figure import choice_figure
from evenwicht.report.flow_figure import flow_figure
from evenwicht.report.forest import forest_figure
from evenwicht.report.lines import Words
from evenwicht.report.recovery_figures import recovery_figure, scenario_figure
from evenwicht.report.world_figures import attrition_figure, graph_figure
from evenwicht.studies import showing
from evenwicht.worlds import causal_graph


def draw_run(run: Run, tables: Mapping[str, pd.DataFrame], curves: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write the figures of a run.

    Parameters
    ----------
    run
        The checked config.
    tables
        estimates (with truth), diagnostics, flow, attrition and conclusions; and what recovery, scenarios and coverage
        say about the settings of this run.
    curves
        Curves of all studies, by id of the cohort.
    folder
        Written are <folder>/<cohort>/..., see `draw_cohort`, and beside them balance.svg, balance_narrow.svg, and
        recovery_<cohort>.svg, scenarios_<cohort>.svg and choices_<cohort>.svg where fresh draws were made.
    """
    words = Words(run)
    for name, config in run.cohorts.items():
        draw_cohort(config, tables, curves[name], folder, words)
        studies = {study: words.study({"cohort": name, "study": study}) for study in config.studies}
        drawn = {table: where(tables[table], cohort=name) for table in ("recovery", "coverage", "scenarios")}
        as_configured = where(drawn["coverage"], scenario=AS_CONFIGURED)
        pictures = {
            f"recovery_{name}": recovery_figure(
                drawn["recovery"], as_configured, config.title, studies, showing.method_label
            ),
            f"scenarios_{name}": scenario_figure(drawn["scenarios"], config.title, studies, showing.method_label),
            f"choices_{name}": choice_figure(
                pd.concat([drawn["recovery"], drawn["scenarios"]]), config.title, words.about, words.outcome
            ),
        }
        _save(pictures, folder)
    both = {"balance": False, "balance_narrow": True}
    _save({name: balance(tables["conclusions"], run.cohorts, narrow=n) for name, n in both.items()}, folder)


def _save(pictures: Mapping[str, Picture | None], folder: Path) -> None:
    for name, picture in pictures.items():
        if picture is not None:
            picture.save(folder / f"{name}.svg")


def draw_cohort(
    config: CohortConfig, tables: Mapping[str, pd.DataFrame], curves: pd.DataFrame, folder: Path, words: Words
) -> None:
    """Write the figures of a cohort.

    Parameters
    ----------
    config
        The cohort.
    tables
        estimates (with truth), diagnostics, flow and attrition; rows of other cohorts are left out.
    curves
        Curves of all its studies.
    words
        Words for the ids of rows.
    folder
        Written are <folder>/<cohort>/<study>/<figure>.svg for what a study draws, and beside the folders of studies
        forest.svg if there is something to weigh, graph.svg of a world, flow.svg, and attrition.svg if there are waves.
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
        graph_figure(causal_graph(config.source), config.codebook).save(folder / "graph.svg")
    people = flow_figure(where(tables["flow"], cohort=config.name), config.title, words.outcome, words.about)
    _save({"flow": people}, folder)
    waves = where(tables["attrition"], cohort=config.name)
    if len(waves):
        attrition_figure(waves, config.codebook).save(folder / "attrition.svg")
