"""How use of each sector and window is spread."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.variables import Amount
from evenwicht.cohort import Cohort
from evenwicht.rehearsal.margins import number_margin
from evenwicht.rehearsal.protection import Protection
from evenwicht.rehearsal.scores import Scored, score_of


def amounts_of(cohort: Cohort, protection: Protection, left: dict[str, str]) -> dict[str, Scored]:
    found: dict[str, Scored] = {}
    places = pd.Index(cohort.persons[cohort.id])
    for (window, sector), rows in cohort.costs.groupby(["window", "sector"], sort=False, observed=True):
        sums = rows.groupby("id")["amount"].sum(min_count=1).dropna()
        values = np.full(len(places), np.nan)
        values[places.get_indexer(sums.index)] = sums.to_numpy(dtype=float)
        margin = number_margin(values[~np.isnan(values)], protection, amounts=True)
        name = str(Amount(str(sector), str(window)))
        if margin:
            found[name] = Scored(margin, score_of(values))
        else:
            left[name] = "too few people who use it"
    return found


def by_window(amounts: Mapping[str, Scored]) -> dict[str, dict[str, Any]]:
    nested: dict[str, dict[str, Any]] = {}
    for name, one in amounts.items():
        amount = Amount.read(name)
        nested.setdefault(amount.window, {})[amount.sector] = one.margin
    return nested
