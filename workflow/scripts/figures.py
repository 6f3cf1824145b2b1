from pathlib import Path

import pandas as pd
from evenwicht.cohort import read_cohort
from evenwicht.config import Run
from evenwicht.jobs import logged
from evenwicht.report.figures import forest_figure, lorenz_figure, survival_figure
from evenwicht.report.picture import Picture
from evenwicht.report.world_figures import attrition_figure, graph_figure
from evenwicht.worlds import causal_graph


def draw(kind: str, name: str) -> Picture:
    config, rows, curves = run.cohorts[name], estimates[estimates["cohort"] == name], Path("results/estimates") / name
    match kind:
        case "forest":
            return forest_figure(rows, config, read_cohort(snakemake.params.folders[name]))
        case "survival":
            return survival_figure(pd.read_parquet(curves / "survival_curves.parquet"), config)
        case "lorenz":
            return lorenz_figure(pd.read_parquet(curves / "lorenz_curves.parquet"), rows, config)
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
