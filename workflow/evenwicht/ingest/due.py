"""Waves: who is due at them, and their order: nobody is younger at a later one."""

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags
from evenwicht.base.errors import DataError
from evenwicht.base.faults import Faults
from evenwicht.ingest.sources import MeasureMap

Wave = tuple[MeasureMap, pd.DataFrame]  # a measure at a wave, and its rows of `measures`, with the index of the people


def due(waves: list[Wave], absences: pd.DataFrame) -> list[Wave]:
    """Return the waves without the rows of people who were dead at them, as a code says: they were not due.

    Parameters
    ----------
    waves
        Measures at waves, whose index says whose each row is.
    absences
        The table of a Cohort.
    """
    dead = absences[(absences["table"] == "measures") & (absences["meaning"] == "dead")]
    gone = {place: rows["id"] for place, rows in dead.groupby(["item", "at"], observed=True)}
    return [
        (m, rows[~rows["id"].isin(gone[m.measure, m.wave])]) if (m.measure, m.wave) in gone else (m, rows)
        for m, rows in waves
    ]


def require_order(waves: list[Wave], ids: pd.Series, where: str, faults: Faults) -> None:
    """Add a fault for each measure with people who are younger at a later wave.

    Waves stand in the order of the median age at them.

    Parameters
    ----------
    waves
        Measures at waves, whose index says whose each row is.
    ids : (n,)
        Identifiers of all people.
    where
        The source, for messages.
    faults
        Where faults go.
    """
    known = ids.notna().to_numpy(dtype=bool)
    for measure in dict.fromkeys(m.measure for m, _ in waves):
        aged = [rows["age"].reindex(ids.index).where(known) for m, rows in waves if m.measure == measure]
        aged = sorted((age for age in aged if age.notna().any()), key=lambda age: float(age.median()))
        late: Flags = np.zeros(len(ids), dtype=bool)
        last = np.full(len(ids), np.nan)  # the age at the wave before at which it is known
        for age in aged:
            late |= (age < last).to_numpy(dtype=bool)
            last = np.where(age.notna(), age, last)
        if late.any():
            error = DataError(
                f"{int(late.sum())} people are younger at a later wave of {measure} than at an earlier one",
                where=f"{where}, measures",
                fix="Correct the ages, or the columns that `age` names.",
            )
            faults.add("order of ages", error, late)
