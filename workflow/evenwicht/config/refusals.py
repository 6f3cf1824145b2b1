"""What a cohort file may name but a study cannot use: each is refused by name before any job starts."""

import calendar
import datetime as dt
from collections.abc import Iterator, Sequence

from evenwicht.config.run import CohortConfig
from evenwicht.config.source import Precision
from evenwicht.config.studies import BinaryOutcome, BirthPeriodsStudy, ContinuousOutcome

Mistake = tuple[str, str, str]  # key path, what is wrong, how to mend it
FINENESS: list[Precision] = ["year", "month", "day"]
CLUSTER_NEEDS: dict[str | None, Precision] = {None: "year", "month": "month", "week": "day", "day": "day"}


def refusals(cohort: CohortConfig) -> Iterator[Mistake]:
    """Yield what a study of the cohort names but cannot use."""
    yield from _outcomes_of_the_wrong_type(cohort)
    yield from _named_twice(cohort)
    yield from _unfit_covariates(cohort)
    yield from _coarse_birth_dates(cohort)
    for index, name in enumerate(cohort.table1):
        if name in cohort.columns and cohort.columns[name].role == "id":
            yield f"table1.{index}", f"'{name}' is an identifier", "Remove it: it describes nobody."


def _outcomes_of_the_wrong_type(cohort: CohortConfig) -> Iterator[Mistake]:
    for key, outcome in cohort.outcomes.items():
        if not isinstance(outcome, ContinuousOutcome | BinaryOutcome) or outcome.column not in cohort.columns:
            continue
        kind, fitting = cohort.columns[outcome.column].type, ["boolean"]
        if isinstance(outcome, ContinuousOutcome):
            fitting = ["number", "integer"]
        if kind not in fitting:
            yield (
                f"outcomes.{key}.column",
                f"'{outcome.column}' is of type {kind}; a {outcome.kind} outcome is of type {' or '.join(fitting)}",
                "Correct `kind`, or the type of the column.",
            )


def _named_twice(cohort: CohortConfig) -> Iterator[Mistake]:
    lists: dict[str, Sequence[str]] = {"table1": cohort.table1}
    for level in ("individual", "policy", "birth_periods", "reform", "event_study"):
        study = getattr(cohort, level)
        if study is not None:
            lists[f"{level}.outcomes"] = study.outcomes
            lists[f"{level}.adjust.columns"] = study.adjust.columns
            lists[f"{level}.adjust.quadratic"] = study.adjust.quadratic
    if cohort.individual is not None:
        lists["individual.modifiers"] = cohort.individual.modifiers
    if cohort.policy is not None:
        lists["policy.exposures"] = cohort.policy.exposures
    if cohort.event_study is not None:
        lists["event_study.negative_controls"] = cohort.event_study.negative_controls
    for path, names in lists.items():
        for index, name in enumerate(names):
            if name in names[:index]:
                yield f"{path}.{index}", f"'{name}' is listed twice", "Remove one of them."


def _unfit_covariates(cohort: CohortConfig) -> Iterator[Mistake]:
    """Yield dates, identifiers, exposures and outcomes among the covariates, and outcomes that are the exposure."""
    exposures = {
        "individual": [cohort.individual.exposure] if cohort.individual else [],
        "policy": cohort.policy.exposures if cohort.policy else [],
        "reform": [cohort.reform.exposure] if cohort.reform else [],
    }
    for level in ("individual", "policy", "birth_periods", "reform", "event_study"):
        study = getattr(cohort, level)
        if study is None:
            continue
        exposed = exposures.get(level, [])
        measured = {
            outcome.column: name
            for name in study.outcomes
            if isinstance(outcome := cohort.outcomes.get(name), ContinuousOutcome | BinaryOutcome)
        }
        for index, name in enumerate(study.adjust.columns):
            path, column = f"{level}.adjust.columns.{index}", cohort.columns.get(name)
            if column is not None and column.type == "date":
                yield (
                    path,
                    f"'{name}' is a date",
                    "Adjust for a number, such as the year, or for a category made of it.",
                )
            if column is not None and column.role == "id":
                yield path, f"'{name}' identifies persons", "Remove it from the covariates."
            if name in measured:
                yield (
                    path,
                    f"'{name}' is the outcome {measured[name]} itself",
                    "Remove it, or study that outcome apart.",
                )
            if name in exposed:
                yield path, f"'{name}' is the exposure itself", "Remove it from the covariates."
        for name in exposed:
            if name in measured:
                yield f"{level}.outcomes", f"'{measured[name]}' is the exposure {name} itself", "Remove it."


def _coarse_birth_dates(cohort: CohortConfig) -> Iterator[Mistake]:
    """Yield every study of dates of birth that needs them finer than they are declared."""
    known = {name: column.precision for name, column in cohort.columns.items() if column.role == "birth_date"}
    needs: dict[str, Precision] = {}
    if cohort.event_study is not None:
        needs["event_study"] = "month"  # its quarters, seasons and doses are made of months
    if cohort.reform is not None:
        needs["reform"] = "day"
    if cohort.birth_periods is not None:
        needs["birth_periods"] = _needed_by(cohort.birth_periods)
    for name, precision in known.items():
        for section, needed in needs.items():
            if FINENESS.index(precision) < FINENESS.index(needed):
                yield (
                    f"columns.{name}.precision",
                    f"'{name}' is known to the {precision}, but {section} needs the {needed} of birth",
                    "Get finer dates, or leave that study out.",
                )


def _needed_by(study: BirthPeriodsStudy) -> Precision:
    """The precision at which it is known who was born in each window, and in which cluster."""
    needs: list[Precision] = [CLUSTER_NEEDS[study.cluster], "year" if study.region is None else "month"]
    needs += [_precision_of(window.first, window.last) for window in study.exposed.values()]
    return max(needs, key=FINENESS.index)


def _precision_of(first: dt.date, last: dt.date) -> Precision:
    if first.day != 1 or last.day != calendar.monthrange(last.year, last.month)[1]:
        return "day"
    return "year" if (first.month, last.month) == (1, 12) else "month"
