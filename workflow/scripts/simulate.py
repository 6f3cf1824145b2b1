from dataclasses import replace
from pathlib import Path

from evenwicht.config import CohortConfig
from evenwicht.jobs import logged
from evenwicht.streams import stream_key
from evenwicht.worlds.dunedin import simulate
from evenwicht.worlds.truth import true_values

with logged(snakemake.log[0]):
    config, seed = CohortConfig.model_validate(snakemake.params.cohort), snakemake.params.seed
    truth = true_values(config, snakemake.params.truth_draws, stream_key(seed, config.name, "truth"))
    cohort = replace(simulate(config, stream_key(seed, config.name, "simulate")), truth=truth)
    cohort.write(Path(snakemake.output[0]).parent)
