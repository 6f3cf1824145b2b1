import pandas as pd
from evenwicht.config import AS_CONFIGURED, CohortConfig
from evenwicht.files import write_parquet
from evenwicht.jobs import logged
from evenwicht.recovery import replicate_estimates
from evenwicht.worlds import exact_values

with logged(snakemake.log[0]):
    config, scenario = CohortConfig.model_validate(snakemake.params.cohort), snakemake.wildcards.scenario
    if scenario == AS_CONFIGURED:
        truth = pd.read_parquet(snakemake.input[0])
    else:
        config = config.in_scenario(scenario)
        truth = exact_values(config)
    draws = replicate_estimates(config, truth, snakemake.params.seed, snakemake.params.replicates, scenario)
    write_parquet(draws.assign(cohort=config.name), snakemake.output[0])
