from pathlib import Path

from evenwicht.base.jobs import logged
from evenwicht.config import Run
from evenwicht.recovery import read_recovery
from evenwicht.report.page import render
from evenwicht.results.reading import read_tables
from evenwicht.results.schema import COVERAGE, RECOVERY, SCENARIOS

SCHEMAS = {"recovery": RECOVERY, "scenarios": SCENARIOS, "coverage": COVERAGE}

with logged(snakemake.log[0]):
    tables = read_tables(snakemake.input.tables)
    for name, path in snakemake.params.recovery.items():
        tables[name] = read_recovery(path, SCHEMAS[name], snakemake.params.settings)
    run = Run.model_validate(snakemake.params.run)
    render(run, tables, Path(snakemake.input.figures), Path(snakemake.input.templates[0]), snakemake.output[0])
