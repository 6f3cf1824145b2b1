"""Waves: who is due at them, and their order: nobody is younger at a later one."""

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags
from evenwicht.base.errors import DataError
from evenwicht.base.faults import Faults


def due(measures: pd.DataFrame, absences: pd.DataFrame) -> pd.DataFrame:
    """Return the measures without those of people who were dead at the wave, as a code says: they were not due.

    Parameters
    ----------
    measures, absences
        The tables of a Cohort.
    """
    dead = absences[(absences["table"] == "measures") & (absences["meaning"] == "dead")]
    if dead.empty:
        return measures
    gone = pd.MultiIndex.from_frame(dead[["id", "item", "at"]])
    kept = ~pd.MultiIndex.from_frame(measures[["id", "measure", "wave"]]).isin(gone)
    return measures[kept].reset_index(drop=True)


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
