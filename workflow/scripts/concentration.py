from pathlib import Path

from evenwicht.cohort import read_cohort
from evenwicht.config import CohortConfig
from evenwicht.files import write_parquet
from evenwicht.individual.concentration import concentration_study
from evenwicht.jobs import logged
from evenwicht.streams import stream

with logged(snakemake.log[0]):
    config = CohortConfig.model_validate(snakemake.params.cohort)
    cohort = read_cohort(Path(snakemake.input[0]).parent)
    rng = stream(snakemake.params.seed, config.name, "concentration")
    draws = snakemake.params.bootstrap, snakemake.params.permutations
    estimates, curves = concentration_study(cohort, config.concentration, *draws, rng)
    write_parquet(estimates, snakemake.output.estimates)
    write_parquet(curves, snakemake.output.curves)
