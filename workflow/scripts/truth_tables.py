import pandas as pd
from evenwicht.config import CohortConfig
from evenwicht.files import write_csv
from evenwicht.jobs import logged
from evenwicht.recovery import bias_table
from evenwicht.report.survives import survives
from evenwicht.report.tables import replication
from evenwicht.streams import stream_key
from evenwicht.worlds.calibration import COMPARED_COLUMNS, FIT_COLUMNS, compare_with_published, fit_world
from evenwicht.worlds.truth import TRUTH_COLUMNS

with logged(snakemake.log[0]):
    published, estimates = pd.read_csv(snakemake.input.published), pd.read_csv(snakemake.input.estimates)
    worlds = [CohortConfig.model_validate(cohort) for cohort in snakemake.params.cohorts]
    truths = dict(zip([world.name for world in worlds], map(pd.read_parquet, snakemake.input.truth), strict=True))
    compared = [compare_with_published(name, truth, published) for name, truth in truths.items()]
    keys = [stream_key(snakemake.params.seed, world.name, "calibration") for world in worlds]
    fits = [fit_world(world, published, key) for world, key in zip(worlds, keys, strict=True)]
    registry = [truth.assign(cohort=name)[["cohort", *TRUTH_COLUMNS]] for name, truth in truths.items()]
    write_csv(pd.concat([pd.DataFrame(columns=["cohort", *TRUTH_COLUMNS]), *registry]), snakemake.output.truth)
    write_csv(bias_table(estimates), snakemake.output.bias)
    write_csv(survives(estimates), snakemake.output.survives)
    write_csv(replication(estimates, published, list(truths)), snakemake.output.replication)
    write_csv(pd.concat([pd.DataFrame(columns=COMPARED_COLUMNS), *compared]), snakemake.output.calibration)
    write_csv(pd.concat([pd.DataFrame(columns=FIT_COLUMNS), *fits]), snakemake.output.fit)
