import pandas as pd
from evenwicht.files import write_csv
from evenwicht.jobs import logged
from evenwicht.recovery import KEY, recovery_table
from evenwicht.report.tables import replication

with logged(snakemake.log[0]):
    estimates = pd.read_csv(snakemake.input.estimates)
    summaries = [pd.read_parquet(path) for path in snakemake.input.replicates]
    summary = pd.concat(summaries) if summaries else pd.DataFrame(columns=["cohort", *KEY])
    published = pd.read_csv(snakemake.input.published)
    write_csv(recovery_table(estimates, summary), snakemake.output.recovery)
    write_csv(replication(estimates, published, snakemake.params.synthetic), snakemake.output.replication)
