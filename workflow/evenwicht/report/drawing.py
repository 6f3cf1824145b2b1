"""Every figure of a run: of each cohort those that its studies declare, its forest, causal graph, waves and flow."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from evenwicht.config import AS_CONFIGURED, CohortConfig, Run
from evenwicht.display.language import speaking
from evenwicht.display.picture import Picture
from evenwicht.display.section import Found, where
from evenwicht.report.balance import balance
from evenwicht.report.choice_figure import choice_figure
from evenwicht.report.flow_figure import flow_figure
from evenwicht.report.forest import forest_figure
from evenwicht.report.lines import Words
from evenwicht.report.recovery_figures import recovery_figure, scenario_figure
from evenwicht.report.side_effects_page import side_effects_figures
from evenwicht.report.states import states_figure
from evenwicht.report.world_figures import attrition_figure, graph_figure
from evenwicht.studies import showing
from evenwicht.worlds import causal_graph

Pictures = Iterator[tuple[str, Picture | None]]


@dataclass(frozen=True)
class Drawing:
    """What the figures of a run are drawn from, and where they go.

    Attributes
    ----------
    run
        The checked config.
    tables
        estimates (with truth), diagnostics, flow, states, attrition and conclusions; and what recovery, scenarios and
        coverage say about the settings of this run.
    curves
        Curves of all studies, by id of the cohort.
    folder
        Of a cohort, <cohort>/<study>/<figure>.svg are what its studies draw; beside them are forest.svg if there is
        something to weigh, graph.svg of a world, flow.svg, states.svg if not all is known, and attrition.svg if there
        are waves. Of the run,
        balance.svg, balance_narrow.svg and side_effects_<part>.svg; and recovery_<cohort>.svg, scenarios_<cohort>.svg
        and choices_<cohort>.svg where fresh draws were made.
    """

    run: Run
    tables: Mapping[str, pd.DataFrame]
    curves: Mapping[str, pd.DataFrame]
    folder: Path

    @cached_property
    def words(self) -> Words:
        """Words for the ids of rows."""
        return Words(self.run)

    def parts(self) -> list[tuple[str, ...]]:
        """What is drawn by itself: the run, every cohort, and every study of it, by their ids."""
        cohorts = self.run.cohorts
        studies = ((name, study) for name, config in cohorts.items() for study in config.studies)
        return [(), *((name,) for name in cohorts), *studies]

    def draw(self, part: tuple[str, ...]) -> None:
        """Write the figures of one part."""
        kinds = (self._of_run, self._of_cohort, self._of_study)
        with speaking(self.run.settings.language):
            for name, picture in kinds[len(part)](*part):
                if picture is not None:
                    picture.save(self.folder / f"{name}.svg")

    def _of_run(self) -> Pictures:
        for name, narrow in (("balance", False), ("balance_narrow", True)):
            yield name, balance(self.tables["conclusions"], self.run.cohorts, narrow=narrow)
        yield from side_effects_figures(self.run.settings.seed)

    def _of_study(self, cohort: str, name: str) -> Pictures:
        config = self.run.cohorts[cohort]
        found = Found.of(cohort, name, self.tables, self.curves[cohort], synthetic=config.synthetic)
        for figure, picture in showing.figures(config.studies[name], config.codebook, found).items():
            yield f"{cohort}/{name}/{figure}", picture

    def _of_cohort(self, cohort: str) -> Pictures:
        config, words = self.run.cohorts[cohort], self.words
        own = {name: where(self.tables[name], cohort=cohort) for name in ("estimates", "flow", "states", "attrition")}
        yield f"{cohort}/forest", forest_figure(own["estimates"], config)
        if config.synthetic:
            yield f"{cohort}/graph", graph_figure(causal_graph(config.source), config.codebook)
        yield f"{cohort}/flow", flow_figure(own["flow"], config.title, words.outcome, words.about)
        yield f"{cohort}/states", states_figure(own["states"], config.title, config.codebook)
        if len(own["attrition"]):
            yield f"{cohort}/attrition", attrition_figure(own["attrition"], config.codebook)
        yield from self._of_fresh_draws(config)

    def _of_fresh_draws(self, config: CohortConfig) -> Pictures:
        name, words = config.name, self.words
        drawn = {table: where(self.tables[table], cohort=name) for table in ("recovery", "coverage", "scenarios")}
        studies = {study: words.study({"cohort": name, "study": study}) for study in config.studies}
        as_configured = where(drawn["coverage"], scenario=AS_CONFIGURED)
        label, title = showing.method_label, config.title
        yield f"recovery_{name}", recovery_figure(drawn["recovery"], as_configured, title, studies, label)
        yield f"scenarios_{name}", scenario_figure(drawn["scenarios"], title, studies, label)
        both = pd.concat([drawn["recovery"], drawn["scenarios"]])
        yield f"choices_{name}", choice_figure(both, title, words.about, words.outcome)


_drawing: Drawing  # what a process draws from: it comes once, and not with each part


def draw_run(drawing: Drawing, processes: int) -> None:
    """Write all figures of a run by several processes side by side."""
    drawing.folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(processes, initializer=_begin, initargs=(drawing,)) as pool:
        for _ in pool.map(_draw, drawing.parts()):
            pass


def _begin(drawing: Drawing) -> None:
    global _drawing
    _drawing = drawing


def _draw(part: tuple[str, ...]) -> None:
    _drawing.draw(part)
