"""What is missing, and of whom."""

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Floats
from evenwicht.base.codebook import Codebook
from evenwicht.cohort import Cohort
from evenwicht.results.rows import SAMPLE, Rows
from evenwicht.studies.attrition import complete_cases
from evenwicht.studies.missing_data import Settings
from evenwicht.studies.values import outcome_values


def tell_shares(rows: Rows, study: Settings, cohort: Cohort, book: Codebook) -> None:
    """Add the share of people for whom each column, and each outcome, is not known."""
    n = len(cohort.persons)
    for name in study.used(book):
        rows.diagnose("share_missing", SAMPLE, float(cohort.persons[name].isna().mean()), n=n, exposure=name)


def tell_differences(rows: Rows, study: Settings, cohort: Cohort, book: Codebook, where: str) -> None:
    """Add how people with anything missing differ from complete ones, in standard deviations of everybody.

    Told of each column that everybody has, of categories for each level, if anybody is not complete.
    """
    persons = cohort.persons
    _, unknown = outcome_values(cohort, book.outcomes[rows.outcome], where, study.follow)
    gone = np.any(list(unknown.values()), axis=0)
    rows.diagnose("share_missing", SAMPLE, float(gone.mean()), n=len(persons))
    cases = complete_cases(study, cohort, book, rows.outcome, where)
    left = cases.due & ~cases.observed
    if not left.any() or not cases.observed.any():
        return
    for name in study.used(book):
        if persons[name].isna().any():
            continue
        for key, values in _numbers(name, persons[name]).items():
            spread = float(values[cases.due].std())
            apart = float(values[left].mean() - values[cases.observed].mean()) / spread if spread > 0 else 0.0
            rows.diagnose("missing_difference", SAMPLE, apart, n=int(cases.due.sum()), exposure=key)


def _numbers(name: str, column: pd.Series) -> dict[str, Floats]:
    """A column as numbers, by key: a category has one for each level that occurs, of two levels for the second."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        present = [level for level in column.cat.categories if (column == level).any()]
        shown = present[1:] if len(present) == 2 else present
        return {f"{name}={level}": (column == level).to_numpy(dtype=float) for level in shown}
    return {name: column.to_numpy(dtype=float)}
