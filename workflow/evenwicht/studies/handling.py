"""Run a study as it is, on imputed copies of its people, or with people weighted for those not observed."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import DataError, ModelError
from evenwicht.base.missing import Missing
from evenwicht.base.outcomes import effect_estimand
from evenwicht.cohort import Cohort
from evenwicht.display.section import Row
from evenwicht.estimators.results import Interval
from evenwicht.results.flow import ANALYSED, WEIGHTED
from evenwicht.results.rows import FAILED, Findings, Rows
from evenwicht.studies.attrition import ATTRITION_COLUMN, complete_cases, staged_weights
from evenwicht.studies.imputing import Imputation, imputation_of
from evenwicht.studies.pooling import add_new, pool_curves, pool_diagnostics, pool_estimates
from evenwicht.studies.study import ExposureStudy, Job, OutcomeStudy, StudySettings
from evenwicht.studies.subgroups import subgroups

Run = Callable[[StudySettings, Cohort, Codebook, Findings, Job], None]
IMPUTATION, ATTRITION_WEIGHTS = "imputation", "attrition_weights"


def parted_within(study: StudySettings) -> list[tuple[str, int]]:
    """Return each number by whose parts a study is repeated once its missing values are handled, with how many.

    What a kind itself is parted by is missing with all else; subgroups that a user asks for are studies of their own.
    """
    handled = isinstance(study, OutcomeStudy) and study.missing.handling in (IMPUTATION, ATTRITION_WEIGHTS)
    return study.own_parts() if handled else []


def run_with_missing(run: Run, study: StudySettings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Run a kind of study and handle missing values as its settings say; of everybody also the parts of the kind."""
    handling = study.missing.handling if isinstance(study, OutcomeStudy) else "complete_cases"
    if not found.subgroup and (parted_by := parted_within(study)):
        run = partial(_run_with_parts, run, parted_by)
    if isinstance(study, OutcomeStudy) and handling == IMPUTATION:
        for name in study.outcomes:
            for part in _exposures_apart(study.model_copy(update={"outcomes": [name]})):
                _imputed(run, part, cohort, book, found, job)
    elif isinstance(study, ExposureStudy) and handling == ATTRITION_WEIGHTS:
        for name in study.outcomes:
            for exposure in study.exposures:
                part = study.model_copy(update={"outcomes": [name], "exposures": [exposure]})
                _weighted(run, part, cohort, book, found, job)
    else:
        run(study, cohort, book, found, job)


def _exposures_apart(study: OutcomeStudy) -> list[OutcomeStudy]:
    """Return the study; if exposures act together with other columns, one for each, whose imputations know that."""
    if not (isinstance(study, ExposureStudy) and study.products()):
        return [study]
    columns = dict.fromkeys(exposure.column for exposure in study.exposures)
    return [
        study.model_copy(update={"exposures": [e for e in study.exposures if e.column == column]}) for column in columns
    ]


def _run_with_parts(
    run: Run,
    parted_by: list[tuple[str, int]],
    study: StudySettings,
    cohort: Cohort,
    book: Codebook,
    found: Findings,
    job: Job,
) -> None:
    run(study, cohort, book, found, job)
    for subgroup, part, people in subgroups(study, cohort, book, parted_by):
        found.subgroup = subgroup
        with found.part():
            run(part, people, book, found, job)
    found.subgroup = ""


