from evenwicht.base.files import withdraw, write_csv
from evenwicht.base.jobs import logged
from evenwicht.conclusions import conclusions_table
from evenwicht.config import CohortConfig
from evenwicht.recovery import read_recovery
from evenwicht.results.reading import read_tables
from evenwicht.results.schema import RECOVERY

with logged(snakemake.log[0]):
    withdraw(snakemake.params.pages)
    recovery = read_recovery(snakemake.params.recovery, RECOVERY, snakemake.params.settings)
    cohorts = map(CohortConfig.model_validate, snakemake.params.cohorts)
    table = conclusions_table(cohorts, read_tables(snakemake.input.tables), recovery)
    write_csv(table, snakemake.output[0])
