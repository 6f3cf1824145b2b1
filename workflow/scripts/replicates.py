import pandas as pd
from evenwicht.base.files import kept_private, write_parquet
from evenwicht.base.jobs import logged
from evenwicht.base.streams import stream_key
from evenwicht.config import AS_CONFIGURED, CohortConfig
from evenwicht.recovery import replicate
from evenwicht.worlds import exact_values, true_values

with logged(snakemake.log[0]), kept_private(snakemake.params.private):
    config, scenario = CohortConfig.model_validate(snakemake.params.cohort), snakemake.wildcards.scenario
    if scenario == AS_CONFIGURED:
        truth = pd.read_parquet(snakemake.input[0])
    elif all(study.level == "policy" for study in config.studies.values()):
        truth = exact_values(config.source, config.codebook, config.questions)  # no simulated one is asked of policies
    else:
        key = stream_key(snakemake.params.seed, config.name, f"truth {scenario}")
        truth = true_values(config.source, config.codebook, config.questions, snakemake.params.truth_draws, key)
    drawn = replicate(config, truth, snakemake.params.seed, snakemake.params.replicates, scenario)
    for table, path in zip(drawn, snakemake.output, strict=True):
        write_parquet(table, path)
