"""Events that people are followed for: hazards, what they follow from, and follow-up."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import ModelError
from evenwicht.cohort import Cohort
from evenwicht.estimators.cox import fit_cox
from evenwicht.estimators.survival_data import SurvivalData
from evenwicht.rehearsal.follow_up import end_of_follow_up, hazards_in_pieces, start_of_follow_up
from evenwicht.rehearsal.protection import Protection
from evenwicht.rehearsal.scores import coefficients_of, design_of


def events_of(
    cohort: Cohort,
    book: Codebook,
    before: Sequence[str],
    scores: Mapping[str, Floats],
    protection: Protection,
    left: dict[str, str],
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    clocks = {getattr(o, "event", ""): getattr(o, "time", "age") for o in book.outcomes.values()}
    places = pd.Index(cohort.persons[cohort.id])
    for event, rows in cohort.events.groupby("event", sort=False, observed=True):
        name = str(event)
        if not protection.enough(rows["status"].sum()) or len(rows) < 4 * 2 * protection.threshold:
            left[name] = "too few events"
            continue
        who = places.get_indexer(rows["id"])
        clock = clocks.get(name, "age")
        entry, end, status = (rows[column].to_numpy(dtype=float) for column in ("entry_age", "exit_age", "status"))
        origin = entry if clock == "follow_up" else np.zeros(len(rows))
        names, design = design_of(before, {one: scores[one][who] for one in before})
        on: dict[str, float] = {}
        if names and status.sum() >= protection.threshold * len(names):
            try:
                fit = fit_cox(SurvivalData(end - origin, status, entry=entry - origin), design, names)
                on = coefficients_of(names, fit.params)
            except ModelError as error:
                left[f"{name}, what it follows from"] = error.what
        elif names:
            left[f"{name}, what it follows from"] = "too few events for so many columns"
        sizes = np.array([on.get(one, 0.0) for one in names])
        relative = np.exp(design @ sizes) if names else np.ones(len(rows))
        edges, hazards = hazards_in_pieces(entry - origin, end - origin, status, relative, protection)
        start = start_of_follow_up(entry, protection)
        if clock == "age" and isinstance(start, float) and 0 < start < min(edges, default=math.inf):
            # before everybody's follow-up starts nobody is at risk, and risks are counted from there
            edges, hazards = [start, *edges], [0.0, *hazards]
        found[name] = {
            "clock": clock,
            "edges": edges,
            "hazards": hazards,
            "entry": start,
            "until": end_of_follow_up(entry - origin, end - origin, status, protection),
            "by": on,
        }
    return found
