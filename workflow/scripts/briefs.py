from pathlib import Path

from evenwicht.base.jobs import logged
from evenwicht.config import Run
from evenwicht.recovery import read_every
from evenwicht.report.brief import write_briefs
from evenwicht.results.reading import read_tables

with logged(snakemake.log[0]):
    run = Run.model_validate(snakemake.params.run)
    tables = read_tables(snakemake.input.tables) | read_every(snakemake.params.recovery, snakemake.params.settings)
    templates = Path(snakemake.input.templates[0]).parent
    write_briefs(run, tables, templates, Path(snakemake.output[0]).parent)
