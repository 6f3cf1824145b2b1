from pathlib import Path

from evenwicht.config import CohortConfig
from evenwicht.jobs import logged
from evenwicht.streams import stream_key
from evenwicht.worlds import true_values, write_cohort

with logged(snakemake.log[0]):
    config, seed = CohortConfig.model_validate(snakemake.params.cohort), snakemake.params.seed
    truth = true_values(config, snakemake.params.truth_draws, stream_key(seed, config.name, "truth"))
    write_cohort(config, stream_key(seed, config.name, "simulate"), truth, Path(snakemake.output[0]).parent)
