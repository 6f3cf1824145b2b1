from pathlib import Path

from evenwicht.base.jobs import logged
from evenwicht.base.streams import stream_key
from evenwicht.config import CohortConfig
from evenwicht.worlds import true_values, write_cohort

with logged(snakemake.log[0]):
    config, params = CohortConfig.model_validate(snakemake.params.cohort), snakemake.params
    source, book = config.source, config.codebook
    key = stream_key(params.seed, config.name, "truth")
    truth = true_values(source, book, params.questions, params.truth_draws, key)
    key = stream_key(params.seed, config.name, "simulate")
    write_cohort(source, book, key, truth, Path(snakemake.output[0]).parent)
