from pathlib import Path

import pandas as pd
from evenwicht.config import Run
from evenwicht.jobs import logged
from evenwicht.report.drawing import draw
from evenwicht.report.world_figures import attrition_figure

with logged(snakemake.log[0]):
    run, estimates = Run.model_validate(snakemake.params.run), pd.read_csv(snakemake.input.estimates)
    attrition = pd.read_csv(snakemake.input.attrition, dtype={"wave": str})  # a wave may be called 7
    for name, files in snakemake.params.figures.items():
        rows, folder = estimates[estimates["cohort"] == name], snakemake.params.folders[name]
        for kind, file in files.items():
            draw(kind, run.cohorts[name], rows, folder, Path("results/estimates") / name).save(file)
    titles = {name: config.title for name, config in run.cohorts.items()}
    attrition_figure(attrition, titles).save(snakemake.output.attrition)
