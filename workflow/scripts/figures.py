from pathlib import Path

import pandas as pd
from evenwicht.cohort import read_cohort
from evenwicht.config import Run
from evenwicht.jobs import logged
from evenwicht.report import event_study_figures as event_study
from evenwicht.report.figures import forest_figure, lorenz_figure, survival_figure
from evenwicht.report.picture import Picture
from evenwicht.report.world_figures import attrition_figure, graph_figure
from evenwicht.worlds import causal_graph


def draw(kind: str, name: str) -> Picture:
    config, rows = run.cohorts[name], estimates[estimates["cohort"] == name]

    def curves(of: str) -> pd.DataFrame:
        return pd.read_parquet(Path("results/estimates") / name / f"{of}_curves.parquet")

    match kind:
        case "forest":
            return forest_figure(rows, config, read_cohort(snakemake.params.folders[name]))
        case "survival":
            return survival_figure(curves("survival"), config)
        case "lorenz":
            return lorenz_figure(curves("lorenz"), rows, config)
        case "event_study":
            return event_study.event_study_figure(rows, config)
        case "incidence":
            return event_study.incidence_figure(curves("incidence"), config)
        case "dose":
            return event_study.dose_figure(curves("dose"), rows, config)
        case "scan":
            return event_study.scan_figure(curves("scan"), config)
    return graph_figure(causal_graph(config), config)


with logged(snakemake.log[0]):
    run = Run.model_validate(snakemake.params.run)
    estimates = pd.read_csv(snakemake.input.estimates)
    attrition = pd.read_csv(snakemake.input.attrition, dtype={"wave": str})  # a wave may be called 7
    for name, files in snakemake.params.figures.items():
        for kind, file in files.items():
            draw(kind, name).save(file)
    titles = {name: config.title for name, config in run.cohorts.items()}
    attrition_figure(attrition, titles).save(snakemake.output.attrition)
