import pandas as pd
from evenwicht.base.files import withdraw, write_csv
from evenwicht.base.jobs import logged
from evenwicht.cohort import read_cohort
from evenwicht.config import CohortConfig
from evenwicht.report.tables import attrition, table_one
from evenwicht.results.states import states
from evenwicht.worlds.published import PUBLISHED

with logged(snakemake.log[0]):
    withdraw(snakemake.params.pages)
    published = PUBLISHED.read_csv(snakemake.input.published)
    cohorts = [read_cohort(folder) for folder in snakemake.params.folders]
    configs = [CohortConfig.model_validate(people) for people in snakemake.params.people]
    books = [config.codebook for config in configs]
    described = zip(cohorts, books, snakemake.params.table1, snakemake.params.described_by, strict=True)
    table1 = [table_one(*by_exposure) for by_exposure in described]
    write_csv(pd.concat(table1), snakemake.output.table1)
    write_csv(pd.concat(attrition(cohort, published) for cohort in cohorts), snakemake.output.attrition)
    counted = [states(cohort, config.source) for cohort, config in zip(cohorts, configs, strict=True)]
    write_csv(pd.concat(counted), snakemake.output.states)
