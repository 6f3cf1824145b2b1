"""Every figure of one cohort by its kind, from the files of a run."""

from pathlib import Path

import pandas as pd

from evenwicht.cohort import read_cohort
from evenwicht.config import CohortConfig
from evenwicht.report.event_study_figures import dose_figure, event_study_figure, incidence_figure, scan_figure
from evenwicht.report.figures import forest_figure, lorenz_figure, survival_figure
from evenwicht.report.picture import Picture
from evenwicht.report.world_figures import graph_figure
from evenwicht.worlds import causal_graph


def draw(kind: str, config: CohortConfig, estimates: pd.DataFrame, cohort: str | Path, curves: str | Path) -> Picture:
    """Draw one figure.

    Parameters
    ----------
    kind
        forest, survival, lorenz, event_study, incidence, dose, scan or graph.
    config
        The cohort.
    estimates
        Its estimate rows, with truth.
    cohort, curves
        Folders of the cohort, and of the curves that its studies wrote.
    """

    def curve(name: str) -> pd.DataFrame:
        return pd.read_parquet(Path(curves) / f"{name}_curves.parquet")

    match kind:
        case "forest":
            return forest_figure(estimates, config, read_cohort(cohort))
        case "survival":
            return survival_figure(curve("survival"), config)
        case "lorenz":
            return lorenz_figure(curve("lorenz"), estimates, config)
        case "event_study":
            return event_study_figure(estimates, config)
        case "incidence":
            return incidence_figure(curve("incidence"), config)
        case "dose":
            return dose_figure(curve("dose"), estimates, config)
        case "scan":
            return scan_figure(curve("scan"), config)
        case "graph":
            return graph_figure(causal_graph(config), config)
    raise ValueError(f"no figure of the kind {kind}")
