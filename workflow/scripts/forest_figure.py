from pathlib import Path

import pandas as pd
from evenwicht.cohort import read_cohort
from evenwicht.config import CohortConfig
from evenwicht.jobs import logged
from evenwicht.report.figures import forest_figure

with logged(snakemake.log[0]):
    config = CohortConfig.model_validate(snakemake.params.cohort)
    estimates = pd.read_csv(snakemake.input.estimates)
    cohort = read_cohort(Path(snakemake.input[0]).parent)
    forest_figure(estimates[estimates["cohort"] == config.name], config, cohort).save(snakemake.output[0])
