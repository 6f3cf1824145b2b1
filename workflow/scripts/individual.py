from pathlib import Path

from evenwicht.cohort import read_cohort
from evenwicht.config import CohortConfig
from evenwicht.files import write_parquet
from evenwicht.individual.exposure import individual_study
from evenwicht.jobs import logged
from evenwicht.streams import stream

with logged(snakemake.log[0]):
    config = CohortConfig.model_validate(snakemake.params.cohort)
    cohort = read_cohort(Path(snakemake.input[0]).parent)
    rng = stream(snakemake.params.seed, config.name, "individual")
    result = individual_study(cohort, config.individual, config.outcomes, snakemake.params.bootstrap, rng)
    write_parquet(result.estimates, snakemake.output.estimates)
    write_parquet(result.curves, snakemake.output.curves)
