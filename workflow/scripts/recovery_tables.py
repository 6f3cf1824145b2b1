import pandas as pd
from evenwicht.base.files import withdraw, write_csv
from evenwicht.base.jobs import logged
from evenwicht.config import AS_CONFIGURED
from evenwicht.recovery import coverage_by_method, gather_replicates, recovery_table, verdicts_table

with logged(snakemake.log[0]):
    withdraw(snakemake.params.pages)
    replicates = gather_replicates(map(pd.read_parquet, snakemake.input.estimates))
    verdicts = pd.concat(map(pd.read_parquet, snakemake.input.verdicts), ignore_index=True)
    settings = snakemake.params.settings
    table = recovery_table(replicates, settings, snakemake.params.drawn)
    as_configured = table["scenario"] == AS_CONFIGURED
    write_csv(table[as_configured & table["truth"].notna()], snakemake.output.recovery)
    write_csv(table[~as_configured], snakemake.output.scenarios)
    write_csv(coverage_by_method(replicates, settings), snakemake.output.coverage)
    write_csv(verdicts_table(verdicts, table, settings), snakemake.output.verdicts)
