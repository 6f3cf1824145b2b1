"""Who has which value, and was at which wave."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.variables import attendance_at
from evenwicht.cohort import Cohort
from evenwicht.estimators.regression import fit_model
from evenwicht.rehearsal.protection import Protection
from evenwicht.rehearsal.scores import coefficients_of, design_of, triangle

ATTENDANCE = "attendance"


def known_of(
    cohort: Cohort, before: Sequence[str], scores: Mapping[str, Floats], left: dict[str, str], protection: Protection
) -> dict[str, Any]:
    """Return who has what: a logistic model on what comes before, and how those without hang together."""
    known: dict[str, Any] = {}
    rests: dict[str, Floats] = {}
    n = len(cohort.persons)
    for name, has in _items(cohort, scores):
        people = int(has.sum())
        if not protection.enough(n - people):
            continue
        model: dict[str, Any] = {"share": protection.share(people, n)}
        names, design = design_of(before, scores, without=name)
        enough = min(people, n - people) >= protection.threshold * (len(names) + 1)
        if enough and names:
            fit = fit_model("binomial", has.astype(float), np.column_stack([np.ones(n), design]))
            if not fit.separated:
                model["by"] = coefficients_of(names, (fit.basis @ fit.params)[1:])
                rests[name] = (has - fit.fitted) / np.sqrt(np.maximum(fit.fitted * (1 - fit.fitted), 1e-6))
        known[name] = model
        rests.setdefault(name, has - has.mean())
    waves = {wave: float(f"{rows['age'].mean():.3g}") for wave, rows in attendance_of(cohort)}
    waves = {wave: age for wave, age in waves.items() if age > 0}
    for measure in cohort.measures["measure"].unique():
        if measure != ATTENDANCE:
            left[f"measure {measure}"] = "only attendance at waves is in a twin"
    together = np.eye(len(rests))
    if len(rests) > 1:
        ties = np.corrcoef(np.column_stack(list(rests.values())), rowvar=False)
        # a correlation of who is there is that of normal numbers behind it, made smaller by the cut
        shares = [known[name]["share"] for name in rests]
        cut = np.array([np.exp(-(ndtri(p) ** 2) / 2) / np.sqrt(2 * np.pi * p * (1 - p)) for p in shares])
        behind = np.clip(ties / np.outer(cut, cut), -0.95, 0.95)
        behind[ties > 0.98] = 0.99
        together = np.array([[protection.correlation(r, n) for r in row] for row in behind])
    return {"known": known, "known_together": triangle(list(rests), together), "waves": waves}


def _items(cohort: Cohort, scores: Mapping[str, Floats]) -> Iterator[tuple[str, Flags]]:
    """Yield each column, cost, event and wave with who has it, (n,)."""
    for name, score in scores.items():
        yield name, ~np.isnan(score)
    ids = cohort.persons[cohort.id]
    for event, rows in cohort.events.groupby("event", sort=False, observed=True):
        yield str(event), ids.isin(rows["id"]).to_numpy(dtype=bool)
    for wave, rows in attendance_of(cohort):
        yield attendance_at(wave), ids.isin(rows.loc[rows["value"].notna(), "id"]).to_numpy(dtype=bool)


def attendance_of(cohort: Cohort) -> Iterator[tuple[str, pd.DataFrame]]:
    attended = cohort.measures[cohort.measures["measure"] == ATTENDANCE]
    for wave, rows in attended.groupby("wave", sort=False, observed=True):
        yield str(wave), rows
