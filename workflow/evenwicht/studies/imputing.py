"""Completed copies of a cohort for one outcome of a study, whose missing values are drawn anew in each."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Column
from evenwicht.cohort import Cohort
from evenwicht.estimators.chained_equations import Kind, Variable, completed
from evenwicht.estimators.design import standardised
from evenwicht.estimators.survival import ProductLimit
from evenwicht.results.flow import IMPUTED
from evenwicht.studies.samples import design_of
from evenwicht.studies.study import Job, OutcomeStudy
from evenwicht.studies.values import TimedOutcome, outcome_values


@dataclass(frozen=True)
class Imputation:
    """What is imputed for one outcome of a study.

    Attributes
    ----------
    study
        Its settings, as they hold for these people.
    cohort, book
        Everybody, and what their columns are.
    outcome
        Id of the outcome.
    columns
        Columns of exposures, covariates and the outcome, and auxiliary ones.
    people : (persons,) flags
        Who has, or is given, the outcome. An outcome that is no column is not imputed: whoever lacks it is left as is.
    gaps
        Who of them lacks a column, (persons,) flags by column; columns that all have are left out.
    """

    study: OutcomeStudy
    cohort: Cohort
    book: Codebook
    outcome: str
    columns: list[str]
    people: Flags
    gaps: dict[str, Flags]
    predictors: Floats

    @property
    def needed(self) -> bool:
        """Whether anything is to be imputed."""
        return bool(self.gaps)

    def copies(self, job: Job, where: str, part: str) -> Iterator[Cohort]:
        """Yield the completed cohorts, each from a stream of its own.

        Raises
        ------
        ModelError
            As `chained_equations.completed`.
        """
        persons = self.cohort.persons
        # by id, so that the order of rows changes nothing
        order = np.flatnonzero(self.people)[persons.loc[self.people, self.cohort.id].argsort(kind="stable").to_numpy()]
        squared = {*self._adjust.squares, *self._adjust.splines}
        variables = [
            Variable(name, coded(persons[name])[order], kind_of(self.book.columns[name]), name in squared)
            for name in self.gaps
        ]
        streams = [job.stream(f"imputation {k} of {part}") for k in range(self.study.missing.imputations)]
        for drawn in completed(variables, self.predictors[order], streams, where):
            filled = {name: _filled(persons[name], self.gaps[name], order, values) for name, values in drawn.items()}
            yield replace(self.cohort, persons=persons.assign(**filled))

    def counts(self, exposed: list[str], covariates: list[str]) -> dict[str, int]:
        """People due whose exposure, outcome or covariates are imputed, by step of the flow."""
        own = self.book.column_of(self.outcome)
        groups = {"exposure": exposed, "outcome": [own] if own else [], "covariates": covariates}
        people = {}
        for group, columns in groups.items():
            flags = [self.gaps[name] for name in columns if name in self.gaps]
            if flags:
                people[IMPUTED[group]] = int(np.any(flags, axis=0).sum())
        return people

    @property
    def _adjust(self) -> Adjustment:
        return self.book.adjustment(self.study.adjust)


def imputation_of(study: OutcomeStudy, cohort: Cohort, book: Codebook, outcome: str, where: str) -> Imputation:
    """Say what is to be imputed for an outcome, and by what.

    Complete columns predict the others with the squares, splines, products and modifiers of the study; incomplete ones
    enter with their squares where the study has squares or splines of them, and without products. Sampling weights
    predict as well. An outcome that is no column predicts by its value or, if it is a time to an event, by whether it
    happened and the cumulative hazard up to then (White and Royston 2009, Statistics in Medicine 28:1982). Families and
    clusters are not in the model.

    Raises
    ------
    DataError
        As `values.outcome_values`.
    """
    persons, adjust, own = cohort.persons, book.adjustment(study.adjust), book.column_of(outcome)
    exposed = [name for _, name in study.exposed_columns()]
    columns = list(dict.fromkeys([*exposed, *adjust.columns, *study.missing.auxiliary, *([own] if own else [])]))
    people, told = np.ones(len(persons), dtype=bool), np.empty((len(persons), 0))
    if own is None:
        values, unknown = outcome_values(cohort, book.outcomes[outcome], where, getattr(study, "follow", None))
        for flags in unknown.values():
            people &= ~flags
        told = _history(values, people) if isinstance(values, TimedOutcome) else values.value[:, None]
    if study.weights is not None:
        people &= persons[study.weights].notna().to_numpy()
        told = np.column_stack([told, persons[study.weights].to_numpy(dtype=float, na_value=np.nan)])
    gaps = {name: persons[name].isna().to_numpy() & people for name in columns}
    gaps = {name: flags for name, flags in gaps.items() if flags.any()}
    complete = [name for name in columns if name not in gaps]
    predictors = np.full((len(persons), 0), np.nan)
    if people.any():
        rows = persons[people]
        known, _ = design_of(rows, _only(adjust, complete))
        more, _ = design_of(rows, Adjustment(columns=[n for n in complete if n not in adjust.columns]))
        products = _products(study, rows, [n for n in exposed if n in complete], complete)
        found = np.hstack([known, standardised(more), products, told[people]])
        predictors = np.full((len(persons), found.shape[1]), np.nan)
        predictors[people] = found
    return Imputation(study, cohort, book, outcome, columns, people, gaps, predictors)


def kind_of(column: Column) -> Kind:
    """How the values of a column are drawn."""
    if column.type == "boolean":
        return "binary"
    return "category" if column.type == "category" else "number"


def coded(values: pd.Series) -> Floats:
    """Values of a column as numbers, (n,): those of a category by the place of its level; NaN where not known."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes = values.cat.codes.to_numpy(dtype=float)
        return np.where(codes < 0, np.nan, codes)
    return values.to_numpy(dtype=float, na_value=np.nan)


