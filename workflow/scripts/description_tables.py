from pathlib import Path

import pandas as pd
from evenwicht.base.files import write_csv
from evenwicht.base.jobs import logged
from evenwicht.cohort import read_cohort
from evenwicht.config import CohortConfig
from evenwicht.report.tables import attrition, table_one
from evenwicht.worlds.published import PUBLISHED

with logged(snakemake.log[0]):
    Path(snakemake.params.page).unlink(missing_ok=True)
    published = PUBLISHED.read_csv(snakemake.input.published)
    configs = [CohortConfig.model_validate(cohort) for cohort in snakemake.params.cohorts]
    cohorts = [read_cohort(folder) for folder in snakemake.params.folders]
    table1 = [table_one(cohort, config) for cohort, config in zip(cohorts, configs, strict=True)]
    write_csv(pd.concat(table1), snakemake.output.table1)
    write_csv(pd.concat(attrition(cohort, published) for cohort in cohorts), snakemake.output.attrition)
