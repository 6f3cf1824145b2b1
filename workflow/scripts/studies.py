from pathlib import Path

from evenwicht.cohort import read_cohort
from evenwicht.config import CohortConfig
from evenwicht.files import write_parquet
from evenwicht.jobs import logged
from evenwicht.studies import run_studies

with logged(snakemake.log[0]):
    config, params = CohortConfig.model_validate(snakemake.params.cohort), snakemake.params
    cohort = read_cohort(Path(snakemake.input[0]).parent)
    results = run_studies(cohort, config, params.seed, params.permutations)
    write_parquet(results.estimates, snakemake.output.estimates)
    write_parquet(results.flow, snakemake.output.flow)
    for name, curve in results.curves.items():
        write_parquet(curve, snakemake.output[name])
