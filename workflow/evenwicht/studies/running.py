"""Run one study of a cohort: in everybody and in each subgroup, each part failing alone."""

from itertools import chain

import pandas as pd

from evenwicht.base.codebook import Codebook
from evenwicht.base.streams import stream
from evenwicht.cohort import Cohort
from evenwicht.results.flow import SUBGROUP, departures, not_known
from evenwicht.results.rows import Findings
from evenwicht.results.schema import Known
from evenwicht.studies.handling import parted_within, run_with_missing
from evenwicht.studies.parts import part_of_kind
from evenwicht.studies.study import Job, StudySettings
from evenwicht.studies.subgroups import subgroups


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
        `estimates`, `diagnostics`, `flow`, `magnitudes` (see `results.schema`) and `curves`. What the data cannot
        support is a row that says why. The flow of a whole column of subgroups counts those who belong to none.
    """
    run = part_of_kind(study.kind, "run").run
    units = {outcome: book.unit(outcome) for outcome in book.outcomes}
    found = Findings(book.cohort, name, units, job.known, strict)
    apart = [parts for parts in study.parted_by() if parts not in parted_within(study)]
    for subgroup, part, people in chain([("", study, cohort)], subgroups(study, cohort, book, apart)):
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
