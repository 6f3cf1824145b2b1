import pandas as pd
from evenwicht.base.files import withdraw, write_csv
from evenwicht.base.jobs import logged
from evenwicht.results.rows import with_truth
from evenwicht.results.schema import DIAGNOSTICS, ESTIMATES, FLOW


def gathered(files):
    return pd.concat(map(pd.read_parquet, files), ignore_index=True)


with logged(snakemake.log[0]):
    withdraw(snakemake.params.pages)
    truths = dict(zip(snakemake.params.cohorts, map(pd.read_parquet, snakemake.input.truth), strict=True))
    by_cohort = gathered(snakemake.input.estimates).groupby("cohort", sort=False)
    estimates = pd.concat([with_truth(rows, truths[name]) for name, rows in by_cohort])
    write_csv(ESTIMATES.checked(estimates), snakemake.output.estimates)
    write_csv(DIAGNOSTICS.checked(gathered(snakemake.input.diagnostics)), snakemake.output.diagnostics)
    write_csv(FLOW.checked(gathered(snakemake.input.flow)), snakemake.output.flow)