def _filled(column: pd.Series, gap: Flags, order: np.ndarray, drawn: Floats) -> pd.Series:
    """The column with what was drawn, (ordered people,), where it has a gap."""
    values = np.full(len(column), np.nan)
    values[order] = drawn
    values = np.where(gap, values, coded(column))
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = np.where(np.isnan(values), -1, values).astype(int)
        return pd.Series(pd.Categorical.from_codes(codes.tolist(), dtype=column.dtype), index=column.index)
    if pd.api.types.is_bool_dtype(column.dtype):
        unknown = np.isnan(values)
        return pd.Series(pd.arrays.BooleanArray(np.where(unknown, 0, values).astype(bool), unknown), index=column.index)
    return pd.Series(values, index=column.index)


def _history(values: TimedOutcome, people: Flags) -> Floats:
    """Whether the event happened, and the cumulative hazard from entry up to then, (persons, 2)."""
    told = np.full((len(people), 2), np.nan)
    curve = ProductLimit(
        replace(values, entry=values.entry[people], time=values.time[people], event=values.event[people]).survival()
    )
    hazard = np.concatenate([[0.0], np.cumsum(curve.hazard)])
    reached, entered = (
        hazard[np.searchsorted(curve.times, at[people], side="right")] for at in (values.time, values.entry)
    )
    told[people] = np.column_stack([values.event[people], reached - entered])
    return told


def _only(adjust: Adjustment, columns: list[str]) -> Adjustment:
    return adjust.without(*(name for name in adjust.columns if name not in columns))


def _products(study: OutcomeStudy, rows: pd.DataFrame, exposed: list[str], complete: list[str]) -> Floats:
    """Products of complete exposures and complete modifiers, (rows, p)."""
    modifiers = [name for name in getattr(study, "modifiers", []) if name in complete]
    pairs = [(one, other) for one in exposed for other in modifiers if one != other]
    parts = [np.empty((len(rows), 0))]
    for one, other in pairs:
        matrices = [design_of(rows, Adjustment(columns=[name]))[0] for name in (one, other)]
        parts += [np.column_stack([a * b for a in matrices[0].T for b in matrices[1].T])]
    return np.hstack(parts)
