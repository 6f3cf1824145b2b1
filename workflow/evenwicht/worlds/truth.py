"""The truth registry: the true value of each estimand, in closed form or from potential outcomes of the same people."""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from evenwicht.cohort import TABLES
from evenwicht.rows import TRUTH_KEY
from evenwicht.streams import part_of

CHUNK = 100_000  # people drawn at a time; bounds memory, and the spread between chunks gives the Monte Carlo error
Row = dict[str, object]


def truth_table(
    closed_form: Iterable[Row],
    potential_outcomes: Callable[[int, np.random.SeedSequence], Iterable[Row]],
    draws: int,
    key: np.random.SeedSequence,
) -> pd.DataFrame:
    """Assemble the truth table of a world.

    Parameters
    ----------
    closed_form
        Rows with study, estimand, level, contrast and value.
    potential_outcomes
        Called with a number of people and their key; gives such rows from potential outcomes of these people.
    draws
        People behind the values that have no closed form, rounded up to whole chunks.
    key
        Seed of all people.

    Returns
    -------
    DataFrame
        study, estimand, level, contrast, value, mc_error (standard error of `value`; 0 in closed form), how.
    """
    exact = pd.DataFrame(closed_form, columns=[*TRUTH_KEY, "value"]).assign(mc_error=0.0, how="closed form")
    count = -(-draws // CHUNK)
    chunks = [pd.DataFrame(potential_outcomes(CHUNK, part_of(key, chunk))) for chunk in range(count)]
    values = pd.concat(chunks).groupby(TRUTH_KEY, sort=False)["value"]
    simulated = pd.DataFrame({"value": values.mean(), "mc_error": values.std(ddof=1) / np.sqrt(count)}).reset_index()
    simulated["how"] = f"potential outcomes of {count * CHUNK:,} people"
    parts = [part for part in (exact, simulated) if len(part)]
    return pd.concat(parts, ignore_index=True)[TABLES["truth"]]
