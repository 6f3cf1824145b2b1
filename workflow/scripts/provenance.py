from pathlib import Path

from evenwicht.base.jobs import logged
from evenwicht.report.crate import Inputs, write_crate

with logged(snakemake.log[0]):
    results = [Path(file) for file in snakemake.input.results]
    folder = Path(snakemake.output[0]).parent
    write_crate(Inputs(**snakemake.params.inputs), results, Path(snakemake.input.figures), folder)
