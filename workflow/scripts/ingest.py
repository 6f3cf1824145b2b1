from pathlib import Path

from evenwicht.base.files import kept_private
from evenwicht.base.jobs import logged
from evenwicht.config import CohortConfig
from evenwicht.ingest.table import ingest

with logged(snakemake.log[0]), kept_private(snakemake.params.private):
    config = CohortConfig.model_validate(snakemake.params.cohort)
    ingest(config.source, config.codebook).write(Path(snakemake.output[0]).parent)
