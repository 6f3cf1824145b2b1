from pathlib import Path

from evenwicht.base.jobs import logged
from evenwicht.config import Run
from evenwicht.display.language import speaking
from evenwicht.recovery import read_every
from evenwicht.report.page import render
from evenwicht.report.rehearsed import read_rehearsals
from evenwicht.results.reading import read_tables

with logged(snakemake.log[0]):
    run = Run.model_validate(snakemake.params.run)
    tables = read_tables(snakemake.input.tables) | read_every(snakemake.params.recovery, snakemake.params.settings)
    tables["rehearsal"] = read_rehearsals(snakemake.params.rehearsals)
    front = Path(snakemake.output[0])
    with speaking(run.settings.language):
        render(run, tables, Path(snakemake.input.figures), Path(snakemake.input.templates[0]).parent, front.parent)
