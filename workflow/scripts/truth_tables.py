import pandas as pd
from evenwicht.base.files import withdraw, write_csv
from evenwicht.base.jobs import logged
from evenwicht.base.streams import stream_key
from evenwicht.config import CohortConfig
from evenwicht.recovery import bias_table
from evenwicht.report.tables import replication
from evenwicht.results.schema import DIAGNOSTICS, ESTIMATES, TRUTH
from evenwicht.studies.event_study.survives import survives
from evenwicht.worlds import compare_with_published, fit_world
from evenwicht.worlds.fitting import FIT
from evenwicht.worlds.published import CALIBRATION, PUBLISHED

with logged(snakemake.log[0]):
    withdraw(snakemake.params.pages)
    given, out, params = snakemake.input, snakemake.output, snakemake.params
    estimates, diagnostics = ESTIMATES.read_csv(given.estimates), DIAGNOSTICS.read_csv(given.diagnostics)
    published = PUBLISHED.read_csv(given.published)
    worlds = [CohortConfig.model_validate(cohort) for cohort in params.cohorts]
    truths = [pd.read_parquet(file) for file in given.truth]
    registry, compared, fits = [TRUTH.table([])], [CALIBRATION.table([])], [FIT.table([])]
    for world, questions, truth in zip(worlds, params.questions, truths, strict=True):
        registry.append(truth.assign(cohort=world.name))
        compared.append(compare_with_published(world.name, truth, published))
        key = stream_key(params.seed, world.name, "calibration")
        fits.append(fit_world(world.source, world.codebook, questions, published, key))
    write_csv(TRUTH.checked(pd.concat(registry)), out.truth)
    write_csv(bias_table(estimates), out.bias)
    write_csv(survives(estimates, diagnostics), out.survives)
    write_csv(replication(estimates, diagnostics, published, [world.name for world in worlds]), out.replication)
    write_csv(CALIBRATION.checked(pd.concat(compared)), out.calibration)
    write_csv(FIT.checked(pd.concat(fits)), out.fit)
