"""Completed copies of a cohort for one outcome of a study, whose missing values are drawn anew in each."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.arrays import Flags, Floats, Ints
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Column
from evenwicht.base.errors import ModelError
from evenwicht.base.outcomes import CountOutcome
from evenwicht.cohort import Cohort
from evenwicht.estimators.chained_equations import Kind, Member, Product, Variable, completed
from evenwicht.estimators.design import standardised
from evenwicht.estimators.survival import ProductLimit
from evenwicht.results.flow import IMPUTED
from evenwicht.studies.competing import outcome_of_study
from evenwicht.studies.samples import design_of
from evenwicht.studies.study import Job, OutcomeStudy
from evenwicht.studies.values import MeanOutcome, TimedOutcome


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
        Those of exposures, of all else that the study rests on, and of the outcome; and auxiliary ones.
    people : (persons,) flags
        Who has, or is given, the outcome. An outcome that is no column is not imputed: whoever lacks it is left as is.
    gaps
        Who of them lacks a column, (persons,) flags by column; columns that all have are left out.
    predictors : (persons, p) array
        What all have.
    products
        What acts more, or less, together; complete columns are (persons, k) arrays.
    apart
        The yes/no exposure with and without which people have models of their own, if any.
    """

    study: OutcomeStudy
    cohort: Cohort
    book: Codebook
    outcome: str
    columns: list[str]
    people: Flags
    gaps: dict[str, Flags]
    predictors: Floats
    products: list[Product]
    apart: Member | None

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
        rests_on = self.study.rests_on(self.book)
        squared = {*rests_on.squares, *rests_on.splines}
        variables = [
            Variable(name, coded(persons[name])[order], self._kind(name), name in squared) for name in self.gaps
        ]
        streams = [job.stream(f"imputation {k} of {part}") for k in range(self.study.missing.imputations)]
        products = [
            Product(_rows(one.one, order), _rows(one.other, order), _rows(one.outcome, order)) for one in self.products
        ]
        apart = None if self.apart is None else _rows(self.apart, order)
        for drawn in completed(variables, self.predictors[order], streams, where, products=products, apart=apart):
            filled = {name: _filled(persons[name], self.gaps[name], order, values) for name, values in drawn.items()}
            yield replace(self.cohort, persons=persons.assign(**filled))

    def _kind(self, name: str) -> Kind:
        outcome = self.book.outcomes[self.outcome]
        if isinstance(outcome, CountOutcome) and outcome.column == name:
            return "count"
        return kind_of(self.book.columns[name])

    def counts(self, exposed: list[str], covariates: list[str], among: Flags | None = None) -> dict[str, int]:
        """People due whose exposure, outcome or covariates are imputed, by step of the flow; of some, (persons,)."""
        some = self.people if among is None else self.people & among
        own = self.book.column_of(self.outcome)
        groups = {"exposure": exposed, "outcome": [own] if own else [], "covariates": covariates}
        people = {}
        for group, columns in groups.items():
            flags = [self.gaps[name] for name in columns if name in self.gaps]
            if flags:
                people[IMPUTED[group]] = int((np.any(flags, axis=0) & some).sum())
        return people


def imputation_of(study: OutcomeStudy, cohort: Cohort, book: Codebook, outcome: str, where: str) -> Imputation:
    """Say what is to be imputed for an outcome, and by what.

    Complete columns predict the others with the squares and splines of the study, incomplete ones with their squares
    where it has either. Products that the study needs are in the models of all that they are about; where one is of a
    yes/no exposure and an incomplete column, people with and without the exposure have models of their own. Sampling
    weights predict as well. An outcome that is no column predicts by its value or, if it is a time to an event, by
    whether it happened and the cumulative hazard up to then (White and Royston 2009, Statistics in Medicine 28:1982),
    and so does what competes with it. Families and clusters are not in the model.

    Raises
    ------
    DataError
        As `competing.outcome_of_study`.
    ModelError
        If an incomplete column acts together with an exposure that is no yes/no column.
    """
    persons, adjust, own = cohort.persons, study.rests_on(book), book.column_of(outcome)
    exposed = [name for _, name in study.exposed_columns()]
    columns = list(dict.fromkeys([*exposed, *adjust.columns, *study.missing.auxiliary, *([own] if own else [])]))
    people, told = np.ones(len(persons), dtype=bool), np.empty((len(persons), 0))
    if own is None:
        values, unknown = outcome_of_study(study, cohort, book, outcome, where)
        people &= ~unknown
        told = np.column_stack([_told(one, people) for one in values])
    weights = np.empty((len(persons), 0))
    if study.weights is not None:
        people &= persons[study.weights].notna().to_numpy()
        weights = persons[[study.weights]].to_numpy(dtype=float, na_value=np.nan)
    gaps = {name: persons[name].isna().to_numpy() & people for name in columns}
    gaps = {name: flags for name, flags in gaps.items() if flags.any()}
    complete = [name for name in columns if name not in gaps]
    predictors = np.full((len(persons), 0), np.nan)
    if people.any():
        rows = persons[people]
        known, _ = design_of(rows, _only(adjust, complete))
        more, _ = design_of(rows, Adjustment(columns=[n for n in complete if n not in adjust.columns]))
        predictors = _spread(np.hstack([known, standardised(more), told[people], weights[people]]), people)

    def member(name: str) -> Member:
        if name in gaps or not people.any():
            return name
        return _spread(design_of(persons[people], Adjustment(columns=[name]))[0], people)

    exposure = _apart(study, book, gaps, where)
    apart = None if exposure is None else member(exposure)
    pairs = [*study.products(), *(pair for pair in adjust.interactions if set(pair) & set(gaps))]
    last = told if own is None else member(own)
    products = [Product(member(one), member(other), last) for one, other in pairs]
    return Imputation(study, cohort, book, outcome, columns, people, gaps, predictors, products, apart)


def _apart(study: OutcomeStudy, book: Codebook, gaps: dict[str, Flags], where: str) -> str | None:
    """Say which exposure changes what an incomplete column does, so that those with and without it differ in all.

    Raises
    ------
    ModelError
        If it is no yes/no column: the model of what it acts together with is then none that can be drawn from.
    """
    for one, other in study.products():
        if other in gaps and book.columns[one].type != "boolean":
            raise ModelError(
                f"'{other}' cannot be imputed: what it does may depend on '{one}', which is no yes/no column",
                where=where,
                fix="Compare by a yes/no column, or choose another handling.",
            )
        if other in gaps:
            return one
    return None


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


def _filled(column: pd.Series, gap: Flags, order: Ints, drawn: Floats) -> pd.Series:
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


def _told(values: MeanOutcome | TimedOutcome, people: Flags) -> Floats:
    """The value; or whether the event happened, and the cumulative hazard from entry up to then, (persons, 1 or 2)."""
    if isinstance(values, MeanOutcome):
        return values.value[:, None]
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


def _spread(matrix: Floats, people: Flags) -> Floats:
    """A matrix of some people, (people, k), among everybody, (persons, k)."""
    everybody = np.full((len(people), matrix.shape[1]), np.nan)
    everybody[people] = matrix
    return everybody


def _rows(part: Member, order: Ints) -> Member:
    """Complete columns of these people in this order; a name as it is."""
    return part if isinstance(part, str) else part[order]


def _only(adjust: Adjustment, columns: list[str]) -> Adjustment:
    return adjust.without(*(name for name in adjust.columns if name not in columns))
