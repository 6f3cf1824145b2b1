import pandas as pd
from evenwicht.config import CohortConfig, RegisterWorld
from evenwicht.files import write_csv
from evenwicht.jobs import logged
from evenwicht.worlds.calibration import FIT_COLUMNS, compare_with_published, fit_margins

with logged(snakemake.log[0]):
    published = pd.read_csv(snakemake.input.published)
    worlds = [CohortConfig.model_validate(cohort) for cohort in snakemake.params.cohorts]
    truths = map(pd.read_parquet, snakemake.input.truth)
    compared = [compare_with_published(w.name, t, published) for w, t in zip(worlds, truths, strict=True)]
    known = set(published.loc[published["study"] == "concentration", "cohort"])
    registers = [w for w in worlds if isinstance(w.source, RegisterWorld) and w.name in known]
    fits = [fit_margins(world.name, world.source, published) for world in registers]
    write_csv(pd.concat(compared or [pd.DataFrame()]), snakemake.output.calibration)
    write_csv(pd.concat(fits) if fits else pd.DataFrame(columns=FIT_COLUMNS), snakemake.output.fit)
