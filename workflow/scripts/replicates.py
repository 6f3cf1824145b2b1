import pandas as pd
from evenwicht.base.files import write_parquet
from evenwicht.base.jobs import logged
from evenwicht.config import AS_CONFIGURED, CohortConfig
from evenwicht.recovery import replicate
from evenwicht.worlds import exact_values

with logged(snakemake.log[0]):
    config, scenario = CohortConfig.model_validate(snakemake.params.cohort), snakemake.wildcards.scenario
    if scenario == AS_CONFIGURED:
        truth = pd.read_parquet(snakemake.input[0])
    else:
        truth = exact_values(config.source, config.codebook, config.questions)
    drawn = replicate(config, truth, snakemake.params.seed, snakemake.params.replicates, scenario)
    for table, path in zip(drawn, snakemake.output, strict=True):
        write_parquet(table, path)
