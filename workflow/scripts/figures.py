from pathlib import Path

import pandas as pd
from evenwicht.base.jobs import logged
from evenwicht.config import Run
from evenwicht.report.drawing import draw_cohort
from evenwicht.results.reading import read_tables

with logged(snakemake.log[0]):
    Path(snakemake.params.page).unlink(missing_ok=True)
    tables = read_tables(snakemake.input.tables)
    for name, config in Run.model_validate(snakemake.params.run).cohorts.items():
        curves = pd.concat(map(pd.read_parquet, snakemake.params.curves[name]), ignore_index=True)
        draw_cohort(config, tables, curves, Path(snakemake.output[0]))
