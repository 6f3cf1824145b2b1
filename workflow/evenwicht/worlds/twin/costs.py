"""Use of a twin: what each sector and window is called among its variables, and how it becomes a table."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags, Floats, Ints
from evenwicht.base.variables import Amount
from evenwicht.worlds import mechanisms as by
from evenwicht.worlds.scm import Noise, Values
from evenwicht.worlds.twin.settings import TwinWorld


def variables(source: TwinWorld) -> dict[str, str]:
    """Return the variable of each amount: windows may have names that no variable can have."""
    return {str(amount): f"amount_{k}" for k, amount in enumerate(source.amounts)}


def uses(source: TwinWorld) -> dict[str, str]:
    """Return the variable with the use of all sectors, by window."""
    return {window: f"use_{k}" for k, window in enumerate(source.costs)}


def sectors(source: TwinWorld) -> list[str]:
    """Return all sectors, in the order of the columns of use."""
    return list(dict.fromkeys(amount.sector for amount in source.amounts))


def use(known: Sequence[bool], _: Noise, rest: Floats, *amounts: Floats) -> Floats:
    """Return the use of every sector in a window, (n, sectors); none where the cohort has none."""
    every = np.zeros((len(rest), len(known)))
    every[:, np.flatnonzero(known)] = np.column_stack(amounts) if amounts else 0.0
    return every


def amounts(ids: Ints, source: TwinWorld, window: str, drawn: Values, seen: Mapping[str, Flags]) -> pd.DataFrame:
    """Return the rows of a window, of those whose use in a sector is known."""
    of, everybody = variables(source), np.ones(len(ids), dtype=bool)
    names = [str(Amount(sector, window)) for sector in source.costs[window]]
    table = by.costs(ids, np.column_stack([drawn[of[name]] for name in names]), list(source.costs[window]), window)
    return table[np.concatenate([seen.get(name, everybody) for name in names])]
