from pathlib import Path

import pandas as pd
from evenwicht.base.files import kept_private, write_parquet
from evenwicht.base.jobs import logged
from evenwicht.cohort import read_cohort
from evenwicht.config import CohortConfig
from evenwicht.studies.running import job_of, run_study

with logged(snakemake.log[0]), kept_private(snakemake.params.private):
    config, params = CohortConfig.model_validate(snakemake.params.cohort), snakemake.params
    cohort, book = read_cohort(Path(snakemake.input[0]).parent), config.codebook
    job = job_of(params.seed, config.name)
    found = [run_study(name, study, cohort, book, job, strict=params.strict) for name, study in config.studies.items()]
    for table, file in snakemake.output.items():
        write_parquet(pd.concat([tables[table] for tables in found], ignore_index=True), file)
