from pathlib import Path

from evenwicht.config import Run
from evenwicht.jobs import logged
from evenwicht.recovery import COVERAGE_COLUMNS, RECOVERY_COLUMNS, read_recovery
from evenwicht.report.page import read_tables, render

with logged(snakemake.log[0]):
    tables = read_tables(snakemake.input.tables)
    for name, path in snakemake.params.recovery.items():
        columns = COVERAGE_COLUMNS if name == "coverage" else RECOVERY_COLUMNS
        tables[name] = read_recovery(path, columns, snakemake.params.settings)
    figures = {name: {k: Path(p) for k, p in kinds.items()} for name, kinds in snakemake.params.figures.items()}
    run = Run.model_validate(snakemake.params.run)
    render(run, tables, figures, Path(snakemake.input.attrition), Path(snakemake.input.template), snakemake.output[0])
