from pathlib import Path

from evenwicht.config import Run
from evenwicht.jobs import logged
from evenwicht.report.page import read_tables, render

with logged(snakemake.log[0]):
    tables = read_tables(snakemake.input.tables)
    figures = {name: {k: Path(p) for k, p in kinds.items()} for name, kinds in snakemake.params.figures.items()}
    run = Run.model_validate(snakemake.params.run)
    render(run, tables, figures, Path(snakemake.input.attrition), Path(snakemake.input.template), snakemake.output[0])
