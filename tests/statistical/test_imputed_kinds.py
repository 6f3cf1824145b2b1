"""Kinds that may impute are right where complete cases are not: what is missing depends on a sign of the outcome.

True values are those of a very large cohort of which everything is known. Bands are four binomial errors around 95%,
and four Monte Carlo errors around no bias; the people and their gaps are those of `tests.gaps`.
"""

from functools import cache

import numpy as np
import pytest

from tests.gaps import CASES, judged, lacking, tables_of, whole

DRAWS, COPIES = 100, 4
MANY = {"competing_risks": 20_000}  # people of the true values
FEWER = dict.fromkeys(["inequality", "inequality, exposure not known"], 50)  # which repeat the study in every third
MISLED = {  # rows of which complete cases tell another story
    "ladder": ["first step", "last step"],
    "policy": ["effect"],
    "inequality": ["slope", "lowest third"],
    "inequality, exposure not known": ["slope", "lowest third"],
    "pathways": ["paths", "whole"],
    "pathways with products": ["paths", "whole"],
    "competing_risks": ["incidence"],
}
Drawn = dict[str, dict[str, np.ndarray]]


@cache
def truth(name: str) -> dict[str, float]:
    case = CASES[name]
    people = whole(np.random.default_rng(1), case, MANY.get(name, 60_000))
    return {row: float(found["estimate"]) for row, found in judged(case, tables_of(case, people)).items()}


@cache
def drawn(name: str) -> Drawn:
    """Error of the estimate, and whether the interval holds the truth, of every draw, (draws, 2), by handling and row."""
    case, rng = CASES[name], np.random.default_rng([2025, *name.encode()])
    found: dict[str, dict[str, list[tuple[float, bool]]]] = {"complete_cases": {}, "imputation": {}}
    for k in range(FEWER.get(name, DRAWS)):
        people = lacking(rng, whole(rng, case), case)
        for handling, rows in found.items():
            how = {"imputations": COPIES} if handling == "imputation" else {}
            tables = tables_of(case, people, seed=k, handling=handling, **how)
            for row, one in judged(case, tables).items():
                true = truth(name)[row]
                rows.setdefault(row, []).append((one["estimate"] - true, one["lower"] <= true <= one["upper"]))
    return {handling: {row: np.array(pairs) for row, pairs in rows.items()} for handling, rows in found.items()}


def bias(errors: np.ndarray) -> tuple[float, float]:
    """The mean error, and its own Monte Carlo error."""
    return float(errors.mean()), float(errors.std() / np.sqrt(len(errors)))


@pytest.mark.parametrize("name", CASES)
def test_imputation_is_right_and_covers(name: str) -> None:
    for row, pairs in drawn(name)["imputation"].items():
        mean, error = bias(pairs[:, 0])
        assert abs(mean) < 4 * error, row
        assert abs(pairs[:, 1].mean() - 0.95) < 4 * np.sqrt(0.95 * 0.05 / len(pairs)), row


@pytest.mark.parametrize("name", CASES)
def test_complete_cases_are_wrong_where_imputation_of_the_same_people_is_right(name: str) -> None:
    for row in MISLED[name]:
        complete, imputed = (drawn(name)[handling][row][:, 0] for handling in ("complete_cases", "imputation"))
        mean, error = bias(complete - imputed)
        assert abs(mean) > 4 * error, row
