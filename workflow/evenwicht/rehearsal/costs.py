"""How use of each sector and window is spread."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import MultiSectorOutcome
from evenwicht.base.variables import Amount
from evenwicht.cohort import Cohort
from evenwicht.estimators.concentration import high_need
from evenwicht.rehearsal.margins import number_margin
from evenwicht.rehearsal.protection import Protection
from evenwicht.rehearsal.scores import Scored, score_of


def amounts_of(cohort: Cohort, book: Codebook, protection: Protection, left: dict[str, str]) -> dict[str, Scored]:
    """Return how the use of each sector in each window is spread.

    Where an outcome is high need in several sectors, the score is who has high need: what goes with that need not go
    with use as a whole, such as when few people have nearly all of it.
    """
    tops = {one.window: one.top_share for one in book.outcomes.values() if isinstance(one, MultiSectorOutcome)}
    found: dict[str, Scored] = {}
    places = pd.Index(cohort.persons[cohort.id])
    for (window, sector), rows in cohort.costs.groupby(["window", "sector"], sort=False, observed=True):
        sums = rows.groupby("id")["amount"].sum(min_count=1).dropna()
        values = np.full(len(places), np.nan)
        values[places.get_indexer(sums.index)] = sums.to_numpy(dtype=float)
        margin = number_margin(values[~np.isnan(values)], protection, amounts=True)
        name = str(Amount(str(sector), str(window)))
        known, top = ~np.isnan(values), tops.get(str(window))
        high = high_need(values[known], top) if top is not None else np.zeros(0, dtype=bool)
        if margin and protection.enough(int(high.sum())):
            values[known] = high
            margin["top"] = top
        if margin:
            found[name] = Scored(margin, score_of(values, plain="top" in margin))
        else:
            left[name] = "too few people who use it"
    return found


def by_window(amounts: Mapping[str, Scored]) -> dict[str, dict[str, Any]]:
    nested: dict[str, dict[str, Any]] = {}
    for name, one in amounts.items():
        amount = Amount.read(name)
        nested.setdefault(amount.window, {})[amount.sector] = one.margin
    return nested
