"""Parts of a cohort in which a study is repeated."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from evenwicht.base.codebook import Codebook
from evenwicht.cohort import Cohort
from evenwicht.studies.study import OutcomeStudy, StudySettings, part_keys


def subgroups(
    study: StudySettings, cohort: Cohort, book: Codebook, parted_by: Iterable[tuple[str, int | None]]
) -> Iterator[tuple[str, StudySettings, Cohort]]:
    """Yield the key of the rows, the study and the people, of each level or part of some columns.

    What makes a subgroup is no covariate within it, but for a number: it still varies within its parts.
    """
    for name, cut in parted_by:
        values = cohort.persons[name]
        if cut is not None:
            number = values.to_numpy(dtype=float, na_value=np.nan)
            cuts = np.nanquantile(number, np.arange(1, cut) / cut)
            place = np.where(np.isnan(number), -1, np.searchsorted(cuts, number))
            parts = {key: place == k for k, key in enumerate(part_keys(name, cut))}
        elif book.columns[name].type == "boolean":
            flags = values.to_numpy(dtype=float, na_value=np.nan)
            parts = {f"{name}=yes": flags == 1, f"{name}=no": flags == 0}
        else:
            parts = {f"{name}={level}": np.asarray(values == level, dtype=bool) for level in values.cat.categories}
        within = study
        if isinstance(study, OutcomeStudy) and cut is None:
            within = study.model_copy(update={"adjust": book.adjustment(study.adjust).without(name)})
        for key, flags in parts.items():
            yield key, within, among(cohort, flags)


def among(cohort: Cohort, flags: np.ndarray) -> Cohort:
    """Return some people of a cohort, (persons,) flags, with their rows in every table; they know all."""
    persons = cohort.persons[flags].reset_index(drop=True)
    ids = persons[cohort.id]
    tables = {name: getattr(cohort, name) for name in ("measures", "events", "costs", "pieces")}
    own = {name: table[table["id"].isin(ids)] for name, table in tables.items()}
    return replace(cohort, persons=persons, part_of=cohort.whole, **own)
