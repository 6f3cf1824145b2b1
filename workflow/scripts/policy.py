from pathlib import Path

from evenwicht.cohort import read_cohort
from evenwicht.config import CohortConfig
from evenwicht.files import write_parquet
from evenwicht.jobs import logged
from evenwicht.policy.effect import policy_study

with logged(snakemake.log[0]):
    config = CohortConfig.model_validate(snakemake.params.cohort)
    cohort = read_cohort(Path(snakemake.input[0]).parent)
    write_parquet(policy_study(cohort, config), snakemake.output.estimates)
