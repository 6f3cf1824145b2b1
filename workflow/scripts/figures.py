from pathlib import Path

import pandas as pd
from evenwicht.base.files import withdraw
from evenwicht.base.jobs import logged
from evenwicht.config import Run
from evenwicht.recovery import read_every
from evenwicht.report.drawing import Drawing, draw_run
from evenwicht.results.reading import read_tables

# a process that draws may begin by importing this file again, which must then do nothing
if __name__ == "__main__":
    with logged(snakemake.log[0]):
        withdraw(snakemake.params.pages)
        run = Run.model_validate(snakemake.params.run)
        tables = read_tables(snakemake.input.tables) | read_every(snakemake.params.recovery, snakemake.params.settings)
        curves = {
            name: pd.concat(map(pd.read_parquet, files), ignore_index=True)
            for name, files in snakemake.params.curves.items()
        }
        draw_run(Drawing(run, tables, curves, Path(snakemake.output[0])), snakemake.threads)
