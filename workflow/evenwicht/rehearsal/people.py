"""How each column of people is spread."""

from collections.abc import Sequence

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Column
from evenwicht.cohort import Cohort
from evenwicht.rehearsal.groups import COPIED
from evenwicht.rehearsal.margins import levels_margin, number_margin, yes_no_margin
from evenwicht.rehearsal.protection import Protection
from evenwicht.rehearsal.scores import Scored, score_of


def columns_of(cohort: Cohort, book: Codebook, protection: Protection, left: dict[str, str]) -> dict[str, Scored]:
    numbers: dict[str, Scored] = {}
    kinds = {name: column for name, column in book.columns.items() if name in cohort.persons and _spread(column)}
    for name, column in kinds.items():
        if column.type == "category":
            continue
        values = cohort.persons[name].to_numpy(dtype=float, na_value=np.nan)
        known = ~np.isnan(values)
        if column.type == "boolean":
            margin = yes_no_margin(values[known], protection)
        else:
            margin = number_margin(values[known], protection, whole=column.type == "integer")
        if margin:
            numbers[name] = Scored(margin, score_of(values, plain=column.type == "boolean"))
        else:
            left[name] = "too few people for a band, or of one answer"
    leaning = _leaning([one.score for one in numbers.values()], len(cohort.persons))
    for name, column in kinds.items():
        if column.type == "category":
            levels = cohort.persons[name].astype(object)
            known = levels.notna().to_numpy()
            margin = levels_margin(levels[known], leaning[known], protection)
            if margin:
                place = {level: float(position) for position, level in enumerate(margin["shares"])}
                ranks = levels.astype(str).where(known).map(place).to_numpy(dtype=float)
                numbers[name] = Scored(margin, score_of(ranks))
            else:
                left[name] = "fewer than two levels with enough people"
    for name, column in book.columns.items():
        if column.type == "date" and column.role != "birth_date":
            left[name] = "dates other than of birth are not in a twin"
    return {name: numbers[name] for name in book.columns if name in numbers}


def _spread(column: Column) -> bool:
    return column.type != "date" and column.role not in ("id", *COPIED)


def _leaning(scores: Sequence[Floats], n: int) -> Floats:
    """What most columns go with, (n,): the first principal component, so that levels can stand in an order."""
    if not scores:
        return np.zeros(n)
    filled = np.nan_to_num(np.column_stack(scores))
    return np.asarray(filled @ np.linalg.eigh(filled.T @ filled)[1][:, -1])
