import pandas as pd
from evenwicht.files import write_csv
from evenwicht.jobs import logged
from evenwicht.rows import with_truth

with logged(snakemake.log[0]):
    studies, truths = (map(pd.read_parquet, files) for files in (snakemake.input.studies, snakemake.input.truth))
    parts = [with_truth(estimates, truth) for estimates, truth in zip(studies, truths, strict=True)]
    write_csv(pd.concat(parts), snakemake.output.estimates)
    write_csv(pd.concat(map(pd.read_parquet, snakemake.input.flow)), snakemake.output.flow)
