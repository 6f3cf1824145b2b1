from pathlib import Path

from evenwicht.config import CohortConfig
from evenwicht.ingest.table import ingest
from evenwicht.jobs import logged

with logged(snakemake.log[0]):
    config = CohortConfig.model_validate(snakemake.params.cohort)
    ingest(config).write(Path(snakemake.output[0]).parent)
