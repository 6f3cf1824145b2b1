"""The order of waves: nobody is younger at a later one."""

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags
from evenwicht.base.errors import DataError
from evenwicht.base.faults import Faults


def require_order(measures: pd.DataFrame, ids: pd.Series, where: str, faults: Faults) -> None:
    """Add a fault for each measure with people who are younger at a later wave.

    Waves stand in the order of the median age at them.

    Parameters
    ----------
    measures
        The table of a Cohort.
    ids : (n,)
        Identifiers of all people.
    where
        The source, for messages.
    faults
        Where faults go.
    """
    for measure, rows in measures.dropna(subset=["age", "id"]).groupby("measure", sort=False):
        order = rows.groupby("wave", sort=False)["age"].median().rank(method="first")
        aged = rows.assign(place=rows["wave"].map(order)).sort_values(["id", "place"], kind="stable")
        younger = aged["id"].eq(aged["id"].shift()) & (aged["age"] < aged["age"].shift())
        if younger.any():
            late: Flags = np.asarray(ids.isin(aged.loc[younger, "id"]), dtype=bool)
            error = DataError(
                f"{int(late.sum())} people are younger at a later wave of {measure} than at an earlier one",
                where=f"{where}, measures",
                fix="Correct the ages, or the columns that `age` names.",
            )
            faults.add("order of ages", error, late)
