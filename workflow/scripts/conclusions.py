from evenwicht.base.files import withdraw, write_csv
from evenwicht.base.jobs import logged
from evenwicht.conclusions import conclusions_table
from evenwicht.config import Run
from evenwicht.recovery import read_recovery
from evenwicht.results.reading import read_tables
from evenwicht.results.schema import RECOVERY

with logged(snakemake.log[0]):
    withdraw(snakemake.params.pages)
    recovery = read_recovery(snakemake.params.recovery, RECOVERY, snakemake.params.settings)
    run = Run.model_validate(snakemake.params.run)
    table = conclusions_table(run.cohorts.values(), read_tables(snakemake.input.tables), recovery)
    write_csv(table, snakemake.output[0])
