import pandas as pd
from evenwicht.config import CohortConfig
from evenwicht.jobs import logged
from evenwicht.report.figures import lorenz_figure

with logged(snakemake.log[0]):
    config = CohortConfig.model_validate(snakemake.params.cohort)
    curves, estimates = pd.read_parquet(snakemake.input.curves), pd.read_parquet(snakemake.input.estimates)
    lorenz_figure(curves, estimates, config).save(snakemake.output[0])