def _imputed(run: Run, study: OutcomeStudy, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """One outcome: the study on each completed copy, pooled."""
    [outcome] = study.outcomes
    as_if = study.model_copy(update={"missing": Missing()})
    where = f"cohort {book.cohort}, study {found.study}, imputation for {outcome}"
    copies, first = list[Findings](), cohort
    try:
        imputation = imputation_of(study, cohort, book, outcome, where)
        if not imputation.needed:
            _as_it_is(run, as_if, cohort, book, found, job)
            return
        for people in imputation.copies(job, where, f"{found.study}, {outcome}, {found.subgroup}"):
            first = people if not copies else first
            copy = _findings(found)
            run(as_if, people, book, copy, job)
            copies.append(copy)
    except (DataError, ModelError) as error:
        _failed(study, book, found, error)
        return
    estimates, diagnostics = [], pool_diagnostics([copy.diagnostics for copy in copies])
    told = _findings(found)
    for row, pooled in pool_estimates([copy.estimates for copy in copies]):
        estimates.append(row)
        if pooled is not None and row["estimand"] == effect_estimand(book.outcomes[outcome]):
            told.subgroup = str(row["subgroup"])
            rows = Rows(told, str(row["outcome"]), str(row["exposure"]), str(row["reference"]))
            lost = pooled.missing_information
            rows.diagnose("missing_information", str(row["method"]), lost, n=row["n"], at=str(row["at"]))
    add_new(found, estimates, [*diagnostics, *told.diagnostics], _imputed_flow(copies[0], imputation, first))
    found.curves += pool_curves([copy.curves for copy in copies])


def _imputed_flow(copy: Findings, imputation: Imputation, people: Cohort) -> list[Row]:
    """The flow of the first copy and of its people, with how many are imputed.

    In others it differs by those whose imputed exposure is another level, or whose imputed rank is in another part.
    """
    study, book, rows = imputation.study, imputation.book, list[Row]()
    parts = {key: part for key, _, part in subgroups(study, people, book, parted_within(study))}
    ids = people.persons[people.id]
    for row in copy.flow:
        rows.append(row)
        if row["step"] == ANALYSED:
            part = parts.get(str(row["subgroup"]))
            among = None if part is None else ids.isin(part.persons[part.id]).to_numpy()
            counts = imputation.counts(*study.columns_of(book, str(row["exposure"]), str(row["reference"])), among)
            rows += [{**row, "step": step, "people": count} for step, count in counts.items()]
    return rows


def _weighted(run: Run, study: ExposureStudy, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """One outcome and exposure: complete cases, weighted for those who are not."""
    [outcome], [exposure] = study.outcomes, study.exposures
    where = f"cohort {book.cohort}, study {found.study}, weights for {exposure.column} on {outcome}"
    as_if = study.model_copy(update={"missing": Missing()})
    try:
        cases = complete_cases(study, cohort, book, outcome, where)
        if not cases.anybody_left:
            _as_it_is(run, as_if, cohort, book, found, job)
            return
        weights = staged_weights(cases, where)
    except (DataError, ModelError) as error:
        _failed(study, book, found, error)
        return
    column = np.full(len(cohort.persons), np.nan)
    column[cases.due] = weights.sampling * weights.weights
    column[~cases.observed] = np.nan
    name = ATTRITION_COLUMN
    people = cohort.persons.assign(**{name: column})
    copy = _findings(found)
    run(as_if.model_copy(update={"weights": name}), replace(cohort, persons=people), book, copy, job)
    flow = []
    for row in copy.flow:
        flow.append(row)
        if row["step"] == ANALYSED:
            flow.append({**row, "step": WEIGHTED})
    told = _findings(found)
    for contrast in study.exposures_shown(book):
        rows = Rows(told, outcome, contrast.exposure, contrast.reference)
        n = int(cases.due.sum())
        rows.diagnose("share_observed", ATTRITION_WEIGHTS, float(cases.observed[cases.due].mean()), n=n)
        rows.diagnose("largest_weight", ATTRITION_WEIGHTS, float(weights.weights.max()), n=int(weights.observed.sum()))
    add_new(found, copy.estimates, [*copy.diagnostics, *told.diagnostics], flow)
    found.curves += copy.curves


def _as_it_is(run: Run, study: StudySettings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Nothing is missing: the study as ever, without what it tells again with each outcome."""
    copy = _findings(found)
    run(study, cohort, book, copy, job)
    add_new(found, copy.estimates, copy.diagnostics, copy.flow)
    found.curves += copy.curves


def _findings(found: Findings) -> Findings:
    """Empty findings of the same study and the same people."""
    return Findings(found.cohort, found.study, found.units, found.known, found.strict, found.subgroup)


def _failed(study: OutcomeStudy, book: Codebook, found: Findings, error: DataError | ModelError) -> None:
    """Say of every comparison why it could not be made."""
    if found.strict:
        raise error
    [outcome] = study.outcomes
    estimand = effect_estimand(book.outcomes[outcome])
    keys = [(c.exposure, c.reference) for c in study.exposures_shown(book)] or [("", "")]
    for exposure, reference in keys:
        rows = Rows(found, outcome, exposure, reference)
        rows.add(estimand, FAILED, Interval.not_estimable(error.what))
