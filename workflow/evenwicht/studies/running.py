"""Run one study of a cohort: in everybody and in each subgroup, each part failing alone."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from evenwicht.base.codebook import Codebook
from evenwicht.base.streams import stream
from evenwicht.cohort import Cohort
from evenwicht.results.flow import SUBGROUP, departures, not_known
from evenwicht.results.rows import Findings
from evenwicht.results.schema import Known
from evenwicht.studies.handling import run_with_missing
from evenwicht.studies.parts import part_of_kind
from evenwicht.studies.study import Job, OutcomeStudy, StudySettings, part_keys


def run_study(
    name: str, study: StudySettings, cohort: Cohort, book: Codebook, job: Job, *, strict: bool = False
) -> dict[str, pd.DataFrame]:
    """Run a study and return its tables.

    Parameters
    ----------
    name
        Id of the study.
    study, cohort, book
        Its settings, the people, and what their columns and outcomes are.
    job
        Random numbers, and what is wanted.
    strict
        Whether a data or model error ends the study.

    Returns
    -------
    dict
        `estimates`, `diagnostics`, `flow` (see `results.schema`) and `curves`. What the data cannot support is a row
        that says why. The flow of a whole column of subgroups counts those who belong to none.
    """
    run = part_of_kind(study.kind, "run").run
    units = {outcome: book.unit(outcome) for outcome in book.outcomes}
    found = Findings(book.cohort, name, units, job.known, strict)
    for subgroup, part, people in _subgroups(study, cohort, book):
        found.subgroup = subgroup
        with found.part():
            run_with_missing(run, part, people, book, found, job)
    for name, _ in study.parted_by():
        _, flow = departures({SUBGROUP: not_known(cohort.persons, [name])})
        found.subgroup = name
        with found.part() as rows:
            rows.flow(flow)
    return found.tables()


def job_of(seed: int, cohort: str, known: Known = None) -> Job:
    """Return what a job of a cohort is told; streams are named by seed, cohort and part of the study."""
    return Job(lambda part: stream(seed, cohort, part), known)


def _subgroups(study: StudySettings, cohort: Cohort, book: Codebook) -> Iterator[tuple[str, StudySettings, Cohort]]:
    """Yield the key of the rows, the study and the people, of everybody and of each level of each subgroup.

    What makes a subgroup is no covariate within it, but for a number: it still varies within its parts.
    """
    yield "", study, cohort
    for name, cut in study.parted_by():
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
    tables = {name: getattr(cohort, name) for name in ("measures", "events", "costs")}
    own = {name: table[table["id"].isin(ids)] for name, table in tables.items()}
    return replace(cohort, persons=persons, part_of=cohort.whole, **own)
