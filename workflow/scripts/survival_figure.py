import pandas as pd
from evenwicht.config import CohortConfig
from evenwicht.jobs import logged
from evenwicht.report.figures import survival_figure

with logged(snakemake.log[0]):
    config = CohortConfig.model_validate(snakemake.params.cohort)
    survival_figure(pd.read_parquet(snakemake.input.curves), config).save(snakemake.output[0])
