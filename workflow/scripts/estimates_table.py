from pathlib import Path

import pandas as pd
from evenwicht.files import write_csv
from evenwicht.jobs import logged
from evenwicht.rows import with_truth

with logged(snakemake.log[0]):
    truths = dict(zip(snakemake.params.names, map(pd.read_parquet, snakemake.input.truth), strict=True))
    parts = [with_truth(pd.read_parquet(study), truths[Path(study).parent.name]) for study in snakemake.input.studies]
    write_csv(pd.concat(parts), snakemake.output[0])
