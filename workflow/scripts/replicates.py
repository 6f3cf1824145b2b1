from pathlib import Path

from evenwicht.cohort import read_cohort
from evenwicht.config import CohortConfig
from evenwicht.files import write_parquet
from evenwicht.jobs import logged
from evenwicht.recovery import replicate_estimates, summarise

with logged(snakemake.log[0]):
    config = CohortConfig.model_validate(snakemake.params.cohort)
    truth = read_cohort(Path(snakemake.input[0]).parent).truth
    draws = replicate_estimates(config, truth, snakemake.params.seed, snakemake.params.replicates)
    write_parquet(summarise(draws).assign(cohort=config.name), snakemake.output.summary)
